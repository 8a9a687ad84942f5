import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPayloads, topicOf } from "./payload-files.ts";

test.each([
  ["orders-create.2025-07.json", "orders/create"],
  ["samples/orders-partially_fulfilled.2025-07.json", "orders/partially_fulfilled"],
  ["fulfillment_orders-order_routing_complete.2025-07.json", "fulfillment_orders/order_routing_complete"],
  ["v3-order-1.json", null],
  ["us-01.json", null],
  ["v0-getOrders-200-1.json", null],
  ["order.json", null],
])("the topic of %s is %s", (file, topic) => {
  expect(topicOf(file)).toBe(topic);
});

test("a folder stands for its .json files in order, and every byte of them is kept", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-payloads-"));
  try {
    writeFileSync(join(folder, "b.json"), '{"id": 820982911946154508}\n');
    writeFileSync(join(folder, "a.json"), "{}");
    writeFileSync(join(folder, "notes.txt"), "not sent");
    const documents = await readPayloads([folder]);
    expect(documents.map((document) => document.text)).toEqual(["{}", '{"id": 820982911946154508}\n']);
    await expect(readPayloads([join(folder, "c.json")])).rejects.toMatchObject({ code: "file_unreadable" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
