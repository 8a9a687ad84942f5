import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newPosition } from "../../actors/position/stock-position.ts";
import { packed, unpackedEach } from "../journal/journal-codec.ts";
import { fillFromWire, positionToWire, type WirePosition } from "./position-wire.ts";
import { SharedTexts } from "./shared-texts.ts";

const text = fc.string({ maxLength: 12 });
const name = fc.string({ minLength: 1, maxLength: 12 });
const units = fc.nat(2_147_483_647);
const time = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_102_444_800_000 }));

/** Rows whose first field, by which they are kept, is in no other row. */
function named<T extends readonly [string, ...unknown[]]>(row: fc.Arbitrary<T>, maxLength = 3) {
  return fc.uniqueArray(row, { maxLength, selector: ([id]) => id });
}

const hold = fc.tuple(
  ...([name, text, text, text, units, units, units, time, text] as const),
  named(fc.tuple(name, units, units, units)),
);

const details = fc.tuple(
  named(fc.tuple(name, units)),
  named(fc.tuple(name, fc.constantFrom("shared" as const, "ring-fenced", "capped"), units, units)),
  named(
    fc.tuple(
      ...([name, fc.constantFrom("delivery" as const, "transfer"), units, time, text] as const),
      fc.array(fc.record({ lot: name, expiresAtMs: time, quantity: units }), { maxLength: 2 }),
      fc.array(name, { maxLength: 2 }),
    ),
  ),
  named(fc.tuple(name, time, fc.boolean(), units, units, units, units, units)),
  named(
    fc.oneof(
      fc.tuple(name, fc.constantFrom("stocked" as const, "set-apart"), fc.constant("")),
      fc.tuple(name, fc.constant("picked" as const), name),
    ),
  ),
  fc.option(fc.tuple(name, units, units, text, fc.constant([]), fc.constant([]))),
);

/** More holds than a hold book keeps in its array. */
const wire = fc.tuple(
  ...([name, name, units, units, units, units, units, units] as const),
  named(hold, 12),
  units,
  units,
  fc.option(details),
) as fc.Arbitrary<WirePosition>;

function read(stored: WirePosition) {
  const position = newPosition(stored[0], stored[1], 0);
  fillFromWire(position, stored, new SharedTexts());
  return position;
}

describe("a position in a snapshot", () => {
  it("comes back as it was written, field by field and in the order of its holds", () => {
    fc.assert(
      fc.property(wire, (stored) => {
        expect(positionToWire(read(stored))).toEqual(stored);
      }),
      { numRuns: 500 },
    );
  });

  it("has the same bytes once it has been read: a recovered shard's snapshot equals the living one's", () => {
    fc.assert(
      fc.property(wire, (stored) => {
        const bytes = packed(stored);
        const seen: unknown[] = [];
        unpackedEach(bytes, (value) => seen.push(value));
        const again = packed(positionToWire(read(seen[0] as WirePosition)));
        expect(Buffer.compare(again, bytes)).toBe(0);
      }),
    );
  });

  it("keeps its fields where they are: stored snapshots are read by every later version", () => {
    const position = read(FULL);
    expect(position).toMatchObject({
      onHand: 9,
      reserved: 1,
      allocated: 2,
      picked: 3,
      unavailable: 1,
      safetyStock: 4,
      incoming: 5,
      fenced: 6,
    });
    expect(position.holds?.get("h-1")).toEqual({
      holdId: "h-1",
      orderId: "o-1",
      lineId: "1",
      cause: "order",
      pool: "web",
      reserved: 1,
      allocated: 2,
      picked: 3,
      expiresAtMs: 77,
      lots: new Map([["l-1", { lot: "l-1", reserved: 1, allocated: 2, picked: 3 }]]),
    });
    expect(position.details?.unavailable).toEqual(new Map([["damaged", 1]]));
    expect(position.details?.pools?.get("web")).toEqual({
      pool: "web",
      kind: "ring-fenced",
      units: 6,
      held: 6,
    });
    expect(position.details?.incoming?.get("d-1")).toMatchObject({
      kind: "delivery",
      quantity: 5,
      dueAtMs: 88,
    });
    expect(position.details?.lots?.get("l-1")).toMatchObject({ expiresAtMs: 99, expired: false, onHand: 9 });
    expect(position.details?.count).toMatchObject({ countId: "count-1", counted: 8, discrepancy: -1 });
  });

  it("that holds nothing has no hold book and no details, like one that never held anything", () => {
    const position = read(["A", "east", 1, 0, 0, 0, 0, 0, [], 0, 0, null]);
    expect(position).toEqual({ ...newPosition("A", "east", 0), onHand: 1 });
  });

  it("shares equal texts of its holds: a million of them name the same few", () => {
    const texts = new SharedTexts();
    const cause = () => Buffer.from("the cart of a shopper").toString();
    const shared: string[] = [];
    const share = texts.share.bind(texts);
    texts.share = (value) => {
      shared.push(value);
      return share(value);
    };
    const holds = ["h-1", "h-2"].map((id) => [id, "", "7", cause(), 1, 0, 0, 0, "web", []] as const);
    fillFromWire(newPosition("A", "east", 0), ["A", "east", 2, 2, 0, 0, 0, 0, holds, 0, 0, null], texts);
    expect(shared).toEqual(["7", cause(), "web", "7", cause(), "web"]);
  });
});

const FULL: WirePosition = [
  "A",
  "east",
  9,
  1,
  2,
  3,
  1,
  4,
  [["h-1", "o-1", "1", "order", 1, 2, 3, 77, "web", [["l-1", 1, 2, 3]]]],
  5,
  6,
  [
    [["damaged", 1]],
    [["web", "ring-fenced", 6, 6]],
    [["d-1", "delivery", 5, 88, "", [], []]],
    [["l-1", 99, false, 9, 1, 2, 3, 1]],
    [],
    ["count-1", 8, -1, "cycle count", [], []],
  ],
];
