import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newLedger } from "../line-ledger.ts";
import { type Money, zeroMoney } from "../money.ts";
import type { Charge, LineKind, OrderDocument, OrderLine } from "../order.ts";
import { exponentOf, lineShares, sumsOf } from "../order-amounts.ts";
import {
  type ChargedLine,
  type ChargedMoney,
  type ChargedOrder,
  costOf,
  earnedOf,
  nextMovement,
  wholeSteps,
} from "./charging.ts";

type LineSpec = {
  readonly price: number;
  readonly quantity: number;
  readonly discount?: number;
  readonly tax?: number;
  readonly kind?: LineKind;
  readonly fulfilledBy?: OrderLine["fulfilledBy"];
};
type OrderSpec = {
  readonly currency?: string;
  readonly exponent?: number;
  readonly lines: readonly LineSpec[];
  readonly shipping?: number;
  readonly shippingTax?: number;
  readonly discount?: number;
  readonly charges?: readonly { readonly kind: Charge["kind"]; readonly minor: number }[];
  readonly paymentBy?: OrderDocument["paymentBy"];
};

/** An order that adds up, of which nothing has happened yet. */
function orderOf(spec: OrderSpec): ChargedOrder {
  const currency = spec.currency ?? "USD";
  const at = spec.exponent ?? zeroMoney(currency).exponent;
  const money = (minor = 0): Money => ({ minor, currency, exponent: at });
  const lines = spec.lines.map(
    (line, index): OrderLine => ({
      lineId: String(index + 1),
      externalLineId: String(index + 1),
      sku: "A",
      channelSku: "A",
      title: "A",
      quantity: line.quantity,
      unitPrice: money(line.price),
      discount: money(line.discount),
      tax: money(line.tax),
      taxes: [],
      attributes: {},
      ...(line.kind === undefined ? {} : { kind: line.kind }),
      ...(line.fulfilledBy === undefined ? {} : { fulfilledBy: line.fulfilledBy }),
    }),
  );
  const charges = (spec.charges ?? []).map(({ kind, minor }) => ({
    kind,
    name: kind,
    amount: money(minor),
    tax: money(),
  }));
  const taxes = spec.lines.reduce((sum, { tax = 0 }) => sum + tax, spec.shippingTax ?? 0);
  const priced = {
    currency,
    lines,
    charges,
    shippingPrice: money(spec.shipping),
    discount: money(spec.discount),
    tax: money(taxes),
    total: money(),
  };
  const total = money(sumsOf(priced).sum);
  const document = { ...priced, total, paymentBy: spec.paymentBy ?? "merchant" } as unknown as OrderDocument;
  const shares = lineShares(document);
  return {
    document,
    currency,
    exponent: exponentOf(document),
    lines: lines.map((line, index) => ({
      ...newLedger(line.quantity),
      lineId: line.lineId,
      kind: line.kind ?? "goods",
      fulfilledBy: line.fulfilledBy ?? "us",
      unitPriceMinor: line.unitPrice.minor,
      discountMinor: line.discount.minor,
      taxMinor: line.tax.minor,
      shareMinor: shares[index] ?? 0,
    })),
  };
}

function having(order: ChargedOrder, ...changes: readonly (Partial<ChargedLine> | null)[]): ChargedOrder {
  return { ...order, lines: order.lines.map((line, index) => ({ ...line, ...changes[index] })) };
}

describe("a parcel captures the value of its units", () => {
  const order = orderOf({
    lines: [
      { price: 1000, quantity: 2 },
      { price: 500, quantity: 1, tax: 40 },
    ],
    shipping: 700,
    shippingTax: 56,
    charges: [{ kind: "handling", minor: 100 }],
  });

  test("the first one adds shipping and what else belongs to the order", () => {
    expect(costOf(order)).toBe(3396);
    expect(earnedOf(order)).toBe(0);
    expect(earnedOf(having(order, { shipped: 1 }))).toBe(1000 + 856);
    expect(earnedOf(having(order, { shipped: 2 }))).toBe(2000 + 856);
    expect(earnedOf(having(order, { shipped: 2 }, { shipped: 1 }))).toBe(3396);
  });

  test("a unit that was not found is not charged", () => {
    const short = having(order, { shipped: 1, cancelled: 1 }, { shipped: 1 });
    expect(earnedOf(short)).toBe(2396);
    expect(costOf(short)).toBe(2396);
  });

  test("an order of which nothing is wanted any more costs nothing", () => {
    expect(costOf(having(order, { cancelled: 2 }, { cancelled: 1 }))).toBe(0);
  });
});

