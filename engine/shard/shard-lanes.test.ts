import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  LANE_CODE,
  LANE_CODES,
  LANE_KIND,
  LANE_WORDS,
  writeLaneOperation,
} from "../../actors/lanes/lane-operations.ts";
import { decodeEntries, encodeEntries } from "../journal/journal-codec.ts";
import { PositionBook } from "./position-book.ts";
import { Shard } from "./shard.ts";
import { ShardLanes } from "./shard-lanes.ts";
import type { LaneRun } from "./shard-request.ts";
import { emptyRequest, type ShardReply, type ShardRequest } from "./shard-request.ts";

const START_MS = 1_780_000_000_000;
const POSITIONS = 3;

type Operation = {
  readonly number: number;
  readonly position: number;
  readonly kind: number;
  readonly quantity: number;
  readonly expiresInMs: number;
};

function runOf(lane: string, operations: readonly Operation[], atMs = START_MS): LaneRun {
  const words = new Uint32Array(operations.length * LANE_WORDS);
  for (const [index, operation] of operations.entries()) writeLaneOperation(words, index, operation);
  return { lane, atMs, operations: new Uint8Array(words.buffer) };
}

function reserve(number: number, position: number, quantity: number, expiresInMs = 0): Operation {
  return { number, position, kind: LANE_KIND.reserve, quantity, expiresInMs };
}

function release(number: number, position: number): Operation {
  return { number, position, kind: LANE_KIND.release, quantity: 0, expiresInMs: 0 };
}

function extend(number: number, position: number, expiresInMs: number): Operation {
  return { number, position, kind: LANE_KIND.extend, quantity: 0, expiresInMs };
}

function ask(shard: Shard, nowMs: number, part: Partial<ShardRequest>): ShardReply {
  return shard.run({ ...emptyRequest(0, nowMs), ...part });
}

let commands = 0;

/** A shard with three positions of `units` each, and its journal so far. */
function stocked(units: number): { readonly shard: Shard; readonly blobs: Uint8Array[] } {
  const shard = new Shard(0);
  const { entries } = ask(shard, START_MS, {
    commands: Array.from({ length: POSITIONS }, (_, index) => {
      commands += 1;
      return {
        type: "receive" as const,
        commandId: `receive-${commands}`,
        sku: `SKU-${index}`,
        locationId: "here",
        quantity: units,
        atMs: START_MS,
        cause: "test",
      };
    }),
  });
  return { shard, blobs: entries === null ? [] : [entries] };
}

function names(reply: ShardReply): (string | undefined)[] {
  const [codes] = reply.laneCodes;
  return codes === null || codes === undefined ? ["all applied"] : [...codes].map((code) => LANE_CODES[code]);
}

function replayed(blobs: readonly Uint8Array[]): Shard {
  const shard = new Shard(0);
  for (const blob of decodeEntries(encodeEntries(blobs))) shard.replay(blob);
  return shard;
}

function availableOf(shard: Shard, nowMs: number, index: number): number | undefined {
  return ask(shard, nowMs, { skus: [`SKU-${index}`] }).positions[0]?.availableToPromise;
}

/** What the lanes should do, written for reading. */
class Reference {
  readonly free: number[];
  private readonly known = new Map<string, Operation & { expiresAtMs: number; isOpen: boolean }>();

  constructor(units: number) {
    this.free = Array.from({ length: POSITIONS }, () => units);
  }

  apply(lane: string, operation: Operation, nowMs: number): number {
    const key = `${lane}/${operation.number}`;
    const known = this.known.get(key);
    const exists = operation.position < POSITIONS;
    const isSame = (other: Operation) =>
      other.position === operation.position &&
      other.quantity === operation.quantity &&
      other.expiresInMs === operation.expiresInMs;
    const isValid =
      operation.expiresInMs < 2 ** 31 &&
      (operation.kind === LANE_KIND.reserve
        ? operation.quantity > 0
        : operation.quantity === 0 &&
          (operation.kind === LANE_KIND.extend ||
            (operation.kind === LANE_KIND.release && operation.expiresInMs === 0)));
    if (!isValid) return LANE_CODE.invalid_command;
    if (operation.kind === LANE_KIND.reserve) {
      if (!exists) return LANE_CODE.unknown_position;
      if (known !== undefined) return isSame(known) ? LANE_CODE.applied : LANE_CODE.command_id_reused;
      if (operation.quantity > (this.free[operation.position] ?? 0)) return LANE_CODE.insufficient_stock;
      this.free[operation.position] = (this.free[operation.position] ?? 0) - operation.quantity;
      const expiresAtMs = operation.expiresInMs === 0 ? 0 : nowMs + operation.expiresInMs;
      this.known.set(key, { ...operation, expiresAtMs, isOpen: true });
      return LANE_CODE.applied;
    }
    if (known === undefined) return exists ? LANE_CODE.hold_not_found : LANE_CODE.unknown_position;
    if (known.position !== operation.position) return LANE_CODE.command_id_reused;
    if (operation.kind === LANE_KIND.release) {
      this.close(known);
      return LANE_CODE.applied;
    }
    if (!known.isOpen) return LANE_CODE.hold_not_reserved;
    known.expiresAtMs = operation.expiresInMs === 0 ? 0 : nowMs + operation.expiresInMs;
    return LANE_CODE.applied;
  }

