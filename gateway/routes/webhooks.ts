/**
 * Webhooks in: `/v1/webhooks/{kind}/{provider}/{account}`. Each kind is received in one way here. The names
 * of a vendor's headers and its way of signing are known only in the vendor's folder. The raw bytes are what
 * is signed, so nothing is read before the signature has been checked, except how deep the document nests.
 *
 * The former addresses stay: `/v1/webhooks/channels/{channel}` has no provider, since the channel's row names
 * it, and `/v1/webhooks/carriers/{provider}` means the account `default`.
 */
import Type from "typebox";
import { CHANNEL_BUSY_RETRY_MS } from "../../config/limits.ts";
import { DEFAULT_ACCOUNT } from "../../config/vendor-settings.ts";
import { CaptureResult } from "../../contract/orders.ts";
import type { Shape } from "../../contract/shapes.ts";
import { isChannelFull } from "../../operations/capture/channel-turns.ts";
import { takeChannelWebhook } from "../../operations/capture/take-webhook.ts";
import { takePaymentEvent } from "../../operations/payments/take-payment-event.ts";
import { recordTracking } from "../../operations/shipping/record-tracking.ts";
import type { ChannelAdapter, ChannelWebhook } from "../../ports/channels.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import type { VendorAccount } from "../../ports/vendor-roster.ts";
import { readChannelDoor } from "../../store/catalog/channel-secrets.ts";
import { readChannelAccount } from "../../store/channels/accounts.ts";
import { type Answer, type Call, param, type Route, route } from "../http/route.ts";
import { callerFrom } from "../http/security-events.ts";
import { checkChannelDocument, checkJsonBounds } from "../wire/bounded-json.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { ApiError } from "../wire/problem.ts";

type WebhookCall = Pick<Call<unknown, unknown>, "request" | "services">;

const CaptureResults = Type.Object({
  results: Type.Array(CaptureResult),
  /** It came before, and nothing was done again. */
  repeated: Type.Boolean(),
});
const TrackingResult = Type.Object({ recorded: Type.Integer(), unknown: Type.Integer() });

const PaymentEventResult = Type.Object({
  event: Type.String(),
  /** What came of it: our books have changed, said so already, or it is about nothing of ours. */
  outcome: Type.Union([
    Type.Literal("applied"),
    Type.Literal("unchanged"),
    Type.Literal("unknown_payment"),
    Type.Literal("ignored"),
  ]),
  /** It came before, and nothing was done again. */
  repeated: Type.Boolean(),
});

type Taken = Shape<typeof CaptureResults> | Shape<typeof TrackingResult> | Shape<typeof PaymentEventResult>;
type Door = (call: WebhookCall, to: VendorAccount) => Promise<Answer<Taken>>;

/** By kind: what receives a webhook for an account. */
const DOORS: ReadonlyMap<string, Door> = new Map<string, Door>([
  ["channels", (call, to) => takeOrders(call, to.account, to.provider)],
  ["carriers", takeTracking],
  ["payments", takePayment],
]);

