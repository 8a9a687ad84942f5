import { describe, expect, it } from "vitest";
import { ACTIVITY, createHeartbeat, Heartbeat, HeartbeatWatch } from "./heartbeat.ts";

const PERIOD_MS = 100;

function watched() {
  const memory = createHeartbeat();
  const watch = new HeartbeatWatch(memory, PERIOD_MS, { working: 700, longer: 10_000 });
  /** Periods of silence until the thread counts as hung. */
  const periodsUntilHung = (elapsedMs: number, asked = true): number => {
    for (let period = 1; period <= 1000; period += 1) if (watch.observe(elapsedMs, asked)) return period;
    return Number.POSITIVE_INFINITY;
  };
  return { thread: new Heartbeat(memory), watch, periodsUntilHung };
}

describe("the watch over a thread's heartbeat", () => {
  it("takes a thread for hung that was asked and does not move for as long as is allowed", () => {
    const { thread, watch, periodsUntilHung } = watched();
    thread.beat(ACTIVITY.running);
    expect(watch.observe(PERIOD_MS, true)).toBe(false);
    expect(periodsUntilHung(PERIOD_MS)).toBe(7);
  });

  it("never takes a thread for hung that has nothing to do", () => {
    const { thread, periodsUntilHung } = watched();
    thread.beat(ACTIVITY.waiting);
    expect(periodsUntilHung(PERIOD_MS, false)).toBe(Number.POSITIVE_INFINITY);
  });

  it("begins to count anew with every beat and with every question after a time without one", () => {
    const { thread, watch } = watched();
    for (let period = 0; period < 100; period += 1) {
      if (period % 6 === 0) thread.beat(ACTIVITY.running);
      expect(watch.observe(PERIOD_MS, true)).toBe(false);
    }
    for (let period = 0; period < 5; period += 1) watch.observe(PERIOD_MS, true);
    watch.observe(PERIOD_MS, false);
    for (let period = 0; period < 6; period += 1) expect(watch.observe(PERIOD_MS, true)).toBe(false);
    expect(watch.observe(PERIOD_MS, true)).toBe(true);
  });

  it("gives a thread that starts, recovers or waits for its reply to be read more time", () => {
    for (const activity of [ACTIVITY.recovering, ACTIVITY.replying]) {
      const { thread, watch, periodsUntilHung } = watched();
      thread.beat(activity);
      watch.observe(PERIOD_MS, true);
      expect(periodsUntilHung(PERIOD_MS)).toBe(100);
    }
    expect(watched().periodsUntilHung(PERIOD_MS)).toBe(100);
  });

  it("does not misjudge after the whole process was suspended, however long", () => {
    const { thread, watch, periodsUntilHung } = watched();
    thread.beat(ACTIVITY.running);
    watch.observe(PERIOD_MS, true);
    expect(watch.observe(3_600_000, true)).toBe(false);
    // What was lost in the suspension is one observation, not the thread's life.
    expect(periodsUntilHung(PERIOD_MS)).toBe(5);
  });
});
