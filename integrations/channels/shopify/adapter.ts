/**
 * Shopify's Order resource, as its webhooks and REST API send it (2025-07).
 *
 * Money: shop money counts; presentment amounts are kept as attributes.
 * Payment: Shopify has charged what is `paid`. An `authorized` payment is Shopify's too: it is waited for.
 */
import { createHash } from "node:crypto";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, at, firstText, isObject, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { isBase64HmacOf } from "../../vendor-kit/webhook-signature.ts";
import { holdsOnly, readDocument, readEach, refused, sum, unsignedWord, webhookOf } from "../reading.ts";
import { DISPUTE_TOPICS, readDisputeEvent } from "./disputes.ts";
import { orderIdIn } from "./ids.ts";
import { toIncoming } from "./order.ts";

/** Topics whose body is the whole Order. */
const ORDER_TOPICS = new Set([
  "orders/create",
  "orders/updated",
  "orders/paid",
  "orders/fulfilled",
  "orders/partially_fulfilled",
  "orders/cancelled",
]);

export const shopifyAdapter: ChannelAdapter = {
  kind: "shopify",
  read: (payload, topic) => readDocument(payload, (document) => readAny(document, topic)),
  join: (documents) => documents,
  openWebhook: (headers, rawBody, secret) =>
    isBase64HmacOf(rawBody, secret, headers["x-shopify-hmac-sha256"])
      ? webhookOf(headers["x-shopify-topic"], headers["x-shopify-webhook-id"])
      : null,
};

function readAny(document: unknown, topic: string | null): readonly ChannelReading[] {
  if (topic === "orders/delete") {
    const externalId = orderIdIn(document);
    if (externalId === "") return [refused("malformed_payload", "orders/delete without an order id.")];
    if (!holdsOnly(document, ["id", "admin_graphql_api_id"]))
      return [unsignedWord("orders/delete", externalId)];
    return [{ kind: "cancellation", externalId, reason: "deleted at Shopify" }];
  }
  if (topic === "refunds/create") return readEach([document], readRefund);
  if (topic === "customers/redact") return [readRedaction(document)];
  if (topic !== null && DISPUTE_TOPICS.has(topic)) return [readDisputeEvent(document)];
  if (topic !== null && !ORDER_TOPICS.has(topic)) {
    return [refused("not_an_order", `Topic ${topic} carries no order.`, orderIdIn(document))];
  }
  const list = at(document, "orders");
  if (Array.isArray(list)) return readEach(list, (order) => readOne(order, topic), orderIdIn);
  // The REST API wraps an order. A Return has an `order` field too, but it also has an id of its own.
  const wrapped = at(document, "id") === undefined ? at(document, "order") : undefined;
  return readEach([wrapped ?? document], (order) => readOne(order, topic), orderIdIn);
}

/** The topic is not signed: that it is this request shows in fields that no other document has. */
function readRedaction(document: unknown): ChannelReading {
  const customer = textAt(document, "customer", "id");
  const orders = at(document, "orders_to_redact");
  const isRedaction = textAt(document, "shop_domain") !== "" && Array.isArray(orders);
  if (!isRedaction || customer === "")
    return refused(
      "malformed_payload",
      "customers/redact needs shop_domain, a customer and orders_to_redact.",
    );
  const ids = orders.map((id) => textAt({ id }, "id")).filter((id) => id !== "");
  // It has no number of its own: the same orders of the same customer are the same request.
  const digest = createHash("sha256").update(ids.join(",")).digest("hex").slice(0, 16);
  const requestId = `redact-${customer}-${digest}`;
  return { kind: "erasure", requestId, accounts: [], customers: [customer], orders: ids };
}

/** What Shopify has given back: the transactions of a Refund that went through. */
function readRefund(document: unknown): readonly ChannelReading[] {
  const externalId = textAt(document, "order_id");
  const refundId = /\/(\d+)$/.exec(textAt(document, "admin_graphql_api_id"))?.[1] ?? textAt(document, "id");
  if (externalId === "" || refundId === "")
    return [refused("malformed_payload", "A Refund needs its id and its order's.", externalId)];
  const given = listAt(document, "transactions").filter(
    (each) => textAt(each, "kind") === "refund" && textAt(each, "status") === "success",
  );
  const [first] = given;
  if (first === undefined)
    return [refused("not_an_order", `Refund ${refundId} has moved no money.`, externalId)];
  const currency = textAt(first, "currency").toUpperCase();
  const amounts = given.map((each) => amount(textAt(each, "amount"), currency, "refund"));
  return [{ kind: "refund", externalId, refundId, amount: sum(amounts, currency) }];
}

function readOne(order: unknown, topic: string | null): readonly ChannelReading[] {
  if (!isObject(order)) return [refused("malformed_payload", "The payload is not a JSON object.")];
  const resource = /^gid:\/\/shopify\/(\w+)\//.exec(textAt(order, "admin_graphql_api_id"))?.[1];
  if (resource !== undefined && resource !== "Order") {
    return [refused("not_an_order", `This is a Shopify ${resource}, not an Order.`)];
  }
  for (const [field, name] of [
    ["fulfillment_order", "FulfillmentOrder"],
    ["order_edit", "OrderEdit"],
    ["refund_line_items", "Refund"],
    ["return_line_items", "Return"],
  ] as const) {
    if (at(order, field) !== undefined) {
      return [refused("not_an_order", `This is a Shopify ${name}, not an Order.`)];
    }
  }
  const externalId = orderIdIn(order);
  if (externalId === "" || !Array.isArray(at(order, "line_items")) || textAt(order, "currency") === "") {
    const detail = "A Shopify Order needs an id, line_items and a currency.";
    return [refused("malformed_payload", detail, externalId)];
  }
  const incoming = toIncoming(order, externalId);
  const reading: ChannelReading = { kind: "order", order: incoming };
  // Whoever has missed the webhook of a refund finds it in the order.
  const refunds = listAt(order, "refunds").flatMap((refund) =>
    readRefund(refund).filter(({ kind }) => kind === "refund"),
  );
  // The topic is not signed: that the order is cancelled is in the order itself.
  if (topic !== "orders/cancelled" || textAt(order, "cancelled_at") === "") return [reading, ...refunds];
  const reason = firstText(textAt(order, "cancel_reason"), "unknown reason");
  const cancelled = `cancelled at Shopify (${reason})`;
  return [reading, { kind: "cancellation", externalId, reason: cancelled }, ...refunds];
}
