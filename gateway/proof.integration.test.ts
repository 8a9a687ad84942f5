/**
 * What is risky asks a session again who sits there: which routes do, how it is proved, and what it changes.
 */
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SESSION_OWN_PROOF_MS, SESSION_PROOF_MS, SESSION_TOKEN_OVERLAP_MS } from "../config/limits.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { routeTable } from "./routes/route-table.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

type Json = Readonly<Record<string, unknown>>;

/** A browser that keeps its cookie. */
async function browser(person = "admin") {
  const from = { origin: world.url };
  let cookie = "";
  const call = async (method: string, path: string, json?: Json, key?: string) => {
    const reply = await world.call(method, path, {
      anonymous: true,
      headers: { ...from, cookie, ...(key === undefined ? {} : { "idempotency-key": key }) },
      ...(json === undefined ? {} : { json }),
    });
    const set = reply.headers.get("set-cookie");
    if (set !== null) cookie = set.split(";", 1)[0] ?? "";
    return reply;
  };
  const signedIn = await call("POST", "/v1/sessions", {
    email: `${person}@acme.example`,
    password: STAFF_PASSWORD,
  });
  expect(signedIn.status, signedIn.text).toBe(201);
  return { call, cookie: () => cookie };
}

/** As if every session had been proved so long ago. */
const age = (ms: number) =>
  world.database.query("update staff_session set proved_at = now() - $1 * interval '1 millisecond'", [ms]);

const LONG_AGO = SESSION_PROOF_MS + 1_000;

const always = routeTable
  .filter(({ proof }) => proof !== null && proof.when === undefined)
  .map((route) => ({ name: `${route.method} ${route.path}`, route }));

