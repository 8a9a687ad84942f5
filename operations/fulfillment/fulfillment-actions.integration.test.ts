/** Actions on fulfillment orders while the order's saga runs, up to the door. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { readRevisions } from "../../store/orders/order-revisions.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import {
  deliver,
  held,
  onTheFloor,
  outcomeOf,
  pack,
  release,
  timeline,
} from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { cancelPart } from "../change/cancel-part.ts";
import type { OperationContext } from "../context.ts";
import { putHold } from "../holds/put-hold.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { holdPart, releasePart } from "./hold-part.ts";
import { markFulfilledElsewhere, markPartFulfilledElsewhere } from "./mark-fulfilled-elsewhere.ts";
import { movePart } from "./move-part.ts";
import { remindOfStockErrands } from "./remind-of-stock-errands.ts";
import { openDueParts, reschedulePart } from "./schedule-part.ts";
import { mergeParts, splitPart } from "./split-part.ts";

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

const by = "staff:ann";
const asked = (fulfillmentOrderId: string, key = "k1") => ({ fulfillmentOrderId, by, key });
const DONE = { status: "done" } as const;

test("a fulfillment order that is split leaves in two parcels, each charged for what is in it", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  const lines = [{ lineId: "1", quantity: 1 }];
  const split = await splitPart(world.context, { ...asked(`${orderId}-F1`), lines });
  expect(split).toEqual({ status: "done", fulfillmentOrders: [`${orderId}-F1`, `${orderId}-F2`] });
  expect(await splitPart(world.context, { ...asked(`${orderId}-F1`), lines })).toEqual(split);

  await toTheDoor(orderId, ["F1", "F2"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(sumCaptured()).toBe(10_500);
  expect(await ledger(orderId)).toMatchObject({ shipped: 2, delivered: 2 });
  await expectStock({ reno: [8, 8], omaha: [10, 10] });
});

test("a packed parcel that no carrier takes is split by hand, and both halves leave", async () => {
  world.outside.refusals.push("The parcel is too heavy.");
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await held(world, orderId, "floor_exception");
  const lines = [{ lineId: "1", quantity: 1 }];
  expect(await splitPart(world.context, { ...asked(`${orderId}-F1`), lines })).toMatchObject(DONE);
  await release(world, orderId);
  for (const part of ["F1", "F2"]) await deliver(world, `${orderId}-${part}-S1`);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(world.outside.labels.size).toBe(2);
  expect(await ledger(orderId)).toMatchObject({ fulfilled: 2, shipped: 2, delivered: 2 });
  await expectStock({ reno: [8, 8] });
});

test("stock that a hold gives back is free at once, and is reserved and sent when the order goes on", async () => {
  await testDatabase.database.query(
    `insert into hold_reason (company_id, code, label, guidance, released_by, keeps_stock)
     select id, 'fraud_check', 'Fraud check', '', '{finance}', false from company`,
  );
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  // As its capture writes it: the next reservation is another one.
  await recordEntry(world.database, {
    orderId,
    key: "stock.reserved:1",
    type: "stock.reserved",
    summary: "2 units reserved at reno.",
    cause: "test",
  });
  const put = { orderId, ownReason: "fraud_check", by, key: "fraud" };
  expect(await putHold(world.context, put)).toMatchObject(DONE);
  await eventually("the stock back", async () => (await freeMugs()) === 20);
  expect(await putHold(world.context, put)).toMatchObject(DONE);
  const asks = (role: string) => releaseHold(world.context, { orderId, by, role });
  expect(await asks("service")).toMatchObject({ status: "refused", code: "hold_not_yours" });
  expect(await asks("finance")).toMatchObject({ status: "done", holdReasons: [] });
  await toTheDoor(orderId, ["F2"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(sumCaptured()).toBe(10_500);
  expect(await freeMugs()).toBe(18);
});

async function freeMugs(): Promise<number> {
  const positions = await world.stock.positions(["MUG"]);
  return positions.reduce((sum, { availableToPromise }) => sum + availableToPromise, 0);
}

test("parts that were split are merged again, and leave in one parcel", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await splitPart(world.context, { ...asked(`${orderId}-F1`), lines: [{ lineId: "1", quantity: 1 }] });
  await onTheFloor(world, `${orderId}-F2`);
  expect(await mergeParts(world.context, asked(`${orderId}-F2`))).toEqual({
    status: "done",
    fulfillmentOrders: [`${orderId}-F2`, `${orderId}-F1`],
  });
  await toTheDoor(orderId, ["F2"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(world.outside.labels.size).toBe(1);
  await expectStock({ reno: [8, 8] });
});

test("a fulfillment order moves: the new place's units are held, the old place's are free", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  const moved = await movePart(world.context, { ...asked(`${orderId}-F1`), locationId: "omaha" });
  expect(moved).toMatchObject(DONE);
  await onTheFloor(world, `${orderId}-F1`);
  await expectStock({ reno: [10, 10], omaha: [10, 8] });
  expect(await movePart(world.context, { ...asked(`${orderId}-F1`), locationId: "omaha" })).toEqual(moved);

  await toTheDoor(orderId, ["F1"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  await expectStock({ reno: [10, 10], omaha: [8, 8] });
});

test("a move to where there is not enough changes nothing, nor does one to nowhere", async () => {
  const orderId = await world.placeOrder({
    lines: [
      { sku: "MUG", quantity: 1, priceMinor: 5000, at: { reno: 1 } },
      { sku: "CAP", quantity: 3, priceMinor: 5000, at: { reno: 3 } },
    ],
  });
  await onTheFloor(world, `${orderId}-F1`);
  const address = { sku: "CAP", locationId: "omaha" };
  const others = { type: "reserve", commandId: "others", holdId: "others", quantity: 8 } as const;
  await world.stock.execute([{ ...others, ...address, expiresAtMs: 0, atMs: 0, cause: "test" }]);
  const move = (locationId: string) => movePart(world.context, { ...asked(`${orderId}-F1`), locationId });
  expect(await move("omaha")).toMatchObject({ code: "insufficient_stock" });
  expect(await move("nowhere")).toMatchObject({ code: "location_not_found" });
  expect(await move("reno")).toMatchObject({ code: "action_not_supported" });
  await expectStock({ reno: [10, 9], omaha: [10, 10] });
  await toTheDoor(orderId, ["F1"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test.each([1, 2])("a move that dies after its step %i is done once when it is repeated", async (step) => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  const request = { ...asked(`${orderId}-F1`), locationId: "omaha" };
  await expect(movePart(dyingAfter(step), request)).rejects.toThrow("died");
  expect(await movePart(world.context, request)).toMatchObject(DONE);
  await toTheDoor(orderId, ["F1"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  await expectStock({ reno: [10, 10], omaha: [8, 8] });
});

test.each([0, 1, 2])(
  "a move that dies after its step %i, and is not repeated, gives back what it took",
  async (step) => {
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    const request = { ...asked(`${orderId}-F1`), locationId: "omaha" };
    await expect(movePart(dyingAfter(step), request)).rejects.toThrow("died");
    await world.database.query("update stock_errand set due_at = now() - interval '5 minutes'");
    expect(await remindOfStockErrands(world.context)).toBe(1);
    await eventually("the errand", async () => {
      const { rowCount } = await world.database.query("select from stock_errand where done_at is null");
      return rowCount === 0;
    });
    // The request comes too late: its ids stand for what was given back.
    expect(await movePart(world.context, request)).toMatchObject({ code: "fulfillment_order_changed" });
    await expectStock({ reno: [10, 8], omaha: [10, 10] });
    await toTheDoor(orderId, ["F1"]);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    await expectStock({ reno: [8, 8], omaha: [10, 10] });
  },
);

test("what is packed while it is being moved stays, and the new place's units are free again", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  const context = interrupted(() => world.pack(`${orderId}-F1`));
  const moved = await movePart(context, { ...asked(`${orderId}-F1`), locationId: "omaha" });
  expect(moved).toMatchObject({ status: "refused" });
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  await expectStock({ reno: [8, 8], omaha: [10, 10] });
});

test("a part that two people hold waits until both have let it go; the other part leaves", async () => {
  const orderId = await twoPlaces();
  const part = `${orderId}-F1`;
  for (const [key, reason] of [
    ["a", "Check the engraving."],
    ["b", "Ask the customer."],
  ] as const)
    expect(await holdPart(world.context, { ...asked(part, key), reason })).toMatchObject(DONE);
  await toTheDoor(orderId, ["F2"]);
  const [first, second] = await reasons(orderId);
  expect(await releasePart(world.context, { ...asked(part, "c"), holds: [first?.id ?? ""] })).toMatchObject(
    DONE,
  );
  expect(await statusOf(part)).toBe("on_hold");
  expect(await releasePart(world.context, { ...asked(part, "d"), holds: [second?.id ?? ""] })).toMatchObject(
    DONE,
  );
  await toTheDoor(orderId, ["F1"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("an order that people hold stands still until the last of them has let it go", async () => {
  const orderId = await twoPlaces();
  const holds: string[] = [];
  for (const key of ["a", "b"]) {
    const put = await putHold(world.context, { orderId, reason: `Reason ${key}.`, by, key });
    if (put.status === "done") holds.push(put.holdId);
  }
  expect(await putHold(world.context, { orderId, reason: "Reason a.", by, key: "a" })).toMatchObject(DONE);
  expect(await statusOf(`${orderId}-F1`)).toBe("on_hold");
  const [first = "", second = ""] = holds;
  expect(await releaseHold(world.context, { orderId, ids: ["unknown"], by })).toMatchObject({
    code: "hold_not_cleared",
  });
  expect(await releaseHold(world.context, { orderId, ids: [first], by })).toMatchObject({
    holdReasons: [{ id: second }],
  });
  expect(await statusOf(`${orderId}-F1`)).toBe("on_hold");
  await lastHold(orderId, second);
  await toTheDoor(orderId, ["F1", "F2"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("a part that is put off begins on its day", async () => {
  const orderId = await twoPlaces();
  const part = `${orderId}-F1`;
  const reschedule = (releaseOn: string, key: string) =>
    reschedulePart(world.context, { ...asked(part, key), releaseOn });
  expect(await reschedule("2020-01-01", "a")).toMatchObject({ code: "invalid_release_date" });
  expect(await reschedule("2199-02-31", "b")).toMatchObject({ code: "invalid_release_date" });
  expect(await reschedule("2199-12-24", "c")).toMatchObject(DONE);
  await toTheDoor(orderId, ["F2"]);
  expect(await openDueParts(world.context)).toBe(0);
  expect(await statusOf(part)).toBe("scheduled");
  expect(await openDueParts({ ...world.context, now: () => Date.parse("2199-12-24T00:00:01Z") })).toBe(1);
  await toTheDoor(orderId, ["F1"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("a part that is put off is told to the shopper only where it is later than promised", async () => {
  const orderId = await twoPlaces();
  const part = `${orderId}-F1`;
  await world.database.query(
    "update orders set ship_by = '2199-12-20', deliver_by = '2199-12-24' where id = $1",
    [orderId],
  );
  const putOff = (releaseOn: string, key: string) =>
    reschedulePart(world.context, { ...asked(part, key), releaseOn });
  expect(await putOff("2199-12-20", "in time")).toMatchObject(DONE);
  expect(await putOff("2199-12-23", "late")).toMatchObject(DONE);
  expect(await putOff("2199-12-23", "late")).toMatchObject(DONE);
  const delays = () => [...world.outside.mails].filter(([key]) => key.startsWith("order_delayed:"));
  await eventually("the mail", async () => delays().length > 0);
  expect(delays().map(([key]) => key)).toEqual([`order_delayed:put-off:${part}:2199-12-23`]);
  expect(delays()[0]?.[1]).toContain("not before Monday, December 23");
});

test("a part that somebody else has sent is closed, and its units are free", async () => {
  const orderId = await twoPlaces("channel");
  const tracking = { carrier: "UPS", trackingNumber: "1Z999" };
  const marked = await markPartFulfilledElsewhere(world.context, { ...asked(`${orderId}-F1`), tracking });
  expect(marked).toMatchObject(DONE);
  await toTheDoor(orderId, ["F2"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await ledger(orderId)).toMatchObject({
    fulfilledElsewhere: 1,
    allocated: 1,
    shipped: 1,
    delivered: 1,
  });
  await expectStock({ reno: [9, 9], omaha: [10, 10] });
  const { rows } = await world.database.query(
    "select lines, carrier from done_elsewhere where order_id = $1",
    [orderId],
  );
  expect(rows).toEqual([{ lines: [{ lineId: "1", quantity: 1 }], carrier: "UPS" }]);
});

test("units that a channel says are done elsewhere are taken off what nobody has begun, once", async () => {
  const orderId = await world.placeOrder({
    paymentBy: "channel",
    lines: [{ sku: "MUG", quantity: 3, priceMinor: 5000, at: { reno: 3 } }],
  });
  await onTheFloor(world, `${orderId}-F1`);
  const mark = (quantity: number, key: string) =>
    markFulfilledElsewhere(world.context, {
      orderId,
      units: [{ lineId: "1", quantity }],
      by: "channel:shop",
      key,
    });
  expect(await mark(1, "m1")).toEqual({ status: "done", units: [{ lineId: "1", quantity: 1 }] });
  expect(await mark(1, "m1")).toEqual({ status: "done", units: [{ lineId: "1", quantity: 1 }] });
  // The same said again in another message: it is known.
  expect(await mark(1, "m2")).toEqual({ status: "done", units: [] });
  expect(await mark(4, "m3")).toMatchObject({ code: "quantity_exceeds_line" });
  await pack(world, `${orderId}-F1`);
  expect(await mark(2, "m4")).toMatchObject({ code: "already_picked" });
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await ledger(orderId)).toMatchObject({ fulfilledElsewhere: 1, shipped: 2, delivered: 2 });
  await expectStock({ reno: [8, 8] });
});

test("an order that others have sent altogether while it was held ends without a parcel", async () => {
  const orderId = await world.placeOrder({
    paymentBy: "channel",
    holdReasons: [{ code: "fulfilled_at_channel", detail: "The channel says so." }],
  });
  const units = [{ lineId: "1", quantity: 2 }];
  const marked = await markFulfilledElsewhere(world.context, { orderId, units, by, key: "all" });
  expect(marked).toEqual({ status: "done", units });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  await expectStock({ reno: [10, 10] });
  expect(await timeline(world, orderId)).not.toContain("shipment.shipped");
});

test("a part that is not wanted any more is cancelled by a revision, told, and the rest ends", async () => {
  const orderId = await twoPlaces();
  const cancelled = await cancelPart(world.context, { ...asked(`${orderId}-F1`), reason: "Too late." });
  expect(cancelled).toEqual({ status: "done", fulfillmentOrders: [`${orderId}-F1`] });
  expect(await cancelPart(world.context, { ...asked(`${orderId}-F1`), reason: "Too late." })).toEqual(
    cancelled,
  );
  expect(await readRevisions(world.database, orderId, null)).toMatchObject([
    { revision: 2, by, document: { lines: [{ quantity: 1 }], total: { minor: 5_500 } } },
    { revision: 1, document: { lines: [{ quantity: 2 }] } },
  ]);
  expect(await timeline(world, orderId)).toEqual(
    expect.arrayContaining(["order.changed", "fulfillment.cancelled"]),
  );
  await eventually("the mail", async () => changeMails().length > 0);
  expect(changeMails()).toEqual([expect.stringContaining(`order_changed:${orderId}:r2`)]);
  await toTheDoor(orderId, ["F2"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await ledger(orderId)).toMatchObject({ cancelled: 1, allocated: 1, shipped: 1, delivered: 1 });
  expect(sumCaptured()).toBe(5_500);
  await expectStock({ reno: [9, 9], omaha: [10, 10] });
});

test("what a channel was paid for a part that is cancelled is due there", async () => {
  const orderId = await twoPlaces("channel");
  expect(await cancelPart(world.context, { ...asked(`${orderId}-F1`), reason: "Gone." })).toMatchObject(DONE);
  const { rows } = await world.database.query(
    "select status, amount_minor as amount from refund where order_id = $1",
    [orderId],
  );
  expect(rows).toEqual([{ status: "due_at_channel", amount: 5_000 }]);
});

test("a part is cancelled where it is, whatever else nobody has begun", async () => {
  const orderId = await twoPlaces();
  const reason = "Ask the customer.";
  expect(await holdPart(world.context, { ...asked(`${orderId}-F1`), reason })).toMatchObject(DONE);
  expect(await cancelPart(world.context, { ...asked(`${orderId}-F1`, "k2"), reason })).toMatchObject(DONE);
  expect(await reasons(orderId)).toEqual([]);
  expect([await statusOf(`${orderId}-F1`), await statusOf(`${orderId}-F2`)]).toEqual([
    "cancelled",
    "in_progress",
  ]);
  await toTheDoor(orderId, ["F2"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  await expectStock({ reno: [9, 9], omaha: [10, 10] });
});

test("cancelling the last part of an order cancels the order", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  const request = { ...asked(`${orderId}-F1`), reason: "Not wanted." };
  const done = { status: "done", fulfillmentOrders: [`${orderId}-F1`] };
  expect(await cancelPart(world.context, request)).toEqual(done);
  expect(await cancelPart(world.context, { ...request, key: "other" })).toMatchObject({
    code: "order_being_cancelled",
  });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  expect(await cancelPart(world.context, request)).toEqual(done);
  expect(sumCaptured()).toBe(0);
  await expectStock({ reno: [10, 10] });
});

test("what gives the customer the same units makes no revision and is not told", async () => {
  const orderId = await twoPlaces();
  const [first, second] = [`${orderId}-F1`, `${orderId}-F2`];
  const { context } = world;
  const reason = "Look at it.";
  for (const done of [
    await holdPart(context, { ...asked(first, "a"), reason }),
    await releasePart(context, asked(first, "b")),
    await movePart(context, { ...asked(first, "c"), locationId: "reno" }),
    await mergeParts(context, asked(second, "d")),
    await splitPart(context, { ...asked(second, "e"), lines: [{ lineId: "1", quantity: 1 }] }),
    await markPartFulfilledElsewhere(context, { ...asked(`${orderId}-F3`, "f"), tracking: {} }),
  ])
    expect(done).toMatchObject(DONE);
  await toTheDoor(orderId, ["F2"]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await readRevisions(world.database, orderId, null)).toHaveLength(1);
  expect(changeMails()).toEqual([]);
});

/** One mug from each place, both parts on the floor: F1 in Omaha, F2 in Reno. */
async function twoPlaces(paymentBy: "channel" | "merchant" = "merchant"): Promise<string> {
  const orderId = await world.placeOrder({
    paymentBy,
    lines: [{ sku: "MUG", quantity: 2, priceMinor: 5000, at: { omaha: 1, reno: 1 } }],
  });
  for (const part of ["F1", "F2"]) await onTheFloor(world, `${orderId}-${part}`);
  return orderId;
}

