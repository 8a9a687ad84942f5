import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { DEFAULT_REFUND_LIMITS, readRefundLimits } from "../../config/refund-limits.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { captureOrders } from "../../operations/capture/capture-order.ts";
import { confirmChannelRefund } from "../../operations/refunds/confirm-channel-refund.ts";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import { confirmRefund, retryRefund, withdrawRefund } from "../../operations/refunds/settle-refund.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { oweAtChannel } from "../../store/refunds/settle-refund.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { cancel, deliver, mailKinds, outcomeOf, pack, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type NewOrder, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;
let asked = 0;

const limits = readRefundLimits(DEFAULT_REFUND_LIMITS) ?? [];
const roles = ["admin", "finance", "operations", "service"];
const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });
const finance = { by: "staff:fin", role: "finance", limits, roles };
const service = { by: "staff:sue", role: "service", limits, roles };

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

/** 2 x 50.00 and 5.00 shipping. */
async function deliveredOrder(order: Partial<NewOrder> = {}): Promise<string> {
  const orderId = await world.placeOrder(order);
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  await outcomeOf(world, orderId);
  return orderId;
}

type Request = Parameters<typeof requestRefund>[1];

function ask(orderId: string, amountMinor: number, change: Partial<Request> = {}) {
  asked += 1;
  return requestRefund(world.context, {
    orderId,
    amountMinor,
    reason: "goodwill",
    to: "original",
    bonusPercent: 0,
    note: "",
    giver: finance,
    key: `key-${asked}`,
    ...change,
  });
}

async function given(orderId: string, amountMinor: number, change: Partial<Request> = {}): Promise<string> {
  const result = await ask(orderId, amountMinor, change);
  if (result.status !== "done") throw new Error(result.detail);
  return result.refundId;
}

async function row(refundId: string) {
  const { rows } = await world.database.query(
    `select status, amount_minor as amount, payment_minor as payment, store_credit_minor as credit,
       channel_minor as channel, confirmed_minor as confirmed from refund where id = $1`,
    [refundId],
  );
  return rows[0];
}

/** What the provider has refunded of the order, in the order of its answers. */
function providerRefunds(orderId: string): readonly string[] {
  return [...world.outside.charges].flatMap(([key, charge]) =>
    key.startsWith(`${orderId}:refund:`) && charge.startsWith("refund") ? [charge] : [],
  );
}

async function paymentStatus(orderId: string): Promise<string> {
  const { rows } = await world.database.query("select payment_status from orders where id = $1", [orderId]);
  return rows[0].payment_status;
}

test("goodwill is paid out once, is told to the shopper, and a repeated request is the first refund", async () => {
  const orderId = await deliveredOrder();
  const refundId = await given(orderId, 1500, { key: "same", note: "Late by a week" });
  expect(refundId).toBe(`${orderId}-M1`);
  expect(await given(orderId, 1500, { key: "same" })).toBe(refundId);
  expect(await outcomeOf(world, refundId)).toEqual({ status: "refunded" });
  expect(await row(refundId)).toMatchObject({ status: "done", amount: 1500, payment: 1500 });
  expect(providerRefunds(orderId)).toEqual(["refund 1500"]);
  expect(await paymentStatus(orderId)).toBe("partially_refunded");
  expect(await timeline(world, orderId)).toEqual(
    expect.arrayContaining(["refund.requested", "payment.refunded"]),
  );
  expect(await mailKinds(world, orderId)).toContain("refund_issued");
});

test("ten people at once give no more than was paid", async () => {
  const orderId = await deliveredOrder();
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(orderId, 2000)));
  const done = answers.flatMap((answer) => (answer.status === "done" ? [answer.refundId] : []));
  expect(done).toHaveLength(5);
  expect(answers.filter((answer) => answer.status === "refused")).toMatchObject(
    Array.from({ length: 5 }, () => ({ code: "refund_exceeds_paid" })),
  );
  for (const refundId of done) await outcomeOf(world, refundId);
  expect(await ask(orderId, 501)).toMatchObject({ code: "refund_exceeds_paid" });
  await outcomeOf(world, await given(orderId, 500));
  expect(await paymentStatus(orderId)).toBe("refunded");
});

