import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  moveCarrierClaim,
  receiveClaim,
  refundClaim,
  rejectClaim,
  reshipClaim,
} from "../../operations/refunds/decide-claim.ts";
import { openClaim } from "../../operations/refunds/open-claim.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { givenToday } from "../../store/refunds/gifts.ts";
import { deliver, outcomeOf, pack, shipped, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type NewOrder, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;
let serial = 0;

const by = "staff:sue";
/** Without a limit. */
const giver = { by, role: "finance", limits: [], roles: ["finance"] };

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

/** 2 mugs at 50.00 and 5.00 shipping, on their way. */
async function shippedOrder(order: Partial<NewOrder> = {}): Promise<string> {
  const orderId = await world.placeOrder(order);
  await pack(world, `${orderId}-F1`);
  await shipped(world, `${orderId}-F1-S1`);
  return orderId;
}

function open(orderId: string, kind: "lost" | "damaged", quantity?: number) {
  serial += 1;
  return openClaim(world.context, {
    orderId,
    shipmentId: `${orderId}-F1-S1`,
    kind,
    note: "",
    by,
    key: `k${serial}`,
    ...(quantity === undefined ? {} : { lines: [{ lineId: "1", quantity }] }),
  });
}

async function claim(claimId: string) {
  const { rows } = await world.database.query(
    "select kind, status, carrier_status as carrier from claim where id = $1",
    [claimId],
  );
  return rows[0];
}

async function mugs() {
  const all = (await world.stock.positions(["MUG"])).filter(({ locationId }) => locationId === "reno");
  return { onHand: all[0]?.onHand, unavailable: all[0]?.unavailable };
}

async function writtenOff(orderId: string): Promise<number> {
  const { rows } = await world.database.query(
    "select sum(written_off)::int as units from order_line where order_id = $1",
    [orderId],
  );
  return rows[0].units;
}

test("a lost parcel is paid back, and its order ends without waiting for it", async () => {
  const orderId = await shippedOrder();
  expect(await open(orderId, "lost")).toEqual({ status: "done", claimId: `${orderId}-C1` });
  const claimId = `${orderId}-C1`;
  expect(await open(orderId, "lost")).toMatchObject({ code: "nothing_to_claim" });
  for (const _ of [1, 2])
    expect(await refundClaim(world.context, { claimId, giver })).toEqual({ status: "done" });
  expect(await outcomeOf(world, `${orderId}-M1`)).toEqual({ status: "refunded" });
  // What the goods were worth; shipping is for a person to give.
  expect(world.outside.charges.get(`${claimId}:refund:1`)).toBe("refund 10000");
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await writtenOff(orderId)).toBe(2);
  expect(await claim(claimId)).toEqual({ kind: "lost", status: "refunded", carrier: "to_file" });
  expect(await rejectClaim(world.context, { claimId, note: "no", by })).toMatchObject({
    code: "claim_decided",
  });
  expect(await reshipClaim(world.context, { claimId, by })).toMatchObject({ code: "claim_decided" });
});

test("what the carrier is asked for goes its way step by step", async () => {
  const orderId = await shippedOrder();
  await open(orderId, "lost");
  const claimId = `${orderId}-C1`;
  expect(await moveCarrierClaim(world.context, { claimId, to: "filed", by })).toMatchObject({
    code: "carrier_claim_impossible",
  });
  await refundClaim(world.context, { claimId, giver });
  await moveCarrierClaim(world.context, { claimId, to: "filed", reference: "C-77", by });
  expect(await moveCarrierClaim(world.context, { claimId, to: "paid", paidMinor: 8000, by })).toEqual({
    status: "done",
  });
  expect(await claim(claimId)).toMatchObject({ carrier: "paid" });
});

test("damaged goods are sent again by an order of their own, free of charge, once their stock is reserved", async () => {
  const orderId = await shippedOrder();
  await deliver(world, `${orderId}-F1-S1`);
  await outcomeOf(world, orderId);
  await open(orderId, "damaged", 1);
  const claimId = `${orderId}-C1`;
  const again = `${orderId}-C1-X1`;
  for (const _ of [1, 2])
    expect(await reshipClaim(world.context, { claimId, by })).toEqual({ status: "done", orderId: again });
  expect(await claim(claimId)).toMatchObject({ status: "reshipped" });
  expect(await writtenOff(orderId)).toBe(1);
  await pack(world, `${again}-F1`);
  await deliver(world, `${again}-F1-S1`);
  expect(await outcomeOf(world, again)).toEqual({ status: "completed" });
  const { rows } = await world.database.query(
    "select total_minor as total, unit_count as units, payment_status as payment from orders where id = $1",
    [again],
  );
  expect(rows[0]).toEqual({ total: 0, units: 1, payment: "paid" });
  expect([...world.outside.charges.keys()].filter((key) => key.startsWith(again))).toEqual([]);
  expect(await mugs()).toMatchObject({ onHand: 7 });
  // What was written off cannot come back as a return.
  const request = { orderId, lines: [{ lineId: "1", quantity: 2 }], reason: "defective", by } as const;
  expect(await requestReturn(world.context, request)).toMatchObject({ code: "not_returnable" });
});

