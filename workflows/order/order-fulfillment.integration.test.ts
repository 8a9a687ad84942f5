import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  cancel,
  charged,
  deliver,
  held,
  mailKinds,
  mailsSent,
  onTheFloor,
  outcomeOf,
  pack,
  release,
  shipped,
  timeline,
} from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { SagaActivities } from "../all-activities.ts";
import { HOLDFAST_STATUS } from "../saga/search-attributes.ts";

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

test("an order is paid, sourced, packed, shipped, captured, delivered and completed", async () => {
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await eventually("the capture", async () => (await timeline(world, orderId)).includes("payment.captured"));
  await deliver(world, `${orderId}-F1-S1`);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await orderRow(orderId)).toEqual({
    status: "completed",
    payment: "paid",
    fulfillment: "delivered",
    holds: 0,
  });
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "capture 10500 final"]);
  expect(await available("MUG", "reno")).toEqual({ onHand: 8, free: 8 });
  expect(await mailKinds(world, orderId)).toEqual(["delivered", "order_confirmed", "shipped"]);
  expect(await timeline(world, orderId)).toEqual([
    "payment.authorized",
    "order.sourced",
    "fulfillment.released",
    "fulfillment.picked",
    "fulfillment.packed",
    "shipment.label_bought",
    "shipment.shipped",
    "payment.captured",
    "shipment.delivered",
    "order.completed",
  ]);
});

test("an order that two places ship is captured shipment by shipment, the first with what belongs to the order", async () => {
  const orderId = await world.placeOrder({
    lines: [
      { sku: "MUG", quantity: 3, priceMinor: 5000, at: { omaha: 1, reno: 2 } },
      { sku: "CAP", quantity: 1, priceMinor: 2000, at: { reno: 1 } },
    ],
  });
  await toTheDoor(orderId, ["F1", "F2"]);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect([...world.outside.charges.values()]).toEqual([
    "authorize 17500",
    "capture 5500",
    "capture 12000 final",
  ]);
  expect(await available("MUG", "omaha")).toEqual({ onHand: 9, free: 9 });
});

test("an order paid at its channel is verified and never charged", async () => {
  const orderId = await world.placeOrder({ paymentBy: "channel" });
  await toTheDoor(orderId, ["F1"]);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(world.outside.charges.size).toBe(0);
  expect(await orderRow(orderId)).toMatchObject({ payment: "paid_at_channel" });
});

