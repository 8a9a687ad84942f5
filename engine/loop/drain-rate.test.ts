import { describe, expect, it } from "vitest";
import { DrainRate } from "./drain-rate.ts";

/** A busy time of commits of so many units, one every 100 ms. @returns when it was over */
function busyTime(rate: DrainRate, fromMs: number, commits: number, units: number): number {
  rate.busy(fromMs);
  for (let commit = 1; commit <= commits; commit += 1) {
    rate.settled(units, fromMs + commit * 100, commit === commits);
  }
  return fromMs + commits * 100;
}

describe("the drain rate", () => {
  it("is not known before half a second of work, and is measured from then on", () => {
    const rate = new DrainRate();
    rate.busy(1_000);
    for (let at = 1_100; at < 1_500; at += 100) rate.settled(500, at, false);
    expect(rate.perMs(1_450)).toBeNull();
    rate.settled(500, 1_500, false);
    rate.settled(500, 1_600, false);
    expect(rate.perMs(1_600)).toBeGreaterThan(4);
    expect(rate.perMs(1_600)).toBeLessThan(6);
  });

  it("falls while nothing comes out", () => {
    const rate = new DrainRate();
    rate.busy(0);
    for (let at = 100; at <= 1_000; at += 100) rate.settled(500, at, false);
    const before = rate.perMs(1_000) ?? Number.NaN;
    expect(rate.perMs(6_000)).toBeLessThan(before / 5);
  });

  it("is not learned from small commits that left nothing waiting: they tell how long a commit takes", () => {
    const rate = new DrainRate();
    let now = 0;
    for (let round = 0; round < 20; round += 1) now = 50 + busyTime(rate, now, 1, 3);
    expect(rate.perMs(now)).toBeNull();
    now = busyTime(rate, now, 10, 1_000);
    const known = rate.perMs(now) ?? Number.NaN;
    expect(known).toBeGreaterThan(5);
    for (let round = 0; round < 20; round += 1) now = 50 + busyTime(rate, now, 1, 3);
    expect(rate.perMs(now)).toBe(known);
  });

  it("is learned from small commits behind which work waits", () => {
    const rate = new DrainRate();
    rate.busy(0);
    for (let at = 100; at <= 2_000; at += 100) rate.settled(3, at, false);
    expect(rate.perMs(2_000)).toBeCloseTo(0.03, 2);
  });

  it("is forgotten where the engine has kept up for a while", () => {
    const rate = new DrainRate();
    const now = busyTime(rate, 0, 20, 300);
    rate.busy(now + 5_000);
    expect(rate.perMs(now + 5_000)).not.toBeNull();
    rate.settled(1, now + 5_010, true);
    rate.busy(now + 12_000);
    expect(rate.perMs(now + 12_000)).toBeNull();
  });
});
