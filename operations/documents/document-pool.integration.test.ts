import { afterAll, expect, test } from "vitest";
import { createDocumentPool } from "./document-pool.ts";
import type { PackingSlip } from "./packing-slip.ts";

const pool = createDocumentPool();
afterAll(() => pool.close());

const slip: PackingSlip = {
  shopName: "Northwind Outfitters",
  orderId: "shopify-820982911946154508",
  externalNumber: "#9999",
  fulfillmentOrderId: "shopify-820982911946154508-F1",
  handlingUnit: "003456789012345670",
  placedOn: "2026-11-23",
  from: ["Reno fulfillment center", "1 Depot Way", "Reno NV 89502", "US"],
  to: ["Steve Shipper", "123 Shipping Street", "Shippington KY 40003", "US"],
  lines: [
    {
      sku: "TENT-4P-GRN",
      title: "Four-person tent, green",
      insteadOf: "Four-person tent, blue",
      quantity: 2,
    },
  ],
};

test("a packing slip is drawn on a pool thread as a PDF", async () => {
  const pdf = Buffer.from(await pool.packingSlip(slip));
  expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
  expect(pdf.subarray(-6).toString()).toContain("%%EOF");
});

test("a slip with more lines than a page holds continues on the next", async () => {
  const lines = Array.from({ length: 60 }, (_, index) => ({
    sku: `SKU-${index}`,
    title: `Item ${index}`,
    insteadOf: null,
    quantity: 1,
  }));
  const pdf = Buffer.from(await pool.packingSlip({ ...slip, lines })).toString("latin1");
  expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(1);
});

test("a handling unit with a wrong check digit fails that document only", async () => {
  await expect(pool.packingSlip({ ...slip, handlingUnit: "003456789012345678" })).rejects.toThrow(
    /checksum/i,
  );
  await expect(pool.packingSlip(slip)).resolves.toBeInstanceOf(Uint8Array);
});
