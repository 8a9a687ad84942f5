import { expect, test } from "vitest";
import { planCapture } from "../../../orders/capture.ts";
import { shopifyAdapter } from "./adapter.ts";

const line = (more: object) => ({
  admin_graphql_api_id: "gid://shopify/LineItem/11",
  sku: "BAG",
  title: "Bag",
  quantity: 1,
  current_quantity: 1,
  price: "60.00",
  product_id: 5,
  variant_id: 6,
  requires_shipping: true,
  fulfillment_service: "manual",
  fulfillable_quantity: 1,
  ...more,
});
const order = (more: object) => ({
  admin_graphql_api_id: "gid://shopify/Order/1",
  currency: "USD",
  financial_status: "paid",
  total_price: "60.00",
  total_discounts: "0.00",
  line_items: [line({})],
  shipping_address: { name: "A", address1: "1 B St", city: "Reno", province_code: "NV", country_code: "US" },
  ...more,
});

/** The order as it would be stored. */
function captured(document: object, topic: string | null = null) {
  const [reading] = shopifyAdapter.read(JSON.stringify(document), topic);
  if (reading?.kind !== "order") throw new Error(JSON.stringify(reading));
  const plan = planCapture(reading.order, {
    orderId: "shopify-1",
    companyId: "acme",
    channelId: "shopify",
    capturedAtMs: 0,
    skuOf: (sku) => sku,
    isWish: false,
    chargedBy: "channel",
  });
  if (plan.status !== "captured") throw new Error(plan.detail);
  return { ...plan.document, holds: plan.holdReasons.map((reason) => reason.code) };
}

test("units that an edit removed take their part of the line's discount and taxes with them", () => {
  const edited = captured(
    order({
      total_price: "85.80",
      current_total_price: "42.90",
      total_discounts: "19.20",
      current_total_discounts: "9.60",
      line_items: [
        line({
          quantity: 2,
          price: "48.00",
          discount_allocations: [{ amount: "19.20" }],
          tax_lines: [{ title: "VAT", price: "9.00" }],
        }),
      ],
    }),
  );
  expect(edited).toMatchObject({
    holds: [],
    discount: { minor: 0 },
    total: { minor: 4_290 },
    lines: [{ quantity: 1, discount: { minor: 960 }, tax: { minor: 450 } }],
  });
});

test("a removed line leaves nothing of its discount behind", () => {
  const edited = captured(
    order({
      total_price: "140.00",
      current_total_price: "60.00",
      total_discounts: "10.00",
      current_total_discounts: "0.00",
      line_items: [
        line({ current_quantity: 0, price: "90.00", discount_allocations: [{ amount: "10.00" }] }),
        line({ admin_graphql_api_id: "gid://shopify/LineItem/12" }),
      ],
    }),
  );
  expect(edited).toMatchObject({ holds: [], discount: { minor: 0 }, total: { minor: 6_000 } });
  expect(edited.lines).toHaveLength(1);
});

test.each([
  ["gift_card", { gift_card: true, requires_shipping: false }],
  ["digital", { requires_shipping: false }],
  ["custom", { sku: null, product_id: null, variant_id: null, title: "Engraving", requires_shipping: false }],
  ["custom", { sku: "", product_id: null, variant_id: null, title: "Special strap" }],
] as const)("a line is read as %s (%#), needs no stock, and an order of it no address", (kind, more) => {
  const { shipping_address: _, ...nowhere } = order({ line_items: [line(more)] });
  expect(captured(nowhere)).toMatchObject({ holds: [], lines: [{ kind }] });
});

test("each custom item keeps its own name", () => {
  const none = { sku: null, product_id: null, variant_id: null };
  const { lines } = captured(
    order({
      total_price: "120.00",
      line_items: [line({ ...none, title: "Engraving" }), line({ ...none, title: "Strap" })],
    }),
  );
  expect(lines.map(({ channelSku, title }) => [channelSku, title])).toEqual([
    ["Engraving", "Engraving"],
    ["Strap", "Strap"],
  ]);
});

test("a tip is a tip, as a line of its own or in the total only", () => {
  const tip = line({ sku: null, product_id: null, variant_id: null, title: "Tip", price: "5.00" });
  const total = { total_price: "65.00", total_tip_received: "5.00" };
  expect(captured(order({ ...total, line_items: [line({}), tip] }))).toMatchObject({
    holds: [],
    lines: [{}, { kind: "tip" }],
  });
  expect(captured(order(total))).toMatchObject({
    holds: [],
    charges: [{ kind: "tip", amount: { minor: 500 } }],
  });
});

test("duties and further fees have fields of their own, in the sum", () => {
  const set = (amount: string) => ({ shop_money: { amount, currency_code: "USD" } });
  expect(
    captured(
      order({
        total_price: "70.00",
        current_total_duties_set: set("7.50"),
        current_total_additional_fees_set: set("2.50"),
      }),
    ),
  ).toMatchObject({
    holds: [],
    charges: [
      { kind: "duty", amount: { minor: 750 } },
      { kind: "fee", amount: { minor: 250 } },
    ],
  });
});

