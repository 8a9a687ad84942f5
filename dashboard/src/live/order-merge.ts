/**
 * Keeps a list of orders right without loading all of it again. Pure; the list is newest first by capture.
 */
import type { OrderSummary } from "../../../gateway/api.ts";

/**
 * Puts a freshly loaded first page over the rows on screen.
 *
 * For the stretch that `fresh` covers it is the truth: rows in that stretch that it does not have have left the
 * filter, and go. Rows older than that stretch stay, unless `fresh` is the whole list.
 *
 * @param complete whether `fresh` is everything that the filter matches.
 */
export function mergeFirstPage(
  rows: readonly OrderSummary[],
  fresh: readonly OrderSummary[],
  complete: boolean,
): readonly OrderSummary[] {
  const oldest = fresh.at(-1);
  if (complete || oldest === undefined) return fresh;
  const known = new Set(fresh.map((row) => row.id));
  return [...fresh, ...rows.filter((row) => !known.has(row.id) && newestFirst(oldest, row) < 0)];
}

/** Replaces the rows that `changed` has, by id, and leaves the order alone. */
export function replaceRows(
  rows: readonly OrderSummary[],
  changed: readonly OrderSummary[],
): readonly OrderSummary[] {
  const byId = new Map(changed.map((row) => [row.id, row]));
  return rows.map((row) => byId.get(row.id) ?? row);
}

/** Appends the next page; a row that moved onto it meanwhile is not shown twice. */
export function appendPage(
  rows: readonly OrderSummary[],
  page: readonly OrderSummary[],
): readonly OrderSummary[] {
  const known = new Set(rows.map((row) => row.id));
  return [...rows, ...page.filter((row) => !known.has(row.id))];
}

/** The API's own order; its times are of one format, so they compare as text to their last digit. */
function newestFirst(a: OrderSummary, b: OrderSummary): number {
  if (a.capturedAt !== b.capturedAt) return a.capturedAt > b.capturedAt ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id > b.id ? -1 : 1;
}
