import { describe, expect, it } from "vitest";
import type { RefusalCode, StockCommand } from "../commands.ts";
import type { StockEvent } from "../position/events.ts";
import { applyToPosition as applyAt } from "../position/fold-event.ts";
import { InvariantError, MAX_UNITS, newPosition, type StockPosition } from "../position/stock-position.ts";
import { decide as decideWith } from "./apply-command.ts";
import { invalidity } from "./command-validity.ts";

const COMMON = { sku: "A", locationId: "east", atMs: 1000, cause: "test" };

function command(body: Partial<StockCommand> & { type: StockCommand["type"] }): StockCommand {
  return { commandId: "c", ...COMMON, ...body } as StockCommand;
}

/** Decided with nothing else of the SKU around. */
function decide(position: StockPosition, body: StockCommand, order: null): StockEvent {
  return decideWith(position, body, order, {
    positions: [position],
    record: null,
    nowMs: 1000,
    laneUnits: 0,
  });
}

function applyToPosition(position: StockPosition, event: StockEvent): void {
  applyAt(position, event, 1000);
}

/** 10 on hand: `soft` reserves 2, `firm` has 3 allocated, `taken` 1 picked, 1 is damaged; 3 are free. */
function stocked(): StockPosition {
  const position = newPosition("A", "east");
  for (const body of [
    command({ type: "receive", quantity: 9 }),
    command({ type: "return-receive", quantity: 1, disposition: "damaged" }),
    command({ type: "reserve", holdId: "soft", quantity: 2, expiresAtMs: 5000 }),
    command({ type: "reserve", holdId: "firm", quantity: 3, expiresAtMs: 0 }),
    command({ type: "allocate", holdId: "firm" }),
    command({ type: "reserve", holdId: "taken", quantity: 1, expiresAtMs: 0 }),
    command({ type: "allocate", holdId: "taken" }),
    command({ type: "pick", holdId: "taken", quantity: 1 }),
  ]) {
    applyToPosition(position, decide(position, body, null));
  }
  return position;
}

/** Each command breaks several rules at once; the first in the order of precedence is the answer. */
const REFUSALS: readonly (readonly [string, StockCommand, RefusalCode])[] = [
  [
    "an existing hold before missing stock",
    command({ type: "reserve", holdId: "soft", quantity: 99, expiresAtMs: 0 }),
    "hold_exists",
  ],
  [
    "missing stock",
    command({ type: "reserve", holdId: "new", quantity: 4, expiresAtMs: 0 }),
    "insufficient_stock",
  ],
  [
    "an unknown hold before its state",
    command({ type: "extend", holdId: "x", expiresAtMs: 1 }),
    "hold_not_found",
  ],
  [
    "a firm hold before its expiry",
    command({ type: "extend", holdId: "firm", expiresAtMs: 1 }),
    "hold_not_reserved",
  ],
  ["an unknown hold to allocate", command({ type: "allocate", holdId: "x" }), "hold_not_found"],
  ["a hold that is firm already", command({ type: "allocate", holdId: "firm" }), "hold_not_reserved"],
  ["the release of a firm hold", command({ type: "release", holdId: "firm" }), "hold_not_reserved"],
  [
    "an unknown hold before its quantity",
    command({ type: "pick", holdId: "x", quantity: 99 }),
    "hold_not_found",
  ],
  [
    "a soft hold before its quantity",
    command({ type: "pick", holdId: "soft", quantity: 99 }),
    "hold_not_allocated",
  ],
  ["a pick beyond the hold", command({ type: "pick", holdId: "firm", quantity: 4 }), "quantity_exceeds_hold"],
  [
    "a soft hold before what is missing of it",
    command({ type: "short-pick", holdId: "soft", missing: 99, reason: "r", effect: "none" }),
    "hold_not_allocated",
  ],
  [
    "a short pick beyond the hold",
    command({ type: "short-pick", holdId: "firm", missing: 4, reason: "r", effect: "write-off" }),
    "quantity_exceeds_hold",
  ],
  [
    "a shipment of what was never picked",
    command({ type: "ship", holdId: "firm", quantity: 1 }),
    "quantity_exceeds_hold",
  ],
  [
    "a stale count before promised stock",
    command({ type: "adjust", delta: -10, reason: "r", expectedOnHand: 11 }),
    "on_hand_changed",
  ],
  [
    "an adjustment into what is promised",
    command({ type: "adjust", delta: -4, reason: "r", expectedOnHand: 10 }),
    "stock_is_promised",
  ],
  ["a receipt beyond the limit", command({ type: "receive", quantity: MAX_UNITS }), "quantity_limit"],
  [
    "an adjustment beyond the limit",
    command({ type: "adjust", delta: MAX_UNITS, reason: "r" }),
    "quantity_limit",
  ],
  [
    "a return beyond the limit",
    command({ type: "return-receive", quantity: MAX_UNITS, disposition: "damaged" }),
    "quantity_limit",
  ],
];

