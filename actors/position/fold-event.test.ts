/**
 * An event that could not be true stops the shard, whichever bucket, lot, serial,
 * pool or reason it would falsify.
 */
import { describe, expect, it } from "vitest";
import type { LotChange, StockEvent } from "./events.ts";
import { applyToPosition } from "./fold-event.ts";
import { details } from "./make-event.ts";
import { InvariantError, newPosition, type StockPosition } from "./stock-position.ts";

const PLAIN: StockEvent = {
  type: "stock-received",
  sku: "A",
  locationId: "east",
  commandId: "",
  fingerprint: 0,
  atMs: 1,
  cause: "t",
  onHand: 0,
  reserved: 0,
  allocated: 0,
  picked: 0,
  unavailable: 0,
  safetyStock: 0,
  hold: "none",
  holdId: "",
  orderId: "",
  lineId: "",
  expiresAtMs: 0,
  reason: "",
  detail: "",
  incoming: 0,
  fenced: 0,
  pool: "",
  more: null,
};

function positionAfter(...events: readonly Partial<StockEvent>[]): StockPosition {
  const position = newPosition("A", "east");
  for (const event of events) applyToPosition(position, { ...PLAIN, ...event }, 1);
  return position;
}

function lot(name: string, change: Partial<LotChange>): LotChange {
  return {
    lot: name,
    expiresAtMs: 0,
    onHand: 0,
    reserved: 0,
    allocated: 0,
    picked: 0,
    unavailable: 0,
    incoming: 0,
    ...change,
  };
}

const OF_LOT = { onHand: 3, more: details({ lots: [lot("L", { onHand: 3 })] }) };
const OF_SERIAL = { onHand: 1, more: details({ serials: [{ serial: "S", to: "stocked" }] }) };
const FENCE = {
  type: "pool-set",
  pool: "web",
  fenced: 2,
  more: details({ variant: "ring-fenced", units: 2 }),
} as const;
const CAP = { type: "pool-set", pool: "web", more: details({ variant: "capped", units: 1 }) } as const;
const HOLD = { type: "stock-reserved", hold: "opened", holdId: "h", reserved: 1 } as const;

const IMPOSSIBLE: readonly (readonly [
  string,
  readonly Partial<StockEvent>[],
  Partial<StockEvent>,
  RegExp,
])[] = [
  ["a unit promised twice", [{ onHand: 1 }], { ...HOLD, reserved: 2 }, /than is on hand/],
  ["units set apart without a reason", [{ onHand: 1 }], { unavailable: 1 }, /without a reason/],
  [
    "units that come free from a reason that has none",
    [{ onHand: 2, unavailable: 1, more: details({ unavailableReason: "damaged" }) }],
    { unavailable: -1, more: details({ unavailableReason: "other" }) },
    /set apart as other/,
  ],
  ["incoming units without a reference", [], { incoming: -1 }, /negative/],
  ["an arrival of what was not announced", [], { incoming: 1 }, /incoming/],
  [
    "a transfer whose lots are fewer than its units",
    [],
    {
      type: "transfer-announced",
      incoming: 2,
      more: details({ reference: "t", lots: [lot("L", { incoming: 1 })] }),
    },
    /incoming/,
  ],
  ["units of no lot beside lots", [OF_LOT], { onHand: 1 }, /of no lot/],
  ["lots that do not add up", [], { ...OF_LOT, onHand: 4 }, /lots do not add up/],
  [
    "more promised of a lot than it has",
    [OF_LOT, { onHand: 1, more: details({ lots: [lot("M", { onHand: 1 })] }) }],
    { ...HOLD, reserved: 2, more: details({ lots: [lot("M", { reserved: 2 })] }) },
    /lot M does not add up/,
  ],
  [
    "a hold that gives back of another lot",
    [
      OF_LOT,
      { onHand: 2, more: details({ lots: [lot("M", { onHand: 2 })] }) },
      {
        ...HOLD,
        reserved: 2,
        more: details({ lots: [lot("L", { reserved: 1 }), lot("M", { reserved: 1 })] }),
      },
      { ...HOLD, holdId: "g", more: details({ lots: [lot("M", { reserved: 1 })] }) },
    ],
    {
      type: "hold-released",
      hold: "changed",
      holdId: "g",
      reserved: -1,
      more: details({ lots: [lot("L", { reserved: -1 })] }),
    },
    /hold's units of lot L do not add up/,
  ],
  ["a unit without a serial beside serials", [OF_SERIAL], { onHand: 1 }, /serials do not add up/],
  ["two serials for one unit", [], { ...OF_SERIAL, onHand: 2 }, /serials do not add up/],
  [
    "more serials set apart than units",
    [OF_SERIAL],
    { more: details({ serials: [{ serial: "S", to: "set-apart" }] }) },
    /serials do not add up/,
  ],
  ["a fence that changes without its pool", [{ onHand: 2 }], { fenced: 1 }, /without its pool/],
  ["fences that do not add up", [{ onHand: 2 }, FENCE], { ...HOLD, pool: "web" }, /fences do not add up/],
  [
    "a promise beyond the cap",
    [{ onHand: 2 }, CAP],
    { ...HOLD, pool: "web", reserved: 2 },
    /more than its cap/,
  ],
  [
    "a hold that changes its pool",
    [{ onHand: 2 }, CAP, { ...HOLD, pool: "web" }],
    { type: "hold-released", hold: "changed", holdId: "h", reserved: -1 },
    /another pool/,
  ],
];

describe("invariants of a position", () => {
  it.each(IMPOSSIBLE)("stop at %s", (_, before, event, message) => {
    const fold = () => applyToPosition(positionAfter(...before), { ...PLAIN, ...event }, 1);
    expect(fold).toThrow(InvariantError);
    expect(fold).toThrow(message);
  });

  it("leave a position without details once there are none any more", () => {
    const position = positionAfter(
      OF_LOT,
      FENCE,
      { ...FENCE, fenced: -2, more: details({ variant: "shared" }) },
      { onHand: -3, more: details({ lots: [lot("L", { onHand: -3 })] }) },
    );
    expect(position.details).toBeNull();
  });
});
