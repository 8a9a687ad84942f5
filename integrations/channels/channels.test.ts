/** All channel adapters over the channels' own published payloads, and over whatever else may arrive. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { IncomingOrder } from "../../orders/incoming-order.ts";
import { chargeableMinor, decimalText, multiplyMoney } from "../../orders/money.ts";
import type { ChannelAdapter, ChannelReading } from "../../ports/channels.ts";
import {
  channelSample,
  channelSamples,
  hasChannelSamples,
  samplesNote,
} from "../../test-support/vendors/channel-samples.ts";
import { perUnit } from "./reading.ts";
import { channelAdapters } from "./registry.ts";

const withSamples = test.skipIf(!hasChannelSamples);

function adapter(kind: string): ChannelAdapter {
  const found = channelAdapters.get(kind);
  if (found === undefined) throw new Error(`no adapter for ${kind}`);
  return found;
}

function orders(readings: readonly ChannelReading[]): readonly IncomingOrder[] {
  return readings.flatMap((reading) => (reading.kind === "order" ? [reading.order] : []));
}

function onlyOrder(kind: string, payload: string, topic: string | null = null): IncomingOrder {
  const found = orders(adapter(kind).read(payload, topic));
  const [order] = found;
  if (order === undefined || found.length !== 1) throw new Error(`${found.length} orders instead of one`);
  return order;
}

function holds(order: IncomingOrder): readonly string[] {
  return order.holdReasons.map((reason) => reason.code);
}

withSamples(`Shopify orders keep ids, lines, money and address exactly${samplesNote}`, () => {
  const order = onlyOrder("shopify", channelSample("shopify", "orders-create.2025-07.json"), "orders/create");
  expect(order).toMatchObject({
    externalId: "820982911946154508",
    externalNumber: "#9999",
    externalIds: { id: "820982911946154500", "customer.id": "115310627314723950", order_number: "1234" },
    placedAt: "2021-12-31T19:00:00-05:00",
    currency: "USD",
    customer: { name: "John Smith", email: "jon@example.com", externalId: "115310627314723954" },
    shippingService: "Generic Shipping",
    paymentBy: "channel",
    shippingAddress: {
      name: "Steve Shipper",
      company: "Shipping Company",
      line1: "123 Shipping Street",
      city: "Shippington",
      region: "KY",
      postalCode: "40003",
      country: "US",
    },
    attributes: { presentment_total: "359.97 USD", presentment_discounts: "20.00 USD" },
  });
  expect(
    order.lines.map((line) => [
      line.externalLineId,
      line.channelSku,
      line.quantity,
      decimalText(line.unitPrice),
    ]),
  ).toEqual([
    ["487817672276298554", "SKU2006-001", 1, "89.99"],
    ["976318377106520349", "SKU2006-020", 1, "159.99"],
    ["315789986012684393", "SKU2006-035", 1, "119.99"],
  ]);
  expect([order.shippingPrice, order.discount, order.total].map(decimalText)).toEqual([
    // Its price of 10.00 is discounted, and is half of the order's discounts.
    "0.00",
    "10.00",
    "359.97",
  ]);
  // The sample is a test order of Shopify's.
  expect(holds(order)).toEqual(["cancelled_at_channel", "payment_pending"]);
});

withSamples(`Shopify's cancellation topic brings the order along${samplesNote}`, () => {
  const payload = channelSample("shopify", "orders-cancelled.2025-07.json");
  expect(
    adapter("shopify")
      .read(payload, "orders/cancelled")
      .map((reading) => reading.kind),
  ).toEqual(["order", "cancellation"]);
  expect(adapter("shopify").read('{"id":820982911946154508}', "orders/delete")).toEqual([
    { kind: "cancellation", externalId: "820982911946154508", reason: "deleted at Shopify" },
  ]);
});

withSamples(`documents that are no orders are refused by their name${samplesNote}`, () => {
  const refusals = (kind: string, name: string) => adapter(kind).read(channelSample(kind, name), null);
  for (const [kind, name, what] of [
    ["shopify", "refunds-create.2025-07.json", "Refund"],
    ["shopify", "returns-request.2025-07.json", "Return"],
    ["shopify", "orders-edited.2025-07.json", "OrderEdit"],
    ["shopify", "fulfillment_orders-order_routing_complete.2025-07.json", "FulfillmentOrder"],
    ["walmart", "us-01.json", "orderShipment"],
    ["amazon", "v0-getOrderItemsBuyerInfo-200-example.json", "order item"],
  ] as const) {
    expect(refusals(kind, name)).toMatchObject([
      { kind: "refused", refusal: { code: "not_an_order", detail: expect.stringContaining(what) } },
    ]);
  }
});

withSamples(`every other sample holds orders, and no order is lost or doubled${samplesNote}`, () => {
  const ids = (kind: string) =>
    channelSamples(kind).flatMap(({ text }) =>
      orders(adapter(kind).read(text, null)).map((order) => order.externalId),
    );
  expect(ids("shopify")).toHaveLength(6);
  expect(new Set(ids("shopify"))).toEqual(new Set(["820982911946154508"]));
  expect(ids("walmart")).toHaveLength(24);
  expect(new Set(ids("walmart")).size).toBe(23);
  expect(ids("woocommerce")).toEqual(["727", "727", "723", "727"]);
  expect(new Set(ids("amazon"))).toEqual(
    new Set([
      "902-1845936-5435065",
      "902-8745147-1934268",
      "902-3159896-1390916",
      "902-2592119-3531015",
      "903-1671087-0812628",
      "921-3175655-0452641",
    ]),
  );
});

withSamples(`Walmart orders keep charges, taxes and statuses exactly${samplesNote}`, () => {
  const [first] = orders(adapter("walmart").read(channelSample("walmart", "us-07.json"), null));
  expect(first).toMatchObject({
    externalId: "4792982839409",
    externalIds: { customerOrderId: "5681962097195", originalCustomerOrderID: "1234567891234" },
    placedAt: "2019-10-24T07:52:30.000Z",
    shippingAddress: { country: "US", region: "CA", postalCode: "12901", phone: "7992381678" },
    shippingService: "Express",
    holdReasons: [],
  });
  expect(first?.lines).toMatchObject([
    { externalLineId: "3", channelSku: "StressTestHome_29", quantity: 1, unitPrice: { minor: 9900 } },
  ]);
  expect(first?.lines[0]?.taxes).toEqual([
    { name: "Tax1", amount: { minor: 792, currency: "USD", exponent: 2 } },
  ]);
  expect(first && decimalText(first.shippingPrice)).toBe("60.00");
  expect(first && decimalText(first.total)).toBe("166.92");
  const shipped = onlyOrder("walmart", channelSample("walmart", "us-02.json"));
  expect(shipped).toMatchObject({ holdReasons: [], lines: [{ quantity: 1, fulfilledElsewhere: 1 }] });
  expect(holds(onlyOrder("walmart", channelSample("walmart", "us-04.json")))).toEqual([
    "cancelled_at_channel",
  ]);
});

withSamples(`each order of a list carries its own part of the payload${samplesNote}`, () => {
  const readings = adapter("walmart").read(channelSample("walmart", "us-06.json"), null);
  expect(readings).toHaveLength(10);
  for (const reading of readings) {
    if (reading.kind !== "order") throw new Error("not an order");
    expect(onlyOrder("walmart", reading.source ?? "")).toEqual(reading.order);
  }
});

withSamples(`WooCommerce orders keep line totals, taxes by rate and what has no SKU${samplesNote}`, () => {
  const order = onlyOrder("woocommerce", channelSample("woocommerce", "v3-order-1.json"));
  expect(order).toMatchObject({
    externalId: "727",
    externalIds: { order_key: "wc_order_58d2d042d1d" },
    placedAt: "2017-03-22T19:28:02Z",
    customer: { name: "John Doe", email: "john.doe@example.com" },
    shippingAddress: { line1: "969 Market", city: "San Francisco", region: "CA", country: "US" },
    holdReasons: [],
  });
  expect(
    order.lines.map((line) => [
      line.channelSku,
      line.quantity,
      decimalText(line.unitPrice),
      line.taxes.map((tax) => `${tax.name} ${decimalText(tax.amount)}`),
    ]),
  ).toEqual([
    ["product_id:93", 2, "3.00", ["State Tax 0.45"]],
    ["Bar3", 1, "12.00", ["State Tax 0.90"]],
  ]);
  expect(decimalText(order.total)).toBe("29.35");
  const [, completed] = orders(
    adapter("woocommerce").read(channelSample("woocommerce", "v3-order-3.json"), null),
  );
  expect(completed).toMatchObject({
    externalId: "723",
    shippingAddress: { name: "João Silva", country: "BR" },
  });
  expect(completed?.holdReasons).toEqual([]);
  expect(completed?.lines.map((line) => line.fulfilledElsewhere === line.quantity)).not.toContain(false);
});

withSamples(`Amazon's responses about one order join into one, in any order${samplesNote}`, () => {
  const names = ["getOrder-200-1", "getOrderItems-200-1", "getOrderAddress-200-1", "getOrderBuyerInfo-200-1"];
  const documents = names.map((name) => channelSample("amazon", `v0-${name}.json`));
  const expected = {
    externalId: "902-1845936-5435065",
    externalIds: { MarketplaceId: "ATVPDKIKX0DER" },
    placedAt: "1970-01-19T03:58:30Z",
    customer: { name: "MFNIntegrationTestMerchant", email: "fzyrv6gwkhbb15c@example.com" },
    shippingAddress: { line1: "2201 WESTLAKE AVE", city: "SEATTLE", region: "WA", country: "US" },
    lines: [
      {
        externalLineId: "05015851154158",
        channelSku: "NABetaASINB00551Q3CS",
        quantity: 1,
        unitPrice: { minor: 1000, exponent: 2 },
        taxes: [{ name: "ItemTax", amount: { minor: 101 } }],
      },
    ],
    total: { minor: 1101, currency: "USD", exponent: 2 },
  };
  for (const list of [documents, [...documents].reverse()]) {
    const joined = adapter("amazon").join(list);
    expect(joined).toHaveLength(1);
    const order = onlyOrder("amazon", joined[0] ?? "");
    expect(order).toMatchObject(expected);
    // The buyer of Amazon's sample asks to cancel.
    expect(holds(order)).toEqual(["changed_at_channel"]);
  }
  // One by one, as they arrive.
  const stepwise = documents.reduce((known, next) => adapter("amazon").join([known, next])[0] ?? "");
  expect(onlyOrder("amazon", stepwise)).toMatchObject(expected);
});

withSamples(`any of Amazon's responses alone makes an order that waits for the rest${samplesNote}`, () => {
  const alone = (name: string) => onlyOrder("amazon", channelSample("amazon", `v0-${name}.json`));
  expect(holds(alone("getOrder-200-1"))).toEqual(["lines_missing"]);
  expect(holds(alone("getOrder-200-2"))).toEqual(["lines_missing"]);
  expect(holds(alone("getOrder-200-example"))).toEqual(["payment_pending", "lines_missing", "price_missing"]);
  expect(holds(alone("getOrderAddress-200-1"))).toEqual(["payment_pending", "lines_missing"]);
  expect(holds(alone("getOrderItems-200-1"))).toEqual(["payment_pending", "changed_at_channel"]);
});

withSamples(
  `Amazon's amounts in yen keep their decimals, and missing pages are waited for${samplesNote}`,
  () => {
    const order = onlyOrder("amazon", channelSample("amazon", "v0-getOrderItems-200-example.json"));
    expect(order.lines.map((line) => [decimalText(line.unitPrice), line.quantity])).toEqual([
      ["25.99", 1],
      ["8.975", 2],
    ]);
    expect(decimalText(order.shippingPrice)).toBe("1.26");
    expect(holds(order)).toContain("lines_missing");
  },
);

test("an Amazon marketplace that nobody knows has no currency, whatever its name is", () => {
  for (const MarketplaceId of ["nobody-knows-it", "toString", "__proto__"]) {
    const payload = JSON.stringify({ AmazonOrderId: "1", OrderStatus: "Pending", MarketplaceId });
    expect(onlyOrder("amazon", payload).currency, MarketplaceId).toBe("XXX");
  }
});

test("prices of an Amazon marketplace with value added tax contain it", () => {
  const euro = (text: string) => ({ CurrencyCode: "EUR", Amount: text });
  const payload = JSON.stringify({
    AmazonOrderId: "1",
    order: { AmazonOrderId: "1", OrderStatus: "Unshipped", OrderTotal: euro("119.00") },
    items: [
      {
        OrderItemId: "7",
        SellerSKU: "A",
        QuantityOrdered: 1,
        ItemPrice: euro("119.00"),
        ItemTax: euro("19.00"),
      },
    ],
    itemsComplete: true,
  });
  expect(onlyOrder("amazon", payload)).toMatchObject({ taxesIncluded: true, total: { minor: 11900 } });
});

test("the price of one unit gives the line's price again, also where it does not divide", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000_000 }),
      fc.integer({ min: 1, max: 4_999 }),
      (minor, quantity) => {
        const unit = perUnit({ minor, currency: "USD", exponent: 2 }, quantity);
        expect(chargeableMinor(multiplyMoney(unit, quantity))).toBe(minor);
      },
    ),
  );
  expect(perUnit({ minor: 1795, currency: "JPY", exponent: 2 }, 2)).toEqual({
    minor: 8975,
    currency: "JPY",
    exponent: 3,
  });
});

test("a line cancelled at Walmart is left out, and what is cancelled of another is taken off", () => {
  const line = (number: string, amount: string, cancelled: string) => ({
    lineNumber: number,
    item: { sku: `S${number}`, productName: "x" },
    charges: { charge: [{ chargeType: "PRODUCT", chargeAmount: { currency: "USD", amount: 30 } }] },
    orderLineQuantity: { amount },
    orderLineStatuses: {
      orderLineStatus: [{ status: "Cancelled", statusQuantity: { amount: cancelled } }],
    },
  });
  const order = onlyOrder(
    "walmart",
    JSON.stringify({
      purchaseOrderId: "1",
      orderLines: { orderLine: [line("1", "1", "1"), line("2", "3", "1")] },
    }),
  );
  expect(
    order.lines.map(({ channelSku, quantity, unitPrice }) => [channelSku, quantity, unitPrice.minor]),
  ).toEqual([["S2", 2, 1000]]);
  expect(order.holdReasons).toEqual([]);
});

test.each([
  ["authorized", ["payment_pending"]],
  ["paid", []],
])(
  "a Shopify payment that is %s is Shopify's, and is waited for until it is paid",
  (financialStatus, holds) => {
    const order = onlyOrder(
      "shopify",
      JSON.stringify({
        admin_graphql_api_id: "gid://shopify/Order/1",
        currency: "USD",
        financial_status: financialStatus,
        line_items: [
          { admin_graphql_api_id: "gid://shopify/LineItem/2", sku: "A", quantity: 1, price: "1.00" },
        ],
        total_price: "1.00",
      }),
    );
    expect(order.paymentBy).toBe("channel");
    expect(order.holdReasons.map((reason) => reason.code)).toEqual(holds);
  },
);

test("webhook signatures hold for the very bytes and the very secret only", () => {
  const body = Buffer.from('{"id":1}');
  const hmac = createHmac("sha256", "secret").update(body).digest("base64");
  for (const [kind, header] of [
    ["shopify", "x-shopify-hmac-sha256"],
    ["woocommerce", "x-wc-webhook-signature"],
  ] as const) {
    expect(adapter(kind).openWebhook({ [header]: hmac }, body, "secret")).not.toBeNull();
    expect(adapter(kind).openWebhook({ [header]: hmac }, Buffer.from('{"id":2}'), "secret")).toBeNull();
    expect(adapter(kind).openWebhook({ [header]: hmac }, body, "other")).toBeNull();
    expect(adapter(kind).openWebhook({ [header]: hmac }, body, "")).toBeNull();
    expect(adapter(kind).openWebhook({}, body, "secret")).toBeNull();
  }
  const key = Buffer.from("0123456789abcdef0123456789abcdef");
  const sign = (seconds: number) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(seconds),
    "webhook-signature": `v1,bm9wZQ== v1,${createHmac("sha256", key).update(`msg_1.${seconds}.`).update(body).digest("base64")}`,
  });
  const now = Math.floor(Date.now() / 1000);
  const secret = `whsec_${key.toString("base64")}`;
  for (const kind of ["holdfast", "walmart", "amazon"]) {
    expect(adapter(kind).openWebhook(sign(now), body, secret)).not.toBeNull();
    expect(adapter(kind).openWebhook(sign(now - 3600), body, secret)).toBeNull();
    expect(adapter(kind).openWebhook({ ...sign(now), "webhook-id": "msg_2" }, body, secret)).toBeNull();
  }
});

/** Walks into a document by fractions and replaces what it finds there. */
function mutate(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== "object" || value === null) return replacement;
  if (Array.isArray(value)) {
    if (value.length === 0) return [replacement];
    const index = Math.floor(step * value.length);
    return value.map((element, i) => (i === index ? mutate(element, rest, replacement) : element));
  }
  const keys = Object.keys(value);
  const key = keys[Math.floor(step * keys.length)];
  if (key === undefined) return replacement;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [k, k === key ? mutate(v, rest, replacement) : v]),
  );
}

