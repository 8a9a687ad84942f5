import { expect, it } from "vitest";
import { toStripeAmount } from "./amount.ts";

it.each([
  ["two decimals", 35_997, "USD", 35_997],
  ["no minor unit", 2_599, "JPY", 2_599],
  ["a currency that Stripe counts in hundredths and ISO does not", 5_000, "ISK", 500_000],
  ["another of those", 700, "UGX", 70_000],
  ["a currency that ISO divides and Stripe does not", 120_000, "MGA", 1_200],
  ["three decimals in whole tens", 12_340, "KWD", 12_340],
])("%s keeps its value at Stripe", (_case, minor, currency, expected) => {
  expect(toStripeAmount(minor, currency)).toBe(expected);
});

it.each([
  ["a fraction of an ariary", 1_050, "MGA"],
  ["a single fils", 12_341, "KWD"],
  ["an unknown currency", 100, "XXQ"],
  ["a fraction of a cent", 10.5, "USD"],
])("%s cannot be charged", (_case, minor, currency) => {
  expect(toStripeAmount(minor, currency)).toBeUndefined();
});
