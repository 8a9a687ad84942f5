import { expect, test } from "vitest";
import { growthPerMinute, isSustained, percentile, perMinute } from "./backlog.ts";

const every = (ms: number, backlogs: readonly number[]) =>
  backlogs.map((backlog, index) => ({ atMs: 1_000_000 + index * ms, backlog }));

test("a backlog grows by the line through all samples, not from the first to the last", () => {
  expect(growthPerMinute(every(1_000, [10, 11, 12, 13]))).toBeCloseTo(60);
  expect(growthPerMinute(every(30_000, [200, 190, 180]))).toBeCloseTo(-20);
  const level = [100, 104, 96, 102, 98, 100, 104, 96];
  expect(Math.abs(growthPerMinute(every(5_000, level)))).toBeLessThan(3);
  expect(growthPerMinute(every(5_000, [...level, 130]))).toBeLessThan(60);
});

test("without two moments nothing grows", () => {
  expect(growthPerMinute([])).toBe(0);
  expect(growthPerMinute(every(1_000, [7]))).toBe(0);
  expect(growthPerMinute([...every(1_000, [7]), ...every(1_000, [9])])).toBe(0);
});

test("a rate is sustained while less than a twentieth of it is left lying", () => {
  const growing = every(60_000, [100, 150, 200]);
  expect(isSustained(growing, 1_200)).toBe(true);
  expect(isSustained(growing, 900)).toBe(false);
  expect(isSustained(every(60_000, [300, 200, 100]), 900)).toBe(true);
  expect(isSustained(every(60_000, [100, 100]), 0)).toBe(false);
});

test("a percentile is a value that was measured, by the nearest rank", () => {
  const values = [50, 10, 40, 20, 30];
  expect(percentile(values, 50)).toBe(30);
  expect(percentile(values, 95)).toBe(50);
  expect(percentile(values, 20)).toBe(10);
  expect(percentile(values, 21)).toBe(20);
  expect(percentile([7], 99)).toBe(7);
  expect(percentile([], 50)).toBeNull();
});

test("what was completed between two moments counts by the minute", () => {
  const before = { atMs: 5_000, completed: 100 };
  expect(perMinute(before, { atMs: 45_000, completed: 500 })).toBe(600);
  expect(perMinute(before, before)).toBe(0);
});
