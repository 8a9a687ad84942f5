import { expect, test } from "vitest";
import { auditStock, type StockBooks } from "./audit.ts";

const EMPTY = { onHand: 0, reserved: 0, allocated: 0, picked: 0, unavailable: 0, safetyStock: 0 };

/** A position of one SKU as every book has it, and what orders say of it. */
function books(
  position: Partial<typeof EMPTY>,
  orders: {
    readonly moved?: number;
    readonly shipped?: number;
    readonly least?: number;
    readonly most?: number;
    readonly received?: number;
  } = {},
): StockBooks {
  const at = { sku: "LAMP", locationId: "east", ...EMPTY, ...position };
  const { moved = 0, shipped = moved, least = 0, most = least, received = at.onHand + moved } = orders;
  return {
    engine: [at],
    movements: [at],
    positions: [at],
    flows: [{ sku: "LAMP", movedOut: moved, movedBack: 0, ordersShipped: shipped, ordersReturned: 0 }],
    promises: [{ sku: "LAMP", held: at.reserved + at.allocated + at.picked, least, most }],
    units: { onHand: at.onHand, received, shipped: moved, returned: 0, corrected: 0 },
  };
}

const opening = books({ onHand: 10 });

test("a day in which every book says the same is reconciled, and tells its own units", () => {
  const closing = books({ onHand: 8, reserved: 1 }, { moved: 7, least: 1, received: 15 });
  expect(auditStock(opening, closing)).toEqual({
    oversold: 0,
    reconciled: true,
    positions: 1,
    units: { onHand: 8, received: 5, shipped: 7, returned: 0, corrected: 0 },
    findings: [],
  });
});

test("what did not agree before the day is not the day's", () => {
  // Three units are held for orders that are gone, and two left that no order knows of.
  const before = books({ onHand: 10, reserved: 3 }, { moved: 5, shipped: 3, least: 0 });
  const after = books({ onHand: 9, reserved: 3 }, { moved: 6, shipped: 4, least: 0 });
  expect(auditStock(before, after).findings).toEqual([]);
});

test("units that orders shipped and stock did not are oversold", () => {
  const closing = books({ onHand: 10 }, { moved: 0, shipped: 3 });
  const audit = auditStock(opening, closing);
  expect(audit).toMatchObject({ oversold: 3, reconciled: false });
  expect(audit.findings).toEqual([
    "LAMP: the stock movements shipped 0 and took back 0, the orders say 3 and 0.",
  ]);
});

test("units that are promised and not there are oversold", () => {
  const closing = books({ onHand: 10, reserved: 12 }, { least: 12 });
  expect(auditStock(opening, closing)).toMatchObject({
    oversold: 2,
    findings: ["LAMP at east: 2 units are promised that are not there."],
  });
});

test("orders that wait for units which nobody holds for them are oversold; what nobody waits for is found", () => {
  expect(auditStock(opening, books({ onHand: 10, reserved: 1 }, { least: 3 }))).toMatchObject({
    oversold: 2,
    findings: ["LAMP: orders wait for 2 units that stock does not hold for them."],
  });
  expect(auditStock(opening, books({ onHand: 10, reserved: 4 }, { least: 1, most: 2 }))).toMatchObject({
    oversold: 0,
    findings: ["LAMP: 2 units are held in stock for orders that do not wait for them."],
  });
});

test("an order on hold may wait with or without stock", () => {
  for (const reserved of [0, 1, 2]) {
    expect(auditStock(opening, books({ onHand: 10, reserved }, { least: 0, most: 2 })).findings).toEqual([]);
  }
});

test("a book that is alone with what it says is found", () => {
  const closing = books({ onHand: 9 }, { moved: 1 });
  const [position] = closing.positions;
  if (position === undefined) throw new Error("no position");
  const other = [{ ...position, onHand: 8 }];
  expect(auditStock(opening, { ...closing, engine: other }).findings).toEqual([
    "LAMP at east onHand: the engine says 8 and the read model 9; it changed by -2, its movements by -1.",
  ]);
  expect(auditStock(opening, { ...closing, movements: other }).findings).toHaveLength(1);
  expect(auditStock(opening, { ...closing, positions: other }).findings).toHaveLength(1);
});

test("units that came or went without a movement are missed", () => {
  const closing = books({ onHand: 10 });
  const audit = auditStock(opening, { ...closing, units: { ...closing.units, onHand: 9 } });
  expect(audit.findings).toEqual([
    "on hand 10 + received 0 + corrected 0 − shipped 0 + returned 0 is not 9.",
  ]);
});
