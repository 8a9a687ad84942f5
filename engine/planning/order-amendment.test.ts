/**
 * Orders that are reserved, amended and cancelled in real rounds over real shards, held against a model of
 * what each line may have. Shards fail in the middle of rounds and are rebuilt from what was committed.
 */

import { describe, expect, it } from "vitest";
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import { Random } from "../../config/seeded-random.ts";
import { STANDARD_SOURCING_RULES } from "../../config/sourcing-rule.ts";
import { LOCATIONS, receive } from "../../test-support/engine.ts";
import type {
  AmendmentOutcome,
  CancellationOutcome,
  DemandFill,
  OrderReservation,
  OrderReservationRequest,
  ReservationLine,
} from "../allocator-client.ts";
import { decodeEntries, encodeEntries } from "../journal/journal-codec.ts";
import { RoundRunner } from "../rounds/round-runner.ts";
import { ShardDirectory } from "../rounds/shard-directory.ts";
import type { Work } from "../rounds/work.ts";
import { Shard } from "../shard/shard.ts";
import type { ShardAnswer } from "../shard/shard-request.ts";
import { emptyRequest, type ShardRequest } from "../shard/shard-request.ts";
import type { ShardHost } from "../threads/shard-host.ts";
import { kitBookOf } from "./kits.ts";

const SHARDS = 4;
const SKUS = ["A", "B", "C", "D", "E", "F"];
const KIT = {
  sku: "KIT",
  components: [
    { sku: "E", quantity: 1 },
    { sku: "F", quantity: 2 },
  ],
};
const AT_MS = 1_700_000_000_000;

/** Shards in this thread, with a memory of what was committed. */
class World implements ShardHost {
  readonly directory = new ShardDirectory(SHARDS, () => 0, new Map());
  readonly runner = new RoundRunner(this, this.directory);
  readonly fills: DemandFill[] = [];
  /** Counts batches; the batch of this number fails on `failing`. */
  failAt = Number.POSITIVE_INFINITY;
  failing = 0;
  batches = 0;
  nowMs = AT_MS;
  private readonly committed = Array.from({ length: SHARDS }, (): Uint8Array[] => []);
  private shards = Array.from({ length: SHARDS }, (_, shard) => new Shard(shard));

  async drop(): Promise<void> {}

  constructor() {
    for (const entry of this.directory.entries) entry.status = "live";
    this.runner.fills = {
      name: "fills",
      write: async (_, records) => {
        this.fills.push(...records);
      },
    };
  }

  threadOf(): number {
    return 0;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  recover(): never {
    throw new Error("not asked for here");
  }

  async run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    this.batches += 1;
    return requests.map((request) => {
      const { shard } = request;
      // What the shard did is lost with it, whether or not it got that far.
      const reply = this.shards[shard]?.run(request);
      if (reply === undefined || (this.batches === this.failAt && shard === this.failing)) {
        return { shard, failure: "planned" };
      }
      return { shard, reply };
    });
  }

  async round(works: readonly ((reply: Reply) => Work)[]): Promise<readonly unknown[]> {
    const results: unknown[] = works.map(() => "unanswered");
    const { round, deferred, failed } = await this.runner.run(
      works.map((make, index) =>
        make({
          resolve: (value) => {
            results[index] = value;
          },
          reject: (error) => {
            results[index] = error;
          },
        }),
      ),
      {
        nowMs: this.nowMs,
        expiring: [],
        setup: {
          locations: new Map(LOCATIONS.map((location) => [location.locationId, location])),
          kits: kitBookOf([KIT]),
          rules: STANDARD_SOURCING_RULES,
        },
      },
    );
    for (const [shard, blobs] of round.blobs) this.committed[shard]?.push(...blobs);
    for (const { writer, record } of round.attachments) await writer.write({ query: never }, [record]);
    for (const waiter of round.waiters) waiter.committed();
    for (const shard of failed.keys()) this.rebuild(shard);
    if (deferred.length > 0) {
      const later = await this.round(deferred.map((work) => () => work));
      expect(later).not.toContain("never");
    }
    return results;
  }

