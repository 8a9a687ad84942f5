/** Orders that are collected, fall short, or begin later, through the whole saga. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type {
  AllocatorClient,
  OrderReservation,
  OrderReservationRequest,
} from "../../engine/allocator-client.ts";
import { arrive } from "../../operations/collection/arrive.ts";
import { collect } from "../../operations/collection/collect.ts";
import { expireCollections, remindCustomers } from "../../operations/collection/due-collections.ts";
import { confirmPack } from "../../operations/floor/confirm-pack.ts";
import { confirmPick } from "../../operations/floor/confirm-pick.ts";
import { openDueParts } from "../../operations/fulfillment/schedule-part.ts";
import { splitPart } from "../../operations/fulfillment/split-part.ts";
import { requestCancellation } from "../../operations/holds/cancel-order.ts";
import { inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { settleShortages } from "../../operations/settlement/settle-shortages.ts";
import { giveUp } from "../../operations/shortage/give-up.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { deliver, mailKinds, onTheFloor, outcomeOf, pack, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { failingTransactions } from "../../test-support/servers/failing-database.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

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

const PICKUP = { delivery: { method: "pickup", locationId: "reno" } } as const;

async function kept(orderId: string): Promise<void> {
  await pack(world, `${orderId}-F1`);
  await eventually("the mail with the code", async () =>
    (await mailKinds(world, orderId)).includes("pickup_ready"),
  );
}

/** The last code that the customer was sent. */
function codeOf(orderId: string): string {
  const mails = [...world.outside.mails].filter(([key]) => key.startsWith("pickup") && key.includes(orderId));
  const code = /Code: ([2-9A-HJKMNP-Z]{6})\b/.exec(mails.at(-1)?.[1] ?? "");
  return code?.[1] ?? expect.fail("no code was sent");
}

function hand(orderId: string, code: string) {
  return collect(world.context, {
    fulfillmentOrderId: `${orderId}-F1`,
    code,
    isIdChecked: true,
    by: "staff:sam",
  });
}

/** What was taken from the customer, in cents. */
function captured(): number {
  return [...world.outside.charges.values()]
    .map((charge) => Number(/^capture (\d+)/.exec(charge)?.[1] ?? 0))
    .reduce((sum, amount) => sum + amount, 0);
}

async function lines(orderId: string) {
  const { rows } = await world.database.query(
    "select ordered, cancelled, shipped, delivered from order_line where order_id = $1",
    [orderId],
  );
  return rows;
}

async function free(sku: string, locationId: string): Promise<number | undefined> {
  const positions = await world.stock.positions([sku]);
  return positions.find((position) => position.locationId === locationId)?.availableToPromise;
}

test("what is collected needs no carrier: kept, told, handed over against its code, captured and completed", async () => {
  const orderId = await world.placeOrder(PICKUP);
  expect(await hand(orderId, "ABCDEF")).toMatchObject({ code: "fulfillment_order_not_found" });
  await kept(orderId);
  const code = codeOf(orderId);
  const wrong = code === "222222" ? "333333" : "222222";
  expect(await hand(orderId, wrong)).toMatchObject({ code: "wrong_code" });
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500"]);
  expect(await hand(orderId, ` ${code.toLowerCase()}`)).toEqual({ status: "done" });
  expect(await hand(orderId, code)).toEqual({ status: "done" });

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await lines(orderId)).toEqual([{ ordered: 2, cancelled: 0, shipped: 2, delivered: 2 }]);
  expect(captured()).toBe(10500);
  expect(world.calls.get("buyLabel")).toBeUndefined();
  expect(await mailKinds(world, orderId)).toEqual(["delivered", "order_confirmed", "pickup_ready"]);
  expect(await timeline(world, orderId)).toEqual([
    "payment.authorized",
    "order.sourced",
    "fulfillment.released",
    "fulfillment.picked",
    "fulfillment.packed",
    "fulfillment.ready_to_collect",
    "fulfillment.collected",
    "shipment.shipped",
    "payment.captured",
    "order.completed",
  ]);
});

