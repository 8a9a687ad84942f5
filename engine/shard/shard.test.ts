import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { concernsPosition } from "../../actors/position/sku-stock.ts";
import { ReferenceSku } from "../../actors/reference/reference-model.ts";
import { stateItems } from "../../test-support/engine.ts";
import { commandOf, LOCATIONS, SKU, steps } from "../../test-support/stock/stock-sequences.ts";
import { decodeEntries, encodeEntries } from "../journal/journal-codec.ts";
import type { WirePosition } from "./position-wire.ts";
import { Shard } from "./shard.ts";
import { emptyRequest, type ShardRequest } from "./shard-request.ts";
import type { WireSku } from "./sku-book.ts";

function request(part: Partial<ShardRequest>): ShardRequest {
  return { ...emptyRequest(0, 0), ...part };
}

/** 4,500 sequences found nothing more than these do. */
const RUNS = 80;

type Comparable = {
  readonly tracking: string;
  readonly places: Readonly<Record<string, unknown>>;
  readonly queue: readonly unknown[];
};

/** The shard's state as its snapshot has it, arranged for comparison. */
function stateOf(shard: Shard): Comparable {
  const state = stateItems(shard);
  const positions = state.positions as readonly WirePosition[];
  const [record] = state.skus as readonly WireSku[];
  const places: Record<string, unknown> = {};
  for (const [, at, onHand, reserved, allocated, picked, unavailable, safetyStock, ...rest] of positions) {
    const [holds, incoming, fenced, details] = rest;
    const [reasons, pools, deliveries, lots, serials, count] = details ?? [[], [], [], [], [], null];
    places[at] = {
      buckets: {
        onHand,
        reserved,
        allocated,
        picked,
        unavailable,
        safetyStock,
        incoming,
        fenced,
      },
      holds: sorted(holds.map((hold) => [hold[0], hold[8], hold[4], hold[5], hold[6]])),
      reasons: sorted(reasons.map((each) => [...each])),
      pools: pools.map((pool) => [...pool]),
      incoming: sorted(deliveries.map((entry) => [entry[0], entry[2]])),
      lots: sorted(lots.map(([lot, date, , ...units]) => [lot, date, ...units])),
      serials: sorted([
        ...serials.map((serial) => [...serial]),
        ...deliveries.flatMap((entry) => entry[6].map((serial) => [serial, "in-transit", entry[0]])),
      ]),
      count: count === null ? null : [count[0], count[2]],
    };
  }
  return {
    tracking: record?.[1] ?? "none",
    places,
    queue: sorted((record?.[3] ?? []).map((entry) => [entry[0], entry[3], entry[4], entry[10], entry[11]])),
  };
}

/** The same of the model, counted from its units. */
function stateOfModel(model: ReferenceSku): Comparable {
  const places: Record<string, unknown> = {};
  for (const at of LOCATIONS.filter((each) => model.places.includes(each))) {
    const onHand = model.units.filter((unit) => unit.at === at && unit.transfer === "");
    const transit = model.units.filter((unit) => unit.at === at && unit.transfer !== "");
    const lots = new Set(onHand.flatMap((unit) => (unit.lot === "" ? [] : [unit.lot])));
    places[at] = {
      buckets: model.buckets(at),
      holds: sorted(
        model.holds
          .filter((hold) => hold.at === at)
          .map((hold) => [
            hold.id,
            hold.pool,
            ...(["reserved", "allocated", "picked"] as const).map(
              (part) => model.unitsOf(hold.id, at, part).length,
            ),
          ]),
      ),
      reasons: sorted([...(model.reasons.get(at) ?? [])]),
      pools: model.pools
        .filter((pool) => pool.at === at)
        .map((pool) => [pool.pool, pool.kind, pool.units, model.heldBy(pool.pool, at)]),
      incoming: sorted([
        ...model.expected.filter((each) => each.at === at).map((each) => [each.reference, each.quantity]),
        ...[...new Set(transit.map((unit) => unit.transfer))].map((transfer) => [
          transfer,
          transit.filter((unit) => unit.transfer === transfer).length,
        ]),
      ]),
      lots: sorted(
        [...lots].map((lot) => {
          const mine = onHand.filter((unit) => unit.lot === lot);
          const parts = ["reserved", "allocated", "picked"].map(
            (part) => mine.filter((unit) => unit.part === part).length,
          );
          return [
            lot,
            mine[0]?.lotExpiresAtMs,
            mine.length,
            ...parts,
            mine.filter((unit) => unit.apart).length,
          ];
        }),
      ),
      serials: sorted(
        model.serials
          .filter((serial) => serial.at === at)
          .map(({ serial, state, hold, transfer }) => [
            serial,
            state,
            state === "in-transit" ? transfer : hold,
          ]),
      ),
      count:
        model.counts.filter((count) => count.at === at).map(({ id, discrepancy }) => [id, discrepancy])[0] ??
        null,
    };
  }
  return {
    tracking: model.tracking,
    places,
    queue: sorted(model.queue.map((entry) => [entry.id, entry.at, entry.pool, entry.waiting, entry.open])),
  };
}