test("nothing goes back of an order that nothing was paid for", async () => {
  const orderId = await world.placeOrder({
    holdReasons: [{ code: "address_missing", detail: "No address." }],
  });
  expect(await ask(orderId, 1)).toMatchObject({ status: "refused", code: "refund_exceeds_paid" });
});

test("a role gives no more than its limit on one order in a day, and is told who can", async () => {
  const orderId = await deliveredOrder();
  const other = await deliveredOrder();
  await given(orderId, 3000, { giver: service });
  const refused = await ask(orderId, 2001, { giver: { ...service, by: "staff:sam" } });
  expect(refused).toMatchObject({ code: "refund_limit_exceeded" });
  expect(refused).toMatchObject({
    detail: expect.stringContaining("30.00 USD are given: 20.01 USD are too much. admin or finance can"),
  });
  await given(orderId, 2000, { giver: service });
  expect(await ask(other, 4600, { giver: service, to: "store_credit", bonusPercent: 10 })).toMatchObject({
    code: "refund_limit_exceeded",
  });
  await given(other, 5000, { giver: service });
  await given(orderId, 5500, { giver: finance });
});

test("a refund that the provider declines waits, and is asked for again under a new key", async () => {
  const orderId = await deliveredOrder();
  world.outside.declines.push("The balance is too low.");
  const refundId = await given(orderId, 10_500);
  await eventually("the decline", async () => (await row(refundId)).status === "failed");
  // Its money is free meanwhile, and the retry looks again.
  const between = await given(orderId, 9000, { to: "store_credit" });
  await outcomeOf(world, between);
  const by = "staff:fin";
  expect(await retryRefund(world.context, { refundId, by })).toMatchObject({ code: "refund_exceeds_paid" });
  expect(await withdrawRefund(world.context, { refundId, by })).toEqual({ status: "done" });
  expect(await outcomeOf(world, refundId)).toEqual({ status: "withdrawn" });
  expect(await row(refundId)).toMatchObject({ status: "withdrawn" });

  world.outside.declines.push("Try later.");
  const again = await given(orderId, 1500);
  await eventually("the decline", async () => (await row(again)).status === "failed");
  expect(await retryRefund(world.context, { refundId: again, by })).toEqual({ status: "done" });
  expect(await outcomeOf(world, again)).toEqual({ status: "refunded" });
  expect(providerRefunds(orderId)).toEqual(["refund 1500"]);
  expect(await retryRefund(world.context, { refundId: again, by })).toMatchObject({
    code: "refund_not_failed",
  });
});

test("refunds at the same time share out what was captured by several authorisations", async () => {
  const orderId = await deliveredOrder();
  await world.database.query(
    `insert into payment_authorization (key, order_id, provider, account, reference, currency, amount_minor,
       captured_minor, refunded_minor, state, at)
     select key || ':2', order_id, provider, account, reference, currency, 3000, 3000, 0, state, at + interval '1 minute'
     from payment_authorization where order_id = $1`,
    [orderId],
  );
  await world.database.query(
    `update payment set authorized_minor = authorized_minor + 3000, captured_minor = captured_minor + 3000
     where order_id = $1`,
    [orderId],
  );
  // Asked for, and not answered: the process that asks died, or the answer is on its way.
  const underWay = await given(orderId, 6000, { to: "store_credit" });
  await outcomeOf(world, underWay);
  await world.database.query(
    `update refund set status = 'pending', payment_minor = 6000, store_credit_minor = 0, to_store_credit = false
     where id = $1`,
    [underWay],
  );
  await world.database.query(
    `insert into payment_transaction (key, order_id, provider, account, type, amount_minor, currency, status, authorization_key)
     select r.key || ':1', r.order_id, a.provider, a.account, 'refund', 6000, 'USD', 'pending', a.key
     from refund r join payment_authorization a using (order_id) where r.id = $1 and a.key not like '%:2'`,
    [underWay],
  );
  const refundId = await given(orderId, 6000);
  expect(await outcomeOf(world, refundId)).toEqual({ status: "refunded" });
  const { rows } = await world.database.query(
    `select t.amount_minor as minor, t.authorization_key like '%:2' as "isSecond" from payment_transaction t
     join refund r on t.key ^@ (r.key || ':') where r.id = $1 order by t.key`,
    [refundId],
  );
  expect(rows).toEqual([
    { minor: 4500, isSecond: false },
    { minor: 1500, isSecond: true },
  ]);
});