describe("what needs no parcel is charged", () => {
  const mixed = orderOf({
    lines: [
      { price: 1000, quantity: 1 },
      { price: 300, quantity: 1, kind: "digital" },
      { price: 200, quantity: 1, kind: "tip" },
    ],
    shipping: 500,
  });

  test("with the first parcel", () => {
    expect(earnedOf(mixed)).toBe(0);
    expect(earnedOf(having(mixed, { shipped: 1 }))).toBe(2000);
  });

  test("at once where no parcel is to come, without the shipping of what was cancelled", () => {
    expect(earnedOf(having(mixed, { cancelled: 1 }))).toBe(500);
    expect(costOf(having(mixed, { cancelled: 1 }))).toBe(500);
    const digital = orderOf({ lines: [{ price: 300, quantity: 2, kind: "digital" }], shipping: 100 });
    expect(earnedOf(digital)).toBe(700);
  });

  test("once the parcels of others are said to have gone, if it is theirs", () => {
    const theirs = orderOf({ lines: [{ price: 900, quantity: 2, fulfilledBy: "provider" }], shipping: 100 });
    expect(earnedOf(theirs)).toBe(0);
    expect(earnedOf(having(theirs, { fulfilledElsewhere: 1 }))).toBe(1000);
    expect(earnedOf(having(theirs, { fulfilledElsewhere: 2 }))).toBe(1900);
  });
});

test("who brings the parcel takes the money when it arrives", () => {
  const order = orderOf({ lines: [{ price: 1000, quantity: 2 }], shipping: 500, paymentBy: "on_delivery" });
  expect(earnedOf(having(order, { shipped: 2 }))).toBe(0);
  expect(earnedOf(having(order, { shipped: 2, delivered: 1 }))).toBe(1500);
});

test("an order that does not add up and was let go on charges the smaller sum", () => {
  const order = orderOf({ lines: [{ price: 1000, quantity: 2 }] });
  const stated = (minor: number) => ({
    ...order,
    document: { ...order.document, total: { minor, currency: "USD", exponent: 2 } },
  });
  expect(costOf(stated(1500))).toBe(1500);
  expect(costOf(stated(2500))).toBe(2000);
});

test("a discount that an earlier version left with the order is given with the first parcels", () => {
  const order = orderOf({ lines: [{ price: 1000, quantity: 2 }], discount: 1500 });
  const without = having(order, { shareMinor: 0 });
  expect(costOf(without)).toBe(500);
  expect(earnedOf({ ...without, lines: without.lines.map((line) => ({ ...line, shipped: 1 })) })).toBe(0);
  expect(earnedOf({ ...without, lines: without.lines.map((line) => ({ ...line, shipped: 2 })) })).toBe(500);
});

test("a document that was lowered by a change counts the units that it still names", () => {
  const order = orderOf({ lines: [{ price: 1000, quantity: 3 }], shipping: 500 });
  const [line] = order.document.lines;
  const changed = having(
    {
      ...order,
      document: {
        ...order.document,
        lines: [{ ...(line as OrderLine), quantity: 2 }],
        total: { minor: 2500, currency: "USD", exponent: 2 },
      },
    },
    { cancelled: 1 },
  );
  expect(costOf(changed)).toBe(2500);
  expect(earnedOf(having(changed, { shipped: 2 }))).toBe(2500);
});

/** A provider that keeps to its own rules, and says where a movement breaks them. */
function provider(step: number) {
  const open = new Map<string, number>();
  let captured = 0;
  let authorized = 0;
  let returned = 0;
  let number = 0;
  return {
    taken: () => captured - returned,
    authorized: () => authorized,
    returned: () => returned,
    open: () => [...open.values()].reduce((sum, left) => sum + left, 0),
    settle(order: ChargedOrder) {
      for (;;) {
        const money: ChargedMoney = {
          cost: costOf(order),
          earned: earnedOf(order),
          captured,
          returned,
          left: captured - returned,
          isDisputed: false,
          lost: 0,
          owedForLost: 0,
          open: [...open].map(([key, leftMinor]) => ({ key, leftMinor })),
          step,
        };
        const movement = nextMovement(money);
        if (movement === null) return;
        expect(movement.amountMinor).toBeGreaterThan(0);
        expect(movement.amountMinor % step).toBe(0);
        switch (movement.type) {
          case "authorize":
            number += 1;
            open.set(String(number), movement.amountMinor);
            authorized += movement.amountMinor;
            break;
          case "capture": {
            const left = (open.get(movement.authorization) ?? 0) - movement.amountMinor;
            expect(left).toBeGreaterThanOrEqual(0);
            captured += movement.amountMinor;
            if (movement.final) open.delete(movement.authorization);
            else open.set(movement.authorization, left);
            break;
          }
          case "release":
            open.delete(movement.authorization);
            break;
          case "give-back":
            returned += movement.amountMinor;
        }
      }
    },
  };
}

