/** Money after the sale over REST: who may do what, and what they are told. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
let serial = 0;

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const key = () => ({ "idempotency-key": `key-${++serial}` });

async function signedIn(role: string): Promise<Readonly<Record<string, string>>> {
  const reply = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${role}@acme.example`, password: STAFF_PASSWORD },
  });
  const cookie = (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  return { cookie, origin: world.url };
}

/** An order of 19.99 that was charged. */
async function paidOrder(change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const id = `after-${++serial}`;
  const reply = await world.call("POST", "/v1/orders?channel=web", {
    json: canonicalOrder(id, change),
    headers: key(),
  });
  expect(reply.status).toBe(201);
  const orderId = reply.json.order;
  if (change["paymentBy"] !== "channel")
    await world.database.query(
      `insert into payment (order_id, provider, reference, currency, authorized_minor, captured_minor, status)
       values ($1, 'stripe', 'pi', 'USD', 1999, 1999, 'paid')`,
      [orderId],
    );
  return orderId;
}

const gift = (orderId: string, json: object, headers: Readonly<Record<string, string>>) =>
  world.call("POST", `/v1/orders/${orderId}/refunds`, {
    anonymous: "cookie" in headers,
    json,
    headers: { ...key(), ...headers },
  });

test("a role with a limit is refused beyond it and told who can; finance is not limited", async () => {
  const orderId = await paidOrder({ lines: [{ sku: "TEE-1", quantity: 10, unitPrice: "19.99" }] });
  await world.database.query(
    "update payment set authorized_minor = 19990, captured_minor = 19990 where order_id = $1",
    [orderId],
  );
  const service = await signedIn("service");
  const body = { amountMinor: 5001, reason: "goodwill" };
  const refused = await gift(orderId, body, service);
  expect(refused.status).toBe(403);
  expect(refused.json).toMatchObject({
    code: "refund_limit_exceeded",
    detail: expect.stringMatching(/50\.00 USD a day.*finance/),
  });
  expect((await gift(orderId, { ...body, amountMinor: 3000 }, service)).status).toBe(201);
  const state = await world.call("GET", `/v1/orders/${orderId}/refunds`, {
    anonymous: true,
    headers: service,
  });
  expect(state.json).toMatchObject({
    leftMinor: 16_990,
    limit: { role: "service", perDayMinor: 5000, givenMinor: 3000 },
  });
  expect((await gift(orderId, body, await signedIn("finance"))).status).toBe(201);
  expect((await gift(orderId, body, await signedIn("warehouse"))).json.code).toBe("forbidden");
});

test("money is given only with an idempotency key, and a repeat gives it once", async () => {
  const orderId = await paidOrder();
  const json = { amountMinor: 500, reason: "appeasement" };
  const bare = await world.call("POST", `/v1/orders/${orderId}/refunds`, { json });
  expect(bare.json.code).toBe("idempotency_key_missing");
  const headers = key();
  const first = await world.call("POST", `/v1/orders/${orderId}/refunds`, { json, headers });
  const again = await world.call("POST", `/v1/orders/${orderId}/refunds`, { json, headers });
  expect(again.json).toEqual(first.json);
  expect(first.json).toMatchObject({ id: `${orderId}-M1`, status: "requested", amountMinor: 500 });
  const foreign = await world.key(["refunds:write"], "shopify");
  const hidden = await world.call("GET", `/v1/refunds/${orderId}-M1`, {
    headers: { authorization: `Bearer ${foreign}` },
  });
  expect(hidden.status).toBe(404);
});

test("what a channel owes is listed for finance, as a table too, and closed by the channel's own key", async () => {
  const orderId = await paidOrder({ paymentBy: "channel", customer: { name: "=cmd|' /C calc'!A0" } });
  await world.database.query(
    `insert into refund (id, order_id, key, reason, status, currency, asked_minor, amount_minor, channel_minor, requested_by)
     values ($1 || '-M1', $1, $1, 'return', 'due_at_channel', 'USD', 1999, 1999, 1999, 'test')`,
    [orderId],
  );
  const due = await world.call("GET", "/v1/refunds?status=due_at_channel");
  expect(due.json.items).toMatchObject([{ orderId, channelName: "Web shop", channelMinor: 1999 }]);
  const found = async (q: string): Promise<number> => {
    const { json } = await world.call("GET", `/v1/refunds?q=${encodeURIComponent(q)}`);
    return json.items.filter((one: { readonly orderId: string }) => one.orderId === orderId).length;
  };
  expect([await found(` ${orderId.slice(0, -1)} `), await found("/C calc"), await found("nobody%")]).toEqual([
    1, 1, 0,
  ]);
  const csv = await world.call("GET", "/v1/refunds/export.csv?status=due_at_channel");
  expect(csv.headers.get("content-type")).toMatch(/^text\/csv/);
  expect(csv.text).toContain(`'=cmd|' /C calc'!A0,USD,19.99`);
  const authorization = `Bearer ${await world.key(["refunds:write"], "web")}`;
  const confirm = (json: object) =>
    world.call("POST", `/v1/refunds/${orderId}-M1/confirm`, { json, headers: { authorization } });
  expect((await confirm({ externalRefundId: "re_1", amountMinor: 2000 })).json.code).toBe(
    "refund_exceeds_due",
  );
  expect((await confirm({ externalRefundId: "re_1" })).json).toMatchObject({
    status: "confirmed_by_channel",
    confirmedMinor: 1999,
  });
  expect(await found("re_1")).toBe(1);
  expect((await gift(orderId, { amountMinor: 1, reason: "goodwill" }, { authorization })).json.code).toBe(
    "forbidden",
  );
});