export const webhookRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/webhooks/{kind}/{provider}/{account}",
    summary: "A vendor's own webhook, signed its own way; kind is channels, carriers or payments",
    access: { kind: "public" },
    body: Type.Unknown(),
    raw: true,
    reply: Type.Union([CaptureResults, TrackingResult, PaymentEventResult]),
    handle: (call) => {
      const door = DOORS.get(param(call, "kind"));
      if (door === undefined) throw noSuchWebhook();
      return door(call, { provider: param(call, "provider"), account: param(call, "account") });
    },
  }),
  route({
    method: "GET",
    path: "/v1/webhooks/{kind}/{provider}/{account}",
    summary: "A channel asks whether its webhooks are taken here; eBay does, by challenge_code",
    access: { kind: "public" },
    query: Type.Object({ challenge_code: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) }),
    reply: Type.Record(Type.String(), Type.String()),
    handle: (call) => answerChallenge(call, call.query),
  }),
  route({
    method: "POST",
    path: "/v1/webhooks/channels/{channel}",
    summary: "Former address of a channel's webhook",
    deprecated: { since: "2026-11-30", sunset: null, instead: "/v1/webhooks/channels/{kind}/{channel}" },
    access: { kind: "public" },
    body: Type.Unknown(),
    raw: true,
    reply: CaptureResults,
    handle: (call) => takeOrders(call, param(call, "channel"), null),
  }),
  route({
    method: "POST",
    path: "/v1/webhooks/carriers/{provider}",
    summary: "Former address of a carrier's webhook",
    deprecated: { since: "2026-11-30", sunset: null, instead: "/v1/webhooks/carriers/{provider}/default" },
    access: { kind: "public" },
    body: Type.Unknown(),
    raw: true,
    reply: TrackingResult,
    handle: (call) => takeTracking(call, { provider: param(call, "provider"), account: DEFAULT_ACCOUNT }),
  }),
];

/** @param kind of the channel, as the address names it; null where it leaves that out */
async function takeOrders(
  call: WebhookCall,
  channelId: string,
  kind: string | null,
): Promise<Answer<Shape<typeof CaptureResults>>> {
  const { request, services } = call;
  const { operations, secrets, channelAdapters } = services;
  // Before anything is read or checked: what a channel floods with is to cost next to nothing.
  if (isChannelFull(operations.database, channelId))
    throw new ApiError(
      "caller_busy",
      `Too much of channel ${channelId} waits already; send it again later.`,
      {
        retryAfterMs: CHANNEL_BUSY_RETRY_MS,
      },
    );
  const now = new Date(operations.now());
  const channel = await readChannelDoor(services.database, secrets, channelId, now);
  const adapter = channel === null ? undefined : channelAdapters.get(channel.kind);
  if (channel === null || adapter === undefined || (kind !== null && kind !== channel.kind)) {
    throw new ApiError("channel_not_found", "There is no such channel.");
  }
  const webhook = openedBy(adapter, request, channel.secrets);
  if (webhook === null) throw await badSignature(call, `channels/${channelId}`);
  // Who cannot sign is not told more of a channel than that its signature is wrong.
  if (!channel.active) throw new ApiError("channel_inactive", `Channel ${channelId} is switched off.`);
  services.logger.debug({ channelId, ...webhook }, "a channel's webhook came in");
  const payload = request.body.toString("utf8");
  checkChannelDocument(payload);
  const { results, repeated } = await takeChannelWebhook(operations, {
    channelId,
    webhook,
    body: request.body,
    payload,
    adapters: channelAdapters,
    ...(request.gone === undefined ? {} : { gone: request.gone }),
  });
  services.metrics.countCaptured(results);
  const [first] = results;
  // A channel sends what was answered with 4xx again, and gives up in the end. So that is the answer only
  // where nothing of the document could be taken; what we know of and do not follow, it has told us.
  if (first !== undefined && results.every(({ outcome, order }) => outcome === "refused" && order === null)) {
    throw ApiError.of({
      status: "refused",
      code: first.code ?? "invalid_order",
      detail: first.detail ?? "The order was refused.",
    });
  }
  return { json: { results: [...results], repeated } };
}

/**
 * Only a channel of that kind and id, whose account has the secret, is answered for: what is answered says
 * nothing but that whoever runs this address has been told the secret.
 */
async function answerChallenge(
  call: Call<unknown, unknown>,
  query: Readonly<Record<string, string | undefined>>,
): Promise<Answer<Record<string, string>>> {
  const { services } = call;
  const [kind, channelId] = [param(call, "provider"), param(call, "account")];
  const challenge =
    param(call, "kind") === "channels" ? services.channelAdapters.get(kind)?.challenge : undefined;
  const code = challenge === undefined ? undefined : query[challenge.parameter];
  if (challenge === undefined || code === undefined) throw noSuchWebhook();
  const account = await readChannelAccount(services.database, services.secrets, channelId);
  const secret = account?.kind === kind ? account.secrets[challenge.secret] : undefined;
  if (secret === undefined) throw noSuchWebhook();
  const path = ["channels", kind, channelId].map(encodeURIComponent).join("/");
  return { json: { ...challenge.answer(code, secret, `${services.publicUrl}/v1/webhooks/${path}`) } };
}

