/**
 * Amazon Selling Partner API, Orders v0: getOrders, getOrder, getOrderItems, getOrderAddress,
 * getOrderBuyerInfo, getOrderItemsBuyerInfo and getOrderRegulatedInfo, bare or within the `{request,
 * response}` pairs of Amazon's sandbox; Orders 2026-01-01: searchOrders and getOrder; and the notifications
 * ORDER_CHANGE and FULFILLMENT_ORDER_STATUS.
 *
 * An order is spread over these responses. Each of them alone makes an order that waits for the rest. `join`
 * puts all that is there into one document for each order: `{AmazonOrderId, order, items, itemsComplete,
 * address, buyerInfo, …}`. It also takes documents that it made itself, so that parts can arrive one by one
 * and in any order.
 */
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { at, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { openStandardWebhook, readDocument, readEach, refused } from "../reading.ts";
import { joinedParts, mergeByOrder, partsIn, partsOfText, payloadOf } from "./documents.ts";
import { notificationIn, readNotification } from "./notifications.ts";
import { toIncoming } from "./order.ts";
import type { Parts } from "./parts.ts";

export const amazonAdapter: ChannelAdapter = {
  kind: "amazon",
  read: (payload) =>
    readDocument(payload, (document) => {
      const notification = notificationIn(document);
      if (notification !== undefined) return [readNotification(notification)];
      const parts = partsIn(document);
      if (parts.length === 0) {
        const known = at(payloadOf(document), "OrderItemId") !== undefined;
        return [
          known
            ? refused("not_an_order", "These are details of an order item that do not say which order.")
            : refused("malformed_payload", "No AmazonOrderId: not a response of Amazon's Orders API."),
        ];
      }
      return readEach([...mergeByOrder(parts).values()], readParts, (order) =>
        textAt(order, "AmazonOrderId"),
      );
    }),
  join: (documents) => {
    const parts: Parts[] = [];
    const others: string[] = [];
    for (const document of documents) {
      const found = partsOfText(document);
      if (found.length === 0) others.push(document);
      else parts.push(...found);
    }
    return [...[...mergeByOrder(parts).values()].map(writeJson), ...others];
  },
  openWebhook: openStandardWebhook,
};

function readParts(given: unknown): readonly ChannelReading[] {
  const parts = joinedParts(given, textAt(given, "AmazonOrderId"));
  return [{ kind: "order", order: toIncoming(parts) }];
}
