import { expect, test } from "vitest";
import { type Clock, Lateness } from "./lateness.ts";
import { LATE_MS } from "./limits.ts";

/** A clock by hand: what is due is done when the thread comes to it. */
function handClock() {
  let now = 0;
  const due: { readonly at: number; readonly then: () => void }[] = [];
  const clock: Clock = { now: () => now, after: (ms, then) => due.push({ at: now + ms, then }) };
  return {
    clock,
    waiting: () => due.length,
    /** The thread is busy for so long, and comes to what is due afterwards. */
    busy(ms: number): void {
      now += ms;
      for (const each of due.splice(0))
        if (each.at <= now) each.then();
        else due.push(each);
    },
  };
}

test("a thread that comes to what is due in time is not late", () => {
  const { clock, busy } = handClock();
  const lateness = new Lateness(clock);
  for (let look = 0; look < 100; look += 1) {
    expect(lateness.isLate).toBe(false);
    busy(10);
  }
});

test("a thread whose turns take long is late, and in time again soon after", () => {
  const { clock, busy } = handClock();
  const lateness = new Lateness(clock);
  for (let look = 0; look < 20; look += 1) {
    void lateness.ms;
    busy(10 + 4 * LATE_MS);
  }
  expect(lateness.ms).toBeGreaterThan(LATE_MS);
  for (let look = 0; look < 20; look += 1) {
    void lateness.ms;
    busy(10);
  }
  expect(lateness.isLate).toBe(false);
});

test("a thread is late while a turn takes long, before it has come to any look", () => {
  let now = 0;
  const lateness = new Lateness({ now: () => now, after: () => {} });
  expect(lateness.isLate).toBe(false);
  now = 200;
  expect(lateness.ms).toBeGreaterThan(150);
});

test("nobody looks once nobody asks", () => {
  const { clock, busy, waiting } = handClock();
  const lateness = new Lateness(clock);
  expect(waiting()).toBe(0);
  void lateness.ms;
  expect(waiting()).toBe(1);
  for (let look = 0; look < 120; look += 1) busy(10);
  expect(waiting()).toBe(0);
  expect(lateness.ms).toBe(0);
});
