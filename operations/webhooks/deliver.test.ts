import { expect, test } from "vitest";
import { isWanted, messageIdOf, pauseMs } from "./deliver.ts";

test("a subscription wants its types, areas and channel", () => {
  const event = { type: "shipment.delivered", channelId: "web" };
  const wants = (events: readonly string[] | null, channelId: string | null = null) =>
    isWanted({ events, channelId }, event);
  expect(wants(null)).toBe(true);
  expect(wants(["shipment.*"])).toBe(true);
  expect(wants(["shipment.delivered"])).toBe(true);
  expect(wants(["order.*", "ship.*", "shipment"])).toBe(false);
  expect(wants(null, "web")).toBe(true);
  expect(wants(["shipment.*"], "shopify")).toBe(false);
});

test("pauses double up to four hours, and differ by a fifth either way", () => {
  const middle = (attempts: number) => pauseMs(attempts, () => 0.5);
  expect([1, 2, 3, 13, 20].map(middle)).toEqual([5_000, 10_000, 20_000, 14_400_000, 14_400_000]);
  expect([pauseMs(1, () => 0), pauseMs(1, () => 1)]).toEqual([4_000, 6_000]);
});

test("a message has one id, which is no other's", () => {
  const id = messageIdOf({ orderId: "web-1", key: "order.captured" });
  expect(id).toMatch(/^msg_[\w-]{27}$/);
  expect(messageIdOf({ orderId: "web-1", key: "order.captured" })).toBe(id);
  expect(messageIdOf({ orderId: "web-10", key: "rder.captured" })).not.toBe(id);
});