describe("refusals by precedence", () => {
  it.each(REFUSALS)("refuses %s", (_, body, code) => {
    const position = stocked();
    const before = structuredClone(position);
    const event = decide(position, body, null);
    expect([event.type, event.reason]).toEqual(["command-refused", code]);
    expect(position).toEqual(before);
  });
});

const INVALID: readonly (readonly [string, StockCommand])[] = [
  ["an empty command id", { ...command({ type: "receive", quantity: 1 }), commandId: "" }],
  [
    "a command id of 129 characters",
    { ...command({ type: "receive", quantity: 1 }), commandId: "x".repeat(129) },
  ],
  ["a control character in a SKU", { ...command({ type: "receive", quantity: 1 }), sku: "A\u001fB" }],
  ["a time that is not one", { ...command({ type: "receive", quantity: 1 }), atMs: Number.NaN }],
  ["no cause", { ...command({ type: "receive", quantity: 1 }), cause: "" }],
  ["a quantity of 0", command({ type: "receive", quantity: 0 })],
  ["a negative quantity", command({ type: "reserve", holdId: "h", quantity: -1, expiresAtMs: 0 })],
  ["half a unit", command({ type: "pick", holdId: "h", quantity: 0.5 })],
  ["a quantity beyond safe integers", command({ type: "ship", holdId: "h", quantity: 2 ** 60 })],
  ["an adjustment by 0", command({ type: "adjust", delta: 0, reason: "r" })],
  ["an adjustment without a reason", command({ type: "adjust", delta: 1, reason: "" })],
  ["a negative safety stock", command({ type: "set-safety-stock", quantity: -1 })],
  [
    "an unknown disposition",
    command({ type: "return-receive", quantity: 1, disposition: "lost" as "damaged" }),
  ],
  ["an unknown type", command({ type: "steal" as "receive", quantity: 1 })],
];

describe("validity", () => {
  it.each(INVALID)("rejects %s", (_, body) => {
    expect(invalidity(body)).toBeTypeOf("string");
  });

  it("accepts every command that the refusals above are about", () => {
    for (const [, body] of REFUSALS) expect(invalidity(body)).toBeUndefined();
  });
});

describe("undo", () => {
  it("accepts a hold that does not exist, and gives back what a hold has in any state", () => {
    const position = stocked();
    for (const type of ["release", "deallocate", "expire"] as const) {
      expect(decide(position, command({ type, holdId: "never" }), null).type).toBe("nothing-changed");
    }
    for (const holdId of ["soft", "firm", "taken"]) {
      applyToPosition(position, decide(position, command({ type: "deallocate", holdId }), null));
    }
    expect(position).toMatchObject({ onHand: 10, reserved: 0, allocated: 0, picked: 0, unavailable: 1 });
    expect(position.holds?.size).toBe(0);
  });

  it("expires a soft hold only when its time has come, and a firm one never", () => {
    const position = stocked();
    expect(decide(position, command({ type: "expire", holdId: "soft", atMs: 4999 }), null).type).toBe(
      "nothing-changed",
    );
    expect(decide(position, command({ type: "expire", holdId: "soft", atMs: 5000 }), null).type).toBe(
      "hold-expired",
    );
    expect(decide(position, command({ type: "expire", holdId: "firm", atMs: 5000 }), null).type).toBe(
      "nothing-changed",
    );
  });
});

describe("invariants", () => {
  it("stops at an event that would promise a unit twice", () => {
    const position = stocked();
    const event = decide(
      position,
      command({ type: "reserve", holdId: "h", quantity: 3, expiresAtMs: 0 }),
      null,
    );
    expect(() => applyToPosition(position, { ...event, reserved: 4 })).toThrow(InvariantError);
  });

  it("stops at an event that changes promised units without their hold", () => {
    const position = stocked();
    const event = decide(position, command({ type: "receive", quantity: 1 }), null);
    expect(() => applyToPosition(position, { ...event, reserved: -1 })).toThrow(/without a hold/);
  });
});
