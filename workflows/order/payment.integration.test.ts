/**
 * The money of an order, as its saga moves it. What is due, and when, is tested in
 * `orders/payment/charging.test.ts`.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { markPartFulfilledElsewhere } from "../../operations/fulfillment/mark-fulfilled-elsewhere.ts";
import { requestCancellation } from "../../operations/holds/cancel-order.ts";
import { resendNotice } from "../../operations/notices/resend-notice.ts";
import { givePaymentMethod } from "../../operations/payments/give-payment-method.ts";
import { recordCash } from "../../operations/payments/record-cash.ts";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import { auditEndedOrders } from "../../store/orders/money-audit.ts";
import { readOrderView } from "../../store/orders/order-views.ts";
import {
  deliver,
  held,
  onTheFloor,
  outcomeOf,
  pack,
  shipped,
  timeline,
} from "../../test-support/saga-steps.ts";
import { eventually, type NewOrder, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { dyingAfter } from "../../test-support/servers/failing-database.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { createPaymentActivities } from "./activities/payment.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(() => world.reset());
afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

const charges = () => [...world.outside.charges.values()];

async function change(orderId: string, sql: string): Promise<void> {
  await world.database.query(sql, [orderId]);
  await world.tell(orderId, { key: `changed-${performance.now()}`, type: "order-changed" });
}

/** As a change of the order makes it dearer or cheaper. */
const pricedAt = (totalMinor: number) =>
  `update orders set document = jsonb_set(document, '{total,minor}', '${totalMinor}'), version = version + 1,
     revision = revision + 1 where id = $1`;

/** As a change makes one of the charges of the order. */
const withFee = (minor: number, totalMinor: number) =>
  `update orders set version = version + 1, document = jsonb_set(jsonb_set(document, '{total,minor}', '${totalMinor}'),
     '{charges}', '[{"kind":"fee","name":"fee","amount":{"minor":${minor},"currency":"USD","exponent":2},"tax":{"minor":0,"currency":"USD","exponent":2}}]')
   where id = $1`;

/** What was not found is given up. */
const oneShort = `with parcel as (update fulfillment_order_line set quantity = quantity - 1
    where fulfillment_order_id = $1 || '-F1'),
  hold as (update order_hold set quantity = quantity - 1 where order_id = $1)
  update order_line set cancelled = 1, allocated = allocated - 1 where order_id = $1`;

async function toTheDoor(orderId: string, ...parts: readonly string[]): Promise<void> {
  for (const part of parts) await pack(world, `${orderId}-${part}`);
  for (const part of parts) await deliver(world, `${orderId}-${part}-S1`);
}

async function money(orderId: string) {
  const { rows } = await world.database.query(
    `select o.status, o.payment_status as payment, p.authorized_minor as authorized, p.captured_minor as captured,
       p.refunded_minor as refunded
     from orders o left join payment p on p.order_id = o.id where o.id = $1`,
    [orderId],
  );
  return rows[0];
}

const twoPlaces: Partial<NewOrder> = {
  lines: [{ sku: "MUG", quantity: 2, priceMinor: 5000, at: { omaha: 1, reno: 1 } }],
};

test("a unit that was not found is not charged, and what it was authorised with goes back", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await change(orderId, oneShort);
  await toTheDoor(orderId, "F1");
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual(["authorize 10500", "capture 5500 final"]);
  expect(await money(orderId)).toMatchObject({ status: "completed", payment: "paid", captured: 5500 });
});

test("a unit that was not found of an order that its channel charged is due there", async () => {
  const orderId = await world.placeOrder({ paymentBy: "channel" });
  await onTheFloor(world, `${orderId}-F1`);
  await change(orderId, oneShort);
  await toTheDoor(orderId, "F1");
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  const { rows } = await world.database.query(
    "select reason, status, channel_minor as minor from refund where order_id = $1",
    [orderId],
  );
  expect(rows).toEqual([{ reason: "cancellation", status: "due_at_channel", minor: 5000 }]);
});

