import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SourcingRuleList, STANDARD_SOURCING_RULES } from "../../config/sourcing-rule.ts";
import type {
  AllocationPolicy,
  OrderReservationRequest,
  ReservationLine,
  SourcingLocation,
} from "../allocator-client.ts";
import { kitBookOf } from "./kits.ts";
import { planReservation, withPromises } from "./order-reservation.ts";
import { RoundStock, type StockByLocation } from "./round-stock.ts";

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

function stockOf(stock: Record<string, Record<string, number>>): StockByLocation {
  return new Map(Object.entries(stock).map(([sku, places]) => [sku, new Map(Object.entries(places))]));
}

const line = (lineId: string, sku: string, quantity: number): ReservationLine => ({ lineId, sku, quantity });

function placesOf(plan: ReturnType<typeof planReservation>): string[] {
  if (plan.status !== "reserved") return [];
  return plan.holds.map((hold) => `${hold.lineId} ${hold.quantity} ${hold.sku}@${hold.locationId}`);
}

describe("a request that restricts its locations", () => {
  const stock = () => stockOf({ A: { east: 3, west: 3, store: 3 } });
  const restricted = (
    quantity: number,
    more: Pick<OrderReservationRequest, "locations" | "opened">,
    policy?: AllocationPolicy,
  ) => planReservation({ ...request([line("1", "A", quantity)], policy), ...more }, stock(), SETUP);

  it("takes units only where it may", () => {
    expect(placesOf(restricted(2, { locations: { only: ["west"] } }))).toEqual(["1 2 A@west"]);
    expect(placesOf(restricted(2, { locations: { except: ["east"] } }))).toEqual(["1 2 A@west"]);
    expect(placesOf(restricted(5, { locations: { only: ["west", "store"] } }))).toEqual([
      "1 3 A@west",
      "1 2 A@store",
    ]);
  });

  it("is refused for what the other locations would have had", () => {
    expect(restricted(4, { locations: { only: ["west"] } })).toMatchObject({
      status: "refused",
      short: [{ lineId: "1", missing: 1 }],
    });
    expect(restricted(1, { locations: { only: [] } })).toMatchObject({ status: "refused" });
    expect(placesOf(restricted(9, { locations: { except: ["east"] } }, "ship_available"))).toEqual([
      "1 3 A@west",
      "1 3 A@store",
    ]);
  });

  it("promises by what comes to the locations that it may use", () => {
    const coming = (locationId: string, dueAtMs: number) => ({
      locationId,
      available: 0,
      incoming: [{ quantity: 9, dueAtMs }],
    });
    const outlooks = new Map([
      ["A", { sku: "A", queued: 0, locations: [coming("east", 500), coming("west", 900)] }],
    ]);
    const plan = restricted(4, { locations: { only: ["west"] } });
    const due = (more: Pick<OrderReservationRequest, "locations">) =>
      withPromises(plan, more, outlooks, new Map(), 100, true).short[0]?.promisedAtMs;
    expect(due({})).toBe(500);
    expect(due({ locations: { only: ["west"] } })).toBe(900);
  });

  it("joins a parcel that the order ships anyway, though another place is nearer", () => {
    expect(placesOf(restricted(1, {}))).toEqual(["1 1 A@east"]);
    expect(placesOf(restricted(1, { opened: ["west"] }))).toEqual(["1 1 A@west"]);
  });
});

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