const amount = (max: number) => fc.integer({ min: 0, max });
const lineSpec = fc
  .record({
    price: amount(50_000),
    quantity: fc.integer({ min: 1, max: 6 }),
    discountPercent: amount(100),
    tax: amount(5_000),
    kind: fc.constantFrom<LineKind>("goods", "goods", "goods", "digital", "tip", "custom"),
    fulfilledBy: fc.constantFrom("us" as const, "us" as const, "provider" as const),
  })
  .map(({ discountPercent, ...line }) => ({
    ...line,
    discount: Math.floor((line.price * line.quantity * discountPercent) / 100),
  }));
const orderSpec = fc
  .record({
    lines: fc.array(lineSpec, { minLength: 1, maxLength: 4 }),
    shipping: amount(2_000),
    shippingTax: amount(300),
    discountPercent: amount(100),
    charges: fc.array(
      fc.record({
        kind: fc.constantFrom("fee", "handling", "duty", "tip") as fc.Arbitrary<Charge["kind"]>,
        minor: amount(900),
      }),
      { maxLength: 3 },
    ),
    currency: fc.constantFrom("USD", "JPY", "KWD", "MGA"),
    finer: fc.constantFrom(0, 0, 0, 2),
  })
  .map(({ discountPercent, finer, ...order }): OrderSpec => {
    const goods = order.lines.reduce((sum, line) => sum + line.price * line.quantity - line.discount, 0);
    return {
      ...order,
      discount: Math.floor((goods * discountPercent) / 100),
      exponent: zeroMoney(order.currency).exponent + finer,
    };
  });
const events = fc.array(
  fc.record({
    line: fc.nat(),
    units: fc.integer({ min: 1, max: 6 }),
    what: fc.constantFrom("hand over", "hand over", "cancel"),
  }),
  { maxLength: 20 },
);
const STEPS: Readonly<Record<string, number>> = { KWD: 10, MGA: 100 };

