/**
 * The list of orders: filtered, in the order that is asked for, page by page; and the same as rows of a table
 * for spreadsheets. What finds an order by a text is in `order-search.ts`.
 */
import type { OrderSort, OrderSummary } from "../../contract/orders.ts";
import type { Page } from "../../contract/shapes.ts";
import type { CustomValue, CustomValues } from "../../orders/custom-fields/custom-fields.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, decodeCursor, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { type Parameters, parameters } from "../sql/parameters.ts";
import { fromMicroseconds, microseconds } from "../sql/view-sql.ts";
import { foundBySearch, type OrderSearch } from "./order-search.ts";
import { SUMMARY_COLUMNS } from "./order-views.ts";

export type OrderFilter = {
  readonly status?: string | undefined;
  readonly fulfillment?: string | undefined;
  readonly payment?: string | undefined;
  readonly channelId?: string | undefined;
  /** With something to be done, or done, at this place. */
  readonly locationId?: string | undefined;
  /** Only orders of these channels, and with something at one of these places; null: of all. */
  readonly channels?: readonly string[] | null;
  readonly locations?: readonly string[] | null;
  /** A hold's code, or that of the company's own reason. */
  readonly hold?: string | undefined;
  readonly tag?: string | undefined;
  /** A custom field of orders that is not personal data, and its value. */
  readonly field?: { readonly key: string; readonly value: CustomValue } | undefined;
  /** Captured on this day or later, and on this day or before: calendar days in `timeZone`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** IANA name. */
  readonly timeZone: string;
  readonly search?: OrderSearch | undefined;
  readonly sort?: OrderSort | undefined;
};

/** By which an order's place in the list is told, with the id where two are alike. */
type Place = {
  readonly by: string;
  readonly direction: "asc" | "desc";
  /** As it stands in a cursor, and back. */
  readonly text: string;
  readonly format: RegExp;
  readonly from: (parameter: string) => string;
};

const momentOf = (column: string, direction: Place["direction"]): Place => ({
  by: column,
  direction,
  text: microseconds(column),
  format: CURSOR_MICROSECONDS,
  from: fromMicroseconds,
});

/** Amounts of all currencies side by side, as numbers. */
const totalOf = (direction: Place["direction"]): Place => ({
  by: "(o.total_minor / 10::numeric ^ o.exponent)",
  direction,
  text: "(o.total_minor / 10::numeric ^ o.exponent)::text",
  format: /^-?\d{1,30}(\.\d{1,40})?$/,
  from: (parameter) => `${parameter}::numeric`,
});

const PLACES: Readonly<Record<OrderSort, Place>> = {
  "-captured": momentOf("o.captured_at", "desc"),
  captured: momentOf("o.captured_at", "asc"),
  "-updated": momentOf("o.updated_at", "desc"),
  updated: momentOf("o.updated_at", "asc"),
  "ship-by": {
    by: "coalesce(o.ship_by, 'infinity'::date)",
    direction: "asc",
    text: "coalesce(o.ship_by, 'infinity'::date)::text",
    format: /^(infinity|\d{4}-\d{2}-\d{2})$/,
    from: (parameter) => `${parameter}::date`,
  },
  "-total": totalOf("desc"),
  total: totalOf("asc"),
};

/** How many rows of an export are read at a time. */
const EXPORT_PART = 1_000;