test("the order's page shows sums that add up, what is paid and due, and what the order waits for", async () => {
  const orderId = await world.placeOrder(twoPlaces);
  await pack(world, `${orderId}-F1`);
  await eventually("the first capture", async () => charges().length === 2);
  const waiting = await eventually("the sums", async () => {
    const view = await readOrderView(world.database, orderId, null);
    return view !== null && view.amounts.paidMinor > 0 && view;
  });
  expect(waiting.amounts).toMatchObject({
    lines: 10_000,
    shipping: 500,
    charges: 0,
    taxes: 0,
    discounts: 0,
    sum: 10_500,
    total: 10_500,
    costMinor: 10_500,
    earnedMinor: 5500,
    paidMinor: 5500,
    dueMinor: 5000,
  });
  expect(waiting.payment?.authorizations).toMatchObject([{ state: "open", capturedMinor: 5500 }]);
  expect(waiting.completion).toMatchObject({ done: false, waitsFor: [{ code: "units_open" }] });
  await deliver(world, `${orderId}-F1-S1`);
  await toTheDoor(orderId, "F2");
  await outcomeOf(world, orderId);
  const done = await readOrderView(world.database, orderId, null);
  expect(done?.completion).toEqual({ done: true, waitsFor: [] });
  expect(done?.amounts).toMatchObject({ paidMinor: 10_500, dueMinor: 0 });
});

test("the audit finds a completed order whose money does not agree", async () => {
  const orderId = await world.placeOrder();
  await toTheDoor(orderId, "F1");
  await outcomeOf(world, orderId);
  const { wrong } = await auditEndedOrders(world.database, "");
  expect(wrong).toEqual([]);
  await world.database.query(
    "update payment_authorization set captured_minor = captured_minor - 100 where order_id = $1",
    [orderId],
  );
  expect(await auditEndedOrders(world.database, "")).toMatchObject({
    wrong: [{ order: orderId, missing: [{ code: "authorization_outstanding" }] }],
    next: null,
  });
  await world.database.query(
    "update payment_authorization set captured_minor = captured_minor + 100 where order_id = $1",
    [orderId],
  );
});

test("what is cancelled after the first parcel was charged is released", async () => {
  const orderId = await world.placeOrder(twoPlaces);
  await pack(world, `${orderId}-F1`);
  await eventually("the first capture", async () => charges().length === 2);
  await change(
    orderId,
    `with gone as (update fulfillment_order set status = 'cancelled' where id = $1 || '-F2'),
     hold as (delete from order_hold where order_id = $1 and hold_id in (
       select hold_id from fulfillment_order_line where fulfillment_order_id = $1 || '-F2'))
     update order_line set cancelled = 1, allocated = 1 where order_id = $1`,
  );
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual(["authorize 10500", "capture 5500", "cancel"]);
  expect(await money(orderId)).toMatchObject({ payment: "paid", captured: 5500 });
});

test("an order without a parcel is charged at once, and ends", async () => {
  const orderId = await world.placeOrder({
    lines: [
      { sku: "MUG", quantity: 1, priceMinor: 3000, at: {}, kind: "digital" },
      { sku: "CAP", quantity: 1, priceMinor: 200, at: {}, kind: "tip" },
    ],
    shippingMinor: 0,
  });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual(["authorize 3200", "capture 3200 final"]);
  expect(await timeline(world, orderId)).toContain("fulfillment.handed_over_without_parcel");
});

test("an order without a parcel that its channel charged ends, too", async () => {
  const orderId = await world.placeOrder({
    paymentBy: "channel",
    lines: [{ sku: "MUG", quantity: 1, priceMinor: 3000, at: {}, kind: "gift_card" }],
  });
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual([]);
});

