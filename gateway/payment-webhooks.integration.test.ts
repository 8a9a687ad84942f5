/**
 * A payment provider's webhooks, from the provider's own socket to the order's page: real gateway, real
 * PostgreSQL, real sagas; Stripe is its simulator. Webhooks are recorded, so that a test says when, how often
 * and in which order each is delivered.
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import type { OrderView } from "../contract/orders.ts";
import { signStripeWebhook } from "../integrations/payments/stripe/webhook.ts";
import { postOrder, send, sentOrder } from "../test-support/orders/sent-order.ts";
import { eventually } from "../test-support/saga-world.ts";
import {
  PAYMENT_SECRET,
  type PaidEdge,
  type SentWebhook,
  startPaidEdge,
} from "../test-support/servers/paid-edge.ts";

const STAFF_PASSWORD = "a password of the tests 1";
const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");

let world: PaidEdge;
beforeAll(async () => {
  world = await startPaidEdge({ dashboardFolder: "none", staffPassword: STAFF_PASSWORD, recorded: true });
});
afterAll(() => world?.stop());

const call = (method: string, path: string, body?: unknown) =>
  send(world.edge, method, path, body, { key: world.edge.credentials.apiKey });

let placed = 0;

/** An order of three units at 20.00, with shipping 60.00 in all. */
async function placeOrder(change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  placed += 1;
  return postOrder(
    world.edge,
    sentOrder(`HOOK-${placed}`, {
      lines: [{ sku: product?.sku, title: "Bag", quantity: 3, unitPrice: "20.00" }],
      paymentMethod: "pm_card_visa",
      customer: { name: "Ada Example", email: `ada-${placed}@example.com` },
      ...change,
    }),
  );
}

const placeAuthorized = async (change?: Readonly<Record<string, unknown>>) => {
  const orderId = await placeOrder(change);
  await world.seen(orderId, "on the floor", (view) =>
    view.fulfillmentOrders.some(({ status }) => status === "in_progress"),
  );
  return orderId;
};

const placePaid = async () => {
  const orderId = await placeAuthorized();
  await world.pack(orderId);
  await world.seen(orderId, "paid", (view) => view.summary.paymentStatus === "paid");
  return orderId;
};

/** What the provider has sent about an order's payment, once these types are among it. */
async function sent(orderId: string, ...types: readonly string[]): Promise<readonly SentWebhook[]> {
  const view = await world.view(orderId);
  const reference = view.payment?.reference ?? orderId;
  const about = () =>
    world.webhooks.filter(({ body }) => body.includes(reference) || body.includes(`"${orderId}"`));
  return eventually(`webhooks ${types.join(", ")}`, async () => {
    const own = about();
    return types.every((type) => own.some((one) => one.type === type)) ? own : undefined;
  });
}

async function deliver(webhook: Pick<SentWebhook, "body" | "signature">) {
  const response = await world.deliver(webhook);
  return { status: response.status, ...((await response.json()) as { outcome?: string; code?: string }) };
}

/** Delivers the newest webhook of a type about an order. */
async function tell(orderId: string, type: string) {
  const webhook = (await sent(orderId, type)).findLast((one) => one.type === type);
  if (webhook === undefined) throw new Error(`no ${type} was sent`);
  return deliver(webhook);
}

const signed = (body: string): Pick<SentWebhook, "body" | "signature"> => ({
  body,
  signature: signStripeWebhook(body, PAYMENT_SECRET, Date.now()),
});

/** Types of the timeline. Mails go out beside it. */
const entries = async (orderId: string): Promise<readonly string[]> => {
  const { rows } = await world.edge.database.query<{ type: string }>(
    "select type from order_event where order_id = $1 and type <> 'notification.sent' order by id",
    [orderId],
  );
  return rows.map(({ type }) => type);
};

/** What of an order's page is about money. Mails go out beside it. */
const books = ({ summary, payment, amounts, completion, document }: OrderView) => ({
  summary: { status: summary.status, paymentStatus: summary.paymentStatus, holdReasons: summary.holdReasons },
  payment,
  amounts,
  completion,
  document,
});

const count = (list: readonly string[], one: string) => list.filter((each) => each === one).length;

const holdCodes = (view: OrderView) => view.summary.holdReasons.map(({ code }) => code);

const retry = (refundId: string) => call("POST", `/v1/refunds/${refundId}/retry`, undefined);

