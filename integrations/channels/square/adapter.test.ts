import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { captured, onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import {
  hasVendor,
  signatureVectors,
  vendorExamples,
  vendorNote,
} from "../../../test-support/vendors/vendor-descriptions.ts";
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

test("refunds are told by their ids once they are given, but not ours", () => {
  const refunds = [
    { id: "r1", status: "APPROVED", amount_money: usd(500), reason: "goodwill" },
    { id: "r2", status: "APPROVED", amount_money: usd(700), reason: "damaged (Holdfast RF-1)" },
    { id: "r3", status: "FAILED", amount_money: usd(900), reason: "" },
    { id: "r4", status: "PENDING", amount_money: usd(300), reason: "a bank has it" },
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

const dispute = (state: string, more: Record<string, unknown> = {}) => ({
  id: "Q7mDyFu7yo1E2S5lQGGpY",
  state,
  reason: "NOT_RECEIVED",
  amount_money: usd(3_006),
  due_at: "2026-04-02T00:00:00.000Z",
  disputed_payment: { payment_id: "pay1" },
  ...more,
});

test.each([
  ["EVIDENCE_REQUIRED", "needs an answer in Square's dashboard until 2026-04-02T00:00:00.000Z"],
  ["INQUIRY_EVIDENCE_REQUIRED", "needs an answer in Square's dashboard until 2026-04-02T00:00:00.000Z"],
  ["PROCESSING", "is being decided by the bank"],
  ["INQUIRY_PROCESSING", "is being looked at by the bank"],
  ["LOST", "is lost"],
  ["ACCEPTED", "was accepted: the money is the buyer's"],
  ["SOMETHING_NEW", "is SOMETHING_NEW"],
])("a dispute that is %s holds the order, and says where it stands", (state, standing) => {
  const order = read({ disputes: [dispute(state)] });
  expect(order.holdReasons).toEqual([
    {
      code: "payment_disputed",
      detail: `Square: the dispute Q7mDyFu7yo1E2S5lQGGpY about 30.06 USD (NOT_RECEIVED) ${standing}.`,
      id: "dispute:Q7mDyFu7yo1E2S5lQGGpY",
    },
  ]);
  expect(order.silentOn).toBeUndefined();
});

test("a dispute that is won, and an inquiry that is closed, let the order go", () => {
  for (const state of ["WON", "INQUIRY_CLOSED"]) {
    const order = read({ disputes: [dispute(state)] });
    expect([order.holdReasons, order.silentOn]).toEqual([[], undefined]);
  }
});

test("an order beside which no disputes are listed says nothing of them", () => {
  expect(read().silentOn).toEqual(["payment_disputed"]);
});

test("a reason that Square's description lacks, and none at all, are words like others", () => {
  const words = (more: Record<string, unknown>) =>
    read({ disputes: [dispute("LOST", more)] }).holdReasons[0]?.detail;
  expect(words({ reason: "UNKNOWN_REASON" })).toContain("(UNKNOWN_REASON)");
  expect(words({ reason: null, amount_money: null })).toBe(
    "Square: the dispute Q7mDyFu7yo1E2S5lQGGpY (no reason given) is lost.",
  );
});

test("an event of a dispute names it, whatever its type is called, and decides nothing by its own words", () => {
  const event = ownSample("square", "changed-order-dispute-event.json");
  const named = [{ kind: "changed", externalId: "dispute.Q7mDyFu7yo1E2S5lQGGpY" }];
  expect(squareAdapter.read(event, "dispute.state.updated")).toEqual(named);
  expect(squareAdapter.read(event.replace("dispute.state.updated", "dispute.state.changed"), null)).toEqual(
    named,
  );
  for (const id of ["../../v2/orders", "x".repeat(41), ""])
    expect(squareAdapter.read(event.replaceAll("Q7mDyFu7yo1E2S5lQGGpY", id), null)).toMatchObject([
      { kind: "refused", refusal: { code: "not_an_order" } },
    ]);
});

test.skipIf(!hasVendor("square"))(`Square's examples of disputes are read${vendorNote("square")}`, () => {
  const textOf = (name: string) => vendorExamples("square").find(({ file }) => file === name)?.text ?? "";
  const listed = JSON.parse(textOf("disputes.list.200.json")).disputes;
  const order = read({ disputes: listed });
  expect(order.holdReasons.map(({ detail }) => detail)).toEqual([
    "Square: the dispute XDgyFu7yo1E2S5lQGGpYn about 25.00 USD (NO_KNOWLEDGE) was accepted: the money is the buyer's.",
    expect.stringContaining("jLGg7aXC7lvKPr9PISt0T about 22.09 USD (NOT_AS_DESCRIBED) needs an answer"),
  ]);
  const [event] = JSON.parse(textOf("events.SearchEvents.200.json")).events;
  expect(squareAdapter.read(JSON.stringify(event), null)).toEqual([
    { kind: "changed", externalId: "dispute.ORSEVtZAJxb37RA1EiGw" },
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
