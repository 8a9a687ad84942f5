/** Roles as data: what they give, where, at once, and what they hide; over real connections. */

import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { SUBPROTOCOL_JSON } from "../contract/stream.ts";
import { readSourcingLocations } from "../store/catalog/locations.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { PERMISSIONS, ROLE_PERMISSIONS } from "./access/permissions.ts";
import { routeTable } from "./routes/route-table.ts";
import { WHEREABOUTS } from "./routes/whereabouts.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
  await world.database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     select 'west', company_id, 'West', kind, address, 45, -120 from location where id = 'east'`,
  );
  world.engine.client.setLocations(await readSourcingLocations(world.database));
});
afterAll(() => world.close());

type Headers = Readonly<Record<string, string>>;

async function signIn(person: string): Promise<Headers> {
  const reply = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${person}@acme.example`, password: STAFF_PASSWORD },
  });
  return { cookie: (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "", origin: world.url };
}

const as = (headers: Headers, method: string, path: string, json?: unknown) =>
  world.call(method, path, { anonymous: true, headers, ...(json === undefined ? {} : { json }) });

/** A member of staff with a role of their own. */
async function person(id: string, role: object): Promise<Headers> {
  const made = await world.call("POST", "/v1/roles", { json: { id, name: id, permissions: [], ...role } });
  expect(made.json).toMatchObject({ id, builtIn: false, enabled: true });
  await world.database.query(
    `insert into staff (id, company_id, email, name, password_hash, role)
     select $1, company_id, $1 || '@acme.example', $1, password_hash, $1 from staff where id = 'admin'`,
    [id],
  );
  return signIn(id);
}

const change = async (id: string, fields: object) => {
  const { version } = (await world.call("GET", `/v1/roles/${id}`)).json;
  return world.call("PATCH", `/v1/roles/${id}`, { json: { version, ...fields } });
};

test("the built-in roles are rows with what they were shipped with", async () => {
  const { items } = (await world.call("GET", "/v1/roles")).json;
  expect(items.map(({ id }: { id: string }) => id).sort()).toEqual(Object.keys(ROLE_PERMISSIONS).sort());
  for (const { id, permissions, asShipped, builtIn } of items) {
    expect([id, asShipped, builtIn]).toEqual([id, true, true]);
    expect(permissions).toEqual([...ROLE_PERMISSIONS[id as keyof typeof ROLE_PERMISSIONS]].sort());
  }
  const { items: all } = (await world.call("GET", "/v1/permissions")).json;
  expect(all.map(({ permission }: { permission: string }) => permission)).toEqual([...PERMISSIONS]);
});

test("a new role gives what it says and nothing else; a change counts for the next request", async () => {
  const clerk = await person("clerk", { permissions: ["catalog.read"] });
  expect((await as(clerk, "GET", "/v1/products")).status).toBe(200);
  expect((await as(clerk, "GET", "/v1/orders")).status).toBe(403);
  expect((await as(clerk, "GET", "/v1/sessions/current")).json.permissions).toEqual(["catalog.read"]);
  await change("clerk", { permissions: ["orders.read"] });
  expect((await as(clerk, "GET", "/v1/products")).status).toBe(403);
  expect((await as(clerk, "GET", "/v1/orders")).status).toBe(200);
  await world.call("POST", "/v1/roles/clerk/disable", { json: {} });
  expect((await as(clerk, "GET", "/v1/orders")).json.code).toBe("forbidden");
  await world.call("POST", "/v1/roles/clerk/enable", { json: {} });
  expect((await as(clerk, "GET", "/v1/orders")).status).toBe(200);
  expect((await world.call("GET", "/v1/roles/clerk")).json).toMatchObject({ people: 1, asShipped: false });
});

