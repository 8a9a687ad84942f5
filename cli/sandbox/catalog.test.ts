import { expect, test } from "vitest";
import { sandboxCatalog } from "./catalog.ts";

test("the sandbox sells 300 different SKUs, the same ones every time", () => {
  const catalog = sandboxCatalog();
  expect(catalog).toHaveLength(300);
  expect(new Set(catalog.map((product) => product.sku)).size).toBe(300);
  expect(new Set(catalog.map((product) => product.gtin)).size).toBe(300);
  expect(sandboxCatalog()).toEqual(catalog);
});

test("every product has a valid GTIN-14, a six-digit HS code, a weight and a price", () => {
  for (const product of sandboxCatalog()) {
    expect(product.gtin).toMatch(/^\d{14}$/);
    const sum = [...product.gtin].reduce(
      (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1),
      0,
    );
    expect(sum % 10, product.gtin).toBe(0);
    expect(product.hsCode).toMatch(/^\d{6}$/);
    expect(product.originCountry).toMatch(/^[A-Z]{2}$/);
    expect(product.weightGrams).toBeGreaterThan(0);
    expect(product.priceMinor).toBeGreaterThan(0);
  }
});