test("what was taken off the shelf before a crash is free again where its fulfillment order is given up", async () => {
  const orderId = await world.placeOrder();
  const fulfillmentOrderId = `${orderId}-F1`;
  await onTheFloor(world, fulfillmentOrderId);
  const { rows: picked } = await world.database.query<{ holdId: string; quantity: number }>(
    `select hold_id as "holdId", quantity from fulfillment_order_line where fulfillment_order_id = $1`,
    [fulfillmentOrderId],
  );
  const broken = { ...world.context, database: failingTransactions(world.database) };
  const pick = { fulfillmentOrderId, picked, cause: "device:robot-1", key: "pick" };
  await expect(confirmPick(broken, pick)).rejects.toThrow("crash");
  const atReno = async () =>
    (await world.stock.positions(["MUG"])).find(({ locationId }) => locationId === "reno");
  expect(await atReno()).toMatchObject({ onHand: 10, picked: 2 });

  expect(
    await giveUp(world.context, { fulfillmentOrderId, reason: "robot_fault", by: "device:robot-1" }),
  ).toBe(true);
  await eventually("free units", async () => (await atReno())?.picked === 0);
  expect(await atReno()).toMatchObject({ onHand: 10, allocated: 0, picked: 0 });

  // No shortage is left for the tests after this one to settle.
  await settleWith(null);
  expect(await outcomeOf(world, orderId)).toMatchObject({ status: "cancelled" });
});