test("an open connection begins anew at once when its member's rights change", async () => {
  const watcher = await person("watcher", { permissions: ["orders.read"] });
  const open = () =>
    new Promise<WebSocket>((resolve, reject) => {
      const socket = new WebSocket(`${world.url.replace(/^http/, "ws")}/v1/stream`, SUBPROTOCOL_JSON, {
        headers: watcher,
      });
      socket.once("message", () => resolve(socket));
      socket.once("error", reject);
    });
  const socket = await open();
  const closed = new Promise((resolve) =>
    socket.once("close", (code, reason) => resolve([code, String(reason)])),
  );
  await change("watcher", { permissions: ["stock.read"] });
  expect(await closed).toEqual([1012, "rights_changed"]);
  const again = await open();
  const reply = new Promise<string>((resolve) => again.once("message", (data) => resolve(String(data))));
  again.send(JSON.stringify({ id: "1", type: "feed.subscribe", after: null }));
  expect(JSON.parse(await reply)).toMatchObject({ type: "error", code: "forbidden" });
  const ended = new Promise((resolve) => again.once("close", (code) => resolve(code)));
  await as(watcher, "DELETE", "/v1/sessions/current");
  expect(await ended).toBe(1008);
});

test("administrators stay whole, and a built-in role goes back to what it was shipped with", async () => {
  for (const fields of [{ permissions: ["orders.read"] }, { locations: ["east"] }, { channels: ["web"] }])
    expect((await change("admin", fields)).json.code).toBe("role_protected");
  expect((await world.call("POST", "/v1/roles/admin/disable", { json: {} })).json.code).toBe(
    "role_protected",
  );
  await expect(world.database.query("delete from role where id = 'store'")).rejects.toThrow("stays");
  await expect(world.database.query("update role set enabled = false where id = 'admin'")).rejects.toThrow();
  await change("store", { permissions: ["orders.read"] });
  expect((await world.call("GET", "/v1/roles/store")).json).toMatchObject({
    asShipped: false,
    permissions: ["orders.read"],
  });
  const back = await change("store", { permissions: null });
  expect(back.json).toMatchObject({ asShipped: true, permissions: [...ROLE_PERMISSIONS.store].sort() });
});

test("nobody gives a role what they do not have, and who saw an older version overwrites nothing", async () => {
  const deputy = await person("deputy", { permissions: ["roles.read", "roles.write", "orders.read"] });
  const own = await as(deputy, "POST", "/v1/roles", {
    id: "mine",
    name: "Mine",
    permissions: ["orders.read"],
  });
  expect(own.status).toBe(201);
  const more = await as(deputy, "PATCH", "/v1/roles/mine", {
    version: own.json.version,
    permissions: ["refunds.give"],
  });
  expect([more.status, more.json.code]).toEqual([403, "permission_not_yours"]);
  const { version } = (await world.call("GET", "/v1/roles/finance")).json;
  // What the role has already may stay, and may be taken.
  const taken = await as(deputy, "PATCH", "/v1/roles/finance", {
    version,
    permissions: ["orders.read", "refunds.read"],
  });
  expect(taken.status).toBe(200);
  const whole = await as(deputy, "PATCH", "/v1/roles/finance", {
    version: taken.json.version,
    permissions: null,
  });
  expect(whole.json.code).toBe("permission_not_yours");
  const stale = await world.call("PATCH", "/v1/roles/finance", { json: { version, name: "Money" } });
  expect([stale.status, stale.json.code]).toEqual([409, "setting_changed"]);
  await change("finance", { permissions: null });
});

test("a role gets no further places or channels from who lacks what it has, nor is it switched on again", async () => {
  const warden = await person("warden", { permissions: ["roles.read", "roles.write", "orders.read"] });
  await world.call("POST", "/v1/roles", {
    json: {
      id: "giver",
      name: "Giver",
      permissions: ["refunds.give"],
      locations: ["east"],
      channels: ["web"],
    },
  });
  const set = async (fields: object) => {
    const { version } = (await world.call("GET", "/v1/roles/giver")).json;
    const { status, json } = await as(warden, "PATCH", "/v1/roles/giver", { version, ...fields });
    return json.code ?? status;
  };
  for (const wider of [
    { locations: null },
    { channels: null },
    { locations: ["east", "west"] },
    { locations: ["west"] },
  ])
    expect([wider, await set(wider)]).toEqual([wider, "permission_not_yours"]);
  expect(await set({ name: "Giver of money" })).toBe(200);
  expect((await as(warden, "POST", "/v1/roles/giver/disable", {})).status).toBe(200);
  const on = await as(warden, "POST", "/v1/roles/giver/enable", {});
  expect(on.json.code).toBe("permission_not_yours");
  expect(await change("giver", { locations: ["east", "west"] })).toMatchObject({ status: 200 });
  expect(await set({ locations: ["west"] })).toBe(200);
});

