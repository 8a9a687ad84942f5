/** Personal data over the public API: who may, what is refused, what goes with age. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { keepClean } from "../operations/personal-data/keep-clean.ts";
import { type DuePerson, readDuePersons } from "../store/persons/retained.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
const ENDED = "http-ended";

beforeAll(async () => {
  world = await startGatewayWorld();
  for (const id of ["http-ended", "http-other", "http-open"]) {
    const reply = await world.call("POST", "/v1/orders", {
      headers: { "idempotency-key": `capture-${id}` },
      json: canonicalOrder(id, { customer: { name: "Ada", email: `${id}@example.com` } }),
    });
    expect(reply.status).toBe(201);
  }
  await world.database.query(
    `update orders set status = 'completed', updated_at = now() - interval '100 days'
      where external_id in ('http-ended', 'http-other')`,
  );
});
afterAll(() => world?.close());

const orderId = (id: string) => `web-${id}`;

async function signedIn(person: string): Promise<Readonly<Record<string, string>>> {
  const { headers } = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${person}@acme.example`, password: STAFF_PASSWORD },
  });
  return { cookie: (headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "", origin: world.url };
}

const erase = (json: object, key: string) =>
  world.call("POST", "/v1/personal-data/erasures", { headers: { "idempotency-key": key }, json });

test("a shopper's orders are found by whole address, with why one cannot be erased", async () => {
  const found = await world.call("POST", "/v1/personal-data/orders", {
    json: { email: "HTTP-open@example.com" },
  });
  expect(found).toMatchObject({
    status: 200,
    json: { orders: [{ orderId: orderId("http-open"), neededFor: "order_open", erasedAt: null }] },
  });
  const nobody = await world.call("POST", "/v1/personal-data/orders", {
    json: { email: "nobody@example.com" },
  });
  expect(nobody).toMatchObject({ status: 404, json: { code: "shopper_not_found" } });
});

test.each([
  {},
  { email: "not an address" },
  { email: "a@b.test", phone: "123456" },
  { mail: "a@b.test" },
  { phone: "1" },
  { order: 7 },
])("%j names nobody and is refused before anything is looked up", async (json) => {
  for (const path of ["orders", "export", "erasures"])
    expect(
      await world.call("POST", `/v1/personal-data/${path}`, { headers: { "idempotency-key": "bad" }, json }),
    ).toMatchObject({
      status: 400,
      json: { code: "invalid_request" },
    });
});

test("what is needed is not erased, by a code of its own, and nothing changes", async () => {
  const reply = await erase({ order: orderId("http-open") }, "too-early");
  expect(reply).toMatchObject({ status: 409, json: { code: "erasure_order_open" } });
  expect((await world.call("GET", "/v1/personal-data/erasures")).json.items).toEqual([]);
});

test("members of staff who are not administrators may neither export nor erase", async () => {
  for (const role of ["operations", "service", "warehouse", "finance"]) {
    const headers = await signedIn(role);
    for (const path of ["orders", "export", "erasures"]) {
      const reply = await world.call("POST", `/v1/personal-data/${path}`, {
        anonymous: true,
        headers: { ...headers, "idempotency-key": "x" },
        json: { order: orderId(ENDED) },
      });
      expect([role, path, reply.json.code]).toEqual([role, path, "forbidden"]);
    }
  }
});

test("kept replies are sealed, and those about an erased order are gone", async () => {
  const kept = async () => {
    const { rows } = await world.database.query<{ clear: number; sealed: number }>(
      `select count(*) filter (where response is not null)::integer as clear, count(sealed)::integer as sealed
         from idempotency_key`,
    );
    return rows[0];
  };
  const before = await kept();
  expect(before).toMatchObject({ clear: 0 });
  expect(before?.sealed).toBeGreaterThanOrEqual(3);

  const erased = await erase({ order: orderId(ENDED) }, "erase");
  expect(erased).toMatchObject({
    status: 200,
    json: { orders: [orderId(ENDED)], doneAt: expect.any(String) },
  });
  const { rows } = await world.database.query("select scope from idempotency_key where sealed is not null");
  // The others' replies, and this one's own.
  expect(rows).toHaveLength(before?.sealed ?? 0);

  const view = await world.call("GET", `/v1/orders/${orderId(ENDED)}`);
  expect(view.json).toMatchObject({
    summary: { customerName: "(erased)" },
    document: { customer: { name: "(erased)" }, shippingAddress: { line1: "(erased)", country: "US" } },
  });
  const list = await world.call("GET", "/v1/personal-data/erasures");
  expect(list.json.items).toMatchObject([{ orders: [orderId(ENDED)] }]);
  expect((await world.call("GET", "/v1/audit/verification")).json.status ?? "whole").toBeDefined();
  const audit = await world.call("GET", "/v1/audit?act=personal-data.erased");
  expect(audit.json.items).toMatchObject([{ subject: `person-of:${orderId(ENDED)}` }]);
  expect(JSON.stringify(audit.json)).not.toContain("@example.com");
});

test("days are set from the version that was seen, and an unknown kind is refused", async () => {
  const { json: now } = await world.call("GET", "/v1/settings/retention");
  expect(now).toEqual({
    version: 1,
    keepWhole: null,
    payloads: null,
    labels: null,
    mails: null,
    persons: null,
  });
  for (const json of [
    { version: 1, payloads: 0 },
    { version: 1, payloads: "9" },
    { version: 1, everything: 3 },
  ])
    expect((await world.call("POST", "/v1/settings/retention", { json })).status).toBe(400);
  const set = await world.call("POST", "/v1/settings/retention", { json: { version: 1, payloads: 90 } });
  expect(set.json).toMatchObject({ version: 2, payloads: 90, persons: null });
  const stale = await world.call("POST", "/v1/settings/retention", { json: { version: 1, payloads: 30 } });
  expect(stale).toMatchObject({ status: 409, json: { code: "setting_changed" } });
});

test("what is due is said before it goes, and what is not due stays", async () => {
  const due = () => world.call("GET", "/v1/settings/retention/due").then(({ json }) => json);
  // The erased order's payload says "(erased)", and goes as well.
  expect(await due()).toEqual({ payloads: 2, labels: 0, mails: 0, persons: 0 });
  expect(await keepClean({ database: world.database })).toEqual({
    payloads: 2,
    labels: 0,
    mails: 0,
    persons: 0,
  });
  expect(await due()).toEqual({ payloads: 0, labels: 0, mails: 0, persons: 0 });
  const { rows } = await world.database.query(
    "select external_id as id, raw_payload = '' as empty from orders order by external_id",
  );
  expect(rows).toEqual([
    { id: "http-ended", empty: true },
    { id: "http-open", empty: false },
    { id: "http-other", empty: true },
  ]);
});

test("people of old orders are erased, unless the law wants an order kept whole for longer", async () => {
  await world.call("POST", "/v1/settings/retention", { json: { version: 2, persons: 30, keepWhole: 365 } });
  expect((await keepClean({ database: world.database })).persons).toBe(0);
  await world.call("POST", "/v1/settings/retention", { json: { version: 3, keepWhole: 60 } });
  expect((await keepClean({ database: world.database })).persons).toBe(1);
  expect((await keepClean({ database: world.database })).persons).toBe(0);
  const view = await world.call("GET", `/v1/orders/${orderId("http-other")}`);
  expect(view.json.document.customer).toEqual({ name: "(erased)" });
});

test("an order that is old and needed is kept for its days again once it is settled", async () => {
  const id = "http-needed";
  await world.call("POST", "/v1/orders", {
    headers: { "idempotency-key": `capture-${id}` },
    json: canonicalOrder(id, { customer: { name: "Ada" } }),
  });
  const age = (updatedAt: string) =>
    world.database.query(
      `update orders set status = 'completed', updated_at = ${updatedAt} where external_id = $1`,
      [id],
    );
  await age("now() - interval '100 days'");
  await world.database.query(
    `insert into return_authorization (id, order_id, status, reason, currency, method, requested_by)
     values ('needed-R1', $1, 'requested', 'defective', 'USD', 'label', 'staff:1')`,
    [orderId(id)],
  );
  expect((await keepClean({ database: world.database })).persons).toBe(0);
  await world.database.query("update return_authorization set status = 'refunded' where id = 'needed-R1'");
  await age("now()");
  expect((await keepClean({ database: world.database })).persons).toBe(0);
  const view = await world.call("GET", `/v1/orders/${orderId(id)}`);
  expect(view.json.document.customer.name).toBe("Ada");
});

test("orders of one moment are due in their order, each once", async () => {
  const ids = ["http-due-1", "http-due-2", "http-due-3"];
  for (const id of ids)
    await world.call("POST", "/v1/orders", {
      headers: { "idempotency-key": `capture-${id}` },
      json: canonicalOrder(id, { customer: { name: "Ada" } }),
    });
  await world.database.query(
    `update orders set status = 'completed', updated_at = '2020-01-01T00:00:00.000001Z' where external_id = any($1)`,
    [ids],
  );
  const found: string[] = [];
  let after: DuePerson | null = null;
  for (let looked = 0; looked < ids.length; looked += 1) {
    const due: readonly DuePerson[] = await readDuePersons(world.database, 60, after, 1);
    found.push(...due.map((one) => one.orderId));
    after = due.at(-1) ?? after;
  }
  expect(found).toEqual(ids.map(orderId));
});

test("an order whose data was altered keeps no other from being erased, and is told of", async () => {
  const ids = ["http-altered", "http-sound"];
  for (const id of ids)
    await world.call("POST", "/v1/orders", {
      headers: { "idempotency-key": `capture-${id}` },
      json: canonicalOrder(id, { customer: { name: "Ada" } }),
    });
  await world.database.query(
    `update orders set status = 'completed', updated_at = '2019-01-01' where external_id = any($1)`,
    [ids],
  );
  await world.database.query(
    `update orders set document = jsonb_set(document, '{sealed}', to_jsonb(left(document->>'sealed', -3)))
      where external_id = 'http-altered'`,
  );
  for (let looked = 0; looked < 2; looked += 1)
    await expect(keepClean({ database: world.database })).rejects.toMatchObject({
      code: "personal_data_damaged",
    });
  const { rows } = await world.database.query(
    `select o.external_id as id, p.erased_at is not null as erased from orders o
       join order_person p on p.order_id = o.id where o.external_id = any($1) order by 1`,
    [ids],
  );
  expect(rows).toEqual([
    { id: "http-altered", erased: false },
    { id: "http-sound", erased: true },
  ]);
});
