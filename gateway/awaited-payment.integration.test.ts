/**
 * An order that waits for a means of payment, as its shopper meets it over the API: what there is to pay,
 * when they are written to, and that giving a card twice charges once. The page itself is tested in a
 * browser.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { MAX_PAYMENT_TRIES, PAYMENT_TRIES_MS } from "../config/limits.ts";
import type { TrackingView } from "../contract/tracking.ts";
import type { OperationContext } from "../operations/context.ts";
import { givePaymentMethod } from "../operations/payments/give-payment-method.ts";
import { postOrder, send, sentOrder } from "../test-support/orders/sent-order.ts";
import { eventually } from "../test-support/saga-world.ts";
import { type PaidEdge, startPaidEdge } from "../test-support/servers/paid-edge.ts";

const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");

let world: PaidEdge;
beforeAll(async () => {
  world = await startPaidEdge({ dashboardFolder: "none", staffPassword: "a password of the tests 1" });
  // Some of these orders say that somebody else charges them.
  await world.edge.database.query("update channel set charged_by = 'order' where id = 'web'");
});
afterAll(() => world?.stop());

let placed = 0;

async function placeOrder(change: Readonly<Record<string, unknown>> = {}) {
  placed += 1;
  const email = `wait-${placed}@example.com`;
  const orderId = await postOrder(
    world.edge,
    sentOrder(`WAIT-${placed}`, {
      lines: [{ sku: product?.sku, title: "Bag", quantity: 1, unitPrice: "20.00" }],
      paymentBy: "merchant",
      customer: { name: "Ada Example", email },
      ...change,
    }),
  );
  const token = new URL(await world.shopperPage(orderId)).pathname.split("/")[2] ?? "";
  return { orderId, email, token };
}

const tracking = async (token: string): Promise<TrackingView> =>
  (await (await fetch(`${world.edge.url}/v1/track/${token}`)).json()) as TrackingView;

const give = (token: string, paymentMethod: string, repeat?: string) =>
  send(world.edge, "POST", `/v1/track/${token}/payment-method`, { paymentMethod }, { repeat });

test.each([
  ["USD", "20.00", 2_000],
  ["JPY", "2500", 2_500],
  ["KWD", "7.125", 7_120],
])("what there is to pay is what can be charged, in %s", async (currency, unitPrice, amountMinor) => {
  const { token } = await placeOrder({
    currency,
    lines: [{ sku: product?.sku, title: "Bag", quantity: 1, unitPrice }],
  });
  expect((await tracking(token)).payment).toEqual({
    state: "needed",
    amountMinor,
    declined: null,
    attempts: 0,
    form: {
      provider: "stripe",
      scriptUrl: `${world.simulatorsUrl}/js/stripe.js`,
      publishableKey: "pk_test_sandbox",
    },
  });
});

test("a card that is given twice, under one key or two, is charged once", async () => {
  const { orderId, token } = await placeOrder();
  const answers = await Promise.all([
    give(token, "pm_card_visa", "one"),
    give(token, "pm_card_visa", "two"),
    give(token, "pm_card_mastercard", "three"),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await give(token, "pm_card_visa", "one")).status).toBe(200);
  await eventually("authorised", async () => (await tracking(token)).payment === null);
  await world.seen(orderId, "on the floor", (view) =>
    view.fulfillmentOrders.some(({ status }) => status === "in_progress"),
  );
  expect(await world.charges(orderId)).toMatchObject({ authorizations: 1, live: 1, authorized: 2_000 });
});

test("nobody is asked for a sum that is in doubt, and the shopper is once it is certain", async () => {
  const { orderId, email, token } = await placeOrder();
  await eventually("the first mail", async () => (await world.mails(email)).length === 1);
  const codes = async () => (await world.view(orderId)).summary.holdReasons.map(({ code }) => code);
  await world.edge.database.query(
    `update orders set hold_reasons = '[{"code": "sum_mismatch", "detail": "20.00 is not 99.00"}]' || hold_reasons
     where id = $1`,
    [orderId],
  );
  expect(await codes()).toEqual(["sum_mismatch", "payment_missing"]);
  expect((await tracking(token)).payment).toBeNull();
  const released = await send(
    world.edge,
    "POST",
    `/v1/orders/${orderId}/release-hold`,
    { codes: ["sum_mismatch"] },
    { key: world.edge.credentials.apiKey },
  );
  expect(released.status, JSON.stringify(released.json)).toBe(200);
  expect(await codes()).toEqual(["payment_missing"]);
  expect((await tracking(token)).payment).toMatchObject({ state: "needed", amountMinor: 2_000 });
  await eventually("the mail", async () => (await world.mails(email)).length === 2);
  expect(new Set(await world.mails(email))).toEqual(
    new Set([`Your order waits for your payment: order WAIT-${placed}`]),
  );
});

test("an order that somebody else charges asks for nothing", async () => {
  const { token } = await placeOrder({ paymentBy: "channel" });
  expect((await tracking(token)).payment).toBeNull();
  expect((await give(token, "pm_card_visa")).json.code).toBe("not_charged_here");
});

test("so many declined cards an hour, whoever gives them and whichever process is asked", async () => {
  const { orderId, token } = await placeOrder();
  const waitsAfter = async (tries: number) =>
    (await tracking(token)).payment?.attempts === tries &&
    (await world.view(orderId)).summary.holdReasons.some(({ code }) => code === "payment_failed");
  for (let tried = 1; tried <= MAX_PAYMENT_TRIES; tried += 1) {
    expect(
      (
        await give(
          token,
          tried % 2 === 0 ? "pm_card_chargeDeclined" : "pm_card_chargeDeclinedInsufficientFunds",
        )
      ).status,
    ).toBe(200);
    await eventually(`declined ${tried} times`, () => waitsAfter(tried));
  }
  const refused = await give(token, "pm_card_visa");
  expect(refused).toMatchObject({
    status: 429,
    json: {
      code: "too_many_payment_tries",
      detail: expect.stringMatching(/declined 5 times within an hour: try again in (59|60) minutes/),
    },
  });
  const { retryAfterMs } = refused.json;
  expect(retryAfterMs).toBeGreaterThan(PAYMENT_TRIES_MS - 120_000);
  expect(retryAfterMs).toBeLessThanOrEqual(PAYMENT_TRIES_MS);
  // Staff on the telephone are no way around it.
  const asked = { orderId, paymentMethod: "pm_card_visa", by: "staff:sue" };
  // Another process knows what is stored, and nothing else.
  const elsewhere = { database: Object.create(world.edge.database) } as OperationContext;
  expect(await givePaymentMethod(elsewhere, asked)).toMatchObject({ code: "too_many_payment_tries" });
  // The oldest of them counts no longer after its hour; one that succeeds takes none of the others off.
  await world.edge.database.query(
    `update payment_transaction set at = at - interval '1 hour' where key = (
       select key from payment_transaction where order_id = $1 order by at limit 1)`,
    [orderId],
  );
  expect((await give(token, "pm_card_visa")).status).toBe(200);
  await eventually("authorised", async () => (await tracking(token)).payment === null);
  expect(await world.charges(orderId)).toMatchObject({ live: 1 });
});