  rebuild(shard: number): void {
    const rebuilt = new Shard(shard);
    for (const blob of decodeEntries(encodeEntries(this.committed[shard] ?? []))) rebuilt.replay(blob);
    this.shards[shard] = rebuilt;
  }

  /** Everything that is known, to say that nothing changed. */
  state(): readonly string[] {
    return this.shards.map((shard) => Buffer.from(shard.encodeState()).toString("hex"));
  }

  async execute(...commands: readonly StockCommand[]): Promise<readonly StockOutcome[]> {
    const [outcomes] = await this.round([(reply) => ({ kind: "execute", commands, ...reply })]);
    return outcomes as readonly StockOutcome[];
  }

  async reserve(
    order: Partial<OrderReservationRequest> & Pick<OrderReservationRequest, "orderId" | "lines">,
  ) {
    const [outcome] = await this.round([(reply) => reserving(order, reply)]);
    return outcome as OrderReservation;
  }

  async amend(orderId: string, amendmentId: string, lines: readonly ReservationLine[]) {
    const [outcome] = await this.round([(reply) => amending(orderId, amendmentId, lines, reply)]);
    return outcome as AmendmentOutcome;
  }

  async cancel(orderId: string) {
    const [outcome] = await this.round([(reply) => cancelling(orderId, reply)]);
    return outcome as CancellationOutcome;
  }

  async available(sku: string): Promise<number> {
    const [views] = (await this.round([
      (reply) => ({ kind: "positions", skus: [sku], ...reply }),
    ])) as readonly (readonly { readonly availableToPromise: number }[])[];
    return (views ?? []).reduce((sum, view) => sum + Math.max(0, view.availableToPromise), 0);
  }

  /** Units of every line of the order, by SKU and location; waiting ones at `*`. */
  async holds(orderId: string): Promise<ReadonlyMap<string, number>> {
    const held = new Map<string, number>();
    for (const shard of this.shards) {
      const reply = shard.run({
        ...emptyRequest(shard.shard, AT_MS),
        amend: {
          questions: [{ orderId, mark: null, fingerprint: 0 }],
          withdrawals: [],
          reductions: [],
          marks: [],
        },
      });
      for (const { holds, waiting } of reply.amend?.answers ?? []) {
        for (const hold of holds ?? []) {
          const units = hold.reserved + hold.allocated + hold.picked + hold.shipped;
          add(held, `${hold.lineId} ${hold.sku}@${hold.locationId}`, units);
        }
        for (const demand of waiting) add(held, `${demand.lineId} ${demand.sku}@*`, demand.quantity);
      }
    }
    return new Map([...held].filter(([, units]) => units > 0).sort());
  }
}

type Reply = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

function reserving(
  order: Partial<OrderReservationRequest> & Pick<OrderReservationRequest, "orderId" | "lines">,
  reply: Reply,
): Work {
  const request: OrderReservationRequest = {
    policy: "all_or_nothing",
    destination: null,
    expiresAtMs: 0,
    atMs: AT_MS,
    cause: "test",
    ...order,
  };
  return { kind: "order", request, attachment: null, ...reply };
}

function amending(
  orderId: string,
  amendmentId: string,
  lines: readonly ReservationLine[],
  reply: Reply,
): Work {
  const amendment = {
    orderId,
    amendmentId,
    lines,
    destination: null,
    expiresAtMs: 0,
    atMs: AT_MS,
    cause: "test",
  };
  return { kind: "amend", amendment, ...reply };
}

function cancelling(orderId: string, reply: Reply): Work {
  return { kind: "cancel", cancellation: { orderId, atMs: AT_MS, cause: "test" }, ...reply };
}

function never(): never {
  throw new Error("nothing is queried here");
}

function add(sums: Map<string, number>, key: string, units: number): void {
  sums.set(key, (sums.get(key) ?? 0) + units);
}

const line = (lineId: string, sku: string, quantity: number): ReservationLine => ({ lineId, sku, quantity });

async function stocked(units: Readonly<Record<string, number>>, locationId = "east"): Promise<World> {
  const world = new World();
  await world.execute(...Object.entries(units).map(([sku, quantity]) => receive(sku, locationId, quantity)));
  return world;
}