test("what another provider has handed over is charged once that is said", async () => {
  const orderId = await world.placeOrder({
    lines: [
      { sku: "MUG", quantity: 1, priceMinor: 3000, at: { reno: 1 } },
      { sku: "CAP", quantity: 1, priceMinor: 2000, at: {}, fulfilledBy: "provider" },
    ],
  });
  await toTheDoor(orderId, "F1");
  await eventually("the first capture", async () => charges().length === 2);
  await change(
    orderId,
    "update order_line set fulfilled_elsewhere = 1 where order_id = $1 and line_id = '2'",
  );
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual(["authorize 5500", "capture 3500", "capture 2000 final"]);
});

test("a cancellation that was asked for before somebody else handed the goods over comes too late, and they are charged", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  const recall = world.haltNext("recallUnlessLeaving");
  const by = "staff:ann";
  await requestCancellation(world.context, { orderId, reason: "No.", by });
  await recall.begun;
  const elsewhere = { fulfillmentOrderId: `${orderId}-F1`, by, key: "elsewhere", tracking: {} };
  expect(await markPartFulfilledElsewhere(world.context, elsewhere)).toMatchObject({ status: "done" });
  recall.goOn();
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual(["authorize 10500", "capture 10500 final"]);
  expect(await timeline(world, orderId)).toContain("order.cancellation_refused");
});

test("what an order has become dearer by is authorised beside the rest, and both are captured and refunded", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await change(orderId, withFee(1000, 11_500));
  await eventually("the second authorisation", async () => charges().length === 2);
  await toTheDoor(orderId, "F1");
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual([
    "authorize 10500",
    "authorize 1000",
    "capture 10500 final",
    "capture 1000 final",
  ]);
  expect(await money(orderId)).toMatchObject({ authorized: 11_500, captured: 11_500, payment: "paid" });

  const asked = await requestRefund(world.context, {
    orderId,
    amountMinor: 11_000,
    reason: "goodwill",
    to: "original",
    bonusPercent: 0,
    note: "",
    giver: { by: "staff:fin", role: "finance", limits: [], roles: ["finance"] },
    key: "all",
  });
  if (asked.status !== "done") throw new Error(asked.detail);
  expect(await outcomeOf(world, asked.refundId)).toEqual({ status: "refunded" });
  expect(charges().slice(4)).toEqual(["refund 10500", "refund 500"]);
  expect(await money(orderId)).toMatchObject({ refunded: 11_000, payment: "partially_refunded" });
});

test("a refund of which one part was declined pays out the other part once", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await change(orderId, withFee(1000, 11_500));
  await eventually("the second authorisation", async () => charges().length === 2);
  await toTheDoor(orderId, "F1");
  await outcomeOf(world, orderId);
  const answer = world.outside.withhold("refund");
  const asked = await requestRefund(world.context, {
    orderId,
    amountMinor: 11_000,
    reason: "goodwill",
    to: "original",
    bonusPercent: 0,
    note: "",
    giver: { by: "staff:fin", role: "finance", limits: [], roles: ["finance"] },
    key: "all",
  });
  if (asked.status !== "done") throw new Error(asked.detail);
  await eventually("the first part", async () => charges().includes("refund 10500"));
  world.outside.declines.push("The account is closed.");
  answer();
  await eventually("the decline", async () => (await timeline(world, orderId)).includes("payment.declined"));
  await world.tellRefund(asked.refundId, { key: "again", type: "retry" });
  expect(await outcomeOf(world, asked.refundId)).toEqual({ status: "refunded" });
  expect(charges().slice(4)).toEqual(["refund 10500", "refund 500"]);
});