  expire(nowMs: number): void {
    for (const known of this.known.values()) {
      if (known.isOpen && known.expiresAtMs > 0 && known.expiresAtMs <= nowMs) this.close(known);
    }
  }

  holds(position: number): string[] {
    return [...this.known]
      .filter(([, known]) => known.isOpen && known.position === position)
      .map(([key, known]) => `${key} ${known.quantity} ${known.expiresAtMs}`)
      .sort();
  }

  private close(known: Operation & { isOpen: boolean }): void {
    if (known.isOpen) this.free[known.position] = (this.free[known.position] ?? 0) + known.quantity;
    known.isOpen = false;
  }
}

const operation = fc.record({
  number: fc.oneof(fc.nat(12), fc.constant(2 ** 32 - 1)),
  position: fc.oneof(
    { weight: 9, arbitrary: fc.nat(POSITIONS - 1) },
    { weight: 1, arbitrary: fc.constantFrom(POSITIONS, 2 ** 32 - 1) },
  ),
  kind: fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 7),
  quantity: fc.constantFrom(0, 0, 1, 1, 2, 5, 0x0fff_ffff),
  expiresInMs: fc.constantFrom(0, 0, 1, 500, 90_000, 2 ** 31 - 1, 2 ** 31),
});
const batch = fc.record({
  afterMs: fc.oneof(fc.nat(2_000), fc.constant(100_000)),
  runs: fc.array(
    fc.record({ lane: fc.constantFrom("a", "b"), operations: fc.array(operation, { maxLength: 8 }) }),
    {
      maxLength: 3,
    },
  ),
  received: fc.nat(2),
});

