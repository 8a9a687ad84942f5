import { expect, test } from "vitest";
import { auditVendure } from "./vendure-books.ts";

test("units are compared SKU by SKU: what one has left does not hide what another lacks", () => {
  const received = new Map([
    ["PLENTY", 1_000],
    ["SCARCE", 200],
  ]);
  const stock = [
    { sku: "PLENTY", sold: 100, free: 900 },
    { sku: "SCARCE", sold: 400, free: 125 },
  ];
  expect(auditVendure(stock, received)).toEqual({
    received: 1_200,
    sold: 500,
    oversold: 200,
    drifted: 325,
    driftedSkus: 1,
  });
});

test("what was never received and is sold is oversold", () => {
  expect(auditVendure([{ sku: "NONE", sold: 2, free: -2 }], new Map())).toMatchObject({
    oversold: 2,
    drifted: 0,
    driftedSkus: 0,
  });
});
