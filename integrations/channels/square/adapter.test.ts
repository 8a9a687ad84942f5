import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { captured, onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { signatureVectors, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { squareAdapter } from "./adapter.ts";
import { parcelsIn, withParcel } from "./parcels.ts";

const sample = () => JSON.parse(ownSample("square", "order-at-the-till.json")).order;
const read = (change: Record<string, unknown> = {}) => onlyOrder(squareAdapter, { ...sample(), ...change });
const usd = (amount: number) => ({ amount, currency: "USD" });
const shipment = (state: string, more: Record<string, unknown> = {}) => [
  { uid: "f1", type: "SHIPMENT", state, shipment_details: { recipient: { display_name: "Ann" } }, ...more },
];

test("a sale at the till is an order whose units are gone, with its tip", () => {
  const order = read();
  expect(order).toMatchObject({
    externalId: "CAISENgvlJ6jLWAzERDzjyHVybY",
    total: { minor: 3_006 },
    delivery: { method: "pickup", place: "L1MAINSTREET" },
    charges: [{ kind: "tip", amount: { minor: 300 } }],
    lines: [
      {
        externalLineId: "a1",
        channelSku: "MUG-OR",
        title: "Mug Orange",
        quantity: 2,
        discount: { minor: 100 },
        fulfilledElsewhere: 2,
      },
    ],
    holdReasons: [],
  });
  expect(captured(order).holds).not.toContain("sum_mismatch");
});

test("what is to be sent is open, and our own parcels are not somebody else's", () => {
  expect(
    read({ state: "OPEN", fulfillments: shipment("PROPOSED") }).lines[0]?.fulfilledElsewhere,
  ).toBeUndefined();
  const metadata = withParcel({}, { shipmentId: "SH-1", units: [{ index: 0, quantity: 2 }] });
  const ours = read({ fulfillments: shipment("COMPLETED", { metadata }) });
  expect(ours.lines[0]?.fulfilledElsewhere).toBeUndefined();
  expect(read({ fulfillments: shipment("COMPLETED") }).lines[0]?.fulfilledElsewhere).toBe(2);
});

test("tax in the prices is in them, tax on top comes on top", () => {
  const [line] = sample().line_items;
  const included = read({
    taxes: [{ uid: "t", type: "INCLUSIVE" }],
    line_items: [{ ...line, total_money: usd(2_498), total_tax_money: usd(185) }],
    total_money: usd(2_798),
  });
  expect(included).toMatchObject({ taxesIncluded: true, lines: [{ taxes: [{ amount: { minor: 185 } }] }] });
  expect(captured(included).holds).not.toContain("sum_mismatch");
  expect(read().lines[0]?.taxes).toMatchObject([{ amount: { minor: 208 } }]);
});

test.each([
  [{ state: "CANCELED" }, ["cancelled_at_channel"]],
  [{ state: "OPEN", fulfillments: shipment("CANCELED") }, ["cancelled_at_channel"]],
  [{ state: "OPEN", net_amount_due_money: usd(500) }, ["payment_pending"]],
  [{ line_items: [] }, ["lines_missing"]],
])("%j waits for %j", (change, codes) => {
  expect(read(change).holdReasons.map(({ code }) => code)).toEqual(codes);
});

test("a part of a unit is kept as it is written, for a person", () => {
  const [line] = sample().line_items;
  expect(read({ line_items: [{ ...line, quantity: "1.5" }] }).lines[0]?.quantity).toBe(1.5);
});

test("refunds are told by their ids, but neither ours nor those that failed", () => {
  const refunds = [
    { id: "r1", status: "APPROVED", amount_money: usd(500), reason: "goodwill" },
    { id: "r2", status: "PENDING", amount_money: usd(700), reason: "damaged (Holdfast RF-1)" },
    { id: "r3", status: "FAILED", amount_money: usd(900), reason: "" },
  ];
  const readings = squareAdapter.read(JSON.stringify({ ...sample(), refunds }), null);
  expect(readings.slice(1)).toEqual([
    {
      kind: "refund",
      externalId: "CAISENgvlJ6jLWAzERDzjyHVybY",
      refundId: "r1",
      amount: { minor: 500, currency: "USD", exponent: 2 },
    },
  ]);
});

test("a return gives back money of the order that it is of", () => {
  const readings = squareAdapter.read(
    JSON.stringify({
      id: "RETURN1",
      state: "COMPLETED",
      returns: [{ source_order_id: "SALE1" }],
      return_amounts: { total_money: usd(2_598) },
      refunds: [{ id: "r9", status: "APPROVED", amount_money: usd(2_598) }],
    }),
    null,
  );
  expect(readings).toMatchObject([
    { kind: "refund", externalId: "SALE1", refundId: "r9", amount: { minor: 2_598 } },
  ]);
});

test("an event names the order that changed", () => {
  const event = ownSample("square", "changed-order-event.json");
  expect(squareAdapter.read(event, null)).toEqual([
    { kind: "changed", externalId: "CAISENgvlJ6jLWAzERDzjyHVybY" },
  ]);
});

test(`a webhook's signature covers the address and the body${vendorNote("webhook-signatures")}`, () => {
  for (const { secret, url = "", body, signature, valid } of signatureVectors("square")) {
    const opened = (raw: string, key: string) =>
      squareAdapter.openWebhook({ "x-square-hmacsha256-signature": signature }, Buffer.from(raw), key);
    expect(opened(body, `${secret}|${url}`) !== null).toBe(valid);
    expect(opened(`${body} `, `${secret}|${url}`)).toBeNull();
    expect(opened(body, `${secret}|${url}/other`)).toBeNull();
    expect(opened(body, `${secret}x|${url}`)).toBeNull();
    expect(opened(body, secret)).toBeNull();
  }
  const event = ownSample("square", "changed-order-event.json");
  const url = "https://holdfast.example.com/v1/webhooks/channels/square/till";
  const signature = createHmac("sha256", "key")
    .update(url + event)
    .digest("base64");
  expect(
    squareAdapter.openWebhook(
      { "x-square-hmacsha256-signature": signature },
      Buffer.from(event),
      `key|${url}`,
    ),
  ).toMatchObject({ topic: "order.updated", signedId: "ac3ac95b-f97d-458c-a6e6-18981597e05f" });
});

test("parcels in metadata are read as they were written, and others' entries are left alone", () => {
  const first = withParcel(
    { metadata: { note: "gift" } },
    {
      shipmentId: "SH-1",
      units: [
        { index: 0, quantity: 1 },
        { index: 2, quantity: 3 },
      ],
    },
  );
  const both = withParcel({ metadata: first }, { shipmentId: "SH-2", units: [{ index: 0, quantity: 1 }] });
  expect(both["note"]).toBe("gift");
  expect(parcelsIn({ metadata: both })).toEqual([
    {
      shipmentId: "SH-1",
      units: [
        { index: 0, quantity: 1 },
        { index: 2, quantity: 3 },
      ],
    },
    { shipmentId: "SH-2", units: [{ index: 0, quantity: 1 }] },
  ]);
});