test("after ten wrong codes even the right one does not open it, until a new one is sent", async () => {
  const orderId = await world.placeOrder(PICKUP);
  await kept(orderId);
  const code = codeOf(orderId);
  const wrong = code === "222222" ? "333333" : "222222";
  for (let tries = 0; tries < 10; tries += 1) await hand(orderId, wrong);
  expect(await hand(orderId, code)).toMatchObject({ code: "too_many_wrong_codes" });
  await world.database.query("update collection set remind_at = now() where order_id = $1", [orderId]);
  expect(await remindCustomers(world.context)).toBe(1);
  expect(await remindCustomers(world.context)).toBe(0);
  await eventually("the reminder", async () => (await mailKinds(world, orderId)).includes("pickup_reminder"));
  expect(codeOf(orderId)).not.toBe(code);
  // Both codes are in the customer's hands.
  expect(await hand(orderId, code)).toEqual({ status: "done" });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

/** Six mugs are kept in parts of two: `-F1`, `-F2` and `-F3`. */
async function keptInParts(): Promise<string> {
  const orderId = await world.placeOrder({
    ...PICKUP,
    lines: [{ sku: "MUG", quantity: 6, priceMinor: 5000, at: { reno: 6 } }],
  });
  const fulfillmentOrderId = `${orderId}-F1`;
  await onTheFloor(world, fulfillmentOrderId);
  const { rows: holds } = await world.database.query<{ holdId: string; quantity: number }>(
    `select hold_id as "holdId", quantity from fulfillment_order_line where fulfillment_order_id = $1`,
    [fulfillmentOrderId],
  );
  const by = { cause: "staff:sam", key: "pick" };
  await confirmPick(world.context, { ...by, fulfillmentOrderId, picked: holds });
  for (const key of ["second", "third"]) {
    const asked = { fulfillmentOrderId, lines: [{ lineId: "1", quantity: 2 }], by: "staff:sam", key };
    expect(await splitPart(world.context, asked)).toMatchObject({ status: "done" });
  }
  for (const name of ["F1", "F2", "F3"]) {
    const packed = { fulfillmentOrderId: `${orderId}-${name}`, cause: "staff:sam", key: name };
    expect(await confirmPack(world.context, { ...packed, verified: "by-person" })).toEqual({
      status: "done",
    });
    await codeFor(packed.fulfillmentOrderId);
  }
  return orderId;
}

function codeFor(part: string): Promise<string> {
  return eventually(`the code of ${part}`, async () => {
    const [, mail] = [...world.outside.mails].find(([key]) => key.includes(part)) ?? [];
    return /Code: (\w{6})/.exec(mail ?? "")?.[1];
  });
}

async function handOver(part: string): Promise<void> {
  const handed = { fulfillmentOrderId: part, code: await codeFor(part), isIdChecked: true, by: "staff:sam" };
  expect(await collect(world.context, handed)).toEqual({ status: "done" });
}

async function overdue(...parts: readonly string[]): Promise<void> {
  await world.database.query(
    "update collection set expires_at = now() where fulfillment_order_id = any($1)",
    [parts],
  );
}

test.each(["F1", "F2"])(
  "of a picked order that staff have split, what nobody collects (%s) goes back, and nothing else does",
  async (expired) => {
    const orderId = await keptInParts();
    const part = (name: string) => `${orderId}-${name}`;
    await handOver(part("F3"));
    await eventually("F3 is handed over", async () => (await lines(orderId))[0]?.shipped === 2);
    await overdue(part(expired));
    expect(await expireCollections(world.context)).toEqual([part(expired)]);
    await eventually("its units are free", async () => (await free("MUG", "reno")) === 6);
    await settleShortages(world.context);
    await handOver(part(expired === "F1" ? "F2" : "F1"));
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await lines(orderId)).toEqual([{ ordered: 6, cancelled: 2, shipped: 4, delivered: 4 }]);
    expect(await free("MUG", "reno")).toBe(6);
    expect(await timeline(world, orderId)).not.toContain("stock.change_refused");
    expect(captured()).toBe(20_500);
  },
);

test("a part that is kept too long goes back, and the parts that are still within their time are collected", async () => {
  const orderId = await keptInParts();
  await overdue(`${orderId}-F1`);
  expect(await expireCollections(world.context)).toEqual([`${orderId}-F1`]);
  await eventually("its units are free", async () => (await free("MUG", "reno")) === 6);
  await settleShortages(world.context);
  await handOver(`${orderId}-F2`);
  await handOver(`${orderId}-F3`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await lines(orderId)).toEqual([{ ordered: 6, cancelled: 2, shipped: 4, delivered: 4 }]);
  expect(captured()).toBe(20_500);
  expect(await timeline(world, orderId)).not.toContain("order.cancel_requested");
});

test("a part that is kept too long leaves the order what is not picked yet", async () => {
  const orderId = await world.placeOrder({
    ...PICKUP,
    lines: [{ sku: "MUG", quantity: 4, priceMinor: 5000, at: { reno: 4 } }],
  });
  await onTheFloor(world, `${orderId}-F1`);
  const split = { lines: [{ lineId: "1", quantity: 2 }], by: "staff:sam", key: "second" };
  expect(await splitPart(world.context, { ...split, fulfillmentOrderId: `${orderId}-F1` })).toMatchObject({
    status: "done",
  });
  await pack(world, `${orderId}-F1`);
  await codeFor(`${orderId}-F1`);
  await overdue(`${orderId}-F1`);
  expect(await expireCollections(world.context)).toEqual([`${orderId}-F1`]);
  await settleShortages(world.context);
  await pack(world, `${orderId}-F2`);
  await handOver(`${orderId}-F2`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await lines(orderId)).toEqual([{ ordered: 4, cancelled: 2, shipped: 2, delivered: 2 }]);
  expect(captured()).toBe(10_500);
});

test("a part that is kept too long leaves the order what is no parcel", async () => {
  const orderId = await world.placeOrder({
    ...PICKUP,
    lines: [
      { sku: "MUG", quantity: 2, priceMinor: 5000, at: { reno: 2 } },
      { sku: "GUIDE", quantity: 1, priceMinor: 900, kind: "digital", at: {} },
    ],
  });
  await kept(orderId);
  await overdue(`${orderId}-F1`);
  expect(await expireCollections(world.context)).toEqual([`${orderId}-F1`]);
  await settleShortages(world.context);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect((await lines(orderId)).map(({ cancelled }) => cancelled)).toEqual([2, 0]);
  expect(await free("MUG", "reno")).toBe(10);
});

test("an order of which every part is kept too long is cancelled as a whole, whenever each of them expires", async () => {
  const orderId = await keptInParts();
  const part = (name: string) => `${orderId}-${name}`;
  await overdue(part("F1"));
  expect(await expireCollections(world.context)).toEqual([part("F1")]);
  await overdue(part("F2"), part("F3"));
  // It dies after its first step, and is repeated: what the cancellation takes is not given up besides.
  const broken = { ...world.context, database: failingTransactions(world.database) };
  await expect(expireCollections(broken)).rejects.toThrow("crash");
  expect(await expireCollections(world.context)).toEqual([]);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  const givenUp = (await timeline(world, orderId)).filter((type) => type === "fulfillment.given_up");
  expect(givenUp).toHaveLength(1);
  await settleShortages(world.context);
  expect(await lines(orderId)).toEqual([{ ordered: 6, cancelled: 6, shipped: 0, delivered: 0 }]);
  expect(await free("MUG", "reno")).toBe(10);
  expect(captured()).toBe(0);
});

test("nothing is given up of an order that is being cancelled, and what that comes too late for expires", async () => {
  const orderId = await keptInParts();
  await overdue(`${orderId}-F1`);
  await world.database.query(
    `insert into order_event (order_id, key, type, summary, cause, data)
     values ($1, 'order.cancel_requested', 'order.cancel_requested', 'Asked.', 'store:expiry', '{}')`,
    [orderId],
  );
  expect(await expireCollections(world.context)).toEqual([]);
  expect(await timeline(world, orderId)).not.toContain("fulfillment.given_up");
  await world.database.query(
    `insert into order_event (order_id, key, type, summary, cause, data)
     values ($1, 'cancellation-refused:x', 'order.cancellation_refused', 'Too late.', 'store:expiry', '{}')`,
    [orderId],
  );
  expect(await expireCollections(world.context)).toEqual([`${orderId}-F1`]);
  expect(await timeline(world, orderId)).toContain("fulfillment.given_up");
  // No shortage is left for the tests after this one to settle.
  await settleShortages(world.context);
});

test("what nobody collects in time goes back on the shelf, is cancelled and not charged", async () => {
  const orderId = await world.placeOrder(PICKUP);
  await kept(orderId);
  const code = codeOf(orderId);
  expect(await arrive(world.context, { orderId, note: "the red car" })).toEqual({ status: "done" });
  await world.database.query("update collection set expires_at = now() where order_id = $1", [orderId]);
  expect(await expireCollections(world.context)).toEqual([`${orderId}-F1`]);
  expect(await hand(orderId, code)).toMatchObject({ status: "refused" });

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  expect(await free("MUG", "reno")).toBe(10);
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "cancel"]);
  expect(await expireCollections(world.context)).toEqual([]);
  expect(await arrive(world.context, { orderId, note: "" })).toMatchObject({ code: "nothing_to_collect" });
});

