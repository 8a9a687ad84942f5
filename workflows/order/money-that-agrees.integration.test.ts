/**
 * Orders whose money somebody else moves: the customer's bank takes it back, the provider declines to refund
 * it, an authorisation ends while the goods are picked. None of them ends before its money agrees, and none
 * waits unseen.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { editOrder } from "../../operations/change/edit-order.ts";
import { givePaymentMethod } from "../../operations/payments/give-payment-method.ts";
import { reconcilePayment } from "../../operations/payments/reconcile-payment.ts";
import type { Giver } from "../../operations/refunds/gift-limit.ts";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import { confirmRefund, retryRefund, withdrawRefund } from "../../operations/refunds/settle-refund.ts";
import type { PaymentState, ProviderDispute } from "../../ports/payments.ts";
import { auditEndedOrders } from "../../store/orders/money-audit.ts";
import { readOrderView } from "../../store/orders/order-views.ts";
import { readAuthorizations } from "../../store/orders/payments.ts";
import { inTransaction } from "../../store/sql/database.ts";
import {
  cancel,
  deliver,
  held,
  onTheFloor,
  outcomeOf,
  pack,
  shipped,
  timeline,
} from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;
let serial = 0;

const by = "staff:fin";
const giver: Giver = { by, role: "finance", limits: [], roles: ["finance"] };

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

/** Two mugs at 50.00 and 5.00 shipping, on their way and paid for. */
async function sentOrder(): Promise<string> {
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await shipped(world, `${orderId}-F1-S1`);
  await eventually("the capture", async () => (await view(orderId)).summary.paymentStatus === "paid");
  return orderId;
}

async function view(orderId: string) {
  const found = await readOrderView(world.database, orderId, null);
  if (found === null) throw new Error(`there is no order ${orderId}`);
  return found;
}

async function refunds(orderId: string) {
  const { rows } = await world.database.query(
    `select id, reason, status, asked_minor as asked, amount_minor as amount, channel_minor as channel
     from refund where order_id = $1 order by requested_at, id`,
    [orderId],
  );
  return rows;
}

const wrongOnes = async () => (await auditEndedOrders(world.database, "")).wrong;

/** As the provider's webhook brings it. */
async function told(orderId: string, change: Partial<PaymentState>): Promise<void> {
  serial += 1;
  const [payment] = await readAuthorizations(world.database, orderId);
  if (payment === undefined) throw new Error("nothing is authorised");
  const { reference, capturedMinor } = payment;
  const state: PaymentState = {
    reference,
    orderId,
    currency: "USD",
    status: capturedMinor > 0 ? "closed" : "open",
    capturedMinor,
    isCaptured: () => false,
    confirmation: null,
    decline: null,
    refunds: [],
    disputes: [],
    ...change,
  };
  await inTransaction(world.database, (client) =>
    reconcilePayment(client, world.outside.payments.first, orderId, state, `evt_${serial}`),
  );
}

const disputed = (orderId: string, status: ProviderDispute["status"], amountMinor = 10_500) =>
  told(orderId, {
    disputes: [{ reference: `dp_${orderId}`, amountMinor, status, reason: "fraudulent", respondBy: null }],
  });

const discount = (orderId: string, amount: string) => {
  const edits = [{ kind: "discount" as const, amount }];
  return editOrder(world.context, { orderId, edits, by, giver, key: `discount-${amount}` });
};

const goodwill = async (orderId: string, amountMinor: number): Promise<string> => {
  const asked = await requestRefund(world.context, {
    orderId,
    amountMinor,
    reason: "goodwill",
    to: "original",
    bonusPercent: 0,
    note: "",
    giver,
    key: `goodwill-${amountMinor}`,
  });
  if (asked.status !== "done") throw new Error(asked.detail);
  return asked.refundId;
};

const refundIs = (orderId: string, status: string) =>
  eventually(`a refund that is ${status}`, async () =>
    (await refunds(orderId)).some((refund) => refund.status === status),
  );

