import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { releaseHold } from "../../operations/holds/release-hold.ts";
import { applyStoreCredit, dropStoreCredit } from "../../operations/refunds/apply-store-credit.ts";
import { grantStoreCredit, withdrawStoreCredit } from "../../operations/refunds/grant-store-credit.ts";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import {
  cancel,
  deliver,
  held,
  onTheFloor,
  outcomeOf,
  pack,
  release,
  timeline,
} from "../../test-support/saga-steps.ts";
import { eventually, type NewOrder, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;
let serial = 0;

const giver = { by: "staff:fin", role: "finance", limits: [], roles: ["finance"] };

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

/** A new customer with so much credit. */
async function credit(amountMinor: number, currency = "USD") {
  serial += 1;
  const granted = await grantStoreCredit(world.context, {
    companyId: "acme",
    email: `Customer${serial}@Example.test`,
    currency,
    amountMinor,
    bonusPercent: 0,
    note: "",
    giver,
    key: `grant-${serial}`,
  });
  if (granted.status !== "done") throw new Error(granted.detail);
  return granted;
}

async function balance(accountId: string): Promise<number> {
  const { rows } = await world.database.query(
    "select balance_minor as balance from store_credit_account where id = $1",
    [accountId],
  );
  return rows[0].balance;
}

/** 2 x 50.00 and 5.00 shipping. */
async function fulfil(order: Partial<NewOrder>): Promise<string> {
  const orderId = await world.placeOrder(order);
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  return orderId;
}

/** What the provider did for the order. */
function charges(orderId: string): readonly string[] {
  return [...world.outside.charges].flatMap(([key, charge]) => (key.startsWith(orderId) ? [charge] : []));
}

async function orderStatus(orderId: string) {
  const { rows } = await world.database.query(
    "select status, payment_status as payment from orders where id = $1",
    [orderId],
  );
  return rows[0];
}

const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

test("an order is paid with store credit first, and the provider authorises and captures the rest", async () => {
  const { accountId, code } = await credit(3000);
  const orderId = await fulfil({ storeCredit: { code: code.toLowerCase().replaceAll("-", " ") } });
  expect(charges(orderId)).toEqual(["authorize 7500", "capture 7500 final"]);
  expect(await balance(accountId)).toBe(0);
  expect(await orderStatus(orderId)).toEqual({ status: "completed", payment: "paid" });
  expect(await timeline(world, orderId)).toContain("store_credit.spent");
});

test("an order that store credit pays whole needs no payment provider", async () => {
  const { accountId, code } = await credit(20_000);
  const orderId = await fulfil({ storeCredit: { code } });
  expect(charges(orderId)).toEqual([]);
  expect(await balance(accountId)).toBe(9500);
  expect(await orderStatus(orderId)).toEqual({ status: "completed", payment: "paid" });
});

test("an order that store credit pays whole needs no means of payment, and is never held for one", async () => {
  const { code } = await credit(20_000);
  const orderId = await fulfil({ storeCredit: { code }, paymentMethod: null });
  expect(charges(orderId)).toEqual([]);
  expect(await orderStatus(orderId)).toEqual({ status: "completed", payment: "paid" });
  expect(await timeline(world, orderId)).not.toContain("order.held");
});

test("where store credit leaves a rest and there is no means of payment, the order waits for one", async () => {
  const [first, second] = [await credit(3000), await credit(7500)];
  const orderId = await world.placeOrder({ storeCredit: { code: first.code }, paymentMethod: null });
  await held(world, orderId, "payment_missing");
  expect(await balance(first.accountId)).toBe(0);
  const application = { orderId, code: second.code, by: "staff:sue" };
  await applyStoreCredit(world.context, { ...application, amountMinor: 7499, key: "k1" });
  expect(await orderStatus(orderId)).toMatchObject({ status: "on_hold" });
  await applyStoreCredit(world.context, { ...application, key: "k2" });
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges(orderId)).toEqual([]);
});

test("store credit that pays all of an order lets it go on whose card was declined", async () => {
  const { code } = await credit(20_000);
  world.outside.declines.push("The card has no funds.");
  const orderId = await world.placeOrder();
  await held(world, orderId, "payment_failed");
  const application = { orderId, code, by: "staff:sue", key: "k1" };
  for (const _ of ["once", "again under its key"])
    expect(await applyStoreCredit(world.context, application)).toEqual({ status: "done", usedMinor: 10_500 });
  await pack(world, `${orderId}-F1`);
  expect(await orderStatus(orderId)).toMatchObject({ payment: "paid" });
});

test("a person can release an order that was to wait for a payment once store credit has paid it", async () => {
  const { code } = await credit(20_000);
  const detail = "We are to charge the order, and it names no means of payment.";
  const orderId = await world.placeOrder({
    paymentMethod: null,
    holdReasons: [
      { code: "payment_missing", detail },
      { code: "put_by_staff", detail: "Wait." },
    ],
  });
  await held(world, orderId, "payment_missing");
  await applyStoreCredit(world.context, { orderId, code, by: "staff:sue", key: "k1" });
  const reasons = async () =>
    (await world.database.query("select hold_reasons as reasons from orders where id = $1", [orderId]))
      .rows[0].reasons;
  expect(await reasons()).toMatchObject([{ code: "put_by_staff" }]);
  expect(await releaseHold(world.context, { orderId, by: "staff:sue" })).toMatchObject({ holdReasons: [] });
  await pack(world, `${orderId}-F1`);
  expect(charges(orderId)).toEqual([]);
});