test("a line that another service fulfils is not ours, and needs no SKU of ours", () => {
  expect(
    captured(order({ line_items: [line({ fulfillment_service: "amazon_marketplace_web" })] })),
  ).toMatchObject({
    holds: [],
    lines: [{ fulfilledBy: "provider" }],
  });
});

test("what has been handed over already is known, unit by unit", () => {
  const partial = captured(
    order({
      total_price: "180.00",
      fulfillment_status: "partial",
      line_items: [
        line({ quantity: 3, current_quantity: 3, fulfillable_quantity: 1, fulfillment_status: "partial" }),
      ],
    }),
  );
  expect(partial).toMatchObject({ holds: [], lines: [{ quantity: 3, fulfilledElsewhere: 2 }] });
});

test.each([
  ["pickup", { code: "Pickup in store", title: "Downtown" }],
  ["pickup", { delivery_category: "pick_up", title: "Downtown" }],
  ["curbside", { code: "curbside", title: "Curbside at Downtown" }],
  ["local_delivery", { delivery_category: "local_delivery", title: "Bike" }],
])("the customer gets it by %s (%#)", (method, shipping) => {
  const read = captured(order({ shipping_lines: [{ price: "0.00", ...shipping }] }));
  expect(read.delivery?.method).toBe(method);
});

test("what is authorised at Shopify, or pending there, is waited for; cash on delivery is not", () => {
  expect(captured(order({ financial_status: "authorized" })).holds).toEqual(["payment_pending"]);
  const cod = order({ financial_status: "pending", payment_gateway_names: ["Cash on Delivery (COD)"] });
  expect(captured(cod).paymentBy).toBe("on_delivery");
  expect(captured(order({ test: true })).holds).toEqual(["payment_pending"]);
});

test("an order without a total, and one with an amount that is none, are kept and wait", () => {
  expect(captured(order({ total_price: null })).holds).toContain("price_missing");
  const broken = captured(order({ line_items: [line({ price: "sixty" })] }));
  expect(broken).toMatchObject({ externalId: "1", lines: [], currency: "XXX" });
  expect(broken.holds).toContain("price_missing");
});

test("a discount of the shipping is taken off the shipping, not off the goods", () => {
  const discounted = captured(
    order({
      total_price: "65.00",
      total_discounts: "5.00",
      shipping_lines: [{ title: "Post", price: "10.00", discount_allocations: [{ amount: "5.00" }] }],
    }),
  );
  expect(discounted).toMatchObject({ holds: [], shippingPrice: { minor: 500 }, discount: { minor: 0 } });
});

test("what rounding leaves of an edited line is Shopify's sum to the cent", () => {
  const edited = captured(
    order({
      total_price: "30.07",
      current_total_price: "20.05",
      total_discounts: "10.00",
      current_total_discounts: "6.66",
      total_tax: "0.10",
      current_total_tax: "0.06",
      line_items: [
        line({
          quantity: 3,
          current_quantity: 2,
          fulfillable_quantity: 2,
          price: "13.325",
          discount_allocations: [{ amount: "10.00" }],
          tax_lines: [{ title: "VAT", price: "0.10" }],
        }),
      ],
    }),
  );
  expect(edited).toMatchObject({
    holds: [],
    discount: { minor: 0 },
    lines: [{ quantity: 2, discount: { minor: 666 }, tax: { minor: 6 } }],
  });
});

test("money that Shopify has given back holds the order, and units that were given back do not", () => {
  const refund = (amount: string, units: object[] = []) => ({
    transactions: [{ kind: "refund", status: "success", amount }],
    refund_line_items: units,
  });
  const partly = { financial_status: "partially_refunded" };
  expect(captured(order({ ...partly, refunds: [refund("10.00")] })).holds).toEqual(["refunded_at_channel"]);
  expect(captured(order(partly)).holds).toEqual(["refunded_at_channel"]);
  const ofUnits = order({
    ...partly,
    total_price: "120.00",
    current_total_price: "60.00",
    refunds: [refund("60.00", [{ quantity: 1, subtotal: "60.00", total_tax: "0.00" }])],
    line_items: [line({ quantity: 2 })],
  });
  expect(captured(ofUnits).holds).toEqual([]);
});

test("an order of which some is still to be paid waits for that", () => {
  const [reading] = shopifyAdapter.read(JSON.stringify(order({ total_outstanding: "20.00" })), null);
  expect(reading).toMatchObject({
    order: {
      holdReasons: [
        { code: "payment_pending", detail: "Shopify: the payment is paid, 20.00 USD outstanding." },
      ],
    },
  });
  expect(captured(order({ total_outstanding: "0.00" })).holds).toEqual([]);
});

test("duties bear their own tax", () => {
  const abroad = captured(
    order({
      total_price: "67.00",
      line_items: [line({ duties: [{ price: "6.00", tax_lines: [{ title: "VAT", price: "1.00" }] }] })],
    }),
  );
  expect(abroad).toMatchObject({
    holds: [],
    charges: [{ kind: "duty", amount: { minor: 600 }, tax: { minor: 100 } }],
    tax: { minor: 100 },
  });
});

