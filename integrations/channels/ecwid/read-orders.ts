/**
 * Orders that changed, page by page. Ecwid lists the newest first and cannot be asked for another order, so
 * the pages go down by the moment of the order's making, which never changes: what comes or changes while we
 * read moves no row that is still to come. Of the second at which a page ends, the next page leaves out what
 * was read.
 *
 * E1 No order is left out between two pages. E2 None comes twice in one reading.
 */
import type { OrdersAsked, OrdersPage } from "../../../ports/channel-connection.ts";
import { readPage, writePage } from "../../vendor-kit/page-token.ts";
import { clockOf, newestOf } from "../../vendor-kit/reading-start.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { listAt, numberAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { idOf } from "./adapter.ts";
import { found, SERVICE } from "./api.ts";

const PAGE_SIZE = 100;

type Page = {
  /** Orders made up to this second, seconds of the Unix epoch; 0: up to now. */
  readonly to: number;
  /** Of that second: orders that were read. */
  readonly read: readonly string[];
  /** Rows of that second alone that were read, where they fill whole pages. */
  readonly offset: number;
  /** When the reading began by Ecwid's clock, milliseconds. */
  readonly startMs: number;
};

/** @param withCurrency the order as the adapter reads it */
export async function readOrders(
  call: RestClient,
  asked: OrdersAsked,
  now: () => number,
  withCurrency: (order: unknown) => Promise<unknown>,
): Promise<OrdersPage> {
  const page = readPage<Page>(SERVICE, asked.page, { to: 0, read: [], offset: 0, startMs: 0 });
  const reply = await call({
    method: "GET",
    path: "/orders",
    query: {
      updatedFrom: Math.floor(asked.sinceMs / 1_000),
      // Its own second as well; Ecwid knows no parts of one.
      updatedTo: asked.untilMs === undefined ? undefined : Math.ceil(asked.untilMs / 1_000) - 1,
      createdTo: page.to === 0 ? undefined : page.to,
      limit: PAGE_SIZE,
      offset: page.offset === 0 ? undefined : page.offset,
    },
  });
  const rows = listAt(found(reply, "list orders"), "items");
  const startMs = page.startMs > 0 ? page.startMs : clockOf(reply.headers, now);
  const fresh = rows.filter((row) => !page.read.includes(idOf(row)));
  const payloads = await Promise.all(fresh.map(async (row) => writeJson(await withCurrency(row))));
  return {
    payloads,
    next: rows.length < PAGE_SIZE ? null : writePage(nextOf(page, rows, startMs)),
    newestMs: newestOf(
      fresh
        .map((row) => new Date((numberAt(row, "updateTimestamp") ?? Number.NaN) * 1_000))
        .filter(isMoment)
        .map((date) => date.toISOString()),
      startMs,
    ),
  };
}

function nextOf(page: Page, rows: readonly unknown[], startMs: number): Page {
  const madeAt = (row: unknown) => numberAt(row, "createTimestamp") ?? 0;
  const to = madeAt(rows.at(-1));
  const atEnd = rows.filter((row) => madeAt(row) === to).map(idOf);
  if (to !== page.to) return { to, read: atEnd, offset: 0, startMs };
  // More orders of one second than a page holds.
  return { to, read: [...page.read, ...atEnd], offset: page.offset + rows.length, startMs };
}

function isMoment(date: Date): boolean {
  return !Number.isNaN(date.getTime());
}
