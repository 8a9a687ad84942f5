/**
 * Takes what is known of a person out of texts that were written around it: timelines, reasons, changes.
 * Pure.
 *
 * S1 Only whole values are taken out, the longest first, whatever their case: a name that is part of another
 *    word of three letters would take half of every sentence with it.
 * S2 What a sentence quotes goes as well: it may be of an address that the order has no longer.
 */
const ERASED = "(erased)";
/** A shorter value is no name of anybody: a region's code, a house number. */
const SHORTEST = 3;
const QUOTED = '"[^"]*"';

/** Every text in a value, however deep. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** @param known texts that tell of the person */
export function scrubber(known: readonly string[]): <Value>(value: Value) => Value {
  const values = [...new Set(known.map((text) => text.trim()))]
    .filter((text) => text.length >= SHORTEST && text !== ERASED)
    .sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    // A value first: it may have quotes in it.
    [...values.map((text) => `(?<![\\p{L}\\p{N}])${escaped(text)}(?![\\p{L}\\p{N}])`), QUOTED].join("|"),
    "giu",
  );
  const scrub = (value: unknown): unknown => {
    if (typeof value === "string") return value.replaceAll(pattern, ERASED);
    if (Array.isArray(value)) return value.map(scrub);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, scrub(part)]));
  };
  return scrub as <Value>(value: Value) => Value;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
