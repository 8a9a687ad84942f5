import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { recordTracking } from "../../operations/shipping/record-tracking.ts";
import type { InspectionResult } from "../../orders/return-authorization.ts";
import { TEST_CARRIER } from "../../test-support/outside-world.ts";
import { charged, deliver, mailKinds, outcomeOf, pack, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type NewOrder, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { SagaActivities } from "../all-activities.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(async () => {
  await world.reset();
});
afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

test("a return is approved, labelled, received, inspected, restocked and refunded", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await world.track(`${returnId}-S1`, "in_transit");
  expect(await returnRow(returnId)).toMatchObject({ status: "in_transit" });
  await comeBack(returnId, 2, "restocked");

  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 10_000 });
  // The shipping price is not refunded.
  expect(world.outside.charges.get(`${returnId}:refund:1`)).toBe("refund 10000");
  expect(await orderRow(orderId)).toEqual({
    status: "completed",
    payment: "partially_refunded",
    returns: "returned",
  });
  expect(await stockOf("MUG")).toEqual({ onHand: 10, unavailable: 0 });
  expect(await mailKinds(world, orderId)).toEqual([
    "delivered",
    "order_confirmed",
    "refund_issued",
    "return_approved",
    "shipped",
  ]);
  const label = world.outside.rated.get(`${returnId}-S1:label:1`);
  expect(label?.isReturn).toBe(true);
});

test("only what was received is refunded, and damaged units are set apart", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await comeBack(returnId, 1, "damaged");

  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 5000 });
  expect(await stockOf("MUG")).toEqual({ onHand: 9, unavailable: 1 });
});

test("an empty parcel is not refunded at all", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 1);
  await labelled(returnId);
  await comeBack(returnId, 1, "missing");

  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 0 });
  expect([...world.outside.charges.values()].some((charge) => charge.startsWith("refund"))).toBe(false);
  expect(await stockOf("MUG")).toEqual({ onHand: 8, unavailable: 0 });
});

test("a line is inspected with one result at a time", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  const by = "staff:dock";
  await receiveReturn(world.context, { returnId, by });
  const torn = (["missing", "restocked"] as const).map((disposition) => ({ lineId: "1", disposition }));
  expect(await inspectReturn(world.context, { returnId, lines: torn, by })).toMatchObject({
    status: "refused",
    code: "contradictory_inspection",
  });
  expect(await returnRow(returnId)).toEqual({ status: "received", refund: 0 });

  const twice = [...torn.slice(1), ...torn.slice(1)];
  expect(await inspectReturn(world.context, { returnId, lines: twice, by })).toEqual({ status: "done" });
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 10_000 });
});

test("what a channel was paid for, the channel refunds", async () => {
  const orderId = await deliveredOrder({ paymentBy: "channel" });
  const returnId = await announce(orderId, 1);
  await labelled(returnId);
  await comeBack(returnId, 1, "restocked");

  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(world.outside.charges.size).toBe(0);
  expect(await timeline(world, orderId)).toContain("refund.due_at_channel");
  expect(await mailKinds(world, orderId)).not.toContain("refund_issued");
});

test("a withdrawn return gives its label back, and its units can be announced again", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await world.tellReturn(returnId, { key: "withdraw-1", type: "cancelled" });

  expect(await outcomeOf(world, returnId)).toEqual({ status: "cancelled" });
  expect(world.outside.labels.size).toBe(1); // the outbound one
  expect(await announce(orderId, 2)).toBe(`${orderId}-R2`);
});

test("a return announced too long after the delivery is declined", async () => {
  const orderId = await deliveredOrder();
  await world.database.query(
    "update shipment set delivered_at = now() - interval '31 days' where order_id = $1",
    [orderId],
  );
  const returnId = await announce(orderId, 1);
  expect(await outcomeOf(world, returnId)).toEqual({ status: "declined" });
});

test("no unit is announced twice, and a repeated request is the first return", async () => {
  const orderId = await deliveredOrder();
  const request = {
    orderId,
    lines: [{ lineId: "1", quantity: 2 }],
    reason: "defective",
    by: "shopper",
    key: "request-1",
  } as const;
  const first = await requestReturn(world.context, request);
  expect(first).toEqual({ status: "done", returnId: `${orderId}-R1` });
  expect(await requestReturn(world.context, request)).toEqual(first);
  expect(await requestReturn(world.context, { ...request, key: "request-2" })).toMatchObject({
    status: "refused",
    code: "not_returnable",
  });
});