test("an order captured on hold waits, under a name, until its last reason is cleared", async () => {
  const orderId = await world.placeOrder({
    holdReasons: [{ code: "unknown_sku", detail: "Line 1: XYZ is not in the catalog." }],
  });
  const details = await eventually("the named wait", async () => {
    const seen = await statusAttribute(orderId);
    return seen === "on_hold" ? seen : undefined;
  });
  expect(details).toBe("on_hold");
  // A message alone clears nothing: the reasons decide.
  await world.tell(orderId, { key: "release-1", type: "hold-released" });
  await release(world, orderId);
  await toTheDoor(orderId, ["F1"]);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("a declined payment waits for a person and is asked for again under a new key", async () => {
  world.outside.declines.push("The card has insufficient funds.");
  const orderId = await world.placeOrder();
  await held(world, orderId, "payment_failed");
  expect(await orderRow(orderId)).toMatchObject({ status: "on_hold", payment: "failed" });

  await release(world, orderId);
  await toTheDoor(orderId, ["F1"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect([...world.outside.charges.keys()]).toEqual([`${orderId}:authorize:2`, `${orderId}:money:3`]);
});

test("an address that the carrier refuses puts the packed order on hold", async () => {
  world.outside.refusals.push("The address is not deliverable.");
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await held(world, orderId, "floor_exception");

  await release(world, orderId);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("only what is reserved is fulfilled: an order whose holds do not cover it waits for stock", async () => {
  const orderId = await world.placeOrder({
    lines: [{ sku: "MUG", quantity: 3, priceMinor: 5000, at: { reno: 2 } }],
  });
  await held(world, orderId, "insufficient_stock");
  const { rowCount } = await world.database.query("select from fulfillment_order where order_id = $1", [
    orderId,
  ]);
  expect(rowCount).toBe(0);
});

test("what the floor cannot finish waits for a person, is released again and reaches the door", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await world.tell(orderId, {
    key: "exception-1",
    type: "floor-exception",
    fulfillmentOrderId: `${orderId}-F1`,
    code: "device_failure",
    detail: "Robot 3 lost its tote.",
  });
  await held(world, orderId, "floor_exception");
  await release(world, orderId);
  await toTheDoor(orderId, ["F1"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("a cancellation on the floor gives back stock and money, and the shopper is told", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await cancel(world, orderId);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  await expectUndone(orderId);
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "cancel"]);
  expect(await mailKinds(world, orderId)).toEqual(["order_cancelled", "order_confirmed"]);
});

test("a cancellation of a packed order whose label was refused puts picked units back", async () => {
  world.outside.refusals.push("The address is not deliverable.");
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await held(world, orderId, "floor_exception");
  await cancel(world, orderId);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  await expectUndone(orderId);
});

test("a cancellation after a parcel left is refused, visibly, and the order goes on", async () => {
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await shipped(world, `${orderId}-F1-S1`);
  await cancel(world, orderId);
  await eventually("the refusal", async () =>
    (await timeline(world, orderId)).includes("order.cancellation_refused"),
  );
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("cancelling the workflow in Temporal undoes the order instead of dropping it half way", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await world.client.workflow.getHandle(orderId).cancel();

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  await expectUndone(orderId);
});

test("a message that is delivered again is dropped by its key", async () => {
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await shipped(world, `${orderId}-F1-S1`);
  const handle = world.client.workflow.getHandle(orderId);
  const packed = {
    key: `packed:${orderId}-F1`,
    type: "packed",
    fulfillmentOrderId: `${orderId}-F1`,
  } as const;
  await handle.signal("orderMessage", packed);
  await handle.signal("orderMessage", packed);
  await deliver(world, `${orderId}-F1-S1`);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(world.calls.get("buyLabel")).toBe(1);
});

test("a mail that can never be delivered is noted and holds nothing up", async () => {
  world.failNext("sendMail", "impossible-before");
  const orderId = await world.placeOrder();
  await toTheDoor(orderId, ["F1"]);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await timeline(world, orderId)).toContain("notification.failed");
  expect(await mailKinds(world, orderId)).toEqual(["delivered", "shipped"]);
});

const FORWARD: readonly (keyof SagaActivities)[] = [
  "openOrder",
  "authorizePayment",
  "allocateStock",
  "goOn",
  "askWhatIsLeft",
  "releaseToFloor",
  "buyLabel",
  "beginShipment",
  "shipStock",
  "adjustPayment",
  "completeOrder",
  "queueMails",
  "sendMail",
];

const DONE_ONCE: readonly (keyof SagaActivities)[] = ["releaseToFloor", "beginShipment", "shipStock"];

test.each(FORWARD)("%s takes effect once although its answer is lost and it is repeated", async (step) => {
  world.failNext(step, "after");
  const orderId = await world.placeOrder();
  await toTheDoor(orderId, ["F1"]);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  await mailsSent(world, orderId);
  // What the store says to be done is not done again: then it is the step around it that was repeated.
  expect(world.calls.get(step)).toBeGreaterThan(DONE_ONCE.includes(step) ? 0 : 1);
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "capture 10500 final"]);
  expect(world.outside.labels.size).toBe(1);
  expect(await available("MUG", "reno")).toEqual({ onHand: 8, free: 8 });
  expect(await ledger(orderId)).toEqual({ ordered: 2, allocated: 2, fulfilled: 2, shipped: 2, delivered: 2 });
  expect(await mailKinds(world, orderId)).toEqual(["delivered", "order_confirmed", "shipped"]);
  expect(new Set(await timeline(world, orderId)).size).toBe((await timeline(world, orderId)).length);
});

test("a call that is not answered at once is left to an activity, and charges once though the first comes through late", async () => {
  const slow = world.haltNext("authorizePayment");
  const orderId = await world.placeOrder();
  await slow.begun;
  await onTheFloor(world, `${orderId}-F1`);
  slow.goOn();
  await toTheDoor(orderId, ["F1"]);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(world.calls.get("authorizePayment")).toBe(2);
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "capture 10500 final"]);
  const { events } = await world.client.workflow.getHandle(orderId).fetchHistory();
  const scheduled = (events ?? []).flatMap(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
  );
  expect(scheduled).toEqual(["authorizePayment"]);
});

const UNDOABLE = ["authorizePayment", "allocateStock", "releaseToFloor", "buyLabel"] as const;
const IMPOSSIBLE = ["impossible-before", "impossible-after"] as const;

test.each(UNDOABLE.flatMap((step) => IMPOSSIBLE.map((fault) => [step, fault] as const)))(
  "%s that fails for good (%s) waits for a person, and a cancellation then leaves nothing behind",
  async (step, fault) => {
    world.failNext(step, fault);
    const orderId = await world.placeOrder();
    if (step === "buyLabel") await pack(world, `${orderId}-F1`);
    await held(world, orderId);
    await cancel(world, orderId);

    expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
    await expectUndone(orderId);
  },
);

test.each(UNDOABLE)(
  "%s that failed for good is tried again once a person has released the order",
  async (step) => {
    world.failNext(step, "impossible-after");
    const orderId = await world.placeOrder();
    if (step === "buyLabel") await pack(world, `${orderId}-F1`);
    await held(world, orderId);
    await release(world, orderId);
    if (step !== "buyLabel") await pack(world, `${orderId}-F1`);
    await deliver(world, `${orderId}-F1-S1`);

    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await available("MUG", "reno")).toEqual({ onHand: 8, free: 8 });
    expect(world.outside.labels.size).toBe(1);
  },
);

test.each(["shipStock", "adjustPayment"] as const)(
  "%s that fails for good after the point of no return waits, refuses a cancellation and goes on when released",
  async (step) => {
    world.failNext(step, "impossible-before");
    const orderId = await world.placeOrder();
    await pack(world, `${orderId}-F1`);
    await held(world, orderId);
    await cancel(world, orderId);
    await eventually("the refusal", async () =>
      (await timeline(world, orderId)).includes("order.cancellation_refused"),
    );
    await release(world, orderId);
    await deliver(world, `${orderId}-F1-S1`);

    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "capture 10500 final"]);
  },
);

