/**
 * What callers are told while PostgreSQL is stopped, by a server as it runs in production, and that all is
 * well once it is back.
 */
import { mkdtempSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { SUBPROTOCOL_JSON } from "../contract/stream.ts";
import { CoreServer } from "../load-tests/faults/core-server.ts";
import { DatabaseServer } from "../load-tests/faults/database-server.ts";
import { Partition } from "../load-tests/faults/nodes/partition.ts";
import { openDatabase } from "../store/sql/database.ts";
import { StreamClient } from "../test-support/gateway.ts";

let folder: string;
let database: DatabaseServer;
let network: Partition;
let server: CoreServer;
let url: string;
let key: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-storage-away-"));
  await mkdir(join(folder, "database"));
  database = await DatabaseServer.start(join(folder, "database"));
  network = await Partition.before(database.port);
  server = await CoreServer.spawn({
    databaseUrl: database.url(network.port),
    logFile: join(folder, "server.log"),
    snapshotEveryRows: 1_000,
  });
  const ready = await server.ready();
  if (ready === null) throw new Error(await server.complaint());
  url = `http://127.0.0.1:${ready.port}`;
  key = ready.key;
  await makePosition();
}, 120_000);

afterAll(async () => {
  await server.kill();
  await network.stop();
  await database.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What there is to receive, and where. */
async function makePosition(): Promise<void> {
  const pool = openDatabase(database.url(), { maxConnections: 1 });
  await pool.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     select 'east', id, 'East', 'fulfillment_center', '{"country":"US"}', 40.7, -74 from company limit 1`,
  );
  await pool.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select 'TEE-1', id, 'T-shirt', 300, 1999, 'USD', '610910', 'PT', '00614141000012' from company limit 1`,
  );
  await pool.end();
}

/** Of a tracking page. */
const TOKEN = "t".repeat(32);

/** A read, an order, a page without a key, a webhook. */
const REQUESTS: readonly (readonly [method: string, path: string, body?: string])[] = [
  ["GET", "/v1/overview"],
  ["POST", "/v1/orders", '{"channel":"web","payload":{}}'],
  ["GET", `/v1/track/${TOKEN}`],
  ["POST", "/v1/webhooks/channels/web", "{}"],
];

const SUBSCRIBE = { type: "feed.subscribe", after: null } as const;

/** Its SKU has been seen when the database goes away: only its commit needs it. */
const receive = (commandId: string) =>
  ({
    type: "stock.execute",
    commands: [
      {
        type: "receive",
        commandId,
        atMs: 0,
        cause: "delivery",
        sku: "TEE-1",
        locationId: "east",
        quantity: 1,
      },
    ],
  }) as const;
const RECEIVE = receive("r1");

const CAPTURE = { type: "order.capture", channel: "web", payload: "{}" } as const;

function overview(): Promise<Response> {
  return fetch(`${url}/v1/overview`, { headers: { authorization: `Bearer ${key}` } });
}

/** What a connection that is refused at its beginning is told: the message, and its close code. */
function turnedAway(): Promise<{ readonly message: unknown; readonly closeCode: number }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`, SUBPROTOCOL_JSON, {
    headers: { authorization: `Bearer ${key}` },
  });
  return new Promise((resolve, reject) => {
    let message: unknown;
    socket.on("message", (data) => {
      [message] = [JSON.parse(String(data))].flat();
    });
    socket.on("close", (closeCode) => resolve({ message, closeCode }));
    socket.on("error", reject);
  });
}

test("a database that is away is told with a code and the time to come back; once it is back, callers are served", {
  timeout: 120_000,
}, async () => {
  const open = await StreamClient.open(url, key);
  await open.next((message) => message.type === "hello");
  expect((await overview()).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  open.send({ id: "0", ...receive("r0") });
  expect(await open.reply("0")).toMatchObject({ outcomes: [{ status: "applied" }] });

  await database.end("SIGINT");

  for (const [method, path, body] of REQUESTS) {
    const reply = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { "content-type": "application/json", "idempotency-key": "k1" }),
      },
      ...(body === undefined ? {} : { body }),
    });
    expect([path, reply.status, reply.headers.get("retry-after")]).toEqual([path, 503, "2"]);
    expect(await reply.json()).toMatchObject({ code: "storage_unavailable", retryAfterMs: 2_000 });
  }

  open.send({ id: "1", ...SUBSCRIBE });
  expect(await open.reply("1")).toMatchObject({
    type: "error",
    code: "storage_unavailable",
    retryAfterMs: 2_000,
  });
  open.send({ id: "2", ...CAPTURE }, { id: "3", ...RECEIVE });
  expect(await open.reply("2")).toMatchObject({ code: "storage_unavailable", retryAfterMs: 2_000 });
  expect(await open.reply("3")).toMatchObject({
    code: "commit_outcome_unknown",
    retryAfterMs: 2_000,
  });
  expect(await turnedAway()).toMatchObject({
    message: { re: null, type: "error", code: "storage_unavailable", retryAfterMs: 2_000 },
    closeCode: 1013,
  });

  await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503);
  const ready = await fetch(`${url}/readyz`);
  expect(await ready.json()).toMatchObject({
    ready: false,
    dependencies: [{ name: "postgresql", ready: false }, {}],
  });
  // Strangers hear what is away, not why or where.
  const stranger = await fetch(`${url}/readyz`, { headers: { via: "1.1 proxy" } });
  expect(stranger.status).toBe(503);
  expect(await stranger.text()).not.toContain("detail");
  expect((await fetch(`${url}/healthz`)).status).toBe(200);

  await database.start();

  await expect.poll(async () => (await overview()).status, { timeout: 30_000 }).toBe(200);
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 30_000 }).toBe(200);
  open.send({ id: "4", ...SUBSCRIBE });
  expect(await open.reply("4")).toMatchObject({ type: "feed.subscribed" });
  let repeats = 0;
  const repeated = async (): Promise<unknown> => {
    repeats += 1;
    open.send({ id: `again-${repeats}`, ...RECEIVE });
    return open.reply(`again-${repeats}`);
  };
  // The engine comes back by itself, at its next attempt to reach the database.
  await expect
    .poll(repeated, { timeout: 30_000, interval: 250 })
    .toMatchObject({ outcomes: [{ status: "applied" }] });
  open.socket.terminate();

  const text = await readFile(join(folder, "server.log"), "utf8");
  expect(text).not.toContain(TOKEN);
  const log = text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): { level: number; part?: string; msg: string } => JSON.parse(line));
  const ofGateway = log.filter((line) => line.part === "gateway");
  expect(ofGateway).toContainEqual(
    expect.objectContaining({ level: 40, code: "storage_unavailable", msg: "a request failed" }),
  );
  expect(ofGateway.filter((line) => line.level >= 50)).toEqual([]);
});

test("a database that is silent keeps nobody waiting for longer than ten seconds, and nothing is done twice", {
  timeout: 120_000,
}, async () => {
  const open = await StreamClient.open(url, key);
  open.send({ id: "before", ...receive("s0") });
  const { outcomes } = await open.reply("before");
  const unitsBefore = outcomes[0].position.onHand;
  network.begin();
  const began = performance.now();
  open.send({ id: "1", ...receive("s1") }, { id: "2", ...CAPTURE }, { id: "3", ...SUBSCRIBE });
  const told = await Promise.all(["1", "2", "3"].map((id) => open.reply(id)));
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(told).toMatchObject([
    { code: "commit_outcome_unknown", retryAfterMs: 1_000 },
    { code: "commit_outcome_unknown", retryAfterMs: 1_000 },
    { code: "storage_unavailable", retryAfterMs: 1_000 },
  ]);
  network.end("late");
  let asked = 0;
  const asks = async (message: Readonly<Record<string, unknown>>) => {
    asked += 1;
    open.send({ id: `again-${asked}`, ...message });
    return open.reply(`again-${asked}`);
  };
  // Sent again until it is known to have come, it has come once.
  await expect.poll(async () => (await asks(receive("s1"))).type, { timeout: 30_000 }).toBe("stock.executed");
  expect(await asks(receive("s1"))).toMatchObject({ outcomes: [{ status: "applied" }] });
  const { positions } = await asks({ type: "stock.positions", skus: ["TEE-1"] });
  expect(positions).toMatchObject([{ onHand: unitsBefore + 1 }]);
});

/** PostgreSQL with every process of it, which then answers nothing and closes nothing. */
async function signalDatabase(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
  const postmaster = await database.postmaster();
  const children = (await readFile(`/proc/${postmaster}/task/${postmaster}/children`, "utf8")).trim();
  for (const pid of [
    postmaster,
    ...children
      .split(" ")
      .filter((text) => text !== "")
      .map(Number),
  ])
    process.kill(pid, signal);
}

test("over REST a database that stands still keeps nobody waiting either, and the same key does it once", {
  timeout: 120_000,
}, async () => {
  const ask = (method: string, path: string, json?: object, idempotencyKey?: string) =>
    fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  const named = async (name: string): Promise<number> => {
    const { items } = (await (await ask("GET", "/v1/keys")).json()) as { items: { name: string }[] };
    return items.filter((each) => each.name === name).length;
  };
  await expect.poll(async () => (await overview()).status, { timeout: 30_000 }).toBe(200);
  const made = { name: "Made while it stood still", scopes: ["orders:read"] };
  await signalDatabase("SIGSTOP");
  try {
    const began = performance.now();
    const told = await Promise.all([
      ask("GET", "/v1/overview"),
      ask("POST", "/v1/keys", made, "stopped-1"),
      ask("POST", "/v1/stock/commands", { commands: receive("t1").commands }, "stopped-2"),
    ]);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(told.map(({ status }) => status)).toEqual([503, 503, 503]);
    const problems = await Promise.all(told.map((reply) => reply.json()));
    expect(problems).toMatchObject([
      { code: "answer_late", retryAfterMs: 1_000, detail: expect.stringContaining("Nothing was changed") },
      { code: "answer_late", detail: expect.stringContaining("same Idempotency-Key") },
      { code: "answer_late" },
    ]);
    expect(told[0]?.headers.get("retry-after")).toBe("1");
  } finally {
    await signalDatabase("SIGCONT");
  }
  await expect
    .poll(async () => (await ask("POST", "/v1/keys", made, "stopped-1")).status, { timeout: 60_000 })
    .toBe(201);
  expect(await named(made.name)).toBe(1);
  const again = () => ask("POST", "/v1/stock/commands", { commands: receive("t1").commands }, "stopped-2");
  await expect.poll(async () => (await again()).status, { timeout: 60_000 }).toBe(200);
  expect(await (await again()).json()).toMatchObject({ outcomes: [{ status: "applied" }] });
});
