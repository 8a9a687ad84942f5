import { afterAll, expect, test } from "vitest";
import { readPdfText } from "../../test-support/pdf-text.ts";
import { createDocumentPool } from "./document-pool.ts";
import { DocumentsBusyError } from "./documents-busy.ts";
import type { InvoicePage } from "./invoice.ts";
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
  country: "US",
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
  const pdf = Buffer.from(await pool.packingSlips([slip]));
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
  const pdf = Buffer.from(await pool.packingSlips([{ ...slip, lines }])).toString("latin1");
  expect(pdf.match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(1);
});

test("a handling unit with a wrong check digit fails that document only", async () => {
  await expect(pool.packingSlips([{ ...slip, handlingUnit: "003456789012345678" }])).rejects.toThrow(
    /checksum/i,
  );
  await expect(pool.packingSlips([slip])).resolves.toBeInstanceOf(Uint8Array);
});

test("documents beyond the queue are told to come back, and those in it are drawn", async () => {
  const small = createDocumentPool(3);
  try {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => small.packingSlips([slip])));
    const refused = asked.filter((one) => one.status === "rejected");
    expect(refused.length).toBeGreaterThanOrEqual(15);
    for (const { reason } of refused) expect(reason).toBeInstanceOf(DocumentsBusyError);
    expect(asked.length - refused.length).toBeGreaterThanOrEqual(3);
    await expect(small.qrCode("R-1")).resolves.toBeInstanceOf(Uint8Array);
  } finally {
    await small.close();
  }
});

test("a name in letters of another script is drawn in them", async () => {
  const { text, missing } = readPdfText(
    await pool.packingSlips([{ ...slip, country: "JP", to: ["山田太郎"] }]),
  );
  expect(missing).toBe(0);
  expect(text).toContain("山");
});

const invoice: InvoicePage = {
  number: "INV-000042",
  issuedAt: "2026-11-20T10:00:00.000Z",
  orderNumber: "302-1",
  orderedOn: "2026-11-19",
  country: "DE",
  seller: ["Northwind GmbH", "Kai 12", "20457 Hamburg", "VAT DE123456789"],
  buyer: ["Ömer Łukasz", "Straße 1", "10115 Berlin"],
  shipTo: [],
  currency: "EUR",
  lines: [{ quantity: "2", title: "Tasse", net: "20.00", rate: "19", tax: "3.80", gross: "23.80" }],
  net: "20.00",
  tax: "3.80",
  total: "23.80",
};

test("an invoice says all of it in its own letters, and is the same bytes whenever it is drawn", async () => {
  const bytes = await pool.invoice(invoice);
  const { text, missing, pages } = readPdfText(bytes);
  expect([missing, pages]).toEqual([0, 1]);
  // Letters of another font are a piece of their own.
  const said = text.replaceAll(" ", "");
  const parts = [...invoice.seller, ...invoice.buyer, "INV-000042", "302-1", "20.00", "19", "3.80", "23.80"];
  for (const part of parts) expect(said).toContain(part.replaceAll(" ", ""));
  expect(text).toContain("VAT EUR");
  expect(Buffer.from(await pool.invoice(invoice)).equals(Buffer.from(bytes))).toBe(true);
  const [line] = invoice.lines;
  if (line === undefined) throw new Error("it has a line");
  const long = { ...invoice, lines: Array.from({ length: 80 }, () => line) };
  expect(readPdfText(await pool.invoice(long)).pages).toBeGreaterThan(1);
});