export async function listOrders(
  database: Queryable,
  filter: OrderFilter,
  page: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<Page<OrderSummary>> {
  const { cursor, limit } = page;
  const sort = filter.sort ?? "-captured";
  const place = PLACES[sort];
  const statement = parameters();
  const conditions = conditionsOf(database, filter, statement);
  if (cursor !== undefined) {
    // A cursor of another order would skip rows.
    const [, at, id] = decodeCursor(cursor, [new RegExp(`^${sort}$`), place.format, CURSOR_TEXT]);
    const sign = place.direction === "desc" ? "<" : ">";
    const from = place.from(statement.add(at));
    conditions.push(`(${place.by}, o.id) ${sign} (${from}, ${statement.add(id)})`);
  }
  const { rows } = await database.query<OrderSummary & { position: string }>(
    `select ${SUMMARY_COLUMNS}, ${place.text} as position
       from orders o
      where ${["true", ...conditions].join(" and ")}
      order by ${place.by} ${place.direction}, o.id ${place.direction}
      limit ${statement.add(limit + 1)}`,
    [...statement.values],
  );
  return toPage(
    rows,
    limit,
    ({ position: _position, ...summary }) => summary,
    (row) => [sort, row.position, row.id],
  );
}

/** The list's orders in its order, part by part: no more than `most` of them. */
export async function* exportedOrders(
  database: Queryable,
  filter: OrderFilter,
  most: number,
): AsyncGenerator<readonly OrderSummary[], void> {
  let cursor: string | undefined;
  for (let left = most; left > 0; left -= EXPORT_PART) {
    const { items, next } = await listOrders(database, filter, {
      cursor,
      limit: Math.min(EXPORT_PART, left),
    });
    yield items;
    if (next === null) return;
    cursor = next;
  }
}

/** Values of custom fields that are not personal data, by the order's id; orders without any are left out. */
export async function readClearFields(
  client: Queryable,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, CustomValues>> {
  const { rows } = await client.query<{ id: string; values: CustomValues }>(
    `select id, document->'customFields' as values from orders where id = any($1) and document ? 'customFields'`,
    [orderIds],
  );
  return new Map(rows.map(({ id, values }) => [id, values]));
}

function conditionsOf(database: Queryable, filter: OrderFilter, statement: Parameters): string[] {
  const { add } = statement;
  const conditions: string[] = [];
  const equals = (column: string, value: string | undefined): void => {
    if (value !== undefined) conditions.push(`${column} = ${add(value)}`);
  };
  equals("o.status", filter.status);
  equals("o.fulfillment_status", filter.fulfillment);
  equals("o.payment_status", filter.payment);
  equals("o.channel_id", filter.channelId);
  if (filter.channels != null) conditions.push(`o.channel_id = any(${add(filter.channels)})`);
  for (const places of [
    filter.locations,
    filter.locationId === undefined ? undefined : [filter.locationId],
  ]) {
    if (places == null) continue;
    conditions.push(`exists (select from fulfillment_order f
      where f.order_id = o.id and f.location_id = any(${add(places)}))`);
  }
  if (filter.hold !== undefined) {
    // A code of the company's own is none of the built-in ones.
    const code = add(filter.hold);
    conditions.push(`(o.hold_reasons @> jsonb_build_array(jsonb_build_object('code', ${code}::text))
      or o.hold_reasons @> jsonb_build_array(jsonb_build_object('ownReason', ${code}::text)))`);
  }
  if (filter.tag !== undefined) {
    conditions.push(`o.document->'tags' @> jsonb_build_array(${add(filter.tag)}::text)`);
  }
  if (filter.field !== undefined) {
    const { key, value } = filter.field;
    // The index has only orders with fields.
    conditions.push(`o.document ? 'customFields'
      and o.document->'customFields' @> ${add(JSON.stringify({ [key]: value }))}::jsonb`);
  }
  if (filter.from !== undefined) {
    conditions.push(
      `o.captured_at >= (${add(filter.from)}::date)::timestamp at time zone ${add(filter.timeZone)}::text`,
    );
  }
  if (filter.to !== undefined) {
    conditions.push(
      `o.captured_at < (${add(filter.to)}::date + 1)::timestamp at time zone ${add(filter.timeZone)}::text`,
    );
  }
  if (filter.search !== undefined && filter.search.text.trim() !== "") {
    conditions.push(foundBySearch(database, filter.search, statement));
  }
  return conditions;
}