test("a second authorisation that is declined holds the order with the sum, until another card is given", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  world.outside.declines.push("The card is over its limit.");
  await change(orderId, withFee(1000, 11_500));
  await held(world, orderId, "payment_failed");
  const { rows } = await world.database.query(
    "select hold_reasons->0->>'detail' as detail from orders where id = $1",
    [orderId],
  );
  expect(rows[0].detail).toBe("Authorised 10.00 USD was declined: The card is over its limit.");

  const given = { orderId, paymentMethod: "pm_other", by: "shopper" };
  expect(await givePaymentMethod(world.context, given)).toEqual({ status: "done" });
  expect(await givePaymentMethod(world.context, given)).toEqual({ status: "done" });
  await toTheDoor(orderId, "F1");
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges().filter((charge) => charge.startsWith("authorize"))).toEqual([
    "authorize 10500",
    "authorize 1000",
  ]);
  expect(await givePaymentMethod(world.context, { ...given, paymentMethod: "pm_third" })).toMatchObject({
    code: "order_over",
  });
});

test("an authorisation that the bank has taken back is made anew before its capture", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  world.outside.declines.push("expired");
  await toTheDoor(orderId, "F1");
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual(["authorize 10500", "authorize 10500", "capture 10500 final"]);
  expect(await money(orderId)).toMatchObject({ authorized: 10_500, captured: 10_500, payment: "paid" });
});

test("what was captured and is not owed any more goes back", async () => {
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await eventually("the capture", async () => charges().length === 2);
  await change(orderId, pricedAt(9_500));
  await eventually("the refund", async () => charges().includes("refund 1000"));
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual(["authorize 10500", "capture 10500 final", "refund 1000"]);
});

test("no means of payment is invented: the order waits for one, and its shopper is asked once", async () => {
  const orderId = await world.placeOrder({ paymentMethod: null });
  await held(world, orderId, "payment_missing");
  expect(charges()).toEqual([]);
  const asked = () => [...world.outside.mails].filter(([key]) => key.startsWith("payment_needed:"));
  const [mail] = await eventually("the mail", async () => (asked().length > 0 ? asked() : undefined));
  expect(mail?.[1]).toContain("Please pay $105.00");
  expect(mail?.[1]).toContain("http://shop.test/track/");
  await givePaymentMethod(world.context, { orderId, paymentMethod: "pm_card_visa", by: "staff:ada" });
  await toTheDoor(orderId, "F1");
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(charges()).toEqual(["authorize 10500", "capture 10500 final"]);
  expect(asked()).toHaveLength(1);
});

test("a shopper whose card was declined is told why and where to pay, for each decline, and not once they have", async () => {
  world.outside.declines.push("The card has no funds.");
  const orderId = await world.placeOrder();
  await held(world, orderId, "payment_failed");
  const asked = () => [...world.outside.mails.keys()].filter((key) => key.startsWith("payment_needed:"));
  await eventually("the mail", async () => asked().length === 1);
  world.outside.declines.push("The card has no funds.");
  await givePaymentMethod(world.context, { orderId, paymentMethod: "pm_second", by: "shopper" });
  await eventually("the second mail", async () => asked().length === 2);
  await givePaymentMethod(world.context, { orderId, paymentMethod: "pm_third", by: "shopper" });
  await onTheFloor(world, `${orderId}-F1`);
  // Written again for a reason that is over.
  await resendNotice(world.context, { orderId, notice: asked()[0] ?? "", by: "staff:ada", key: "again" });
  await toTheDoor(orderId, "F1");
  await outcomeOf(world, orderId);
  expect([...world.outside.mails.keys()].filter((key) => key.includes("payment_needed"))).toHaveLength(2);
});

test("an order that somebody else charges takes no means of payment", async () => {
  const orderId = await world.placeOrder({ paymentBy: "channel" });
  expect(
    await givePaymentMethod(world.context, { orderId, paymentMethod: "pm_card_visa", by: "shopper" }),
  ).toMatchObject({ code: "not_charged_here" });
});