describe("a dispute", () => {
  test("that is open keeps a delivered order from ending, held for finance; won, it ends", async () => {
    const orderId = await sentOrder();
    await disputed(orderId, "open");
    await held(world, orderId, "payment_disputed");
    await deliver(world, `${orderId}-F1-S1`);
    await eventually(
      "the delivery",
      async () => (await view(orderId)).summary.fulfillmentStatus === "delivered",
    );
    expect((await view(orderId)).summary.status).toBe("on_hold");
    expect((await view(orderId)).completion.waitsFor).toMatchObject([{ code: "dispute_open" }]);
    await disputed(orderId, "won");
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect((await view(orderId)).summary).toMatchObject({ status: "completed", holdReasons: [] });
    expect(await refunds(orderId)).toEqual([]);
    expect(await wrongOnes()).toEqual([]);
  });

  test("that is lost leaves the customer's debt with finance, gives nothing back twice, and the order ends", async () => {
    const orderId = await sentOrder();
    await disputed(orderId, "open");
    await disputed(orderId, "lost");
    for (const amount of ["1.00", "2.00", "3.00"]) await discount(orderId, amount);
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(charges()).toEqual(["authorize 10500", "capture 10500 final"]);
    const [debt, ...more] = await refunds(orderId);
    expect(more).toEqual([]);
    expect(debt).toMatchObject({ reason: "dispute_lost", status: "owed_by_customer" });
    expect(await wrongOnes()).toEqual([]);
    expect(
      await confirmRefund(world.context, { refundId: debt.id, externalRefundId: "written off", by }),
    ).toEqual({
      status: "done",
    });
    expect(await wrongOnes()).toEqual([]);
  });

  test("that takes a part leaves the rest to be given back", async () => {
    const orderId = await sentOrder();
    await disputed(orderId, "open", 3_000);
    await discount(orderId, "40.00");
    await eventually("the discount", async () => (await view(orderId)).amounts.total === 6_500);
    await disputed(orderId, "lost", 3_000);
    await refundIs(orderId, "done");
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await refunds(orderId)).toMatchObject([{ reason: "overpayment", status: "done", amount: 1_000 }]);
    expect(charges().at(-1)).toBe("refund 1000");
  });

  test("that comes once the order has ended is no wrong end; lost, its debt is with finance; won on appeal, it is not", async () => {
    const orderId = await sentOrder();
    await deliver(world, `${orderId}-F1-S1`);
    await outcomeOf(world, orderId);
    await disputed(orderId, "open");
    expect(await wrongOnes()).toEqual([]);
    await disputed(orderId, "lost");
    expect(await refunds(orderId)).toMatchObject([
      { reason: "dispute_lost", status: "owed_by_customer", asked: 10_500 },
    ]);
    expect((await view(orderId)).summary.status).toBe("completed");
    expect(await wrongOnes()).toEqual([]);
    await disputed(orderId, "won");
    expect(await refunds(orderId)).toMatchObject([{ reason: "dispute_lost", status: "withdrawn" }]);
    expect(await wrongOnes()).toEqual([]);
  });

  test("that ended with a refund has taken nothing by itself", async () => {
    const orderId = await sentOrder();
    await disputed(orderId, "open");
    await disputed(orderId, "refunded");
    await told(orderId, {
      refunds: [
        {
          reference: "re_foreign",
          amountMinor: 10_500,
          status: "succeeded",
          failure: null,
          isOf: () => false,
        },
      ],
    });
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await refunds(orderId)).toMatchObject([{ reason: "at_provider", status: "done", amount: 10_500 }]);
    expect(await timeline(world, orderId)).toContain("payment.dispute_refunded");
    expect(await wrongOnes()).toEqual([]);
  });
});