test("whoever rules over people or keys makes none that have more, and takes over nobody who has", async () => {
  const hr = await person("hr", {
    permissions: ["people.read", "people.write", "keys.read", "keys.write", "orders.read"],
  });
  await world.call("POST", "/v1/roles", {
    json: { id: "reader", name: "Reader", permissions: ["orders.read"] },
  });
  const add = (role: string) =>
    as(hr, "POST", "/v1/staff", { email: `${role}@new.example`, name: "Somebody New", role });
  const more = await add("admin");
  expect([more.status, more.json.code]).toEqual([403, "permission_not_yours"]);
  const made = await add("reader");
  expect(made.status).toBe(201);
  const { id, version } = made.json.person;
  const raised = await as(hr, "PATCH", `/v1/staff/${id}`, { version, role: "admin" });
  expect(raised.json.code).toBe("permission_not_yours");
  for (const action of ["reset-password", "disable", "end-sessions", "remove-second-factor"])
    expect((await as(hr, "POST", `/v1/staff/admin/${action}`, {})).json.code).toBe("permission_not_yours");
  expect((await as(hr, "POST", `/v1/staff/${id}/reset-password`, {})).status).toBe(200);
  const key = (scopes: readonly string[]) => as(hr, "POST", "/v1/keys", { name: "a key", scopes });
  expect((await key(["admin"])).json.code).toBe("permission_not_yours");
  const { items } = (await world.call("GET", "/v1/audit?act=access.denied&by=staff:hr&limit=50")).json;
  expect(items.length).toBeGreaterThan(5);
  const { items: changes } = (await world.call("GET", `/v1/audit?subject=staff:${id}`)).json;
  expect(changes.at(-1)).toMatchObject({ by: "staff:hr", after: { role: "reader", enabled: true } });
  expect(JSON.stringify(changes)).not.toContain(made.json.link.split("#").pop());
});

test.each([
  [{ id: "Wrong Id", name: "x", permissions: [] }, 400, "invalid_request"],
  [{ id: "x1", name: "x", permissions: ["orders.steal"] }, 422, "role_invalid"],
  [{ id: "x1", name: "x", permissions: [], locations: ["nowhere"] }, 404, "location_not_found"],
  [{ id: "x1", name: "x", permissions: [], channels: ["nobody"] }, 404, "channel_not_found"],
  [{ id: "x1", name: "x", permissions: [], locations: [] }, 400, "invalid_request"],
  [{ id: "admin", name: "x", permissions: [] }, 409, "role_exists"],
])("a role %j is refused", async (json, status, code) => {
  const reply = await world.call("POST", "/v1/roles", { json });
  expect([reply.status, reply.json.code]).toEqual([status, code]);
});

test("what was changed of a role, by whom, is in the audit log", async () => {
  const { items } = (await world.call("GET", "/v1/audit?subject=role:clerk")).json;
  expect(items.map(({ act }: { act: string }) => act)).toContain("setting.changed");
  expect(items.at(-1)).toMatchObject({ after: { permissions: ["catalog.read"] } });
});

