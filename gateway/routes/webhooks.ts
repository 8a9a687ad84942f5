import Type from "typebox";
import { CaptureResult } from "../../contract/orders.ts";
import { captureOrders } from "../../operations/capture/capture-order.ts";
import { recordTracking } from "../../operations/shipping/record-tracking.ts";
import { findActiveChannel } from "../../store/catalog/catalog-views.ts";
import { param, type Route, route } from "../http/route.ts";
import { checkJsonBounds } from "../wire/bounded-json.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { ApiError } from "../wire/problem.ts";

/** The headers in which platforms name the event. */
const TOPIC_HEADERS = ["x-shopify-topic", "x-wc-webhook-topic", "webhook-topic"] as const;

export const webhookRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/webhooks/channels/{channel}",
    summary: "A channel's own webhook, signed its own way",
    access: { kind: "public" },
    body: Type.Unknown(),
    raw: true,
    reply: Type.Object({ results: Type.Array(CaptureResult) }),
    handle: async (call) => {
      const { request, services } = call;
      const channelId = param(call, "channel");
      const channel = await findActiveChannel(services.database, channelId);
      const adapter = channel === null ? undefined : services.channelAdapters.get(channel.kind);
      if (channel === null || adapter === undefined) {
        throw new ApiError("channel_not_found", "There is no such active channel.");
      }
      if (
        channel.webhookSecret === null ||
        !adapter.verifyWebhook(request.headers, request.body, channel.webhookSecret)
      ) {
        throw new ApiError("bad_signature", "The signature does not match the body.");
      }
      const payload = request.body.toString("utf8");
      checkJsonBounds(payload);
      const results = await captureOrders(services.operations, {
        channelId,
        topic: topicOf(request),
        payload,
        adapters: services.channelAdapters,
        cause: `channel:${channelId}`,
      });
      services.metrics.countCaptured(results);
      const [first] = results;
      if (first !== undefined && results.every((result) => result.outcome === "refused")) {
        throw ApiError.of({
          status: "refused",
          code: first.code ?? "invalid_order",
          detail: first.detail ?? "The order was refused.",
        });
      }
      return { json: { results } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/webhooks/carriers/easypost",
    summary: "EasyPost's tracker updates",
    access: { kind: "public" },
    body: Type.Unknown(),
    raw: true,
    reply: Type.Object({ recorded: Type.Integer(), unknown: Type.Integer() }),
    handle: async ({ request, services }) => {
      checkJsonBounds(request.body.toString("utf8"));
      const reports = services.carrier.readTrackingWebhook(request.headers, request.body);
      if (reports === null) throw new ApiError("bad_signature", "The signature does not match the body.");
      const { recorded, unknown, early } = await recordTracking(services.operations, reports);
      if (early > 0) {
        throw new ApiError("parcel_not_known_yet", "The parcel's purchase is not written down yet.", {
          retryAfterMs: 1_000,
        });
      }
      return { json: { recorded, unknown } };
    },
  }),
];

function topicOf(request: HttpRequest): string | null {
  for (const name of TOPIC_HEADERS) {
    const topic = request.headers[name];
    if (topic !== undefined) return topic.slice(0, 100);
  }
  return null;
}
