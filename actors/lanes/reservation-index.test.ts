import fc from "fast-check";
import { expect, test } from "vitest";
import { LANE_AND_STATE, NUMBER, STRIDE } from "./reservation-entry.ts";
import { hashOf, ReservationIndex, saltOf } from "./reservation-index.ts";

/** An index over entries of nothing but their number and lane, and a map that must agree with it. */
class Compared {
  private words = new Int32Array(64 * STRIDE);
  private readonly index: ReservationIndex;
  private readonly entries = new Map<string, number>();
  private readonly keys: string[] = [];
  private readonly free: number[] = [];
  private used = 0;

  constructor(seed = 0) {
    this.index = new ReservationIndex(this.words, seed);
  }

  reserve(entries: number): void {
    this.index.reserve(entries);
  }

  add(lane: number, number: number): void {
    const key = `${lane}/${number}`;
    const known = this.entries.get(key) ?? 0;
    if (this.index.find(lane, number) !== known) throw new Error(`${key} does not lead to ${known}`);
    if (known !== 0) return;
    this.keys.push(key);
    const entry = this.free.pop() ?? this.takeNew();
    this.words[entry * STRIDE + NUMBER] = number;
    this.words[entry * STRIDE + LANE_AND_STATE] = lane;
    this.index.add(lane, number, entry);
    this.entries.set(key, entry);
  }

  /** @param nth of those that are known */
  remove(nth: number): void {
    const [key] = this.keys.splice(nth % Math.max(1, this.keys.length), 1);
    const entry = this.entries.get(key ?? "");
    if (key === undefined || entry === undefined) return;
    const [lane, number] = key.split("/").map(Number) as [number, number];
    this.index.remove(lane, number, entry);
    this.entries.delete(key);
    this.free.push(entry);
    expect(this.index.find(lane, number)).toBe(0);
  }

  check(): void {
    const lost: string[] = [];
    for (const [key, entry] of this.entries) {
      const [lane, number] = key.split("/").map(Number) as [number, number];
      if (this.index.find(lane, number) !== entry) lost.push(key);
    }
    expect(lost).toEqual([]);
  }

  private takeNew(): number {
    this.used += 1;
    if ((this.used + 1) * STRIDE > this.words.length) {
      const words = new Int32Array(2 * this.words.length);
      words.set(this.words);
      this.words = words;
      this.index.moveTo(words);
    }
    return this.used;
  }
}

test("every number leads to its entry while page after page is split and others are taken out", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(
        fc.record({
          lane: fc.integer({ min: 0, max: 90 }),
          from: fc.nat(2 ** 32 - 1),
          step: fc.constantFrom(1, 7, 16, 1024, 65_536),
          count: fc.integer({ min: 1, max: 900 }),
          removed: fc.array(fc.nat(), { maxLength: 20 }),
        }),
        { minLength: 2, maxLength: 8 },
      ),
      (seed, runs) => {
        const compared = new Compared(seed);
        for (const { lane, from, step, count, removed } of runs) {
          for (let index = 0; index < count; index += 1) compared.add(lane, (from + index * step) >>> 0);
          for (const nth of removed) compared.remove(nth);
          compared.check();
        }
      },
    ),
    { numRuns: 20 },
  );
});

test("numbers chosen to meet in one page are found, however far from where their search begins", () => {
  const compared = new Compared();
  const salt = saltOf(0, 3);
  // As far as their page and their block go, all of them begin alike: more than a page may lead to before it
  // is split.
  let count = 0;
  for (let number = 0; count < 900; number += 1) {
    if ((hashOf(salt, number) & 0xfff) !== 7) continue;
    compared.add(3, number);
    count += 1;
  }
  compared.check();
  for (let removed = 0; removed < 600; removed += 1) compared.remove(removed * 31);
  compared.check();
});

test("an addition looks at a handful of other entries at most, also where it splits a page", () => {
  const words = new Int32Array(STRIDE * 300_001);
  let reads = 0;
  const index = new ReservationIndex(words, 0);
  const counted = new Proxy(words, {
    get: (target, key) => {
      reads += 1;
      return Reflect.get(target, key);
    },
  });
  let worst = 0;
  for (let entry = 1; entry <= 300_000; entry += 1) {
    words[entry * STRIDE + NUMBER] = entry;
    words[entry * STRIDE + LANE_AND_STATE] = 1;
    index.moveTo(entry > 200_000 ? counted : words);
    index.find(1, entry);
    reads = 0;
    index.add(1, entry, entry);
    worst = Math.max(worst, reads);
  }
  // Some hundred thousand additions split three hundred pages of six hundred entries each.
  expect(worst).toBeLessThan(64);
});

test.each([0, 1, 640, 641, 5_000, 100_000])(
  "leads to %i entries for which room was made, and to more",
  (count) => {
    const compared = new Compared(17);
    compared.reserve(count);
    for (let number = 1; number <= 2 * count + 2; number += 1) compared.add(number % 3, number);
    compared.check();
  },
);