test("a refused refund waits for the message retry and is asked for under a new key", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 1);
  await labelled(returnId);
  world.outside.declines.push("The balance is too low.");
  await comeBack(returnId, 1, "restocked");
  await eventually("the wait", async () => (await timeline(world, orderId)).includes("return.stopped"));
  await world.tellReturn(returnId, { key: "retry-1", type: "retry" });

  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(world.outside.charges.get(`${returnId}:refund:2`)).toBe("refund 5000");
});

test("goods that are back before the answer to their capture are refunded in full, after that answer", async () => {
  const answer = world.outside.withhold("capture");
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await charged(world, `${orderId}:money:2`);
  await deliver(world, `${orderId}-F1-S1`);
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await comeBack(returnId, 2, "restocked");
  await refundTried(2);
  const { pendingActivities } = (await world.client.workflow.getHandle(returnId).describe()).raw;
  expect(pendingActivities?.[0]?.lastFailure).toMatchObject({
    message: `Return ${returnId} is refunded once its goods are paid for: 100.00 USD are to be refunded, 0.00 USD of the captured money are left, a capture is outstanding.`,
    applicationFailureInfo: { type: "capture_outstanding", nonRetryable: false },
  });
  expect(await returnRow(returnId)).toEqual({ status: "inspected", refund: 0 });

  answer();
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 10_000 });
  expect([...world.outside.charges.values()]).toEqual([
    "authorize 10500",
    "capture 10500 final",
    "refund 10000",
  ]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await orderRow(orderId)).toEqual({
    status: "completed",
    payment: "partially_refunded",
    returns: "returned",
  });
});

test("of an order in two parcels only the one whose capture is outstanding waits for its refund", async () => {
  const orderId = await world.placeOrder({
    lines: [
      { sku: "MUG", quantity: 1, priceMinor: 5000, at: { omaha: 1 } },
      { sku: "CAP", quantity: 1, priceMinor: 2000, at: { reno: 1 } },
    ],
  });
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  await eventually("the first capture", async () =>
    (await timeline(world, orderId)).includes("payment.captured"),
  );
  const answerCapture = world.outside.withhold("capture");
  await pack(world, `${orderId}-F2`);
  await charged(world, `${orderId}:money:3`);
  await deliver(world, `${orderId}-F2-S1`);

  const paid = await announce(orderId, 1, "1");
  const unpaid = await announce(orderId, 1, "2");
  await labelled(paid);
  await labelled(unpaid);
  const answerRefund = world.outside.withhold("refund");
  // Repeated when its own refund has used up what was captured.
  world.failNext("refundReturn", "after");
  await comeBack(paid, 1, "restocked", "1");
  await charged(world, `${paid}:refund:1`);
  await comeBack(unpaid, 1, "restocked", "2");
  // A refund that is not answered yet has used it up as well.
  await refundTried(3);
  expect(await returnRow(unpaid)).toEqual({ status: "inspected", refund: 0 });

  answerRefund();
  expect(await outcomeOf(world, paid)).toEqual({ status: "refunded" });
  expect(await returnRow(paid)).toEqual({ status: "refunded", refund: 5000 });
  expect(await returnRow(unpaid)).toEqual({ status: "inspected", refund: 0 });
  expect(await orderRow(orderId)).toMatchObject({ status: "open", payment: "partially_paid" });

  answerCapture();
  expect(await outcomeOf(world, unpaid)).toEqual({ status: "refunded" });
  expect(await returnRow(unpaid)).toEqual({ status: "refunded", refund: 2000 });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await orderRow(orderId)).toEqual({
    status: "completed",
    payment: "partially_refunded",
    returns: "returned",
  });
});

const STEPS: readonly (keyof SagaActivities)[] = [
  "decideReturn",
  "buyReturnLabel",
  "restockReturn",
  "refundReturn",
];

