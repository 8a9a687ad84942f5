/** WooCommerce orders that were read wrongly, or easily could be. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalText } from "../../../orders/money.ts";
import { captured, onlyOrder, sumAndTotal } from "../../../test-support/vendors/channel-orders.ts";
import { signatureVectors, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { woocommerceAdapter } from "./adapter.ts";

type Fields = Readonly<Record<string, unknown>>;

const SOMEWHERE = {
  first_name: "Mara",
  last_name: "Holm",
  address_1: "12 Quay St",
  city: "Reno",
  state: "NV",
  postcode: "89501",
  country: "US",
};

function line(fields: Fields = {}): Fields {
  const total = fields["total"] ?? "40.00";
  return {
    id: 11,
    name: "Lamp",
    product_id: 5,
    variation_id: 0,
    quantity: 1,
    subtotal: total,
    total,
    total_tax: "0.00",
    taxes: [],
    meta_data: [],
    sku: "LAMP",
    ...fields,
  };
}

function order(fields: Fields = {}): Fields {
  return {
    id: 7001,
    number: "7001",
    order_key: "wc_order_hf7001",
    status: "processing",
    currency: "USD",
    date_created: "2026-11-20T11:00:00",
    date_created_gmt: "2026-11-20T10:00:00",
    date_modified: "2026-11-20T11:00:05",
    date_modified_gmt: "2026-11-20T10:00:05",
    shipping_total: "0.00",
    shipping_tax: "0.00",
    total: "40.00",
    billing: { ...SOMEWHERE, email: "mara@shopper.example", phone: "" },
    shipping: SOMEWHERE,
    payment_method: "stripe",
    date_paid: "2026-11-20T11:00:02",
    date_paid_gmt: "2026-11-20T10:00:02",
    meta_data: [],
    line_items: [line()],
    tax_lines: [],
    shipping_lines: [],
    fee_lines: [],
    coupon_lines: [],
    refunds: [],
    ...fields,
  };
}

const read = (fields: Fields = {}) => onlyOrder(woocommerceAdapter, order(fields));
const holds = (fields: Fields) => read(fields).holdReasons.map((reason) => reason.code);

describe("fees", () => {
  const fee = (id: number, name: string, total: string, tax: string) => ({
    id,
    name,
    total,
    total_tax: tax,
    taxes: [],
  });

  test("two of one name are both charged, with their taxes", () => {
    const incoming = read({
      total: "46.60",
      fee_lines: [fee(1, "Packing", "3.00", "0.30"), fee(2, "Packing", "3.00", "0.30")],
    });
    expect(incoming.charges).toMatchObject([
      { kind: "fee", name: "Packing", amount: { minor: 300 }, tax: { minor: 30 } },
      { kind: "fee", name: "Packing", amount: { minor: 300 }, tax: { minor: 30 } },
    ]);
    expect(sumAndTotal(incoming)).toEqual([4_660, 4_660]);
  });

  test("one below zero is a discount, with its tax", () => {
    const incoming = read({ total: "34.50", fee_lines: [fee(1, "Club member", "-5.00", "-0.50")] });
    expect(incoming.charges).toBeUndefined();
    expect(decimalText(incoming.discount)).toBe("5.50");
    expect(sumAndTotal(incoming)).toEqual([3_450, 3_450]);
  });
});

describe("money", () => {
  test("a coupon is the line's discount, and a price that a plugin raised is the price", () => {
    const incoming = read({
      total: "80.00",
      line_items: [
        line({ quantity: 2, subtotal: "40.00", total: "30.00" }),
        line({ id: 12, sku: "DESK", subtotal: "40.00", total: "50.00" }),
      ],
    });
    expect(incoming.lines).toMatchObject([
      { unitPrice: { minor: 2_000 }, discount: { minor: 1_000 } },
      { unitPrice: { minor: 5_000 }, discount: { minor: 0 } },
    ]);
    expect(sumAndTotal(incoming)).toEqual([8_000, 8_000]);
  });

  test("a line below zero is a discount, with its tax, and nothing to ship", () => {
    const incoming = read({
      total: "29.00",
      line_items: [line(), line({ id: 12, sku: "MINUS", total: "-10.00", total_tax: "-1.00" })],
    });
    expect(incoming.lines).toMatchObject([
      { channelSku: "LAMP" },
      { channelSku: "MINUS", kind: "custom", unitPrice: { minor: 0 }, taxes: [] },
    ]);
    expect(decimalText(incoming.discount)).toBe("11.00");
    expect(sumAndTotal(incoming)).toEqual([2_900, 2_900]);
  });

  test("what a gift card paid belongs to what the order costs", () => {
    const incoming = read({ total: "15.00", gift_cards: [{ id: 3, code: "AB-12", amount: "25.00" }] });
    expect(decimalText(incoming.total)).toBe("40.00");
    expect(incoming.attributes).toMatchObject({ gift_cards: "25.00" });
    expect(sumAndTotal(incoming)).toEqual([4_000, 4_000]);
  });

  test("several shipping lines, each with its tax, are the order's shipping", () => {
    const shipping = (id: number, total: string, tax: string) => ({
      id,
      method_id: "flat_rate",
      method_title: `Parcel ${id}`,
      total,
      total_tax: tax,
      taxes: [{ id: 4, total: tax }],
    });
    const incoming = read({
      total: "55.40",
      shipping_total: "14.00",
      shipping_tax: "1.40",
      tax_lines: [{ rate_id: 4, label: "VAT &ndash; reduced" }],
      shipping_lines: [shipping(1, "9.00", "0.90"), shipping(2, "5.00", "0.50")],
    });
    expect(incoming.shippingService).toBe("Parcel 1 + Parcel 2");
    expect(incoming.shippingTaxes.map(({ name, amount }) => `${name} ${decimalText(amount)}`)).toEqual([
      "VAT – reduced 0.90",
      "VAT – reduced 0.50",
    ]);
    expect(sumAndTotal(incoming)).toEqual([5_540, 5_540]);
  });

  test("taxes that are listed as computed add up with totals that are shown in cents", () => {
    // 10.00 with 19 % contained, five times: 8.403361 + 1.596639 each.
    const lines = [1, 2, 3, 4, 5].map((id) =>
      line({ id, total: "8.40", total_tax: "1.60", taxes: [{ id: 4, total: "1.596639" }] }),
    );
    const incoming = read({ total: "50.00", line_items: lines });
    expect(incoming.lines[0]?.taxes).toMatchObject([{ amount: { minor: 160, exponent: 2 } }]);
    expect(incoming.charges).toBeUndefined();
    expect(sumAndTotal(incoming)).toEqual([5_000, 5_000]);
  });

  test("lines in six decimals keep them", () => {
    const incoming = read({
      total: "24.00",
      line_items: [
        line({ quantity: 3, total: "20.168067", total_tax: "3.83", taxes: [{ id: 4, total: "3.831933" }] }),
      ],
    });
    expect(incoming.charges).toBeUndefined();
    expect(sumAndTotal(incoming)).toEqual([2_400, 2_400]);
  });

  test("half a cent an amount is rounding and is written down, a whole one is not", () => {
    const lines = [
      line({ id: 1, total: "10.13", total_tax: "0.72" }),
      line({ id: 2, total: "10.13", total_tax: "0.72" }),
    ];
    const up = read({ total: "21.71", line_items: lines });
    expect(up.charges).toMatchObject([{ kind: "fee", name: "Rounding", amount: { minor: 1 } }]);
    expect(sumAndTotal(up)).toEqual([2_171, 2_171]);
    const down = read({ total: "21.69", line_items: lines });
    expect(decimalText(down.discount)).toBe("0.01");
    expect(sumAndTotal(down)).toEqual([2_169, 2_169]);
    const wrong = read({ total: "21.73", line_items: lines });
    expect(wrong.charges).toBeUndefined();
    expect(sumAndTotal(wrong)).toEqual([2_170, 2_173]);
  });

  test("any order as WooCommerce computes and shows it adds up to its total", () => {
    const item = fc.record({
      gross: fc.integer({ min: 1, max: 50_000 }),
      quantity: fc.integer({ min: 1, max: 9 }),
      off: fc.integer({ min: 0, max: 100 }),
    });
    const rate = fc.constantFrom(0, 7, 8.875, 19, 21);
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 12 }), rate, (items, percent) => {
        const exact = items.map(({ gross, quantity, off }) => {
          const before = (gross * quantity) / (1 + percent / 100);
          return { quantity, before, after: (before * (100 - off)) / 100 };
        });
        const cents = (value: number) => (Math.round(value) / 100).toFixed(2);
        const tax = (value: number) => (value * percent) / 100;
        const total = exact.reduce((sum, { after }) => sum + after + tax(after), 0);
        const incoming = read({
          total: cents(total),
          line_items: exact.map(({ quantity, before, after }, index) =>
            line({
              id: index + 1,
              quantity,
              subtotal: cents(before),
              total: cents(after),
              total_tax: cents(tax(after)),
              taxes: percent === 0 ? [] : [{ id: 4, total: (tax(after) / 100).toFixed(6) }],
            }),
          ),
        });
        const [sum, stated] = sumAndTotal(incoming);
        expect(sum).toBe(stated);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what is odd", () => {
  test("a quantity that is no count is kept as it is written, and the order waits", () => {
    for (const [quantity, kept] of [
      [1.5, "1.5"],
      ["0.25", "0.25"],
      ["a dozen", "NaN"],
    ]) {
      const { document, holds: codes } = captured(read({ line_items: [line({ quantity })] }));
      expect(codes).toEqual(["quantity_unusable"]);
      expect(document.lines).toMatchObject([{ quantity: 1, attributes: { quantity: kept } }]);
    }
    expect(captured(read({ line_items: [line({ quantity: "2.00" })] })).holds).toEqual([]);
  });

  test("a currency that ISO 4217 does not know is kept with its digits, and the order waits", () => {
    const { document, holds: codes } = captured(read({ currency: "IRT" }));
    expect(codes).toEqual(["currency_unusable"]);
    expect(document).toMatchObject({
      currency: "XXX",
      total: { minor: 4_000 },
      attributes: { currency: "IRT" },
    });
  });

  test("an amount that is none keeps the order by its id", () => {
    const [reading] = woocommerceAdapter.read(JSON.stringify(order({ total: "forty" })), null);
    expect(reading).toMatchObject({
      kind: "order",
      order: { externalId: "7001", holdReasons: [{ code: "price_missing" }] },
      source: expect.stringContaining("forty"),
    });
  });

  test("what has no price, or no total, is not free but waits", () => {
    expect(read({ total: undefined }).holdReasons).toEqual([
      { code: "price_missing", detail: "WooCommerce has not stated the order's total." },
    ]);
    const unpriced = line({ subtotal: undefined, total: "" });
    expect(read({ line_items: [unpriced], total: null }).holdReasons).toEqual([
      {
        code: "price_missing",
        detail: "WooCommerce has not stated the price of LAMP and the order's total.",
      },
    ]);
  });

  test("amounts that do not add up are shown, and the order waits", () => {
    expect(captured(read({ total: "41.00" })).holds).toEqual(["sum_mismatch"]);
  });
});

describe("what there is to ship", () => {
  const bundle = (parts: readonly Fields[]) =>
    read({
      total: "120.00",
      line_items: [
        line({ id: 1, name: "Reading corner", sku: "CORNER", total: "120.00", bundled_items: [2, 3] }),
        ...parts,
      ],
    });
  const part = (id: number, sku: string, fields: Fields = {}) =>
    line({ id, sku, total: "0.00", bundled_by: "1", ...fields });
  const kinds = (incoming: ReturnType<typeof read>) =>
    incoming.lines.map((each) => [each.channelSku, each.kind ?? "goods"]);

  test("of a bundle its parts, and the money counts once", () => {
    const incoming = bundle([part(2, "LAMP"), part(3, "DESK")]);
    expect(kinds(incoming)).toEqual([
      ["CORNER", "custom"],
      ["LAMP", "goods"],
      ["DESK", "goods"],
    ]);
    expect(sumAndTotal(incoming)).toEqual([12_000, 12_000]);
  });

  test("the bundle itself, where its parts travel inside it", () => {
    const inside = { meta_data: [{ key: "_bundled_item_needs_shipping", value: "no" }] };
    expect(kinds(bundle([part(2, "LAMP", inside), part(3, "DESK", inside)]))).toEqual([
      ["CORNER", "goods"],
      ["LAMP", "custom"],
      ["DESK", "custom"],
    ]);
  });

  test("a product that has parts in the shop but none in the order, e.g. a kit of ours", () => {
    expect(kinds(bundle([]))).toEqual([["CORNER", "goods"]]);
  });

  test("bundles of other plugins are known by their meta data", () => {
    const incoming = read({
      total: "60.00",
      line_items: [
        line({ id: 1, sku: "SET", total: "60.00", meta_data: [{ key: "_woosb_ids", value: "5/1,6/1" }] }),
        line({ id: 2, total: "0.00", meta_data: [{ key: "_woosb_parent_id", value: 77 }] }),
      ],
    });
    expect(kinds(incoming)).toEqual([
      ["SET", "custom"],
      ["LAMP", "goods"],
    ]);
  });

  test("neither virtual lines nor gift cards", () => {
    const incoming = read({
      total: "160.00",
      line_items: [
        line({ id: 1, sku: "COURSE", virtual: true }),
        line({ id: 2, sku: "BOOK-PDF", meta_data: [{ key: "_downloadable", value: "yes" }] }),
        line({ id: 3, sku: "BOOK-WITH-PDF", virtual: false, downloadable: true }),
        line({ id: 4, sku: "CARD", meta_data: [{ key: "wc_gc_giftcard_amount", value: "40" }] }),
      ],
    });
    expect(kinds(incoming)).toEqual([
      ["COURSE", "digital"],
      ["BOOK-PDF", "digital"],
      ["BOOK-WITH-PDF", "goods"],
      ["CARD", "gift_card"],
    ]);
  });

  test("nothing of an order that WooCommerce says needs no processing", () => {
    expect(kinds(read({ needs_processing: false }))).toEqual([["LAMP", "digital"]]);
    expect(kinds(read({ needs_processing: true }))).toEqual([["LAMP", "goods"]]);
  });

  test("nothing that the shop has completed: it is done elsewhere", () => {
    const incoming = read({ status: "completed", line_items: [line({ quantity: 3 })] });
    expect(incoming.lines).toMatchObject([{ quantity: 3, fulfilledElsewhere: 3 }]);
    expect(incoming.holdReasons).toEqual([]);
  });
});

describe("delivery", () => {
  const shipping = (method_id: string, meta_data: readonly unknown[] = []) => ({
    id: 1,
    method_id,
    method_title: "Caf&eacute; on the quay",
    total: "0.00",
    total_tax: "0.00",
    taxes: [],
    meta_data,
  });

  test("what is collected goes nowhere, least of all to who pays", () => {
    const incoming = read({ shipping: {}, shipping_lines: [shipping("local_pickup")] });
    expect(incoming.delivery).toEqual({ method: "pickup", place: "Café on the quay" });
    expect(incoming.shippingAddress).toBeUndefined();
    expect(incoming.billingAddress).toMatchObject({ line1: "12 Quay St" });
  });

  test("the place is the one that the shopper chose at checkout", () => {
    const chosen = [{ key: "pickup_location", value: "Harbour store" }];
    expect(read({ shipping_lines: [shipping("pickup_location", chosen)] }).delivery).toEqual({
      method: "pickup",
      place: "Harbour store",
    });
  });

  test("the shop's own driver is no carrier, and everything else is a parcel", () => {
    expect(read({ shipping_lines: [shipping("local_delivery")] }).delivery?.method).toBe("local_delivery");
    expect(read({ shipping_lines: [shipping("flat_rate:3")] }).delivery).toBeUndefined();
    expect(
      read({ shipping_lines: [shipping("local_pickup"), shipping("flat_rate")] }).delivery,
    ).toBeUndefined();
  });

  test("a shop that leaves the shipping address empty ships to the billing address", () => {
    expect(read({ shipping: { address_1: "" } }).shippingAddress).toMatchObject({ line1: "12 Quay St" });
  });
});

describe("payment and state", () => {
  const unpaid = { date_paid: null, date_paid_gmt: null };

  test("cash on delivery is due on delivery until it is paid", () => {
    expect(read({ payment_method: "cod", ...unpaid }).paymentBy).toBe("on_delivery");
    expect(read({ payment_method: "cod" }).paymentBy).toBe("channel");
    expect(read({ payment_method: "cod", status: "completed", ...unpaid }).paymentBy).toBe("channel");
    expect(read({ payment_method: "bacs", ...unpaid }).paymentBy).toBe("channel");
  });

  test.each([
    ["processing", []],
    ["completed", []],
    ["pending", ["payment_pending"]],
    ["on-hold", ["payment_pending"]],
    ["partial-shipped", ["partly_fulfilled_at_channel"]],
    ["cancelled", ["cancelled_at_channel"]],
    ["refunded", ["cancelled_at_channel"]],
    ["trash", ["cancelled_at_channel"]],
    ["failed", ["payment_failed"]],
    ["a-plugins-own", ["payment_pending"]],
  ])("an order that is %s waits for %j", (status, codes) => {
    expect(holds({ status })).toEqual(codes);
  });

  test("a refund before shipping holds the order and says how much and why", () => {
    const refunds = [
      { id: 1, reason: "one lamp &amp; its bulb", total: "-10.00" },
      { id: 2, reason: "", total: "-5.50" },
    ];
    expect(read({ refunds }).holdReasons).toEqual([
      {
        code: "refunded_at_channel",
        detail:
          "WooCommerce has refunded 15.50 USD of the order (one lamp & its bulb), and does not say for which units.",
      },
    ]);
    expect(holds({ refunds, status: "refunded" })).toEqual(["cancelled_at_channel"]);
    expect(holds({ refunds: [{ id: 1, reason: "", total: "0.00" }] })).toEqual([]);
  });

  test.each(["checkout-draft", "auto-draft", "draft"])("a %s is no order", (status) => {
    expect(woocommerceAdapter.read(JSON.stringify(order({ status })), "order.created")).toMatchObject([
      { kind: "refused", refusal: { code: "not_an_order" } },
    ]);
  });

  test("the ping of a new webhook is no order, though it is no JSON either", () => {
    expect(woocommerceAdapter.read("webhook_id=42", null)).toMatchObject([
      { kind: "refused", refusal: { code: "not_an_order" } },
    ]);
  });
});

describe("moments", () => {
  test("GMT counts, which WooCommerce writes without saying so", () => {
    expect(read()).toMatchObject({ placedAt: "2026-11-20T10:00:00Z", updatedAt: "2026-11-20T10:00:05Z" });
  });

  test("a local time is read in the zone that another moment of the order shows", () => {
    const incoming = read({ date_created_gmt: null, date_modified_gmt: null });
    expect(incoming).toMatchObject({
      placedAt: "2026-11-20T10:00:00.000Z",
      updatedAt: "2026-11-20T10:00:05.000Z",
    });
  });

  test("the nearest such moment, since clocks change", () => {
    const incoming = read({
      date_created: "2026-10-24T12:00:00",
      date_created_gmt: "2026-10-24T10:00:00",
      date_modified: "2026-11-20T11:00:05",
      date_modified_gmt: null,
    });
    expect(incoming.updatedAt).toBe("2026-11-20T10:00:05.000Z");
  });

  test("a local time in no known zone is not guessed", () => {
    const bare = {
      date_created_gmt: null,
      date_modified_gmt: null,
      date_paid_gmt: null,
    };
    expect(read(bare)).toMatchObject({ placedAt: "", updatedAt: "" });
    expect(read({ ...bare, date_created: "2026-11-20T11:00:00+01:00" }).placedAt).toBe(
      "2026-11-20T11:00:00+01:00",
    );
  });
});

test("what people read has no HTML entities; what machines compare stays as it is", () => {
  const incoming = read({
    customer_note: "Ring &amp; wait &lt;5 min",
    billing: { ...SOMEWHERE, last_name: "O&#039;Hara", email: "mara@shopper.example" },
    line_items: [
      line({
        name: "Tea &amp; Co&#8217;s lamp &ndash; 12&quot;",
        sku: "LAMP&amp;CO",
        meta_data: [{ key: "colour", value: "caf&eacute;" }],
      }),
    ],
  });
  expect(incoming).toMatchObject({
    note: "Ring & wait <5 min",
    customer: { name: "Mara O'Hara" },
    lines: [
      { title: 'Tea & Co’s lamp – 12"', channelSku: "LAMP&amp;CO", attributes: { "meta:colour": "café" } },
    ],
  });
});

test("an entity that no store can hold is replaced", () => {
  expect(read({ customer_note: "a&#xD800;b&#0;c" }).note).toMatch(/^a\uFFFDb.?c$/u);
});

test("an order with a place to go and all amounts is captured without a hold", () => {
  expect(captured(read()).holds).toEqual([]);
});

test(`the vendor's scheme of signatures opens its webhooks, and no other does${vendorNote("webhook-signatures")}`, () => {
  for (const { body, secret, signature, valid } of signatureVectors("woocommerce")) {
    const headers = { "x-wc-webhook-signature": signature };
    expect(woocommerceAdapter.openWebhook(headers, Buffer.from(body), secret) !== null).toBe(valid);
    expect(woocommerceAdapter.openWebhook(headers, Buffer.from(`${body} `), secret)).toBeNull();
    expect(woocommerceAdapter.openWebhook(headers, Buffer.from(body), `${secret}x`)).toBeNull();
  }
});
