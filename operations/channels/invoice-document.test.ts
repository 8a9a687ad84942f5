import { expect, test } from "vitest";
import type { Address } from "../../orders/address.ts";
import type { StoredInvoice } from "../../store/channels/invoices.ts";
import { invoicePage } from "./invoice-document.ts";

const eur = (minor: number) => ({ minor, currency: "EUR", exponent: 2 });

const invoice: StoredInvoice = {
  number: "INV-000042",
  currency: "EUR",
  issuedAt: new Date("2026-11-20T10:00:00Z"),
  lines: [
    { lineId: "1", title: "Mug", quantity: 2, amountMinor: 2_380, taxMinor: 380, unitPrice: eur(1_190) },
    { lineId: "2", title: "Book", quantity: 1, amountMinor: 1_070, taxMinor: 70, unitPrice: eur(1_070) },
    { lineId: "3", title: "Sticker", quantity: 1, amountMinor: 12, taxMinor: 2, unitPrice: eur(12) },
  ],
  shippingMinor: 595,
  chargesMinor: 0,
  taxMinor: 547,
  totalMinor: 4_057,
};

const home: Address = {
  name: "Mara Holm",
  line1: "Kai 12",
  city: "Hamburg",
  postalCode: "20457",
  country: "DE",
};

const order = {
  externalNumber: "302-1",
  placedAt: "2026-11-19T08:00:00Z",
  billingAddress: null,
  shippingAddress: home,
};

test("lines and shipping add up to the total, each with its tax, and a rate where it is beyond doubt", () => {
  const page = invoicePage(invoice, order, ["Northwind GmbH"]);
  expect(page.lines.map(({ title, net, rate, tax, gross }) => [title, net, rate, tax, gross])).toEqual([
    ["Mug", "20.00", "19", "3.80", "23.80"],
    ["Book", "10.00", "7", "0.70", "10.70"],
    ["Sticker", "0.10", "", "0.02", "0.12"],
    ["Shipping", "5.00", "19", "0.95", "5.95"],
  ]);
  expect([page.net, page.tax, page.total]).toEqual(["35.10", "5.47", "40.57"]);
});

test("charges stand with shipping, and what an order has none of has no line", () => {
  const titles = (changed: Partial<StoredInvoice>) =>
    invoicePage({ ...invoice, ...changed }, order, []).lines.map(({ title }) => title);
  expect(titles({ chargesMinor: 100 }).at(-1)).toBe("Shipping and charges");
  expect(titles({ shippingMinor: 0, chargesMinor: 100 }).at(-1)).toBe("Charges");
  expect(titles({ shippingMinor: 0, taxMinor: 452 })).toEqual(["Mug", "Book", "Sticker"]);
});

test("it is for who pays, says where it went where that is elsewhere, and names nobody who was erased", () => {
  const office = { ...home, name: "Holm KG", line1: "Markt 1" };
  const lines = ["Mara Holm", "Kai 12", "20457 Hamburg", "Germany"];
  expect(invoicePage(invoice, order, [])).toMatchObject({ buyer: lines, shipTo: [], country: "DE" });
  expect(invoicePage(invoice, { ...order, billingAddress: office }, [])).toMatchObject({
    buyer: ["Holm KG", "Markt 1", "20457 Hamburg", "Germany"],
    shipTo: lines,
  });
  expect(invoicePage(invoice, { ...order, shippingAddress: null }, [])).toMatchObject({
    buyer: [],
    shipTo: [],
    country: null,
  });
});
