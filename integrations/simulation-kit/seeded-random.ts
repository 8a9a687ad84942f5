/** Seeded randomness: the same seed plays the same day. */

export type Random = {
  /** In [0, 1). */
  next(): number;
  /** Whole number in [least, most]. */
  integer(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** `count` decimal digits, the first not 0. */
  digits(count: number): string;
};

/** sfc32 (Chris Doty-Humphrey), seeded from text through a 32-bit FNV-1a mix. */
export function seededRandom(seed: string): Random {
  let [a, b, c, counter] = [mix(seed, 1), mix(seed, 2), mix(seed, 3), 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warmUp = 0; warmUp < 16; warmUp += 1) next();
  const integer = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (choices) => {
      const choice = choices[integer(0, choices.length - 1)];
      if (choice === undefined) throw new Error("nothing to pick from");
      return choice;
    },
    digits: (count) =>
      Array.from({ length: count }, (_, index) => (index === 0 ? integer(1, 9) : integer(0, 9))).join(""),
  };
}

/** Draws indexes 0..count-1 with Zipf's law: a few articles make most of the sales. */
export function zipf(random: Random, count: number, exponent: number): () => number {
  const cumulative: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= count; rank += 1) {
    total += 1 / rank ** exponent;
    cumulative.push(total);
  }
  return () => {
    const target = random.next() * total;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? total) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

function mix(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ salt;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash | 0;
}