describe("a refund", () => {
  test("that was declined keeps the order from ending until it is tried again", async () => {
    const orderId = await sentOrder();
    world.outside.declines.push("The account is closed.");
    const refundId = await goodwill(orderId, 1_000);
    await refundIs(orderId, "failed");
    await deliver(world, `${orderId}-F1-S1`);
    await eventually(
      "the delivery",
      async () => (await view(orderId)).summary.fulfillmentStatus === "delivered",
    );
    const waiting = await view(orderId);
    expect(waiting.summary.status).toBe("open");
    expect(waiting.completion.waitsFor).toMatchObject([{ code: "refund_open" }]);
    expect(await wrongOnes()).toEqual([]);
    await retryRefund(world.context, { refundId, by });
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect((await view(orderId)).summary).toMatchObject({
      status: "completed",
      paymentStatus: "partially_refunded",
    });
    expect(await wrongOnes()).toEqual([]);
  });

  test("that a dispute stops is stopped again where its step is repeated, and each later try counts", async () => {
    const orderId = await sentOrder();
    await disputed(orderId, "open", 5_000);
    world.failNext("payRefund", "after");
    const refundId = await goodwill(orderId, 1_000);
    const calls = (count: number) =>
      eventually("the step", async () => (world.calls.get("payRefund") ?? 0) === count);
    await calls(2);
    await retryRefund(world.context, { refundId, by });
    await calls(3);
    await refundIs(orderId, "failed");
    await disputed(orderId, "won", 5_000);
    await retryRefund(world.context, { refundId, by });
    await refundIs(orderId, "done");
    expect(charges().filter((charge) => charge.startsWith("refund"))).toHaveLength(1);
  });

  test("that was declined and is given up lets the order end", async () => {
    const orderId = await sentOrder();
    world.outside.declines.push("The account is closed.");
    await discount(orderId, "10.00");
    await refundIs(orderId, "failed");
    await deliver(world, `${orderId}-F1-S1`);
    await eventually(
      "the delivery",
      async () => (await view(orderId)).summary.fulfillmentStatus === "delivered",
    );
    expect((await view(orderId)).summary.status).toBe("open");
    const [{ id: refundId }] = await refunds(orderId);
    await withdrawRefund(world.context, { refundId, by });
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect((await view(orderId)).summary.status).toBe("completed");
    expect(await wrongOnes()).toEqual([]);
  });

  test("that is under way while the goods arrive is waited for", async () => {
    const orderId = await sentOrder();
    const answer = world.outside.withhold("refund");
    await goodwill(orderId, 1_000);
    await refundIs(orderId, "pending");
    await deliver(world, `${orderId}-F1-S1`);
    await eventually(
      "the delivery",
      async () => (await view(orderId)).summary.fulfillmentStatus === "delivered",
    );
    expect((await view(orderId)).summary.status).toBe("open");
    answer();
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect((await view(orderId)).summary.status).toBe("completed");
  });

  test("of more than is left of the payment is not written as one of nothing", async () => {
    const orderId = await sentOrder();
    await goodwill(orderId, 10_500);
    await refundIs(orderId, "done");
    for (const amount of ["1.00", "2.00", "3.00"]) await discount(orderId, amount);
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await refunds(orderId)).toMatchObject([{ reason: "goodwill", amount: 10_500 }]);
    expect(await wrongOnes()).toEqual([]);
  });
});

describe("an order that its channel charged", () => {
  const oneShort = `with parcel as (update fulfillment_order_line set quantity = quantity - 1
      where fulfillment_order_id = $1 || '-F1'),
    hold as (update order_hold set quantity = quantity - 1 where order_id = $1)
    update order_line set cancelled = 1, allocated = allocated - 1 where order_id = $1`;

  test("has a unit that the floor cancelled owed once, also when the order is changed afterwards", async () => {
    const orderId = await world.placeOrder({ paymentBy: "channel" });
    await onTheFloor(world, `${orderId}-F1`);
    await world.database.query(oneShort, [orderId]);
    await world.tell(orderId, { key: "short", type: "order-changed" });
    await refundIs(orderId, "due_at_channel");
    expect(await discount(orderId, "1.00")).toMatchObject({ status: "done" });
    await pack(world, `${orderId}-F1`);
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await refunds(orderId)).toMatchObject([
      { reason: "cancellation", status: "due_at_channel", channel: 5_000 },
      { reason: "overpayment", status: "due_at_channel", channel: 100 },
    ]);
    expect(await wrongOnes()).toEqual([]);
    // What is left of the price can go back, and no more.
    const over = requestRefund(world.context, {
      orderId,
      amountMinor: 5_401,
      reason: "goodwill",
      to: "original",
      bonusPercent: 0,
      note: "",
      giver,
      key: "over",
    });
    expect(await over).toMatchObject({ code: "refund_exceeds_paid" });
    await goodwill(orderId, 5_400);
    await eventually("all of it", async () => (await refunds(orderId)).at(-1)?.status === "due_at_channel");
    const due = (await refunds(orderId)).reduce((sum, { channel }) => sum + channel, 0);
    expect(due).toBe(10_500);
  });

  test("is partly refunded, not refunded, once the channel has paid back the cancelled unit", async () => {
    const orderId = await world.placeOrder({ paymentBy: "channel" });
    await onTheFloor(world, `${orderId}-F1`);
    await world.database.query(oneShort, [orderId]);
    await world.tell(orderId, { key: "short", type: "order-changed" });
    await refundIs(orderId, "due_at_channel");
    await discount(orderId, "5.00");
    for (const { id: refundId } of await refunds(orderId))
      await confirmRefund(world.context, { refundId, externalRefundId: `ext-${refundId}`, by });
    expect((await refunds(orderId)).map(({ status }) => status)).toEqual([
      "confirmed_by_channel",
      "confirmed_by_channel",
    ]);
    expect((await view(orderId)).summary.paymentStatus).toBe("partially_refunded");
  });
});