test("a refund whose answer was lost is paid out once", async () => {
  const orderId = await deliveredOrder();
  for (const fault of ["before", "after"] as const) {
    world.failNext("payRefund", fault);
    expect(await outcomeOf(world, await given(orderId, 1000))).toEqual({ status: "refunded" });
  }
  expect(providerRefunds(orderId)).toEqual(["refund 1000", "refund 1000"]);
});

test("store credit keeps the money here, comes with its bonus, and leaves that much less to refund", async () => {
  const orderId = await deliveredOrder();
  const refundId = await given(orderId, 4000, { to: "store_credit", bonusPercent: 10 });
  await outcomeOf(world, refundId);
  expect(providerRefunds(orderId)).toEqual([]);
  const { rows } = await world.database.query(
    `select a.holder, a.balance_minor as balance, array_agg(e.kind || ' ' || e.amount_minor order by e.id) as entries
     from store_credit_account a join store_credit_entry e on e.account_id = a.id and e.refund_id = $1
     group by a.id`,
    [refundId],
  );
  expect(rows).toEqual([
    { holder: "ada@example.test", balance: expect.any(Number), entries: ["issued 4000", "bonus 400"] },
  ]);
  expect(await ask(orderId, 6501)).toMatchObject({ code: "refund_exceeds_paid" });
  expect(await outcomeOf(world, await given(orderId, 6500))).toEqual({ status: "refunded" });
  expect(await paymentStatus(orderId)).toBe("refunded");
});

test("the ledger of store credit is only ever added to, and no balance falls below zero", async () => {
  const { database } = world;
  await expect(database.query("update store_credit_entry set amount_minor = 1")).rejects.toThrow(/neither/);
  await expect(database.query("delete from store_credit_entry")).rejects.toThrow(/neither/);
  await expect(
    database.query("update store_credit_account set balance_minor = balance_minor - 1000000"),
  ).rejects.toThrow(/balance_minor/);
});

test("what a channel was paid is due there until the channel says that it has refunded it", async () => {
  const orderId = await deliveredOrder({ paymentBy: "channel" });
  const refundId = await given(orderId, 4000);
  expect(await outcomeOf(world, refundId)).toEqual({ status: "due_at_channel" });
  expect(await row(refundId)).toMatchObject({ status: "due_at_channel", channel: 4000, confirmed: 0 });
  expect(await paymentStatus(orderId)).toBe("paid_at_channel");
  expect(await mailKinds(world, orderId)).toContain("refund_at_channel");
  expect(await mailKinds(world, orderId)).not.toContain("refund_issued");

  const told = { orderId, amount: usd(2500), externalRefundId: "re-1", by: "channel:shop" };
  expect(await confirmChannelRefund(world.context, told)).toEqual({ status: "done", unmatchedMinor: 0 });
  expect(await confirmChannelRefund(world.context, told)).toEqual({ status: "done", unmatchedMinor: 0 });
  expect(await row(refundId)).toMatchObject({ status: "due_at_channel", confirmed: 2500 });
  expect(await paymentStatus(orderId)).toBe("partially_refunded");
  const by = "staff:fin";
  const over = { refundId, externalRefundId: "re-2", amountMinor: 1501, by };
  expect(await confirmRefund(world.context, over)).toMatchObject({ code: "refund_exceeds_due" });
  const known = { refundId, externalRefundId: "re-1", by };
  expect(await confirmRefund(world.context, known)).toMatchObject({ code: "external_refund_known" });
  expect(await confirmRefund(world.context, { refundId, externalRefundId: "re-2", by })).toEqual({
    status: "done",
  });
  expect(await row(refundId)).toMatchObject({ status: "confirmed_by_channel", confirmed: 4000 });
});

