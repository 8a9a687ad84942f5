/** Who gets which units: fences and caps of pools, demand that waits, reservations that become holds. */
import { describe, expect, it } from "vitest";
import { command, type Fields, run, shardAfter, waiting } from "../test-support/stock/stock-commands.ts";
import type { Shard } from "./shard/shard.ts";

describe("pools", () => {
  const reserve = (holdId: string, quantity: number, pool?: string): Fields => ({
    type: "reserve",
    holdId,
    quantity,
    expiresAtMs: 0,
    ...(pool === undefined ? {} : { pool }),
  });
  const buckets = (shard: Shard) => run(shard, { skus: ["A"] }).positions[0];

  it("a ring-fenced pool sells its fence, then what everybody may; what ships for it comes off the fence", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 10 },
      { type: "set-pool", pool: "web", kind: "ring-fenced", units: 4 },
      reserve("shop", 5),
    );
    expect(buckets(shard)).toMatchObject({ fenced: 4, availableToPromise: 1 });
    const refused = run(shard, { commands: [command(reserve("more", 2))] }).outcomes[0];
    expect(refused).toMatchObject({ code: "insufficient_stock" });
    run(shard, { commands: [command(reserve("web1", 3, "web"))] });
    expect(buckets(shard)).toMatchObject({ fenced: 1, availableToPromise: 1 });
    run(shard, { commands: [command(reserve("web2", 2, "web"))] });
    expect(buckets(shard)).toMatchObject({ fenced: 0, availableToPromise: 0 });
    for (const fields of [
      { type: "allocate", holdId: "web1" },
      { type: "pick", holdId: "web1", quantity: 3 },
      { type: "ship", holdId: "web1", quantity: 3 },
      { type: "receive", quantity: 5 },
    ] as const) {
      run(shard, { commands: [command(fields)] });
    }
    // Of the fence of 4, 3 have left and 1 is promised: nothing more is kept for the pool.
    expect(buckets(shard)).toMatchObject({ onHand: 12, fenced: 0, availableToPromise: 5 });
    run(shard, { commands: [command({ type: "release", holdId: "web2" })] });
    expect(buckets(shard)).toMatchObject({ fenced: 1, availableToPromise: 6 });
  });

  it("where fences are larger than the stock, the pool that was set first is served first", () => {
    const shard = shardAfter(
      { type: "set-pool", pool: "web", kind: "ring-fenced", units: 5 },
      { type: "set-pool", pool: "mail", kind: "ring-fenced", units: 5 },
      { type: "receive", quantity: 6 },
    );
    const code = (fields: Fields) => {
      const [outcome] = run(shard, { commands: [command(fields)] }).outcomes;
      return outcome?.status === "refused" ? outcome.code : outcome?.status;
    };
    expect(code(reserve("mail", 2, "mail"))).toBe("insufficient_stock");
    expect(code(reserve("mail1", 1, "mail"))).toBe("applied");
    expect(code(reserve("web", 5, "web"))).toBe("applied");
    expect(code(reserve("any", 1))).toBe("insufficient_stock");
  });

  it("a capped pool promises again what it has shipped", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 10 },
      { type: "set-pool", pool: "market", kind: "capped", units: 2 },
      reserve("m1", 2, "market"),
      { type: "allocate", holdId: "m1" },
      { type: "pick", holdId: "m1", quantity: 2 },
      { type: "ship", holdId: "m1", quantity: 1 },
      reserve("m2", 1, "market"),
    );
    expect(run(shard, { commands: [command(reserve("m3", 1, "market"))] }).outcomes[0]).toMatchObject({
      code: "insufficient_stock",
    });
  });
});

