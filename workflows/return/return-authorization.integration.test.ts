import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { approveReturn, declineReturn } from "../../operations/returns/decide-return.ts";
import { closeReturn } from "../../operations/returns/end-return.ts";
import { type FoundUnits, inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { reopenInspection } from "../../operations/returns/reopen-inspection.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { attachItem, discardItem, putAside } from "../../operations/returns/unknown-items.ts";
import { recordTracking } from "../../operations/shipping/record-tracking.ts";
import type { InspectionResult } from "../../orders/return-authorization.ts";
import type { ReturnRules } from "../../orders/returns/return-rules.ts";
import { setReturnRules } from "../../store/returns/returns.ts";
import { charged, deliver, mailKinds, outcomeOf, pack, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type NewOrder, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { TEST_CARRIER } from "../../test-support/vendors/outside-world.ts";
import type { SagaActivities } from "../all-activities.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(async () => {
  await rules({});
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
  // Goods that are back before their saga waits for them need no label any more, and no mail about it.
  await eventually("the mail with the label", async () =>
    (await mailKinds(world, orderId)).includes("return_approved"),
  );
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
  await status(returnId, "partially_refunded");
  expect(await closeReturn(world.context, { returnId, by: "staff:dock" })).toEqual({ status: "done" });

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
  expect(await inspectReturn(world.context, { returnId, lines: twice, by })).toMatchObject({
    status: "done",
  });
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
  world.failNext("refundInspection", "after");
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

test("a return comes in pieces, and each inspection refunds what it brought, to the cent", async () => {
  const orderId = await deliveredOrder({
    lines: [{ sku: "MUG", quantity: 3, priceMinor: 3333, at: { reno: 3 } }],
  });
  // The line's tax cannot be divided by its units.
  await world.database.query("update order_line set tax_minor = 100 where order_id = $1", [orderId]);
  const returnId = await announce(orderId, 3);
  await labelled(returnId);
  await receive(returnId, 2, "parcel-1");
  await inspect(returnId, [{ quantity: 1, disposition: "restocked" }], "look-1");
  // What is inspected before the refund of an earlier look is worked out goes with it.
  await eventually("the first refund", async () => refunds().length === 1);
  await inspect(returnId, [{ quantity: 1, disposition: "refurbish", locationId: "omaha" }], "look-2");
  await inspect(returnId, [{ quantity: 1, disposition: "refurbish", locationId: "omaha" }], "look-2");
  await status(returnId, "partially_refunded");
  // The third one comes when the first two are refunded.
  await receive(returnId, 1, "parcel-2");
  await receive(returnId, 1, "parcel-2");
  expect(await returnRow(returnId)).toMatchObject({ status: "received" });
  await inspect(returnId, [{ quantity: 1, disposition: "quarantine" }], "look-3");

  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 3 * 3333 + 100 });
  expect(refunds()).toEqual(["refund 3366", "refund 3367", "refund 3366"]);
  expect(await stockOf("MUG")).toEqual({ onHand: 9, unavailable: 1 });
  expect(await stockOf("MUG", "omaha")).toEqual({ onHand: 11, unavailable: 1 });
});

test("units that come after the return has ended are taken in and refunded as well", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await comeBack(returnId, 1, "restocked");
  await status(returnId, "partially_refunded");
  expect(await closeReturn(world.context, { returnId, by: "staff:dock" })).toEqual({ status: "done" });
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });

  await receive(returnId, 1, "late parcel");
  await inspect(returnId, [{ disposition: "damaged" }], "late look");
  await status(returnId, "refunded");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 10_000 });
  expect(refunds()).toEqual(["refund 5000", "refund 5000"]);
  expect(await stockOf("MUG")).toEqual({ onHand: 10, unavailable: 1 });
});

test("late units that were announced with another return meanwhile are refused", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await comeBack(returnId, 1, "restocked");
  await closeReturn(world.context, { returnId, by: "staff:dock" });
  await announce(orderId, 1);
  const late = { returnId, lines: [{ lineId: "1", quantity: 1 }], key: "late", by: "staff:dock" };
  expect(await receiveReturn(world.context, late)).toMatchObject({
    status: "refused",
    code: "not_returnable",
  });
});

