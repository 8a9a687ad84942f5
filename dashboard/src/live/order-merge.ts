/**
 * Keeps a list of orders up to date without loading all of it again. Pure. The list is newest first by
 * capture.
 */
import type { OrderSummary } from "../../../contract/orders.ts";
import type { Page } from "../../../contract/shapes.ts";

/** Rows on screen, and the cursor after the last of them. */
export type OrderList = { readonly rows: readonly OrderSummary[]; readonly next: string | null };

/**
 * Puts a freshly loaded first page over the list on screen.
 *
 * Within the range of the page, the page is right: rows that it does not have no longer match the filter, and
 * go. Older rows stay. Where so much is new that page and list do not meet, the page replaces the list,
 * because a hole between them would hide orders.
 */
export function mergeFirstPage(list: OrderList, page: Page<OrderSummary>): OrderList {
  const { items, next } = page;
  const oldest = items.at(-1);
  const fresh = new Set(items.map((row) => row.id));
  const meetsAt = list.rows.findLastIndex((row) => fresh.has(row.id));
  if (next === null || oldest === undefined || meetsAt < 0) return { rows: items, next };
  const older = list.rows.slice(meetsAt + 1).filter((row) => row.capturedAt <= oldest.capturedAt);
  return { rows: [...items, ...older], next: older.length === 0 ? next : list.next };
}

/** Replaces the rows that are in `changed`, by id, and keeps the order of the list. */
export function replaceRows(
  rows: readonly OrderSummary[],
  changed: readonly OrderSummary[],
): readonly OrderSummary[] {
  const byId = new Map(changed.map((row) => [row.id, row]));
  return rows.map((row) => byId.get(row.id) ?? row);
}

/** Appends the next page. A row that has moved onto it meanwhile is not shown twice. */
export function appendPage(
  rows: readonly OrderSummary[],
  page: readonly OrderSummary[],
): readonly OrderSummary[] {
  const known = new Set(rows.map((row) => row.id));
  return [...rows, ...page.filter((row) => !known.has(row.id))];
}
