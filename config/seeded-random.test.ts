import { describe, expect, it } from "vitest";
import { Random, zipf } from "./seeded-random.ts";

const drawn = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

describe("seeded random", () => {
  it("draws the numbers that it has always drawn", () => {
    const bits = (seed: number | string) => drawn(new Random(seed), 4).map((number) => number * 2 ** 32);
    expect(bits(1)).toEqual([1009233251, 725799841, 4169485723, 3453238981]);
    expect(bits("a day")).toEqual([1931754306, 2111144395, 4069926500, 2985668670]);
  });

  it("draws the same from the same seed, and has nothing in common with its neighbours", () => {
    for (const [seed, neighbour] of [
      [7, 8],
      ["a/1", "a/2"],
    ] as const) {
      expect(drawn(new Random(seed), 100)).toEqual(drawn(new Random(seed), 100));
      const others = new Set(drawn(new Random(neighbour), 100));
      expect(drawn(new Random(seed), 100).filter((number) => others.has(number))).toEqual([]);
    }
  });

  it("draws every whole number of a range, both ends included, about as often", () => {
    const random = new Random("range");
    const counts = new Map<number, number>();
    for (let draw = 0; draw < 6_000; draw += 1) {
      const number = random.integer(-2, 3);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it("never draws a bound, nor what has no chance", () => {
    const random = new Random(3);
    for (let draw = 0; draw < 1_000; draw += 1) {
      expect(random.below(4)).toBeLessThan(4);
      expect(random.chance(0)).toBe(false);
      expect(random.chance(1)).toBe(true);
    }
  });

  it("picks only what is there", () => {
    const random = new Random(4);
    expect(new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])))).toEqual(
      new Set(["a", "b", "c"]),
    );
    expect(() => random.pick([])).toThrow("nothing to pick from");
  });

  it("writes digits whose first is not 0", () => {
    const random = new Random("digits");
    for (let draw = 0; draw < 200; draw += 1) expect(random.digits(5)).toMatch(/^[1-9][0-9]{4}$/);
  });

  it("forks a stream that the parent's later draws do not shift", () => {
    const parent = new Random(5);
    const fork = parent.fork();
    const alone = new Random(5).fork();
    drawn(parent, 10);
    expect(drawn(fork, 10)).toEqual(drawn(alone, 10));
  });
});

it("by Zipf's law, the first of a thousand comes twice as often as the second", () => {
  const draw = zipf(new Random("zipf"), 1_000, 1);
  const counts = new Array<number>(1_000).fill(0);
  for (let index = 0; index < 50_000; index += 1) {
    const rank = draw();
    counts[rank] = (counts[rank] ?? 0) + 1;
  }
  const [first = 0, second = 0] = counts;
  expect(first / second).toBeGreaterThan(1.8);
  expect(first / second).toBeLessThan(2.2);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(50_000);
});
