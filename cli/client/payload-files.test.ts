import { expect, test } from "vitest";
import { topicOf } from "./payload-files.ts";

test("a file named after a Shopify event tells its topic", () => {
  expect(topicOf("samples/orders-create.2025-07.json")).toBe("orders/create");
  expect(topicOf("fulfillment_orders-order_routing_complete.2025-07.json")).toBe(
    "fulfillment_orders/order_routing_complete",
  );
});

test("a file with any other name has no topic", () => {
  expect(topicOf("shopify-order.json")).toBeNull();
  expect(topicOf("v3-order-1.json")).toBeNull();
  expect(topicOf("us-01.json")).toBeNull();
});