const fraction = fc.double({ min: 0, max: 0.999, noNaN: true });
const oddity = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    "",
    "-1",
    "1e999",
    "NaN",
    -1,
    0,
    1e21,
    0.1,
    [],
    {},
    null,
    "\u0000",
    "\ud800",
    "__proto__",
  ),
);
const topics = fc.constantFrom(
  null,
  "orders/create",
  "orders/cancelled",
  "order.updated",
  "order.cancelled",
  "x",
);

test("no adapter throws on any JSON, or on what is none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string({ unit: "binary" })), topics, (payload, topic) => {
      for (const each of channelAdapters.values()) {
        for (const reading of each.read(payload, topic)) {
          // The sender decides what a refusal quotes. Still, no quote may harm a terminal or a column.
          if (reading.kind === "refused") expect(reading.refusal.detail).toMatch(/^[^\p{Cc}\p{Cs}]+$/u);
        }
        expect(Array.isArray(each.join([payload, payload]))).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

withSamples(`no adapter throws on a real payload of which some part is something else${samplesNote}`, () => {
  const samples = channelSamples();
  fc.assert(
    fc.property(
      fc.nat(samples.length - 1),
      fc.array(fraction, { minLength: 1, maxLength: 7 }),
      oddity,
      topics,
      (index, path, replacement, topic) => {
        const sample = samples[index];
        if (sample === undefined) return;
        const payload = JSON.stringify(mutate(JSON.parse(sample.text), path, replacement));
        const readings = adapter(sample.kind).read(payload, topic);
        for (const order of orders(readings)) expect(order.externalId).not.toBe("");
        expect(Array.isArray(adapter(sample.kind).join([payload, sample.text]))).toBe(true);
      },
    ),
    { numRuns: 1_500 },
  );
});
