/**
 * A payment that its bank wants the shopper to confirm (3-D Secure): real gateway, real PostgreSQL, real
 * sagas; Stripe is its simulator. Webhooks are recorded, so that a test says which of the two ways the
 * provider's word takes. The page itself is tested in a browser.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import type { PaymentConfirmation, TrackingView } from "../contract/tracking.ts";
import { postOrder, send, sentOrder } from "../test-support/orders/sent-order.ts";
import { eventually } from "../test-support/saga-world.ts";
import { type PaidEdge, startPaidEdge } from "../test-support/servers/paid-edge.ts";

const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
const TO_CONFIRM = "pm_card_authenticationRequired";

let world: PaidEdge;
beforeAll(async () => {
  world = await startPaidEdge({
    dashboardFolder: "none",
    staffPassword: "a password of the tests 1",
    recorded: true,
  });
});
afterAll(() => world?.stop());

const shopper = (path: string, body: unknown) => send(world.edge, "POST", path, body);

const staff = (path: string, body: unknown) =>
  send(world.edge, "POST", path, body, { key: world.edge.credentials.apiKey });

let placed = 0;

/** An order of 20.00. */
async function placeOrder(paymentMethod = TO_CONFIRM) {
  placed += 1;
  const email = `confirm-${placed}@example.com`;
  const orderId = await postOrder(
    world.edge,
    sentOrder(`CONFIRM-${placed}`, {
      lines: [{ sku: product?.sku, title: "Bag", quantity: 1, unitPrice: "20.00" }],
      paymentBy: "merchant",
      paymentMethod,
      customer: { name: "Ada Example", email },
    }),
  );
  const token = new URL(await world.shopperPage(orderId)).pathname.split("/")[2] ?? "";
  return { orderId, token, email };
}

const waiting = (orderId: string) =>
  world.seen(orderId, "waiting for the shopper", ({ summary }) =>
    summary.holdReasons.some(({ code }) => code === "payment_unconfirmed"),
  );

const onTheFloor = (orderId: string) =>
  world.seen(orderId, "on the floor", ({ fulfillmentOrders }) =>
    fulfillmentOrders.some(({ status }) => status === "in_progress"),
  );

const payment = async (token: string): Promise<TrackingView["payment"]> =>
  ((await (await fetch(`${world.edge.url}/v1/track/${token}`)).json()) as TrackingView).payment;

async function ask(token: string): Promise<PaymentConfirmation["confirmation"]> {
  const { status, json } = await shopper(`/v1/track/${token}/payment-confirmation`, {});
  expect(status, JSON.stringify(json)).toBe(200);
  return json.confirmation;
}

/** The shopper answers the bank. @returns the status of the bank's page */
async function answerBank(clientSecret: string, answer: "complete" | "fail"): Promise<number> {
  const response = await fetch(`${world.simulatorsUrl}/js/authenticate`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ client_secret: clientSecret, answer }).toString(),
  });
  return response.status;
}

/** Delivers the newest webhook of a type about an order. */
async function tell(orderId: string, type: string) {
  const webhook = await eventually(type, async () =>
    world.webhooks.findLast((one) => one.type === type && one.body.includes(`"${orderId}"`)),
  );
  const response = await world.deliver(webhook);
  return { status: response.status, ...((await response.json()) as { outcome?: string }) };
}

const secretOf = async (token: string): Promise<string> =>
  (await ask(token))?.clientSecret ?? expect.fail("nothing is to be confirmed");

const entries = async (orderId: string): Promise<readonly string[]> => {
  const { rows } = await world.edge.database.query<{ type: string }>(
    "select type from order_event where order_id = $1 and type like 'payment.%' order by id",
    [orderId],
  );
  return rows.map(({ type }) => type);
};

test("waits by name for the shopper, who gets what the page needs, and nobody else keeps it", async () => {
  const { orderId, token } = await placeOrder();
  const view = await waiting(orderId);
  expect(view.summary).toMatchObject({ status: "on_hold", paymentStatus: "pending" });
  expect(await payment(token)).toMatchObject({
    state: "confirm",
    amountMinor: 2_000,
    declined: null,
    attempts: 1,
    form: { provider: "stripe" },
  });
  const confirmation = await ask(token);
  expect(confirmation).toEqual({
    clientSecret: expect.stringMatching(/^pi_\w+_secret_\w+$/),
    paymentMethod: null,
  });
  expect(await ask(token)).toEqual(confirmation);
  const { rows } = await world.edge.database.query<{ found: number }>(
    `select (select count(*) from orders o where o::text like '%\\_secret\\_%')::int
       + (select count(*) from payment_transaction t where t::text like '%\\_secret\\_%')::int
       + (select count(*) from order_event e where e::text like '%\\_secret\\_%')::int as found`,
  );
  expect(rows[0]?.found).toBe(0);
});

