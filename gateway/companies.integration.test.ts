/**
 * Two companies whose orders, SKUs, channels, places, devices and people have the same names, on one
 * PostgreSQL, one broker and one Redis: what is one's is unknown at the other, on every way in that there is.
 *
 * The matrix is made of the route table, so that a new operation is in it. A public one, which knows its
 * caller by something else than a key or a cookie, has to be decided on here.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connectAsync, type MqttClient } from "mqtt";
import pg from "pg";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { freePort } from "../cli/embedded/free-port.ts";
import { type DeviceBridge, startDeviceBridge } from "../devices/bridge.ts";
import { deviceProtocolsBelow } from "../devices/device-kinds.ts";
import { type Broker, startBroker } from "../devices/mqtt/broker.ts";
import { giveChannelSecret } from "../store/catalog/channel-secrets.ts";
import { readCompanyIdentity } from "../store/catalog/companies.ts";
import type { Database } from "../store/sql/database.ts";
import { conveyorEvents, readerReports, robotState } from "../test-support/device-messages.ts";
import { testLogger } from "../test-support/floor.ts";
import {
  type CallOptions,
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  StreamClient,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { type CompanyDatabase, createCompanyDatabase } from "../test-support/servers/company-database.ts";
import type { Route } from "./http/route.ts";
import { routeTable } from "./routes/route-table.ts";

const MINUTE = 60_000;
const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

type Company = {
  readonly world: GatewayWorld;
  readonly store: CompanyDatabase;
  readonly bridge: DeviceBridge;
  /** Of an administrator's session: name and value. */
  readonly cookie: string;
};

let acme: Company;
let bolt: Company;
let broker: Broker;
let mqtt: MqttClient;
let redis: { readonly url: string; readonly server: ChildProcess } | null = null;

/** What only Acme has, so that it must be unknown at Bolt. */
let acmeLink: string;
let acmePasswordLink: string;

beforeAll(async () => {
  if (hasRedis) redis = await startRedis();
  broker = await startBroker({ host: "127.0.0.1", port: 0, logger: testLogger });
  acme = await startCompany("acme");
  bolt = await startCompany("bolt");
  // Captured orders of the same name, with another customer each.
  for (const [{ world }, name] of [
    [acme, "Ada of Acme"],
    [bolt, "Ben of Bolt"],
  ] as const) {
    const order = canonicalOrder("1001", { customer: { name, email: "ada@example.com" } });
    expect((await world.call("POST", "/v1/orders", asNew(order))).json.outcome).toBe("accepted");
  }
  expect((await acme.world.call("POST", "/v1/orders", asNew(canonicalOrder("acme-only")))).status).toBe(201);
  acmeLink = tokenOf((await acme.world.call("GET", "/v1/orders/web-1001/tracking-link")).json);
  const link = await acme.world.call("POST", "/v1/staff/service/reset-password", asNew({}));
  acmePasswordLink = String(link.json.link).replace(/^.*#/, "");
  mqtt = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
}, 2 * MINUTE);

afterAll(async () => {
  await mqtt?.endAsync(true);
  for (const company of [acme, bolt]) {
    await company?.bridge.stop();
    await company?.world.close();
  }
  await broker?.stop();
  if (redis?.server.kill("SIGKILL") === true) await once(redis.server, "exit");
});

async function startCompany(prefix: string): Promise<Company> {
  const store = await createCompanyDatabase();
  const world = await startGatewayWorld(undefined, {
    store,
    devices: deviceProtocolsBelow(prefix),
    redisUrl: redis?.url ?? null,
  });
  // The same names in both, and nothing of the same value.
  await world.database.query("update company set name = $1", [prefix]);
  await giveChannelSecret(world.database, world.secrets, {
    channelId: "shopify",
    clearText: `webhook secret of ${prefix}`,
    at: new Date(),
    formerUntil: new Date(),
  });
  for (const [id, kind, protocol] of [
    ["robot-1", "robot", "vda5050-2.1"],
    ["belt-1", "conveyor", "holdfast-conveyor"],
    ["zebra-1", "rfid_portal", "zebra-iot-connector"],
    ["impinj-1", "rfid_portal", "impinj-iot-device-interface"],
  ])
    await world.call(
      "POST",
      "/v1/devices",
      asNew({
        id,
        name: id,
        kind,
        locationId: "east",
        protocol,
        ...(kind === "robot" ? { settings: { manufacturer: "maker" } } : {}),
      }),
    );
  const bridge = await startDeviceBridge({
    mqttUrl: `mqtt://127.0.0.1:${broker.port}`,
    mqtt: { protocolVersion: 4, topicPrefix: prefix },
    database: world.database,
    allocator: world.engine.client,
    logger: testLogger,
  });
  const signedIn = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: "admin@acme.example", password: STAFF_PASSWORD },
  });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  return { world, store, bridge, cookie };
}

