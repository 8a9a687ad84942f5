import { expect, test } from "vitest";
import { DEFAULT_RETURN_RULES, decideReturnRequest, type ReturnFacts } from "./return-rules.ts";

const DAY_MS = 86_400_000;
const facts: ReturnFacts = {
  requestedAtMs: 40 * DAY_MS,
  deliveredAtMs: 30 * DAY_MS,
  reason: "too_small",
  skus: ["MUG", "CARD-10"],
  valueMinor: 5_000,
  currency: "USD",
  exponent: 2,
  returnsOfCustomer: 1,
};
const rules = { ...DEFAULT_RETURN_RULES };

test("what is announced in time is approved", () => {
  expect(decideReturnRequest(rules, facts)).toEqual({ status: "approved", detail: "Announced in time." });
});

test.each([
  ["nothing was delivered yet", {}, { deliveredAtMs: null }],
  ["the window is over", { windowDays: 9 }, {}],
  ["a SKU is not taken back", { notReturnable: ["MUG"] }, {}],
  ["a range of SKUs is not taken back", { notReturnable: ["CARD-*"] }, {}],
  ["the reason is not taken", { reasons: { too_small: "decline" } as const }, {}],
])("declined: %s", (_name, own, other) => {
  expect(decideReturnRequest({ ...rules, ...own }, { ...facts, ...other }).status).toBe("declined");
});

test.each([
  ["it is worth more than the limit", {}, { valueMinor: 100_001 }],
  ["the customer returns much", { askFromReturns: 10 }, { returnsOfCustomer: 10 }],
  ["the reason is for a person", { reasons: { too_small: "ask" } as const }, {}],
])("a person decides: %s", (_name, own, other) => {
  expect(decideReturnRequest({ ...rules, ...own }, { ...facts, ...other }).status).toBe("asked");
});

test("what is worth little is refunded and not sent back, unless a stricter rule speaks", () => {
  const keeping = { ...rules, keepUpToMinor: { USD: 5_000 } };
  expect(decideReturnRequest(keeping, facts).status).toBe("kept");
  expect(decideReturnRequest(keeping, { ...facts, valueMinor: 5_001 }).status).toBe("approved");
  expect(decideReturnRequest(keeping, { ...facts, currency: "EUR" }).status).toBe("approved");
  expect(decideReturnRequest({ ...keeping, reasons: { too_small: "ask" } }, facts).status).toBe("asked");
});

test("a star stands for any characters, and a pattern without one for itself", () => {
  const declines = (pattern: string, sku: string) =>
    decideReturnRequest({ ...rules, notReturnable: [pattern] }, { ...facts, skus: [sku] }).status ===
    "declined";
  expect(declines("A*B*C", "AxxBxxC")).toBe(true);
  expect(declines("A*B*C", "AxxCxxB")).toBe(false);
  expect(declines("AB*BA", "ABA")).toBe(false);
  expect(declines("*", "ANY")).toBe(true);
  expect(declines("MUG", "MUG-2")).toBe(false);
});
