import { expect, test } from "vitest";
import { planCapture } from "./capture.ts";
import type { CustomField } from "./custom-fields/custom-fields.ts";
import type { IncomingLine, IncomingOrder } from "./incoming-order.ts";
import { type Money, parseMoney, zeroMoney } from "./money.ts";
import { exponentOf } from "./order-amounts.ts";
import { orderIdOf, reservationIdOf } from "./order-identity.ts";

function usd(text: string): Money {
  const money = parseMoney(text, "USD");
  if (money === undefined) throw new Error(`not money: ${text}`);
  return money;
}

const line: IncomingLine = {
  externalLineId: "11",
  channelSku: "TENT",
  title: "Tent",
  quantity: 2,
  unitPrice: usd("10.00"),
  discount: usd("0"),
  taxes: [{ name: "State", amount: usd("1.65") }],
  attributes: {},
};

const order: IncomingOrder = {
  externalId: "1",
  externalNumber: "#1",
  externalIds: {},
  placedAt: "2026-01-02T03:04:05+01:00",
  updatedAt: "",
  currency: "USD",
  lines: [line],
  shippingPrice: usd("5"),
  shippingTaxes: [{ name: "State", amount: usd("0.35") }],
  discount: usd("0"),
  total: usd("27.00"),
  shippingAddress: { name: "A", line1: "1 B St", city: "C", country: "USA" },
  customer: { name: "A" },
  shippingService: "",
  paymentBy: "channel",
  holdReasons: [],
};

const facts = {
  orderId: "shop-1",
  companyId: "company",
  channelId: "shop",
  capturedAtMs: Date.parse("2026-01-02T04:00:00Z"),
  skuOf: (channelSku: string) => (channelSku === "TENT" ? "SKU-TENT" : null),
  isWish: false,
  chargedBy: "order",
} as const;

function plan(change: Partial<IncomingOrder>, isWish = false) {
  return planCapture({ ...order, ...change }, { ...facts, isWish });
}

test("a sound order becomes a document with catalog SKUs, summed taxes and a UTC time", () => {
  const captured = plan({});
  expect(captured).toMatchObject({
    status: "captured",
    holdReasons: [],
    document: {
      orderId: "shop-1",
      placedAt: "2026-01-02T02:04:05.000Z",
      tax: { minor: 200, exponent: 2 },
      lines: [{ lineId: "1", sku: "SKU-TENT", tax: { minor: 165 } }],
      shippingAddress: { country: "US" },
    },
  });
});

test.each([
  ["no_lines", { lines: [] }],
  ["too_many_lines", { lines: Array.from({ length: 501 }, () => line) }],
  ["invalid_quantity", { lines: [{ ...line, quantity: 0 }] }],
  ["invalid_quantity", { lines: [{ ...line, quantity: 1.5 }] }],
  ["invalid_quantity", { lines: [{ ...line, quantity: 1e9 }] }],
  ["invalid_quantity", { lines: [{ ...line, quantity: Number.NaN }] }],
  ["negative_amount", { lines: [{ ...line, unitPrice: usd("-0.01") }] }],
  ["negative_amount", { total: usd("-1") }],
  ["amount_out_of_range", { total: { minor: 2e15, currency: "USD", exponent: 2 } }],
  ["unknown_currency", { currency: "ABC" }],
  ["currency_mismatch", { shippingPrice: zeroMoney("EUR") }],
] as const)("a basket that could never be fulfilled is refused with %s (%#)", (code, change) => {
  expect(plan(change, true)).toMatchObject({ status: "refused", code });
});

test.each([
  ["quantity_unusable", { lines: [{ ...line, quantity: 1.5 }] }],
  ["quantity_unusable", { lines: [{ ...line, quantity: Number.NaN }] }],
  ["price_missing", { lines: [{ ...line, unitPrice: usd("-0.01") }] }],
  ["price_missing", { lines: [{ ...line, unitPrice: { ...usd("1"), minor: Number.NaN } }] }],
  ["price_missing", { discount: { ...usd("1"), minor: 1e16 } }],
  ["price_missing", { total: usd("-1") }],
  ["quantity_unusable", { lines: [{ ...line, fulfilledElsewhere: line.quantity + 1 }] }],
  ["quantity_unusable", { lines: [{ ...line, fulfilledElsewhere: Number.NaN }] }],
  ["lines_missing", { lines: [] }],
  ["lines_missing", { lines: Array.from({ length: 501 }, () => line) }],
  ["sum_mismatch", { total: usd("100.00") }],
  ["currency_unusable", { currency: "IRT" }],
  ["currency_unusable", { shippingPrice: zeroMoney("EUR") }],
  ["currency_unusable", { shippingTaxes: [{ name: "VAT", amount: zeroMoney("EUR") }] }],
] as const)("a channel's order with one odd value is kept, and waits with %s (%#)", (code, change) => {
  expect(plan(change)).toMatchObject({ status: "captured", holdReasons: [{ code }] });
});

