/** eBay's orders and the signatures of its notifications. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decimalText } from "../../../orders/money.ts";
import { captured, onlyOrder, sumAndTotal } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { hasVendor, vendorExamples, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { ebayAdapter } from "./adapter.ts";

type Fields = Readonly<Record<string, unknown>>;

const sample = (): { order: Record<string, unknown>; shippingFulfillments: readonly Fields[] } =>
  JSON.parse(ownSample("ebay", "order.json"));

function read(order: Fields = {}, line: Fields = {}, shippingFulfillments?: readonly Fields[]) {
  const base = sample();
  const [first] = base.order["lineItems"] as readonly Fields[];
  return onlyOrder(ebayAdapter, {
    order: { ...base.order, lineItems: [{ ...first, ...line }], ...order },
    shippingFulfillments: shippingFulfillments ?? base.shippingFulfillments,
  });
}

const holds = (...given: Parameters<typeof read>) => read(...given).holdReasons.map(({ code }) => code);

test("an order is read with ids, discounts and what is shipped of it; eBay's own taxes are in no sum", () => {
  const incoming = read();
  expect(incoming).toMatchObject({
    externalId: "14-11223-44556",
    lines: [
      {
        externalLineId: "10044556677001",
        channelSku: "LAMP",
        quantity: 3,
        unitPrice: { minor: 2_000 },
        discount: { minor: 600 },
        fulfilledElsewhere: 1,
      },
    ],
    shippingPrice: { minor: 500 },
    discount: { minor: 150 },
    shippingAddress: { name: "Mara Holm", line1: "12 Quay St", country: "US" },
    note: "Please leave it with the neighbour",
    attributes: { taxesRemittedByEbay: "4.40 USD" },
  });
  expect(sumAndTotal(incoming)).toEqual([5_750, 5_750]);
  expect(captured(incoming).holds).toEqual([]);
});

test("taxes that the seller pays are on top; an adjustment is a fee or a discount", () => {
  const summary = { total: { value: "64.40", currency: "USD" } };
  const taxed = read(
    { pricingSummary: summary },
    {
      discountedLineItemCost: undefined,
      taxes: [{ taxType: "STATE_SALES_TAX", amount: { value: "4.40", currency: "USD" } }],
    },
  );
  expect(sumAndTotal(taxed)).toEqual([6_440, 6_440]);
  for (const [value, total] of [
    ["2.00", "62.00"],
    ["-2.00", "58.00"],
  ]) {
    const pricingSummary = {
      adjustment: { value, currency: "USD" },
      total: { value: total, currency: "USD" },
    };
    const sums = sumAndTotal(read({ pricingSummary }, { discountedLineItemCost: undefined }));
    expect(sums[0]).toBe(sums[1]);
  }
});

test("what is not paid, is being cancelled, is cancelled or refunded waits as that", () => {
  expect(holds({ orderPaymentStatus: "PENDING" })).toEqual(["payment_pending"]);
  expect(holds({ cancelStatus: { cancelState: "IN_PROGRESS" } })).toEqual(["changed_at_channel"]);
  expect(holds({ cancelStatus: { cancelState: "CANCELED" } })).toEqual(["cancelled_at_channel"]);
  const refunds = [{ refundStatus: "REFUNDED", amount: { value: "-3.00", currency: "USD" } }];
  expect(holds({ paymentSummary: { refunds } })).toEqual(["refunded_at_channel"]);
  expect(holds({ paymentSummary: { refunds } }, { lineItemFulfillmentStatus: "FULFILLED" })).toEqual([]);
});

test("a line that is partly shipped, without a word how far, waits for a person", () => {
  expect(holds({}, {}, [])).toEqual(["partly_fulfilled_at_channel"]);
  expect(read({}, { lineItemFulfillmentStatus: "FULFILLED" }, []).lines).toMatchObject([
    { fulfilledElsewhere: 3 },
  ]);
});

test("a payment dispute keeps the order waiting until it is won; beside none, nothing is said of them", () => {
  const disputed = (dispute: Fields) =>
    onlyOrder(ebayAdapter, {
      ...sample(),
      paymentDisputes: [
        {
          paymentDisputeId: "5000123",
          reason: "ITEM_NOT_RECEIVED",
          amount: { value: "57.50", currency: "USD" },
          ...dispute,
        },
      ],
    });
  const words = (dispute: Fields) =>
    disputed(dispute).holdReasons.map(({ code, detail }) => `${code}: ${detail}`);
  const about = "payment_disputed: eBay: the payment dispute 5000123 about 57.50 USD (ITEM_NOT_RECEIVED)";
  const closed = (reasonForClosure?: string) => ({
    paymentDisputeStatus: "CLOSED",
    ...(reasonForClosure === undefined ? {} : { resolution: { reasonForClosure } }),
  });
  expect(words({ paymentDisputeStatus: "OPEN" })).toEqual([`${about} is open.`]);
  expect(words({ paymentDisputeStatus: "ACTION_NEEDED", respondByDate: "2026-12-08" })).toEqual([
    `${about} needs an answer in Seller Hub until 2026-12-08.`,
  ]);
  expect(words(closed("SELLER_LOST"))).toEqual([`${about} is lost.`]);
  expect(words(closed("SELLER_ACCEPT"))).toEqual([`${about} was accepted: the money is the buyer's.`]);
  expect(words(closed())).toEqual([`${about} is closed (eBay does not say how).`]);
  expect(words(closed("SELLER_WON"))).toEqual([]);
  expect(disputed(closed("SELLER_WON")).silentOn).toBeUndefined();
  expect(read().silentOn).toEqual(["payment_disputed"]);
});

test("a listing without an SKU has a stand-in of its own, with its variation", () => {
  expect(read({}, { sku: undefined }).lines[0]?.channelSku).toBe("legacyItemId:115566778899");
  expect(read({}, { sku: undefined, legacyVariationId: "7" }).lines[0]?.channelSku).toBe(
    "legacyItemId:115566778899:7",
  );
});

test("amounts in another currency, or none at all, keep the order waiting", () => {
  expect(holds({}, { lineItemCost: { value: "60.00", currency: "EUR" } })).toContain("sum_mismatch");
  expect(holds({ pricingSummary: {} })).toEqual(["price_missing"]);
});

describe("notifications", () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = keys.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  const body = Buffer.from(
    JSON.stringify({
      metadata: { topic: "ORDER_CONFIRMATION" },
      notification: { notificationId: "n-1", data: { orderId: "14-11223-44556" } },
    }),
  );
  const headersFor = (content: Buffer, key: KeyObject = keys.privateKey, digest = "SHA1") => ({
    "x-ebay-signature": Buffer.from(
      JSON.stringify({
        alg: "ecdsa",
        kid: "k",
        digest,
        signature: sign(digest.toLowerCase(), content, key).toString("base64"),
      }),
    ).toString("base64"),
  });

  test("eBay's signature opens them, by the key in PEM or its base64", () => {
    const pem = keys.publicKey.export({ format: "pem", type: "spki" }).toString();
    for (const key of [secret, pem, `-----BEGIN PUBLIC KEY-----${secret}-----END PUBLIC KEY-----`])
      expect(ebayAdapter.openWebhook(headersFor(body), body, key)).toEqual({
        topic: "ORDER_CONFIRMATION",
        eventId: "n-1",
        signedId: null,
      });
    expect(ebayAdapter.read(body.toString("utf8"), "ORDER_CONFIRMATION")).toEqual([
      { kind: "changed", externalId: "14-11223-44556" },
    ]);
  });

  test("another body, another key, another kind of key and a broken header open nothing", () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const rsaSecret = rsa.publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const altered = Buffer.from(body.toString("utf8").replace("44556", "44557"));
    const open = (headers: Readonly<Record<string, string>>, content = body, key = secret) =>
      ebayAdapter.openWebhook(headers, content, key);
    expect(open(headersFor(body), altered)).toBeNull();
    expect(open(headersFor(body, other.privateKey))).toBeNull();
    expect(open(headersFor(body, rsa.privateKey), body, rsaSecret)).toBeNull();
    expect(open(headersFor(body), body, "")).toBeNull();
    expect(
      open(headersFor(body), body, "a secret that is no key, however long it may be, is not one"),
    ).toBeNull();
    expect(open({})).toBeNull();
    for (const value of ["", "e30=", "bm8=", "A".repeat(5_000)])
      expect(open({ "x-ebay-signature": value })).toBeNull();
  });

  test("of a closed account the names are read that orders have of the buyer", () => {
    const metadata = { topic: "MARKETPLACE_ACCOUNT_DELETION", schemaVersion: "1.0", deprecated: false };
    const read = (notification: object) => ebayAdapter.read(JSON.stringify({ metadata, notification }), null);
    const data = { username: "mara_h", userId: "ma8vp1jySJC", eiasToken: "nY+sHZ2PrBmdj6w==" };
    expect(read({ notificationId: "49feeaeb-4982", data })).toEqual([
      {
        kind: "erasure",
        requestId: "49feeaeb-4982",
        accounts: ["mara_h", "ma8vp1jySJC"],
        customers: [],
        orders: [],
      },
    ]);
    for (const broken of [{ data }, { notificationId: "1", data: {} }, { notificationId: "1" }])
      expect(read(broken)).toMatchObject([{ kind: "refused", refusal: { code: "malformed_payload" } }]);
  });

  test("one about no order is none", () => {
    const document = { metadata: { topic: "FEEDBACK_LEFT" }, notification: { data: {} } };
    expect(ebayAdapter.read(JSON.stringify(document), null)).toMatchObject([
      { kind: "refused", refusal: { code: "not_an_order" } },
    ]);
  });
});

test.skipIf(!hasVendor("ebay"))(
  `the sample answers by eBay's description are read${vendorNote("ebay")}`,
  () => {
    const [orders] = vendorExamples("ebay").filter(({ file }) => /getOrders\.200/.test(file));
    const order = onlyOrder(ebayAdapter, orders?.text ?? "");
    expect([order.externalId, decimalText(order.total), order.lines[0]?.channelSku]).toEqual([
      "12-03456-78901",
      "29.99",
      "MUG-BLU",
    ]);
    expect(sumAndTotal(order)).toEqual([2_999, 2_999]);
  },
);