test("what goes back of such an order goes back in proportion", async () => {
  const { accountId, code } = await credit(3150);
  const orderId = await fulfil({ storeCredit: { code } });
  const refund = await requestRefund(world.context, {
    orderId,
    amountMinor: 1000,
    reason: "goodwill",
    to: "original",
    bonusPercent: 0,
    note: "",
    giver,
    key: "1",
  });
  if (refund.status !== "done") throw new Error(refund.detail);
  await outcomeOf(world, refund.refundId);
  expect(charges(orderId).at(-1)).toBe("refund 700");
  expect(await balance(accountId)).toBe(300);
  expect(await orderStatus(orderId)).toMatchObject({ payment: "partially_refunded" });
});

test("an order that is cancelled gives its store credit back, once", async () => {
  const { accountId, code } = await credit(3000);
  const orderId = await world.placeOrder({ storeCredit: { code } });
  await onTheFloor(world, `${orderId}-F1`);
  expect(await balance(accountId)).toBe(0);
  world.failNext("cancelOrder", "after");
  await cancel(world, orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  const { rows } = await world.database.query(
    "select kind, amount_minor as amount from store_credit_entry where order_id = $1 order by id",
    [orderId],
  );
  expect(rows).toEqual([
    { kind: "spent", amount: -3000 },
    { kind: "given_back", amount: 3000 },
  ]);
  expect(await balance(accountId)).toBe(3000);
});

test("credit that does not hold what the order asks of it holds the order; a person decides", async () => {
  const { accountId, code } = await credit(1000);
  const orderId = await world.placeOrder({ storeCredit: { code, amount: usd(3000) } });
  await held(world, orderId, "payment_failed");
  expect(await balance(accountId)).toBe(1000);
  const by = "staff:sue";
  const application = { orderId, accountId, by, key: "k1" };
  expect(await applyStoreCredit(world.context, { ...application, amountMinor: 1001 })).toMatchObject({
    code: "store_credit_insufficient",
  });
  expect(await applyStoreCredit(world.context, application)).toEqual({ status: "done", usedMinor: 1000 });
  expect(await applyStoreCredit(world.context, application)).toEqual({ status: "done", usedMinor: 1000 });
  expect(await dropStoreCredit(world.context, { orderId, by })).toEqual({ status: "done" });
  expect(await balance(accountId)).toBe(1000);
  expect(await applyStoreCredit(world.context, { orderId, code, by, key: "k2" })).toMatchObject({
    usedMinor: 1000,
  });
  await release(world, orderId);
  await pack(world, `${orderId}-F1`);
  expect(charges(orderId)[0]).toBe("authorize 9500");
  expect(await applyStoreCredit(world.context, { orderId, code, by, key: "k3" })).toMatchObject({
    code: "order_not_payable",
  });
  expect(await dropStoreCredit(world.context, { orderId, by })).toMatchObject({ code: "order_not_payable" });
});

test("one balance pays for one of many orders at once, and never falls below zero", async () => {
  const { accountId, code } = await credit(5000);
  const orders = await Promise.all(
    Array.from({ length: 4 }, () => world.placeOrder({ storeCredit: { code, amount: usd(5000) } })),
  );
  await eventually("one paid, the others held", async () => {
    const { rows } = await world.database.query<{ payment: string; status: string }>(
      "select status, payment_status as payment from orders where id = any($1)",
      [orders],
    );
    const is = (key: "payment" | "status", value: string) => rows.filter((row) => row[key] === value).length;
    return is("payment", "authorized") === 1 && is("status", "on_hold") === 3;
  });
  expect(await balance(accountId)).toBe(0);
});

test("a code of nobody, or in another currency, pays for nothing", async () => {
  const nobody = await world.placeOrder({ storeCredit: { code: "SC-0000-0000-0000-0000" } });
  await held(world, nobody, "payment_failed");
  const euros = await world.placeOrder({ storeCredit: { code: (await credit(9000, "EUR")).code } });
  await held(world, euros, "payment_failed");
});

test("only what is not spent can be taken back, and a repeated grant is one", async () => {
  const { accountId } = await credit(1000);
  const take = { companyId: "acme", accountId, note: "wrong customer", by: "staff:fin" };
  expect(await withdrawStoreCredit(world.context, { ...take, amountMinor: 1001, key: "a" })).toMatchObject({
    code: "store_credit_insufficient",
  });
  for (const _ of [1, 2])
    expect(await withdrawStoreCredit(world.context, { ...take, amountMinor: 600, key: "b" })).toEqual({
      status: "done",
    });
  expect(await balance(accountId)).toBe(400);
  const foreign = { ...take, companyId: "other", amountMinor: 1, key: "c" };
  expect(await withdrawStoreCredit(world.context, foreign)).toMatchObject({
    code: "store_credit_not_found",
  });
});