test("an address that no parcel can reach waits for a person before anything is picked", () => {
  const shippingAddress = { name: "A", line1: "1 B St", city: "Portland", postalCode: "4101", country: "US" };
  expect(plan({ shippingAddress })).toMatchObject({ holdReasons: [{ code: "address_unusable" }] });
  const collected = { ...order, shippingAddress, delivery: { method: "pickup", locationId: "s" } } as const;
  expect(
    planCapture(collected, { ...facts, isWish: false, stores: [{ locationId: "s", name: "S" }] }),
  ).toMatchObject({
    holdReasons: [],
  });
});

test("a quantity that is no count is kept as it came", () => {
  const captured = plan({ lines: [{ ...line, quantity: 1.5 }] });
  expect(captured).toMatchObject({ document: { lines: [{ quantity: 1, attributes: { quantity: "1.5" } }] } });
});

test("amounts that do not add up are shown with their sums", () => {
  expect(plan({ total: usd("100.00") })).toMatchObject({
    holdReasons: [
      {
        code: "sum_mismatch",
        detail: expect.stringMatching(/^lines .* = .*, but the total is 100\.00 USD\.$/),
      },
    ],
  });
});

test("only goods of ours need a SKU and an address, and an order of others' goods needs neither", () => {
  const others = [
    { ...line, channelSku: "TIP", kind: "tip" as const },
    { ...line, channelSku: "EBOOK", kind: "digital" as const },
    { ...line, channelSku: "WFS", fulfilledBy: "channel" as const },
  ];
  const total = { ...order.total, minor: order.total.minor * 3 };
  const { shippingAddress: _, ...nowhere } = order;
  const captured = planCapture(
    {
      ...nowhere,
      lines: others,
      shippingPrice: zeroMoney("USD"),
      shippingTaxes: [],
      discount: zeroMoney("USD"),
      total,
    },
    { ...facts, isWish: false },
  );
  expect(captured.status === "captured" && captured.holdReasons.map(({ code }) => code)).toEqual([
    "sum_mismatch",
  ]);
});

test("the channel's setting says who charges, and the order only where the setting leaves it to it", () => {
  const payer = (chargedBy: "channel" | "merchant" | "order", paymentBy: IncomingOrder["paymentBy"]) => {
    const captured = planCapture({ ...order, paymentBy, paymentMethod: "pm_1" }, { ...facts, chargedBy });
    return captured.status === "captured" && captured.document.paymentBy;
  };
  expect(payer("channel", "merchant")).toBe("channel");
  expect(payer("merchant", "channel")).toBe("merchant");
  expect(payer("order", "merchant")).toBe("merchant");
  expect(payer("channel", "on_delivery")).toBe("on_delivery");
});

test("an order that we are to charge and that has no means of payment waits for one", () => {
  const captured = planCapture(order, { ...facts, chargedBy: "merchant" });
  expect(captured).toMatchObject({ holdReasons: [{ code: "payment_missing" }] });
});

test("store credit may pay for all of it: whether a means of payment is missing is known once it is spent", () => {
  const storeCredit = { code: "SC-0000-0000-0000-0000" };
  const captured = planCapture({ ...order, storeCredit }, { ...facts, chargedBy: "merchant" });
  expect(captured).toMatchObject({ status: "captured", holdReasons: [] });
});

test("a channel's order without an address waits for it, a basket of our own is refused", () => {
  const nowhere = { shippingAddress: { name: "A", line1: "1 B St", city: "C", country: "Atlantis" } };
  expect(plan(nowhere)).toMatchObject({ status: "captured", holdReasons: [{ code: "address_missing" }] });
  expect(plan(nowhere, true)).toMatchObject({ status: "refused", code: "address_missing" });
});

test("an order whose lines the channel still owes waits for them", () => {
  const reason = { code: "lines_missing", detail: "later" } as const;
  expect(plan({ lines: [], holdReasons: [reason] })).toMatchObject({
    status: "captured",
    holdReasons: [reason],
  });
});

test("lines that the catalog does not know hold the order and are named", () => {
  const free = { ...line, channelSku: "LAMP", unitPrice: usd("0.00"), discount: usd("0.00"), taxes: [] };
  const unknown = plan({ lines: [line, free] });
  expect(unknown).toMatchObject({
    holdReasons: [{ code: "unknown_sku", detail: 'Not in the catalog: line 2 "LAMP".' }],
    document: { lines: [{ sku: "SKU-TENT" }, { sku: null }] },
  });
});