describe("an amendment", () => {
  it("grows, shrinks, adds and drops lines over several shards at once", async () => {
    const world = await stocked({ A: 5, B: 5, C: 5, D: 5 });
    await world.reserve({ orderId: "o", lines: [line("1", "A", 2), line("2", "B", 4), line("3", "C", 1)] });
    const outcome = await world.amend("o", "m1", [line("1", "A", 5), line("2", "B", 1), line("4", "D", 2)]);
    expect(outcome.status).toBe("amended");
    expect([...(await world.holds("o"))]).toEqual([
      ["1 A@east", 5],
      ["2 B@east", 1],
      ["4 D@east", 2],
    ]);
    expect(await Promise.all(SKUS.slice(0, 4).map((sku) => world.available(sku)))).toEqual([0, 4, 5, 3]);
  });

  it("may take what it frees itself, also where others wait for that", async () => {
    const world = await stocked({ A: 4 });
    await world.reserve({ orderId: "o", lines: [line("1", "A", 4)] });
    const policy = "ship_available_backorder_rest";
    expect((await world.reserve({ orderId: "w", lines: [line("1", "A", 2)], policy })).status).toBe(
      "reserved",
    );
    expect((await world.amend("o", "m", [line("2", "A", 3)])).status).toBe("amended");
    expect([...(await world.holds("o"))]).toEqual([["2 A@east", 3]]);
    // The unit that is left over goes to waiting demand, in the same commit.
    expect([...(await world.holds("w"))]).toEqual([
      ["1 A@*", 1],
      ["1 A@east", 1],
    ]);
    expect(world.fills).toMatchObject([{ orderId: "w", holdId: "w:1:queued", quantity: 1 }]);
  });

  it("spreads what it frees over several of its lines before waiting demand gets any", async () => {
    const world = await stocked({ A: 4 });
    await world.reserve({ orderId: "o", lines: [line("1", "A", 4)] });
    const policy = "ship_available_backorder_rest";
    await world.reserve({ orderId: "w", lines: [line("1", "A", 2)], policy });
    expect((await world.amend("o", "m", [line("2", "A", 1), line("3", "A", 3)])).status).toBe("amended");
    expect([...(await world.holds("o"))]).toEqual([
      ["2 A@east", 1],
      ["3 A@east", 3],
    ]);
    expect([...(await world.holds("w"))]).toEqual([["1 A@*", 2]]);
  });

  it("does not count on units that are set apart as it gives them back: their lot is past its date", async () => {
    const world = new World();
    const shared = { sku: "A", locationId: "east", atMs: AT_MS, cause: "test" } as const;
    await world.execute(
      { ...shared, type: "set-tracking", commandId: "t", tracking: "lot" },
      { ...shared, type: "receive", commandId: "r1", quantity: 4, lot: "L1", lotExpiresAtMs: AT_MS + 1_000 },
    );
    await world.reserve({ orderId: "o", lines: [line("1", "A", 4)] });
    world.nowMs += 2_000;
    expect(await world.amend("o", "m1", [line("2", "A", 3)])).toMatchObject({
      status: "refused",
      code: "insufficient_stock",
    });
    await world.execute({ ...shared, type: "receive", commandId: "r2", quantity: 3, lot: "L2" });
    expect((await world.amend("o", "m2", [line("2", "A", 3)])).status).toBe("amended");
    expect([...(await world.holds("o"))]).toEqual([["2 A@east", 3]]);
    expect(await world.available("A")).toBe(0);
  });

  it("does not count on units that stay behind a channel's fence as it gives them back", async () => {
    const world = await stocked({ A: 4 });
    const shared = { sku: "A", locationId: "east", atMs: AT_MS, cause: "test" } as const;
    await world.execute(
      { ...shared, type: "set-pool", commandId: "p", pool: "shop", kind: "ring-fenced", units: 4 },
      {
        ...shared,
        type: "enqueue-demand",
        commandId: "q",
        holdId: "h",
        orderId: "o",
        lineId: "1",
        quantity: 4,
        priority: 1,
        kind: "backorder",
        notBeforeMs: 0,
        pool: "shop",
      },
    );
    expect([...(await world.holds("o"))]).toEqual([["1 A@east", 4]]);
    expect(await world.amend("o", "m", [line("2", "A", 3)])).toMatchObject({
      status: "refused",
      code: "insufficient_stock",
    });
    expect([...(await world.holds("o"))]).toEqual([["1 A@east", 4]]);
  });

  it("changes nothing where stock does not suffice for all of it", async () => {
    const world = await stocked({ A: 5, B: 1 });
    await world.reserve({ orderId: "o", lines: [line("1", "A", 2)] });
    const before = world.state();
    expect(await world.amend("o", "m", [line("1", "A", 1), line("2", "B", 2)])).toEqual({
      status: "refused",
      code: "insufficient_stock",
      detail: "stock does not suffice for what is added",
      short: [{ lineId: "2", sku: "B", missing: 1 }],
    });
    expect(world.state()).toEqual(before);
  });

  it("never takes a line below what is picked or shipped, and lets it grow", async () => {
    const world = await stocked({ A: 9 });
    const reserved = await world.reserve({ orderId: "o", lines: [line("1", "A", 4)] });
    const holdId = reserved.status === "reserved" ? (reserved.holds[0]?.holdId ?? "") : "";
    const at = { sku: "A", locationId: "east", holdId, atMs: AT_MS, cause: "test" };
    await world.execute(
      { type: "allocate", commandId: "a", ...at },
      { type: "pick", commandId: "p", quantity: 3, ...at },
      { type: "ship", commandId: "s", quantity: 2, ...at },
    );
    const before = world.state();
    expect(await world.amend("o", "m1", [line("1", "A", 2)])).toMatchObject({ code: "units_committed" });
    expect(await world.cancel("o")).toMatchObject({ status: "refused", code: "units_committed" });
    expect(world.state()).toEqual(before);
    expect((await world.amend("o", "m2", [line("1", "A", 3)])).status).toBe("amended");
    expect([...(await world.holds("o"))]).toEqual([["1 A@east", 3]]);
    expect((await world.amend("o", "m3", [line("1", "A", 6)])).status).toBe("amended");
    expect([...(await world.holds("o"))]).toEqual([["1 A@east", 6]]);
    expect(await world.available("A")).toBe(3);
  });

  it("happens once under its id, also after its shards were rebuilt, and no other one under the same id", async () => {
    const world = await stocked({ A: 9, B: 9 });
    await world.reserve({ orderId: "o", lines: [line("1", "A", 2)] });
    await world.amend("o", "m1", [line("1", "A", 4)]);
    await world.amend("o", "m2", [line("1", "A", 1), line("2", "B", 1)]);
    for (let shard = 0; shard < SHARDS; shard += 1) world.rebuild(shard);
    const before = world.state();
    expect(await world.amend("o", "m1", [line("1", "A", 4)])).toMatchObject({
      status: "amended",
      explanation: ["amended before under this amendment id"],
    });
    expect(await world.amend("o", "m1", [line("1", "A", 5)])).toMatchObject({ code: "amendment_id_reused" });
    expect(await world.amend("unknown", "m1", [])).toMatchObject({ code: "order_not_found" });
    expect(world.state()).toEqual(before);
  });

  it("keeps kits whole", async () => {
    const world = await stocked({ E: 5, F: 7 });
    await world.reserve({ orderId: "o", lines: [line("1", "KIT", 3)] });
    expect(await world.amend("o", "m1", [line("1", "KIT", 4)])).toMatchObject({ code: "insufficient_stock" });
    expect((await world.amend("o", "m2", [line("1", "KIT", 1), line("2", "F", 4)])).status).toBe("amended");
    expect([...(await world.holds("o"))]).toEqual([
      ["1 E@east", 1],
      ["1 F@east", 2],
      ["2 F@east", 4],
    ]);
  });

  it("keeps waiting demand in its place while it is still wanted, and withdraws the rest", async () => {
    const world = await stocked({ A: 2 });
    const policy = "ship_available_backorder_rest";
    await world.reserve({ orderId: "o", lines: [line("1", "A", 5)], policy });
    expect((await world.amend("o", "m1", [line("1", "A", 5)])).status).toBe("amended");
    expect([...(await world.holds("o"))]).toEqual([
      ["1 A@*", 3],
      ["1 A@east", 2],
    ]);
    await world.amend("o", "m2", [line("1", "A", 3)]);
    expect([...(await world.holds("o"))]).toEqual([
      ["1 A@*", 1],
      ["1 A@east", 2],
    ]);
    expect(await world.cancel("o")).toMatchObject({ status: "cancelled" });
    await world.execute(receive("A", "east", 3, "later"));
    expect(await world.available("A")).toBe(5);
    expect([...(await world.holds("o"))]).toEqual([]);
  });
});

