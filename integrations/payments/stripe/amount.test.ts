import { expect, it } from "vitest";
import { stripeStep, toStripeAmount } from "./amount.ts";

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

it.each(["USD", "JPY", "ISK", "UGX", "MGA", "KWD", "BHD"])(
  "each step of %s can be charged, and nothing finer",
  (currency) => {
    const step = stripeStep(currency);
    for (const steps of [1, 7, 1_000]) expect(toStripeAmount(step * steps, currency)).toBeGreaterThan(0);
    if (step > 1) expect(toStripeAmount(step * 3 + 1, currency)).toBeUndefined();
  },
);
