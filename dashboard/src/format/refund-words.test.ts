import { expect, test } from "vitest";
import { refundToShopper, refundToStaff } from "./refund-words.ts";

const refund = {
  status: "done",
  payer: "Big Market",
  paymentMinor: 0,
  storeCreditMinor: 0,
  bonusMinor: 0,
  channelMinor: 0,
  confirmedMinor: 0,
  exchangeMinor: 0,
};

test("what only the channel can give back is never said to have gone back", () => {
  const due = { ...refund, status: "due_at_channel", channelMinor: 13_610 };
  expect(refundToStaff(due, "USD")).toBe("$136.10 are to be refunded by Big Market, which has the money.");
  expect(refundToShopper(due, "USD")).toBe("Big Market, where you paid, will refund you $136.10.");
  const half = { ...due, confirmedMinor: 10_000 };
  expect(refundToStaff(half, "USD")).toBe(
    "$36.10 are to be refunded by Big Market, which has the money. Big Market has refunded $100.00.",
  );
  const all = { ...due, status: "confirmed_by_channel", confirmedMinor: 13_610 };
  expect(refundToShopper(all, "USD")).toBe("Big Market has refunded you $136.10.");
});

test("what pays for an exchange is not called a refund", () => {
  expect(refundToShopper({ ...refund, exchangeMinor: 5000, paymentMinor: 500 }, "USD")).toBe(
    "Your refund of $5.00 has been sent to the way you paid. $50.00 pay for what you get in exchange.",
  );
});

test("what was paid out is said with its way", () => {
  const both = { ...refund, paymentMinor: 3500, storeCreditMinor: 1500, bonusMinor: 150 };
  expect(refundToShopper(both, "USD")).toBe(
    "Your refund of $35.00 has been sent to the way you paid. We have added $16.50 to your store credit.",
  );
  expect(refundToStaff({ ...refund, status: "failed", paymentMinor: 3500 }, "USD")).toMatch(/declined/);
  expect(refundToShopper({ ...refund, status: "pending", paymentMinor: 3500 }, "USD")).toMatch(/prepared/);
});