describe("rules", () => {
  const rated = (locationId: string, change: Partial<SourcingLocation>): [string, SourcingLocation] => [
    locationId,
    { ...location(locationId, 10, 40, -75), ...change },
  ];
  const planned = (rules: SourcingRuleList, locations: ReadonlyMap<string, SourcingLocation>, units = 4) =>
    planReservation(
      { ...request([line("1", "A", units)]), atMs: Date.UTC(2026, 6, 1, 16) },
      stockOf({ A: { near: 4, far: 40, slow: 9 } }),
      { locations, kits: new Map(), rules },
    );
  const places = new Map([
    rated("near", { parcelCostMinor: 900, leadTimeDays: 1, openCapacity: 1, attributes: { carbon: 70 } }),
    rated("far", { parcelCostMinor: 500, latitude: 36, longitude: -119, attributes: { carbon: 90 } }),
    rated("slow", { parcelCostMinor: 400, leadTimeDays: 6, openCapacity: 50 }),
  ]);
  const explained = (rules: SourcingRuleList, units?: number) => {
    const plan = planned(rules, places, units);
    return plan.status === "reserved" ? plan.explanation : [];
  };

  it.each<[string, SourcingRuleList, readonly string[]]>([
    [
      "cost",
      [[{ rule: "cost", weight: 1 }]],
      [
        "slow ships the whole order: parcel cost 400",
        "far passed over: cost 500 instead of 400",
        "near passed over: cost 900 instead of 400",
      ],
    ],
    [
      "promise date",
      [[{ rule: "promise_date", weight: 1 }]],
      [
        "near ships the whole order: arrives 2026-07-03",
        "far passed over: arrival 2026-07-08 instead of 2026-07-03",
        "slow passed over: arrival 2026-07-10 instead of 2026-07-03",
      ],
    ],
    [
      "capacity",
      [[{ rule: "capacity", weight: 1 }]],
      [
        "far ships the whole order: nothing speaks against it",
        "slow passed over: share of open capacity 20 per mille instead of 0 per mille",
        "near passed over: share of open capacity 1000 per mille instead of 0 per mille",
      ],
    ],
    [
      "stock",
      [[{ rule: "stock", weight: 1 }]],
      [
        "far ships the whole order: nothing speaks against it",
        "near passed over: share of the stock there 1000 per mille instead of 100 per mille",
        "slow passed over: share of the stock there 444 per mille instead of 100 per mille",
      ],
    ],
    [
      "a location's own number",
      [[{ rule: "custom", attribute: "carbon", prefer: "high", weight: 1 }]],
      [
        "far ships the whole order: carbon 90",
        "near passed over: carbon short of the best by 20 instead of 0",
        "slow passed over: carbon short of the best by 90 instead of 0",
      ],
    ],
  ])("go by %s and keep the numbers that decided", (_, rules, explanation) => {
    expect(explained(rules)).toEqual(explanation);
  });

  it("weigh what is in one step against each other", () => {
    const rules = (day: number): SourcingRuleList => [
      [
        { rule: "cost", weight: 1 },
        { rule: "promise_date", weight: day },
      ],
    ];
    expect(explained(rules(10))[0]).toMatch(/^slow ships/);
    expect(explained(rules(60))[0]).toMatch(/^far ships/);
    expect(explained(rules(200))[0]).toMatch(/^near ships/);
  });

  it("split only where the rules say that it is worth it", () => {
    const perUnit = new Map([
      rated("near", { parcelCostMinor: 10, unitCostMinor: 10 }),
      rated("far", { parcelCostMinor: 10, unitCostMinor: 100 }),
    ]);
    const split = planned([[{ rule: "cost", weight: 1 }]], perUnit, 6);
    expect(placesOf(split)).toEqual(["1 4 A@near", "1 2 A@far"]);
    const whole = planned(
      [[{ rule: "fewest_parcels", weight: 1 }], [{ rule: "cost", weight: 1 }]],
      perUnit,
      6,
    );
    expect(placesOf(whole)).toEqual(["1 6 A@far"]);
    expect(whole.status === "reserved" && whole.explanation[1]).toBe(
      "near passed over: has 4 of 6 units, parcels 2 instead of 1",
    );
  });
});

