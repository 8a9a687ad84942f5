/**
 * eBay's orders (Sell Fulfillment API v1): one, a list, or one with its shipping fulfillments and payment
 * disputes beside it as the connection sends them; and notifications, which name an order.
 */
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, at, isObject, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { readDocument, readEach, refundReadings, refused } from "../reading.ts";
import { ebayChallenge } from "./challenge.ts";
import { isGiven, toIncoming } from "./order.ts";
import { openEbayWebhook } from "./webhook.ts";

export const ebayAdapter: ChannelAdapter = {
  kind: "ebay",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  openWebhook: openEbayWebhook,
  challenge: ebayChallenge,
};

function readAny(document: unknown): readonly ChannelReading[] {
  if (at(document, "notification") !== undefined && at(document, "metadata") !== undefined)
    return [readNotification(document)];
  if (at(document, "fulfillmentId") !== undefined || at(document, "fulfillments") !== undefined)
    return [refused("not_an_order", "These are shipping fulfillments of eBay's, not an order.")];
  const orders = at(document, "orders");
  const list = Array.isArray(document) ? document : Array.isArray(orders) ? orders : [document];
  return readEach(list, readOne, idOf);
}

function bare(document: unknown): unknown {
  return at(document, "order") ?? document;
}

function idOf(document: unknown): string {
  return textAt(bare(document), "orderId");
}

function readOne(document: unknown): readonly ChannelReading[] {
  const order = bare(document);
  const externalId = textAt(order, "orderId");
  if (!isObject(order) || externalId === "" || !Array.isArray(at(order, "lineItems"))) {
    const detail = "An eBay order needs an orderId and lineItems.";
    return [refused("malformed_payload", detail, externalId)];
  }
  const fulfillments = at(document, "shippingFulfillments");
  const known = Array.isArray(fulfillments) ? listAt(document, "shippingFulfillments") : undefined;
  const incoming = toIncoming(order, known, listAt(document, "paymentDisputes"));
  const refunds = listAt(order, "paymentSummary", "refunds")
    .filter(isGiven)
    .map((refund) => ({
      id: textAt(refund, "refundId"),
      amount: amount(textAt(refund, "amount", "value"), incoming.currency, "a refund"),
    }));
  return [{ kind: "order", order: incoming }, ...refundReadings(externalId, refunds)];
}

const CLOSED_ACCOUNT = "MARKETPLACE_ACCOUNT_DELETION";

/** Topics differ in where they name the order. */
function readNotification(document: unknown): ChannelReading {
  const data = at(document, "notification", "data");
  if (textAt(document, "metadata", "topic") === CLOSED_ACCOUNT) return readClosedAccount(document);
  const externalId = textAt(data, "orderId") || textAt(data, "order", "orderId");
  const topic = textAt(document, "metadata", "topic");
  return externalId === ""
    ? refused("not_an_order", `A notification of eBay's about no order: ${topic}.`)
    : { kind: "changed", externalId };
}

/**
 * Somebody has closed their account. Orders name the buyer by `username`, in which eBay puts the unchanging
 * id of users in some countries.
 */
function readClosedAccount(document: unknown): ChannelReading {
  const requestId = textAt(document, "notification", "notificationId");
  const data = at(document, "notification", "data");
  const accounts = ["username", "userId"].map((name) => textAt(data, name)).filter((name) => name !== "");
  return requestId === "" || accounts.length === 0
    ? refused(
        "malformed_payload",
        `A notification ${CLOSED_ACCOUNT} needs its notificationId and a username.`,
      )
    : { kind: "erasure", requestId, accounts, customers: [], orders: [] };
}
