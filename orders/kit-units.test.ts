import { expect, it } from "vitest";
import { wholeUnits } from "./kit-units.ts";

it("counts the units of a plain line over all of its holds", () => {
  expect(
    wholeUnits([
      { lineId: "1", sku: "A", quantity: 2, perUnit: 1 },
      { lineId: "1", sku: "A", quantity: 3, perUnit: 1 },
      { lineId: "2", sku: "A", quantity: 1, perUnit: 1 },
    ]),
  ).toEqual([
    { lineId: "1", quantity: 5 },
    { lineId: "2", quantity: 1 },
  ]);
});

it("counts a kit where all of its components are there", () => {
  const parts = (stoves: number, pots: number) =>
    wholeUnits([
      { lineId: "1", sku: "stove", quantity: stoves, perUnit: 1 },
      { lineId: "1", sku: "pot", quantity: pots, perUnit: 2 },
    ]);
  expect(parts(3, 6)).toEqual([{ lineId: "1", quantity: 3 }]);
  expect(parts(3, 5)).toEqual([{ lineId: "1", quantity: 2 }]);
  expect(parts(3, 0)).toEqual([{ lineId: "1", quantity: 0 }]);
});
