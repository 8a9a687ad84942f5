import { expect, test } from "vitest";
import { type OrderMessage, type ReturnMessage, signalRow, startRow } from "./messages.ts";

const keyOf = (message: OrderMessage) =>
  signalRow({ workflowId: "web-1", signal: "orderMessage", message }).key;
const returnKeyOf = (message: ReturnMessage) =>
  signalRow({ workflowId: "web-1-R1", signal: "returnMessage", message }).key;

test("a message that is repeated across an upgrade finds the row that it has had since the first version", () => {
  const fulfillmentOrderId = "web-1-F1";
  const exception = { type: "floor-exception", fulfillmentOrderId, detail: "" } as const;
  const args = [{ orderId: "web-1", channelId: "web", onHold: false }] as const;
  expect([
    startRow({ workflow: "orderFulfillment", workflowId: "web-1", args }).key,
    keyOf({ key: "hold-released:web-1:v2", type: "hold-released" }),
    keyOf({ key: "cancel-requested:web-1", type: "cancel-requested", reason: "", by: "" }),
    keyOf({ key: "packed:web-1-F1", type: "packed", fulfillmentOrderId }),
    keyOf({ ...exception, key: "short:web-1-F1", code: "short_pick" }),
    keyOf({ ...exception, key: "floor-exception:web-1-F1:1", code: "device_failure" }),
    keyOf({ key: "out-for-delivery:web-1-F1-S1", type: "out-for-delivery", shipmentId: "web-1-F1-S1" }),
    keyOf({ key: "delivered:web-1-F1-S1", type: "delivered", shipmentId: "web-1-F1-S1" }),
    returnKeyOf({ key: "return-received:web-1-R1", type: "received" }),
    returnKeyOf({ key: "return-inspected:web-1-R1", type: "inspected" }),
  ]).toEqual([
    "start:web-1",
    "hold-released:web-1:v2",
    "cancel-requested:web-1",
    "packed:web-1-F1",
    "short:web-1-F1",
    "floor-exception:web-1-F1:1",
    "signal:web-1:out-for-delivery:web-1-F1-S1",
    "signal:web-1:delivered:web-1-F1-S1",
    "signal:web-1-R1:return-received:web-1-R1",
    "signal:web-1-R1:return-inspected:web-1-R1",
  ]);
});

test("a key that names no order is made to, so that two orders' messages are two rows", () => {
  const message = { key: "cancel-1", type: "cancel-requested", reason: "", by: "" } as const;
  expect(keyOf(message)).toBe("signal:web-1:cancel-1");
});
