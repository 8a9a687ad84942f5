/**
 * Two engines over one real PostgreSQL, and a process without one, which find each other over a real Redis.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { LANE_CODE, LANE_KIND, writeLaneOperation } from "../../actors/lanes/lane-operations.ts";
import { type OrderWork, tellOrderWork } from "../../config/trace.ts";
import {
  LOCATIONS,
  orderRequest,
  receive,
  recordingWriter,
  silentLogger,
  until,
} from "../../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { hasRedis, startRedis, type TestRedis } from "../../test-support/servers/redis.ts";
import { type Engine, startEngine } from "../engine.ts";
import { EngineError } from "../errors.ts";
import { EngineDoor } from "../fabric/engine-door.ts";
import { FabricLink } from "../fabric/fabric-link.ts";
import { RemoteEngine } from "../fabric/remote-engine.ts";
import { RoutedAllocator } from "./routed-allocator.ts";

const SHARDS = 8;
const SKUS = Array.from({ length: 24 }, (_, number) => `ROUTED-${number}`);

let database: TestDatabase;
let redis: TestRedis;
let undone: (() => Promise<void> | void)[];
let links = 0;

type Node = { readonly engine: Engine; readonly stock: RoutedAllocator; stop(): Promise<void> };

beforeEach(async () => {
  undone = [];
  if (!hasRedis) return;
  database = await createTestDatabase();
  await database.database.query("create table decided (id text primary key, outcome text not null)");
  redis = await startRedis();
});
afterEach(async () => {
  for (const undo of undone.reverse()) await undo();
  await redis?.kill();
  await database?.close();
});

function link(self: string): FabricLink {
  return new FabricLink({ url: redis.url, ca: null, company: "acme", self, logger: silentLogger });
}

/** A process with an engine, as `cli/system/engine-access.ts` puts it together. */
async function startNode(name: string): Promise<Node> {
  const engine = await startEngine({
    databaseUrl: database.url,
    threads: 1,
    shards: SHARDS,
    share: { node: name },
    logger: silentLogger,
  });
  const own = link(engine.owner);
  const remote = new RemoteEngine({ link: own, logger: silentLogger });
  const stock = new RoutedAllocator(remote, {
    engine: engine.client,
    database: database.database,
    logger: silentLogger,
  });
  stock.setLocations(LOCATIONS);
  const door = new EngineDoor({
    link: own,
    own: engine.client,
    allocator: stock,
    shards: engine,
    operation: async (name_, given) => [name_, given, name],
    logger: silentLogger,
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      await engine.drain();
      await door.stop();
      await stock.stop();
      await engine.stop();
      remote.stop();
      own.stop();
    })();
    return stopped;
  };
  undone.push(stop);
  return { engine, stock, stop };
}

function withoutEngine(): { readonly stock: RoutedAllocator; readonly remote: RemoteEngine } {
  links += 1;
  const own = link(`gateway-${links}`);
  const remote = new RemoteEngine({ link: own, logger: silentLogger });
  undone.push(() => {
    remote.stop();
    own.stop();
  });
  return { stock: new RoutedAllocator(remote, null), remote };
}

async function twoNodes() {
  const [one, two] = [await startNode("one"), await startNode("two")];
  await until(async () => (isEven(one, two) ? true : undefined));
  const gateway = withoutEngine();
  await until(async () => ((await gateway.stock.status()).length === SHARDS ? true : undefined));
  const stocked = SKUS.flatMap((sku) => [receive(sku, "east", 10), receive(sku, "west", 10)]);
  expect((await gateway.stock.execute(stocked)).every(({ status }) => status === "applied")).toBe(true);
  return { one, two, gateway };
}

const isEven = (...nodes: readonly Node[]): boolean =>
  nodes.reduce((sum, { engine }) => sum + engine.ownShards().length, 0) === SHARDS &&
  nodes.every(({ engine }) => engine.ownShards().length >= Math.floor(SHARDS / nodes.length));

const at = ({ engine }: Node): readonly string[] => SKUS.filter((sku) => engine.client.has(sku));

function orderAt({ engine }: Node): string {
  for (let number = 1; ; number += 1) if (engine.client.has(`order-${number}`)) return `order-${number}`;
}

const line = (lineId: string, sku = "", quantity = 1) => ({ lineId, sku, quantity });

const decidedBy = (id: string) => ({
  writer: recordingWriter("decided"),
  record: (outcome: { readonly status: string }) => ({ id, outcome: outcome.status }),
});

const heldOf = async (stock: RoutedAllocator, sku: string, locationId: string) =>
  (await stock.holds({ sku, locationId })).map(({ holdId, quantity, expiresAtMs }) => [
    holdId,
    quantity,
    expiresAtMs,
  ]);

const confirmations = async (): Promise<number> =>
  (
    await database.database.query<{ count: number }>(
      "select count(*)::int as count from reservation_confirmation",
    )
  ).rows[0]?.count ?? 0;

