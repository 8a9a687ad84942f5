import type { TimelineEntry } from "../../../contract/orders.ts";

/**
 * Adds entries by key (each happens once, however often it is told), newest first.
 *
 * Entries of one commit have the same time: they stay in the order in which the server tells them.
 *
 * @param entries newest first, as this function returns them
 * @param arrived oldest first, as the server tells them
 */
export function mergeTimeline(
  entries: readonly TimelineEntry[],
  arrived: readonly TimelineEntry[],
): readonly TimelineEntry[] {
  const byKey = new Map([...entries].reverse().map((entry) => [entry.key, entry]));
  for (const { key, type, summary, cause, data, at } of arrived) {
    byKey.set(key, { key, type, summary, cause, data, at });
  }
  return [...byKey.values()].reverse().sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}
