import { expect, test } from "vitest";
import { gtin14, isGtin } from "./gtin.ts";

test("a GTIN has 8, 12, 13 or 14 digits of which the last checks the others", () => {
  expect(isGtin("6291041500213")).toBe(true);
  expect(isGtin("80614141123458")).toBe(true);
  expect(isGtin("80614141123457")).toBe(false);
  expect(isGtin("123")).toBe(false);
  expect(gtin14("6291041500213")).toBe("06291041500213");
  expect(gtin14("6291041500214")).toBeUndefined();
});