/** The last reason is cleared in the engine's commit, which the stock in memory has not: as it writes it. */
async function lastHold(orderId: string, id: string): Promise<void> {
  expect((await reasons(orderId)).map((reason) => reason.id)).toEqual([id]);
  await release(world, orderId);
}

/** A context whose process dies after so many calls to the stock. */
function dyingAfter(calls: number): OperationContext {
  let left = calls;
  return withStock(async (execute) => {
    if (left === 0) throw new Error("died");
    left -= 1;
    const outcomes = await execute();
    if (left === 0) throw new Error("died");
    return outcomes;
  });
}

/** Something happens between taking the units and writing it down. */
function interrupted(happens: () => Promise<void>): OperationContext {
  let isFirst = true;
  return withStock(async (execute) => {
    const outcomes = await execute();
    if (isFirst) {
      isFirst = false;
      await happens();
    }
    return outcomes;
  });
}

function withStock(
  around: (execute: () => ReturnType<AllocatorClient["execute"]>) => ReturnType<AllocatorClient["execute"]>,
): OperationContext {
  const allocator: AllocatorClient = {
    ...world.stock,
    execute: (commands) => around(() => world.stock.execute(commands)),
  };
  return { ...world.context, allocator };
}

async function toTheDoor(orderId: string, parts: readonly string[]): Promise<void> {
  for (const part of parts) await pack(world, `${orderId}-${part}`);
  for (const part of parts) await deliver(world, `${orderId}-${part}-S1`);
}

