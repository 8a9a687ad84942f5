import { describe, expect, test } from "vitest";
import { type HoldRules, holdRules, type Looked, whyHeldByRule, whyHeldNow } from "./hold-rules.ts";

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

describe("of an order that has changed, a person looks at what is new", () => {
  const rules = holdRules({
    aboveMinor: { USD: 10_000 },
    skus: ["CARD-*"],
    countries: ["CA", "NO"],
    notes: true,
  });
  const before = {
    currency: "USD",
    total: money(20_000),
    lines: [{ sku: "CARD-50", quantity: 2 }],
    shippingAddress: { country: "NO", city: "Oslo" },
    note: "Ring twice",
  };
  const now = (change: object, isHeld = false) =>
    whyHeldNow(rules, before as unknown as Looked, { ...before, ...change } as unknown as Looked, isHeld);

  test.each<[string, object, string]>([
    ["more money", { total: money(20_001) }, "It costs 200.01 USD."],
    ["more units", { lines: [{ sku: "CARD-50", quantity: 3 }] }, "CARD-50 is only sent after a look."],
    [
      "another SKU",
      { lines: [...before.lines, { sku: null, channelSku: "CARD-100", quantity: 1 }] },
      "CARD-100 is only sent after a look.",
    ],
    ["another country", { shippingAddress: { country: "CA" } }, "It goes to CA."],
    ["another note", { note: "Leave it outside" }, "It bears a note."],
  ])("%s", (_, change, reason) => {
    expect(now(change)).toBe(reason);
  });

  test.each<[string, object]>([
    ["nothing", {}],
    ["less money, fewer units", { total: money(15_000), lines: [{ sku: "CARD-50", quantity: 1 }] }],
    ["another place of the country", { shippingAddress: { country: "NO", city: "Bergen" } }],
    ["a country that no rule names, and no note", { shippingAddress: { country: "US" }, note: " " }],
  ])("not where it is %s", (_, change) => {
    expect(now(change)).toBeNull();
    expect(now(change, true)).toBeNull();
  });

  test("and at everything, where nobody has looked yet", () => {
    expect(now({ shippingAddress: { country: "CA" } }, true)).toBe(
      "It costs 200.00 USD. CARD-50 is only sent after a look. It goes to CA. It bears a note.",
    );
  });
});