test("cash on delivery is due until the parcel arrives, and taken with it", async () => {
  const orderId = await world.placeOrder({ ...twoPlaces, paymentBy: "on_delivery" });
  for (const part of ["F1", "F2"]) await pack(world, `${orderId}-${part}`);
  for (const part of ["F1", "F2"]) await shipped(world, `${orderId}-${part}-S1`);
  expect(await money(orderId)).toMatchObject({ payment: "due_on_delivery" });
  await deliver(world, `${orderId}-F1-S1`);
  await eventually("the first cash", async () => (await money(orderId)).payment === "partially_paid");
  await deliver(world, `${orderId}-F2-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  const { rows } = await world.database.query(
    `select type, amount_minor as minor, provider from payment_transaction where order_id = $1 order by at`,
    [orderId],
  );
  expect(rows).toEqual([
    { type: "cash", minor: 5500, provider: "carrier" },
    { type: "cash", minor: 5000, provider: "carrier" },
  ]);
  expect(await money(orderId)).toMatchObject({ status: "completed", payment: "paid", captured: null });
  expect(charges()).toEqual([]);
});

test("finance records cash before the parcel arrives, and corrects it afterwards", async () => {
  const orderId = await world.placeOrder({ paymentBy: "on_delivery" });
  const paid = { orderId, takenMinor: 10_000, note: "By transfer.", by: "staff:fin" };
  expect(await recordCash(world.context, paid)).toEqual({ status: "done" });
  expect(await recordCash(world.context, paid)).toEqual({ status: "done" });
  await toTheDoor(orderId, "F1");
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  await recordCash(world.context, { ...paid, takenMinor: 10_400, note: "Ten cents were missing." });
  const { rows } = await world.database.query(
    `select amount_minor as minor, provider from payment_transaction where order_id = $1 order by at, key`,
    [orderId],
  );
  expect(rows).toEqual([
    { minor: 10_000, provider: "finance" },
    { minor: 500, provider: "carrier" },
    { minor: -100, provider: "finance" },
  ]);
  expect(await money(orderId)).toMatchObject({ status: "completed", payment: "paid" });
});

test("a payment that waits for its shopper is one, wherever the process dies beside the bank's answers", async () => {
  let deaths = 0;
  for (let calls = 0; ; calls += 1) {
    for (const isConfirmed of [false, true]) {
      world.outside.declines.push("confirm");
      const orderId = await world.placeOrder();
      await held(world, orderId, "payment_unconfirmed");
      const first = `pi_${orderId}:authorize:1`;
      const payments = (database: SagaWorld["database"]) =>
        createPaymentActivities({ database, payments: world.outside.payments } as never);
      // The saga repeats a step whose answer was written, and not heard.
      expect(await payments(world.database).authorizePayment({ orderId, attempt: 1 })).toMatchObject({
        status: "refused",
        holdCode: "payment_unconfirmed",
      });
      if (isConfirmed) world.outside.unconfirmed.set(first, "confirmed");
      const dying = dyingAfter({ database: world.database, allocator: {} }, calls);
      const again = { orderId, attempt: 2 };
      await payments(dying.context.database)
        .authorizePayment(again)
        .catch(() => {});
      expect(await payments(world.database).authorizePayment(again), `${calls}`).toEqual({
        status: "authorized",
      });
      const own = [...world.outside.charges].flatMap(([key, effect]) =>
        key.startsWith(`${orderId}:`) ? [effect] : [],
      );
      expect(own).toEqual(isConfirmed ? [] : ["cancel", "authorize 10500"]);
      expect(world.outside.unconfirmed.get(first)).toBe(isConfirmed ? "confirmed" : "ended");
      expect(await money(orderId)).toMatchObject({ payment: "authorized", authorized: 10_500 });
      const { rows } = await world.database.query(
        "select status, reference is null as ended from payment_transaction where order_id = $1 order by key",
        [orderId],
      );
      expect(rows).toEqual([
        isConfirmed ? { status: "succeeded", ended: false } : { status: "declined", ended: true },
        ...(isConfirmed ? [] : [{ status: "succeeded", ended: false }]),
      ]);
      if (dying.isDead()) deaths += 1;
      else if (!isConfirmed) {
        expect(deaths).toBeGreaterThan(6);
        return;
      }
    }
  }
});
