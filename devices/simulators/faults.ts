/** What goes wrong on a simulated floor, by rates from 0 to 1, reproducibly by seed. */
export type Faults = {
  readonly seed: number;
  /** Messages that never arrive. */
  lost: number;
  /** Messages sent twice. */
  duplicated: number;
  /** Messages sent late, so that later ones overtake them, by up to `delayMs`. */
  delayed: number;
  delayMs: number;
  /** Tags that a portal misses, per tag and passage. */
  readonly missedTags: number;
  /** Picks that find one unit fewer than asked for. */
  shortPicks: number;
};

/** A floor on a good day: radio sometimes misses a tag. */
export const EVERYDAY_FAULTS: Faults = {
  seed: 1,
  lost: 0,
  duplicated: 0,
  delayed: 0,
  delayMs: 0,
  missedTags: 0.002,
  shortPicks: 0,
};

/** FNV-1a over two seeds: 38 bits, what an SGTIN-96 has for a serial. */
export function serialOf(text: string): number {
  let low = 2166136261;
  let high = 3141592653;
  for (const character of text) {
    const unit = character.codePointAt(0) ?? 0;
    low = Math.imul(low ^ unit, 16777619) >>> 0;
    high = Math.imul(high ^ unit, 2246822519) >>> 0;
  }
  return (high % 64) * 2 ** 32 + low;
}
