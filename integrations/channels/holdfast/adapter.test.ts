/** Our own order format: what a sender can say, and what it is turned away for. */
import { describe, expect, test } from "vitest";
import { decimalText } from "../../../orders/money.ts";
import { lineShares } from "../../../orders/order-amounts.ts";
import { captured, onlyOrder, sumAndTotal } from "../../../test-support/vendors/channel-orders.ts";
import { holdfastAdapter } from "./adapter.ts";

const order = {
  id: "1001",
  currency: "USD",
  lines: [{ sku: "TENT", quantity: 2, unitPrice: "10.00", taxes: [{ name: "State", amount: "1.65" }] }],
  shippingPrice: "5.00",
  shippingAddress: { name: "A", line1: "1 B St", city: "C", country: "USA" },
  customer: { name: "A", email: "a@example.com" },
  paymentMethod: "pm_card_visa",
  allocation: "ship_available",
};
const read = (change: object = {}) => onlyOrder(holdfastAdapter, { ...order, ...change });

test("our own format carries amounts as text, the payment token and the allocation policy", () => {
  expect(read({ total: "26.65" })).toMatchObject({
    externalId: "1001",
    externalNumber: "1001",
    paymentBy: "merchant",
    paymentMethod: "pm_card_visa",
    allocation: "ship_available",
    total: { minor: 2665 },
    shippingAddress: { country: "US" },
    lines: [{ externalLineId: "1", channelSku: "TENT", unitPrice: { minor: 1000 } }],
  });
});

test("our own format says what a line is, who hands it over, and what is charged beside it", () => {
  const incoming = read({
    lines: [
      {
        sku: "TENT",
        quantity: 2,
        unitPrice: "10.00",
        charges: [{ kind: "gift_wrap", name: "Red paper", amount: "3.00", tax: "0.30" }],
      },
      { kind: "tip", title: "Tip", quantity: 1, unitPrice: "2.00" },
      { id: "engraving", kind: "custom", quantity: 1, unitPrice: "4.00" },
      { sku: "LAMP", fulfilledBy: "provider", quantity: 1, unitPrice: "7.00" },
    ],
    charges: [{ kind: "handling", amount: "1.50" }],
  });
  expect(incoming.lines).toMatchObject([
    { channelSku: "TENT", charges: [{ kind: "gift_wrap", name: "Red paper", tax: { minor: 30 } }] },
    { channelSku: "Tip", title: "Tip", kind: "tip" },
    { channelSku: "line:engraving", kind: "custom" },
    { channelSku: "LAMP", fulfilledBy: "provider" },
  ]);
  expect(incoming.charges).toMatchObject([{ kind: "handling", name: "handling", amount: { minor: 150 } }]);
  expect(decimalText(incoming.total)).toBe("42.80");
  expect(sumAndTotal(incoming)).toEqual([4_280, 4_280]);
  expect(captured(incoming).holds).toEqual([]);
});

test("our own format says how and when the order is delivered, and what the sender wants kept with it", () => {
  const said = {
    delivery: { method: "pickup", locationId: "store-1" },
    deliverOn: "2028-02-29",
    releaseOn: "2027-12-31",
    tags: ["vip", " ", "gift "],
    paymentBy: "on_delivery",
  };
  expect(read({ ...said, metadata: { campaign: "autumn" } })).toMatchObject({
    ...said,
    tags: ["vip", "gift"],
    attributes: { campaign: "autumn" },
  });
});

test("our own format says of each line whether a substitute may be sent", () => {
  const lines = [true, false, undefined].map((allowSubstitutes) => ({ ...order.lines[0], allowSubstitutes }));
  const incoming = read({ lines });
  expect(incoming.lines.map((line) => line.allowSubstitutes)).toEqual([true, false, undefined]);
  expect(captured(incoming).document.lines.map((line) => line.allowSubstitutes)).toEqual([
    true,
    false,
    undefined,
  ]);
});

test("where prices contain the taxes, those of charges add nothing either", () => {
  const charges = [{ kind: "fee", amount: "2.00", tax: "0.20" }];
  const incoming = read({ taxesIncluded: true, charges, total: "27.00" });
  expect(sumAndTotal(incoming)).toEqual([2_700, 2_700]);
});

test("the order's discount is borne by its lines, to the minor unit", () => {
  const { document } = captured(
    read({
      lines: ["TENT", "LAMP", "MUG"].map((sku) => ({ sku, quantity: 1, unitPrice: "50.00" })),
      discount: "20.00",
    }),
  );
  expect(lineShares(document)).toEqual([-667, -667, -666]);
});

test("an amount of three decimal places stays exact", () => {
  expect(
    decimalText(read({ currency: "KWD", lines: [{ sku: "A", quantity: 1, unitPrice: "12.345" }] }).total),
  ).toBe("17.345");
});

describe("what is broken is refused by name", () => {
  const line = order.lines[0];
  test.each([
    ["malformed_payload", { currency: 5 }],
    ["malformed_payload", { surprise: true }],
    ["malformed_payload", { lines: [{ ...line, unitPrice: 10 }] }],
    ["malformed_payload", { lines: [{ ...line, unitPrice: "-1" }] }],
    ["malformed_payload", { lines: [{ ...line, sku: undefined }] }],
    ["malformed_payload", { lines: [{ ...line, kind: "thing" }] }],
    ["malformed_payload", { paymentMethod: "4242424242424242" }],
    ["malformed_payload", { deliverOn: "2027-02-29" }],
    ["malformed_payload", { deliverOn: "tomorrow" }],
    ["malformed_payload", { releaseOn: "2027-13-01" }],
    ["malformed_payload", { delivery: { method: "drone" } }],
    ["malformed_payload", { charges: [{ kind: "fee", amount: "-1" }] }],
    ["substitutes_not_goods", { lines: [{ ...line, kind: "gift_card", allowSubstitutes: true }] }],
    ["substitutes_not_goods", { lines: [{ ...line, kind: "digital", allowSubstitutes: true }] }],
    ["invalid_order", { total: "1.00" }],
    ["invalid_order", { total: "26.66" }],
  ] as const)("%s (%#)", (code, change) => {
    expect(holdfastAdapter.read(JSON.stringify({ ...order, ...change }), null)).toMatchObject([
      { kind: "refused", refusal: { code, externalId: "1001" } },
    ]);
  });
});
