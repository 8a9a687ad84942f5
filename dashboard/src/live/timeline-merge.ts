import type { TimelineEntry } from "../../../contract/orders.ts";

/** Adds entries by key (each happens once, however often it is told), newest first. */
export function mergeTimeline(
  entries: readonly TimelineEntry[],
  arrived: readonly TimelineEntry[],
): readonly TimelineEntry[] {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  for (const { key, type, summary, cause, data, at } of arrived) {
    byKey.set(key, { key, type, summary, cause, data, at });
  }
  return [...byKey.values()].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}