async function refundsOf(orderId: string) {
  const { json } = await call("GET", `/v1/refunds?order=${encodeURIComponent(orderId)}`);
  return json.items as readonly {
    readonly id: string;
    readonly status: string;
    readonly reason: string;
    readonly amountMinor: number;
    readonly failure: string | null;
    readonly supportedActions: readonly string[];
  }[];
}

async function refunded(orderId: string, amountMinor: number) {
  const { json, status } = await call("POST", `/v1/orders/${orderId}/refunds`, {
    amountMinor,
    reason: "goodwill",
  });
  expect(status, JSON.stringify(json)).toBeLessThan(300);
  await eventually("the refund", async () =>
    (await refundsOf(orderId)).some(({ status: now }) => now === "done"),
  );
}

describe("at the door", () => {
  const body = JSON.stringify({ id: "evt_door", type: "payout.paid", created: 1, data: { object: {} } });

  test("what is forged, stale or altered is refused, and nothing is written", async () => {
    const old = Date.now() - 10 * 60_000;
    for (const forged of [
      { body, signature: "" },
      { body, signature: signStripeWebhook(body, "whsec_another", Date.now()) },
      { body, signature: signStripeWebhook(body, PAYMENT_SECRET, old) },
      { ...signed(body), body: `${body} ` },
    ])
      expect(await deliver(forged)).toMatchObject({ status: 401, code: "bad_signature" });
    const { rows } = await world.edge.database.query("select from payment_event where event_id = 'evt_door'");
    expect(rows).toEqual([]);
  });

  test("an account that the settings do not name has no door", async () => {
    const response = await world.deliver(signed(body), "returns");
    expect([response.status, await response.json()]).toMatchObject([404, { code: "webhook_not_found" }]);
  });

  test("what is signed and no event is refused by name", async () => {
    for (const text of ["", "null", "{", '{"id":"evt_1"}'])
      expect(await deliver(signed(text)), text).toMatchObject({ status: 422 });
  });

  test("an event that means nothing is written down once and answered", async () => {
    expect(await deliver(signed(body))).toMatchObject({ status: 200, outcome: "ignored", repeated: false });
    expect(await deliver(signed(body))).toMatchObject({ status: 200, outcome: "ignored", repeated: true });
  });

  test("an event of somebody else's payment is answered, and says so", async () => {
    const told = (id: string, object: unknown) =>
      deliver(signed(JSON.stringify({ id, type: "payment_intent.succeeded", created: 1, data: { object } })));
    expect(await told("evt_nobody", { id: "pi_nobody" })).toMatchObject({
      status: 200,
      outcome: "unknown_payment",
    });
    // Another shop at the same account, whose orders bear other names.
    const response = await fetch(`${world.simulatorsUrl}/v1/payment_intents`, {
      method: "POST",
      headers: {
        authorization: "Bearer sk_test_other",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "amount=500&currency=usd&capture_method=manual&confirm=true&payment_method=pm_card_visa&metadata[order_id]=elsewhere-1",
    });
    const { id } = (await response.json()) as { readonly id: string };
    expect(await told("evt_other", { id })).toMatchObject({ status: 200, outcome: "unknown_payment" });
  });

  test("what cannot be read at the provider now is asked for again, and is then taken", async () => {
    const orderId = await placeAuthorized();
    const [webhook] = (await sent(orderId, "payment_intent.amount_capturable_updated")).filter(
      ({ type }) => type === "payment_intent.amount_capturable_updated",
    );
    await world.simulate({ faults: { errorRate: 1 } });
    const first = await deliver(webhook as SentWebhook);
    await world.simulate({ faults: { errorRate: 0 } });
    expect(first).toMatchObject({ status: 503, code: "payment_provider_unavailable" });
    expect(await deliver(webhook as SentWebhook)).toMatchObject({ status: 200, repeated: false });
  });
});

describe("what our books say already", () => {
  test("changes nothing, in any order and any number of times", async () => {
    const orderId = await placePaid();
    await refunded(orderId, 500);
    const webhooks = await sent(orderId, "payment_intent.succeeded", "charge.refunded", "refund.updated");
    const before = books(await world.view(orderId));
    const timeline = await entries(orderId);
    for (const webhook of [...webhooks, ...webhooks.toReversed()])
      expect((await deliver(webhook)).outcome, webhook.type).toMatch(/^(unchanged|ignored)$/);
    expect(books(await world.view(orderId))).toEqual(before);
    expect(await entries(orderId)).toEqual(timeline);
  });

  test("is a decline, too", async () => {
    const orderId = await placeOrder({ paymentMethod: "pm_card_chargeDeclinedInsufficientFunds" });
    await world.seen(orderId, "on hold", (view) => holdCodes(view).includes("payment_failed"));
    expect(await tell(orderId, "payment_intent.payment_failed")).toMatchObject({ outcome: "unchanged" });
  });
});

describe("a refund that fails later", () => {
  test("is open again for finance, and goes out once more when it is tried again", async () => {
    const orderId = await placePaid();
    await refunded(orderId, 1_500);
    await world.incident({ orderId, what: "refund_failed" });
    expect(await tell(orderId, "refund.failed")).toMatchObject({ status: 200, outcome: "applied" });
    expect(await tell(orderId, "refund.failed")).toMatchObject({ outcome: "applied", repeated: true });
    // The same news under another id.
    expect(await tell(orderId, "refund.updated")).toMatchObject({ outcome: "unchanged" });
    const [failed] = await refundsOf(orderId);
    expect(failed).toMatchObject({
      status: "failed",
      failure: expect.stringContaining("expired or canceled card"),
    });
    expect(failed?.supportedActions).toEqual(["retry", "withdraw"]);
    const view = await world.view(orderId);
    expect([view.summary.paymentStatus, view.payment?.refundedMinor]).toEqual(["paid", 0]);
    expect(count(await entries(orderId), "payment.refund_failed")).toBe(1);

    expect((await retry(failed?.id ?? "")).status).toBe(202);
    await eventually("the refund, again", async () => (await refundsOf(orderId))[0]?.status === "done");
    expect(await world.charges(orderId)).toMatchObject({ captured: 6_000, refunded: 1_500 });
    // Late repeats of the first one's end take nothing back.
    for (const webhook of await sent(orderId, "refund.failed")) await deliver(webhook);
    const after = await world.view(orderId);
    expect([after.summary.paymentStatus, after.payment?.refundedMinor]).toEqual([
      "partially_refunded",
      1_500,
    ]);
    expect(await refundsOf(orderId)).toHaveLength(1);
  });

  test("is known also where the news comes before our own answer", async () => {
    const orderId = await placePaid();
    await refunded(orderId, 700);
    await world.edge.database.query(
      `update payment_transaction set status = 'pending', reference = null where order_id = $1 and type = 'refund'`,
      [orderId],
    );
    await world.incident({ orderId, what: "refund_failed" });
    expect(await tell(orderId, "refund.failed")).toMatchObject({
      status: 503,
      code: "payment_call_under_way",
    });
  });
});

describe("a refund that somebody made at the provider", () => {
  test("counts, holds what is not sent yet, and is not made again", async () => {
    const orderId = await placePaid();
    await world.incident({ orderId, what: "refunded_at_provider", amount: 2_500 });
    const webhooks = await sent(orderId, "charge.refunded", "refund.created", "refund.updated");
    for (const webhook of [...webhooks.toReversed(), ...webhooks]) await deliver(webhook);
    expect(await refundsOf(orderId)).toMatchObject([
      { reason: "at_provider", status: "done", amountMinor: 2_500 },
    ]);
    const view = await world.view(orderId);
    expect([view.summary.paymentStatus, view.payment?.refundedMinor]).toEqual(["partially_refunded", 2_500]);
    expect(count(await entries(orderId), "payment.refunded_elsewhere")).toBe(1);
    // All of it is sent: there is nothing to hold.
    expect(holdCodes(view)).toEqual([]);
    const more = await call("POST", `/v1/orders/${orderId}/refunds`, {
      amountMinor: 3_501,
      reason: "goodwill",
    });
    expect(more.json).toMatchObject({ code: "refund_exceeds_paid" });
  });
});

describe("a refund that somebody made at the provider with words of their own", () => {
  test("is not ours for that, and counts", async () => {
    const orderId = await placePaid();
    const { payment } = await world.view(orderId);
    const response = await fetch(`${world.simulatorsUrl}/v1/refunds`, {
      method: "POST",
      headers: {
        authorization: "Bearer sk_test_other",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: `payment_intent=${payment?.reference}&amount=1500&metadata[reason]=goodwill&metadata[refund_call]=none`,
    });
    expect(response.status).toBe(200);
    expect(await tell(orderId, "refund.created")).toMatchObject({ outcome: "applied" });
    expect(await refundsOf(orderId)).toMatchObject([
      { reason: "at_provider", status: "done", amountMinor: 1_500 },
    ]);
    expect((await world.view(orderId)).payment?.refundedMinor).toBe(1_500);
  });
});

describe("money that somebody moved at the provider", () => {
  const atStripe = async (path: string, body: string) => {
    const response = await fetch(`${world.simulatorsUrl}/v1/payment_intents${path}`, {
      method: "POST",
      headers: {
        authorization: "Bearer sk_test_other",
        "content-type": "application/x-www-form-urlencoded",
      },
      body,
    });
    expect(response.status).toBe(200);
  };

  test("and that our books cannot explain holds what is not sent, and moves nothing of ours", async () => {
    const orderId = await placeAuthorized();
    const before = await world.view(orderId);
    await atStripe(`/${before.payment?.reference}/capture`, "amount_to_capture=500&final_capture=false");
    await world.incident({ orderId, what: "refunded_at_provider" });
    expect(await tell(orderId, "charge.refunded")).toMatchObject({ outcome: "applied" });
    expect(await tell(orderId, "refund.updated")).toMatchObject({ outcome: "unchanged" });
    const view = await world.view(orderId);
    expect(holdCodes(view)).toEqual(["payment_disputed"]);
    expect(view.payment).toEqual(before.payment);
    expect(await refundsOf(orderId)).toEqual([]);
  });

  test("as a whole capture holds what is not sent, too", async () => {
    const orderId = await placeAuthorized();
    const { payment } = await world.view(orderId);
    await atStripe(`/${payment?.reference}/capture`, "amount_to_capture=6000");
    expect(await tell(orderId, "payment_intent.succeeded")).toMatchObject({ outcome: "applied" });
    const view = await world.view(orderId);
    expect(view.summary.holdReasons).toMatchObject([
      { code: "payment_disputed", detail: "60.00 USD were captured at stripe, not by us." },
    ]);
    expect(view.payment).toEqual(payment);
  });

  test("as an authorisation in an order's name is told to staff", async () => {
    const orderId = await placeAuthorized();
    await atStripe(
      "",
      `amount=900&currency=usd&capture_method=manual&confirm=true&payment_method=pm_card_visa&metadata[order_id]=${orderId}`,
    );
    const webhook = await eventually("its webhook", async () =>
      world.webhooks.findLast(
        ({ type, body }) =>
          type === "payment_intent.amount_capturable_updated" &&
          body.includes(`"${orderId}"`) &&
          body.includes('"amount":900'),
      ),
    );
    expect(await deliver(webhook)).toMatchObject({ outcome: "applied" });
    expect(await entries(orderId)).toContain("payment.unknown_authorization");
  });
});

describe("a dispute", () => {
  test("is shown, stops refunds, and goes on when it is won", async () => {
    const orderId = await placePaid();
    await world.incident({ orderId, what: "disputed" });
    expect(await tell(orderId, "charge.dispute.created")).toMatchObject({ outcome: "applied" });
    expect(await tell(orderId, "charge.dispute.funds_withdrawn")).toMatchObject({ outcome: "ignored" });
    const disputed = await world.view(orderId);
    expect(disputed.payment?.disputes).toMatchObject([
      { status: "open", amountMinor: 6_000, reason: "fraudulent", respondBy: expect.any(String) },
    ]);
    expect(await entries(orderId)).toContain("payment.disputed");
    const more = await call("POST", `/v1/orders/${orderId}/refunds`, {
      amountMinor: 100,
      reason: "goodwill",
    });
    expect(more.json).toMatchObject({ code: "refund_exceeds_paid" });

    await world.incident({ orderId, what: "dispute_won" });
    expect(await tell(orderId, "charge.dispute.closed")).toMatchObject({ outcome: "applied" });
    // The first news, late and under another id.
    const late = (await sent(orderId, "charge.dispute.created")).find(
      ({ type }) => type === "charge.dispute.created",
    );
    const again = signed((late?.body ?? "").replace(/"id":"evt_[^"]+"/, '"id":"evt_late"'));
    expect(await deliver(again)).toMatchObject({ outcome: "unchanged" });
    expect((await world.view(orderId)).payment?.disputes).toMatchObject([{ status: "won", respondBy: null }]);
    await refunded(orderId, 100);
  });

  test("lets no refund out while it is open, not even of the rest", async () => {
    const orderId = await placePaid();
    await world.incident({ orderId, what: "disputed", amount: 4_000 });
    await tell(orderId, "charge.dispute.created");
    await call("POST", `/v1/orders/${orderId}/refunds`, { amountMinor: 1_000, reason: "goodwill" });
    await eventually("the refund waits", async () => (await refundsOf(orderId))[0]?.status === "failed");
    const [waiting] = await refundsOf(orderId);
    expect(waiting?.failure).toContain("The customer disputes 40.00 USD");
    expect(await world.charges(orderId)).toMatchObject({ refunded: 0 });
    await world.incident({ orderId, what: "dispute_won" });
    await tell(orderId, "charge.dispute.closed");
    await retry(waiting?.id ?? "");
    await eventually("the refund", async () => (await refundsOf(orderId))[0]?.status === "done");
    expect(await world.charges(orderId)).toMatchObject({ refunded: 1_000 });
  });

  test("keeps what two discounts make less until it is won, and then has it paid once", async () => {
    const orderId = await placePaid();
    await world.incident({ orderId, what: "disputed" });
    await tell(orderId, "charge.dispute.created");
    const edits = (edit: object) => call("POST", `/v1/orders/${orderId}/changes`, { edits: [edit] });
    expect((await edits({ kind: "discount", amount: "20.00" })).status).toBe(200);
    expect((await edits({ kind: "discount", amount: "20.01" })).status).toBe(200);
    const disputed = await world.view(orderId);
    expect([disputed.summary.status, holdCodes(disputed)]).toEqual(["on_hold", ["payment_disputed"]]);
    await world.incident({ orderId, what: "dispute_won" });
    await tell(orderId, "charge.dispute.closed");
    await eventually("the refund", async () => (await refundsOf(orderId))[0]?.status === "done");
    expect(await refundsOf(orderId)).toMatchObject([{ reason: "overpayment", amountMinor: 2_001 }]);
    expect(await world.charges(orderId)).toMatchObject({ refunded: 2_001 });
    expect(holdCodes(await world.view(orderId))).toEqual([]);
  });

  test("that is lost takes the money, whichever news comes first", async () => {
    const orderId = await placePaid();
    await world.incident({ orderId, what: "disputed", amount: 4_000 });
    await world.incident({ orderId, what: "dispute_lost" });
    expect(await tell(orderId, "charge.dispute.closed")).toMatchObject({ outcome: "applied" });
    expect(await tell(orderId, "charge.dispute.created")).toMatchObject({ outcome: "unchanged" });
    expect((await world.view(orderId)).payment?.disputes).toMatchObject([
      { status: "lost", amountMinor: 4_000 },
    ]);
    expect(await entries(orderId)).toEqual(
      expect.arrayContaining(["payment.disputed", "payment.dispute_lost"]),
    );
    const more = await call("POST", `/v1/orders/${orderId}/refunds`, {
      amountMinor: 2_001,
      reason: "goodwill",
    });
    expect(more.json).toMatchObject({ code: "refund_exceeds_paid" });
  });

  test("holds what is not shipped yet, until finance lets it go", async () => {
    const orderId = await placeAuthorized();
    const before = await world.view(orderId);
    // Somebody has captured a part of it at the provider.
    const intent = before.payment?.reference ?? "";
    await fetch(`${world.simulatorsUrl}/v1/payment_intents/${intent}/capture`, {
      method: "POST",
      headers: {
        authorization: "Bearer sk_test_other",
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "amount_to_capture=500&final_capture=false",
    });
    await world.incident({ orderId, what: "disputed" });
    expect(await tell(orderId, "charge.dispute.created")).toMatchObject({ outcome: "applied" });
    const held = await world.view(orderId);
    expect([held.summary.status, holdCodes(held)]).toEqual(["on_hold", ["payment_disputed"]]);
    await world.pack(orderId);
    const released = await call("POST", `/v1/orders/${orderId}/release-hold`, {
      codes: ["payment_disputed"],
    });
    expect(released.status, JSON.stringify(released.json)).toBe(200);
    await world.seen(orderId, "on the floor again", (view) => holdCodes(view).length === 0);
  });
});

describe("an authorisation that is gone", () => {
  test("is made again by the saga, and the order goes on", async () => {
    const orderId = await placeAuthorized();
    const first = (await world.view(orderId)).payment?.reference;
    await world.incident({ orderId, what: "authorization_expired" });
    expect(await tell(orderId, "payment_intent.canceled")).toMatchObject({ outcome: "applied" });
    const view = await world.seen(orderId, "authorised again", (seen) =>
      (seen.payment?.authorizations ?? []).some(({ state }) => state === "open"),
    );
    expect(view.payment?.reference).not.toBe(first);
    expect(view.payment?.authorizations).toMatchObject([{ state: "expired" }, { state: "open" }]);
    // The old news again, under another id: the new authorisation stays.
    const old = world.webhooks.findLast(
      ({ type, body }) => type === "payment_intent.canceled" && body.includes(first ?? ""),
    );
    const again = signed((old?.body ?? "").replace(/"id":"evt_[^"]+"/, '"id":"evt_old_news"'));
    expect(await deliver(again)).toMatchObject({ outcome: "unchanged" });
    await world.pack(orderId);
    await world.seen(orderId, "paid", (seen) => seen.summary.paymentStatus === "paid");
    expect(await world.charges(orderId)).toMatchObject({ authorizations: 2, captured: 6_000 });
  });

  test("by our own call is no news", async () => {
    const orderId = await placeAuthorized();
    await call("POST", `/v1/orders/${orderId}/cancel`, { reason: "The customer has changed their mind." });
    await world.seen(orderId, "cancelled", (view) => view.summary.status === "cancelled");
    const timeline = await entries(orderId);
    expect(await tell(orderId, "payment_intent.canceled")).toMatchObject({ outcome: "unchanged" });
    expect(await entries(orderId)).toEqual(timeline);
  });
});

describe("a call whose answer was lost", () => {
  test("is a capture that counts once the provider tells of it", async () => {
    const orderId = await placePaid();
    // As a process leaves it that was killed before it could write the answer, and as one that misread it.
    for (const status of ["pending", "declined"]) {
      await world.edge.database.query(
        `with lost as (update payment_transaction set status = $2, reference = null, at = now()
           where order_id = $1 and type = 'capture')
         update payment_authorization set captured_minor = 0, state = 'open' where order_id = $1`,
        [orderId, status],
      );
      await world.edge.database.query("update payment set captured_minor = 0 where order_id = $1", [orderId]);
      const webhook = (await sent(orderId, "payment_intent.succeeded")).find(
        ({ type }) => type === "payment_intent.succeeded",
      );
      const told = signed((webhook?.body ?? "").replace(/"id":"evt_[^"]+"/, `"id":"evt_lost_${status}"`));
      expect(await deliver(told), status).toMatchObject({ outcome: "applied" });
      expect((await world.view(orderId)).payment).toMatchObject({
        capturedMinor: 6_000,
        authorizations: [{ state: "captured", capturedMinor: 6_000 }],
      });
    }
    expect(await world.charges(orderId)).toMatchObject({ captures: 1, captured: 6_000 });
  });

  test("is a refund that is not made again", async () => {
    const orderId = await placePaid();
    await refunded(orderId, 900);
    const [refund] = await refundsOf(orderId);
    // As if the answer had been taken for a refusal: finance would try it again, under a new key.
    await world.edge.database.query(
      `with lost as (update payment_transaction set status = 'declined', reference = null
         where order_id = $1 and type = 'refund'),
       open as (update refund set status = 'failed', failure = 'no answer', settled_at = null, settled_by = null
         where order_id = $1)
       update payment_authorization set refunded_minor = 0 where order_id = $1`,
      [orderId],
    );
    expect(await tell(orderId, "refund.updated")).toMatchObject({ outcome: "applied" });
    expect((await world.view(orderId)).payment?.refundedMinor).toBe(900);
    await retry(refund?.id ?? "");
    expect(await world.charges(orderId)).toMatchObject({ refunds: 1, refunded: 900 });
  });
});

test("a day's webhooks, doubled and out of order, leave the same books as none", async () => {
  const orders = await Promise.all([placePaid(), placePaid(), placeAuthorized()]);
  await refunded(orders[0] ?? "", 1_000);
  const read = () => Promise.all(orders.map(async (id) => books(await world.view(id))));
  const before = await read();
  const about = (await Promise.all(orders.map((id) => sent(id)))).flat();
  const shuffled = [...about, ...about]
    .map((webhook) => ({ webhook, at: Math.random() }))
    .sort((a, b) => a.at - b.at);
  const answers = await Promise.all(shuffled.map(({ webhook }) => deliver(webhook)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(await read()).toEqual(before);
});
