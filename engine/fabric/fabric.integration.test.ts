/**
 * The engine over a real Redis: its own process and another one, as far as they can tell. Whole processes are
 * in `cli/roles.integration.test.ts`.
 */
import { SpanKind } from "@opentelemetry/api";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { LANE_CODES, LANE_KIND } from "../../actors/lanes/lane-operations.ts";
import { inCallersSpan, inOrderSpan } from "../../config/trace.ts";
import { collectSpans } from "../../test-support/collected-spans.ts";
import { LOCATIONS, receive, silentLogger, until } from "../../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { hasRedis, startRedis, type TestRedis } from "../../test-support/servers/redis.ts";
import { type Engine, startEngine } from "../engine.ts";
import { EngineError } from "../errors.ts";
import type { OwnEngine } from "../own-engine.ts";
import { RoutedAllocator } from "../routing/routed-allocator.ts";
import { EngineDoor } from "./engine-door.ts";
import { FabricLink } from "./fabric-link.ts";
import { RemoteEngine } from "./remote-engine.ts";

let database: TestDatabase;
let redis: TestRedis;
let engine: Engine;
const undone: (() => Promise<void> | void)[] = [];
let names = 0;

const start = (): Promise<Engine> =>
  startEngine({ databaseUrl: database.url, threads: 2, shards: 4, logger: silentLogger });

beforeAll(async () => {
  if (!hasRedis) return;
  database = await createTestDatabase();
});
beforeEach(async () => {
  redis = await startRedis();
  engine = await start();
  engine.client.setLocations(LOCATIONS);
});
afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
  await engine.stop();
  await redis.kill();
});
afterAll(() => database?.close());

function link(company = "acme"): FabricLink {
  names += 1;
  const made = new FabricLink({
    url: redis.url,
    ca: null,
    company,
    self: `process-${names}`,
    logger: silentLogger,
  });
  undone.push(() => made.stop());
  return made;
}

type Carried = (name: string, given: unknown, caller: unknown) => Promise<unknown>;

/** @returns what ends it without a word, as a death would */
function openDoor(
  options: { readonly own?: OwnEngine; readonly operation?: Carried; readonly company?: string } = {},
): { readonly door: EngineDoor; die(): void } {
  const own = link(options.company);
  const door = new EngineDoor({
    link: own,
    own: options.own ?? engine.client,
    allocator: engine.client,
    shards: engine,
    operation: options.operation ?? (async () => null),
    logger: silentLogger,
  });
  let isDead = false;
  undone.push(async () => {
    if (!isDead) await door.stop();
  });
  return {
    door,
    die: () => {
      isDead = true;
      own.stop();
    },
  };
}

function otherProcess(
  patienceMs = 8_000,
  company = "acme",
): { remote: RemoteEngine; stock: RoutedAllocator } {
  const remote = new RemoteEngine({ link: link(company), logger: silentLogger, patienceMs });
  undone.push(() => remote.stop());
  return { remote, stock: new RoutedAllocator(remote, null) };
}

let skus = 0;
function newSku(): string {
  skus += 1;
  return `FABRIC-${skus}`;
}

function reserve(sku: string, id: string, quantity = 1): StockCommand {
  return {
    type: "reserve",
    commandId: `reserve-${id}`,
    holdId: id,
    sku,
    locationId: "east",
    quantity,
    expiresAtMs: 0,
    atMs: Date.now(),
    cause: "test",
  };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "answered",
    (error: unknown) => (error instanceof EngineError ? error.code : String(error)),
  );