test.each(STEPS)("%s takes effect once although its answer is lost and it is repeated", async (step) => {
  const orderId = await deliveredOrder();
  world.failNext(step, "after");
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await comeBack(returnId, 2, "restocked");

  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(world.calls.get(step)).toBeGreaterThan(1);
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 10_000 });
  expect([...world.outside.charges.values()].filter((charge) => charge.startsWith("refund"))).toEqual([
    "refund 10000",
  ]);
  expect(world.outside.labels.size).toBe(2);
  expect(await stockOf("MUG")).toEqual({ onHand: 10, unavailable: 0 });
});

test("a parcel's status never goes backwards, and a repeated report is dropped", async () => {
  const orderId = await deliveredOrder();
  const shipmentId = `${orderId}-F1-S1`;
  const { rows } = await world.database.query<{ tracking_number: string }>(
    "select tracking_number from shipment where id = $1",
    [shipmentId],
  );
  const late = {
    reportId: "late-1",
    trackingNumber: rows[0]?.tracking_number ?? "",
    status: "in_transit" as const,
    message: "Departed the facility",
    at: new Date(0).toISOString(),
    place: "Omaha",
  };
  expect(await recordTracking(world.context, TEST_CARRIER, [late])).toEqual({
    status: "done",
    recorded: 1,
    unknown: 0,
    early: 0,
  });
  expect(await recordTracking(world.context, TEST_CARRIER, [late])).toEqual({
    status: "done",
    recorded: 0,
    unknown: 0,
    early: 0,
  });
  expect(
    await recordTracking(world.context, TEST_CARRIER, [{ ...late, trackingNumber: "NOBODY" }]),
  ).toMatchObject({
    unknown: 1,
    early: 0,
  });
  // So fresh that its purchase may still be on its way into our books: to be reported again.
  const fresh = { ...late, trackingNumber: "NOBODY-YET", at: new Date(world.context.now()).toISOString() };
  expect(await recordTracking(world.context, TEST_CARRIER, [fresh])).toMatchObject({
    recorded: 0,
    unknown: 1,
    early: 1,
  });
  const after = await world.database.query("select tracking_status from shipment where id = $1", [
    shipmentId,
  ]);
  expect(after.rows[0]).toEqual({ tracking_status: "delivered" });
});

async function deliveredOrder(order: Partial<NewOrder> = {}): Promise<string> {
  const orderId = await world.placeOrder(order);
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  await outcomeOf(world, orderId);
  return orderId;
}

async function announce(orderId: string, quantity: number, lineId = "1"): Promise<string> {
  const lines = [{ lineId, quantity }];
  const result = await requestReturn(world.context, { orderId, lines, reason: "defective", by: "shopper" });
  if (result.status !== "done") throw new Error(result.detail);
  return result.returnId;
}

async function labelled(returnId: string): Promise<void> {
  await eventually(`label of ${returnId}`, async () => {
    const { rowCount } = await world.database.query("select from shipment where return_id = $1", [returnId]);
    return rowCount === 1;
  });
}

/** Waits until the refund was tried so many times; the last try may be under way. */
async function refundTried(times: number): Promise<void> {
  await eventually(
    `${times} tries of the refund`,
    async () => (world.calls.get("refundReturn") ?? 0) >= times,
  );
}

async function comeBack(
  returnId: string,
  quantity: number,
  disposition: InspectionResult,
  lineId = "1",
): Promise<void> {
  const by = "staff:dock";
  const received = { returnId, lines: [{ lineId, quantity }], by };
  expect(await receiveReturn(world.context, received)).toEqual({ status: "done" });
  expect(await receiveReturn(world.context, received)).toEqual({ status: "done" });
  const inspected = { returnId, lines: [{ lineId, disposition }], by };
  expect(await inspectReturn(world.context, inspected)).toEqual({ status: "done" });
  expect(await inspectReturn(world.context, inspected)).toEqual({ status: "done" });
}

async function returnRow(returnId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    "select status, refund_minor as refund from return_authorization where id = $1",
    [returnId],
  );
  return rows[0];
}

async function orderRow(orderId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    "select status, payment_status as payment, return_status as returns from orders where id = $1",
    [orderId],
  );
  return rows[0];
}

async function stockOf(sku: string): Promise<unknown> {
  const position = (await world.stock.positions([sku])).find((one) => one.locationId === "reno");
  return { onHand: position?.onHand, unavailable: position?.unavailable };
}