describe.skipIf(!hasRedis)(
  `stock at two engines${hasRedis ? "" : " (skipped: install redis-server)"}`,
  () => {
    test("is one stock for whoever asks, with or without an engine", async () => {
      const { one, two, gateway } = await twoNodes();
      expect(at(one).length).toBeGreaterThan(0);
      expect(at(two).length).toBeGreaterThan(0);
      for (const stock of [one.stock, two.stock, gateway.stock]) {
        expect((await stock.positions(SKUS)).map(({ sku }) => sku).sort()).toEqual(
          SKUS.flatMap((sku) => [sku, sku]).sort(),
        );
        for (const [sku] of [at(one), at(two)]) expect(await stock.available(sku ?? "")).toBe(20);
        expect((await stock.status()).map(({ shard }) => shard)).toEqual([...Array(SHARDS).keys()]);
      }
      // Outcomes come in the order of their commands, wherever they were executed.
      const commands: StockCommand[] = SKUS.map((sku, number) => ({
        ...receive(sku, "east", number + 1, `more-${sku}`),
      }));
      const outcomes = await one.stock.execute(commands);
      expect(outcomes.map((outcome) => outcome.status === "applied" && outcome.position.onHand)).toEqual(
        SKUS.map((_, number) => 10 + number + 1),
      );
      expect(await gateway.stock.execute(commands)).toEqual(outcomes);
    });

    test("an order over both is reserved at its home in one decision, and its holds last", async () => {
      const { one, two, gateway } = await twoNodes();
      const [here] = at(one);
      const [there] = at(two);
      const orderId = orderAt(one);
      const request = orderRequest(orderId, [line("1", here, 2), line("2", there, 3)]);
      const traced: OrderWork[] = [];
      tellOrderWork((work) => traced.push(work));
      undone.push(() => tellOrderWork(null));
      const outcome = await one.stock.reserveOrder(request, decidedBy(orderId));
      if (outcome.status !== "reserved") throw new Error(outcome.code);
      expect(outcome.holds.map(({ sku, quantity }) => [sku, quantity])).toEqual([
        [here, 2],
        [there, 3],
      ]);
      expect(
        (await database.database.query("select outcome from decided where id = $1", [orderId])).rows,
      ).toEqual([{ outcome: "reserved" }]);
      await until(async () => ((await confirmations()) === 0 ? true : undefined));
      // What was done at the other engine is in the order's trace.
      await until(async () => (traced.length === 2 ? true : undefined));
      expect(traced.map(({ orderId: of, name }) => [of, name])).toEqual([
        [orderId, "engine hold elsewhere"],
        [orderId, "engine confirm elsewhere"],
      ]);
      const [, second] = outcome.holds;
      expect(await heldOf(gateway.stock, there ?? "", second?.locationId ?? "")).toEqual([
        [second?.holdId, 3, 0],
      ]);
      // A repeat is answered from the home's memory.
      expect(await one.stock.reserveOrder(request)).toMatchObject({
        status: "reserved",
        holds: outcome.holds,
      });
      expect(await heldOf(gateway.stock, there ?? "", second?.locationId ?? "")).toEqual([
        [second?.holdId, 3, 0],
      ]);
      await expect(two.stock.reserveOrder(request)).rejects.toMatchObject({ code: "shard_elsewhere" });
    });

    test("an order that one of them cannot give, or whose record is refused, leaves nothing held anywhere", async () => {
      const { one, two, gateway } = await twoNodes();
      const [here] = at(one);
      const [there] = at(two);
      const orderId = orderAt(one);
      const tooMuch = orderRequest(orderId, [line("1", here, 2), line("2", there, 21)]);
      expect(await one.stock.reserveOrder(tooMuch, decidedBy(`${orderId}-refused`))).toMatchObject({
        status: "refused",
        short: [{ lineId: "2", missing: 1 }],
      });
      await database.database.query("insert into decided values ($1, 'another')", [orderId]);
      const request = orderRequest(orderId, [line("1", here, 2), line("2", there, 3)]);
      const codes = await one.stock.reserveOrder(request, decidedBy(orderId)).then(
        () => "answered",
        (error: unknown) => (error instanceof EngineError ? error.code : String(error)),
      );
      expect(codes).toBe("attachment_rejected");
      await until(async () => {
        const free = await Promise.all([here, there].map((sku) => gateway.stock.available(sku ?? "")));
        return free.every((units) => units === 20) ? true : undefined;
      });
      expect(await confirmations()).toBe(0);
      // Nothing of it is remembered: with another record it is reserved.
      expect(await one.stock.reserveOrder(request, decidedBy(`${orderId}-again`))).toMatchObject({
        status: "reserved",
      });
    });

    test("what a process that died has left to confirm another confirms", async () => {
      const { one, two, gateway } = await twoNodes();
      const [there = ""] = at(two);
      const hold = { holdId: "left", sku: there, locationId: "east", atMs: Date.now(), cause: "order" };
      await gateway.stock.execute([
        { type: "reserve", commandId: "left", ...hold, quantity: 1, expiresAtMs: Date.now() + 30_000 },
      ]);
      const commands = [{ type: "extend", commandId: "left:confirm", ...hold, expiresAtMs: 0 }];
      await database.database.query(
        "insert into reservation_confirmation (id, commands, written_at) values ('left', $1, now() - interval '5 s')",
        [JSON.stringify(commands)],
      );
      await until(async () => ((await confirmations()) === 0 ? true : undefined));
      expect(await heldOf(one.stock, there, "east")).toEqual([["left", 1, 0]]);
    });

    test("lanes of one client go over both, and their handles are void once a position has moved", async () => {
      const { one, two, gateway } = await twoNodes();
      const addresses = [...at(one).slice(0, 2), ...at(two).slice(0, 2)].map((sku) => ({
        sku,
        locationId: "east",
      }));
      const lanes = gateway.stock.laneDoor();
      const handles = await lanes.openPositions([...addresses, { sku: "NONE", locationId: "east" }]);
      expect(handles.map((handle) => handle === null)).toEqual([false, false, false, false, true]);
      const operations = new Uint32Array(4 * 5);
      for (const [index, handle] of handles.entries())
        writeLaneOperation(operations, index, {
          number: index + 1,
          position: handle ?? 0xffff_ffff,
          kind: LANE_KIND.reserve,
          quantity: index === 1 ? 11 : 1,
          expiresInMs: 0,
        });
      const codes = await lanes.applyLane({ lane: "l", operations, atMs: Date.now() });
      expect([...(codes ?? [])]).toEqual([
        LANE_CODE.applied,
        LANE_CODE.insufficient_stock,
        LANE_CODE.applied,
        LANE_CODE.applied,
        LANE_CODE.unknown_position,
      ]);
      await two.stop();
      await until(async () => (isEven(one) ? true : undefined));
      const again = new Uint32Array([9, handles[2] ?? 0, (LANE_KIND.reserve << 28) | 1, 0]);
      await expect(lanes.applyLane({ lane: "l", operations: again, atMs: 0 })).rejects.toMatchObject({
        code: "handles_void",
      });
      expect(await gateway.stock.laneDoor().openPositions(addresses)).not.toContain(null);
    });

    test("what is asked while nodes come and go is answered, and every order has its units once", async () => {
      const { one, two, gateway } = await twoNodes();
      const nodes = [one, two];
      let isOver = false;
      const answered: string[] = [];
      const refused: string[] = [];
      const homeOf = (orderId: string): Node | undefined =>
        nodes.find(({ engine }) => engine.client.has(orderId));
      const order = async (orderId: string, number: number): Promise<void> => {
        const skus = [SKUS[number % SKUS.length], SKUS[(number * 7 + 3) % SKUS.length]];
        const request = orderRequest(orderId, [line("1", skus[0]), line("2", skus[1])]);
        for (let tried = 0; tried < 200; tried += 1) {
          try {
            const outcome = await homeOf(orderId)?.stock.reserveOrder(request, {
              writer: recordingWriter("decided"),
              record: ({ status }) => (status === "reserved" ? { id: orderId, outcome: status } : null),
            });
            if (outcome !== undefined) {
              (outcome.status === "reserved" ? answered : refused).push(orderId);
              return;
            }
          } catch (error) {
            if (!(error instanceof EngineError)) throw error;
            // Decided before: the record is there already.
            if (error.code === "attachment_rejected") return;
          }
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`${orderId} was not answered`);
      };
      const reads = async (): Promise<void> => {
        while (!isOver) {
          expect(await gateway.stock.positions(SKUS)).toHaveLength(2 * SKUS.length);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const orders = async (): Promise<void> => {
        for (let batch = 0; batch < 30; batch += 1)
          await Promise.all(
            Array.from({ length: 6 }, (_, index) => order(`moving-${batch}-${index}`, batch * 6 + index)),
          );
      };
      const comings = async (): Promise<void> => {
        const three = await startNode("three");
        nodes.push(three);
        await until(async () => (isEven(...nodes) ? true : undefined));
        await two.stop();
        await until(async () => (isEven(one, three) ? true : undefined));
      };
      const reading = reads();
      await Promise.all([orders(), comings()]);
      isOver = true;
      await reading;
      const { rows } = await database.database.query<{ id: string }>("select id from decided");
      expect(new Set(answered).size).toBe(answered.length);
      for (const orderId of answered) expect(rows.map(({ id }) => id)).toContain(orderId);
      await until(async () => ((await confirmations()) === 0 ? true : undefined));
      // Two units for each order that has its record, and no others, once what was not confirmed has expired.
      const held = await Promise.all(
        SKUS.flatMap((sku) => ["east", "west"].map((locationId) => gateway.stock.holds({ sku, locationId }))),
      );
      const lasting = held.flat().filter(({ expiresAtMs }) => expiresAtMs === 0);
      expect(lasting.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(2 * rows.length);
      expect(rows.length).toBeGreaterThan(100);
    });
  },
);