describe("a role that is bound to places", () => {
  let atEast: Headers;
  let atWest: Headers;
  let ofWeb: Headers;
  let orderId: string;
  let partId: string;

  beforeAll(async () => {
    const permissions = [...PERMISSIONS];
    atEast = await person("at-east", { permissions, locations: ["east"] });
    atWest = await person("at-west", { permissions, locations: ["west"] });
    ofWeb = await person("of-web", { permissions, channels: ["shopify"] });
    const captured = await world.call("POST", "/v1/orders", {
      json: canonicalOrder("bound-1"),
      headers: { "idempotency-key": "bound-1" },
    });
    orderId = captured.json.order;
    partId = `${orderId}-F1`;
    await world.database.query(
      "insert into fulfillment_order (id, order_id, location_id, status, stage) values ($1, $2, 'east', 'open', 'waiting')",
      [partId, orderId],
    );
    await world.database.query(
      "insert into return_authorization (id, order_id, status, reason, currency) values ('R-1', $1, 'requested', 'other', 'USD')",
      [orderId],
    );
    await world.database.query(
      `update order_line set allocated = 1, fulfilled = 1, shipped = 1, delivered = 1, return_requested = 1
        where order_id = $1`,
      [orderId],
    );
    await world.database.query(
      "insert into return_line (return_id, line_id, sku, requested) values ('R-1', '1', 'TEE-1', 1)",
    );
    await world.call("POST", "/v1/devices", {
      json: {
        id: "robot-1",
        name: "Robot 1",
        kind: "robot",
        locationId: "east",
        protocol: "vda5050-2.1",
        settings: { manufacturer: "acme" },
      },
    });
  });

  test("every route says what its requests are about, and no entry is of a route that is gone", () => {
    const decided = routeTable
      .filter(({ access }) => access.kind !== "public")
      .map(({ method, path }) => `${method} ${path}`)
      .filter((name) => !["GET /healthz", "GET /readyz"].includes(name));
    expect([...WHEREABOUTS.keys()].sort()).toEqual(decided.sort());
  });

  const guarded = routeTable.flatMap(({ method, path, access }) =>
    access.kind === "public" || access.kind === "local-or"
      ? []
      : [{ name: `${method} ${path}`, method, path }],
  );

  /** Of things that are at east; what is not there at all is not found by anybody. */
  const pathAtEast = (path: string): string =>
    path
      .replace(/^\/v1\/orders\/\{id\}/, () => `/v1/orders/${orderId}`)
      .replace(/^\/v1\/fulfillment-orders\/\{id\}/, () => `/v1/fulfillment-orders/${partId}`)
      .replace(/^\/v1\/returns\/\{id\}/, "/v1/returns/R-1")
      .replace(/^\/v1\/devices\/\{id\}/, "/v1/devices/robot-1")
      .replace(/^\/v1\/locations\/\{id\}/, "/v1/locations/east")
      .replace("{location}", "east")
      .replaceAll(/\{\w+\}/g, "none")
      .replace(/\/scan$/, "/scan?code=none");

  const OF_THINGS_AT_EAST =
    /^\/v1\/(orders|fulfillment-orders|returns|devices|locations)\/\{id\}|\{location\}/;

  test.each(guarded.filter(({ name }) => !/sessions\/current|rotate|\/disable|\/enable/.test(name)))(
    "$name is held to the places of the role",
    async ({ name, method, path }) => {
      const about = WHEREABOUTS.get(name);
      const probe = async (who: Headers) =>
        (
          await world.call(method, pathAtEast(path), {
            anonymous: true,
            headers: { ...who, "idempotency-key": "probe" },
            ...(method === "GET" || method === "DELETE" ? {} : { json: { nonsense: true } }),
          })
        ).json?.code === "outside_role";
      const isOfChannel = path.startsWith("/v1/channels/");
      const isOutside =
        about === "company" || isOfChannel || path.endsWith("/promise")
          ? { east: true, west: true }
          : { east: false, west: typeof about === "function" && OF_THINGS_AT_EAST.test(path) };
      if (path === "/v1/stock/{sku}/promise" || path === "/v1/stock/commands") return;
      expect([name, await probe(atEast), await probe(atWest)]).toEqual([
        name,
        isOutside.east,
        isOutside.west,
      ]);
    },
  );

  test("stock commands are those of the role's places, all of a request or none", async () => {
    const command = (locationId: string, commandId: string) => ({
      type: "receive",
      commandId,
      atMs: 0,
      cause: "test",
      sku: "MUG-1",
      locationId,
      quantity: 1,
    });
    const send = (...commands: readonly object[]) => as(atWest, "POST", "/v1/stock/commands", { commands });
    expect((await send(command("west", "w1"))).json.outcomes).toMatchObject([{ status: "applied" }]);
    const mixed = await send(command("west", "w2"), command("east", "w3"));
    expect([mixed.status, mixed.json.code]).toEqual([403, "outside_role"]);
    await world.engine.projected();
    const { items } = (await as(atWest, "GET", "/v1/stock?q=MUG-1")).json;
    expect(items).toMatchObject([{ locationId: "west", onHand: 1 }]);
  });

  test("lists have what is at the role's places", async () => {
    const orders = async (who: Headers) => (await as(who, "GET", "/v1/orders")).json.items.length;
    expect([await orders(atEast), await orders(atWest)]).toEqual([1, 0]);
    const parts = async (who: Headers) => (await as(who, "GET", "/v1/fulfillment-orders")).json.items.length;
    expect([await parts(atEast), await parts(atWest)]).toEqual([1, 0]);
    const stock = (await as(atEast, "GET", "/v1/stock?limit=200")).json.items;
    expect(new Set(stock.map((row: { locationId: string }) => row.locationId))).toEqual(new Set(["east"]));
    const available = (await as(atWest, "GET", "/v1/stock/MUG-1/available")).json;
    expect(available).toEqual({
      sku: "MUG-1",
      available: 1,
      byLocation: [{ locationId: "west", available: 1 }],
    });
    const other = (await as(atWest, "GET", "/v1/stock/MUG-1/available?locations=east")).json;
    expect([other.available, other.byLocation]).toEqual([0, []]);
  });

  test("a role that is bound to channels has their orders, and nothing that is of no channel", async () => {
    expect((await as(ofWeb, "GET", "/v1/orders")).json.items).toEqual([]);
    expect((await as(ofWeb, "GET", `/v1/orders/${orderId}`)).json.code).toBe("outside_role");
    expect((await as(ofWeb, "GET", "/v1/channels/shopify/settings")).status).toBe(200);
    expect((await as(ofWeb, "GET", "/v1/channels/web/settings")).json.code).toBe("outside_role");
    expect((await as(ofWeb, "GET", "/v1/audit")).json.code).toBe("outside_role");
  });

  test("over the stream a bound caller follows what is theirs", async () => {
    const ask = (who: Headers, message: object) =>
      new Promise<{ type: string; code?: string }>((resolve, reject) => {
        const socket = new WebSocket(`${world.url.replace(/^http/, "ws")}/v1/stream`, SUBPROTOCOL_JSON, {
          headers: who,
        });
        socket.once("error", reject);
        socket.on("message", (data) => {
          const got = JSON.parse(String(data));
          if (got.type === "hello") socket.send(JSON.stringify({ id: "1", ...message }));
          else {
            resolve(got);
            socket.terminate();
          }
        });
      });
    const all = { type: "feed.subscribe", after: null };
    expect(await ask(atWest, all)).toMatchObject({ type: "error", code: "outside_role" });
    expect(await ask(ofWeb, all)).toMatchObject({ type: "feed.subscribed" });
    expect(await ask(atWest, { ...all, order: orderId })).toMatchObject({
      type: "error",
      code: "outside_role",
    });
    expect(await ask(atEast, { ...all, order: orderId })).toMatchObject({ type: "feed.subscribed" });
    expect(await ask(atWest, { type: "stock.positions", skus: ["MUG-1"] })).toMatchObject({
      positions: [{ locationId: "west" }],
    });
    expect(await ask(atWest, { type: "stock.available", skus: ["MUG-1"] })).toMatchObject({ available: [1] });
    expect(await ask(ofWeb, { type: "devices.subscribe", after: null })).toMatchObject({
      code: "outside_role",
    });
  });
});

