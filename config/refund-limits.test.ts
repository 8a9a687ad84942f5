import { expect, test } from "vitest";
import { DEFAULT_REFUND_LIMITS, readRefundLimits } from "./refund-limits.ts";

test("limits are read by role, each in the company's currency or in its own", () => {
  expect(readRefundLimits("service=50.00, service=5000 JPY,operations=250")).toEqual([
    { role: "service", amount: "50.00", currency: null },
    { role: "service", amount: "5000", currency: "JPY" },
    { role: "operations", amount: "250", currency: null },
  ]);
  expect(readRefundLimits(DEFAULT_REFUND_LIMITS)).toHaveLength(2);
});

test.each(["", "service", "service=fifty", "service=-1", "service=5 usd", "service=5,,"])(
  "%j is no list of limits",
  (text) => {
    expect(readRefundLimits(text)).toBeUndefined();
  },
);