/** While a secret is exchanged the channel may sign with any of those that count. */
function openedBy(
  adapter: ChannelAdapter,
  { headers, body }: HttpRequest,
  secrets: readonly string[],
): ChannelWebhook | null {
  for (const secret of secrets) {
    const webhook = adapter.openWebhook(headers, body, secret);
    if (webhook !== null) return webhook;
  }
  return null;
}

async function takeTracking(
  call: WebhookCall,
  from: VendorAccount,
): Promise<Answer<Shape<typeof TrackingResult>>> {
  const { request, services } = call;
  const carrier = services.carriers.find(from);
  if (carrier === undefined) throw noSuchWebhook();
  checkJsonBounds(request.body.toString("utf8"));
  const reports = carrier.port.readTrackingWebhook(request.headers, request.body);
  if (reports === null) throw await badSignature(call, `carriers/${from.provider}/${from.account}`);
  const { recorded, unknown, early } = await recordTracking(services.operations, carrier, reports);
  if (early > 0) {
    throw new ApiError("parcel_not_known_yet", "The parcel's purchase is not written down yet.", {
      retryAfterMs: 1_000,
    });
  }
  return { json: { recorded, unknown } };
}

/** After these the provider repeats what it told: it keeps on for days, with growing pauses. */
const ASK_AGAIN_MS = 2_000;

/** What is not ours, or means nothing here, is answered like the rest: repeating it would help nobody. */
async function takePayment(
  call: WebhookCall,
  from: VendorAccount,
): Promise<Answer<Shape<typeof PaymentEventResult>>> {
  const { request, services } = call;
  const vendor = services.payments.find(from);
  if (vendor === undefined) throw noSuchWebhook();
  checkJsonBounds(request.body.toString("utf8"));
  const event = vendor.port.openWebhook(request.headers, request.body, services.operations.now());
  if (event === "bad_signature") {
    throw await badSignature(call, `payments/${from.provider}/${from.account}`);
  }
  if (event === "no_secret")
    throw new ApiError(
      "webhook_secret_missing",
      `The settings name no webhook secret for the account "${from.account}" at ${from.provider}.`,
    );
  if (event === "unreadable")
    throw new ApiError("malformed_payload", `The body is no event of ${from.provider}.`);
  const taken = await takePaymentEvent(services.operations, vendor, event).catch((fault: unknown) => {
    if (!(fault instanceof ServiceFault)) throw fault;
    services.logger.warn({ err: fault, event: event.eventId }, "a payment provider's event waits");
    throw new ApiError("payment_provider_unavailable", `${from.provider} could not be asked.`, {
      retryAfterMs: ASK_AGAIN_MS,
    });
  });
  if (taken.status === "refused")
    throw new ApiError(taken.code, taken.detail, { retryAfterMs: ASK_AGAIN_MS });
  const { outcome, repeated } = taken;
  services.logger.debug({ from, event, outcome, repeated }, "a payment provider's webhook came in");
  return { json: { event: event.eventId, outcome, repeated } };
}

function noSuchWebhook(): ApiError {
  return new ApiError("webhook_not_found", "No webhooks are received at this address.");
}

/** @param account whose webhook it says that it is */
async function badSignature({ request, services }: WebhookCall, account: string): Promise<ApiError> {
  await services.security.refused(callerFrom(request, null), "webhook.refused", `webhook:${account}`);
  return new ApiError("bad_signature", "The signature does not match the body.");
}