describe.skipIf(!hasRedis)(`the fabric${hasRedis ? "" : " (skipped: install redis-server)"}`, () => {
  test("a request that is traced goes on in the engine's process, and one that is not begins no trace", async () => {
    const collected = collectSpans();
    undone.push(() => collected.stop());
    openDoor({ operation: () => inOrderSpan("web-1", "step", {}, async () => "done") });
    const { remote, stock } = otherProcess();
    await stock.positions([newSku()]);
    expect(collected.all()).toEqual([]);

    const carried = inCallersSpan("POST /v1/orders", {}, {}, () =>
      remote.ask("operation", ["capture", {}, undefined], { isRepeatable: true, key: "web-1" }),
    );
    expect((await carried).value).toBe("done");
    const spans = collected.all();
    const of = (name: string, kind?: SpanKind) =>
      spans.find((span) => span.name === name && (kind === undefined || span.kind === kind));
    const asked = of("engine operation", SpanKind.CLIENT);
    const carriedOut = of("engine operation", SpanKind.SERVER);
    const request = of("POST /v1/orders");
    expect(asked?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(carriedOut?.parentSpanContext?.spanId).toBe(asked?.spanContext().spanId);
    expect(carriedOut?.spanContext().traceId).toBe(request?.spanContext().traceId);
    // What is done for an order there is in the order's own trace, as anywhere.
    expect(of("step")?.spanContext().traceId).not.toBe(request?.spanContext().traceId);
  });

  test("everything that plain values can say is asked of the engine from another process", async () => {
    openDoor();
    const { stock } = otherProcess();
    const sku = newSku();
    const [received] = await stock.execute([receive(sku, "east", 10), receive(sku, "west", 4)]);
    expect(received).toMatchObject({ status: "applied" });
    await stock.execute([reserve(sku, "one", 3)]);
    expect(await stock.positions([sku])).toEqual(await engine.client.positions([sku]));
    const byLot = newSku();
    const tracked = { ...receive(byLot, "east", 3), type: "set-tracking", tracking: "lot" } as const;
    await stock.execute([{ ...tracked, commandId: `${tracked.commandId}-lot` }]);
    await stock.execute([{ ...receive(byLot, "east", 3), lot: "L-1", lotExpiresAtMs: 4e12 }]);
    expect(await stock.namedUnits([sku, byLot])).toMatchObject([
      { sku: byLot, locations: [{ lots: [{ lot: "L-1", expiresAtMs: 4e12, onHand: 3 }] }] },
    ]);
    expect(await stock.holds({ sku, locationId: "east" })).toEqual(
      await engine.client.holds({ sku, locationId: "east" }),
    );
    expect(await stock.available(sku)).toBe(11);
    expect(await stock.available(sku, { locationIds: ["west"] })).toBe(4);
    expect(await stock.available("NO-SUCH")).toBeNull();
    expect(await stock.availableByLocation(sku)).toEqual([
      { locationId: "east", available: 7 },
      { locationId: "west", available: 4 },
    ]);
    const atMs = Date.now();
    expect(await stock.capableToPromise({ sku, quantity: 11, atMs })).toBe(atMs);
    expect(await stock.status()).toEqual(await engine.client.status());
  });

  test("faults of the engine come as themselves, and what cannot cross is refused", async () => {
    openDoor();
    const { stock, remote } = otherProcess();
    const nameless = { ...receive("X", "east", 1), sku: undefined as unknown as string };
    await expect(stock.execute([nameless])).rejects.toMatchObject({
      name: "EngineError",
      code: "invalid_request",
    });
    expect(await codeOf(stock.reserveOrder(undefined as never))).toBe("invalid_request");
    const unknown = remote.ask("toString" as "status", [], { isRepeatable: true, key: "any" });
    expect(await codeOf(unknown)).toBe("invalid_request");
  });

  test("lane operations cross as bytes, and repeat as they do within the process", async () => {
    openDoor();
    const { stock } = otherProcess();
    const sku = newSku();
    await stock.execute([receive(sku, "east", 2)]);
    const lanes = stock.laneDoor();
    const [handle] = await lanes.openPositions([{ sku, locationId: "east" }]);
    const call = () => ({
      lane: `${sku}/lane`,
      // Off a buffer's beginning, as one that came in a frame is.
      operations: new Uint32Array([9, 1, handle ?? 0, 1, 0, 2, handle ?? 0, 5, 0]).subarray(1),
      atMs: Date.now(),
    });
    const codes = async () => [...((await lanes.applyLane(call())) ?? [])].map((code) => LANE_CODES[code]);
    expect(await codes()).toEqual(["applied", "insufficient_stock"]);
    expect(await codes()).toEqual(["applied", "insufficient_stock"]);
    expect(await stock.available(sku)).toBe(1);
  });

  test("a thousand requests of one moment share messages, and each gets its own answer", async () => {
    openDoor();
    const { stock } = otherProcess();
    const sku = newSku();
    await stock.execute([receive(sku, "east", 600)]);
    const spy = new Redis(redis.url);
    undone.push(() => spy.disconnect());
    let messages = 0;
    spy.on("pmessage", () => {
      messages += 1;
    });
    await spy.psubscribe("holdfast:acme:fabric:to:*");
    const outcomes = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => stock.execute([reserve(sku, `of-${index}`)])),
    );
    expect(outcomes.filter(([outcome]) => outcome?.status === "applied")).toHaveLength(600);
    expect(await stock.available(sku)).toBe(0);
    expect(messages).toBeGreaterThan(0);
    expect(messages).toBeLessThan(200);
  });

  test("an operation runs once beside the engine, however often its request comes", async () => {
    const carried: unknown[] = [];
    let finish: (value: unknown) => void = () => {};
    openDoor({
      operation: (name, given, caller) => {
        carried.push([name, given, caller]);
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    });
    const { remote } = otherProcess();
    const given = { at: new Date(0), many: new Map([["a", 1n]]), none: undefined };
    const answer = remote.ask("operation", ["release-hold", given, { by: "staff:1" }], {
      isRepeatable: false,
      key: "order",
    });
    await until(async () => (carried.length > 0 ? true : undefined));
    // Longer than it waits before it asks again.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    finish({ status: "done" });
    expect((await answer).value).toEqual({ status: "done" });
    expect(carried).toEqual([["release-hold", given, { by: "staff:1" }]]);
  });

  test("what is refused while a shard comes is asked again of the same process, until it is answered", async () => {
    let runs = 0;
    openDoor({
      operation: async () => {
        runs += 1;
        if (runs < 3) throw new EngineError("shard_unavailable", "it is being rebuilt");
        return "done";
      },
    });
    const { remote } = otherProcess();
    const asked = { isRepeatable: false, key: "order" };
    expect((await remote.ask("operation", ["x", null, undefined], asked)).value).toBe("done");
    expect(runs).toBe(3);
  });

  test("an operation of an engine that gave its shards away in order is answered by it", async () => {
    let finish = (_answer: unknown): void => {};
    let isBegun = false;
    const first = openDoor({
      operation: () => {
        isBegun = true;
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    });
    const { remote } = otherProcess();
    const asked = { isRepeatable: false, key: "order" };
    const answer = remote.ask("operation", ["x", null, undefined], asked);
    await until(async () => (isBegun ? true : undefined));
    const before = engine;
    engine = await start();
    openDoor({ operation: async () => "by the next" });
    await until(async () => ([...remote.owners()].length === 1 ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    finish("by the first");
    expect((await answer).value).toBe("by the first");
    await first.door.stop();
    await before.stop();
  });

  test("an answer that was lost is given again, and nothing is done again", async () => {
    let runs = 0;
    const { stock, remote } = otherProcess();
    openDoor({
      operation: async () => {
        runs += 1;
        // The connection by which the answer would come is gone for a moment.
        const other = new Redis(redis.url);
        await other.call("CLIENT", "KILL", "TYPE", "pubsub");
        other.disconnect();
        return runs;
      },
    });
    await stock.status();
    const { value } = await remote.ask("operation", ["x", null, undefined], {
      isRepeatable: false,
      key: "any",
    });
    expect(value).toBe(1);
    expect(runs).toBe(1);
  });

  test("while no process has the engine a request is refused in time, and says that nothing was done", async () => {
    const { stock } = otherProcess(700);
    const sku = newSku();
    const began = performance.now();
    await expect(stock.execute([receive(sku, "east", 1)])).rejects.toMatchObject({
      code: "engine_unreachable",
      retryAfterMs: 1_000,
    });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await engine.client.positions([sku])).toEqual([]);
  });

  test("whoever waits for less than others is told so much sooner", async () => {
    const { remote } = otherProcess();
    const beganAt = performance.now();
    const asked = { key: newSku(), isRepeatable: true, withinMs: 200 };
    expect(await codeOf(remote.ask("status", [], asked))).toBe("engine_unreachable");
    expect(performance.now() - beganAt).toBeLessThan(4_000);
  });

  test("while the engine stays away only the first wait for it: those that come later are refused soon", async () => {
    const { stock } = otherProcess(3_000);
    expect(await codeOf(stock.positions(["X"]))).toBe("engine_unreachable");
    const began = performance.now();
    expect(await codeOf(stock.positions(["X"]))).toBe("engine_unreachable");
    expect(performance.now() - began).toBeLessThan(1_000);
    openDoor();
    await until(async () => ((await codeOf(stock.positions(["X"]))) === "answered" ? true : undefined));
  });

  test("what takes long is waited for while its process is there", async () => {
    openDoor({ operation: () => new Promise((resolve) => setTimeout(resolve, 2_500, "slow")) });
    const { remote, stock } = otherProcess(3_000);
    await stock.status();
    const first = remote.ask("operation", ["x", null, undefined], { isRepeatable: false, key: "any" });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    // Nothing was answered for two seconds, and this one has its own three.
    const second = remote.ask("operation", ["y", null, undefined], { isRepeatable: false, key: "any" });
    expect([(await first).value, (await second).value]).toEqual(["slow", "slow"]);
  });

  test("a request that waits goes to the engine that comes, also after one that died", async () => {
    const first = openDoor();
    const { stock } = otherProcess();
    const sku = newSku();
    await stock.execute([receive(sku, "east", 10)]);
    first.die();
    const waiting = stock.execute([reserve(sku, "kept")]);
    const before = engine;
    engine = await start();
    engine.client.setLocations(LOCATIONS);
    openDoor();
    expect((await waiting)[0]).toMatchObject({ status: "applied" });
    expect(await stock.available(sku)).toBe(9);
    await before.stop();
  });

  test("what may have been done by an engine that died is not done again by the next", async () => {
    const first = openDoor({ operation: () => new Promise(() => {}) });
    const { stock, remote } = otherProcess();
    await stock.status();
    const operation = codeOf(
      remote.ask("operation", ["x", null, undefined], { isRepeatable: false, key: "any" }),
    );
    await stock.execute([receive("X", "east", 1)]);
    const lanes = stock.laneDoor();
    const [handle] = await lanes.openPositions([{ sku: "X", locationId: "east" }]);
    first.die();
    const before = engine;
    engine = await start();
    let runs = 0;
    openDoor({
      operation: async () => {
        runs += 1;
      },
    });
    expect(await operation).toBe("commit_outcome_unknown");
    expect(runs).toBe(0);
    // Its handles are of the engine that is gone, for good.
    const words = new Uint32Array([1, handle ?? 0, LANE_KIND.release << 28, 0]);
    for (let time = 0; time < 2; time += 1)
      expect(await codeOf(lanes.applyLane({ lane: "l", operations: words, atMs: 0 }))).toBe("handles_void");
    expect(await codeOf(lanes.openPositions([{ sku: "X", locationId: "east" }]))).toBe("handles_void");
    await stock.laneDoor().openPositions([{ sku: "X", locationId: "east" }]);
    await before.stop();
  });

  test("a former owner that wakes up leads nobody to itself", async () => {
    const { stock } = otherProcess();
    const former = openDoor();
    await stock.status();
    const before = engine;
    engine = await start();
    openDoor();
    const epochs = async () => (await stock.status()).map(({ epoch }) => epoch);
    const newest = (await engine.client.status()).map(({ epoch }) => epoch);
    await until(async () => ((await epochs())[0] === newest[0] ? true : undefined));
    // It claims its shards every second, by an older epoch.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await epochs()).toEqual(newest);
    former.die();
    await before.stop();
  });

  test("an engine that stops in order answers what it has begun, and the rest waits for the next", async () => {
    let finish: (value: string) => void = () => {};
    let isBegun = false;
    const first = openDoor({
      operation: () => {
        isBegun = true;
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    });
    const { remote, stock } = otherProcess();
    const begun = remote.ask("operation", ["x", null, undefined], { isRepeatable: false, key: "any" });
    await until(async () => (isBegun ? true : undefined));
    const stopping = first.door.stop();
    const late = remote.ask("operation", ["late", null, undefined], { isRepeatable: false, key: "any" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    finish("in time");
    expect((await begun).value).toBe("in time");
    await stopping;
    first.die();
    const before = engine;
    engine = await start();
    openDoor({ operation: async (name) => `${name}, by the next` });
    expect((await late).value).toBe("late, by the next");
    await stock.status();
    await before.stop();
  });

  test("Redis dies with all that it knew, and what waits is answered once it is back", async () => {
    openDoor();
    const { stock } = otherProcess();
    const sku = newSku();
    await stock.execute([receive(sku, "east", 5)]);
    await redis.kill();
    const waiting = stock.execute([reserve(sku, "over-it")]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await redis.startAgain();
    expect((await waiting)[0]).toMatchObject({ status: "applied" });
    expect(await stock.available(sku)).toBe(4);
  });

  test("Redis stands still: whoever asks is told in time that nobody knows, and the repeat is answered", async () => {
    openDoor();
    const { stock } = otherProcess(3_000);
    const sku = newSku();
    await stock.execute([receive(sku, "east", 5)]);
    redis.pause();
    const began = performance.now();
    try {
      const asked = [stock.execute([reserve(sku, "again")]), stock.positions([sku])];
      expect(await Promise.all(asked.map(codeOf))).toEqual(["commit_outcome_unknown", "engine_unreachable"]);
      expect(performance.now() - began).toBeLessThan(4_000);
    } finally {
      redis.resume();
    }
    const repeat = () => stock.execute([reserve(sku, "again")]);
    const [outcome] = await until(() => repeat().catch(() => undefined));
    expect(outcome).toMatchObject({ status: "applied" });
    expect(await stock.available(sku)).toBe(4);
  });

  test("what waits is bounded: beyond it is refused at once", async () => {
    const { stock } = otherProcess(600);
    const many = await Promise.all(
      Array.from({ length: 16_400 }, () => codeOf(stock.positions(["NOBODY-ANSWERS"]))),
    );
    expect(many.filter((code) => code === "engine_overloaded")).toHaveLength(16);
    expect(many.filter((code) => code === "engine_unreachable")).toHaveLength(16_384);
  });

  test("companies on one Redis do not reach each other's engines", async () => {
    openDoor({ company: "acme" });
    const { stock } = otherProcess(700, "bolt");
    expect(await codeOf(stock.status())).toBe("engine_unreachable");
  });
});