describe("demand that waits", () => {
  it("is filled by priority, then by arrival, in the batch that frees the units, and nobody comes before it", () => {
    const shard = shardAfter(
      waiting("late", 2),
      waiting("urgent", 2, { priority: -1, locationId: "*" }),
      waiting("west", 1, { locationId: "west", priority: -9 }),
    );
    const reply = run(shard, {
      commands: [
        command({ type: "receive", quantity: 3 }),
        command({ type: "reserve", holdId: "sneaky", quantity: 1, expiresAtMs: 0 }),
      ],
    });
    expect(reply.outcomes.map((outcome) => outcome.status)).toEqual(["applied", "refused"]);
    expect(reply.filled).toMatchObject([
      { holdId: "urgent", orderId: "order-urgent", locationId: "east", quantity: 2 },
      { holdId: "late", quantity: 1 },
    ]);
    const orders = run(shard, { orders: ["order-late", "order-urgent"] }).orders;
    expect(orders).toMatchObject([{ holds: [{ quantity: 1 }] }, { holds: [{ quantity: 2 }] }]);
    // The hold that was given one unit grows by the next one, whatever became of the first.
    run(shard, { commands: [command({ type: "allocate", holdId: "late" })] });
    const grown = run(shard, {
      commands: [command({ type: "receive", quantity: 5 })],
      addresses: [{ sku: "A", locationId: "east" }],
      orders: ["order-late"],
    });
    expect(grown.filled).toMatchObject([{ holdId: "late", quantity: 1 }]);
    expect(grown.orders).toMatchObject([{ holds: [{ holdId: "late", quantity: 2 }] }]);
    expect(grown.holds[0]?.filter((hold) => hold.holdId === "late")).toMatchObject([
      { state: "reserved", quantity: 1, expiresAtMs: 0 },
      { state: "allocated", quantity: 1 },
    ]);
    expect(run(shard, { outlooks: ["A"] }).outlooks).toMatchObject([
      { queued: 1, locations: [{ locationId: "east", available: 4, incoming: [] }] },
    ]);
  });

  const FREED: readonly (readonly [string, readonly Fields[], Fields, number])[] = [
    ["a receipt", [], { type: "receive", quantity: 2 }, 2],
    ["a return", [], { type: "return-receive", quantity: 1, disposition: "restocked" }, 1],
    [
      "a release",
      [{ type: "reserve", holdId: "h", quantity: 4, expiresAtMs: 0 }],
      { type: "release", holdId: "h", quantity: 3 },
      3,
    ],
    [
      "a deallocation",
      [{ type: "reserve", holdId: "h", quantity: 4, expiresAtMs: 0 }],
      { type: "deallocate", holdId: "h" },
      4,
    ],
    [
      "an adjustment",
      [{ type: "set-safety-stock", quantity: 4 }],
      { type: "adjust", delta: 3, reason: "found" },
      3,
    ],
    [
      "a count",
      [{ type: "set-safety-stock", quantity: 4 }],
      { type: "count", countId: "n", counted: 5, reason: "r", threshold: 9 },
      1,
    ],
    [
      "the end of a quarantine",
      [{ type: "quarantine", quantity: 4, reason: "r" }],
      { type: "release-quarantine", quantity: 2, reason: "r" },
      2,
    ],
    [
      "less safety stock",
      [{ type: "set-safety-stock", quantity: 4 }],
      { type: "set-safety-stock", quantity: 1 },
      3,
    ],
    [
      "a fence that is taken down",
      [{ type: "set-pool", pool: "p", kind: "ring-fenced", units: 4 }],
      { type: "set-pool", pool: "p", kind: "shared", units: 0 },
      4,
    ],
    [
      "the arrival of a transfer",
      [
        {
          type: "receive",
          locationId: "west",
          quantity: 2,
        },
        {
          type: "transfer-out",
          locationId: "west",
          transferId: "t",
          toLocationId: "east",
          quantity: 2,
          dueAtMs: 0,
        },
        { type: "set-safety-stock", quantity: 4 },
      ],
      { type: "transfer-in", transferId: "t", quantity: 2 },
      2,
    ],
    [
      "a short pick of what will be found",
      [
        { type: "reserve", holdId: "h", quantity: 4, expiresAtMs: 0 },
        { type: "allocate", holdId: "h" },
      ],
      { type: "short-pick", holdId: "h", missing: 2, reason: "r", effect: "none" },
      2,
    ],
  ];

  it.each(FREED)("takes what %s frees", (what, scene, fields, units) => {
    const start: readonly Fields[] =
      what === "a receipt" || what === "a return" ? [] : [{ type: "receive", quantity: 4 }];
    const shard = shardAfter(...start, ...scene, waiting("d", 100));
    const reply = run(shard, { commands: [command(fields)] });
    expect(reply.filled.map((fill) => [fill.locationId, fill.quantity])).toEqual([["east", units]]);
  });

  it("takes what an expired hold frees, and a lane's released and expired reservations", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 4 },
      { type: "reserve", holdId: "soft", quantity: 2, expiresAtMs: 5000 },
    );
    const lane = (number: number, kind: number, quantity: number, expiresInMs: number) => ({
      lane: "key.lane",
      atMs: 1000,
      operations: new Uint8Array(Uint32Array.of(number, 0, (kind << 28) | quantity, expiresInMs).buffer),
    });
    expect(run(shard, { lanes: [lane(1, 0, 1, 0), lane(2, 0, 1, 8000)] }).laneCodes).toEqual([null, null]);
    run(shard, { commands: [command(waiting("d", 100))] });
    const released = run(shard, { nowMs: 2000, lanes: [lane(1, 1, 0, 0), lane(3, 0, 1, 0)] });
    expect(released.filled).toMatchObject([{ holdId: "d", quantity: 1 }]);
    expect(released.laneCodes[1]).not.toBeNull();
    expect(run(shard, { nowMs: 5000 }).filled).toMatchObject([{ holdId: "d", quantity: 2 }]);
    expect(run(shard, { nowMs: 9000 }).filled).toMatchObject([{ holdId: "d", quantity: 1 }]);
  });

  it("does not take what its pool may not sell, and lets others have it", () => {
    const shard = shardAfter(
      { type: "set-pool", pool: "market", kind: "capped", units: 1 },
      waiting("m", 5, { pool: "market" }),
      waiting("d", 1, { priority: 9 }),
      { type: "receive", quantity: 3 },
    );
    const [position] = run(shard, { skus: ["A"] }).positions;
    expect(position).toMatchObject({ reserved: 2, availableToPromise: 1 });
  });

  it("a pre-order takes nothing before its date, and then at once, from where there is most", () => {
    const shard = shardAfter(
      waiting("pre", 5, { kind: "pre-order", notBeforeMs: 7000, locationId: "*" }),
      { type: "receive", quantity: 2 },
      { type: "receive", locationId: "west", quantity: 4 },
    );
    expect(shard.figures().nextExpiryAtMs).toBe(7000);
    expect(run(shard, { nowMs: 6999 }).filled).toEqual([]);
    expect(run(shard, { nowMs: 7000 }).filled).toMatchObject([
      { locationId: "west", quantity: 4 },
      { locationId: "east", quantity: 1 },
    ]);
  });

  it("that is cancelled waits no more; what it was given stays until it is released", () => {
    const shard = shardAfter(waiting("d", 3), { type: "receive", quantity: 1 });
    run(shard, { commands: [command({ type: "cancel-demand", holdId: "d", locationId: "west" })] });
    expect(run(shard, { outlooks: ["A"] }).outlooks[0]?.queued).toBe(2);
    run(shard, { commands: [command({ type: "cancel-demand", holdId: "d" })] });
    expect(run(shard, { outlooks: ["A"] }).outlooks[0]?.queued).toBe(0);
    const freed = run(shard, { commands: [command({ type: "release", holdId: "d" })], skus: ["A"] });
    expect(freed.filled).toEqual([]);
    expect(freed.positions[0]).toMatchObject({ availableToPromise: 1 });
  });
});

