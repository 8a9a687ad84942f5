/**
 * Amazon's notification ORDER_CHANGE, as it comes through a queue: bare, or as the `Body` of an SQS message or
 * the `detail` of an EventBridge event. It is thin: it names the order, which is then read over the API. Only
 * that an order was cancelled says all there is to say.
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
  const change = at(notification, "Payload", "OrderChangeNotification");
  const externalId = textAt(change, "AmazonOrderId");
  if (type !== "ORDER_CHANGE") return refused("not_an_order", `A notification of Amazon's: ${type}.`);
  if (externalId === "")
    return refused("malformed_payload", "An ORDER_CHANGE of Amazon's that does not say which order.");
  if (textAt(change, "Summary", "OrderStatus") !== "Canceled") return { kind: "changed", externalId };
  const reason = firstText(textAt(change, "OrderChangeTrigger", "ChangeReason"), "no reason given");
  return { kind: "cancellation", externalId, reason: `cancelled at Amazon (${reason})` };
}
