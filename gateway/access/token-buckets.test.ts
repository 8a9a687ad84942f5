import { expect, test } from "vitest";
import { TokenBuckets } from "./token-buckets.ts";

test("a bucket gives its size at once, then its rate, and says how long to wait", () => {
  const buckets = new TokenBuckets({ size: 3, perSecond: 2 }, 10);
  expect([0, 0, 0, 0].map(() => buckets.take("a", 1_000))).toEqual([0, 0, 0, 500]);
  expect(buckets.take("b", 1_000)).toBe(0);
  expect(buckets.take("a", 1_499)).toBeGreaterThan(0);
  expect(buckets.take("a", 1_500)).toBe(0);
  expect(buckets.take("a", 1_500)).toBe(500);
});

test("a clock that goes back neither fills a bucket nor empties it", () => {
  const buckets = new TokenBuckets({ size: 2, perSecond: 1 }, 10);
  expect(buckets.take("a", 10_000)).toBe(0);
  expect(buckets.take("a", 0)).toBe(0);
  expect(buckets.take("a", 0)).toBe(1_000);
});

test("only so many buckets are remembered: the one used longest ago is forgotten", () => {
  const buckets = new TokenBuckets({ size: 1, perSecond: 1 }, 2);
  expect(["a", "b", "c"].map((name) => buckets.take(name, 0))).toEqual([0, 0, 0]);
  expect(buckets.take("c", 0)).toBe(1_000);
  expect(buckets.take("a", 0)).toBe(0);
});