/** Units of the mug: on hand and free, by place. */
async function expectStock(places: Readonly<Record<string, readonly [number, number]>>): Promise<void> {
  const positions = await world.stock.positions(["MUG"]);
  for (const [place, [onHand, available]] of Object.entries(places)) {
    const position = positions.find(({ locationId }) => locationId === place);
    expect([place, position?.onHand, position?.availableToPromise]).toEqual([place, onHand, available]);
  }
}

async function ledger(orderId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    `select ordered, cancelled, allocated, fulfilled, shipped, delivered, fulfilled_elsewhere as "fulfilledElsewhere"
     from order_line where order_id = $1`,
    [orderId],
  );
  return rows[0];
}

async function reasons(orderId: string): Promise<readonly { readonly id?: string }[]> {
  const { rows } = await world.database.query<{ reasons: { readonly id?: string }[] }>(
    "select hold_reasons as reasons from orders where id = $1",
    [orderId],
  );
  return rows[0]?.reasons ?? [];
}

function changeMails(): readonly string[] {
  return [...world.outside.mails.keys()].filter((key) => key.startsWith("order_changed:"));
}

async function statusOf(id: string): Promise<unknown> {
  const { rows } = await world.database.query("select status from fulfillment_order where id = $1", [id]);
  return rows[0]?.status;
}

function sumCaptured(): number {
  return [...world.outside.charges.values()]
    .filter((charge) => charge.startsWith("capture"))
    .reduce((sum, charge) => sum + Number(charge.split(" ")[1]), 0);
}