describe("a cancellation", () => {
  it("gives everything back once, and a late repeat of the reservation takes nothing again", async () => {
    const world = await stocked({ A: 5, E: 5, F: 5 });
    const lines = [line("1", "A", 2), line("2", "KIT", 1)];
    await world.reserve({ orderId: "o", lines });
    const cancelled = await world.cancel("o");
    expect(
      cancelled.status === "cancelled" && cancelled.released.map((hold) => [hold.sku, hold.quantity]),
    ).toEqual(
      expect.arrayContaining([
        ["A", 2],
        ["E", 1],
        ["F", 2],
      ]),
    );
    expect(await world.cancel("o")).toEqual({ status: "cancelled", released: [] });
    expect(await world.reserve({ orderId: "o", lines })).toMatchObject({ status: "reserved", holds: [] });
    expect(await Promise.all(["A", "E", "F"].map((sku) => world.available(sku)))).toEqual([5, 5, 5]);
  });
});

it("holds, over a thousand random steps with failing shards, what a model says, and never half of anything", async () => {
  const counts = { amended: 0, refused: 0, lost: 0, cancelled: 0, repeated: 0 };
  for (let seed = 1; seed <= 25; seed += 1) await simulate(seed, counts);
  expect(counts.amended).toBeGreaterThan(120);
  expect(counts.refused).toBeGreaterThan(60);
  expect(counts.lost).toBeGreaterThan(25);
  expect(counts.cancelled).toBeGreaterThan(20);
  expect(counts.repeated).toBeGreaterThan(25);
}, 60_000);

