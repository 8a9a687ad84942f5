/** Webhooks out: who is told what happens, what became of each message, and what is told once more. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../../config/limits.ts";
import { WEBHOOK_EVENT_TYPES, WebhookEventTypeView } from "../../../contract/settings/webhook-events.ts";
import {
  ChangeWebhookBody,
  CreateWebhookBody,
  DELIVERY_STATES,
  IssuedWebhook,
  ReplayWebhookBody,
  RotateWebhookBody,
  TryWebhookBody,
  WebhookDeliveryView,
  WebhookReplayView,
  WebhookSubscriptionView,
  WebhookTried,
} from "../../../contract/settings/webhooks.ts";
import { closed, Done, Id, oneOf, pageOf, sortedPages } from "../../../contract/shapes.ts";
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  rotateWebhook,
} from "../../../operations/webhooks/change-subscription.ts";
import { tryWebhook } from "../../../operations/webhooks/deliver.ts";
import { askForReplay } from "../../../operations/webhooks/replay.ts";
import { listWebhooks, readWebhook } from "../../../store/settings/webhook-subscriptions.ts";
import { listDeliveries, repeatMessage } from "../../../store/webhooks/webhook-deliveries.ts";
import { cancelReplay, listReplays } from "../../../store/webhooks/webhook-replays.ts";
import { type Call, callerOf, done, param, type Route, route } from "../../http/route.ts";
import { ApiError } from "../../wire/problem.ts";

// What is told of orders is as personal as the orders.
const READ = { kind: "permission", permission: "webhooks.read" } as const;
const WRITE = { kind: "permission", permission: "webhooks.write" } as const;
/** Whoever names an address is sent what is told of orders. */
const PROOF = { kind: "recent" } as const;
const Nothing = Type.Object({}, closed);

const EVENT_TYPES: readonly WebhookEventTypeView[] = WEBHOOK_EVENT_TYPES.map(({ data, ...type }) => ({
  ...type,
  // As plain JSON.
  schema: JSON.parse(JSON.stringify(data)),
}));