test("an order that does not say when it was placed was placed when it was captured", () => {
  expect(plan({ placedAt: "" })).toMatchObject({ document: { placedAt: "2026-01-02T04:00:00.000Z" } });
  expect(plan({ placedAt: "+200000-01-01T00:00:00Z" })).toMatchObject({
    document: { placedAt: "2026-01-02T04:00:00.000Z" },
  });
});

test("an order's exponent is that of its finest amount", () => {
  const captured = plan({ lines: [{ ...line, unitPrice: usd("8.975") }] });
  expect(captured.status === "captured" && exponentOf(captured.document)).toBe(3);
});

test("order ids keep plain ids readable and never let two external ids meet", () => {
  expect(orderIdOf("shopify", "820982911946154508")).toBe("shopify-820982911946154508");
  expect(orderIdOf("own", "A/1 ü~")).toBe("own-A~2F1~20~C3~BC~7E");
  expect(orderIdOf("own", "")).toBeUndefined();
  expect(orderIdOf("Own", "1")).toBeUndefined();
  expect(orderIdOf("own", "x".repeat(77))).toBeUndefined();
  expect(reservationIdOf("own-1", 0)).toBe("own-1");
  expect(reservationIdOf("own-1", 1)).toBe("own-1#2");
});

const stores = [
  { locationId: "store-1", name: "Quay Store" },
  { locationId: "store-2", name: "Hill Store" },
];

test.each(["nowhere", "fc-reno", "STORE-1"])(
  "nothing is collected at %s, which is the id of no store",
  (locationId) => {
    const delivery = { method: "curbside", locationId } as const;
    const captured = planCapture({ ...order, delivery }, { ...facts, isWish: true, stores });
    expect(captured).toMatchObject({
      status: "captured",
      document: { delivery: { method: "curbside", place: locationId } },
      holdReasons: [{ code: "pickup_place_unknown", detail: expect.stringContaining(locationId) }],
    });
    expect(captured.status === "captured" && captured.document.delivery).not.toHaveProperty("locationId");
  },
);

test.each<[string, readonly (typeof stores)[number][], string | undefined]>([
  ["quay store", stores, "store-1"],
  ["STORE-2", stores, "store-2"],
  ["Local pickup", stores, undefined],
  ["Local pickup", stores.slice(0, 1), "store-1"],
  ["Local pickup", [], undefined],
])("an order to be collected at %s needs no address but a store of ours (%#)", (place, ours, locationId) => {
  const { shippingAddress: _, ...unaddressed } = order;
  const captured = planCapture(
    { ...unaddressed, delivery: { method: "pickup", place } },
    {
      orderId: "shop-1",
      companyId: "company",
      channelId: "shop",
      capturedAtMs: 0,
      skuOf: (sku) => sku,
      isWish: true,
      chargedBy: "channel",
      stores: ours,
    },
  );
  expect(captured).toMatchObject({
    status: "captured",
    document: { shippingAddress: null, delivery: { method: "pickup", place } },
    holdReasons:
      locationId === undefined
        ? [{ code: "pickup_place_unknown", detail: expect.stringContaining(place) }]
        : [],
  });
  expect(captured.status === "captured" && captured.document.delivery?.locationId).toBe(locationId);
});

const asked: readonly CustomField[] = [
  {
    subject: "order",
    key: "cost_center",
    label: "Cost center",
    type: "number",
    choices: [],
    required: true,
    personal: false,
    attribute: "note_attribute:Cost center",
    active: true,
  },
  {
    subject: "order_line",
    key: "engraving",
    label: "Engraving",
    type: "text",
    choices: [],
    required: true,
    personal: true,
    attribute: null,
    active: true,
  },
];

test("a channel's order without a field that is required is kept, and waits for it; a basket is refused", () => {
  const held = planCapture(order, { ...facts, isWish: false, customFields: asked });
  expect(held).toMatchObject({
    status: "captured",
    holdReasons: [
      {
        code: "custom_field_unusable",
        detail:
          'The custom field "cost_center" is required. Line 1: The custom field "engraving" is required.',
      },
    ],
  });
  expect(planCapture(order, { ...facts, isWish: true, customFields: asked })).toMatchObject({
    status: "refused",
    code: "custom_field_missing",
  });
});

test("fields come from attributes of the channel and with the order, and lines that nobody posts need none", () => {
  const plan = planCapture(
    {
      ...order,
      attributes: { "note_attribute:Cost center": "12" },
      lines: [
        { ...line, customFields: { engraving: "Ada" } },
        { ...line, externalLineId: "12", kind: "tip", quantity: 1, unitPrice: usd("0"), taxes: [] },
      ],
    },
    { ...facts, isWish: false, customFields: asked },
  );
  expect(plan).toMatchObject({
    holdReasons: [],
    document: { customFields: { cost_center: 12 }, lines: [{ personalFields: { engraving: "Ada" } }, {}] },
  });
});
