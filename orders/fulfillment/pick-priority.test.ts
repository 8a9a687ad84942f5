import fc from "fast-check";
import { expect, test } from "vitest";
import { MOST_DELAY_MS, MOST_HEAD_START_MS, queuePlaceMs } from "./pick-priority.ts";

const HOUR_MS = 3_600_000;
const NOW = Date.parse("2026-11-27T10:00:00Z");

const order = (given: Partial<Parameters<typeof queuePlaceMs>[0]> = {}) => ({
  shippingService: "Standard",
  total: { minor: 5_000, currency: "USD", exponent: 2 },
  capturedAt: new Date(NOW).toISOString(),
  shipBy: "2026-11-28",
  ...given,
});

test("what is urgent comes first: the service, the promised day, the customer, the value, the wait", () => {
  const ordinary = queuePlaceMs(order(), NOW);
  for (const urgent of [
    order({ shippingService: "Next Day Air" }),
    order({ shippingService: "Expedited" }),
    order({ shipBy: "2026-11-27" }),
    order({ shipBy: "2026-11-20" }),
    order({ tags: ["VIP"] }),
    order({ total: { minor: 90_000, currency: "USD", exponent: 2 } }),
    order({ delivery: { method: "curbside" } }),
    order({ capturedAt: new Date(NOW - 5 * HOUR_MS).toISOString() }),
  ])
    expect(queuePlaceMs(urgent, NOW), JSON.stringify(urgent)).toBeLessThan(ordinary);
  expect(queuePlaceMs(order({ shipBy: "2026-12-04" }), NOW)).toBeGreaterThan(ordinary);
});

const anyOrder = fc.record({
  shippingService: fc.constantFrom("Standard", "Same day", "Overnight", "2-day", "Express", ""),
  total: fc.record({
    minor: fc.integer({ min: 0, max: 1e12 }),
    currency: fc.constant("USD"),
    exponent: fc.integer({ min: 0, max: 4 }),
  }),
  tags: fc.array(fc.constantFrom("vip", "Wholesale", "other", "constructor", "__proto__", "toString")),
  delivery: fc.constantFrom({ method: "parcel" as const }, { method: "pickup" as const }),
  capturedAt: fc
    .integer({ min: 0, max: 400 * 24 })
    .map((hours) => new Date(NOW - hours * HOUR_MS).toISOString()),
  shipBy: fc.option(
    fc
      .integer({ min: -400, max: 400 })
      .map((days) => new Date(NOW + days * 24 * HOUR_MS).toISOString().slice(0, 10)),
  ),
});

test("nothing starves: whatever comes to the floor later than all head starts and delays comes after (U1)", () => {
  const range = MOST_HEAD_START_MS + MOST_DELAY_MS;
  fc.assert(
    fc.property(anyOrder, anyOrder, fc.integer({ min: 1, max: 1e12 }), (earlier, later, afterMs) => {
      expect(queuePlaceMs(earlier, NOW)).toBeLessThan(queuePlaceMs(later, NOW + range + afterMs));
    }),
  );
});

test("an ordinary pick is served although urgent ones never stop coming", () => {
  // Urgent picks come twice as fast as picks are done: without aging, the ordinary one would wait for ever.
  const range = MOST_HEAD_START_MS + MOST_DELAY_MS;
  const arrivals = Math.ceil((2 * range) / HOUR_MS) + 10;
  const queue = [{ name: "ordinary", place: queuePlaceMs(order({ shipBy: "2026-12-24" }), NOW) }];
  let servedAfter = -1;
  for (let tick = 0; tick < arrivals && servedAfter < 0; tick += 1) {
    const at = NOW + tick * HOUR_MS;
    const urgent = order({
      shippingService: "Same day",
      tags: ["vip"],
      shipBy: "2026-11-20",
      capturedAt: new Date(at).toISOString(),
    });
    queue.push(
      { name: "urgent", place: queuePlaceMs(urgent, at) },
      { name: "urgent", place: queuePlaceMs(urgent, at) },
    );
    queue.sort((a, b) => a.place - b.place);
    if (queue.shift()?.name === "ordinary") servedAfter = tick;
  }
  expect(servedAfter).toBeGreaterThan(0);
});