test("a tip is known by who took it, and a gift card by what it is", () => {
  const sold = captured(
    order({
      total_price: "67.00",
      line_items: [
        line({}),
        line({
          sku: "",
          title: "Thanks",
          price: "2.00",
          product_id: null,
          variant_id: null,
          tip_payment_gateway: "shopify_payments",
        }),
        line({ sku: "GC", price: "5.00", gift_card: true, fulfillment_service: "gift_card" }),
      ],
    }),
  );
  expect(sold.holds).toEqual([]);
  expect(sold.lines.map(({ kind, fulfilledBy }) => [kind, fulfilledBy])).toEqual([
    [undefined, undefined],
    ["tip", undefined],
    ["gift_card", undefined],
  ]);
});

test("a request to forget a customer names the customer and the orders, and is told from anything else", () => {
  const request = {
    shop_id: 954_889,
    shop_domain: "example.myshopify.com",
    customer: { id: 191_167, email: "ann@example.com", phone: "555-0100" },
    orders_to_redact: [299_938, 280_263],
  };
  const read = (document: object) => shopifyAdapter.read(JSON.stringify(document), "customers/redact");
  const [asked] = read(request);
  expect(asked).toMatchObject({
    kind: "erasure",
    accounts: [],
    customers: ["191167"],
    orders: ["299938", "280263"],
  });
  expect(read(request)).toEqual([asked]);
  expect(read({ ...request, orders_to_redact: [1] })).not.toEqual([asked]);
  // The topic is not signed: an order under it asks for nothing.
  for (const other of [order({ customer: { id: 1 } }), { ...request, customer: {} }, { shop_domain: "x" }])
    expect(read(other)).toMatchObject([{ kind: "refused", refusal: { code: "malformed_payload" } }]);
});

const CHARGEBACK = "payment_disputed: Shopify: the chargeback 7 about the payment";
const INQUIRY = "payment_disputed: Shopify: the inquiry 7 about the payment";

test.each([
  ["chargeback", "needs_response", `${CHARGEBACK} needs a response.`],
  ["chargeback", "under_review", `${CHARGEBACK} is under review by the bank.`],
  ["chargeback", "lost", `${CHARGEBACK} is lost.`],
  ["chargeback", "accepted", `${CHARGEBACK} was accepted: the money is the shopper's.`],
  ["chargeback", "charge_refunded", `${CHARGEBACK} is over, the payment was refunded.`],
  ["chargeback", "something_new", `${CHARGEBACK} is something_new.`],
  ["chargeback", "won", null],
  ["chargeback", "prevented", null],
  ["inquiry", "needs_response", `${INQUIRY} needs a response.`],
  ["inquiry", "under_review", `${INQUIRY} is under review by the bank.`],
  ["inquiry", "lost", `${INQUIRY} is lost.`],
  ["inquiry", "charge_refunded", null],
  ["inquiry", "won", null],
])("a %s that is %s is read as such", (kind, status, reason) => {
  const read = (disputes: object[], more = {}) => {
    const [reading] = shopifyAdapter.read(JSON.stringify(order({ disputes, ...more })), null);
    if (reading?.kind !== "order") throw new Error(JSON.stringify(reading));
    return reading.order.holdReasons.map(({ code, detail }) => `${code}: ${detail}`);
  };
  const dispute = { id: "7", initiated_as: kind, status };
  expect(read([dispute])).toEqual(reason === null ? [] : [reason]);
  // Beside another one that is won, and of an order that is cancelled.
  expect(read([{ ...dispute, id: "6", status: "won" }, dispute])).toEqual(reason === null ? [] : [reason]);
  expect(read([dispute], { cancelled_at: "2026-11-30T10:00:00Z" })).toEqual([
    expect.stringContaining("cancelled_at_channel"),
  ]);
});

test("an order without disputes says nothing of them, and one with an empty list says that there are none", () => {
  const silent = (more: object) => {
    const [reading] = shopifyAdapter.read(JSON.stringify(order(more)), "orders/updated");
    return reading?.kind === "order" ? reading.order.silentOn : null;
  };
  expect(silent({})).toEqual(["held_at_channel", "payment_disputed"]);
  expect(silent({ disputes: [] })).toEqual(["held_at_channel"]);
  expect(silent({ fulfillment_orders: [] })).toEqual(["payment_disputed"]);
  expect(silent({ disputes: [], fulfillment_orders: [] })).toBeUndefined();
});

test("a webhook of a dispute names its order, whatever else it says", () => {
  const dispute = '{"id":285332461,"order_id":9007199254740993017,"type":"chargeback","status":"won"}';
  for (const topic of ["disputes/create", "disputes/update"]) {
    expect(shopifyAdapter.read(dispute, topic)).toEqual([
      { kind: "changed", externalId: "9007199254740993017" },
    ]);
    for (const none of ['{"id":1,"order_id":null}', '{"id":1,"order_id":"1 OR 2"}', "[]", "7"])
      expect(shopifyAdapter.read(none, topic)).toMatchObject([
        { kind: "refused", refusal: { code: "not_an_order" } },
      ]);
  }
  expect(shopifyAdapter.read(dispute, "orders/updated")).toMatchObject([{ kind: "refused" }]);
});