describe("shoppers' addresses, telephone numbers and e-mail addresses", () => {
  let orderId: string;
  beforeAll(async () => {
    const captured = await world.call("POST", "/v1/orders", {
      json: canonicalOrder("personal-1"),
      headers: { "idempotency-key": "personal-1" },
    });
    orderId = captured.json.order;
  });

  test("are not in what a role without the right to them is answered, nor found by its searches", async () => {
    for (const role of ["finance", "warehouse"]) {
      const who = await signIn(role);
      for (const path of ["", "/timeline", "/revisions"]) {
        const reply = await as(who, "GET", `/v1/orders/${orderId}${path}`);
        expect([path, reply.status]).toEqual([path, 200]);
        expect(reply.text).not.toMatch(/ada@example|Main Street|10001/);
      }
      expect((await as(who, "GET", `/v1/orders/${orderId}`)).json.document.shippingAddress).toMatchObject({
        name: "Ada Lovelace",
        line1: "(hidden)",
        country: "US",
      });
      expect((await as(who, "GET", "/v1/orders?q=Ada@Example.com")).json.items).toEqual([]);
      expect((await as(who, "GET", "/v1/orders?q=Lovelace")).json.items).not.toEqual([]);
    }
  });

  test("are not searched in store credit, nor written into the table of refunds", async () => {
    await world.database.query(
      `insert into refund (id, order_id, key, reason, status, currency, asked_minor, amount_minor, note, requested_by)
       values ($1 || '-P1', $1, $1, 'goodwill', 'requested', 'USD', 1, 1, 'mail ada@example.com', 'test')`,
      [orderId],
    );
    const credit = await world.call("POST", "/v1/store-credit", {
      json: { email: "ada@example.com", currency: "USD", amountMinor: 100 },
      headers: { "idempotency-key": "personal-credit" },
    });
    const [finance, service] = [await signIn("finance"), await signIn("service")];
    const found = async (who: Headers, q: string) =>
      (await as(who, "GET", `/v1/store-credit?q=${q}`)).json.items.length as number;
    const code = String(credit.json.code).slice(-4);
    expect([await found(finance, "ada@"), await found(finance, code)]).toEqual([0, 1]);
    expect(await found(service, "ada@")).toBe(1);
    const csv = await as(finance, "GET", "/v1/refunds/export.csv");
    expect(csv.text).toContain("mail (hidden)");
    expect(csv.text).not.toContain("ada@example.com");
    expect((await world.call("GET", "/v1/refunds/export.csv")).text).toContain("mail ada@example.com");
  });

  test("are left out of a repeated answer once its caller may not see them any more", async () => {
    const asker = await person("asker", {
      permissions: ["orders.read", "orders.hold", "personal-data.read"],
    });
    const send = () =>
      world.call("POST", `/v1/orders/${orderId}/hold`, {
        anonymous: true,
        headers: { ...asker, "idempotency-key": "asked-twice" },
        json: { reason: "ada@example.com" },
      });
    await send();
    await world.database.query(
      `update idempotency_key set response = '{"email": "ada@example.com"}', sealed = null where key = 'asked-twice'`,
    );
    expect((await send()).json).toEqual({ email: "ada@example.com" });
    await change("asker", { permissions: ["orders.read", "orders.hold"] });
    expect((await send()).json).toEqual({ email: "(hidden)" });
  });

  test("are shown to service, whose looks are recorded once in a while", async () => {
    const service = await signIn("service");
    for (let look = 0; look < 3; look += 1) {
      const { json } = await as(service, "GET", `/v1/orders/${orderId}`);
      expect(json.document.shippingAddress.line1).toBe("1 Main Street");
    }
    const { items } = (await world.call("GET", `/v1/audit?act=personal-data.read&subject=order:${orderId}`))
      .json;
    expect(items).toMatchObject([{ by: "staff:service", act: "personal-data.read" }]);
    expect((await as(service, "GET", "/v1/orders?q=Ada@Example.com")).json.items).not.toEqual([]);
  });

  test("stay out of the feed of whoever may not see them", async () => {
    const { json: order } = await world.call("GET", `/v1/orders/${orderId}`);
    const moved = await world.call("POST", `/v1/orders/${orderId}/changes`, {
      json: {
        revision: 1,
        edits: [{ kind: "address", address: { ...order.document.shippingAddress, line1: "7 Secret Lane" } }],
      },
    });
    expect(moved.status).toBe(200);
    const finance = await signIn("finance");
    const timeline = await as(finance, "GET", `/v1/orders/${orderId}/timeline`);
    expect(timeline.text).toContain("order.changed");
    expect(timeline.text).not.toContain("Secret Lane");
    expect((await world.call("GET", `/v1/orders/${orderId}/timeline`)).text).toContain("Secret Lane");
  });
});