test("more than what was announced is refused, and put aside instead", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 1);
  await labelled(returnId);
  const by = "staff:dock";
  const much = { returnId, lines: [{ lineId: "1", quantity: 2 }], by };
  expect(await receiveReturn(world.context, much)).toMatchObject({ code: "invalid_quantity" });
  await receive(returnId, 1, "parcel-1");
  const aside = { returnId, code: "a second mug", quantity: 1, note: "", key: "aside-1", by };
  const item = await putAside(world.context, aside);
  expect(await putAside(world.context, aside)).toEqual(item);
  if (item.status !== "done") throw new Error(item.detail);
  // It turns out to be the other unit of the order: it is announced and has come.
  const attach = { itemId: item.itemId, returnId, lineId: "1", by };
  expect(await attachItem(world.context, attach)).toEqual({ status: "done" });
  expect(await attachItem(world.context, attach)).toEqual({ status: "done" });
  await inspect(returnId, [{ disposition: "restocked" }], "look-1");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 10_000 });
  expect(await discardItem(world.context, { itemId: item.itemId, by })).toMatchObject({
    code: "unknown_item_settled",
  });
});

test("an inspection that was wrong is reopened: stock and refund follow the correction", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await receive(returnId, 2, "parcel-1");
  await inspect(
    returnId,
    [
      { quantity: 1, disposition: "missing" },
      { quantity: 1, disposition: "damaged" },
    ],
    "look-1",
  );
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 5000 });
  expect(await stockOf("MUG")).toEqual({ onHand: 9, unavailable: 1 });

  // Both are here after all, and both are fine.
  const reopen = { returnId, inspectionId: `${returnId}-I1`, why: "Miscounted", by: "staff:dock" };
  expect(await reopenInspection(world.context, reopen)).toEqual({ status: "done" });
  expect(await reopenInspection(world.context, reopen)).toEqual({ status: "done" });
  await inspect(returnId, [{ disposition: "restocked" }], "look-2");
  await status(returnId, "refunded");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 10_000 });
  expect(refunds()).toEqual(["refund 5000", "refund 5000"]);
  expect(await stockOf("MUG")).toEqual({ onHand: 10, unavailable: 0 });
});

test("what was refunded too much is owed, and nothing goes out or comes back by itself", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await comeBack(returnId, 2, "restocked");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  const reopen = { returnId, inspectionId: `${returnId}-I1`, why: "", by: "staff:dock" };
  expect(await reopenInspection(world.context, reopen)).toEqual({ status: "done" });
  await inspect(returnId, [{ quantity: 1, disposition: "restocked" }], "look-2");
  await inspect(returnId, [{ quantity: 1, disposition: "missing" }], "look-3");
  await status(returnId, "refunded");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(refunds()).toEqual(["refund 10000"]);
  const { rows } = await world.database.query(
    "select status, asked_minor as asked from refund where return_id = $1 order by id",
    [returnId],
  );
  expect(rows).toEqual([
    { status: "done", asked: 10_000 },
    { status: "owed_by_customer", asked: 5000 },
  ]);
  expect(await stockOf("MUG")).toEqual({ onHand: 9, unavailable: 0 });
});

test("stock that refuses a returned unit waits for a person, who corrects the inspection", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 1);
  await labelled(returnId);
  await receive(returnId, 1, "parcel-1");
  await inspect(returnId, [{ disposition: "restocked", lot: "L-1" }], "look-1");
  await eventually("the wait", async () => (await timeline(world, orderId)).includes("return.stopped"));
  const reopen = { returnId, inspectionId: `${returnId}-I1`, why: "No lots here", by: "staff:dock" };
  expect(await reopenInspection(world.context, reopen)).toEqual({ status: "done" });
  await inspect(returnId, [{ disposition: "restocked" }], "look-2");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 5000 });
  expect(await stockOf("MUG")).toEqual({ onHand: 9, unavailable: 0 });
});

test("a person decides what the rules leave open, and overrules what they declined", async () => {
  await rules({ reasons: { defective: "ask" } });
  const orderId = await deliveredOrder();
  const asked = await announce(orderId, 1);
  await eventually("the question", async () =>
    (await timeline(world, orderId)).includes("return.waits_for_decision"),
  );
  const by = "staff:service";
  expect(await receiveReturn(world.context, { returnId: asked, by })).toMatchObject({
    code: "return_not_approved",
  });
  expect(await declineReturn(world.context, { returnId: asked, why: "Worn.", by })).toEqual({
    status: "done",
  });
  expect(await outcomeOf(world, asked)).toEqual({ status: "declined" });
  expect(await mailKinds(world, orderId)).toContain("return_declined");
  expect(await approveReturn(world.context, { returnId: asked, why: "Not worn after all.", by })).toEqual({
    status: "done",
  });
  await labelled(asked);
  await comeBack(asked, 1, "restocked");
  expect(await outcomeOf(world, asked)).toEqual({ status: "refunded" });
  expect(await returnRow(asked)).toEqual({ status: "refunded", refund: 5000 });
});