test("of a cancellation and a collection in the same moment one wins, and the other hears of it", async () => {
  const orderId = await world.placeOrder(PICKUP);
  await kept(orderId);
  const [collected, cancelled] = await Promise.all([
    hand(orderId, codeOf(orderId)),
    requestCancellation(world.context, { orderId, reason: "Changed my mind.", by: "staff:ann" }),
  ]);
  expect([collected.status, cancelled.status].sort()).toEqual(["done", "refused"]);
  const isCollected = collected.status === "done";
  expect(await outcomeOf(world, orderId)).toEqual({ status: isCollected ? "completed" : "cancelled" });
  expect(await free("MUG", "reno")).toBe(isCollected ? 8 : 10);
});

/** One of two mugs is missing at packing. */
async function packOneOfTwo(orderId: string): Promise<void> {
  const fulfillmentOrderId = `${orderId}-F1`;
  await onTheFloor(world, fulfillmentOrderId);
  const by = { fulfillmentOrderId, cause: "staff:tester", key: "one-of-two" };
  const picked = [{ holdId: `${orderId}:1:reno`, quantity: 1 }];
  expect(await confirmPick(world.context, { ...by, picked })).toEqual({ status: "done", short: true });
  expect(await confirmPack(world.context, { ...by, verified: "by-person" })).toEqual({ status: "done" });
}

/** Settles with an engine that has units at one place, or nowhere; of one product, where that is named. */
async function settleWith(at: string | null, only?: string): Promise<void> {
  const allocator: AllocatorClient = {
    ...world.stock,
    reserveOrder: async (request: OrderReservationRequest, attachment) => {
      const holds = request.lines.flatMap(({ lineId, sku, quantity }) =>
        at === null || (only !== undefined && only !== sku)
          ? []
          : [{ holdId: `${request.orderId}:${lineId}:${at}`, lineId, sku, locationId: at, quantity }],
      );
      if (holds.length === 0) return { status: "refused", code: "insufficient_stock", short: [] };
      await world.stock.execute(
        holds.map(({ lineId: _lineId, ...hold }) => ({
          type: "reserve",
          commandId: `${hold.holdId}:reserve`,
          ...hold,
          expiresAtMs: 0,
          atMs: 0,
          cause: request.orderId,
        })),
      );
      const outcome: OrderReservation = { status: "reserved", holds, explanation: [], short: [] };
      const record = attachment?.record(outcome) ?? null;
      if (attachment !== undefined && record !== null)
        await inTransaction(world.database, (client) => attachment.writer.write(client, [record]));
      return outcome;
    },
  };
  const { faults, settled } = await settleShortages({ ...world.context, allocator });
  expect([faults, settled.length]).toEqual([[], 1]);
}