test("a channel that refunds before we know why closes what becomes due afterwards", async () => {
  const by = "channel:shop";
  const whole = await deliveredOrder({ paymentBy: "channel" });
  await confirmChannelRefund(world.context, {
    orderId: whole,
    amount: usd(10_500),
    externalRefundId: "re-1",
    by,
  });
  // It has all been refunded: a gift on top would be more than was paid.
  expect(await ask(whole, 100)).toMatchObject({ code: "refund_exceeds_paid" });
  const orderId = await deliveredOrder({ paymentBy: "channel" });
  await confirmChannelRefund(world.context, { orderId, amount: usd(1500), externalRefundId: "re-2", by });
  const refundId = await given(orderId, 4000);
  await outcomeOf(world, refundId);
  expect(await row(refundId)).toMatchObject({ status: "due_at_channel", channel: 4000, confirmed: 1500 });
});

test("a channel's own message closes what is due there, once however often it comes", async () => {
  const orderId = await deliveredOrder({ paymentBy: "channel" });
  const refundId = await given(orderId, 4000);
  await outcomeOf(world, refundId);
  const say = (message: object) =>
    captureOrders(world.context, {
      channelId: "shop",
      topic: "order.refunded",
      payload: JSON.stringify({ id: orderId.slice("shop-".length), refundId: "r1", ...message }),
      adapters: channelAdapters,
      cause: "channel:shop",
    });
  expect(await say({ amount: "40.00", currency: "EUR" })).toMatchObject([{ code: "currency_mismatch" }]);
  expect(await say({ amount: "0", currency: "USD" })).toMatchObject([{ code: "negative_amount" }]);
  for (const _ of [1, 2])
    expect(await say({ amount: "40.00", currency: "USD" })).toMatchObject([{ detail: "refund noted" }]);
  expect(await row(refundId)).toMatchObject({ status: "confirmed_by_channel", confirmed: 4000 });
  expect(await say({ id: "nobody", amount: "1", currency: "USD" })).toMatchObject([
    { code: "order_not_found" },
  ]);
});

test("what a change made cheaper is due at the channel beside the worth of what is left, not out of it", async () => {
  const orderId = await deliveredOrder({ paymentBy: "channel" });
  await world.database.query(
    "update orders set document = jsonb_set(document, '{total,minor}', '6500') where id = $1",
    [orderId],
  );
  await inTransaction(world.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) throw new Error("the order is gone");
    await oweAtChannel(client, order, {
      orderId,
      key: `${orderId}:r2`,
      reason: "overpayment",
      currency: "USD",
      askedMinor: 4000,
      requestedBy: "staff:sue",
    });
  });
  expect(await ask(orderId, 6501)).toMatchObject({ code: "refund_exceeds_paid" });
  expect(await outcomeOf(world, await given(orderId, 6500))).toEqual({ status: "due_at_channel" });
});

test("an order that a channel was paid for and that we cancel is due there; one that the channel cancels is not", async () => {
  const ours = await world.placeOrder({ paymentBy: "channel" });
  await cancel(world, ours);
  await outcomeOf(world, ours);
  expect(await row(`${ours}-M1`)).toMatchObject({ status: "due_at_channel", channel: 10_500 });
  const theirs = await world.placeOrder({ paymentBy: "channel" });
  await world.tell(theirs, { key: "c", type: "cancel-requested", reason: "Sold out.", by: "channel:shop" });
  await outcomeOf(world, theirs);
  expect(await row(`${theirs}-M1`)).toBeUndefined();
});