describe("the routes that ask again", () => {
  test.each(always)("$name: of a session of long ago, and not of a key", async ({ route }) => {
    const { call } = await browser();
    await age(LONG_AGO);
    const path = route.path.replaceAll(/\{\w+\}/g, "none");
    const refused = await call(route.method, path, { nonsense: true });
    expect([refused.status, refused.json.code]).toEqual([403, "reauthentication_needed"]);
    const byKey = await world.call(route.method, path, { json: { nonsense: true } });
    expect(byKey.json.code).not.toBe("reauthentication_needed");
  });

  test("are exactly these", () => {
    const asking = routeTable.flatMap(({ method, path, proof }) =>
      proof === null ? [] : [`${proof.kind}${proof.when === undefined ? "" : "?"} ${method} ${path}`],
    );
    expect(asking.sort()).toEqual([
      "own DELETE /v1/account/passkeys/{id}",
      "own DELETE /v1/sessions",
      "own DELETE /v1/sessions/{id}",
      "own POST /v1/account/passkeys/options",
      "own POST /v1/account/recovery-codes",
      "own POST /v1/account/second-factor",
      "own POST /v1/account/second-factor/remove",
      "own? POST /v1/account/password",
      "recent DELETE /v1/channels/{id}/account",
      "recent DELETE /v1/vendor-accounts/{kind}/{provider}/{account}",
      "recent PATCH /v1/roles/{id}",
      "recent PATCH /v1/staff/{id}",
      "recent PATCH /v1/vendor-accounts/{kind}/{provider}/{account}",
      "recent PATCH /v1/webhook-subscriptions/{id}",
      "recent POST /v1/channels",
      "recent POST /v1/channels/{id}/account/try",
      "recent POST /v1/channels/{id}/rotate-secret",
      "recent POST /v1/devices",
      "recent POST /v1/devices/{id}/rotate",
      "recent POST /v1/keys",
      "recent POST /v1/keys/{id}/disable",
      "recent POST /v1/keys/{id}/rotate",
      "recent POST /v1/refund-limits",
      "recent POST /v1/roles",
      "recent POST /v1/roles/{id}/disable",
      "recent POST /v1/roles/{id}/enable",
      "recent POST /v1/staff",
      "recent POST /v1/staff/{id}/disable",
      "recent POST /v1/staff/{id}/enable",
      "recent POST /v1/staff/{id}/end-sessions",
      "recent POST /v1/staff/{id}/remove-second-factor",
      "recent POST /v1/staff/{id}/reset-password",
      "recent POST /v1/stock-limits",
      "recent POST /v1/vendor-accounts",
      "recent POST /v1/vendor-accounts/{kind}/{provider}/{account}/rotate-secret",
      "recent POST /v1/vendor-accounts/{kind}/{provider}/{account}/try",
      "recent POST /v1/webhook-subscriptions",
      "recent POST /v1/webhook-subscriptions/{id}/rotate-secret",
      "recent PUT /v1/channels/{id}/account",
      "recent? POST /v1/orders/{id}/refunds",
      "recent? POST /v1/store-credit",
    ]);
  });

  test("are all that change rights, people or keys", () => {
    const risky = [
      "roles.write",
      "people.write",
      "keys.write",
      "accounts.write",
      "refunds.limits",
      "stock.limits",
    ];
    const silent = routeTable.filter(
      ({ method, access, proof }) =>
        method !== "GET" &&
        access.kind === "permission" &&
        risky.includes(access.permission) &&
        proof === null,
    );
    expect(silent.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  test("are named by the API's description", async () => {
    const { paths } = (await world.call("GET", "/openapi.json")).json;
    expect(paths["/v1/keys"].post).toMatchObject({
      "x-proof-within-seconds": 600,
      description: expect.stringContaining("`reauthentication_needed`"),
    });
    expect(paths["/v1/keys"].get["x-proof-within-seconds"]).toBeUndefined();
  });
});

describe("a proof", () => {
  test("lets the same request through, with the same key, once", async () => {
    const { call } = await browser();
    const key = crypto.randomUUID();
    const add = () =>
      call("POST", "/v1/staff", { email: "risky@people.example", name: "Risky", role: "service" }, key);
    await age(LONG_AGO);
    expect((await add()).json.code).toBe("reauthentication_needed");
    const none = await world.database.query("select from staff where email = 'risky@people.example'");
    expect(none.rows).toEqual([]);

    const wrong = await call("POST", "/v1/sessions/current/proof", { password: "a wrong password" });
    expect([wrong.status, wrong.json.code]).toEqual([403, "password_wrong"]);
    expect((await add()).json.code).toBe("reauthentication_needed");

    expect((await call("POST", "/v1/sessions/current/proof", { password: STAFF_PASSWORD })).status).toBe(200);
    const added = await add();
    expect(added.status, added.text).toBe(201);
    const again = await add();
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const { rows } = await world.database.query<{ act: string; after: Json }>(
      "select act, after from audit_entry where subject = 'staff:admin' and act in ('session.proved', 'password.refused') order by position",
    );
    expect(rows.slice(-2)).toEqual([
      { act: "password.refused", after: { code: "password_wrong" } },
      { act: "session.proved", after: { by: "password" } },
    ]);
  });

  test("counts for ten minutes, and for two where it is about how one signs in", async () => {
    const { call } = await browser("operations");
    const begin = async () => (await call("POST", "/v1/account/second-factor")).status;
    const disable = async () => (await call("POST", "/v1/channels/nowhere/rotate-secret", {})).json.code;
    await age(SESSION_OWN_PROOF_MS - 10_000);
    expect(await begin()).toBe(200);
    await age(SESSION_OWN_PROOF_MS + 1_000);
    expect(await begin()).toBe(403);
    expect(await disable()).not.toBe("reauthentication_needed");
    await age(SESSION_PROOF_MS + 1_000);
    expect(await disable()).toBe("reauthentication_needed");
  });

  test("needs the code as well where there is a second factor", async () => {
    await world.database.query(
      `insert into staff (id, company_id, email, name, password_hash, password_set_at, role)
       select 'coded', company_id, 'coded@acme.example', 'Coded', password_hash, now(), role
         from staff where id = 'admin'`,
    );
    const { call } = await browser("coded");
    const { secret } = (await call("POST", "/v1/account/second-factor")).json;
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    const code = (steps: number) => totp.generate({ timestamp: Date.now() + steps * 30_000 });
    expect((await call("POST", "/v1/account/second-factor/confirm", { code: code(-1) })).status).toBe(200);
    await age(LONG_AGO);
    expect((await call("GET", "/v1/sessions/current/proof")).json).toMatchObject({
      password: true,
      secondFactor: true,
    });
    const prove = (more: Json) =>
      call("POST", "/v1/sessions/current/proof", { password: STAFF_PASSWORD, ...more });
    expect((await prove({})).json.code).toBe("second_factor_needed");
    expect((await prove({ code: "000000" })).json.code).toBe("second_factor_wrong");
    // Knowing the password is not enough to take another one.
    const change = { current: STAFF_PASSWORD, next: "eleven quiet lamps" };
    expect((await call("POST", "/v1/account/password", change)).json.code).toBe("reauthentication_needed");
    expect((await prove({ code: code(0) })).status).toBe(200);
    expect((await call("POST", "/v1/account/second-factor/remove")).status).toBe(200);
  });

  test("gives the session a new token, and the one before counts on for a moment only", async () => {
    const { call, cookie } = await browser("finance");
    const before = cookie();
    const look = async (token: string) =>
      (await world.call("GET", "/v1/sessions", { anonymous: true, headers: { cookie: token } })).status;
    expect((await call("POST", "/v1/sessions/current/proof", { password: STAFF_PASSWORD })).status).toBe(200);
    expect(cookie()).not.toBe(before);
    expect([await look(before), await look(cookie())]).toEqual([200, 200]);
    const { items } = (await call("GET", "/v1/sessions")).json as { items: { current: boolean }[] };
    expect(items.map(({ current }) => current)).toEqual([true]);
    await world.database.query(
      "update staff_session set former_until = former_until - $1 * interval '1 millisecond'",
      [SESSION_TOKEN_OVERLAP_MS + 1],
    );
    expect([await look(before), await look(cookie())]).toEqual([401, 200]);
  });

  test("is not for who has the token before it", async () => {
    const { call, cookie } = await browser("store");
    const before = cookie();
    await world.database.query(
      "update staff_session set created_at = now() - $1 * interval '1 millisecond' where staff_id = 'store'",
      [LONG_AGO],
    );
    expect((await call("POST", "/v1/sessions/current/proof", { password: STAFF_PASSWORD })).status).toBe(200);
    const begin = async (token: string) => {
      const headers = { origin: world.url, cookie: token };
      return await world.call("POST", "/v1/account/second-factor", { anonymous: true, headers });
    };
    const stolen = await begin(before);
    expect([stolen.status, stolen.json.code]).toEqual([403, "reauthentication_needed"]);
    expect((await begin(cookie())).status).toBe(200);
  });

  test("is not guessed in a browser that somebody left open", async () => {
    const { call } = await browser("warehouse");
    const codes: string[] = [];
    for (let time = 0; time < 11; time += 1)
      codes.push((await call("POST", "/v1/sessions/current/proof", { password: `guess ${time}` })).json.code);
    expect(codes.at(0)).toBe("password_wrong");
    expect(codes.at(-1)).toBe("rate_limited");
  });

  test("is nothing for a key", async () => {
    const reply = await world.call("POST", "/v1/sessions/current/proof", { json: { password: "x" } });
    expect([reply.status, reply.json.code]).toEqual([404, "not_found"]);
  });
});

describe("money that only a role without a limit can give", () => {
  test("is given after a proof, what others may give without", async () => {
    const { call } = await browser("finance");
    await age(LONG_AGO);
    const give = (amountMinor: number) =>
      call(
        "POST",
        "/v1/store-credit",
        { email: "ada@example.com", currency: "USD", amountMinor },
        crypto.randomUUID(),
      );
    expect((await give(25_000)).status).toBe(201);
    const large = await give(25_001);
    expect([large.status, large.json.code]).toEqual([403, "reauthentication_needed"]);
    await call("POST", "/v1/sessions/current/proof", { password: STAFF_PASSWORD });
    expect((await give(25_001)).status).toBe(201);
  });

  test("is asked for before a refund looks at what was paid", async () => {
    const captured = await world.call("POST", "/v1/orders?channel=web", {
      json: canonicalOrder("large-1"),
      headers: { "idempotency-key": crypto.randomUUID() },
    });
    expect(captured.status, captured.text).toBeLessThan(300);
    const { rows } = await world.database.query<{ id: string }>("select id from orders limit 1");
    const { call } = await browser("finance");
    await age(LONG_AGO);
    const refund = async (amountMinor: number) => {
      const body = { amountMinor, reason: "goodwill" };
      return (await call("POST", `/v1/orders/${rows[0]?.id}/refunds`, body, crypto.randomUUID())).json.code;
    };
    expect(await refund(25_001)).toBe("reauthentication_needed");
    expect(await refund(25_000)).not.toBe("reauthentication_needed");
  });
});