async function simulate(seed: number, counts: Record<string, number>): Promise<void> {
  const random = new Random(seed);
  const whole = (least: number, most: number) => random.integer(least, most);
  const world = new World();
  let onHand = 0;
  for (const sku of SKUS) {
    for (const { locationId } of LOCATIONS) {
      const quantity = whole(2, 9);
      onHand += quantity;
      await world.execute(receive(sku, locationId, quantity));
    }
  }
  const orders: string[] = [];
  const done: { orderId: string; amendmentId: string; lines: readonly ReservationLine[] }[] = [];
  for (let step = 0; step < 40; step += 1) {
    const lines: ReservationLine[] = [];
    for (let index = 0; index < whole(0, 3); index += 1) {
      const skus = ["A", "B", "C", "D", "KIT"];
      lines.push(line(String(whole(index * 2, index * 2 + 1)), skus[whole(0, 4)] ?? "A", whole(1, 6)));
    }
    const orderId = orders[whole(0, orders.length - 1)] ?? "";
    const isCovered = await coveredByStock(world, orderId, lines);
    const isFaulty = random.next() < 0.2;
    world.failAt = isFaulty ? world.batches + whole(1, 2) : Number.POSITIVE_INFINITY;
    world.failing = whole(0, SHARDS - 1);
    const before = await snapshotOf(world, orders);
    const choice = random.next();
    if (orders.length === 0 || choice < 0.25) {
      const fresh = `o${step}`;
      orders.push(fresh);
      if (lines.length > 0) await world.reserve({ orderId: fresh, lines });
    } else if (choice < 0.75) {
      const amendmentId = `m${step}`;
      const outcome = await world.amend(orderId, amendmentId, lines);
      const after = await snapshotOf(world, orders);
      if (outcome instanceof Error) {
        counts["lost"] = (counts["lost"] ?? 0) + 1;
        expect(after).toEqual(before);
      } else if (outcome.status === "refused") {
        counts["refused"] = (counts["refused"] ?? 0) + 1;
        expect(after).toEqual(before);
        if (outcome.code === "insufficient_stock")
          expect([seed, step, isCovered]).not.toEqual([seed, step, true]);
      } else {
        counts["amended"] = (counts["amended"] ?? 0) + 1;
        done.push({ orderId, amendmentId, lines });
        expect([seed, step, isCovered]).not.toEqual([seed, step, false]);
        expect(linesOf(await world.holds(orderId))).toEqual(
          linesOf(
            new Map(lines.flatMap(({ lineId, sku, quantity }) => componentUnits(lineId, sku, quantity))),
          ),
        );
      }
    } else if (choice < 0.85 && done.length > 0) {
      const again = done[whole(0, done.length - 1)];
      if (again === undefined) continue;
      const outcome = await world.amend(again.orderId, again.amendmentId, again.lines);
      if (!(outcome instanceof Error))
        expect([seed, step, outcome]).toMatchObject([seed, step, { status: "amended" }]);
      expect(await snapshotOf(world, orders)).toEqual(before);
      counts["repeated"] = (counts["repeated"] ?? 0) + 1;
    } else {
      const outcome = await world.cancel(orderId);
      if (outcome instanceof Error) expect(await snapshotOf(world, orders)).toEqual(before);
      else {
        counts["cancelled"] = (counts["cancelled"] ?? 0) + 1;
        expect([...(await world.holds(orderId))]).toEqual([]);
      }
    }
    world.failAt = Number.POSITIVE_INFINITY;
    await checkConservation(world, orders, onHand);
  }
}

