import fc from "fast-check";
import { expect, test } from "vitest";
import { TimerWheel } from "./timer-wheel.ts";

const LAYOUT = { stride: 3, deadline: 0, next: 1, previous: 2 };
const START_MS = 1_780_000_000_000;

const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), afterMs: fc.integer({ min: 1, max: 2 ** 31 - 1 }) }),
  fc.record({ do: fc.constant("add" as const), afterMs: fc.integer({ min: 1, max: 2_000 }) }),
  fc.record({ do: fc.constant("remove" as const), which: fc.nat() }),
  fc.record({ do: fc.constant("advance" as const), byMs: fc.integer({ min: 0, max: 3_000 }) }),
  fc.record({ do: fc.constant("advance" as const), byMs: fc.integer({ min: 0, max: 2 ** 31 }) }),
  fc.record({ do: fc.constant("advance" as const), byMs: fc.integer({ min: 2 ** 31, max: 2 ** 40 }) }),
  fc.record({ do: fc.constant("advance" as const), byMs: fc.constant(0) }),
  fc.constant({ do: "to-next" as const }),
);

/** What is due, taken out as an owner of entries would. */
function drain(wheel: TimerWheel): number[] {
  const due: number[] = [];
  for (let entry = wheel.firstDue; entry !== 0; entry = wheel.firstDue) {
    wheel.remove(entry);
    due.push(entry);
  }
  return due.sort((a, b) => a - b);
}

test("whatever is due by the time given is due, to the millisecond, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 2 ** 33 }), (steps, offset) => {
      const words = new Int32Array(100 * LAYOUT.stride);
      const wheel = new TimerWheel(words, LAYOUT);
      let now = START_MS + offset;
      wheel.advance(now);
      const deadlines = new Map<number, number>();
      const advance = (toMs: number) => {
        now = toMs;
        wheel.advance(now);
        const expected = [...deadlines].filter(([, at]) => at <= now).map(([entry]) => entry);
        expect(drain(wheel)).toEqual(expected.sort((a, b) => a - b));
        for (const entry of expected) deadlines.delete(entry);
      };
      for (const [index, action] of steps.entries()) {
        const entry = index + 1;
        if (action.do === "add") {
          deadlines.set(entry, now + action.afterMs);
          words[entry * LAYOUT.stride] = (now + action.afterMs) | 0;
          wheel.add(entry);
        } else if (action.do === "remove") {
          const known = [...deadlines.keys()];
          const victim = known[action.which % Math.max(1, known.length)];
          if (victim !== undefined) {
            wheel.remove(victim);
            deadlines.delete(victim);
          }
        } else if (action.do === "advance") advance(now + action.byMs);
        else if (deadlines.size === 0) expect(wheel.nextAtMs()).toBe(0);
        else {
          // Looking again whenever told to finds the earliest entry in a few steps, and never too late.
          const earliest = Math.min(...deadlines.values());
          for (let looks = 0; now < earliest; looks += 1) {
            const next = wheel.nextAtMs();
            expect(next).toBeGreaterThan(now);
            expect(next).toBeLessThanOrEqual(earliest);
            expect(looks).toBeLessThan(4);
            if (next < earliest) {
              now = next;
              wheel.advance(now);
              expect(wheel.firstDue).toBe(0);
            } else advance(next);
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});
