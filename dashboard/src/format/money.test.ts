import { expect, test } from "vitest";
import { decimalText, formatMoney, minorUnits } from "./money.ts";
import { parseAmount } from "./parse-amount.ts";

test.each([
  [35997, "USD", 2, "$359.97"],
  [5, "USD", 2, "$0.05"],
  [-500, "USD", 2, "-$5.00"],
  [0, "USD", 2, "$0.00"],
  [12800, "JPY", 0, "¥12,800"],
  [1500, "KWD", 3, "KWD 1.500"],
])("%i of %s with exponent %i is shown as %s", (minor, currency, exponent, shown) => {
  expect(formatMoney(minor, currency, exponent, "en-US").replaceAll("\u00a0", " ")).toBe(shown);
});

test("an amount finer than its currency keeps the places that are not zero", () => {
  expect(formatMoney(2599, "JPY", 2, "en-US")).toBe("¥25.99");
  expect(formatMoney(2500, "JPY", 2, "en-US")).toBe("¥25");
  expect(formatMoney(12_345, "USD", 4, "en-US")).toBe("$1.2345");
});

test("an amount beyond what a floating-point number holds exactly is shown to the cent", () => {
  expect(formatMoney(Number.MAX_SAFE_INTEGER, "USD", 2, "en-US")).toBe("$90,071,992,547,409.91");
});

test("without an exponent the currency's own is taken", () => {
  expect(minorUnits("JPY")).toBe(0);
  expect(minorUnits("KWD")).toBe(3);
  expect(formatMoney(100, "JPY", undefined, "en-US")).toBe("¥100");
});

test("an unknown currency is shown as its number and code instead of failing the page", () => {
  expect(formatMoney(1234, "not-a-currency", 2, "en-US")).toBe("12.34 not-a-currency");
});

test("a typed amount becomes minor units without rounding", () => {
  expect(parseAmount("12.5", 2)).toBe(1250);
  expect(parseAmount("12,05", 2)).toBe(1205);
  expect(parseAmount("0.29", 2)).toBe(29);
  expect(parseAmount("7", 0)).toBe(7);
});

test.each(["", "12.345", "1,000.00", "-5", "abc"])(
  "the typed amount %j is refused with a sentence",
  (text) => {
    expect(() => parseAmount(text, 2)).toThrow(/at most 2 decimal places/);
  },
);

test.each([
  [100_000, 2, "1000.00"],
  [5, 3, "0.005"],
  [0, 2, "0.00"],
  [250, 0, "250"],
])("%i minor units of exponent %i are typed %s", (minor, exponent, text) => {
  expect(decimalText(minor, exponent)).toBe(text);
  expect(parseAmount(text, exponent)).toBe(minor);
});
