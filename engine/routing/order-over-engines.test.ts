/**
 * Orders over engines whose nodes die, whose messages are lost and whose shards move, in virtual time: at
 * the end each order has what it was promised, once, and nothing is held for anybody else.
 */
import { describe, expect, test } from "vitest";
import { Random } from "../../config/seeded-random.ts";
import { LOCATIONS, orderRequest, receive } from "../../test-support/engine.ts";
import { EnginesOverOneDisk, unlessDead } from "../../test-support/engines/engines-over-one-disk.ts";
import type { AllocationPolicy, OrderReservation, OrderReservationRequest } from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import { shardOf } from "../shard/shard-of.ts";
import { UNCONFIRMED_MS } from "./order-over-engines.ts";

const SHARDS = 6;
const SKUS = Array.from({ length: 8 }, (_, number) => `SKU-${number}`);
const UNITS = 30;

type Decided = { readonly id: string; readonly outcome: OrderReservation };

const writer = (world: EnginesOverOneDisk) => ({
  name: "orders",
  write: async (_transaction: unknown, records: readonly Decided[]) => {
    for (const { id, outcome } of records)
      if (!world.database.orders.has(id)) world.database.orders.set(id, outcome);
  },
});

async function startedWorld(seed: number, nodes = 3) {
  const random = new Random(seed);
  const world = new EnginesOverOneDisk({ shards: SHARDS, nodes, random, locations: LOCATIONS });
  await world.until(world.start());
  await world.until(
    world.execute(
      null,
      SKUS.flatMap((sku) => [receive(sku, "east", UNITS), receive(sku, "west", UNITS)]),
    ),
  );
  const ordersWriter = writer(world);
  /**
   * As an operation would: at the order's home, and again with the same id where the outcome is not known.
   */
  const reserve = async (request: OrderReservationRequest): Promise<OrderReservation | null> => {
    for (let tried = 0; tried < 200; tried += 1) {
      const known = world.database.orders.get(request.orderId) as OrderReservation | undefined;
      if (known !== undefined) return known;
      const home = world.homeOf(request.orderId);
      if (home !== undefined) {
        try {
          const work = home.orders.reserve(request, {
            writer: ordersWriter,
            record: (outcome) => ({ id: request.orderId, outcome }),
          });
          return await unlessDead(home, work);
        } catch (error) {
          if (!(error instanceof EngineError)) throw error;
        }
      }
      await new Promise<void>((resolve) => void world.time.after(100 + random.next() * 400, resolve));
    }
    return null;
  };
  const settle = async (): Promise<void> => {
    Object.assign(world.trouble, { lostAsks: 0, lostAnswers: 0, lostCommits: 0, withoutStorage: null });
    await world.until(new Promise<void>((resolve) => void world.time.after(3 * UNCONFIRMED_MS, resolve)));
  };
  return { world, random, reserve, settle };
}

/** What is held, and what is not as the orders have it. */
async function audit(world: EnginesOverOneDisk): Promise<readonly string[]> {
  const wrong: string[] = [];
  const promised = new Map<string, number>();
  for (const outcome of world.database.orders.values()) {
    const reservation = outcome as OrderReservation;
    for (const hold of reservation.status === "reserved" ? reservation.holds : [])
      promised.set(hold.holdId, (promised.get(hold.holdId) ?? 0) + hold.quantity);
  }
  for (const sku of SKUS) {
    const life = world.homeOf(sku);
    if (life === undefined) {
      wrong.push(`nobody has ${sku}`);
      continue;
    }
    for (const locationId of ["east", "west"]) {
      const holds = await world.until(life.client.holds({ sku, locationId }));
      const sum = holds.reduce((total, { quantity }) => total + quantity, 0);
      if (sum > UNITS) wrong.push(`${sku} at ${locationId} is oversold: ${sum} of ${UNITS}`);
      for (const { holdId, quantity, expiresAtMs } of holds) {
        if (promised.get(holdId) !== quantity) wrong.push(`${holdId} holds ${quantity} for nobody`);
        else promised.delete(holdId);
        if (expiresAtMs !== 0) wrong.push(`${holdId} is to expire`);
      }
    }
  }
  for (const holdId of promised.keys()) wrong.push(`${holdId} was promised and is not held`);
  for (const id of world.database.confirmations.keys()) wrong.push(`confirmation ${id} was not carried out`);
  return wrong;
}

const POLICIES: readonly AllocationPolicy[] = ["all_or_nothing", "line_by_line", "ship_available"];

function randomRequest(random: Random, id: string): OrderReservationRequest {
  const lines = Array.from({ length: random.integer(1, 4) }, (_, line) => ({
    lineId: String(line + 1),
    sku: random.pick(SKUS),
    quantity: random.integer(1, 6),
  }));
  return { ...orderRequest(id, lines), policy: random.pick(POLICIES) };
}

/**
 * Two SKUs whose shards are at different nodes, both elsewhere than the order's home or one of them there.
 */
function spread(world: EnginesOverOneDisk, orderId: string): readonly [string, string] {
  const home = world.homeOf(orderId);
  const here = SKUS.find((sku) => world.homeOf(sku) === home);
  const there = SKUS.find((sku) => world.homeOf(sku) !== home);
  if (here === undefined || there === undefined) throw new Error("the SKUs are all at one node");
  return [here, there];
}