const BUCKETS = [
  "onHand",
  "reserved",
  "allocated",
  "picked",
  "unavailable",
  "safetyStock",
  "incoming",
  "fenced",
] as const;

/** The sums of all changes, by location and bucket, as the projection would have them. */
function sumsOf(blobs: readonly Uint8Array[]): Readonly<Record<string, Record<string, number>>> {
  const sums: Record<string, Record<string, number>> = {};
  for (const event of decodeEntries(encodeEntries(blobs)).flatMap((blob) => blob.events)) {
    if (!concernsPosition(event)) continue;
    const sum = sums[event.locationId] ?? Object.fromEntries(BUCKETS.map((bucket) => [bucket, 0]));
    sums[event.locationId] = sum;
    for (const bucket of BUCKETS) sum[bucket] = (sum[bucket] ?? 0) + event[bucket];
  }
  return sums;
}

/** Units that are in the building or between two locations, by what the events brought in and took out. */
function unitsByEvents(blobs: readonly Uint8Array[]): number {
  let units = 0;
  for (const event of decodeEntries(encodeEntries(blobs)).flatMap((blob) => blob.events)) {
    if (event.type === "transfer-discrepancy") units += event.incoming;
    else if (!event.type.startsWith("transfer-")) units += event.onHand;
  }
  return units;
}