async function startRedis() {
  const port = await freePort();
  const server = spawn("redis-server", ["--port", String(port), "--save", "", "--appendonly", "no"]);
  for await (const chunk of server.stdout) if (String(chunk).includes("Ready to accept")) break;
  return { url: `redis://127.0.0.1:${port}`, server };
}

let keys = 0;
const asNew = (json: unknown): CallOptions => {
  keys += 1;
  return { json, headers: { "idempotency-key": `key-${keys}` } };
};

const tokenOf = (view: unknown): string => /\/track\/([^"?/]+)/.exec(JSON.stringify(view))?.[1] ?? "";

/**
 * All that a company has, but for the notes that somebody was refused and what was answered, when a secret or
 * a session was used last, and what the engine renews by the clock.
 */
async function fingerprint({ world }: Company): Promise<Readonly<Record<string, string>>> {
  await world.engine.projected();
  const { rows: tables } = await world.database.query<{ name: string }>(
    `select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
        and relname not in ('shard_lease', 'snapshot', 'snapshot_part', 'audit_entry', 'audit_head', 'idempotency_key',
                            'staff_session') order by 1`,
  );
  const found: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await world.database.query<{ hash: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(row, '' order by row)), '') as hash
         from (select (to_jsonb(t) - 'last_used_at')::text as row from ${pg.escapeIdentifier(name)} t) rows`,
    );
    found[name] = rows[0]?.hash ?? "";
  }
  return found;
}

/** The tables whose rows are others now. */
const changedSince = (before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>) =>
  Object.keys(now).filter((table) => before[table] !== now[table]);

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const guarded = routeTable.filter(({ access }) => access.kind !== "public");

/** A request as good as it can be made of the route's schemas, for ids that only Acme has. */
function requestOf(route: Route, ids: (name: string) => string): { path: string; body: CallOptions } {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(ids(name)));
  const takesBody = route.method !== "GET" && route.method !== "DELETE";
  keys += 1;
  return {
    path,
    body: {
      headers: { "idempotency-key": `probe-${keys}` },
      ...(takesBody
        ? { json: route.body === null || route.body === undefined ? {} : exampleOf(route.body) }
        : {}),
    },
  };
}

function exampleOf(schema: NonNullable<Route["body"]>): unknown {
  try {
    return Value.Create(schema);
  } catch {
    // A pattern that nothing can be made for: who may not call is refused before the body is read.
    return {};
  }
}

const ACME_IDS: Readonly<Record<string, string>> = { id: "web-acme-only", sku: "TEE-1", location: "east" };
const idOf = (name: string): string => ACME_IDS[name] ?? "1";

// First of all: later the audit log has the addresses that somebody unknown has tried.
describe("every list of the other company", () => {
  const reads = guarded.filter(({ method, path }) => method === "GET" && !path.includes("{"));
  test.each(reads.map((route) => ({ name: nameOf(route), route })))(
    "$name says nothing of what only the first has",
    async ({ route }) => {
      const { text } = await bolt.world.call("GET", route.path);
      expect(text).not.toMatch(/acme-only|Ada of Acme/);
    },
  );
});

describe("at the other company", () => {
  test.each(guarded.map((route) => ({ name: nameOf(route), route })))(
    "$name knows neither a key nor a session, under either cookie's name",
    async ({ route }) => {
      if (route.access.kind === "local-or") return;
      const { path, body } = requestOf(route, idOf);
      const [, token = ""] = acme.cookie.split("=");
      const ownName = bolt.cookie.split("=")[0];
      for (const identity of [
        { authorization: `Bearer ${acme.world.adminKey}` },
        { cookie: acme.cookie, origin: bolt.world.url },
        { cookie: `${ownName}=${token}`, origin: bolt.world.url },
      ]) {
        const reply = await bolt.world.call(route.method, path, {
          ...body,
          anonymous: true,
          headers: { ...body.headers, ...(identity as Record<string, string>) },
        });
        expect([route.path, reply.status, reply.json?.code]).toEqual([route.path, 401, "unauthenticated"]);
      }
    },
  );

  test("all of these requests together have changed nothing", async () => {
    const before = await fingerprint(bolt);
    const probes = guarded.map((route) => ({ route, ...requestOf(route, idOf) }));
    for (const { route, path, body } of probes)
      await bolt.world.call(route.method, path, {
        ...body,
        anonymous: true,
        headers: { ...body.headers, authorization: `Bearer ${acme.world.adminKey}` },
      });
    expect(changedSince(before, await fingerprint(bolt))).toEqual([]);
  });

  const ofOrders = guarded.filter(
    ({ method, path }) => /^\/v1\/orders\/\{id\}/.test(path) && method === "GET",
  );
  test.each(ofOrders.map((route) => ({ name: nameOf(route), route })))(
    "$name finds no order that only the first has, for who may see everything",
    async ({ route }) => {
      const { path } = requestOf(route, idOf);
      expect((await acme.world.call("GET", "/v1/orders/web-acme-only")).status).toBe(200);
      expect((await bolt.world.call("GET", path)).status).toBe(404);
    },
  );

  test("no operation finds the first one's ids, and none changes anything", async () => {
    // Ids as they are made, of everything that has some of its own.
    const person = (await acme.world.call("GET", "/v1/keys")).json.items[0].id;
    const before = await fingerprint(bolt);
    const changing = guarded.filter(({ method, path }) => method !== "GET" && path.includes("{id}"));
    const found: string[] = [];
    for (const route of changing) {
      const { path, body } = requestOf(route, (name) => (name === "id" ? "web-acme-only" : person));
      const reply = await bolt.world.call(route.method, path, body);
      if (reply.status < 400 || reply.status >= 500) found.push(`${nameOf(route)}: ${reply.status}`);
    }
    expect(found).toEqual([]);
    expect(changedSince(before, await fingerprint(bolt))).toEqual([]);
  });
});

/** How each public route is tried with what is Acme's: what Bolt answers to it. */
const PUBLIC: Readonly<Record<string, readonly number[]>> = {
  "GET /healthz": [200],
  "GET /readyz": [200],
  "GET /v1/companies": [200],
  "POST /v1/sessions": [401],
  "GET /v1/sign-in-ways": [200],
  // What it gives is to be signed by a passkey that is known here.
  "POST /v1/passkey-challenges": [200, 201],
  "POST /v1/sessions/passkey": [400, 401, 403, 404, 410],
  "POST /v1/single-sign-on": [404, 409],
  "POST /v1/sessions/single-sign-on": [400, 401, 403, 404, 410],
  // It answers the same to everybody; the mail goes to the account of the same name here.
  "POST /v1/password-links": [200],
  "POST /v1/password-links/check": [404, 410],
  "POST /v1/password-links/use": [404, 410],
  "GET /v1/webhooks/{kind}/{provider}/{account}": [404],
  "POST /v1/webhooks/{kind}/{provider}/{account}": [401],
  "POST /v1/webhooks/channels/{channel}": [401],
  "POST /v1/webhooks/carriers/{provider}": [401],
};

describe("what is known by no key or session", () => {
  const shoppers = routeTable.filter(({ path }) => path.startsWith("/v1/track/"));

  test("is decided on here, route by route", () => {
    const open = routeTable.filter(({ access }) => access.kind === "public" || access.kind === "local-or");
    const decided = [...Object.keys(PUBLIC), ...shoppers.map(nameOf), "GET /metrics"];
    expect(open.map(nameOf).filter((name) => !decided.includes(name))).toEqual([]);
  });

  test("a shopper's link opens nothing there, whatever is asked of it", async () => {
    expect((await acme.world.call("GET", `/v1/track/${acmeLink}`, { anonymous: true })).status).toBe(200);
    const before = await fingerprint(bolt);
    const answers = [];
    for (const route of shoppers) {
      const { path, body } = requestOf(route, (name) => (name === "token" ? acmeLink : "web-1001"));
      const reply = await bolt.world.call(route.method, path, { ...body, anonymous: true });
      answers.push([nameOf(route), reply.status]);
    }
    for (const [name, status] of answers)
      expect([name, [400, 404].includes(Number(status))]).toEqual([name, true]);
    expect(answers.find(([name]) => name === "GET /v1/track/{token}")?.[1]).toBe(404);
    expect(changedSince(before, await fingerprint(bolt))).toEqual([]);
  });

  test("nobody is signed in there by cookies of the first, in whatever way", async () => {
    const ways = routeTable.filter(
      ({ path, access }) => access.kind === "public" && /sign|session|passkey/.test(path),
    );
    for (const route of ways) {
      const { path, body } = requestOf(route, idOf);
      const reply = await bolt.world.call(route.method, path, {
        ...body,
        anonymous: true,
        headers: { ...body.headers, cookie: acme.cookie, origin: bolt.world.url },
      });
      expect(reply.headers.get("set-cookie") ?? "").not.toContain(bolt.cookie.split("=")[0]);
      const allowed = [400, ...(PUBLIC[nameOf(route)] ?? [])];
      expect([nameOf(route), reply.status, allowed.includes(reply.status)]).toEqual([
        nameOf(route),
        reply.status,
        true,
      ]);
    }
  });

  test("a webhook that the first one's shop has signed is refused, and captured at the first", async () => {
    const body = JSON.stringify({ admin_graphql_api_id: "gid://shopify/Product/7" });
    const { createHmac } = await import("node:crypto");
    const signature = createHmac("sha256", "webhook secret of acme").update(body).digest("base64");
    const send = (company: Company, path: string) =>
      company.world.call("POST", path, {
        body,
        anonymous: true,
        headers: {
          "content-type": "application/json",
          "x-shopify-topic": "products/update",
          "x-shopify-hmac-sha256": signature,
        },
      });
    const before = await fingerprint(bolt);
    for (const path of ["/v1/webhooks/channels/shopify/shopify", "/v1/webhooks/channels/shopify"]) {
      expect((await send(acme, path)).status).toBe(200);
      expect((await send(bolt, path)).status).toBe(401);
    }
    expect(changedSince(before, await fingerprint(bolt))).toEqual([]);
  });

  test("a link to set a password, and the password of somebody of the same address, open nothing", async () => {
    await bolt.world.database.query("update staff set disabled_at = now() where id = 'finance'");
    const before = await fingerprint(bolt);
    const tries = [
      ["/v1/password-links/check", { token: acmePasswordLink }],
      ["/v1/password-links/use", { token: acmePasswordLink, password: "nine quiet lamps of acme" }],
      ["/v1/sessions", { email: "finance@acme.example", password: STAFF_PASSWORD }],
    ] as const;
    for (const [path, json] of tries) {
      const { status } = await bolt.world.call("POST", path, { anonymous: true, json });
      expect([path, PUBLIC[`POST ${path}`]?.includes(status), status]).toEqual([path, true, status]);
    }
    expect(changedSince(before, await fingerprint(bolt))).toEqual([]);
    const { status } = await acme.world.call("POST", "/v1/password-links/check", {
      anonymous: true,
      json: { token: acmePasswordLink },
    });
    expect(status).toBe(200);
  });
});

describe("streams and feeds", () => {
  test("a key of the first gets no connection, nor does its session", async () => {
    const client = await StreamClient.open(bolt.world.url, acme.world.adminKey);
    await client.until(() => client.closeCode !== null);
    expect([client.received, client.closeCode]).toEqual([
      [expect.objectContaining({ type: "error", code: "unauthenticated" })],
      1008,
    ]);
    const [, token = ""] = acme.cookie.split("=");
    const url = `${bolt.world.url.replace(/^http/, "ws")}/v1/stream`;
    const socket = new WebSocket(url, {
      headers: { cookie: `${bolt.cookie.split("=")[0]}=${token}`, origin: bolt.world.url },
    });
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1008);
  });

  test("orders, stock and devices of the first come to its own subscribers only", async () => {
    const [ours, theirs] = [await acme.world.connect(), await bolt.world.connect()];
    for (const client of [ours, theirs]) {
      client.send({ id: "f", type: "feed.subscribe", after: null });
      client.send({ id: "d", type: "devices.subscribe", after: null });
      client.send({ id: "s", type: "stock.subscribe", after: null });
      for (const id of ["f", "d", "s"]) await client.reply(id);
    }
    const live = (client: StreamClient) =>
      client.received.filter((message) => !("re" in message) && message.type !== "hello");
    const capture = ({ world }: Company, id: string) =>
      world.call("POST", "/v1/orders", asNew(canonicalOrder(id)));
    const told = (client: StreamClient, id: string) => JSON.stringify(live(client)).includes(id);
    await capture(acme, "feed-acme");
    await ours.until(() => told(ours, "web-feed-acme"));
    // Told later and in order: had the first one's come at all, it would be there by now.
    await capture(bolt, "feed-bolt");
    await theirs.until(() => told(theirs, "web-feed-bolt"));
    expect([told(theirs, "feed-acme"), told(ours, "feed-bolt")]).toEqual([false, false]);
  });

  test("what PostgreSQL notifies of in one database is not heard in another", async () => {
    const listener = new pg.Client({ connectionString: bolt.store.url });
    await listener.connect();
    const heard: string[] = [];
    const last = new Promise<void>((resolve) =>
      listener.on("notification", ({ payload }) => {
        heard.push(payload ?? "");
        if (payload === "of bolt") resolve();
      }),
    );
    await listener.query("listen devices");
    await acme.world.database.query("notify devices, 'of acme'");
    await bolt.world.database.query("notify devices, 'of bolt'");
    await last;
    await listener.end();
    expect(heard).not.toContain("of acme");
  });
});

describe("devices of the same names at one broker", () => {
  const now = () => new Date().toISOString();
  const robot = {
    headerId: 1,
    timestamp: now(),
    version: "2.1.0" as const,
    manufacturer: "maker",
    serialNumber: "robot-1",
  };
  const head = { bootId: "boot", seq: 1, from: 1, ts: now() };
  /** One valid message of every topic on which a device speaks. */
  const MESSAGES: readonly (readonly [string, object])[] = [
    ["uagv/v2/maker/robot-1/connection", { ...robot, connectionState: "ONLINE" }],
    ["uagv/v2/maker/robot-1/state", robotState(robot, "n1")],
    ["holdfast/east/hall/belt-1/evt/scan", conveyorEvents.scan(head)],
    ["holdfast/east/hall/belt-1/evt/status", { connection: "online" }],
    ["zebra/zebra-1/data", readerReports.zebra.tag(new Date())],
    ["impinj/impinj-1/events", readerReports.impinj.tag(new Date())],
  ];

  test("what the first one's say, on every topic, reaches the first alone", async () => {
    const before = await fingerprint(bolt);
    const censusOf = ({ bridge }: Company) =>
      bridge
        .status()
        .devices.reduce((sum, { connection, count }) => sum + (connection === "online" ? count : 0), 0);
    const theirs = JSON.stringify(bolt.bridge.status());
    for (const [topic, message] of MESSAGES)
      await mqtt.publishAsync(`acme/${topic}`, JSON.stringify(message), { qos: 1 });
    await expect.poll(() => censusOf(acme), { timeout: 10_000 }).toBe(4);
    // Below no prefix, or an unknown one, nobody listens.
    for (const [topic, message] of MESSAGES) {
      await mqtt.publishAsync(topic, JSON.stringify(message), { qos: 1 });
      await mqtt.publishAsync(`nobody/${topic}`, JSON.stringify(message), { qos: 1 });
    }
    // Something of its own, behind all of these, shows that it has heard what it hears.
    await mqtt.publishAsync("bolt/zebra/unknown/data", "{}", { qos: 1 });
    await expect
      .poll(() => bolt.bridge.status().deadLetters.get("unknown_device"), { timeout: 10_000 })
      .toBe(1);
    expect(JSON.stringify(bolt.bridge.status().devices)).toBe(JSON.stringify(JSON.parse(theirs).devices));
    // The event follows the letter within a second, and would otherwise be a change during a later test.
    await expect
      .poll(async () => changedSince(before, await fingerprint(bolt)), { timeout: 10_000 })
      .toEqual(["device_dead_letter", "device_event", "domain_event"]);
  });

  test("the broker's lines of a device name it and its topics below its company", async () => {
    const aclOf = async ({ world }: Company) => (await world.call("GET", "/v1/devices/belt-1/acl")).json;
    const [ours, theirs] = [await aclOf(acme), await aclOf(bolt)];
    expect(ours).toMatchObject({
      username: "belt-1@acme",
      publish: ["acme/holdfast/east/+/belt-1/evt/+"],
      mosquitto: { acl: expect.stringContaining("user belt-1@acme\ntopic write acme/holdfast/east/") },
    });
    const topics = (acl: { publish: string[]; subscribe: string[] }) => [...acl.publish, ...acl.subscribe];
    expect(topics(ours).filter((topic) => topics(theirs).includes(topic))).toEqual([]);
  });
});

describe("the servers that they share", () => {
  test("PostgreSQL lets neither company's role connect to the other's database, nor to another one", async () => {
    const connect = async (url: string) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.end();
    };
    await connect(acme.store.url);
    await expect(connect(acme.store.urlTo(bolt.store.name))).rejects.toMatchObject({ code: "42501" });
    await expect(connect(bolt.store.urlTo(acme.store.name))).rejects.toMatchObject({ code: "42501" });
  });

  test.skipIf(!hasRedis)(
    "Redis counts guesses at an account of the one, and not at the other's",
    async () => {
      const headers = { "x-forwarded-for": "198.51.100.9" };
      const signIn = ({ world }: Company, password: string) =>
        world.call("POST", "/v1/sessions", {
          anonymous: true,
          headers,
          json: { email: "operations@acme.example", password },
        });
      let slowed = 0;
      for (let attempt = 0; attempt < 8; attempt += 1)
        if ((await signIn(acme, "a wrong guess")).status === 429) slowed += 1;
      expect(slowed).toBeGreaterThan(0);
      expect((await signIn(bolt, STAFF_PASSWORD)).status).toBe(201);
    },
  );

  test("a browser that is signed in to both keeps both sessions, whatever their ports", async () => {
    const names = [acme, bolt].map(({ cookie }) => cookie.split("=")[0]);
    expect(names[0]).not.toBe(names[1]);
    const both = `${acme.cookie}; ${bolt.cookie}`;
    for (const { world } of [acme, bolt]) {
      const reply = await world.call("GET", "/v1/sessions/current", {
        anonymous: true,
        headers: { cookie: both },
      });
      expect([reply.status, reply.json.role]).toEqual([200, "admin"]);
    }
    const identities = await Promise.all(
      [acme, bolt].map(
        async ({ world }) => (await readCompanyIdentity(world.database as Database))?.identity,
      ),
    );
    expect(names).toEqual(identities.map((identity) => `holdfast_session_${identity?.slice(0, 8)}`));
  });
});

test("what is done at the first leaves the other's tables as they are", async () => {
  const before = await fingerprint(bolt);
  const { world } = acme;
  const acts: readonly (readonly [string, string, unknown])[] = [
    ["POST", "/v1/orders", canonicalOrder("1002")],
    [
      "POST",
      "/v1/products",
      {
        sku: "CAP-9",
        name: "Cap",
        weightGrams: 90,
        priceMinor: 900,
        currency: "USD",
        hsCode: "650500",
        originCountry: "PT",
        gtin: "09521234990017",
      },
    ],
    ["POST", "/v1/channels", { id: "till", name: "Till", kind: "holdfast" }],
    ["POST", "/v1/keys", { name: "shop", scopes: ["orders:write"] }],
    ["POST", "/v1/staff", { email: "new@acme.example", name: "New", role: "service" }],
    ["PATCH", "/v1/company", { version: 1, name: "Acme of today" }],
    ["POST", "/v1/devices/belt-1/disable", {}],
    ["POST", "/v1/orders/web-1001/cancel", { reason: "customer" }],
    [
      "POST",
      "/v1/stock/commands",
      {
        commands: [
          {
            type: "receive",
            commandId: "r-1",
            atMs: Date.now(),
            cause: "receipt",
            sku: "TEE-1",
            locationId: "east",
            quantity: 5,
          },
        ],
      },
    ],
  ];
  const done = [];
  for (const [method, path, json] of acts) {
    const reply = await world.call(method, path, asNew(json));
    done.push([path, reply.status < 300 ? "done" : reply.text.slice(0, 200)]);
  }
  expect(done).toEqual(acts.map(([, path]) => [path, "done"]));
  expect(changedSince(before, await fingerprint(bolt))).toEqual([]);
});