describe("an order whose SKUs are at several engines", () => {
  test("is reserved wholly, and a repeat is answered with the same holds", async () => {
    const { world, reserve, settle } = await startedWorld(1, 2);
    const [here, there] = spread(world, "order-1");
    const request = orderRequest("order-1", [
      { lineId: "1", sku: here, quantity: 2 },
      { lineId: "2", sku: there, quantity: 3 },
    ]);
    const outcome = await world.until(reserve(request));
    if (outcome?.status !== "reserved") throw new Error("it was not reserved");
    expect(outcome.holds.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      [here, 2],
      [there, 3],
    ]);
    const home = world.homeOf("order-1");
    expect(await world.until(home?.orders.reserve(request) ?? Promise.reject())).toMatchObject({
      status: "reserved",
      holds: outcome.holds,
    });
    await settle();
    expect(await audit(world)).toEqual([]);
  });

  test("is refused wholly where one engine's stock is not enough, and nothing stays held", async () => {
    const { world, reserve, settle } = await startedWorld(2, 2);
    const [here, there] = spread(world, "order-2");
    const outcome = await world.until(
      reserve(
        orderRequest("order-2", [
          { lineId: "1", sku: here, quantity: 2 },
          { lineId: "2", sku: there, quantity: 3 * UNITS },
        ]),
      ),
    );
    expect(outcome).toMatchObject({ status: "refused", short: [{ lineId: "2", missing: UNITS }] });
    await settle();
    expect(await audit(world)).toEqual([]);
  });

  test("waits at the other engine for what is missing, and is given what comes", async () => {
    const { world, reserve, settle } = await startedWorld(3, 2);
    const [here, there] = spread(world, "order-3");
    const outcome = await world.until(
      reserve({
        ...orderRequest("order-3", [
          { lineId: "1", sku: here, quantity: 1 },
          { lineId: "2", sku: there, quantity: 2 * UNITS + 5 },
        ]),
        policy: "ship_available_backorder_rest",
      }),
    );
    if (outcome?.status !== "reserved") throw new Error("it was not reserved");
    expect(outcome.queued).toMatchObject([{ lineId: "2", sku: there, quantity: 5 }]);
    await settle();
    expect(await audit(world)).toEqual([]);
    await world.until(world.execute(null, [receive(there, "east", 9, "later")]));
    const holds = await world.until(
      world.homeOf(there)?.client.holds({ sku: there, locationId: "east" }) ?? Promise.reject(),
    );
    expect(holds).toContainEqual(expect.objectContaining({ holdId: "order-3:2:queued", quantity: 5 }));
  });

  test("is asked of its home only", async () => {
    const { world } = await startedWorld(4, 2);
    const request = orderRequest("order-4", [{ lineId: "1", sku: SKUS[0] ?? "", quantity: 1 }]);
    const home = world.homeOf("order-4");
    const other = [SKUS, ["order-5", "order-6", "order-7", "order-8"]]
      .flat()
      .map((key) => world.homeOf(key))
      .find((life) => life !== home);
    await expect(world.until(other?.orders.reserve(request) ?? Promise.reject())).rejects.toMatchObject({
      code: "shard_elsewhere",
    });
  });
});

/** @param spoil breaks something, to see that the audit tells */
async function randomWorld(seed: number, spoil: (world: EnginesOverOneDisk) => void = () => {}) {
  const { world, random, reserve, settle } = await startedWorld(seed, random2or3(seed));
  spoil(world);
  Object.assign(world.trouble, {
    lostAsks: random.chance(0.5) ? 0.05 : 0,
    lostAnswers: random.chance(0.5) ? 0.05 : 0,
    lostCommits: random.chance(0.5) ? 0.03 : 0,
  });
  const dead = new Set<number>();
  const upset = async (): Promise<void> => {
    for (let times = random.integer(0, 6); times > 0; times -= 1) {
      await new Promise<void>((resolve) => void world.time.after(random.next() * 60, resolve));
      const node = random.below(world.nodes);
      if (random.chance(0.2)) {
        world.trouble.withoutStorage = node;
        // Longer than callers are kept waiting for it.
        await new Promise<void>((resolve) => void world.time.after(6_000, resolve));
        world.trouble.withoutStorage = null;
      } else if (random.chance(0.5)) {
        await world.move(random.below(SHARDS), node);
      } else if (dead.size === 0) {
        dead.add(node);
        world.kill(node);
        await new Promise<void>((resolve) => void world.time.after(random.next() * 300, resolve));
        await world.revive(node);
        dead.delete(node);
      }
    }
  };
  const orders = Array.from({ length: 30 }, async (_, number) => {
    await new Promise<void>((resolve) => void world.time.after(random.next() * 200, resolve));
    return reserve(randomRequest(random, `order-${number}`));
  });
  const outcomes = await world.until(Promise.all([upset(), ...orders]));
  await settle();
  return { wrong: await audit(world), outcomes: outcomes.slice(1), world };
}

const random2or3 = (seed: number): number => 2 + (seed % 2);

describe("orders over engines that die, lose messages and move shards", () => {
  test("are each held once as promised, and nothing else is held", async () => {
    const first = Math.floor(Date.now() / 3_600_000) % 1_000_000;
    for (let seed = first; seed < first + 40; seed += 1) {
      const { wrong, outcomes } = await randomWorld(seed);
      expect(wrong, `seed ${seed}`).toEqual([]);
      expect(
        outcomes.every((outcome) => outcome !== null),
        `seed ${seed}: every order is decided`,
      ).toBe(true);
    }
  }, 120_000);

  test("are not, where confirmations are forgotten: the audit tells", async () => {
    const { wrong } = await randomWorld(7, (world) => {
      world.confirmationsAreCarriedOut = false;
    });
    expect(wrong.some((what) => what.includes("was promised and is not held"))).toBe(true);
  });
});

test("the SKUs of this file are in several shards", () => {
  expect(new Set(SKUS.map((sku) => shardOf(sku, SHARDS))).size).toBeGreaterThan(2);
});