test("claims are found by order, parcel, the carrier's number and the customer", async () => {
  const orderId = await paidOrder({ customer: { name: "Zoë Ångström", email: "zoe@example.com" } });
  await world.database.query(
    `insert into shipment (id, order_id, carrier_provider, carrier_shipment_id, carrier, service, tracking_number,
       cost_minor, currency, weight_grams, label_zpl, label_pdf, shipped_at)
     values ($1 || '-S1', $1, 'easypost', 'shp', 'USPS', 'Ground', '94001-FIND', 512, 'USD', 600, '', '', now())`,
    [orderId],
  );
  await world.database.query(
    `insert into claim (id, order_id, shipment_id, key, kind, status, opened_by, carrier_status, carrier_reference)
     values ($1 || '-C1', $1, $1 || '-S1', $1, 'lost', 'refunded', 'test', 'filed', 'USPS-CASE-77')`,
    [orderId],
  );
  for (const [q, count] of [
    [orderId, 1],
    ["94001-find", 1],
    ["case-77", 1],
    ["Ångström", 1],
    ["zoe@example.com", 1],
    ["nobody", 0],
  ] as const) {
    const { json } = await world.call("GET", `/v1/claims?carrierStatus=filed&q=${encodeURIComponent(q)}`);
    expect([q, json.items.length]).toEqual([q, count]);
  }
  // Whoever does not see addresses finds nothing by them, and still the name on the parcel.
  const warehouse = await signedIn("warehouse");
  const seen = async (q: string) =>
    (
      await world.call("GET", `/v1/claims?q=${encodeURIComponent(q)}`, {
        anonymous: true,
        headers: warehouse,
      })
    ).json.items.length;
  expect([await seen("zoe@example.com"), await seen("Ångström")]).toEqual([0, 1]);
});

test("a code is told when credit is granted, and never shown again", async () => {
  const granted = await world.call("POST", "/v1/store-credit", {
    json: { email: "Ada@Example.com", currency: "USD", amountMinor: 1000, bonusPercent: 10 },
    headers: key(),
  });
  expect(granted.status).toBe(201);
  const { id, code } = granted.json;
  expect(code).toMatch(/^SC(-[0-9A-Z]{4}){4}$/);
  const shown = await world.call("GET", `/v1/store-credit/${id}`);
  expect(shown.json).toMatchObject({ holder: "ada@example.com", balanceMinor: 1100 });
  expect(shown.text).not.toContain(code);
  const found = await world.call("GET", "/v1/store-credit?q=ada%40");
  expect(found.json.items).toMatchObject([{ id }]);

  const order = await world.call("POST", "/v1/orders?channel=web", {
    json: canonicalOrder("credit-1", { storeCredit: { code } }),
    headers: key(),
  });
  const view = await world.call("GET", `/v1/orders/${order.json.order}`);
  expect(view.json.document.storeCredit.code).toBe(`…${code.slice(-4)}`);
  const use = await world.call("POST", `/v1/orders/${order.json.order}/store-credit`, {
    json: { code },
    headers: key(),
  });
  expect(use.json).toEqual({ status: "done", usedMinor: 1100 });
  const drop = await world.call("DELETE", `/v1/orders/${order.json.order}/store-credit`);
  expect(drop.json).toEqual({ status: "done" });
  expect((await world.call("GET", `/v1/store-credit/${id}`)).json).toMatchObject({ balanceMinor: 1100 });
});

test.each([
  ["POST", "/v1/refunds/none/confirm", { externalRefundId: "x" }, 404],
  ["POST", "/v1/refunds/none/retry", undefined, 404],
  ["POST", "/v1/claims/none/approve", { resolution: "refund" }, 404],
  ["POST", "/v1/claims/none/approve", { resolution: "burn" }, 400],
  ["POST", "/v1/returns/none/exchange", { items: [{ sku: "TEE-1", quantity: 1 }] }, 404],
  ["POST", "/v1/returns/none/exchange", { items: [] }, 400],
  ["POST", "/v1/store-credit", { email: "nobody", currency: "USD", amountMinor: 1 }, 400],
  ["POST", "/v1/store-credit", { email: "a@b.example", currency: "XXQ", amountMinor: 1 }, 422],
  ["POST", "/v1/orders/none/store-credit", { code: "x" }, 404],
  ["POST", "/v1/orders/none/claims", { shipmentId: "x", kind: "lost" }, 404],
])("%s %s %j is refused with %i and changes nothing", async (method, path, json, status) => {
  const before = await world.counts();
  const reply = await world.call(method, path, { ...(json === undefined ? {} : { json }), headers: key() });
  expect(reply.status).toBe(status);
  const { idempotency_key: _after, ...after } = await world.counts();
  const { idempotency_key: _before, ...unchanged } = before;
  expect(after).toEqual(unchanged);
});

test("credit instead of a channel's refund is given by who may give money back", async () => {
  const orderId = await paidOrder({ paymentBy: "channel" });
  const json = {
    lines: [{ lineId: "1", quantity: 1 }],
    reason: "defective",
    refundTo: "store_credit",
    insteadOfChannel: true,
  };
  const asked = async (role: string) =>
    world.call("POST", `/v1/orders/${orderId}/returns`, {
      anonymous: true,
      json,
      headers: { ...key(), ...(await signedIn(role)) },
    });
  const refused = await asked("warehouse");
  expect(refused.status).toBe(403);
  expect(refused.json).toMatchObject({ code: "forbidden", detail: expect.stringContaining("refunds.give") });
  // Service may; nothing of the order has been delivered yet.
  expect((await asked("service")).json).toMatchObject({ code: "not_returnable" });
});