test("what is not worth sending back is refunded, and cannot be announced again", async () => {
  await rules({ keepUpToMinor: { USD: 5000 } });
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 1);
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 5000 });
  expect(world.outside.labels.size).toBe(1); // the outbound one
  expect(await stockOf("MUG")).toEqual({ onHand: 8, unavailable: 0 });
  const again = {
    orderId,
    lines: [{ lineId: "1", quantity: 2 }],
    reason: "defective",
    by: "shopper",
  } as const;
  expect(await requestReturn(world.context, again)).toMatchObject({ code: "not_returnable" });
});

test("what never comes is given up in time, and its label given back", async () => {
  await rules({ waitDays: 1 });
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 1);
  await labelled(returnId);
  await world.database.query(
    "update return_authorization set moved_at = now() - interval '2 days' where id = $1",
    [returnId],
  );
  // Any message makes the saga look at the clock again.
  await world.tellReturn(returnId, { key: "look-again", type: "retry" });
  expect(await outcomeOf(world, returnId)).toEqual({ status: "cancelled" });
  expect(world.outside.labels.size).toBe(1); // the outbound one
  expect(await announce(orderId, 1)).toBe(`${orderId}-R2`);
});

test("a saga of the former version turns to the store where it is", async () => {
  const orderId = await deliveredOrder();
  await world.restartWorker("former");
  const returnId = await announce(orderId, 2);
  await labelled(returnId);
  await world.restartWorker("today");
  await comeBack(returnId, 1, "restocked");
  await status(returnId, "partially_refunded");
  await receive(returnId, 1, "parcel-2");
  await inspect(returnId, [{ disposition: "write_off" }], "look-2");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await returnRow(returnId)).toEqual({ status: "refunded", refund: 10_000 });
  expect(await stockOf("MUG")).toEqual({ onHand: 9, unavailable: 0 });
});

const STEPS: readonly (keyof SagaActivities)[] = [
  "askNextStep",
  "decideReturn",
  "buyReturnLabel",
  "stockInspection",
  "refundInspection",
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
    async () => (world.calls.get("refundInspection") ?? 0) >= times,
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
  expect(await inspectReturn(world.context, inspected)).toMatchObject({ status: "done" });
  expect(await inspectReturn(world.context, inspected)).toMatchObject({ status: "done", inspectionId: null });
}

async function returnRow(returnId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    "select status, refund_minor as refund from return_authorization where id = $1",
    [returnId],
  );
  return rows[0];
}

async function status(returnId: string, wanted: string): Promise<void> {
  await eventually(`${returnId} ${wanted}`, async () => {
    const { rowCount } = await world.database.query(
      "select from return_authorization where id = $1 and status = $2",
      [returnId, wanted],
    );
    return rowCount === 1;
  });
}

async function orderRow(orderId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    "select status, payment_status as payment, return_status as returns from orders where id = $1",
    [orderId],
  );
  return rows[0];
}

async function receive(returnId: string, quantity: number, key: string): Promise<void> {
  const parcel = { returnId, lines: [{ lineId: "1", quantity }], key, by: "staff:dock" };
  expect(await receiveReturn(world.context, parcel)).toEqual({ status: "done" });
}

async function inspect(
  returnId: string,
  found: readonly Omit<FoundUnits, "lineId">[],
  key: string,
): Promise<void> {
  const lines = found.map((units) => ({ ...units, lineId: "1" }));
  expect(await inspectReturn(world.context, { returnId, lines, key, by: "staff:dock" })).toMatchObject({
    status: "done",
  });
}

function refunds(): readonly string[] {
  return [...world.outside.charges.values()].filter((charge) => charge.startsWith("refund"));
}

async function rules(own: Partial<ReturnRules>): Promise<void> {
  await setReturnRules(world.database, "shop", own);
}

async function stockOf(sku: string, locationId = "reno"): Promise<unknown> {
  const position = (await world.stock.positions([sku])).find((one) => one.locationId === locationId);
  return { onHand: position?.onHand, unavailable: position?.unavailable };
}