test("an order whose price went down to nothing and that is cancelled was never paid", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  expect(await discount(orderId, "105.00")).toMatchObject({ status: "done" });
  await eventually("nothing to pay", async () => (await view(orderId)).summary.paymentStatus === "paid");
  await cancel(world, orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  expect((await view(orderId)).summary.paymentStatus).toBe("voided");
});

describe("an authorisation that ends while the goods are picked", () => {
  const ends = (orderId: string) => told(orderId, { status: "closed" });

  test("is made anew, and what is sent is captured from the new one", async () => {
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    await ends(orderId);
    await eventually("the second one", async () => charges().length === 2);
    await pack(world, `${orderId}-F1`);
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(charges()).toEqual(["authorize 10500", "authorize 10500", "capture 10500 final"]);
    expect(await wrongOnes()).toEqual([]);
  });

  test("and cannot be made anew keeps the packed goods here until there is another card", async () => {
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    world.outside.declines.push("The card is over its limit.");
    await ends(orderId);
    await held(world, orderId, "payment_failed");
    await world.pack(`${orderId}-F1`);
    await eventually(
      "the packed parcel",
      async () => (await view(orderId)).fulfillmentOrders[0]?.stage === "packed",
    );
    expect((await view(orderId)).shipments).toEqual([]);
    await givePaymentMethod(world.context, { orderId, paymentMethod: "pm_other", by: "shopper" });
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(charges()).toEqual(["authorize 10500", "authorize 10500", "capture 10500 final"]);
  });

  test("and of which we hear in the last moment before they leave keeps them here", async () => {
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    const leaving = world.haltNext("beginShipment");
    await world.pack(`${orderId}-F1`);
    await leaving.begun;
    world.outside.declines.push("The card is over its limit.");
    await ends(orderId);
    leaving.goOn();
    await held(world, orderId, "payment_failed");
    expect((await view(orderId)).fulfillmentOrders[0]?.stage).toBe("labelled");
    await givePaymentMethod(world.context, { orderId, paymentMethod: "pm_other", by: "shopper" });
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(charges()).toEqual(["authorize 10500", "authorize 10500", "capture 10500 final"]);
  });

  test("and of which we hear in the moment in which they are packed lets nothing leave unpaid", async () => {
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    world.outside.declines.push("The card is over its limit.");
    // Before the saga has looked at what has changed.
    await Promise.all([ends(orderId), world.pack(`${orderId}-F1`)]);
    await held(world, orderId, "payment_failed");
    await givePaymentMethod(world.context, { orderId, paymentMethod: "pm_other", by: "shopper" });
    await deliver(world, `${orderId}-F1-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(charges().at(-1)).toBe("capture 10500 final");
    expect(await wrongOnes()).toEqual([]);
  });

  test("and of which only the capture tells holds the sent order until it is paid with another card", async () => {
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    world.outside.declines.push("expired", "The card is over its limit.");
    await pack(world, `${orderId}-F1`);
    await held(world, orderId, "payment_failed");
    await deliver(world, `${orderId}-F1-S1`);
    await eventually(
      "the delivery",
      async () => (await view(orderId)).summary.fulfillmentStatus === "delivered",
    );
    expect((await view(orderId)).summary.status).toBe("on_hold");
    await givePaymentMethod(world.context, { orderId, paymentMethod: "pm_other", by: "shopper" });
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(charges()).toEqual(["authorize 10500", "authorize 10500", "capture 10500 final"]);
    expect(await wrongOnes()).toEqual([]);
  });
});