describe("claims", () => {
  it("turn a lane's reservation into a hold of the order that does not expire, once", () => {
    const shard = shardAfter({ type: "receive", quantity: 4 });
    const operations = new Uint8Array(Uint32Array.of(7, 0, 3, 5000).buffer);
    run(shard, { lanes: [{ lane: "key.a/b", atMs: 1000, operations }] });
    const claim = command({
      type: "claim",
      lane: "key.a/b",
      number: 7,
      holdId: "h",
      orderId: "o",
      lineId: "1",
    });
    const reply = run(shard, {
      commands: [claim],
      orders: ["o"],
      addresses: [{ sku: "A", locationId: "east" }],
    });
    expect(reply.outcomes[0]).toMatchObject({ status: "applied", position: { reserved: 3 } });
    expect(reply.orders[0]).toMatchObject({ holds: [{ holdId: "h", quantity: 3 }] });
    expect(reply.holds[0]).toMatchObject([{ holdId: "h", quantity: 3, expiresAtMs: 0 }]);
    expect(run(shard, { nowMs: 9000, skus: ["A"] }).positions[0]).toMatchObject({ reserved: 3 });
    const again = command({ type: "claim", lane: "key.a/b", number: 7, holdId: "h2" });
    expect(run(shard, { commands: [again] }).outcomes[0]).toMatchObject({ code: "reservation_not_found" });
    run(shard, { commands: [command({ type: "deallocate", holdId: "h" })] });
    expect(run(shard, { skus: ["A"] }).positions[0]).toMatchObject({ reserved: 0, availableToPromise: 4 });
  });
});
