import { expect, test } from "vitest";
import type { IncomingOrder } from "../incoming-order.ts";
import { type Money, zeroMoney } from "../money.ts";
import { usableOrder } from "./usable-order.ts";

const usd = (minor: number, exponent = 2): Money => ({ minor, currency: "USD", exponent });
const order: IncomingOrder = {
  externalId: "1",
  externalNumber: "1",
  externalIds: {},
  placedAt: "",
  updatedAt: "",
  currency: "USD",
  lines: [
    {
      externalLineId: "a",
      channelSku: "TENT",
      title: "Tent",
      quantity: 2,
      unitPrice: usd(1_000),
      discount: usd(0),
      taxes: [],
      attributes: {},
    },
  ],
  shippingPrice: usd(500),
  shippingTaxes: [],
  discount: usd(0),
  total: usd(2_500),
  customer: { name: "Ada" },
  shippingService: "",
  paymentBy: "channel",
  holdReasons: [],
};
const [line] = order.lines;

test("an order without oddities is left as it is", () => {
  expect(usableOrder(order)).toEqual({ order, oddities: [] });
});

test("a currency that is none becomes no currency; its digits and its name stay", () => {
  const irt = (minor: number): Money => ({ minor, currency: "IRT", exponent: 0 });
  const { order: usable, oddities } = usableOrder({
    ...order,
    currency: "IRT",
    lines: [],
    shippingPrice: irt(0),
    discount: irt(0),
    total: irt(40_000),
    holdReasons: [{ code: "lines_missing", detail: "" }],
  });
  expect(usable).toMatchObject({
    currency: "XXX",
    total: { minor: 40_000, currency: "XXX" },
    attributes: { currency: "IRT" },
  });
  expect(oddities.map(({ code, hold }) => [code, hold])).toEqual([["unknown_currency", "currency_unusable"]]);
});

test("an amount that is none counts as zero, whatever bears it, and is named", () => {
  const odd = { minor: Number.NaN, currency: "USD", exponent: 2 };
  const { order: usable, oddities } = usableOrder({
    ...order,
    charges: [{ kind: "fee", name: "Rush", amount: odd, tax: usd(-1) }],
    storeCredit: { code: "x", amount: zeroMoney("EUR") },
  });
  expect(usable.charges).toEqual([
    { kind: "fee", name: "Rush", amount: zeroMoney("USD"), tax: zeroMoney("USD") },
  ]);
  expect(usable.storeCredit?.amount).toEqual(zeroMoney("USD"));
  expect(oddities.map(({ detail }) => detail)).toEqual([
    "Charge Rush is beyond any order.",
    "The tax of charge Rush is negative.",
    "The store credit is in EUR, the order in USD.",
  ]);
});

test("amounts that are sound each but too much together do not leave exact integers", () => {
  if (line === undefined) throw new Error("no line");
  const dear = { ...line, quantity: 1, unitPrice: usd(9e14) };
  const { order: usable, oddities } = usableOrder({
    ...order,
    lines: Array.from({ length: 12 }, () => dear),
  });
  const sum = usable.lines.reduce((total, { unitPrice }) => total + unitPrice.minor, 0);
  expect(sum).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
  expect(new Set(oddities.map(({ code }) => code))).toEqual(new Set(["amount_out_of_range"]));
});

test("a quantity that is no count stands beside the line as it came", () => {
  if (line === undefined) throw new Error("no line");
  for (const quantity of [1.5, 0, -2, Number.NaN, 100_001]) {
    expect(usableOrder({ ...order, lines: [{ ...line, quantity }] })).toMatchObject({
      order: { lines: [{ quantity: 1, attributes: { quantity: String(quantity) } }] },
      oddities: [{ code: "invalid_quantity", hold: "quantity_unusable" }],
    });
  }
});