/**
 * Whether what is free, and what the amendment frees, covers what it adds; `null` where kits are concerned,
 * which must find their components at one location.
 */
async function coveredByStock(
  world: World,
  orderId: string,
  lines: readonly ReservationLine[],
): Promise<boolean | null> {
  const held = new Map(linesOf(await world.holds(orderId)));
  if ([...held.keys()].some((key) => /[EF]$/.test(key)) || lines.some(({ sku }) => sku === KIT.sku))
    return null;
  const balance = new Map<string, number>();
  for (const sku of SKUS) balance.set(sku, await world.available(sku));
  for (const [key, units] of held) add(balance, key.split(" ")[1] ?? "", units);
  for (const { sku, quantity } of lines) add(balance, sku, -quantity);
  return [...balance.values()].every((units) => units >= 0);
}

/** Free units and held ones add up to all there are, and every kit is whole. */
async function checkConservation(world: World, orders: readonly string[], onHand: number): Promise<void> {
  let units = 0;
  for (const sku of SKUS) units += await world.available(sku);
  for (const orderId of orders) {
    const held = await world.holds(orderId);
    for (const [key, quantity] of held) {
      units += quantity;
      const [lineId = "", place = ""] = key.split(" ");
      const [sku, locationId] = place.split("@");
      if (sku === "E") expect([key, held.get(`${lineId} F@${locationId}`)]).toEqual([key, 2 * quantity]);
      if (sku === "F") expect([key, held.get(`${lineId} E@${locationId}`)]).toEqual([key, quantity / 2]);
    }
  }
  expect(units).toBe(onHand);
}

async function snapshotOf(world: World, orders: readonly string[]): Promise<readonly unknown[]> {
  return Promise.all(orders.map(async (orderId) => [orderId, [...(await world.holds(orderId))]]));
}

function componentUnits(
  lineId: string,
  sku: string,
  quantity: number,
): readonly (readonly [string, number])[] {
  const components = sku === KIT.sku ? KIT.components : [{ sku, quantity: 1 }];
  return components.map(
    (component) => [`${lineId} ${component.sku}@`, component.quantity * quantity] as const,
  );
}

/** Units by line and SKU, wherever they are. */
function linesOf(holds: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  const lines = new Map<string, number>();
  for (const [key, units] of holds) add(lines, key.slice(0, key.indexOf("@")), units);
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1));
}
