/**
 * The parts of Holdfast in processes of their own, on one PostgreSQL, Redis, Temporal and broker: two
 * gateways, an engine, a worker, and the devices with the jobs. Orders go through all of them while processes
 * and Redis die.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Packr } from "msgpackr";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { LANE_KIND } from "../actors/lanes/lane-operations.ts";
import { readSettings } from "../config/load.ts";
import { projectRoot } from "../config/project-root.ts";
import { withMadeUpSecrets } from "../config/vendor-settings.ts";
import type { CaptureResult } from "../contract/orders.ts";
import type { Shape } from "../contract/shapes.ts";
import { SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from "../contract/stream.ts";
import type { Readiness } from "../contract/system.ts";
import { type Broker, startBroker } from "../devices/mqtt/broker.ts";
import type { PositionView } from "../engine/allocator-client.ts";
import { vendorKinds } from "../integrations/vendor-kinds.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { hasRedis, startRedis, type TestRedis } from "../test-support/servers/redis.ts";
import { createTestNamespace, type TestTemporal } from "../test-support/servers/temporal.ts";
import { RestClient } from "./client/rest.ts";
import { StreamClient } from "./client/stream.ts";
import { freePort } from "./embedded/free-port.ts";
import { waitUntil } from "./embedded/processes.ts";
import { sandboxCatalog } from "./sandbox/catalog.ts";
import { sandboxDevices } from "./sandbox/devices.ts";
import { auditStock, readStockBooks, type StockBooks } from "./simulated-day/audit.ts";
import type { SimulatorsConfiguration } from "./system/simulators-main.ts";

const MINUTE = 60_000;
/** Within it every caller is answered or refused, whatever dies. Milliseconds. */
const ANSWERED_WITHIN_MS = 10_000;
/** Within it another process does the work of one that died. Milliseconds. */
const TAKEN_OVER_WITHIN_MS = 5_000;
/** What a look at the leases may take on a busy machine. Milliseconds. */
const LOOK_MS = 1_000;

let store: TestDatabase;
let redis: TestRedis;
let temporal: TestTemporal;
let broker: Broker;
let settings: Readonly<Record<string, string>>;
let simulators: ChildProcess;
const folder = mkdtempSync(join(tmpdir(), "holdfast-roles-"));
const keyFile = join(folder, "key");
const all: RoleProcess[] = [];

type RoleProcess = {
  readonly roles: string;
  readonly url: string;
  readonly child: ChildProcess;
  output(): string;
};

async function startRole(roles: string, port?: number): Promise<RoleProcess> {
  const ownPort = port ?? (await freePort());
  const child = spawn(process.execPath, [join(projectRoot, "test-support/run/role-process.mjs")], {
    cwd: folder,
    env: {
      ...process.env,
      ...settings,
      HOLDFAST_TEST_ROLES: roles,
      HOLDFAST_TEST_API_KEY_FILE: keyFile,
      HOLDFAST_PORT: String(ownPort),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  const made = { roles, url: `http://127.0.0.1:${ownPort}`, child, output: () => text.slice(-6_000) };
  all.push(made);
  await new Promise<void>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      text += chunk.toString("utf8");
      if (/^ready \d+$/m.test(text)) resolve();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.once("exit", () => reject(new Error(`${roles} did not start:\n${made.output()}`)));
  });
  return made;
}

async function kill({ child }: RoleProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

let engine: RoleProcess;
let gateways: readonly RoleProcess[];
let floor: RoleProcess;
let key: string;
let booksBefore: StockBooks;

async function startEverything(): Promise<void> {
  store = await createTestDatabase({ isUsed: false });
  redis = await startRedis();
  temporal = await createTestNamespace();
  broker = await startBroker({
    host: "127.0.0.1",
    port: await freePort(),
    logger: pino({ level: "silent" }),
  });
  const [gatewayPort, simulatorsPort, smtpPort] = [await freePort(), await freePort(), await freePort()];
  settings = {
    DATABASE_URL: store.url,
    REDIS_URL: redis.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    MQTT_URL: `mqtt://127.0.0.1:${broker.port}`,
    HOLDFAST_PUBLIC_URL: `http://127.0.0.1:${gatewayPort}`,
    HOLDFAST_SIMULATORS_PORT: String(simulatorsPort),
    HOLDFAST_SMTP_PORT: String(smtpPort),
    HOLDFAST_LOG_LEVEL: "info",
  };
  // The only one that can fill the empty database.
  engine = await startRole("engine");
  key = readFileSync(keyFile, "utf8");
  const [first, second, , devicesAndJobs] = await Promise.all([
    startRole("gateway", gatewayPort),
    startRole("gateway"),
    startRole("worker"),
    startRole("devices,jobs"),
  ]);
  gateways = [first, second];
  floor = devicesAndJobs;
  simulators = await startSimulatorsAt(first.url, simulatorsPort, smtpPort);
  booksBefore = await readBooks();
}

async function startSimulatorsAt(
  gatewayUrl: string,
  httpPort: number,
  smtpPort: number,
): Promise<ChildProcess> {
  const reading = readSettings({ ...settings }, "start", folder, vendorKinds);
  if (reading.status !== "ok") throw new Error(JSON.stringify(reading.problems));
  const child = fork(join(projectRoot, "dist/cli/system/simulators-main.js"), [], { stdio: "inherit" });
  const configuration: SimulatorsConfiguration = {
    host: "127.0.0.1",
    httpPort,
    smtpPort,
    dataFolder: folder,
    webhooksUrl: `${gatewayUrl}/v1/webhooks`,
    vendors: withMadeUpSecrets(vendorKinds, reading.settings.vendors, "carrier-webhook-secret-of-tests"),
    mqttUrl: settings["MQTT_URL"] ?? "",
    mqtt: { protocolVersion: 4 },
    deviceKey: null,
    gatewayUrl,
    apiKey: key,
    logLevel: "warn",
  };
  child.send(configuration);
  const [message] = await once(child, "message");
  if (message.type !== "ready") throw new Error(`the simulators did not start: ${JSON.stringify(message)}`);
  await fetch(`http://127.0.0.1:${httpPort}/simulation`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ speed: 500, shortPicks: 0 }),
  });
  return child;
}

