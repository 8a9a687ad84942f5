import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import { approveReturn } from "../../operations/returns/decide-return.ts";
import { inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { creditBonus, type WantedWay } from "../../orders/returns/refund-way.ts";
import { setReturnRules } from "../../store/returns/returns.ts";
import { deliver, mailKinds, outcomeOf, pack, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type NewOrder, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(async () => {
  await setReturnRules(world.database, "shop", {});
  await world.reset();
});
afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

const CREDIT: WantedWay = { refundTo: "store_credit" };

/** 4 mugs at 33.33, and 5.00 shipping. */
async function deliveredOrder(order: Partial<NewOrder> = {}): Promise<string> {
  const lines = [{ sku: "MUG", quantity: 4, priceMinor: 3333, at: { reno: 4 } }];
  const orderId = await world.placeOrder({ lines, ...order });
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  return orderId;
}

function ask(orderId: string, quantity: number, way: WantedWay, by = "shopper") {
  const lines = [{ lineId: "1", quantity }];
  return requestReturn(world.context, { orderId, lines, reason: "too_small", by, key: "k", ...way });
}

async function announce(...request: Parameters<typeof ask>): Promise<string> {
  const asked = await ask(...request);
  if (asked.status !== "done") throw new Error(asked.detail);
  await eventually(`${asked.returnId} approved`, async () => {
    const { rowCount } = await world.database.query("select from shipment where return_id = $1", [
      asked.returnId,
    ]);
    return rowCount === 1;
  });
  return asked.returnId;
}

/** So many units come and are inspected; the choice of staff with it. */
async function comeBack(returnId: string, quantity: number, key: string, way: WantedWay = {}) {
  const by = "staff:dock";
  const parcel = { returnId, lines: [{ lineId: "1", quantity }], key, by };
  expect(await receiveReturn(world.context, parcel)).toEqual({ status: "done" });
  const disposition = "restocked" as const;
  const found = { returnId, lines: [{ lineId: "1", quantity, disposition }], key, by, ...way };
  const inspected = await inspectReturn(world.context, found);
  expect(await inspectReturn(world.context, found)).toEqual(inspected);
  return inspected;
}

async function refunded(returnId: string, times: number): Promise<void> {
  await eventually(`${times} refunds of ${returnId}`, async () => {
    const { rowCount } = await world.database.query(
      "select from return_inspection where return_id = $1 and refunded_at is not null",
      [returnId],
    );
    return rowCount === times;
  });
}

/** What was added to the customer's store credit. */
async function credited(orderId: string): Promise<readonly string[]> {
  const { rows } = await world.database.query<{ entry: string }>(
    "select kind || ' ' || amount_minor as entry from store_credit_entry where order_id = $1 order by id",
    [orderId],
  );
  return rows.map(({ entry }) => entry);
}

async function refundRows(orderId: string) {
  const { rows } = await world.database.query<{
    status: string;
    payment: number;
    credit: number;
    channel: number;
  }>(
    `select status, payment_minor as payment, store_credit_minor as credit, channel_minor as channel
     from refund where order_id = $1 order by requested_at, id`,
    [orderId],
  );
  return rows;
}

function refundCalls(orderId: string): readonly string[] {
  return [...world.outside.charges].flatMap(([key, charge]) =>
    key.startsWith(orderId) && charge.startsWith("refund") ? [charge] : [],
  );
}

test("a return becomes store credit with the rule's bonus, once, however it comes and whatever breaks", async () => {
  await setReturnRules(world.database, "shop", { storeCreditBonusPercent: 7 });
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 2, CREDIT);
  world.failNext("refundInspection", "after");
  await comeBack(returnId, 1, "a");
  await refunded(returnId, 1);
  await comeBack(returnId, 1, "b");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  // 7 % of 66.66 are 4.66, however the goods came.
  expect(await credited(orderId)).toEqual(["issued 3333", "bonus 233", "issued 3333", "bonus 233"]);
  expect(refundCalls(orderId)).toEqual([]);
  expect(await mailKinds(world, orderId)).toContain("refund_issued");
  expect(await timeline(world, orderId)).toEqual(
    expect.arrayContaining(["return.pays_out_as", "store_credit.issued"]),
  );
  expect(await timeline(world, orderId)).not.toContain("payment.refunded");
  const { rows } = await world.database.query("select payment_status as payment from orders where id = $1", [
    orderId,
  ]);
  expect(rows[0]).toEqual({ payment: "partially_refunded" });
});

test("staff choose it at the inspection, for what is not refunded yet", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 3, {});
  await comeBack(returnId, 1, "a");
  await refunded(returnId, 1);
  await comeBack(returnId, 1, "b", CREDIT);
  await refunded(returnId, 2);
  await comeBack(returnId, 1, "c", { refundTo: "original" });
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(refundCalls(orderId)).toEqual(["refund 3333", "refund 3333"]);
  expect(await credited(orderId)).toEqual(["issued 3333"]);
});

