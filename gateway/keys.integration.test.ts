/** API keys and the company as administrators change them, and what that is worth at once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayWorld, type Reply, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});

afterAll(() => world.close());

const saidOf = ({ status, json }: Reply) => [status, json.code];

const post = (path: string, json: unknown = {}, key: string = crypto.randomUUID()) =>
  world.call("POST", path, { json, headers: { "idempotency-key": key } });

async function make(change: Readonly<Record<string, unknown>> = {}) {
  const reply = await post("/v1/keys", { name: "connector", scopes: ["orders:read"], ...change });
  expect(reply.status, reply.text).toBe(201);
  return reply.json as { key: { id: string }; secret: string };
}

const using = (secret: string) =>
  world.call("GET", "/v1/orders", { anonymous: true, headers: { authorization: `Bearer ${secret}` } });

const keyOf = async (id: string) => (await world.call("GET", `/v1/keys/${id}`)).json;

describe("a key", () => {
  test("is made once for a request, and its secret is kept nowhere", async () => {
    const request = crypto.randomUUID();
    const body = { name: "web shop", scopes: ["orders:write", "orders:read"], channel: "web" };
    const made = await post("/v1/keys", body, request);
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject({
      key: {
        name: "web shop",
        channel: "web",
        state: "active",
        expiresAt: null,
        lastUsedAt: null,
        previous: null,
      },
      secret: expect.stringMatching(/^hf_[0-9a-f]{16}_[\w-]{43}$/),
    });
    const again = await post("/v1/keys", body, request);
    expect(again.json).toEqual({ ...made.json, secret: null });

    // The process died between the commit and the answer: the same request makes no second key.
    await world.database.query("delete from idempotency_key where key = $1", [request]);
    const repeated = await post("/v1/keys", body, request);
    expect(repeated.json).toMatchObject({ key: { id: made.json.key.id }, secret: null });

    const { rows } = await world.database.query<{ text: string }>(
      `select concat((select string_agg(a::text, '') from api_key a),
                     (select string_agg(k::text, '') from idempotency_key k),
                     (select string_agg(c::text, '') from setting_change c)) as text`,
    );
    expect(rows[0]?.text).not.toContain(String(made.json.secret).slice(-43));
    expect((await using(made.json.secret)).status).toBe(200);
    expect((await keyOf(made.json.key.id)).lastUsedAt).not.toBeNull();
  });

  test.each([
    ["no scope", { scopes: [] }, 400, "invalid_request"],
    ["a scope that there is not", { scopes: ["everything"] }, 400, "invalid_request"],
    ["an unknown channel", { channel: "nowhere" }, 404, "channel_not_found"],
    ["an end in the past", { expiresAt: "2020-01-01T00:00:00Z" }, 422, "key_expiry_past"],
    ["an end that is no time", { expiresAt: "tomorrow" }, 400, "invalid_request"],
  ])("is refused with %s", async (_name, change, status, code) => {
    const reply = await post("/v1/keys", { name: "x", scopes: ["orders:read"], ...change });
    expect(saidOf(reply)).toEqual([status, code]);
  });

  test("counts until it expires", async () => {
    const { key, secret } = await make({ expiresAt: new Date(Date.now() + 60_000).toISOString() });
    expect((await using(secret)).status).toBe(200);
    await world.database.query("update api_key set expires_at = now() - interval '1 second' where id = $1", [
      key.id,
    ]);
    expect(saidOf(await using(secret))).toEqual([401, "unauthenticated"]);
    expect(await keyOf(key.id)).toMatchObject({ state: "expired" });
    expect(saidOf(await post(`/v1/keys/${key.id}/rotate`))).toEqual([409, "key_over"]);
  });

  test("rotated, counts with both secrets until the old one's time, which is seen to be used", async () => {
    const { key, secret } = await make();
    const rotated = await post(`/v1/keys/${key.id}/rotate`, { overlapMinutes: 30 });
    expect(rotated.status, rotated.text).toBe(200);
    expect(rotated.json.secret).not.toBe(secret);
    expect(rotated.json.key.previous.lastUsedAt).toBeNull();
    expect((await using(rotated.json.secret)).status).toBe(200);
    expect((await using(secret)).status).toBe(200);
    expect((await keyOf(key.id)).previous.lastUsedAt).not.toBeNull();
    await world.database.query(
      "update api_key set previous_until = now() - interval '1 second' where id = $1",
      [key.id],
    );
    expect((await using(secret)).status).toBe(401);
    expect((await using(rotated.json.secret)).status).toBe(200);
    expect((await keyOf(key.id)).previous).toBeNull();
    // Without an overlap the old one is over at once.
    const last = await post(`/v1/keys/${key.id}/rotate`, { overlapMinutes: 0 });
    expect((await using(rotated.json.secret)).status).toBe(401);
    expect((await using(last.json.secret)).status).toBe(200);
  });

  test("rotated by a request whose answer was lost, still counts with the secret that its clients have", async () => {
    const { key, secret } = await make();
    const request = crypto.randomUUID();
    const lost = await post(`/v1/keys/${key.id}/rotate`, { overlapMinutes: 60 }, request);
    await world.database.query("delete from idempotency_key where key = $1", [request]);
    const repeated = await post(`/v1/keys/${key.id}/rotate`, { overlapMinutes: 60 }, request);
    expect((await using(secret)).status).toBe(200);
    expect((await using(repeated.json.secret)).status).toBe(200);
    // Nobody got it.
    expect((await using(lost.json.secret)).status).toBe(401);
  });

  test("disabled, counts no more with any secret, and that is kept", async () => {
    const { key, secret } = await make();
    const rotated = await post(`/v1/keys/${key.id}/rotate`);
    expect((await post(`/v1/keys/${key.id}/disable`)).json.state).toBe("disabled");
    for (const each of [secret, rotated.json.secret]) expect((await using(each)).status).toBe(401);
    const { json } = await world.call("GET", "/v1/setting-changes");
    expect(json.items[0]).toMatchObject({
      subject: `key:${key.id}`,
      changes: [{ field: "enabled", from: true, to: false }],
    });
  });

  test("that nobody has is not found", async () => {
    expect(saidOf(await world.call("GET", "/v1/keys/nobody01"))).toEqual([404, "key_not_found"]);
    expect(saidOf(await post("/v1/keys/nobody01/rotate"))).toEqual([404, "key_not_found"]);
    expect(saidOf(await post("/v1/keys/nobody01/disable"))).toEqual([404, "key_not_found"]);
  });
});

describe("the company", () => {
  const company = async () => (await world.call("GET", "/v1/company")).json;
  const change = (json: unknown) =>
    world.call("PATCH", "/v1/company", { json, headers: { "idempotency-key": crypto.randomUUID() } });

  test("has a name and a time zone that are changed, and its day begins there", async () => {
    const before = await company();
    expect(before).toEqual({
      id: "acme",
      name: "Acme Outfitters",
      timeZone: "UTC",
      currency: "USD",
      gs1Prefix: null,
      version: 1,
    });
    const changed = await change({ version: 1, name: "Acme", timeZone: "Pacific/Auckland" });
    expect(changed.json).toEqual({ ...before, name: "Acme", timeZone: "Pacific/Auckland", version: 2 });
    expect(saidOf(await change({ version: 1, name: "Late" }))).toEqual([409, "setting_changed"]);
    const numbered = await change({ version: 2, gs1Prefix: "0614141" });
    expect(numbered.json).toMatchObject({ gs1Prefix: "0614141", name: "Acme", version: 3 });
    expect((await change({ version: 3, gs1Prefix: null })).json).toMatchObject({ gs1Prefix: null });
  });

  test.each([
    ["a time zone that there is not", { timeZone: "Mars/Olympus" }, 422, "unknown_time_zone"],
    ["an offset, which knows no summer", { timeZone: "+02:00" }, 422, "unknown_time_zone"],
    ["a currency that there is not", { currency: "XXY" }, 422, "unknown_currency"],
    ["another currency while there are products", { currency: "EUR" }, 409, "currency_in_use"],
    ["a GS1 prefix that is none", { gs1Prefix: "0614-141" }, 400, "invalid_request"],
    ["a field that there is not", { id: "other" }, 400, "invalid_request"],
  ])("is refused %s", async (_name, fields, status, code) => {
    const { version } = await company();
    expect(saidOf(await change({ version, ...fields }))).toEqual([status, code]);
    expect((await company()).version).toBe(version);
  });

  test("counts its day from its own midnight", async () => {
    // What was captured an hour before the company's midnight is not of today, wherever UTC's midnight is.
    const { version } = await company();
    const zone = new Date().getUTCHours() < 12 ? "Pacific/Kiritimati" : "Pacific/Honolulu";
    await change({ version, timeZone: zone });
    await world.call("POST", "/v1/orders?channel=web", {
      json: {
        id: "DAY-1",
        currency: "USD",
        lines: [{ sku: "TEE-1", title: "Tee", quantity: 1, unitPrice: "20.00" }],
        paymentMethod: "pm_card_visa",
        customer: { name: "Ada", email: "ada@example.com" },
        shippingAddress: {
          name: "Ada",
          line1: "1200 Market Street",
          city: "Columbus",
          region: "OH",
          postalCode: "43215",
          country: "US",
        },
      },
      headers: { "idempotency-key": "DAY-1" },
    });
    const today = async () => (await world.call("GET", "/v1/overview")).json.ordersToday;
    expect(await today()).toBe(1);
    await world.database.query(
      `update orders set captured_at =
         date_trunc('day', now() at time zone $1) at time zone $1 - interval '1 hour' where external_id = 'DAY-1'`,
      [zone],
    );
    expect(await today()).toBe(0);
  });
});