describe("the lanes of a shard", () => {
  test("answer, hold and expire as their reference does, and are the same after replay and from a snapshot", () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 12 }), (batches) => {
        const { shard, blobs } = stocked(6);
        const reference = new Reference(6);
        let nowMs = START_MS;
        for (const { afterMs, runs, received } of batches) {
          nowMs += afterMs;
          reference.expire(nowMs);
          const expected = runs.map(({ lane, operations }) =>
            operations.map((each) => reference.apply(lane, each, nowMs)),
          );
          reference.free[0] = (reference.free[0] ?? 0) + received;
          commands += 1;
          const reply = ask(shard, nowMs, {
            lanes: runs.map(({ lane, operations }) => runOf(lane, operations, nowMs - 3)),
            commands:
              received === 0
                ? []
                : [
                    {
                      type: "receive",
                      commandId: `more-${commands}`,
                      sku: "SKU-0",
                      locationId: "here",
                      quantity: received,
                      atMs: nowMs,
                      cause: "test",
                    },
                  ],
          });
          expect(
            reply.laneCodes.map((codes, run) => (codes === null ? expected[run]?.map(() => 0) : [...codes])),
          ).toEqual(expected);
          if (reply.entries !== null) blobs.push(reply.entries);
          for (let index = 0; index < POSITIONS; index += 1) {
            expect(availableOf(shard, nowMs, index)).toBe(reference.free[index]);
            const [holds] = ask(shard, nowMs, {
              addresses: [{ sku: `SKU-${index}`, locationId: "here" }],
            }).holds;
            expect(
              holds?.map((hold) => `${hold.holdId} ${hold.quantity} ${hold.expiresAtMs}`).sort(),
            ).toEqual(reference.holds(index));
          }
        }
        const state = shard.encodeState();
        const again = replayed(blobs);
        expect(Buffer.compare(again.encodeState(), state)).toBe(0);
        const restored = Shard.decodeState(0, state);
        expect(Buffer.compare(restored.encodeState(), state)).toBe(0);
        expect(again.figures()).toEqual(restored.figures());
        // The replayed shard can follow by the journal what the restored one does next.
        const next = ask(restored, nowMs + 200_000, {
          lanes: [
            runOf("a", [reserve(100, 0, 1, 50), release(1, 1)], nowMs),
            runOf("c", [reserve(1, 2, 1)], nowMs),
          ],
        });
        if (next.entries === null) throw new Error("the third position had a unit left or something expired");
        for (const blob of decodeEntries(encodeEntries([next.entries]))) again.replay(blob);
        expect(Buffer.compare(again.encodeState(), restored.encodeState())).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test("a batch of refusals leaves no trace, not even of a new lane", () => {
    const { shard } = stocked(1);
    const before = shard.encodeState();
    const reply = ask(shard, START_MS + 5, {
      lanes: [
        runOf("new", [
          reserve(1, 0, 2),
          reserve(1, POSITIONS, 1),
          reserve(1, 0, 0),
          release(1, 0),
          extend(1, 0, 5),
          { ...reserve(1, 0, 1), kind: 9 },
        ]),
      ],
    });
    expect(names(reply)).toEqual([
      "insufficient_stock",
      "unknown_position",
      "invalid_command",
      "hold_not_found",
      "hold_not_found",
      "invalid_command",
    ]);
    expect(reply.entries).toBeNull();
    expect(Buffer.compare(shard.encodeState(), before)).toBe(0);
  });

  test("a refused reserve may come again under its number, and is then remembered", () => {
    const { shard } = stocked(1);
    const first = ask(shard, START_MS, { lanes: [runOf("a", [reserve(1, 0, 1), reserve(2, 0, 1)])] });
    expect(names(first)).toEqual(["applied", "insufficient_stock"]);
    const second = ask(shard, START_MS, {
      lanes: [runOf("a", [release(1, 0), reserve(2, 0, 1), reserve(2, 0, 1), reserve(2, 1, 1)])],
    });
    expect(names(second)).toEqual(["applied", "applied", "applied", "command_id_reused"]);
    expect(availableOf(shard, START_MS, 0)).toBe(0);
  });

  test("lanes do not know each other's numbers", () => {
    const { shard } = stocked(5);
    const reply = ask(shard, START_MS, {
      lanes: [
        runOf("a", [reserve(1, 0, 1)]),
        runOf("b", [reserve(1, 0, 2), release(2, 0)]),
        runOf("a", [release(1, 0)]),
      ],
    });
    expect(reply.laneCodes.map((codes) => codes && [...codes])).toEqual([
      null,
      [0, LANE_CODE.hold_not_found],
      null,
    ]);
    expect(availableOf(shard, START_MS, 0)).toBe(3);
  });

  test("a reservation expires in its millisecond and not before", () => {
    const { shard } = stocked(1);
    ask(shard, START_MS, { lanes: [runOf("a", [reserve(1, 0, 1, 5_000)])] });
    expect(availableOf(shard, START_MS + 4_999, 0)).toBe(0);
    expect(availableOf(shard, START_MS + 5_000, 0)).toBe(1);
    const late = ask(shard, START_MS + 5_001, {
      lanes: [runOf("a", [reserve(1, 0, 1, 5_000), extend(1, 0, 1), release(1, 0)])],
    });
    expect(names(late)).toEqual(["applied", "hold_not_reserved", "applied"]);
    expect(availableOf(shard, START_MS + 5_001, 0)).toBe(1);
  });

  test("a claim turns a reservation into a hold that stays, once", () => {
    const { shard, blobs } = stocked(2);
    const reply = ask(shard, START_MS, { lanes: [runOf("a", [reserve(7, 0, 2, 1_000)])] });
    const claim = {
      type: "claim" as const,
      commandId: "claim-1",
      sku: "SKU-0",
      locationId: "here",
      lane: "a",
      number: 7,
      holdId: "order-1",
      atMs: START_MS,
      cause: "test",
    };
    const claimed = ask(shard, START_MS + 10, {
      commands: [claim, { ...claim, commandId: "claim-2", holdId: "order-2" }],
    });
    expect(claimed.outcomes.map((outcome) => outcome.status)).toEqual(["applied", "refused"]);
    for (const { entries } of [reply, claimed]) if (entries !== null) blobs.push(entries);
    const [holds] = ask(shard, START_MS + 5_000, { addresses: [claim] }).holds;
    expect(holds).toMatchObject([{ holdId: "order-1", quantity: 2, state: "reserved", expiresAtMs: 0 }]);
    expect(availableOf(shard, START_MS + 5_000, 0)).toBe(0);
    const repeat = ask(shard, START_MS + 5_000, {
      lanes: [runOf("a", [reserve(7, 0, 2, 1_000), release(7, 0)])],
    });
    expect(names(repeat)).toEqual(["all applied"]);
    expect(availableOf(shard, START_MS + 5_000, 0)).toBe(0);
    expect(Buffer.compare(replayed(blobs).encodeState(), shard.encodeState())).toBe(0);
  });

  test("units that a lane gives back go to waiting demand, in the same batch and again in a replay", () => {
    const { shard, blobs } = stocked(2);
    const first = ask(shard, START_MS, {
      lanes: [runOf("a", [reserve(1, 0, 1), reserve(2, 0, 1)])],
      commands: [
        {
          type: "enqueue-demand",
          commandId: "wait-1",
          sku: "SKU-0",
          locationId: "*",
          holdId: "waiting",
          orderId: "o",
          lineId: "1",
          quantity: 1,
          priority: 5,
          kind: "backorder",
          notBeforeMs: 0,
          atMs: START_MS,
          cause: "test",
        },
      ],
    });
    const second = ask(shard, START_MS + 1, {
      lanes: [runOf("a", [release(1, 0), reserve(3, 0, 1), release(2, 0), reserve(4, 0, 1)])],
    });
    expect(names(second)).toEqual(["applied", "insufficient_stock", "applied", "applied"]);
    for (const { entries } of [first, second]) if (entries !== null) blobs.push(entries);
    const [holds] = ask(shard, START_MS + 1, { addresses: [{ sku: "SKU-0", locationId: "here" }] }).holds;
    expect(holds?.map((hold) => hold.holdId).sort()).toEqual(["a/4", "waiting"]);
    expect(Buffer.compare(replayed(blobs).encodeState(), shard.encodeState())).toBe(0);
  });
});

