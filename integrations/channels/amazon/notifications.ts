/**
 * Amazon's notifications, as they come through a queue: bare, or as the `Body` of an SQS message, the
 * `Message` of a topic's, or the `detail` of an EventBridge event.
 *
 * - ORDER_CHANGE is thin: it names the order, which is then read over the API. Only that an order was
 *   cancelled says all there is to say.
 * - FULFILLMENT_ORDER_STATUS tells of what Amazon's warehouses were asked to send. Its status and packages
 *   are not believed: it may be late, or a repeat, and says nothing of units. It names the request, which is
 *   then looked at over the API.
 */
import type { ChannelReading } from "../../../ports/channels.ts";
import { at, firstText, isObject, parseJson, textAt } from "../../vendor-kit/vendor-json.ts";
import { refused } from "../reading.ts";

/** The notification in a message of a queue; `undefined`: there is none. */
export function notificationIn(document: unknown): unknown {
  for (const inner of [at(document, "detail"), bodyOf(document), document])
    if (at(inner, "NotificationType") !== undefined && isObject(at(inner, "Payload"))) return inner;
  return undefined;
}

function bodyOf(message: unknown): unknown {
  const body = at(message, "Body") ?? at(message, "body") ?? at(message, "Message");
  if (typeof body !== "string") return body;
  try {
    return parseJson(body);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

export function readNotification(notification: unknown): ChannelReading {
  const type = textAt(notification, "NotificationType");
  switch (type) {
    case "ORDER_CHANGE":
      return orderChange(at(notification, "Payload", "OrderChangeNotification"));
    case "FULFILLMENT_ORDER_STATUS":
      return requestChange(at(notification, "Payload", "FulfillmentOrderStatusNotification"));
    default:
      return refused("not_an_order", `A notification of Amazon's: ${type}.`);
  }
}

function orderChange(change: unknown): ChannelReading {
  const externalId = textAt(change, "AmazonOrderId");
  if (externalId === "")
    return refused("malformed_payload", "An ORDER_CHANGE of Amazon's that does not say which order.");
  if (textAt(change, "Summary", "OrderStatus") !== "Canceled") return { kind: "changed", externalId };
  const reason = firstText(textAt(change, "OrderChangeTrigger", "ChangeReason"), "no reason given");
  return { kind: "cancellation", externalId, reason: `cancelled at Amazon (${reason})` };
}

function requestChange(change: unknown): ChannelReading {
  const key = textAt(change, "SellerFulfillmentOrderId");
  return key === ""
    ? refused("malformed_payload", "A FULFILLMENT_ORDER_STATUS of Amazon's that does not say which order.")
    : { kind: "request_changed", key };
}
