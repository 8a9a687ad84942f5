import { describe, expect, test } from "vitest";
import { type HoldRules, holdRules, whyHeldByRule } from "./hold-rules.ts";

const money = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

function looked(rules: Partial<HoldRules>, change: object = {}): string | null {
  const order = {
    currency: "USD",
    total: money(50_000),
    lines: [{ sku: "CARD-50" }, { sku: null, channelSku: "Engraving" }],
    shippingAddress: { name: "Ada", line1: "1 Main Street", city: "Reno", country: "US" },
    ...change,
  };
  return whyHeldByRule(holdRules(rules), order as unknown as Parameters<typeof whyHeldByRule>[1]);
}

describe("a person looks first at an order", () => {
  test("that costs more than the rule of its currency says", () => {
    expect(looked({ aboveMinor: { USD: 49_999 } })).toBe("It costs 500.00 USD.");
    expect(looked({ aboveMinor: { USD: 50_000, EUR: 1 } })).toBeNull();
  });

  test("that sells one of these, by the channel's name where the catalog has none", () => {
    expect(looked({ skus: ["CARD-*"] })).toBe("CARD-50 is only sent after a look.");
    expect(looked({ skus: ["Engraving", "TENT"] })).toBe("Engraving is only sent after a look.");
    expect(looked({ skus: ["CARD"] })).toBeNull();
  });

  test("that goes there, or bears a note", () => {
    expect(looked({ countries: ["CA", "US"] })).toBe("It goes to US.");
    expect(looked({ countries: ["US"] }, { shippingAddress: null })).toBeNull();
    expect(looked({ notes: true }, { note: "Gift" })).toBe("It bears a note.");
    expect(looked({ notes: true }, { note: " " })).toBeNull();
  });

  test("and reads every reason at once; without rules nobody does", () => {
    const all = { aboveMinor: { USD: 0 }, skus: ["*"], countries: ["US"], notes: true };
    expect(looked(all, { note: "Gift" })).toBe(
      "It costs 500.00 USD. CARD-50 is only sent after a look. Engraving is only sent after a look. It goes to US. It bears a note.",
    );
    expect(looked({})).toBeNull();
  });
});
