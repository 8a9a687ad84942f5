import fc from "fast-check";
import { expect, it } from "vitest";
import { capableToPromise, type PromiseQuestion } from "./capable-to-promise.ts";

const NOW = 1000;
const question = (part: Partial<PromiseQuestion>): PromiseQuestion => ({
  quantity: 1,
  available: 0,
  incoming: [],
  queued: 0,
  nowMs: NOW,
  ...part,
});

it.each<readonly [string, Partial<PromiseQuestion>, number | null]>([
  ["what is free now, now", { quantity: 3, available: 3 }, NOW],
  ["nothing where nothing is known to come", { quantity: 3, available: 2 }, null],
  ["when enough has come", { quantity: 3, available: 1, incoming: [at(2000, 1), at(3000, 1)] }, 3000],
  ["by date, however the deliveries are listed", { incoming: [at(3000, 5), at(2000, 5)] }, 2000],
  ["after those who wait", { queued: 5, incoming: [at(2000, 5), at(3000, 1)] }, 3000],
  ["nothing by what has no date", { incoming: [at(0, 100)] }, null],
  ["an overdue delivery as if it came now", { incoming: [at(500, 1)] }, NOW],
  ["after what safety stock and fences miss", { available: -4, incoming: [at(2000, 4), at(2500, 1)] }, 2500],
])("promises %s", (_, part, expected) => {
  expect(capableToPromise(question(part))).toBe(expected);
});

function at(dueAtMs: number, quantity: number) {
  return { dueAtMs, quantity };
}

it("is the first moment at which all that is there covers what is asked for, whatever the numbers", () => {
  const small = fc.integer({ min: -5, max: 20 });
  const supply = fc.record({
    dueAtMs: fc.integer({ min: 0, max: 3000 }),
    quantity: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      small,
      fc.nat({ max: 9 }),
      fc.array(supply, { maxLength: 8 }),
      (quantity, available, queued, incoming) => {
        const promised = capableToPromise({ quantity, available, queued, incoming, nowMs: NOW });
        const thereAt = (ms: number) =>
          incoming
            .filter((each) => each.dueAtMs > 0 && each.dueAtMs <= ms)
            .reduce((sum, each) => sum + each.quantity, available) - queued;
        const moments = [NOW, ...incoming.map((each) => each.dueAtMs).filter((ms) => ms > NOW)].sort(
          (a, b) => a - b,
        );
        const covered = available - queued >= quantity ? NOW : moments.find((ms) => thereAt(ms) >= quantity);
        expect(promised).toBe(covered ?? null);
      },
    ),
  );
});
