import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PositionChanges } from "./stock-changes.ts";
import { StockView } from "./stock-view.ts";
import { StockViewReader } from "./stock-view-reader.ts";

/** Changes as a shard would send them. */
function changes(
  units: readonly (readonly [ordinal: number, units: number])[],
  options: Partial<Omit<PositionChanges, "units">> = {},
): PositionChanges {
  const pairs = new Int32Array(units.flat());
  return { units: new Uint8Array(pairs.buffer), firstCreated: 0, created: [], pools: [], ...options };
}

function viewOf(created: readonly string[], units: readonly number[]): StockView {
  const view = new StockView();
  const of = changes(
    units.map((count, ordinal) => [ordinal, count]),
    { created },
  );
  view.publish([{ shard: 0, changes: of }]);
  return view;
}

describe("the stock view", () => {
  it("answers for a SKU, a location and any set of locations", () => {
    const view = viewOf(["A", "east", "A", "west", "A", "north", "B", "east"], [3, 4, 5, 7]);
    expect(view.available("A")).toBe(12);
    expect(view.available("A", { locationIds: ["west"] })).toBe(4);
    expect(view.available("A", { locationIds: ["east", "north", "nowhere"] })).toBe(8);
    expect(view.available("A", { locationIds: [] })).toBe(0);
    expect(view.available("C")).toBe(null);
    expect(view.available("east")).toBe(null);
    expect(view.availableByLocation("A")).toEqual([
      { locationId: "east", available: 3 },
      { locationId: "west", available: 4 },
      { locationId: "north", available: 5 },
    ]);
    expect(view.availableByLocation("C")).toEqual([]);
  });

  it("never lets what one location owes lower what another has", () => {
    const view = viewOf(["A", "east", "A", "west"], [-5, 4]);
    expect(view.available("A")).toBe(4);
    expect(view.availableByLocation("A")[0]).toEqual({ locationId: "east", available: -5 });
  });

  it("answers for a pool where it has a rule, and with what everybody may promise elsewhere", () => {
    const view = viewOf(["A", "east", "A", "west"], [3, 4]);
    view.publish([{ shard: 0, changes: changes([[0, 1]], { pools: [[0, ["shop", 9, "outlet", 0]]] }) }]);
    expect(view.available("A")).toBe(5);
    expect(view.available("A", { pool: "shop" })).toBe(13);
    expect(view.available("A", { pool: "shop", locationIds: ["east"] })).toBe(9);
    expect(view.available("A", { pool: "outlet" })).toBe(4);
    expect(view.available("A", { pool: "unheard-of" })).toBe(5);
    view.publish([{ shard: 0, changes: changes([[0, 3]], { pools: [[0, []]] }) }]);
    expect(view.available("A", { pool: "shop" })).toBe(7);
  });

  it("takes a rebuilt shard's names again without doubling them, and what it says now", () => {
    const view = viewOf(["A", "east", "A", "west"], [3, 4]);
    const again = changes(
      [
        [0, 2],
        [1, 4],
        [2, 6],
      ],
      { created: ["A", "east", "A", "west", "A", "north"] },
    );
    view.publish([{ shard: 0, changes: again }]);
    expect(view.available("A")).toBe(12);
    expect(view.availableByLocation("A")).toHaveLength(3);
  });

  it("forgets a shard that belongs to somebody else", () => {
    const view = viewOf(["A", "east"], [3]);
    const other = changes([[0, 8]], { created: ["B", "east"] });
    view.publish([{ shard: 1, changes: other }]);
    view.withdraw(0);
    expect(view.available("A")).toBe(null);
    expect(view.availableByLocation("A")).toEqual([]);
    expect(view.available("B")).toBe(8);
  });

  it("agrees with a plain map over any history, also for a reader that was there before the memory grew", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            sku: fc.nat({ max: 3_000 }),
            location: fc.nat({ max: 3 }),
            units: fc.integer({ min: -9, max: 99 }),
          }),
          { minLength: 1, maxLength: 2_000 },
        ),
        (steps) => {
          const view = new StockView();
          const early = new StockViewReader(view.sharedMemory);
          const ordinals = new Map<string, number>();
          const units = new Map<string, number>();
          for (const step of steps) {
            const sku = `SKU-${step.sku}-é`;
            const place = `${sku}@L${step.location}`;
            const known = ordinals.get(place);
            const ordinal = known ?? ordinals.size;
            ordinals.set(place, ordinal);
            units.set(place, step.units);
            const created = known === undefined ? [sku, `L${step.location}`] : [];
            view.publish([
              { shard: 3, changes: changes([[ordinal, step.units]], { firstCreated: ordinal, created }) },
            ]);
          }
          for (const { sku } of steps.slice(0, 50)) {
            const name = `SKU-${sku}-é`;
            let sum = 0;
            for (const [place, count] of units) if (place.startsWith(`${name}@`)) sum += Math.max(0, count);
            expect(early.available(name)).toBe(sum);
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});
