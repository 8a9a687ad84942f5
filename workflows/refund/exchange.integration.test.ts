import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { releaseHold } from "../../operations/holds/release-hold.ts";
import { exchangeReturn } from "../../operations/refunds/exchange-return.ts";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import { inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { givenToday } from "../../store/refunds/gifts.ts";
import { readReturnView } from "../../store/returns/return-views.ts";
import {
  deliver,
  held,
  mailKinds,
  onTheFloor,
  outcomeOf,
  pack,
  timeline,
} from "../../test-support/saga-steps.ts";
import { eventually, type NewOrder, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

const by = "staff:sue";
const finance = { by, role: "finance", limits: [], roles: ["finance"] };

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

/** 2 mugs at 50.00 and 5.00 shipping, delivered; one mug is to come back. */
async function returning(order: Partial<NewOrder> = {}): Promise<{ orderId: string; returnId: string }> {
  const orderId = await world.placeOrder(order);
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  await outcomeOf(world, orderId);
  const announced = await requestReturn(world.context, {
    orderId,
    lines: [{ lineId: "1", quantity: 1 }],
    reason: "too_small",
    by,
  });
  if (announced.status !== "done") throw new Error(announced.detail);
  const { returnId } = announced;
  await eventually("the label", async () => {
    const { rowCount } = await world.database.query("select from shipment where return_id = $1", [returnId]);
    return rowCount === 1;
  });
  return { orderId, returnId };
}

function exchange(returnId: string, quantity: number, unitPriceMinor?: number) {
  const item = { sku: "CAP", quantity, ...(unitPriceMinor === undefined ? {} : { unitPriceMinor }) };
  return exchangeReturn(world.context, { returnId, items: [item], giver: finance });
}

async function comeBack(returnId: string): Promise<void> {
  await receiveReturn(world.context, { returnId, by });
  await inspectReturn(world.context, { returnId, lines: [{ lineId: "1", disposition: "restocked" }], by });
}

async function reservedCaps(): Promise<number> {
  return (await world.stock.positions(["CAP"])).reduce((sum, { reserved }) => sum + reserved, 0);
}

function charges(prefix: string): readonly string[] {
  return [...world.outside.charges].flatMap(([key, charge]) => (key.startsWith(prefix) ? [charge] : []));
}

test("an even exchange reserves the new goods at once and ships them once the old ones are back", async () => {
  const { orderId, returnId } = await returning();
  const other = `${returnId}-X1`;
  for (const _ of [1, 2]) expect(await exchange(returnId, 1)).toEqual({ status: "done", orderId: other });
  expect(await reservedCaps()).toBe(1);
  expect(await readReturnView(world.database, returnId)).toMatchObject({ exchangeOrderId: other });
  await held(world, other, "awaiting_return");
  await comeBack(returnId);
  expect(await outcomeOf(world, returnId)).toMatchObject({ status: "refunded" });
  await pack(world, `${other}-F1`);
  await deliver(world, `${other}-F1-S1`);
  expect(await outcomeOf(world, other)).toEqual({ status: "completed" });
  expect(charges(other)).toEqual([]);
  expect(charges(`${returnId}:`)).toEqual([]);
  expect(await mailKinds(world, orderId)).not.toContain("refund_issued");
  expect(await timeline(world, orderId)).toEqual(
    expect.arrayContaining(["return.exchanged", "refund.exchanged"]),
  );
});

test("a dearer exchange is charged for the difference before it ships", async () => {
  const { returnId } = await returning();
  const other = `${returnId}-X1`;
  await exchange(returnId, 1, 8000);
  await comeBack(returnId);
  await pack(world, `${other}-F1`);
  await deliver(world, `${other}-F1-S1`);
  expect(await outcomeOf(world, other)).toEqual({ status: "completed" });
  expect(charges(other)).toEqual(["authorize 3000", "capture 3000 final"]);
  expect(charges(`${returnId}:`)).toEqual([]);
});

test("of a cheaper exchange the difference goes back to the way the customer paid", async () => {
  const { orderId, returnId } = await returning();
  await exchange(returnId, 1, 3500);
  await comeBack(returnId);
  await outcomeOf(world, returnId);
  expect(charges(`${returnId}:`)).toEqual(["refund 1500"]);
  await onTheFloor(world, `${returnId}-X1-F1`);
  expect(charges(`${returnId}-X1`)).toEqual([]);
  expect(await mailKinds(world, orderId)).toContain("refund_issued");
});

test("where the new goods are not to be had, the exchange is refused and nothing changes", async () => {
  const { orderId, returnId } = await returning();
  expect(await exchange(returnId, 11)).toMatchObject({ status: "refused", code: "insufficient_stock" });
  expect(await reservedCaps()).toBe(0);
  await comeBack(returnId);
  await outcomeOf(world, returnId);
  expect(charges(`${returnId}:`)).toEqual(["refund 5000"]);
  expect(await timeline(world, orderId)).not.toContain("return.exchanged");
  expect(await exchange(returnId, 1)).toMatchObject({ code: "exchange_impossible" });
});

test("a return that is withdrawn takes the order in exchange with it", async () => {
  const { returnId } = await returning();
  await exchange(returnId, 1);
  await held(world, `${returnId}-X1`, "awaiting_return");
  await world.tellReturn(returnId, { key: "withdraw-1", type: "cancelled" });
  expect(await outcomeOf(world, `${returnId}-X1`)).toEqual({ status: "cancelled" });
  expect(await reservedCaps()).toBe(0);
});

test("of an order that a channel was paid for, only the difference is due at the channel", async () => {
  const { orderId, returnId } = await returning({ paymentBy: "channel" });
  await exchange(returnId, 1, 4000);
  await comeBack(returnId);
  await outcomeOf(world, returnId);
  const { rows } = await world.database.query(
    "select status, channel_minor as channel, exchange_minor as exchange from refund where order_id = $1",
    [orderId],
  );
  expect(rows).toEqual([{ status: "due_at_channel", channel: 1000, exchange: 4000 }]);
});

const service = (amount: string) => ({
  by,
  role: "service",
  limits: [{ role: "service", amount, currency: null }],
  roles: ["finance", "service"],
});
const cap = (unitPriceMinor: number, quantity = 1) => [{ sku: "CAP", quantity, unitPriceMinor }];

test("a role with a limit cannot give goods away by their price", async () => {
  const { orderId, returnId } = await returning();
  const giver = service("10.00");
  expect(await exchangeReturn(world.context, { returnId, items: cap(3999), giver })).toMatchObject({
    code: "refund_limit_exceeded",
  });
  // What was refused, for want of stock too, is not given.
  expect(await exchangeReturn(world.context, { returnId, items: cap(4990, 11), giver })).toMatchObject({
    code: "insufficient_stock",
  });
  expect(await givenToday(world.database, orderId, "service")).toBe(0);
  expect(await exchangeReturn(world.context, { returnId, items: cap(4000), giver })).toMatchObject({
    status: "done",
  });
  expect(await givenToday(world.database, orderId, "service")).toBe(1000);
  const gift = { orderId, reason: "goodwill", to: "original", bonusPercent: 0, note: "", giver } as const;
  expect(await requestRefund(world.context, { ...gift, amountMinor: 1, key: "g" })).toMatchObject({
    code: "refund_limit_exceeded",
  });
});

test("a price that can be compared with none is not for a role with a limit to name", async () => {
  const { returnId } = await returning();
  await world.database.query("update product set currency = 'EUR' where sku = 'CAP'");
  try {
    const asked = { returnId, items: cap(4999), giver: service("500.00") };
    expect(await exchangeReturn(world.context, asked)).toMatchObject({ code: "price_not_comparable" });
    expect(await exchangeReturn(world.context, { ...asked, giver: finance })).toMatchObject({
      status: "done",
    });
  } finally {
    await world.database.query("update product set currency = 'USD' where sku = 'CAP'");
  }
});

test("a rule of the channel looks at what the goods in exchange are, and not again at where they go", async () => {
  const { returnId } = await returning();
  const rules = { skus: ["CAP"], countries: ["US"] };
  await world.database.query("update channel set hold_rules = $1", [JSON.stringify(rules)]);
  try {
    await exchange(returnId, 1);
    const { rows } = await world.database.query("select hold_reasons as held from orders where id = $1", [
      `${returnId}-X1`,
    ]);
    expect(rows[0].held).toMatchObject([
      { code: "awaiting_return" },
      { code: "held_by_rule", detail: "CAP is only sent after a look." },
    ]);
    await comeBack(returnId);
    await outcomeOf(world, returnId);
    await held(world, `${returnId}-X1`, "held_by_rule");
    await releaseHold(world.context, { orderId: `${returnId}-X1`, by });
    await onTheFloor(world, `${returnId}-X1-F1`);
  } finally {
    await world.database.query("update channel set hold_rules = '{}'");
  }
});
