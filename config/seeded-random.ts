/**
 * Seeded randomness: the same seed draws the same numbers on every machine, so that a run can be named by its
 * seed.
 *
 * Every number that a test, a simulation, a simulator, a simulated day or a load test draws comes from here.
 * Not for secrets: a few numbers tell all that follow.
 *
 * The sequence never changes: the simulation's logs and the recorded results' traces were drawn with it.
 */
export class Random {
  private state: number;

  constructor(seed: number | string) {
    const number = typeof seed === "number" ? seed : hashOf(seed);
    // Neighbouring seeds must not begin alike.
    this.state = Math.imul(number ^ (number >>> 16), 0x45d9f3b) ^ 0x9e3779b9;
    this.next();
  }

  /** At least 0, below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  /** `count` decimal digits, the first not 0. */
  digits(count: number): string {
    return Array.from({ length: count }, (_, place) => this.integer(place === 0 ? 1 : 0, 9)).join("");
  }

  /** A stream of its own, for one part of a run: what it draws does not shift what other parts draw. */
  fork(): Random {
    return new Random(this.below(0x7fffffff));
  }
}

/**
 * Draws ranks from 0 to `count` - 1 by Zipf's law: rank r comes with a probability proportional to
 * 1 / (r + 1) ** `exponent`. A few articles make most of the sales.
 */
export function zipf(random: Random, count: number, exponent: number): () => number {
  const cumulative = new Float64Array(count);
  let total = 0;
  for (let rank = 0; rank < count; rank += 1) {
    total += 1 / (rank + 1) ** exponent;
    cumulative[rank] = total;
  }
  return () => {
    const target = random.next() * total;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? 0) < target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash;
}