const accessTo = (gateway: RoleProcess) => ({
  url: gateway.url,
  key,
  simulatorsUrl: null,
  databaseUrl: store.url,
  temporal: null,
});

const SKU = sandboxCatalog().find(({ source }) => source === "fulfillment_centers")?.sku ?? "";

function basket(id: string, ...skus: readonly string[]): string {
  return JSON.stringify({
    id,
    currency: "USD",
    lines: skus.map((sku) => ({ sku, quantity: 1, unitPrice: "19.99" })),
    shippingAddress: {
      name: "Ada",
      line1: "1 Main St",
      city: "Louisville",
      region: "KY",
      postalCode: "40202",
      country: "US",
    },
    customer: { name: "Ada", email: "ada@shop.test" },
    paymentMethod: "pm_card_visa",
  });
}

/** The binary form of the stream, in which lanes are spoken. */
class LaneStream {
  readonly closed: Promise<number>;
  private readonly socket: WebSocket;
  private readonly packr = new Packr({ useRecords: false });
  private readonly asked: ((reply: StreamMessage) => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("message", (data: Buffer) => {
      for (const message of [this.packr.unpack(data)].flat() as StreamMessage[])
        if (message.type !== "hello") this.asked.shift()?.(message);
    });
  }

  static async open({ url }: RoleProcess): Promise<LaneStream> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`, SUBPROTOCOL_MSGPACK, {
      headers: { authorization: `Bearer ${key}` },
    });
    const stream = new LaneStream(socket);
    await once(socket, "open");
    return stream;
  }

  /** One at a time. */
  request(message: { readonly type: string } & Record<string, unknown>): Promise<StreamMessage> {
    return new Promise((resolve) => {
      this.asked.push(resolve);
      this.socket.send(this.packr.pack({ id: "1", ...message }));
    });
  }
}

/** Of a reservation that was never made, which changes nothing. */
function laneRelease(handle: number): Buffer {
  return Buffer.from(new Uint32Array([1, handle, LANE_KIND.release << 28, 0]).buffer);
}

/** A sender that repeats what was not answered. @returns how long each try took, and what it ended with */
async function capture(
  stream: Stream,
  id: string,
  ...skus: readonly string[]
): Promise<{
  readonly result: CaptureResult;
  readonly tries: readonly number[];
  readonly codes: readonly string[];
}> {
  const tries: number[] = [];
  const codes: string[] = [];
  for (;;) {
    const began = performance.now();
    const reply = await stream.request({
      type: "order.capture",
      channel: "web",
      payload: basket(id, ...skus),
    });
    tries.push(performance.now() - began);
    if (reply.type === "order.captured") {
      const [result] = reply["results"] as readonly CaptureResult[];
      if (result === undefined) throw new Error(`no result of ${id}`);
      return { result, tries, codes };
    }
    codes.push(reply.code ?? JSON.stringify(reply));
    if (tries.length > 40) throw new Error(`${id} was refused again and again: ${codes.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const RETRYABLE = new Set([
  "commit_outcome_unknown",
  "engine_unreachable",
  "engine_overloaded",
  "engine_stopped",
  "shard_unavailable",
  "storage_unavailable",
]);

type StreamMessage = { readonly type: string; readonly re?: string; readonly code?: string } & Record<
  string,
  unknown
>;

/** A client that repeats nothing by itself: what it gets is what the gateway said, and when. */
class Stream {
  readonly heard: StreamMessage[] = [];
  private readonly socket: WebSocket;
  private readonly asked = new Map<string, (reply: StreamMessage) => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      for (const message of [JSON.parse(String(data))].flat() as StreamMessage[]) {
        this.heard.push(message);
        this.asked.get(message.re ?? "")?.(message);
      }
    });
  }

  static async open({ url }: RoleProcess): Promise<Stream> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`, SUBPROTOCOL_JSON, {
      headers: { authorization: `Bearer ${key}` },
    });
    const stream = new Stream(socket);
    await once(socket, "open");
    return stream;
  }

  request(message: { readonly type: string } & Record<string, unknown>): Promise<StreamMessage> {
    const id = String(this.asked.size + 1);
    return new Promise((resolve) => {
      this.asked.set(id, resolve);
      this.socket.send(JSON.stringify({ id, ...message }));
    });
  }

  close(): void {
    this.socket.close();
  }
}

async function untilCompleted(ids: readonly string[]): Promise<void> {
  const unfinished = async () => {
    const { rows } = await store.database.query<{ id: string; status: string }>(
      "select id, status from orders where id = any($1) and status <> 'completed'",
      [ids],
    );
    return rows;
  };
  const isDone = await waitUntil(async () => (await unfinished()).length === 0, 2 * MINUTE);
  if (isDone) return;
  throw new Error(
    `${JSON.stringify(await unfinished())}\n${all.map(({ output }) => output()).join("\n---\n")}`,
  );
}

async function readBooks(): Promise<StockBooks> {
  const stream = await StreamClient.open(accessTo(gateways[0] as RoleProcess));
  try {
    return await readStockBooks(store.database, async (skus) => {
      const reply = await stream.request({ type: "stock.positions", skus });
      if (reply.type !== "stock.positions") throw new Error(`no positions: ${JSON.stringify(reply)}`);
      return reply.positions as readonly PositionView[];
    });
  } finally {
    stream.close();
  }
}

/** Everything that was promised and shipped, once the movements have caught up with the journal. */
async function auditBooks(): Promise<void> {
  let audit = auditStock(booksBefore, await readBooks());
  await waitUntil(async () => {
    audit = auditStock(booksBefore, await readBooks());
    return audit.findings.length === 0;
    // What an engine that died held for orders that it had not decided expires within half a minute.
  }, 45_000);
  expect(audit).toMatchObject({ findings: [], oversold: 0, reconciled: true });
}

describe.skipIf(!hasRedis)(
  `processes with roles${hasRedis ? "" : " (skipped: install redis-server)"}`,
  () => {
    beforeAll(startEverything, 3 * MINUTE);
    afterAll(async () => {
      simulators?.kill("SIGKILL");
      for (const one of all) await kill(one);
      await broker?.stop();
      await redis?.kill();
      await store?.close();
    });

    test("each says what it does and what it needs, and serves no more than its part", async () => {
      const rest = new RestClient(accessTo(gateways[0] as RoleProcess));
      for (const one of all) {
        const isReady = await waitUntil(
          async () => (await fetch(`${one.url}/readyz`)).status === 200,
          20_000,
        );
        expect(isReady, one.output()).toBe(true);
      }
      const needed = async (one: RoleProcess | undefined) => {
        const { dependencies } = (await (await fetch(`${one?.url}/readyz`)).json()) as Shape<
          typeof Readiness
        >;
        return dependencies.map(({ name }) => name);
      };
      expect(await needed(engine)).toEqual(["postgresql", "engine"]);
      expect(await needed(floor)).toEqual(["postgresql", "engine", "mqtt"]);
      expect(await needed(all.find(({ roles }) => roles === "worker"))).toEqual([
        "postgresql",
        "engine",
        "temporal",
      ]);
      expect((await fetch(`${engine.url}/v1/orders`)).status).toBe(404);
      const metrics = await (
        await fetch(`${floor.url}/metrics`, { headers: { authorization: `Bearer ${key}` } })
      ).text();
      expect(metrics).toContain('roles="devices,jobs"');
      expect(metrics).not.toContain("holdfast_engine_up");
      const seen = await waitUntil(async () => {
        const { nodes } = (await rest.get("/v1/system")) as { nodes: { roles: string[]; state: string }[] };
        const roles = nodes.filter(({ state }) => state === "up").map((node) => node.roles.join(","));
        return ["engine", "gateway", "worker", "devices,jobs"].every((part) => roles.includes(part));
      }, 20_000);
      expect(seen).toBe(true);
    });

    test(
      "an order that comes by the stream at either gateway goes to its end",
      async () => {
        const ids: string[] = [];
        for (const [index, gateway] of gateways.entries()) {
          const stream = await Stream.open(gateway);
          const { result } = await capture(stream, `calm-${index}`, SKU);
          expect(result).toMatchObject({ outcome: "accepted" });
          ids.push(result.order ?? "");
          stream.close();
        }
        await untilCompleted(ids);
        await auditBooks();
      },
      4 * MINUTE,
    );

    test("the same order at two gateways at once is one order", async () => {
      const streams = await Promise.all(gateways.map((gateway) => Stream.open(gateway)));
      const results = await Promise.all(streams.map((stream) => capture(stream, "twice", SKU)));
      expect(results.map(({ result }) => result.outcome).sort()).toEqual(["accepted", "duplicate"]);
      const { rows } = await store.database.query(
        "select count(*) as orders from orders where id = 'web-twice'",
      );
      expect(rows).toEqual([{ orders: 1 }]);
      for (const stream of streams) stream.close();
    });

    test("what REST changes and reads of stock is the engine's, at every gateway", async () => {
      const [one, other] = gateways.map((gateway) => new RestClient(accessTo(gateway)));
      const before = (await one?.get(`/v1/stock/${SKU}/available`)) as { available: number };
      await one?.post("/v1/stock/commands", {
        commands: [
          {
            type: "receive",
            commandId: "roles-receive",
            sku: SKU,
            locationId: "fc-reno",
            quantity: 7,
            atMs: Date.now(),
            cause: "test",
          },
        ],
      });
      const after = (await other?.get(`/v1/stock/${SKU}/available`)) as { available: number };
      expect(after.available - before.available).toBe(7);
    });

    test(
      "what people change at a gateway is carried out beside the engine, and every gateway's feeds tell of it",
      async () => {
        const [one, other] = gateways.map((gateway) => new RestClient(accessTo(gateway)));
        const feeds = await Stream.open(gateways[1] as RoleProcess);
        for (const feed of ["feed", "stock", "devices"]) {
          const { type } = await feeds.request({ type: `${feed}.subscribe`, after: null });
          expect(type).toBe(`${feed}.subscribed`);
        }
        const captured = await one?.post<CaptureResult>("/v1/orders", JSON.parse(basket("by-people", SKU)));
        const order = captured?.order ?? "";
        await one?.post(`/v1/orders/${order}/hold`, { reason: "Wait for me." });
        // It reserves one more, in the commit of the change.
        const changed = await other?.post(`/v1/orders/${order}/changes`, {
          edits: [{ kind: "quantity", lineId: "1", quantity: 2 }],
        });
        expect(changed).toMatchObject({ status: "done", revision: 2 });
        const refused = other?.post(`/v1/orders/${order}/changes`, {
          edits: [{ kind: "quantity", lineId: "1", quantity: 100_000 }],
        });
        await expect(refused).rejects.toMatchObject({ code: "insufficient_stock" });
        expect(await other?.post(`/v1/orders/${order}/release-hold`, {})).toMatchObject({ holdReasons: [] });
        await untilCompleted([order]);
        const isHeard = (type: string, part: string) => () =>
          Promise.resolve(
            feeds.heard.some((message) => message.type === type && JSON.stringify(message).includes(part)),
          );
        expect(await waitUntil(isHeard("feed.events", `"orderId":"${order}"`), 20_000)).toBe(true);
        expect(await waitUntil(isHeard("feed.events", '"type":"order.completed"'), 20_000)).toBe(true);
        expect(await waitUntil(isHeard("stock.changes", `"sku":"${SKU}"`), 20_000)).toBe(true);
        await one?.post(`/v1/devices/${sandboxDevices()[0]?.id}/disable`, {});
        await one?.post(`/v1/devices/${sandboxDevices()[0]?.id}/enable`, {});
        expect(await waitUntil(isHeard("devices.events", sandboxDevices()[0]?.id ?? ""), 20_000)).toBe(true);
        feeds.close();
      },
      2 * MINUTE,
    );

    test(
      "the engine is killed and started again: every caller is answered or refused in time, nothing is lost",
      async () => {
        const streams = await Promise.all(gateways.map((gateway) => Stream.open(gateway)));
        const sent: ReturnType<typeof capture>[] = [];
        const send = async (from: number, count: number): Promise<void> => {
          for (let index = from; index < from + count; index += 1) {
            const stream = streams[index % streams.length];
            if (stream !== undefined) sent.push(capture(stream, `killed-${index}`, SKU));
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        };
        const lanes = await LaneStream.open(gateways[0] as RoleProcess);
        const { handles } = await lanes.request({
          type: "positions.open",
          positions: [{ sku: SKU, locationId: "fc-reno" }],
        });
        const [handle = 0] = handles as readonly number[];
        const release = { type: "lane.apply", lane: "l", operations: laneRelease(handle) };
        expect(await lanes.request(release)).toMatchObject({ type: "lane.applied" });
        await send(0, 10);
        await kill(engine);
        const restarting = startRole("engine");
        await send(10, 20);
        engine = await restarting;
        await send(30, 5);
        const outcomes = await Promise.all(sent);
        expect(Math.max(...outcomes.flatMap(({ tries }) => tries))).toBeLessThan(ANSWERED_WITHIN_MS);
        expect(outcomes.flatMap(({ codes }) => codes).filter((code) => !RETRYABLE.has(code))).toEqual([]);
        // A repeat of one whose outcome nobody knew is told that it is there already.
        expect(outcomes.filter(({ result }) => !["accepted", "duplicate"].includes(result.outcome))).toEqual(
          [],
        );
        await untilCompleted(outcomes.map(({ result }) => result.order ?? ""));
        await auditBooks();
        for (const stream of streams) stream.close();
        // Its handles were the former engine's: it is told so, and has to come again.
        expect(await lanes.request(release)).toMatchObject({ type: "error", code: "handles_void" });
        expect(await lanes.closed).toBe(1012);
      },
      5 * MINUTE,
    );

    test(
      "a second engine takes half of the stock, orders over both go to their end, and one that dies is replaced",
      async () => {
        const second = await startRole("engine");
        await untilSpread(2);
        const stream = await Stream.open(gateways[0] as RoleProcess);
        const calm = await Promise.all(
          Array.from({ length: 10 }, (_, index) => capture(stream, `spread-${index}`, ...pairOf(index))),
        );
        expect(calm.flatMap(({ codes }) => codes)).toEqual([]);
        const sent: ReturnType<typeof capture>[] = [];
        for (let index = 0; index < 40; index += 1) {
          sent.push(capture(stream, `orphaned-${index}`, ...pairOf(index)));
          if (index === 10) second.child.kill("SIGKILL");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        await untilSpread(1);
        const outcomes = [...calm, ...(await Promise.all(sent))];
        expect(Math.max(...outcomes.flatMap(({ tries }) => tries))).toBeLessThan(ANSWERED_WITHIN_MS);
        expect(outcomes.flatMap(({ codes }) => codes).filter((code) => !RETRYABLE.has(code))).toEqual([]);
        await untilCompleted(outcomes.map(({ result }) => result.order ?? ""));
        await auditBooks();
        stream.close();
      },
      5 * MINUTE,
    );

    test(
      "engines are replaced one by one under load, and no order is refused or asked to come again",
      async () => {
        const streams = await Promise.all(gateways.map((gateway) => Stream.open(gateway)));
        const sent: ReturnType<typeof capture>[] = [];
        let isOver = false;
        const load = (async () => {
          for (let index = 0; !isOver; index += 1) {
            sent.push(capture(streams[index % 2] as Stream, `rolling-${index}`, ...pairOf(index)));
            await new Promise((resolve) => setTimeout(resolve, 250));
          }
        })();
        for (let replaced = 0; replaced < 2; replaced += 1) {
          const next = await startRole("engine");
          await untilSpread(2);
          engine.child.kill("SIGTERM");
          await once(engine.child, "exit");
          await untilSpread(1);
          engine = next;
        }
        isOver = true;
        await load;
        const outcomes = await Promise.all(sent);
        const refused = outcomes.flatMap(({ codes, tries }) =>
          codes.map((code, index) => `${code} after ${Math.round(tries[index] ?? 0)} ms`),
        );
        expect(refused, all.map(({ output }) => output()).join("\n---\n")).toEqual([]);
        expect(Math.max(...outcomes.flatMap(({ tries }) => tries))).toBeLessThan(ANSWERED_WITHIN_MS);
        await untilCompleted(outcomes.map(({ result }) => result.order ?? ""));
        await auditBooks();
        for (const stream of streams) stream.close();
      },
      6 * MINUTE,
    );

    test(
      "Redis is gone for some seconds: the same, and everything goes on once it is back",
      async () => {
        const streams = await Promise.all(gateways.map((gateway) => Stream.open(gateway)));
        await redis.kill();
        const sent = Array.from({ length: 12 }, (_, index) =>
          capture(streams[index % 2] as Stream, `away-${index}`, SKU),
        );
        await new Promise((resolve) => setTimeout(resolve, 4_000));
        await redis.startAgain();
        const outcomes = await Promise.all(sent);
        expect(Math.max(...outcomes.flatMap(({ tries }) => tries))).toBeLessThan(ANSWERED_WITHIN_MS);
        expect(
          outcomes.map(({ result }) => result.outcome).filter((outcome) => outcome === "refused"),
        ).toEqual([]);
        await untilCompleted(outcomes.map(({ result }) => result.order ?? ""));
        await auditBooks();
        for (const stream of streams) stream.close();
      },
      4 * MINUTE,
    );

    test(
      "whoever stands by does the work of devices and jobs soon, whether its process stands still or dies",
      async () => {
        const before = await leases();
        const other = await startRole("devices,jobs");
        expect(await leases()).toEqual(before);

        floor.child.kill("SIGSTOP");
        const taken = await untilTaken(before);
        floor.child.kill("SIGCONT");
        // It wakes up, finds its work with another, and stands by for it.
        const standsBy = async () => floor.output().includes("another process has taken this work over");
        expect(await waitUntil(standsBy, 20_000), floor.output()).toBe(true);
        const isReady = async () => (await fetch(`${floor.url}/readyz`)).status === 200;
        expect(await waitUntil(isReady, 20_000), floor.output()).toBe(true);
        await untilShipped("by-the-other");
        expect(await leases()).toEqual(taken);

        await kill(other);
        await untilTaken(taken);
        await untilShipped("by-the-first-again");
        await auditBooks();
      },
      4 * MINUTE,
    );
  },
);

/** Two SKUs, others for each number. */
function pairOf(index: number): readonly [string, string] {
  const skus = sandboxCatalog().flatMap(({ sku, source }) => (source === "fulfillment_centers" ? [sku] : []));
  return [skus[index % skus.length] ?? "", skus[(index * 3 + 1) % skus.length] ?? ""];
}

/** Until so many engines have all shards, each as many as the others. */
async function untilSpread(engines: number): Promise<void> {
  const isSpread = async (): Promise<boolean> => {
    const { rows } = await store.database.query<{ shards: number }>(
      "select count(*)::integer as shards from shard_lease where owner <> '' group by owner",
    );
    return rows.length === engines && rows.every(({ shards }) => shards === rows[0]?.shards);
  };
  expect(await waitUntil(isSpread, TAKEN_OVER_WITHIN_MS + LOOK_MS)).toBe(true);
}

async function untilShipped(id: string): Promise<void> {
  const stream = await Stream.open(gateways[1] as RoleProcess);
  const { result } = await capture(stream, id, SKU);
  await untilCompleted([result.order ?? ""]);
  stream.close();
}

type Lease = { readonly role: string; readonly epoch: number };

/** @returns the leases of now, all of them taken since */
async function untilTaken(before: readonly Lease[]): Promise<readonly Lease[]> {
  const beganAt = performance.now();
  const isTaken = async () =>
    (await leases()).every(({ epoch }, index) => epoch > (before[index]?.epoch ?? 0));
  expect(await waitUntil(isTaken, 2 * TAKEN_OVER_WITHIN_MS)).toBe(true);
  expect(performance.now() - beganAt).toBeLessThan(TAKEN_OVER_WITHIN_MS + LOOK_MS);
  return leases();
}

async function leases(): Promise<readonly Lease[]> {
  const { rows } = await store.database.query("select role, epoch from role_lease order by role");
  return rows;
}