describe("kits", () => {
  const kits = kitBookOf([
    {
      sku: "K",
      components: [
        { sku: "A", quantity: 1 },
        { sku: "B", quantity: 2 },
      ],
    },
  ]);

  it("take all of their components at one location, each under a hold of its own", () => {
    const stock = stockOf({ A: { east: 1, west: 5 }, B: { east: 9, west: 3 } });
    const plan = planReservation(request([line("1", "K", 2)]), stock, { ...SETUP, kits });
    expect(plan.status === "reserved" && plan.holds).toEqual([
      { holdId: "o:1:east:1", lineId: "1", sku: "A", locationId: "east", quantity: 1, perUnit: 1 },
      { holdId: "o:1:east:2", lineId: "1", sku: "B", locationId: "east", quantity: 2, perUnit: 2 },
      { holdId: "o:1:west:1", lineId: "1", sku: "A", locationId: "west", quantity: 1, perUnit: 1 },
      { holdId: "o:1:west:2", lineId: "1", sku: "B", locationId: "west", quantity: 2, perUnit: 2 },
    ]);
    const apart = stockOf({ A: { east: 9 }, B: { west: 9 } });
    expect(planReservation(request([line("1", "K", 1)]), apart, { ...SETUP, kits })).toEqual({
      status: "refused",
      code: "insufficient_stock",
      short: [{ lineId: "1", sku: "K", missing: 1 }],
    });
  });

  it.each([
    [
      "twice",
      [
        { sku: "K", components: [{ sku: "A", quantity: 1 }] },
        { sku: "K", components: [{ sku: "B", quantity: 1 }] },
      ],
    ],
    ["without components", [{ sku: "K", components: [] }]],
    ["with nothing of a component", [{ sku: "K", components: [{ sku: "A", quantity: 0 }] }]],
    [
      "of kits",
      [
        { sku: "K", components: [{ sku: "A", quantity: 1 }] },
        { sku: "L", components: [{ sku: "K", quantity: 1 }] },
      ],
    ],
  ])("are refused where they are defined %s", (_, defined) => {
    expect(() => kitBookOf(defined)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  it("and lines that share their components get exactly what a search of everything finds, and never more", () => {
    const places = fc.dictionary(fc.constantFrom("east", "west", "store"), fc.integer({ min: 0, max: 4 }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(
        fc.record({ A: places, B: places }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (initial, ofKit, ofA, ofB) => {
          const wanted = [line("1", "K", ofKit), line("2", "A", ofA), line("3", "B", ofB)].filter(
            ({ quantity }) => quantity > 0,
          );
          if (wanted.length === 0) return;
          const stock = stockOf(initial);
          const plan = planReservation(request(wanted), stock, { ...SETUP, kits });
          expect(plan.status).toBe(isServable(initial, ofKit, ofA, ofB) ? "reserved" : "refused");
          if (plan.status === "refused") return;
          new RoundStock(stock).take(undefined, plan.holds);
          for (const ofSku of stock.values())
            for (const left of ofSku.values()) expect(left).toBeGreaterThanOrEqual(0);
          for (const hold of plan.holds) {
            if (hold.lineId !== "1" || hold.sku !== "A") continue;
            const fellow = plan.holds.find(
              (other) => other.lineId === "1" && other.sku === "B" && other.locationId === hold.locationId,
            );
            expect(fellow?.quantity).toBe(2 * hold.quantity);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  /** Tries every way to spread the kits over the places; what is left must do for the plain lines. */
  function isServable(
    stock: Readonly<Record<"A" | "B", Readonly<Record<string, number>>>>,
    ofKit: number,
    ofA: number,
    ofB: number,
  ): boolean {
    const total = (sku: "A" | "B") => Object.values(stock[sku]).reduce((sum, units) => sum + units, 0);
    const kitsAt = ["east", "west", "store"].map((place) =>
      Math.min(stock.A[place] ?? 0, Math.floor((stock.B[place] ?? 0) / 2)),
    );
    const most = kitsAt.reduce((sum, units) => sum + units, 0);
    return ofKit <= most && total("A") - ofKit >= ofA && total("B") - 2 * ofKit >= ofB;
  }
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

  it("queues the rest where the order says so, but no kits, whose parts would come one by one", () => {
    const kits = kitBookOf([{ sku: "K", components: [{ sku: "B", quantity: 1 }] }]);
    const wanted = [line("1", "A", 5), line("2", "K", 2), line("3", "C", 1)];
    const plan = planReservation(request(wanted, "ship_available_backorder_rest"), stockOf(stock), {
      ...SETUP,
      kits,
    });
    expect(placesOf(plan)).toEqual(["1 3 A@east", "2 1 B@west"]);
    expect(plan.short.map(({ lineId, missing }) => [lineId, missing])).toEqual([
      ["1", 2],
      ["2", 1],
      ["3", 1],
    ]);
    expect(plan.status === "reserved" && plan.queued).toEqual([
      { holdId: "o:1:queued", lineId: "1", sku: "A", quantity: 2 },
      { holdId: "o:3:queued", lineId: "3", sku: "C", quantity: 1 },
    ]);
    const nothing = planReservation(
      request([line("1", "K", 9)], "ship_available_backorder_rest"),
      stockOf({}),
      { ...SETUP, kits },
    );
    expect(nothing.status).toBe("refused");
  });

  it("says when what is missing is due, after those who wait already", () => {
    const plan = planReservation(
      request([line("1", "A", 5)], "ship_available_backorder_rest"),
      stockOf(stock),
      SETUP,
    );
    const outlook = (queued: number) =>
      new Map([
        [
          "A",
          {
            sku: "A",
            queued,
            locations: [
              { locationId: "east", available: 0, incoming: [{ dueAtMs: 500, quantity: 2 }] },
              { locationId: "west", available: 0, incoming: [{ dueAtMs: 900, quantity: 3 }] },
            ],
          },
        ],
      ]);
    const promised = (queued: number) => withPromises(plan, {}, outlook(queued), new Map(), 100, true);
    expect(promised(2)).toMatchObject({ short: [{ promisedAtMs: 500 }], queued: [{ promisedAtMs: 500 }] });
    expect(promised(4)).toMatchObject({ short: [{ promisedAtMs: 900 }], queued: [{ promisedAtMs: 900 }] });
    expect(promised(9).short).toEqual([{ lineId: "1", sku: "A", missing: 2 }]);
    // Read before it was queued: all that stands there is before it.
    expect(withPromises(plan, {}, outlook(2), new Map(), 100, false)).toMatchObject({
      short: [{ promisedAtMs: 900 }],
      queued: [{ promisedAtMs: 900 }],
    });
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
            new RoundStock(round).take(undefined, plan.holds);
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