export const webhookSubscriptionRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/webhook-event-types",
    summary: "What webhooks can tell of: every type, with the schema of its data and the schema's version",
    access: READ,
    reply: pageOf(WebhookEventTypeView),
    handle: async () => ({ json: { items: [...EVENT_TYPES], next: null } }),
  }),
  route({
    method: "GET",
    path: "/v1/webhook-subscriptions",
    summary: "Who is told by webhook what happens",
    access: READ,
    reply: pageOf(WebhookSubscriptionView),
    handle: async (call) => {
      const items = await listWebhooks(call.services.database, callerOf(call).companyId, null);
      return { json: { items: [...items], next: null } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions",
    summary: "Tells an address what happens from now on; the secret is in this answer and nowhere else",
    access: WRITE,
    proof: PROOF,
    body: CreateWebhookBody,
    reply: IssuedWebhook,
    idempotency: "accepted",
    kept: (issued) => ({ ...issued, secret: null }),
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const { body } = call;
      const { secret } = done(
        await createWebhook(call.services.operations, toolsOf(call), { body, companyId, by }),
      );
      return { status: 201, json: { webhook: await viewOf(call, body.id), secret } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/webhook-subscriptions/{id}",
    summary: "One of them, with how far it has been told",
    access: READ,
    reply: WebhookSubscriptionView,
    handle: async (call) => ({ json: await viewOf(call) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/webhook-subscriptions/{id}",
    summary: "Changes one; switched off, it is told later what happened meanwhile",
    access: WRITE,
    proof: PROOF,
    body: ChangeWebhookBody,
    reply: WebhookSubscriptionView,
    idempotency: "accepted",
    handle: async (call) => {
      await viewOf(call);
      const { by } = callerOf(call);
      const { operations } = call.services;
      done(await changeWebhook(operations, toolsOf(call), param(call, "id"), { body: call.body, by }));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/webhook-subscriptions/{id}",
    summary: "Tells it nothing any more, also not what was not delivered",
    access: WRITE,
    reply: Done,
    handle: async (call) => {
      await viewOf(call);
      const { operations } = call.services;
      done(await deleteWebhook(operations, toolsOf(call), param(call, "id"), callerOf(call).by));
      return { json: { status: "done" as const } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions/{id}/rotate-secret",
    summary: "Signs with another secret; the one before signs beside it for the overlap",
    access: WRITE,
    proof: PROOF,
    body: RotateWebhookBody,
    reply: IssuedWebhook,
    idempotency: "accepted",
    kept: (issued) => ({ ...issued, secret: null }),
    handle: async (call) => {
      await viewOf(call);
      const { overlapHours } = call.body;
      const { by } = callerOf(call);
      const { operations } = call.services;
      const { secret } = done(
        await rotateWebhook(operations, toolsOf(call), param(call, "id"), { overlapHours, by }),
      );
      return { json: { webhook: await viewOf(call), secret } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions/{id}/test",
    waitsForOthers: true,
    summary: "Sends an example of a type, or a message of type webhook.test, and says what came of it",
    access: WRITE,
    body: TryWebhookBody,
    reply: WebhookTried,
    handle: async (call) => {
      await viewOf(call);
      const { database, operations } = call.services;
      const tools = toolsOf(call);
      const webhook = await readWebhook(database, tools.box, param(call, "id"));
      if (webhook === null) throw notThere(call);
      const { type } = call.body;
      const tried = await tryWebhook({ now: operations.now, ...tools }, webhook, type);
      if (tried === null)
        throw new ApiError(
          "unknown_event_type",
          `There is no type "${type}": GET /v1/webhook-event-types has those that there are, such as order.captured.`,
        );
      const { status, problem, ms, answer } = tried;
      return { json: { delivered: problem === null, httpStatus: status, problem, ms, answer } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/webhook-subscriptions/{id}/deliveries",
    summary:
      "What became of its messages with each try, the last tried first; `?state=dead`: those that were put aside; `?about=`: of an order, a SKU, a place, a device, or one message",
    access: READ,
    query: Type.Object({
      state: Type.Optional(oneOf(DELIVERY_STATES)),
      about: Type.Optional(Id),
      ...sortedPages("lastTriedAt"),
    }),
    reply: pageOf(WebhookDeliveryView),
    handle: async (call) => {
      await viewOf(call);
      const { state, about, sort, cursor, limit = PAGE_DEFAULT } = call.query;
      const filter = { subscriptionId: param(call, "id"), state, about, sort, cursor, limit };
      return { json: await listDeliveries(call.services.database, filter) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions/{id}/deliveries/{messageId}/replay",
    summary: "Sends a message once more, under its id, beside those that wait",
    access: WRITE,
    body: Nothing,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      await viewOf(call);
      const { database } = call.services;
      if (!(await repeatMessage(database, param(call, "id"), param(call, "messageId"))))
        throw new ApiError("not_found", "There is no such message, or it is being delivered.");
      return { status: 202, json: { status: "done" as const } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/webhook-subscriptions/{id}/replays",
    summary: "Which ranges of time it was, or is, told once more, the newest first",
    access: READ,
    query: Type.Object(sortedPages("createdAt")),
    reply: pageOf(WebhookReplayView),
    handle: async (call) => {
      await viewOf(call);
      const { sort, cursor, limit = PAGE_DEFAULT } = call.query;
      const filter = { subscriptionId: param(call, "id"), sort, cursor, limit };
      return { json: await listReplays(call.services.database, filter) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhook-subscriptions/{id}/replays",
    summary: "Tells it once more what happened in a range of time, under the same ids",
    access: WRITE,
    body: ReplayWebhookBody,
    reply: WebhookReplayView,
    idempotency: "accepted",
    handle: async (call) => {
      await viewOf(call);
      const { from, to, events = null } = call.body;
      const { by } = callerOf(call);
      const { replay } = done(
        await askForReplay(call.services.operations, param(call, "id"), { from, to, events, by }),
      );
      return { status: 202, json: replay };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/webhook-subscriptions/{id}/replays/{replayId}",
    summary: "Ends a replay that is running; what it has found is sent all the same",
    access: WRITE,
    reply: Done,
    handle: async (call) => {
      await viewOf(call);
      const replayId = param(call, "replayId");
      const isKnown =
        /^\d{1,18}$/.test(replayId) &&
        (await cancelReplay(call.services.database, param(call, "id"), replayId));
      if (!isKnown)
        throw new ApiError("webhook_replay_not_found", `No replay "${replayId}" of this webhook is running.`);
      return { json: { status: "done" as const } };
    },
  }),
];

function toolsOf({ services }: Call<unknown, unknown>) {
  return { box: services.secrets, sender: services.webhookSender };
}

async function viewOf(
  call: Call<unknown, unknown>,
  id = param(call, "id"),
): Promise<WebhookSubscriptionView> {
  const [view] = await listWebhooks(call.services.database, callerOf(call).companyId, id);
  if (view === undefined) throw notThere(call);
  return view;
}

function notThere(call: Call<unknown, unknown>): ApiError {
  return new ApiError("webhook_subscription_not_found", `There is no webhook "${param(call, "id")}".`);
}