test("where the stock is not to be had, nothing is sent again and nothing changes", async () => {
  const orderId = await shippedOrder();
  await open(orderId, "lost");
  const taken = (locationId: string) => ({
    type: "reserve" as const,
    commandId: `${orderId}:${locationId}`,
    holdId: `${orderId}:${locationId}`,
    sku: "MUG",
    locationId,
    quantity: locationId === "reno" ? 8 : 10,
    expiresAtMs: 0,
    atMs: 0,
    cause: "test",
  });
  await world.stock.execute([taken("reno"), taken("omaha")]);
  const claimId = `${orderId}-C1`;
  expect(await reshipClaim(world.context, { claimId, by })).toMatchObject({ code: "insufficient_stock" });
  expect(await claim(claimId)).toMatchObject({ status: "open" });
  expect(await writtenOff(orderId)).toBe(0);
  const { rowCount } = await world.database.query("select from orders where id = $1", [`${claimId}-X1`]);
  expect(rowCount).toBe(0);
});

test("a parcel that the carrier brings back opens a claim, is taken in at the dock, and is paid back", async () => {
  const orderId = await shippedOrder();
  await world.track(`${orderId}-F1-S1`, "return_to_sender");
  await world.track(`${orderId}-F1-S1`, "return_to_sender");
  const claimId = `${orderId}-C1`;
  expect(await claim(claimId)).toEqual({ kind: "return_to_sender", status: "open", carrier: "none" });
  const lines = [{ lineId: "1", restocked: 1, damaged: 1 }];
  expect(
    await receiveClaim(world.context, { claimId, lines: [{ lineId: "1", restocked: 2, damaged: 1 }], by }),
  ).toMatchObject({ code: "quantity_exceeds_line" });
  world.failNext("restockClaim", "after");
  for (const _ of [1, 2])
    expect(await receiveClaim(world.context, { claimId, lines, by })).toEqual({ status: "done" });
  expect(await outcomeOf(world, `${claimId}:receipt`)).toEqual({ status: "received" });
  expect(await mugs()).toEqual({ onHand: 10, unavailable: 1 });
  await refundClaim(world.context, { claimId, amountMinor: 10_500, giver });
  expect(await outcomeOf(world, `${orderId}-M1`)).toEqual({ status: "refunded" });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await timeline(world, orderId)).toEqual(
    expect.arrayContaining(["claim.opened", "claim.received", "claim.restocked", "claim.refunded"]),
  );
});

test("what a claim pays beyond its goods is given away, within the limit of the role", async () => {
  const orderId = await shippedOrder();
  await open(orderId, "lost");
  const claimId = `${orderId}-C1`;
  const limited = {
    by,
    role: "service",
    limits: [{ role: "service", amount: "4.99", currency: null }],
    roles: ["finance", "service"],
  };
  const refund = (amountMinor: number) =>
    refundClaim(world.context, { claimId, amountMinor, giver: limited });
  await eventually("the capture", async () => {
    const { rowCount } = await world.database.query(
      "select from payment where order_id = $1 and captured_minor = 10500",
      [orderId],
    );
    return rowCount === 1;
  });
  expect(await refund(10_500)).toMatchObject({ code: "refund_limit_exceeded" });
  expect(await claim(claimId)).toMatchObject({ status: "open" });
  expect(await refund(10_499)).toEqual({ status: "done" });
  expect(await givenToday(world.database, orderId, "service")).toBe(499);
});

test("units that are in a return cannot be claimed as damaged as well", async () => {
  const orderId = await shippedOrder();
  await deliver(world, `${orderId}-F1-S1`);
  await outcomeOf(world, orderId);
  await open(orderId, "damaged");
  await requestReturn(world.context, {
    orderId,
    lines: [{ lineId: "1", quantity: 1 }],
    reason: "defective",
    by,
  });
  expect(await refundClaim(world.context, { claimId: `${orderId}-C1`, giver })).toMatchObject({
    code: "not_returnable",
  });
  expect(await rejectClaim(world.context, { claimId: `${orderId}-C1`, note: "See the return.", by })).toEqual(
    {
      status: "done",
    },
  );
  expect(await open(orderId, "damaged", 1)).toMatchObject({ status: "done" });
});

test("of a lost parcel that a channel was paid for, the channel owes the money", async () => {
  const orderId = await shippedOrder({ paymentBy: "channel" });
  await open(orderId, "lost");
  await refundClaim(world.context, { claimId: `${orderId}-C1`, giver });
  await eventually("the debt", async () => {
    const { rows } = await world.database.query("select status from refund where order_id = $1", [orderId]);
    return rows[0]?.status === "due_at_channel";
  });
});