test("staff choose it when they approve, and a shopper only where it is offered", async () => {
  await setReturnRules(world.database, "shop", { reasons: { too_small: "ask" }, offerStoreCredit: false });
  const orderId = await deliveredOrder();
  expect(await ask(orderId, 1, CREDIT)).toMatchObject({ code: "store_credit_not_offered" });
  const asked = await ask(orderId, 1, {});
  if (asked.status !== "done") throw new Error(asked.detail);
  const { returnId } = asked;
  expect(await approveReturn(world.context, { returnId, why: "", by: "staff:sue", ...CREDIT })).toEqual({
    status: "done",
  });
  await comeBack(returnId, 1, "a");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await credited(orderId)).toEqual(["issued 3333"]);
  expect(refundCalls(orderId)).toEqual([]);
});

test("what is said of the money of a return that the rules have approved counts all the same", async () => {
  const orderId = await deliveredOrder();
  const returnId = await announce(orderId, 1, {});
  expect(await approveReturn(world.context, { returnId, why: "", by: "staff:sue", ...CREDIT })).toEqual({
    status: "done",
  });
  await comeBack(returnId, 1, "a");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await credited(orderId)).toEqual(["issued 3333"]);
});

test("what a channel has taken is the channel's to refund, unless staff give credit instead", async () => {
  const orderId = await deliveredOrder({ paymentBy: "channel" });
  const instead = { ...CREDIT, insteadOfChannel: true };
  for (const [way, by] of [
    [CREDIT, "shopper"],
    [instead, "shopper"],
    [CREDIT, "staff:sue"],
  ] as const)
    expect(await ask(orderId, 1, way, by)).toMatchObject({ code: "payment_held_by_channel" });
  const { rowCount } = await world.database.query("select from return_authorization where order_id = $1", [
    orderId,
  ]);
  expect(rowCount).toBe(0);

  const returnId = await announce(orderId, 2, {});
  expect(await comeBack(returnId, 1, "a", CREDIT)).toMatchObject({ code: "payment_held_by_channel" });
  const { rows } = await world.database.query(
    "select (select count(*)::int from return_inspection where return_id = $1) as inspections",
    [returnId],
  );
  expect(rows[0]).toEqual({ inspections: 0 });
  const by = "staff:dock";
  const line = { lineId: "1", quantity: 1, disposition: "restocked" as const };
  const found = { returnId, lines: [line], key: "b", by, ...instead };
  expect(await inspectReturn(world.context, found)).toMatchObject({ status: "done" });
  await refunded(returnId, 1);
  await comeBack(returnId, 1, "c");
  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  expect(await refundRows(orderId)).toEqual([
    { status: "done", payment: 0, credit: 3333, channel: 0 },
    { status: "done", payment: 0, credit: 3333, channel: 0 },
  ]);
  expect(await mailKinds(world, orderId)).not.toContain("refund_at_channel");
  // The channel keeps what we gave credit for: of 138.32, 71.66 can still go back.
  const giver = { by: "staff:fin", role: "finance", limits: [], roles: ["finance"] };
  const gift = { orderId, reason: "goodwill", to: "original", bonusPercent: 0, note: "", giver } as const;
  expect(await requestRefund(world.context, { ...gift, amountMinor: 7167, key: "1" })).toMatchObject({
    code: "refund_exceeds_paid",
  });
});

test("refund and credit together are what was paid for what came back, in whatever way each part went", async () => {
  const way = fc.constantFrom<WantedWay>({ refundTo: "original" }, CREDIT, {});
  await fc.assert(
    fc.asyncProperty(
      fc.array(way, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 100 }),
      async (ways, percent) => {
        await setReturnRules(world.database, "shop", { storeCreditBonusPercent: percent });
        // All of it comes back into the stock: the shelf holds enough for one order after another.
        const lines = [{ sku: "MUG", quantity: ways.length, priceMinor: 3333, at: { reno: ways.length } }];
        const orderId = await deliveredOrder({ lines });
        const returnId = await announce(orderId, ways.length, {});
        for (const [index, wanted] of ways.entries()) {
          await comeBack(returnId, 1, String(index), wanted);
          await refunded(returnId, index + 1);
        }
        expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
        const rows = await refundRows(orderId);
        const sum = rows.reduce((total, { payment, credit }) => total + payment + credit, 0);
        expect(sum).toBe(3333 * ways.length);
        const entries = await credited(orderId);
        const of = (kind: string) =>
          entries.reduce(
            (total, entry) => total + (entry.startsWith(kind) ? Number(entry.split(" ")[1]) : 0),
            0,
          );
        expect(of("issued")).toBe(rows.reduce((total, { credit }) => total + credit, 0));
        expect(of("bonus")).toBe(creditBonus(of("issued"), percent));
      },
    ),
    { numRuns: 5 },
  );
});
