/** The limit of what a role may give away holds whichever way it is given: refund, price, exchange, claim. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
let serial = 0;
const cookies = new Map<string, string>();

beforeAll(async () => {
  world = await startGatewayWorld();
  for (const role of ["admin", "operations", "service"]) {
    const reply = await world.call("POST", "/v1/sessions", {
      anonymous: true,
      json: { email: `${role}@acme.example`, password: STAFF_PASSWORD },
    });
    cookies.set(role, (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "");
  }
});
afterAll(() => world.close());

/** POST as a member of staff. `service` may give 50.00 USD a day on one order, `operations` 250.00. */
function as(role: string, path: string, json: unknown, key = `gift-${++serial}`): Promise<Reply> {
  const headers = { origin: world.url, cookie: cookies.get(role) ?? "", "idempotency-key": key };
  return world.call("POST", path, { anonymous: true, headers, json });
}

const saidOf = ({ status, json }: Reply) => [status, json.code];
const REFUSED = [403, "refund_limit_exceeded"];

/** 20 shirts of 19.99, sent and captured: 399.80. */
async function sentOrder(change: object = {}): Promise<string> {
  const lines = [{ sku: "TEE-1", quantity: 20, unitPrice: "19.99" }];
  const reply = await world.call("POST", "/v1/orders?channel=web", {
    json: canonicalOrder(`gift-${++serial}`, { lines, ...change }),
    headers: { "idempotency-key": `gift-${serial}` },
  });
  expect(reply.status).toBe(201);
  const orderId = reply.json.order;
  await world.database.query("update order_line set shipped = ordered where order_id = $1", [orderId]);
  await world.database.query(
    `insert into payment (order_id, provider, reference, currency, authorized_minor, captured_minor, status)
     values ($1, 'stripe', 'pi', 'USD', 39980, 39980, 'paid')`,
    [orderId],
  );
  return orderId;
}

const change = (role: string, orderId: string, ...edits: readonly object[]) =>
  as(role, `/v1/orders/${orderId}/changes`, { edits });
const refund = (role: string, orderId: string, amountMinor: number) =>
  as(role, `/v1/orders/${orderId}/refunds`, { amountMinor, reason: "goodwill" });

async function given(orderId: string): Promise<unknown> {
  const { json } = await world.call("GET", `/v1/orders/${orderId}/refunds`, {
    anonymous: true,
    headers: { cookie: cookies.get("service") ?? "" },
  });
  return json.limit.givenMinor;
}

describe("a lower price of an order", () => {
  test("is refused beyond the limit of the role, and changes nothing", async () => {
    const orderId = await sentOrder();
    const before = await world.database.query("select revision, document from orders where id = $1", [
      orderId,
    ]);
    const refused = await change("service", orderId, { kind: "discount", amount: "50.01" });
    expect(saidOf(refused)).toEqual(REFUSED);
    expect(refused.json.detail).toMatch(
      /service may give 50\.00 USD a day on one order.*50\.01 USD are too much/,
    );
    expect(
      saidOf(await change("service", orderId, { kind: "discount", lineId: "1", amount: "399.80" })),
    ).toEqual(REFUSED);
    const after = await world.database.query("select revision, document from orders where id = $1", [
      orderId,
    ]);
    expect(after.rows).toEqual(before.rows);
    expect(await given(orderId)).toBe(0);
    expect((await change("admin", orderId, { kind: "discount", amount: "50.01" })).status).toBe(200);
  });

  test("is counted together with refunds, in both orders of them", async () => {
    const orderId = await sentOrder();
    expect((await change("service", orderId, { kind: "discount", amount: "30.00" })).status).toBe(200);
    expect(await given(orderId)).toBe(3000);
    expect(saidOf(await refund("service", orderId, 2001))).toEqual(REFUSED);
    expect((await refund("service", orderId, 1500)).status).toBe(201);
    expect(saidOf(await change("service", orderId, { kind: "discount", amount: "35.01" }))).toEqual(REFUSED);
    expect((await change("service", orderId, { kind: "discount", amount: "35.00" })).status).toBe(200);
    expect(await given(orderId)).toBe(5000);
  });

  test("counts once, however often its request is repeated", async () => {
    const orderId = await sentOrder();
    const json = { edits: [{ kind: "discount", amount: "40.00" }] };
    for (const _ of [1, 2]) {
      const reply = await as("service", `/v1/orders/${orderId}/changes`, json, `same-${orderId}`);
      expect(reply.status).toBe(200);
    }
    expect(await given(orderId)).toBe(4000);
  });

  test("is bounded for every role that has a limit, also before anything was sent", async () => {
    const orderId = await sentOrder();
    await world.database.query("update order_line set shipped = 0 where order_id = $1", [orderId]);
    expect(saidOf(await change("operations", orderId, { kind: "discount", amount: "250.01" }))).toEqual(
      REFUSED,
    );
    expect((await change("operations", orderId, { kind: "discount", amount: "250.00" })).status).toBe(200);
  });

  test("is one of two that are asked for at once", async () => {
    const orderId = await sentOrder();
    const answers = await Promise.all([
      refund("service", orderId, 4000),
      change("service", orderId, { kind: "discount", amount: "40.00" }),
    ]);
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    expect(await given(orderId)).toBe(4000);
  });
});

describe("goods that are added to an order", () => {
  const shirt = (unitPrice: string, quantity: number) => ({
    kind: "add_line",
    sku: "MUG-1",
    title: "Mug",
    quantity,
    unitPrice,
  });

  test("are given away by what the catalog asks more for them", async () => {
    const orderId = await sentOrder();
    expect(saidOf(await change("service", orderId, shirt("0.00", 3)))).toEqual(REFUSED);
    expect((await change("service", orderId, shirt("19.99", 3))).status).toBe(200);
    expect(await given(orderId)).toBe(0);
    expect((await change("service", orderId, shirt("0.00", 2))).status).toBe(200);
    expect(await given(orderId)).toBe(3998);
    expect(saidOf(await change("service", orderId, { kind: "quantity", lineId: "3", quantity: 9 }))).toEqual(
      REFUSED,
    );
  });

  test("have no price to compare with in another currency: a role with a limit names none", async () => {
    const orderId = await sentOrder({ currency: "EUR" });
    const refused = await change("service", orderId, shirt("19.99", 1));
    expect(saidOf(refused)).toEqual([403, "price_not_comparable"]);
    expect(refused.json.detail).toMatch(/no price of MUG-1 in EUR.*service/);
    const asSold = { kind: "add_line", sku: "TEE-1", title: "Shirt", quantity: 1, unitPrice: "19.99" };
    expect((await change("service", orderId, asSold)).status).toBe(200);
    expect((await change("admin", orderId, shirt("19.99", 1))).status).toBe(200);
  });
});

test("whose gifts have a limit does not send orders, nor a cheaper version of one", async () => {
  const sent = canonicalOrder("gift-sent", { discount: "1.00" });
  const send = (role: string, json: object) => as(role, "/v1/orders?channel=web", json);
  for (const role of ["service", "operations"])
    expect(saidOf(await send(role, sent))).toEqual([403, "role_has_limit"]);
  const first = await send("admin", sent);
  expect(first.status).toBe(201);
  const cheaper = canonicalOrder("gift-sent", { discount: "19.00" });
  expect(saidOf(await send("service", cheaper))).toEqual([403, "role_has_limit"]);
  const { rows } = await world.database.query(
    "select document->'total'->>'minor' as total from orders where id = $1",
    [first.json.order],
  );
  expect(rows).toEqual([{ total: "1899" }]);
});