describe("what lanes remember", () => {
  function lanesOf(
    window: { size: number; seconds: number },
    maxLanes = 10,
  ): (lane: string, operations: Operation[]) => string[] {
    const book = new PositionBook();
    book.add("SKU-0", "here").onHand = 1_000;
    const lanes = new ShardLanes(book, window, maxLanes);
    return (lane, operations) => {
      lanes.beginBatch(START_MS, [], null);
      const codes = lanes.apply(runOf(lane, operations));
      lanes.endBatch(START_MS);
      return operations.map((_, index) => LANE_CODES[codes?.[index] ?? 0] ?? "");
    };
  }

  test("a number that was forgotten is never executed again, one above the low mark is new", () => {
    const apply = lanesOf({ size: 2, seconds: 100 });
    apply(
      "a",
      [1, 5, 9, 12].flatMap((number) => [reserve(number, 0, 1), release(number, 0)]),
    );
    expect(apply("a", [reserve(1, 0, 1), reserve(5, 0, 1), reserve(3, 0, 1), reserve(6, 0, 1)])).toEqual([
      "reservation_too_old",
      "reservation_too_old",
      "reservation_too_old",
      "applied",
    ]);
    expect(apply("a", [reserve(9, 0, 1), reserve(9, 0, 2), release(12, 0)])).toEqual([
      "applied",
      "command_id_reused",
      "applied",
    ]);
    expect(apply("b", [reserve(1, 0, 1)])).toEqual(["applied"]);
  });

  test("an open reservation is never forgotten, however much is closed after it", () => {
    const apply = lanesOf({ size: 1, seconds: 100 });
    apply("a", [reserve(1, 0, 3)]);
    for (let number = 2; number < 40; number += 1) apply("a", [reserve(number, 0, 1), release(number, 0)]);
    expect(apply("a", [reserve(1, 0, 3), release(1, 0)])).toEqual(["applied", "applied"]);
  });

  test("a new lane beyond the limit takes the place of a lane without known reservations, or is refused", () => {
    const apply = lanesOf({ size: 1, seconds: 100 }, 2);
    apply("a", [reserve(1, 0, 1)]);
    apply("b", [reserve(1, 0, 1), release(1, 0)]);
    expect(apply("c", [reserve(1, 0, 1)])).toEqual(["lane_limit"]);
    apply("a", [release(1, 0)]);
    expect(apply("c", [reserve(1, 0, 1)])).toEqual(["applied"]);
    expect(apply("a", [release(1, 0)])).toEqual(["applied"]);
  });
});
