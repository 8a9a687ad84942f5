/**
 * Pages of changed orders at vendors that page by an offset, sorted by the order's id.
 *
 * Sorted by the change's time, an order that changes while we read moves to the end, all behind it move up,
 * and the next page begins one too far. Ids do not move. What still may move rows (an order that is deleted,
 * or leaves the range by a change) is seen by reading the end of the last page again.
 *
 * O1 No order is left out between two pages. O2 None comes twice in one reading.
 */
import type { OrdersAsked, OrdersPage } from "../../ports/channel-connection.ts";
import { readPage, writePage } from "./page-token.ts";
import { clockOf, newestOf } from "./reading-start.ts";
import { writeJson } from "./vendor-json.ts";

/** Rows of the last page that the next one reads again. */
const OVERLAP = 10;

type Page = {
  /** Rows before this one are read. */
  readonly offset: number;
  /** The greatest id read; 0: none yet. */
  readonly lastId: number;
  /** When the reading began by the vendor's clock, milliseconds; what changes later is the next reading's. */
  readonly startMs: number;
};

export async function readByOffset(
  asked: OrdersAsked,
  vendor: {
    readonly service: string;
    readonly pageSize: number;
    readonly now: () => number;
    /** Rows by rising id. */
    read(
      offset: number,
      limit: number,
    ): Promise<{ readonly rows: readonly unknown[]; readonly headers: Headers }>;
    idOf(row: unknown): number;
    /** When it changed, in any form that a Date reads. */
    changeOf(row: unknown): string;
    /** Absent: the row is the payload. */
    payloadOf?(row: unknown): string;
  },
): Promise<OrdersPage> {
  const { pageSize, idOf } = vendor;
  const from = readPage<Page>(vendor.service, asked.page, { offset: 0, lastId: 0, startMs: 0 });
  const offset = Math.max(0, from.offset - OVERLAP);
  const { rows, headers } = await vendor.read(offset, pageSize);
  const startMs = from.startMs > 0 ? from.startMs : clockOf(headers, vendor.now);
  const [first] = rows;
  if (offset > 0 && (first === undefined || idOf(first) > from.lastId)) {
    // More rows than the overlap have gone: between the last page and this one some may lie unread.
    const back = Math.max(0, offset - pageSize);
    return { payloads: [], next: writePage({ ...from, offset: back, startMs }), newestMs: null };
  }
  const fresh = rows.filter((row) => idOf(row) > from.lastId);
  const last = rows.at(-1);
  const lastId = last === undefined ? from.lastId : Math.max(from.lastId, idOf(last));
  return {
    payloads: fresh.map(vendor.payloadOf ?? writeJson),
    next: rows.length < pageSize ? null : writePage({ offset: offset + rows.length, lastId, startMs }),
    newestMs: newestOf(fresh.map(vendor.changeOf), startMs),
  };
}