const UNDOS = [
  "voidLabels",
  "recallFromFloor",
  "cancelAuthorization",
  "releaseStock",
  "cancelOrder",
] as const;

test.each(UNDOS.flatMap((step) => (["before", "after"] as const).map((fault) => [step, fault] as const)))(
  "the undo %s, failing once %s its effect, is repeated and leaves nothing behind",
  async (step, fault) => {
    world.outside.refusals.push("The address is not deliverable.");
    const orderId = await world.placeOrder();
    await pack(world, `${orderId}-F1`);
    await held(world, orderId);
    world.failNext(step, fault);
    await cancel(world, orderId);

    expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
    expect(world.calls.get(step)).toBe(2);
    await expectUndone(orderId);
    expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "cancel"]);
  },
);

test("a parcel delivered before we have written down that it left counts as delivered", async () => {
  world.failNext("shipStock", "impossible-before");
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await held(world, orderId);
  await world.track(`${orderId}-F1-S1`, "delivered");
  await release(world, orderId);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await ledger(orderId)).toMatchObject({ shipped: 2, delivered: 2 });
  const told = await timeline(world, orderId);
  expect(told.indexOf("shipment.shipped")).toBeLessThan(told.indexOf("shipment.delivered"));
});

test("a carrier that reports everything at once, before we have written that it left, reverses no stage", async () => {
  world.failNext("shipStock", "impossible-before");
  world.failNext("sendMail", "before");
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await held(world, orderId);
  for (const status of ["pre_transit", "in_transit", "out_for_delivery", "delivered"] as const)
    await world.track(`${orderId}-F1-S1`, status);
  const { rows } = await world.database.query(
    "select tracking_status as status, delivered_at as at from shipment where order_id = $1",
    [orderId],
  );
  expect(rows).toEqual([{ status: "pre_transit", at: null }]);
  await release(world, orderId);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect((await timeline(world, orderId)).filter((type) => type.startsWith("shipment."))).toEqual([
    "shipment.label_bought",
    "shipment.shipped",
    "shipment.in_transit",
    "shipment.out_for_delivery",
    "shipment.delivered",
  ]);
  await mailsSent(world, orderId);
  const mails = await world.database.query<{ kind: string }>(
    "select kind from notification where order_id = $1 order by sent_at, kind",
    [orderId],
  );
  expect(mails.rows.map(({ kind }) => kind)).toEqual([
    "order_confirmed",
    "shipped",
    "out_for_delivery",
    "delivered",
  ]);
});

