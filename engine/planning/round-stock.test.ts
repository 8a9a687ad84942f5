import fc from "fast-check";
import { expect, test } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { Shard } from "../shard/shard.ts";
import { emptyRequest } from "../shard/shard-request.ts";
import { RoundStock } from "./round-stock.ts";

const PLACES = ["east", "west"] as const;
const POOLS = ["a", "b", "c"] as const;

/** A shard with this stock, and what a round would know of it. */
function begin(commands: readonly StockCommand[]) {
  const shard = new Shard(0);
  shard.run({ ...emptyRequest(0, 0), commands });
  const { positions, pools } = shard.run({ ...emptyRequest(0, 0), skus: ["S"] });
  const everybodys = new Map([["S", new Map(positions.map((at) => [at.locationId, at.availableToPromise]))]]);
  return { shard, stock: new RoundStock(everybodys, pools) };
}

const settings = fc.array(
  fc.record({
    place: fc.constantFrom(...PLACES),
    pool: fc.constantFrom(...POOLS),
    kind: fc.constantFrom("ring-fenced" as const, "capped" as const, "shared" as const),
    units: fc.integer({ min: 0, max: 6 }),
  }),
  { maxLength: 6 },
);

test("what an order of the round sees is what its shard grants, to the unit, after any orders before it", () => {
  fc.assert(
    fc.property(
      fc.record({ east: fc.integer({ min: 1, max: 10 }), west: fc.integer({ min: 1, max: 10 }) }),
      settings,
      fc.array(
        fc.record({
          place: fc.constantFrom(...PLACES),
          pool: fc.option(fc.constantFrom(...POOLS), { nil: undefined }),
          quantity: fc.integer({ min: 1, max: 4 }),
        }),
        { maxLength: 12 },
      ),
      (onHand, pools, orders) => {
        const shared = { sku: "S", atMs: 0, cause: "test" };
        const { shard, stock } = begin([
          ...PLACES.map(
            (locationId): StockCommand => ({
              ...shared,
              type: "receive",
              commandId: `receive-${locationId}`,
              locationId,
              quantity: onHand[locationId],
            }),
          ),
          ...pools.map(
            ({ place, pool, kind, units }, index): StockCommand => ({
              ...shared,
              type: "set-pool",
              commandId: `pool-${index}`,
              locationId: place,
              pool,
              kind,
              units,
            }),
          ),
        ]);
        for (const [index, { place, pool, quantity }] of orders.entries()) {
          const seen = stock.seenBy(pool, ["S"]).get("S")?.get(place) ?? 0;
          const hold = { holdId: `h${index}`, lineId: "1", sku: "S", locationId: place, quantity };
          const [answer] = shard.run({
            ...emptyRequest(0, 0),
            placements: [
              {
                ...hold,
                orderId: `o${index}`,
                ...(pool === undefined ? {} : { pool }),
                expiresAtMs: 0,
                ...shared,
              },
            ],
          }).placed;
          expect(answer?.status, `${seen} seen through ${pool ?? "no pool"}`).toBe(
            seen >= quantity ? "applied" : "refused",
          );
          if (answer?.status === "applied") stock.take(pool, [hold]);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test("an order through a pool waits for the next round once an amendment has moved its units", () => {
  const { stock } = begin([
    { type: "receive", commandId: "r", sku: "S", locationId: "east", quantity: 5, atMs: 0, cause: "test" },
    {
      type: "set-pool",
      commandId: "p",
      sku: "S",
      locationId: "east",
      pool: "a",
      kind: "ring-fenced",
      units: 2,
      atMs: 0,
      cause: "test",
    },
  ]);
  expect(stock.mustWait("a", ["S"])).toBe(false);
  stock.hasAmended(["S"]);
  expect(stock.mustWait("a", ["S"])).toBe(true);
  expect(stock.mustWait("a", ["other"])).toBe(false);
  expect(stock.mustWait(undefined, ["S"])).toBe(false);
});
