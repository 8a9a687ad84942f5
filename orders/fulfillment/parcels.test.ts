import fc from "fast-check";
import { expect, test } from "vitest";
import { wholeUnits } from "../kit-units.ts";
import { cutIntoParcels, gramsOf, overweightText } from "./parcels.ts";

const LIMIT = 30_000;

const line = (lineId: string, sku: string, quantity: number, perUnit = 1, holdId = `${lineId}:${sku}`) => ({
  lineId,
  sku,
  holdId,
  quantity,
  perUnit,
});

test("goods within the limit stay as they are, and so do all where there is none", () => {
  const lines = [line("1", "SOFA", 3)];
  const weights = new Map([["SOFA", 10_000]]);
  expect(cutIntoParcels(lines, weights, LIMIT)).toEqual([lines]);
  expect(cutIntoParcels(lines, new Map([["SOFA", 90_000]]), null)).toEqual([lines]);
});

test("seven units of twelve kilograms leave in four parcels of up to two", () => {
  const parcels = cutIntoParcels([line("1", "SACK", 7)], new Map([["SACK", 12_000]]), LIMIT);
  expect(parcels.map((parcel) => parcel.map(({ quantity }) => quantity))).toEqual([[2], [2], [2], [1]]);
});

test("light goods fill the room that heavy ones leave", () => {
  const weights = new Map([
    ["ANVIL", 25_000],
    ["MUG", 1_000],
  ]);
  expect(cutIntoParcels([line("1", "MUG", 8), line("2", "ANVIL", 2)], weights, LIMIT)).toEqual([
    [line("1", "MUG", 5), line("2", "ANVIL", 1)],
    [line("1", "MUG", 3), line("2", "ANVIL", 1)],
  ]);
});

test("what is too heavy alone is alone, and takes nothing with it", () => {
  const weights = new Map([
    ["SAFE", 90_000],
    ["MUG", 1_000],
  ]);
  const parcels = cutIntoParcels(
    [line("1", "MUG", 2), line("2", "SAFE", 2), line("3", "CARD", 1)],
    weights,
    LIMIT,
  );
  expect(parcels).toEqual([
    [line("2", "SAFE", 1)],
    [line("2", "SAFE", 1)],
    [line("1", "MUG", 2), line("3", "CARD", 1)],
  ]);
});

test("a kit is not torn apart", () => {
  const weights = new Map([
    ["TABLE", 20_000],
    ["CHAIR", 4_000],
  ]);
  const parcels = cutIntoParcels([line("1", "CHAIR", 4, 2), line("1", "TABLE", 2)], weights, LIMIT);
  expect(parcels).toEqual([
    [line("1", "CHAIR", 2, 2), line("1", "TABLE", 1)],
    [line("1", "CHAIR", 2, 2), line("1", "TABLE", 1)],
  ]);
});

test("people read the weight and the limit in kilograms and pounds", () => {
  expect(overweightText(90_000, 68_038)).toBe(
    "90 kg (198.4 lb), and one parcel may weigh 68.03 kg (150 lb) at most",
  );
});

/** Up to six lines, some of them kits, some with two holds of one SKU. */
const goods = fc
  .array(
    fc.record({
      units: fc.integer({ min: 1, max: 12 }),
      holds: fc.integer({ min: 1, max: 2 }),
      components: fc.array(
        fc.record({ perUnit: fc.integer({ min: 1, max: 3 }), grams: fc.integer({ min: 0, max: 20_000 }) }),
        { minLength: 1, maxLength: 3 },
      ),
      loose: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((wanted) => {
    const weights = new Map<string, number>();
    const lines = wanted.flatMap(({ units, holds, components, loose }, number) =>
      components.flatMap(({ perUnit, grams }, part) => {
        const sku = `S${number}-${part}`;
        weights.set(sku, grams);
        const all = units * perUnit + (part === 0 ? loose : 0);
        const first = holds === 2 && all > 1 ? Math.floor(all / 2) : all;
        return [
          line(`${number}`, sku, first, perUnit, `${sku}:a`),
          ...(first < all ? [line(`${number}`, sku, all - first, perUnit, `${sku}:b`)] : []),
        ];
      }),
    );
    return { lines, weights };
  });

test("every unit is in exactly one parcel, none above the limit but a unit alone, hardly one too many", () => {
  fc.assert(
    fc.property(goods, fc.integer({ min: 5_000, max: 60_000 }), ({ lines, weights }, limit) => {
      const parcels = cutIntoParcels(lines, weights, limit);
      for (const { holdId, quantity } of lines) {
        const rows = parcels.map((parcel) => parcel.filter((row) => row.holdId === holdId));
        expect(rows.flat().reduce((sum, row) => sum + row.quantity, 0)).toBe(quantity);
        expect(Math.max(...rows.map((row) => row.length))).toBe(1);
      }
      const byLine = (parts: typeof lines) =>
        new Map(wholeUnits(parts).map((one) => [one.lineId, one.quantity]));
      const whole = byLine(lines);
      const named = (parcel: readonly (typeof lines)[number][]) =>
        // With components of which the parcel has none, as who ships it counts.
        byLine([...lines.map((one) => ({ ...one, quantity: 0 })), ...parcel]);
      for (const [lineId, units] of whole)
        expect(parcels.reduce((sum, parcel) => sum + (named(parcel).get(lineId) ?? 0), 0)).toBe(units);
      const heavy = parcels.filter((parcel) => gramsOf(parcel, weights) > limit);
      for (const parcel of heavy) {
        // The components of one unit, or a single one that belongs to no whole unit.
        const isLoose = parcel.length === 1 && parcel[0]?.quantity === 1;
        const units = new Map<string, number>();
        for (const { sku, quantity } of parcel) units.set(sku, (units.get(sku) ?? 0) + quantity);
        expect(new Set(parcel.map(({ lineId }) => lineId)).size).toBe(1);
        expect(isLoose || parcel.every(({ sku, perUnit }) => units.get(sku) === perUnit)).toBe(true);
      }
      const fitting = parcels.filter((parcel) => !heavy.includes(parcel));
      const grams = fitting.reduce((sum, parcel) => sum + gramsOf(parcel, weights), 0);
      // A later parcel began with a unit that no earlier one had room for: any two are above the limit.
      expect(fitting.length < 2 || fitting.length * limit < 2 * grams).toBe(true);
      if (heavy.length === 0) expect(parcels.length).toBeGreaterThanOrEqual(Math.ceil(grams / limit));
    }),
    { numRuns: 500 },
  );
});
