/**
 * Where the next reading of changed orders goes on: never behind the moment at which this one began. An order
 * that is read on the first page and changes while we read the others would lie before the newest change that
 * they show, and be read by nobody.
 */

/**
 * The vendor's clock as its answer shows it, a second back for what it rounds off; ours where it shows none.
 */
export function clockOf(headers: Headers, now: () => number): number {
  const there = Date.parse(headers.get("date") ?? "");
  return (Number.isNaN(there) ? now() : there) - 1_000;
}

/**
 * @param changes moments of the page's orders, in any form that a Date reads
 * @param startMs when the reading began, by the vendor's clock
 * @returns null: the page says no moment
 */
export function newestOf(changes: readonly string[], startMs: number): number | null {
  const moments = changes.map((change) => Date.parse(change)).filter((ms) => !Number.isNaN(ms));
  return moments.length === 0 ? null : Math.min(startMs, Math.max(...moments));
}
