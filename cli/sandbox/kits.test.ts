import { expect, test } from "vitest";
import { kitBookOf } from "../../engine/planning/kits.ts";
import { sandboxCatalog } from "./catalog.ts";
import { SANDBOX_KITS } from "./kits.ts";

test("the sandbox's kits are made of products that it sells and have numbers of their own", () => {
  expect(kitBookOf(SANDBOX_KITS).size).toBe(2);
  const sold = new Map(sandboxCatalog().map((product) => [product.sku, product]));
  const gtins = new Set([...sold.values()].map((product) => product.gtin));
  for (const { sku, components, product } of SANDBOX_KITS) {
    expect(sold.has(sku)).toBe(false);
    expect(gtins.has(product.gtin)).toBe(false);
    const parts = components.map((component) => ({ ...component, part: sold.get(component.sku) }));
    expect(parts.every(({ part }) => part?.source === "fulfillment_centers")).toBe(true);
    const price = parts.reduce((sum, { part, quantity }) => sum + (part?.priceMinor ?? 0) * quantity, 0);
    expect(product.priceMinor).toBeLessThan(price);
  }
});