test("goes on by the webhook alone, once, however often it is told", async () => {
  const { orderId, token } = await placeOrder();
  await waiting(orderId);
  expect(await answerBank(await secretOf(token), "complete")).toBe(200);
  const told = () => tell(orderId, "payment_intent.amount_capturable_updated");
  expect(await told()).toMatchObject({ status: 200, outcome: "applied", repeated: false });
  await onTheFloor(orderId);
  expect(await told()).toMatchObject({ outcome: "applied", repeated: true });
  expect(await payment(token)).toBeNull();
  expect(await ask(token)).toBeNull();
  expect(await entries(orderId)).toEqual(["payment.confirmation_needed", "payment.authorized"]);
  await world.pack(orderId);
  await world.seen(orderId, "paid", ({ summary }) => summary.paymentStatus === "paid");
  expect(await world.charges(orderId)).toMatchObject({ authorizations: 1, captured: 2_000, declines: 0 });
});

test("goes on by the page alone, and the webhook that comes later changes nothing", async () => {
  const { orderId, token } = await placeOrder();
  await waiting(orderId);
  await answerBank(await secretOf(token), "complete");
  expect(await ask(token)).toBeNull();
  await onTheFloor(orderId);
  expect(await tell(orderId, "payment_intent.amount_capturable_updated")).toMatchObject({
    outcome: "unchanged",
  });
  expect(await world.charges(orderId)).toMatchObject({ authorizations: 1, live: 1 });
});

test("goes on where the process died between what the webhook said and its release", async () => {
  const { orderId, token } = await placeOrder();
  await waiting(orderId);
  const { holdReasons } = (await world.view(orderId)).summary;
  await answerBank(await secretOf(token), "complete");
  const told = () => tell(orderId, "payment_intent.amount_capturable_updated");
  await told();
  await onTheFloor(orderId);
  await world.edge.database.query(
    "update orders set hold_reasons = $2, status = 'on_hold', version = version + 1 where id = $1",
    [orderId, JSON.stringify(holdReasons)],
  );
  expect(await told()).toMatchObject({ outcome: "applied", repeated: true });
  expect((await world.view(orderId)).summary).toMatchObject({ status: "open", holdReasons: [] });
});

test("is declined where the shopper fails the bank, by the webhook as by the page", async () => {
  for (const way of ["webhook", "page"]) {
    const { orderId, token, email } = await placeOrder();
    await waiting(orderId);
    await answerBank(await secretOf(token), "fail");
    if (way === "page") expect(await ask(token)).toBeNull();
    else expect(await tell(orderId, "payment_intent.payment_failed")).toMatchObject({ outcome: "applied" });
    const { summary } = await world.view(orderId);
    expect(summary).toMatchObject({ status: "on_hold", paymentStatus: "failed" });
    expect(summary.holdReasons).toMatchObject([{ code: "payment_failed" }]);
    expect(await payment(token)).toMatchObject({
      state: "needed",
      declined: expect.stringContaining("could not tell that it was you"),
    });
    await eventually("the mail", async () => (await world.mails(email)).length === 2);
    await shopper(`/v1/track/${token}/payment-method`, { paymentMethod: "pm_card_visa" });
    await onTheFloor(orderId);
    expect(await world.charges(orderId)).toMatchObject({ declines: 1, authorizations: 1, live: 1 });
  }
});

test("is ended at the bank where the shopper uses another card, and cannot be confirmed any more", async () => {
  const { orderId, token } = await placeOrder();
  await waiting(orderId);
  const secret = await secretOf(token);
  await shopper(`/v1/track/${token}/payment-method`, { paymentMethod: "pm_card_visa" });
  await onTheFloor(orderId);
  expect(await answerBank(secret, "complete")).toBe(409);
  expect(await tell(orderId, "payment_intent.canceled")).toMatchObject({ outcome: "unchanged" });
  expect(await world.charges(orderId)).toMatchObject({ authorizations: 1, live: 1, cancellations: 1 });
});