describe("in whatever order an order is cut, cancelled, picked short and handed over", () => {
  const play = (spec: OrderSpec, happens: readonly { line: number; units: number; what: string }[]) => {
    const step = STEPS[spec.currency ?? ""] ?? 1;
    const bank = provider(step);
    let order = orderOf(spec);
    const first = wholeSteps(costOf(order), step);
    const happen = (index: number, units: number, what: string) => {
      order = {
        ...order,
        lines: order.lines.map((line, at) => {
          if (at !== index % order.lines.length) return line;
          const left = line.ordered - line.cancelled - line.shipped - line.fulfilledElsewhere;
          const moved = Math.min(units, left);
          if (what === "cancel") return { ...line, cancelled: line.cancelled + moved };
          const ours = line.kind === "goods" && line.fulfilledBy === "us";
          return ours
            ? { ...line, shipped: line.shipped + moved }
            : { ...line, fulfilledElsewhere: line.fulfilledElsewhere + moved };
        }),
      };
      bank.settle(order);
      const [cost, earned] = [costOf(order), earnedOf(order)];
      expect(earned).toBeGreaterThanOrEqual(0);
      expect(earned).toBeLessThanOrEqual(cost);
      expect(bank.taken()).toBe(wholeSteps(earned, step));
      expect(bank.taken()).toBeLessThanOrEqual(first);
      // Money that went back has to be authorised again where it is earned after all.
      expect(bank.authorized()).toBeLessThanOrEqual(first + bank.returned());
    };
    bank.settle(order);
    for (const { line, units, what } of happens) happen(line, units, what);
    const isCut = order.lines.some((line) => line.cancelled > 0);
    for (const index of order.lines.keys()) happen(index, 6, "hand over");
    expect(bank.taken()).toBe(wholeSteps(costOf(order), step));
    expect(bank.open()).toBe(0);
    return { bank, order, isCut, step };
  };

  test("captured is the value of what was handed over, and never more than was authorised", () => {
    fc.assert(
      fc.property(orderSpec, events, (spec, happens) => void play(spec, happens)),
      { numRuns: 1_000 },
    );
  });

  test("an order of which nothing was cancelled is captured to its total", () => {
    fc.assert(
      fc.property(orderSpec, events, (spec, happens) => {
        const { bank, order, isCut, step } = play(
          spec,
          happens.filter(({ what }) => what !== "cancel"),
        );
        expect(isCut).toBe(false);
        const { total } = order.document;
        const minor = Math.round(total.minor / 10 ** (total.exponent - zeroMoney(order.currency).exponent));
        expect(bank.taken()).toBe(wholeSteps(minor, step));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the next movement of money", () => {
  const money = (change: Partial<ChargedMoney>): ChargedMoney => ({
    cost: 10_000,
    earned: 0,
    captured: 0,
    returned: 0,
    left: change.captured ?? 0,
    isDisputed: false,
    lost: 0,
    owedForLost: 0,
    open: [{ key: "a", leftMinor: 10_000 }],
    step: 1,
    ...change,
  });

  test("there is none while nothing was handed over", () => {
    expect(nextMovement(money({}))).toBeNull();
  });

  test("what an order has become dearer is authorised beside what is there", () => {
    expect(nextMovement(money({ cost: 12_500 }))).toEqual({ type: "authorize", amountMinor: 2_500 });
  });

  test("what is earned comes first, from the oldest authorisation", () => {
    const open = [
      { key: "a", leftMinor: 4_000 },
      { key: "b", leftMinor: 6_000 },
    ];
    expect(nextMovement(money({ earned: 7_000, open }))).toEqual({
      type: "capture",
      authorization: "a",
      amountMinor: 4_000,
      final: true,
    });
    expect(nextMovement(money({ earned: 7_000, captured: 4_000, open: open.slice(1) }))).toMatchObject({
      authorization: "b",
      amountMinor: 3_000,
      final: false,
    });
  });

  test("an authorisation that has expired is made anew for what is left", () => {
    expect(nextMovement(money({ earned: 4_000, captured: 3_000, open: [] }))).toEqual({
      type: "authorize",
      amountMinor: 7_000,
    });
  });

  test("the rest goes back when nothing more is to come", () => {
    const open = [{ key: "a", leftMinor: 2_500 }];
    expect(nextMovement(money({ cost: 7_500, earned: 7_500, captured: 7_500, open }))).toEqual({
      type: "release",
      authorization: "a",
      amountMinor: 2_500,
    });
  });

  test("what was captured beyond the cost goes back once", () => {
    const cheaper = money({ cost: 7_500, earned: 7_500, captured: 10_000, open: [] });
    expect(nextMovement(cheaper)).toEqual({ type: "give-back", amountMinor: 2_500 });
    expect(nextMovement({ ...cheaper, returned: 2_500 })).toBeNull();
  });

  const shipped = (change: Partial<ChargedMoney>) =>
    money({ earned: 10_000, captured: 10_000, open: [], ...change });

  test("nothing goes back that went back in other ways, and nothing is asked for twice", () => {
    const cheaper = { cost: 7_500, earned: 7_500 };
    expect(nextMovement(shipped({ ...cheaper, left: 1_000 }))).toEqual({
      type: "give-back",
      amountMinor: 1_000,
    });
    expect(nextMovement(shipped({ ...cheaper, left: 0 }))).toBeNull();
  });

  test("nothing goes back while the bank decides, and what it took is not given a second time", () => {
    const cheaper = { cost: 7_500, earned: 7_500 };
    expect(nextMovement(shipped({ ...cheaper, isDisputed: true }))).toBeNull();
    expect(nextMovement(shipped({ ...cheaper, lost: 1_000, left: 9_000 }))).toEqual({
      type: "give-back",
      amountMinor: 1_500,
    });
    expect(nextMovement(shipped({ ...cheaper, lost: 2_500, left: 7_500 }))).toBeNull();
  });

  test("what a lost dispute took of what is earned is the customer's debt, once, and is not charged again", () => {
    expect(nextMovement(shipped({ lost: 4_000, left: 6_000 }))).toEqual({
      type: "write-debt",
      amountMinor: 4_000,
    });
    expect(nextMovement(shipped({ lost: 4_000, left: 6_000, owedForLost: 4_000 }))).toBeNull();
    const cheaper = { cost: 7_500, earned: 7_500, lost: 10_000, left: 0 };
    expect(nextMovement(shipped(cheaper))).toEqual({ type: "write-debt", amountMinor: 7_500 });
  });

  test("amounts are whole steps, and the last capture takes what the steps left", () => {
    const kwd = { step: 10, open: [{ key: "a", leftMinor: 12_340 }], cost: 12_345 };
    expect(nextMovement(money({ ...kwd, earned: 4_113 }))).toMatchObject({
      amountMinor: 4_110,
      final: false,
    });
    expect(
      nextMovement(
        money({ ...kwd, earned: 12_345, captured: 4_110, open: [{ key: "a", leftMinor: 8_230 }] }),
      ),
    ).toMatchObject({ amountMinor: 8_230, final: true });
  });
});