function sorted(rows: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
  return [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

describe("a shard", () => {
  it.each(["none", "lot", "serial"] as const)(
    "does what the reference model does, whatever the commands, and comes back the same from its journal: tracking %s",
    (tracking) => {
      fc.assert(
        fc.property(steps, fc.nat({ max: 69 }), (sequence, snapshotAt) => {
          const shard = new Shard(0);
          const model = new ReferenceSku();
          const blobs: Uint8Array[] = [];
          let snapshot = new Shard(0).encodeState();
          let snapshotBlobs = 0;
          let nowMs = 1;
          let last: { command: StockCommand; outcome: unknown } | null = null;
          const first: StockCommand = {
            type: "set-tracking",
            commandId: "first",
            sku: SKU,
            locationId: "east",
            atMs: nowMs,
            cause: "test",
            tracking,
          };
          blobs.push(shard.run(request({ nowMs, commands: [first] })).entries as Uint8Array);
          model.apply(first);
          for (const [index, step] of sequence.entries()) {
            nowMs += step.laterMs;
            model.advance(nowMs);
            const command = commandOf(step, index, nowMs, model);
            const commands = step.repeated && last !== null ? [last.command, command] : [command];
            const reply = shard.run(request({ nowMs, commands }));
            if (reply.entries !== null) blobs.push(reply.entries);
            if (commands.length === 2) expect(reply.outcomes[0]).toEqual(last?.outcome);
            const outcome = reply.outcomes.at(-1);
            const answer = outcome?.status === "refused" ? outcome.code : outcome?.status;
            expect([command, answer]).toEqual([command, model.apply(command)]);
            last = { command, outcome };
            expect(stateOf(shard)).toEqual(stateOfModel(model));
            if (index === snapshotAt) {
              snapshot = shard.encodeState();
              snapshotBlobs = blobs.length;
            }
          }
          const places = Object.entries(stateOf(shard).places) as [string, { buckets: object }][];
          const sums = sumsOf(blobs);
          for (const [at, { buckets }] of places) expect(buckets).toEqual(sums[at]);
          expect(model.units).toHaveLength(unitsByEvents(blobs));
          const state = Buffer.from(shard.encodeState());
          const replayed = new Shard(0);
          for (const blob of decodeEntries(encodeEntries(blobs))) replayed.replay(blob);
          expect(state.equals(replayed.encodeState())).toBe(true);
          const recovered = Shard.decodeState(0, snapshot);
          for (const blob of decodeEntries(encodeEntries(blobs.slice(snapshotBlobs)))) recovered.replay(blob);
          expect(state.equals(recovered.encodeState())).toBe(true);
          expect(recovered.figures()).toMatchObject({
            positionCount: shard.figures().positionCount,
            holdCount: shard.figures().holdCount,
          });
          // What the timers of the living shard do, those of the recovered one do.
          const [live, again] = [shard, recovered].map((each) => {
            each.run(request({ nowMs: nowMs + 100 }));
            return Buffer.from(each.encodeState());
          });
          expect(live?.equals(again as Buffer)).toBe(true);
        }),
        { numRuns: RUNS },
      );
    },
    120_000,
  );

  it("returns the units of an expired hold before the next command is applied", () => {
    const shard = new Shard(0);
    const common = { sku: "A", locationId: "east", atMs: 1, cause: "t" };
    shard.run(
      request({
        nowMs: 1,
        commands: [
          { type: "receive", commandId: "r", quantity: 1, ...common },
          { type: "reserve", commandId: "a", holdId: "a", quantity: 1, expiresAtMs: 100, ...common },
        ],
      }),
    );
    const next = (id: string) => ({
      type: "reserve" as const,
      commandId: id,
      holdId: id,
      quantity: 1,
      expiresAtMs: 0,
      ...common,
    });
    expect(shard.run(request({ nowMs: 99, commands: [next("b")] })).outcomes[0]?.status).toBe("refused");
    expect(shard.run(request({ nowMs: 100, commands: [next("c")] })).outcomes[0]?.status).toBe("applied");
  });

  it("opens pre-orders of one date as a recovered shard does, also where one had waited elsewhere before", () => {
    const waits = (commandId: string, holdId: string, locationId: string): StockCommand => ({
      type: "enqueue-demand",
      commandId,
      holdId,
      orderId: "",
      lineId: "1",
      sku: "A",
      locationId,
      quantity: 1,
      priority: 0,
      kind: "pre-order",
      notBeforeMs: 45,
      atMs: 1,
      cause: "t",
    });
    const shared = { sku: "A", atMs: 1, cause: "t" };
    const commands: StockCommand[] = [
      waits("1", "a", "*"),
      waits("2", "b", "*"),
      { type: "cancel-demand", commandId: "3", holdId: "a", locationId: "*", ...shared },
      waits("4", "a", "west"),
      { type: "receive", commandId: "5", locationId: "west", quantity: 1, ...shared },
    ];
    const shard = new Shard(0);
    shard.run(request({ nowMs: 1, commands }));
    const recovered = Shard.decodeState(0, shard.encodeState());
    const [live, again] = [shard, recovered].map((each) => {
      each.run(request({ nowMs: 45 }));
      return stateOf(each);
    });
    expect(live).toEqual(again);
    expect(live?.queue).toEqual([["a", "west", "", 1, true]]);
  });

  it("forgets commands after a day, and an order only once it holds nothing", () => {
    const day = 24 * 60 * 60 * 1000;
    const shard = new Shard(0);
    const common = { sku: "A", locationId: "east", cause: "t" };
    const receive = (id: string, atMs: number): StockCommand => ({
      type: "receive",
      commandId: id,
      quantity: 5,
      atMs,
      ...common,
    });
    const part = {
      orderId: "o",
      lineId: "1",
      holdId: "o:1:east",
      sku: "A",
      locationId: "east",
      quantity: 1,
      expiresAtMs: 0,
      atMs: 1,
      cause: "o",
    };
    shard.run(request({ nowMs: 1, commands: [receive("r", 1)], placements: [part] }));
    expect(shard.run(request({ nowMs: day, commands: [receive("r", day)] })).entries).toBeNull();
    shard.run(request({ nowMs: day + 2, commands: [receive("x", day)] }));
    const later = shard.run(request({ nowMs: day + 3, commands: [receive("r", day)], orders: ["o"] }));
    expect(later.outcomes[0]).toMatchObject({ status: "applied", position: { onHand: 15 } });
    expect(later.orders[0]?.holds).toHaveLength(1);
    shard.run(
      request({
        nowMs: day + 4,
        commands: [{ type: "release", commandId: "f", holdId: part.holdId, atMs: 1, ...common }],
      }),
    );
    shard.run(request({ nowMs: 3 * day, commands: [receive("y", day)] }));
    expect(shard.run(request({ nowMs: 3 * day, orders: ["o"] })).orders[0]).toBeNull();
  });

  it("forgets an order that is undone also where its hold has expired before, live and replayed alike", () => {
    const shard = new Shard(0);
    const replayed = new Shard(0);
    const part = {
      orderId: "o",
      lineId: "1",
      holdId: "o:1:east",
      sku: "A",
      locationId: "east",
      quantity: 1,
      expiresAtMs: 100,
      atMs: 1,
      cause: "o",
    };
    const goods = { type: "receive", commandId: "r", sku: "A", locationId: "east", quantity: 5 } as const;
    const replies = [
      shard.run(request({ nowMs: 1, commands: [{ ...goods, atMs: 1, cause: "t" }] })),
      shard.run(request({ nowMs: 2, placements: [part], orders: ["o"] })),
      shard.run(request({ nowMs: 100, undo: [part], orders: ["o"] })),
    ];
    expect(replies.map((reply) => reply.orders[0]?.holds.length)).toEqual([undefined, 1, undefined]);
    const blobs = replies.flatMap(({ entries }) => (entries === null ? [] : [entries]));
    for (const blob of decodeEntries(encodeEntries(blobs))) replayed.replay(blob);
    expect(Buffer.from(replayed.encodeState())).toEqual(Buffer.from(shard.encodeState()));
    // Once it is forgotten there is nothing to journal.
    expect(shard.run(request({ nowMs: 101, undo: [part] })).entries).toBeNull();
  });
});