test("counts where it was confirmed in the moment in which staff let the order go on", async () => {
  const { orderId, token } = await placeOrder();
  await waiting(orderId);
  await answerBank(await secretOf(token), "complete");
  const released = await staff(`/v1/orders/${orderId}/release-hold`, { codes: ["payment_unconfirmed"] });
  expect(released.status, JSON.stringify(released.json)).toBe(200);
  await onTheFloor(orderId);
  expect(await world.charges(orderId)).toMatchObject({ authorizations: 1, live: 1, cancellations: 0 });
});

test("is asked for anew, once, where staff let the order go on before it was confirmed", async () => {
  const { orderId, token, email } = await placeOrder();
  await waiting(orderId);
  const first = await secretOf(token);
  await staff(`/v1/orders/${orderId}/release-hold`, { codes: ["payment_unconfirmed"] });
  await eventually("the first one's end", async () => (await entries(orderId)).includes("payment.declined"));
  await waiting(orderId);
  const second = await eventually("the other payment", async () => (await ask(token))?.clientSecret);
  expect(second).not.toBe(first);
  expect(await answerBank(first, "complete")).toBe(409);
  await answerBank(second, "complete");
  await ask(token);
  await onTheFloor(orderId);
  await eventually("the mails", async () => (await world.mails(email)).length >= 2);
});

test("of an order that is cancelled is ended at the bank, confirmed or not", async () => {
  for (const isConfirmed of [false, true]) {
    const { orderId, token } = await placeOrder();
    await waiting(orderId);
    const secret = await secretOf(token);
    if (isConfirmed) await answerBank(secret, "complete");
    const cancelled = await staff(`/v1/orders/${orderId}/cancel`, { reason: "test" });
    expect(cancelled.status, JSON.stringify(cancelled.json)).toBeLessThan(300);
    await world.seen(orderId, "cancelled", ({ summary }) => summary.status === "cancelled");
    expect(await world.charges(orderId)).toMatchObject({ cancellations: 1, live: 0 });
    expect(await tell(orderId, "payment_intent.canceled")).toMatchObject({ outcome: "unchanged" });
    expect(await ask(token)).toBeNull();
    expect(await payment(token)).toBeNull();
  }
});

test("of what an order has become dearer by is confirmed in the same way", async () => {
  const { orderId, token } = await placeOrder("pm_card_visa");
  await onTheFloor(orderId);
  await shopper(`/v1/track/${token}/payment-method`, { paymentMethod: TO_CONFIRM });
  const changed = await staff(`/v1/orders/${orderId}/changes`, {
    edits: [{ kind: "quantity", lineId: "1", quantity: 2 }],
  });
  expect(changed.status, JSON.stringify(changed.json)).toBeLessThan(300);
  await waiting(orderId);
  expect(await payment(token)).toMatchObject({ state: "confirm", amountMinor: 2_000 });
  await answerBank(await secretOf(token), "complete");
  expect(await ask(token)).toBeNull();
  await world.seen(orderId, "going on", ({ summary }) => summary.holdReasons.length === 0);
  await world.pack(orderId);
  await world.seen(orderId, "paid", ({ summary }) => summary.paymentStatus === "paid");
  expect(await world.charges(orderId)).toMatchObject({ authorizations: 2, captured: 4_000, declines: 0 });
});

test("cannot be asked about where there is nothing, no such order, or no provider", async () => {
  const { orderId, token } = await placeOrder("pm_card_visa");
  await onTheFloor(orderId);
  expect(await ask(token)).toBeNull();
  const unknown = await shopper("/v1/track/nobody/payment-confirmation", {});
  expect(unknown.status).toBe(404);
  const other = await placeOrder();
  await waiting(other.orderId);
  await world.simulate({ faults: { errorRate: 1 } });
  const path = `/v1/track/${other.token}/payment-confirmation`;
  const failed = await shopper(path, {});
  await world.simulate({ faults: { errorRate: 0 } });
  expect(failed).toMatchObject({ status: 503, json: { code: "payment_provider_unavailable" } });
  expect(await ask(other.token)).not.toBeNull();
});
