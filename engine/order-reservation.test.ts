import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STANDARD_SOURCING_RULES } from "../config/sourcing-rule.ts";
import type {
  AllocationPolicy,
  OrderReservationRequest,
  ReservationLine,
  SourcingLocation,
} from "./allocator-client.ts";
import { kitBookOf } from "./kits.ts";
import { planReservation, type RoundStock, takeFrom } from "./order-reservation.ts";

function location(
  locationId: string,
  priority: number,
  latitude: number,
  longitude: number,
  country = "US",
): SourcingLocation {
  return { locationId, kind: "fulfillment_center", priority, latitude, longitude, country };
}

const NEW_YORK = { latitude: 40.7, longitude: -74, country: "US" };
const LOCATIONS = new Map(
  [
    location("east", 10, 40, -75),
    location("west", 10, 36, -119),
    location("north", 10, 43.7, -79.4, "CA"),
    location("store", 60, 40.7, -74),
  ].map((entry) => [entry.locationId, entry]),
);

const SETUP = { locations: LOCATIONS, kits: kitBookOf([]), rules: STANDARD_SOURCING_RULES };

function request(
  lines: readonly ReservationLine[],
  policy: AllocationPolicy = "all_or_nothing",
): OrderReservationRequest {
  return { orderId: "o", lines, policy, destination: NEW_YORK, expiresAtMs: 0, atMs: 1, cause: "o" };
}

function stockOf(stock: Record<string, Record<string, number>>): RoundStock {
  return new Map(Object.entries(stock).map(([sku, places]) => [sku, new Map(Object.entries(places))]));
}

const line = (lineId: string, sku: string, quantity: number): ReservationLine => ({ lineId, sku, quantity });

function placesOf(plan: ReturnType<typeof planReservation>): string[] {
  if (plan.status !== "reserved") return [];
  return plan.holds.map((hold) => `${hold.lineId} ${hold.quantity} ${hold.sku}@${hold.locationId}`);
}

describe("sourcing", () => {
  it("takes the nearest of equal locations for the whole order and says why", () => {
    const stock = stockOf({ A: { west: 5, east: 5, store: 5 }, B: { west: 5, east: 5 } });
    const plan = planReservation(request([line("1", "A", 1), line("2", "B", 1)]), stock, SETUP);
    expect(placesOf(plan)).toEqual(["1 1 A@east", "2 1 B@east"]);
    expect(plan.status === "reserved" && plan.explanation).toEqual([
      "east ships the whole order: priority 10, 115 km",
      "west passed over: distance 3916 km instead of 115 km",
      "store passed over: has 1 of 2 units, parcels 2 instead of 1",
    ]);
  });

  it("prefers one farther location to two near ones", () => {
    const stock = stockOf({ A: { east: 5, west: 5 }, B: { store: 5, west: 5 } });
    const plan = planReservation(request([line("1", "A", 1), line("2", "B", 1)]), stock, SETUP);
    expect(placesOf(plan)).toEqual(["1 1 A@west", "2 1 B@west"]);
  });

  it("crosses a border only where nothing at home has the same priority", () => {
    const plan = planReservation(request([line("1", "A", 1)]), stockOf({ A: { north: 9, west: 1 } }), SETUP);
    expect(placesOf(plan)).toEqual(["1 1 A@west"]);
  });

  it("splits over as few locations as it can where no single one covers the order", () => {
    const stock = stockOf({ A: { east: 1, west: 4 }, B: { west: 1, store: 1 } });
    const plan = planReservation(request([line("1", "A", 5), line("2", "B", 1)]), stock, SETUP);
    expect(placesOf(plan)).toEqual(["1 4 A@west", "1 1 A@east", "2 1 B@west"]);
  });

  it("never ships from a place that it was not told of", () => {
    const plan = planReservation(request([line("1", "A", 1)]), stockOf({ A: { closed: 9 } }), SETUP);
    expect(plan).toMatchObject({ status: "refused", short: [{ lineId: "1", sku: "A", missing: 1 }] });
  });
});

describe("policy", () => {
  const stock = { A: { east: 3 }, B: { west: 1 } };
  const lines = [line("1", "A", 2), line("2", "A", 2), line("3", "B", 1)];

  it("sums the demand of all lines before it promises any", () => {
    const plan = planReservation(request(lines), stockOf(stock), SETUP);
    expect(plan).toEqual({
      status: "refused",
      code: "insufficient_stock",
      short: [{ lineId: "2", sku: "A", missing: 1 }],
    });
  });

  it("reserves each line whole or not at all, line by line", () => {
    const plan = planReservation(request(lines, "line_by_line"), stockOf(stock), SETUP);
    expect(placesOf(plan)).toEqual(["1 2 A@east", "3 1 B@west"]);
    expect(plan.short).toEqual([{ lineId: "2", sku: "A", missing: 2 }]);
  });

  it("ships whatever there is where the order says so", () => {
    const plan = planReservation(request(lines, "ship_available"), stockOf(stock), SETUP);
    expect(placesOf(plan)).toEqual(["1 2 A@east", "2 1 A@east", "3 1 B@west"]);
    expect(plan.short).toEqual([{ lineId: "2", sku: "A", missing: 1 }]);
  });

  it("never takes more than there is, reserves all or nothing, and accounts for every unit asked for", () => {
    const places = fc.dictionary(
      fc.constantFrom("east", "west", "store", "closed"),
      fc.integer({ min: -2, max: 6 }),
      {
        noNullPrototype: true,
      },
    );
    fc.assert(
      fc.property(
        fc.record({ A: places, B: places, C: places }),
        fc.array(
          fc.array(
            fc.record({ sku: fc.constantFrom("A", "B", "C", "D"), quantity: fc.integer({ min: 1, max: 5 }) }),
            {
              minLength: 1,
              maxLength: 4,
            },
          ),
          { minLength: 1, maxLength: 5 },
        ),
        fc.constantFrom<AllocationPolicy>("all_or_nothing", "line_by_line", "ship_available"),
        (initial, orders, policy) => {
          const round = stockOf(initial);
          for (const wanted of orders) {
            const asked = wanted.map(({ sku, quantity }, index) => line(String(index), sku, quantity));
            const plan = planReservation(request(asked, policy), round, SETUP);
            if (plan.status === "refused") continue;
            if (policy === "all_or_nothing") expect(plan.short).toEqual([]);
            for (const { lineId, quantity } of asked) {
              const held = plan.holds
                .filter((hold) => hold.lineId === lineId)
                .reduce((sum, hold) => sum + hold.quantity, 0);
              const missing = plan.short.find((short) => short.lineId === lineId)?.missing ?? 0;
              expect(held + missing).toBe(quantity);
              if (policy === "line_by_line") expect([0, quantity]).toContain(held);
            }
            expect(new Set(plan.holds.map((hold) => hold.holdId)).size).toBe(plan.holds.length);
            takeFrom(round, plan.holds);
          }
          for (const [sku, ofSku] of round) {
            for (const [locationId, left] of ofSku) {
              const before = stockOf(initial).get(sku)?.get(locationId) ?? 0;
              expect(left).toBeGreaterThanOrEqual(Math.min(0, before));
              if (locationId === "closed") expect(left).toBe(before);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