test("a unit that is missing comes from another place in a parcel of its own, and the order ends", async () => {
  const orderId = await world.placeOrder();
  await packOneOfTwo(orderId);
  await settleWith("omaha");
  await pack(world, `${orderId}-F2`);
  await deliver(world, `${orderId}-F1-S1`);
  await deliver(world, `${orderId}-F2-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await lines(orderId)).toEqual([{ ordered: 2, cancelled: 0, shipped: 2, delivered: 2 }]);
  expect([await free("MUG", "reno"), await free("MUG", "omaha")]).toEqual([8, 9]);
  expect(captured()).toBe(10500);
});

test("a unit that no place has is sent as its substitute, charged at the lower price, told, and refunded at it", async () => {
  const set = async (isAllowed: boolean) => {
    const { rowCount } = await world.database.query("update channel set allow_substitutes = $1", [isAllowed]);
    expect(rowCount).toBeGreaterThan(0);
  };
  await world.database.query("update product set price_minor = 4000 where sku = 'CAP'");
  await world.database.query("insert into product_substitute values ('MUG', 1, 'CAP')");
  await set(true);
  try {
    const orderId = await world.placeOrder();
    await packOneOfTwo(orderId);
    await settleWith("omaha", "CAP");
    await pack(world, `${orderId}-F2`);
    await deliver(world, `${orderId}-F1-S1`);
    await deliver(world, `${orderId}-F2-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await lines(orderId)).toEqual([
      { ordered: 2, cancelled: 1, shipped: 1, delivered: 1 },
      { ordered: 1, cancelled: 0, shipped: 1, delivered: 1 },
    ]);
    expect([await free("MUG", "reno"), await free("CAP", "omaha")]).toEqual([8, 9]);
    // A mug, a cap and the shipping: the value of what was shipped.
    expect(captured()).toBe(5000 + 4000 + 500);
    expect(await mailKinds(world, orderId)).toContain("units_substituted");
    expect(await mailKinds(world, orderId)).not.toContain("order_changed");
    const [, mail = ""] = [...world.outside.mails].find(([key]) => key.startsWith("units_substituted")) ?? [];
    expect(mail).toContain("1 × Product CAP instead of Product MUG, at no higher price");

    const by = "staff:dock";
    const requested = await requestReturn(world.context, {
      orderId,
      lines: [{ lineId: "2", quantity: 1 }],
      reason: "changed_mind",
      by,
      key: "back",
    });
    if (requested.status === "refused") return expect.fail(requested.detail);
    const { returnId } = requested;
    await eventually("the label", async () => (await mailKinds(world, orderId)).includes("return_approved"));
    await receiveReturn(world.context, { returnId, by });
    const found = { returnId, lines: [{ lineId: "2", disposition: "restocked" as const }], by };
    expect(await inspectReturn(world.context, found)).toMatchObject({ status: "done" });
    expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
    expect(world.outside.charges.get(`${returnId}:refund:1`)).toBe("refund 4000");
  } finally {
    await set(false);
    await world.database.query("delete from product_substitute");
    await world.database.query("update product set price_minor = 5000 where sku = 'CAP'");
  }
});

test("a unit that no place has is cancelled, its customer told, and the order ends with what was found", async () => {
  const orderId = await world.placeOrder();
  await packOneOfTwo(orderId);
  await settleWith(null);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await lines(orderId)).toEqual([{ ordered: 2, cancelled: 1, shipped: 1, delivered: 1 }]);
  expect(await mailKinds(world, orderId)).toContain("units_cancelled");
  // What was shipped is what is charged: one mug and the shipping.
  expect(captured()).toBe(5500);
});

test("an order of which nothing is found anywhere ends as cancelled, and is not charged", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  const nothing = { fulfillmentOrderId: `${orderId}-F1`, picked: [], cause: "staff:tester", key: "nothing" };
  expect(await confirmPick(world.context, nothing)).toEqual({ status: "done", short: true });
  await settleWith(null);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "cancel"]);
});

test("a pre-order is reserved at once and begins on its day", async () => {
  const orderId = await world.placeOrder({ releaseOn: "2999-01-01" });
  const status = async () => {
    const { rows } = await world.database.query<{ status: string }>(
      "select status from fulfillment_order where order_id = $1",
      [orderId],
    );
    return rows[0]?.status;
  };
  await eventually("its place in the calendar", async () => (await status()) === "scheduled");
  expect(await openDueParts(world.context)).toBe(0);
  expect(await openDueParts({ ...world.context, now: () => Date.parse("2999-01-01T00:00:00Z") })).toBe(1);
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});