test("an order delivered before the answer to its capture is completed with that answer, not before", async () => {
  const answer = world.outside.withhold("capture");
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await charged(world, `${orderId}:money:2`);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await orderRow(orderId)).toEqual({
    status: "open",
    payment: "authorized",
    fulfillment: "delivered",
    holds: 0,
  });

  answer();
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await orderRow(orderId)).toMatchObject({ status: "completed", payment: "paid" });
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "capture 10500 final"]);
});

test("a delivered order whose capture was declined stays on hold until a person has it charged again", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  world.outside.declines.push("The card was closed.");
  await pack(world, `${orderId}-F1`);
  await held(world, orderId, "payment_failed");
  await deliver(world, `${orderId}-F1-S1`);
  expect(await orderRow(orderId)).toEqual({
    status: "on_hold",
    payment: "authorized",
    fulfillment: "delivered",
    holds: 1,
  });

  await release(world, orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await orderRow(orderId)).toEqual({
    status: "completed",
    payment: "paid",
    fulfillment: "delivered",
    holds: 0,
  });
  expect([...world.outside.charges.keys()]).toEqual([`${orderId}:authorize:1`, `${orderId}:money:3`]);
});

test("an order that costs nothing is completed by its delivery", async () => {
  const orderId = await world.placeOrder({
    lines: [{ sku: "MUG", quantity: 1, priceMinor: 0, at: { reno: 1 } }],
    shippingMinor: 0,
  });
  await toTheDoor(orderId, ["F1"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(world.outside.charges.size).toBe(0);
  expect(await orderRow(orderId)).toMatchObject({ status: "completed", payment: "paid" });
});

test("a parcel whose label is refused waits for a person, and the order's other parcel leaves", async () => {
  world.outside.refusals.push("The parcel is too heavy.");
  const orderId = await world.placeOrder({
    lines: [{ sku: "MUG", quantity: 2, priceMinor: 5000, at: { omaha: 1, reno: 1 } }],
  });
  await pack(world, `${orderId}-F1`);
  await held(world, orderId, "floor_exception");
  await pack(world, `${orderId}-F2`);
  await deliver(world, `${orderId}-F2-S1`);
  expect(await orderRow(orderId)).toMatchObject({ status: "on_hold", fulfillment: "partially_delivered" });

  await release(world, orderId);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await timeline(world, orderId)).toContain("fulfillment.released");
});

test("while the order waits for a person, nothing of it is sent, and what was packed leaves afterwards", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await hold(orderId);
  await pack(world, `${orderId}-F1`);
  await world.tell(orderId, { key: "look", type: "order-changed" });
  await eventually("both messages", async () => (world.calls.get("askWhatIsLeft") ?? 0) >= 4);
  expect(world.calls.get("buyLabel")).toBeUndefined();

  await release(world, orderId);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("an order of which a unit is neither sent nor cancelled cannot end, and says what it waits for", async () => {
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await shipped(world, `${orderId}-F1-S1`);
  // As if one more had been ordered: nobody sends it.
  await world.database.query("update order_line set ordered = ordered + 1 where order_id = $1", [orderId]);
  const asked = world.calls.get("askWhatIsLeft") ?? 0;
  await deliver(world, `${orderId}-F1-S1`);
  await eventually("the question", async () => (world.calls.get("askWhatIsLeft") ?? 0) > asked);
  expect(world.calls.get("completeOrder")).toBeUndefined();
  expect(await orderRow(orderId)).toMatchObject({ status: "open", fulfillment: "partially_delivered" });

  await world.database.query("update order_line set cancelled = 1 where order_id = $1", [orderId]);
  await world.tell(orderId, { key: "cancelled-one", type: "order-changed" });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("an order whose lines are all cancelled one by one ends as cancelled, with its money given back", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  // What is written below takes no lock: the saga must not be half way through its question.
  await eventually("the wait for the floor", async () => (await statusAttribute(orderId)) === "in_progress");
  await world.database.query(
    `with gone as (update order_line set cancelled = ordered, allocated = 0 where order_id = $1)
     update fulfillment_order set status = 'cancelled' where order_id = $1`,
    [orderId],
  );
  await world.tell(orderId, { key: "all-gone", type: "order-changed" });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  await expectUndone(orderId);
});

test.each(["on the floor", "halted", "on its way"])(
  "an order of the former version goes on after the upgrade: %s",
  async (where) => {
    await world.restartWorker("former");
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    if (where === "halted") {
      const detail = "Robot 3 lost its tote.";
      const fulfillmentOrderId = `${orderId}-F1`;
      const code = "device_failure";
      await world.tell(orderId, { key: "e1", type: "floor-exception", fulfillmentOrderId, code, detail });
      await held(world, orderId, "floor_exception");
    }
    if (where === "on its way") {
      await pack(world, `${orderId}-F1`);
      await shipped(world, `${orderId}-F1-S1`);
    }
    expect(world.calls.get("askWhatIsLeft")).toBeUndefined();
    await world.restartWorker("today");
    if (where === "halted") await release(world, orderId);
    if (where !== "on its way") await pack(world, `${orderId}-F1`);
    await deliver(world, `${orderId}-F1-S1`);

    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(world.calls.get("askWhatIsLeft")).toBeGreaterThan(0);
    expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "capture 10500 final"]);
    expect(await ledger(orderId)).toMatchObject({ shipped: 2, delivered: 2 });
  },
);

/** As a channel or a person puts an order on hold. */
async function hold(orderId: string): Promise<void> {
  await world.database.query(
    `update orders set status = 'on_hold', hold_reasons = '[{"code": "put_by_staff", "detail": "Look at it."}]'
     where id = $1`,
    [orderId],
  );
}

/** As if the order had never been: no unit held, nothing charged, no label in force, no work on it. */
async function expectUndone(orderId: string): Promise<void> {
  expect(await orderRow(orderId)).toEqual({
    status: "cancelled",
    payment: "voided",
    fulfillment: "cancelled",
    holds: 0,
  });
  expect(await available("MUG", "reno")).toEqual({ onHand: 10, free: 10 });
  expect(world.outside.labels.size).toBe(0);
  const charged = [...world.outside.charges.values()];
  expect(charged.filter((charge) => charge.startsWith("authorize")).length).toBe(
    charged.filter((charge) => charge === "cancel").length,
  );
  expect(charged.some((charge) => charge.startsWith("capture"))).toBe(false);
  const { rows } = await world.database.query(
    `select (select count(*) from fulfillment_order where order_id = $1 and status <> 'cancelled') as open,
       (select count(*) from shipment where order_id = $1) as shipments,
       (select sum(allocated + fulfilled + shipped) from order_line where order_id = $1) as units`,
    [orderId],
  );
  expect(rows[0]).toEqual({ open: 0, shipments: 0, units: 0 });
}

async function toTheDoor(orderId: string, parts: readonly string[]): Promise<void> {
  for (const part of parts) await pack(world, `${orderId}-${part}`);
  for (const part of parts) await deliver(world, `${orderId}-${part}-S1`);
}

async function orderRow(orderId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    `select status, payment_status as payment, fulfillment_status as fulfillment,
       jsonb_array_length(hold_reasons) as holds from orders where id = $1`,
    [orderId],
  );
  return rows[0];
}

async function available(sku: string, locationId: string): Promise<unknown> {
  const position = (await world.stock.positions([sku])).find((one) => one.locationId === locationId);
  return { onHand: position?.onHand, free: position?.availableToPromise };
}

async function ledger(orderId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    "select ordered, allocated, fulfilled, shipped, delivered from order_line where order_id = $1",
    [orderId],
  );
  return rows[0];
}

async function statusAttribute(workflowId: string): Promise<unknown> {
  const description = await world.client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => undefined);
  return description?.typedSearchAttributes.get(HOLDFAST_STATUS);
}