describe("a role that demands a second factor", () => {
  const LEADS_THERE = [
    "DELETE /v1/sessions/current",
    "GET /v1/account",
    "GET /v1/account/passkeys",
    "GET /v1/sessions/current",
    "GET /v1/sessions/current/proof",
    "POST /v1/account/passkeys",
    "POST /v1/account/passkeys/options",
    "POST /v1/account/second-factor",
    "POST /v1/account/second-factor/confirm",
    "POST /v1/sessions/current/proof",
  ];
  const isPublic = ({ access, path }: (typeof routeTable)[number]) =>
    access.kind === "public" || (access.kind === "local-or" && !path.startsWith("/v1/"));

  test("has whoever has none call nothing but what leads to one, until it is set", async () => {
    const them = await person("demanded", { permissions: ["orders.read"] });
    expect((await as(them, "GET", "/v1/orders")).status).toBe(200);
    expect((await change("demanded", { secondFactorDemanded: true })).json).toMatchObject({
      secondFactorDemanded: true,
    });

    // Who is signed in already is asked from the next request on.
    const left: string[] = [];
    for (const route of routeTable.filter((one) => !isPublic(one) && one.path !== "/v1/sessions/current")) {
      const path = route.path.replaceAll(/\{\w+\}/g, "none");
      const { code } = (await as(them, route.method, path, route.method === "GET" ? undefined : {})).json;
      if (code !== "second_factor_demanded") left.push(`${route.method} ${route.path}`);
    }
    expect(left.sort()).toEqual(LEADS_THERE.filter((name) => !name.endsWith("/v1/sessions/current")));

    const again = await signIn("demanded");
    expect((await as(again, "GET", "/v1/sessions/current")).json).toMatchObject({
      permissions: [],
      secondFactorDemanded: true,
    });
    const { secret } = (await as(again, "POST", "/v1/account/second-factor")).json;
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    const confirmed = await as(again, "POST", "/v1/account/second-factor/confirm", { code });
    expect(confirmed.status, confirmed.text).toBe(200);
    expect((await as(again, "GET", "/v1/orders")).status).toBe(200);
    expect((await as(again, "GET", "/v1/sessions/current")).json).toMatchObject({
      permissions: ["orders.read"],
      secondFactorDemanded: false,
    });
  });

  test("has no stream begin, and one that is open begin anew", async () => {
    const them = await person("streaming", { permissions: ["orders.read"] });
    const url = `${world.url.replace("http", "ws")}/v1/stream`;
    const connect = async () => {
      const socket = new WebSocket(url, SUBPROTOCOL_JSON, { headers: them });
      const closed = new Promise<number>((resolve) => socket.once("close", resolve));
      const first = await new Promise<string>((resolve) =>
        socket.once("message", (text) => resolve(String(text))),
      );
      return { first: JSON.parse(first), closed };
    };
    const before = await connect();
    expect(before.first.type).toBe("hello");
    await change("streaming", { secondFactorDemanded: true });
    expect(await before.closed).toBe(1012);
    const after = await connect();
    expect(after.first).toMatchObject({ type: "error", code: "second_factor_demanded" });
    expect(await after.closed).toBe(1008);
  });

  test("can be the administrators', and asks neither a key nor who comes from the identity provider", async () => {
    const admin = await signIn("admin");
    const demand = (secondFactorDemanded: boolean) => change("admin", { secondFactorDemanded });
    expect((await demand(true)).status).toBe(200);
    expect((await as(admin, "GET", "/v1/orders")).json.code).toBe("second_factor_demanded");
    expect((await world.call("GET", "/v1/orders")).status).toBe(200);
    await world.database.query(
      "update staff_session set opened_by = 'single-sign-on' where staff_id = 'admin'",
    );
    expect((await as(admin, "GET", "/v1/orders")).status).toBe(200);
    expect((await demand(false)).json.secondFactorDemanded).toBe(false);
    // All else of it stays as it is.
    expect((await change("admin", { permissions: [] })).json.code).toBe("role_protected");
  });
});
