/**
 * The live list of orders. The feed says which orders changed; their present state is read from the API. In a
 * list that is newest first the first page is read again, so that new orders come in; in another order the
 * rows stay where they are. Rows further down are read one by one where only a few changed.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { OrderSummary, OrderView } from "../../../../contract/orders.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { appendPage, mergeFirstPage, type OrderList, replaceRows } from "../../live/order-merge.ts";
import { type Resource, useResource } from "../../live/resource.ts";
import { useFeed } from "../../live/use-feed.ts";
import { keepShown, shownBefore } from "../../live/visits.ts";
import { orderPath } from "../order/order-path.ts";

/** Names of the list's address, which are the API's as well. */
export const ORDER_FILTERS = [
  "q",
  "status",
  "hold",
  "fulfillment",
  "payment",
  "channel",
  "location",
  "tag",
  "field",
  "from",
  "to",
  "sort",
  "archived",
] as const;
export type OrderFilter = Readonly<Record<(typeof ORDER_FILTERS)[number], string>>;

const PAGE_SIZE = 50;
/** Rows below the first page that are read one by one. More than that wait for the next visit. */
const MOST_SINGLE_READS = 12;
/** Pause between two refreshes of the list, however busy the feed is. */
const QUICKEST_REFRESH_MS = 1_000;

export function useOrderList(filter: OrderFilter): {
  readonly resource: Resource<OrderList>;
  /** Ids of the orders that changed last, to be highlighted. */
  readonly moved: ReadonlySet<string>;
  readonly loadMore: () => Promise<void>;
} {
  const query = { ...filter, limit: PAGE_SIZE };
  const key = JSON.stringify(query);
  const isNewestFirst = filter.sort === "" || filter.sort === "-captured";
  const resource = useResource<OrderList>(
    key,
    async (signal) => {
      const page = await get<Page<OrderSummary>>("/orders", query, signal);
      const before = shownBefore<OrderList>(key);
      const fresh = { rows: page.items, next: page.next };
      return before !== undefined && isNewestFirst ? mergeFirstPage(before, page) : fresh;
    },
    () => shownBefore(key),
  );
  const { data } = resource;
  useEffect(() => {
    if (data !== undefined) keepShown(key, data);
  }, [key, data]);
  const [moved, setMoved] = useState<ReadonlySet<string>>(new Set());
  const waiting = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const current = useRef({ key, resource });
  current.current = { key, resource };

  const refresh = async (): Promise<void> => {
    const ids = waiting.current;
    waiting.current = new Set();
    const rows = current.current.resource.data?.rows ?? [];
    const fresh = isNewestFirst ? await get<Page<OrderSummary>>("/orders", query) : null;
    const onFirstPage = new Set(fresh?.items.map((row) => row.id));
    const below = rows
      .filter((row) => ids.has(row.id) && !onFirstPage.has(row.id))
      .slice(0, MOST_SINGLE_READS);
    const changed = await Promise.all(below.map((row) => get<OrderView>(orderPath(row.id))));
    if (current.current.key !== key) return;
    current.current.resource.replace((list) => {
      const merged = fresh === null ? list : mergeFirstPage(list, fresh);
      return {
        ...merged,
        rows: replaceRows(
          merged.rows,
          changed.map((view) => view.summary),
        ),
      };
    });
    setMoved(ids);
  };

  useFeed(undefined, (events) => {
    for (const event of events) waiting.current.add(event.orderId);
    if (timer.current !== undefined) return;
    void refresh()
      .catch(() => undefined) // The connection state says so; the next event tries again.
      .finally(() => {
        timer.current = setTimeout(() => {
          timer.current = undefined;
          if (waiting.current.size > 0) void refresh().catch(() => undefined);
        }, QUICKEST_REFRESH_MS);
      });
  });
  useEffect(() => () => clearTimeout(timer.current), []);

  const loadMore = async (): Promise<void> => {
    const next = resource.data?.next;
    if (next === undefined || next === null) return;
    const page = await get<Page<OrderSummary>>("/orders", { ...query, cursor: next });
    if (current.current.key !== key) return;
    resource.replace((list) => ({ rows: appendPage(list.rows, page.items), next: page.next }));
  };

  return { resource, moved, loadMore };
}
