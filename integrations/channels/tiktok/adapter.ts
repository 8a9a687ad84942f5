/**
 * TikTok Shop's orders (order search and detail, 202309 and later), bare or in its envelope `{code, data}`; and
 * its webhooks, which name an order by its number.
 */
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { at, firstText, isObject, parseJson, textAt } from "../../vendor-kit/vendor-json.ts";
import { readDocument, readEach, refused, webhookOf } from "../reading.ts";
import { toIncoming } from "./order.ts";
import { refundsOf } from "./returns.ts";
import { isWebhookOf } from "./signature.ts";

export const tiktokAdapter: ChannelAdapter = {
  kind: "tiktok",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  openWebhook(headers, rawBody, secret) {
    if (!isWebhookOf(secret, rawBody, headers["authorization"])) return null;
    let document: unknown;
    try {
      document = parseJson(rawBody.toString("utf8"));
    } catch {
      document = undefined;
    }
    const type = textAt(document, "type");
    const id = firstText(textAt(document, "tts_notification_id"), textAt(document, "notification_id"));
    return webhookOf(type === "" ? undefined : type, id === "" ? undefined : id);
  },
};

function readAny(document: unknown): readonly ChannelReading[] {
  if (
    at(document, "type") !== undefined &&
    isObject(at(document, "data")) &&
    at(document, "shop_id") !== undefined
  )
    return [readWebhook(document)];
  const data = at(document, "code") === undefined ? document : at(document, "data");
  const orders = at(data, "orders");
  const list = Array.isArray(document) ? document : Array.isArray(orders) ? orders : [data];
  return readEach(list, readOne, (order) => textAt(order, "id"));
}

function readOne(order: unknown): readonly ChannelReading[] {
  const externalId = textAt(order, "id");
  if (!isObject(order) || externalId === "" || !Array.isArray(at(order, "line_items"))) {
    const detail = "A TikTok Shop order needs an id and line_items.";
    return [refused("malformed_payload", detail, externalId)];
  }
  return [{ kind: "order", order: toIncoming(order) }, ...refundsOf(order)];
}

/** Statuses, addresses, packages, returns: all of them name an order, which is read then. */
function readWebhook(document: unknown): ChannelReading {
  const externalId = textAt(document, "data", "order_id");
  return externalId === ""
    ? refused("not_an_order", `A webhook of TikTok Shop's about no order: type ${textAt(document, "type")}.`)
    : { kind: "changed", externalId };
}
