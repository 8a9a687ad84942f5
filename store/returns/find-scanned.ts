/**
 * Who knows a code that was scanned at the returns desk. The first meaning that somebody knows counts: a
 * return's number, a tracking number, an item, an order's number.
 */
import type { ScanResult } from "../../contract/returns.ts";
import { readScannedCode, type ScannedCode } from "../../orders/returns/scanned-code.ts";
import type { Queryable } from "../sql/database.ts";

type Match = ScanResult["matches"][number];

/** Returns that a code may be about. */
const MOST_MATCHES = 20;

/** Columns of a match, for the rows `o` of an order and, where there is one, `r` of its return. */
const MATCH = `r.id as "returnId", o.id as "orderId", o.external_number as "orderNumber",
  o.customer_name as "customerName", r.status`;

const AWAITED = "l.requested - l.received - l.dismissed";

/** @param within the return that is being worked on: items of it come before those of others */
export async function findScanned(
  database: Queryable,
  scan: string,
  within: string | null,
): Promise<ScanResult> {
  const code = readScannedCode(scan);
  const found =
    (await asReturn(database, code)) ??
    (await asTracking(database, code)) ??
    (await asItem(database, code, within)) ??
    (await asOrder(database, code));
  if (found !== null) return { code: code.text, ...found };
  return {
    code: code.text,
    kind: "unknown",
    returnId: null,
    orderId: null,
    sku: null,
    serial: null,
    matches: [],
  };
}

type Found = Omit<ScanResult, "code">;

async function asReturn(database: Queryable, { text }: ScannedCode): Promise<Found | null> {
  const matches = await matching(
    database,
    `select ${MATCH}, null as "lineId", null as title, 0 as awaited
     from return_authorization r join orders o on o.id = r.order_id where lower(r.id) = lower($1)
     order by r.id = $1 desc limit ${MOST_MATCHES}`,
    [text],
  );
  return matches.length === 0 ? null : found("return", matches);
}

/** A return's own parcel, or the parcel in which the goods were sent, which comes back as it was. */
async function asTracking(database: Queryable, { tracking }: ScannedCode): Promise<Found | null> {
  if (tracking.length === 0) return null;
  const matches = await matching(
    database,
    `select ${MATCH}, null as "lineId", null as title, 0 as awaited
     from shipment s join orders o on o.id = s.order_id
     left join return_authorization r on case when s.return_id is null then r.order_id = o.id else r.id = s.return_id end
     where s.tracking_number = any($1) order by s.return_id is null, r.requested_at desc limit ${MOST_MATCHES}`,
    [tracking],
  );
  return matches.length === 0 ? null : found("tracking", matches);
}

async function asOrder(database: Queryable, { text }: ScannedCode): Promise<Found | null> {
  const matches = await matching(
    database,
    `select ${MATCH}, null as "lineId", null as title, 0 as awaited
     from orders o left join return_authorization r on r.order_id = o.id
     where o.id = $1 or o.external_number in ($1, '#' || $1)
     order by r.requested_at desc limit ${MOST_MATCHES}`,
    [text],
  );
  return matches.length === 0 ? null : found("order", matches);
}

async function asItem(
  database: Queryable,
  { text, gtin, serial }: ScannedCode,
  within: string | null,
): Promise<Found | null> {
  const product = await database.query<{ sku: string }>(
    `select sku from product where ($2::text is not null and gtin = $2) or sku = $1 or upper(sku) = upper($1)
     order by sku = $1 desc limit 1`,
    [text, gtin],
  );
  const unit =
    serial === null
      ? undefined
      : (
          await database.query<{ sku: string; orderId: string }>(
            `select u.sku, f.order_id as "orderId"
             from packed_unit u join fulfillment_order f on f.id = u.fulfillment_order_id
             where u.serial = $1 and ($2::text is null or u.sku = $2) order by u.packed_at desc limit 1`,
            [serial, product.rows[0]?.sku ?? null],
          )
        ).rows[0];
  const sku = product.rows[0]?.sku ?? unit?.sku;
  if (sku === undefined) return null;
  const matches = await matching(
    database,
    `select ${MATCH}, l.line_id as "lineId", coalesce(ol.title, l.sku) as title, ${AWAITED} as awaited
     from return_line l join return_authorization r on r.id = l.return_id join orders o on o.id = r.order_id
     left join order_line ol on ol.order_id = o.id and ol.line_id = l.line_id
     where l.sku = $1 and ($2::text is null or r.order_id = $2 or r.id = $3)
       and (r.id = $3 or r.status in ('requested', 'approved', 'in_transit', 'received', 'inspected', 'partially_refunded'))
     order by (r.id = $3) is true desc, ${AWAITED} > 0 desc, r.requested_at desc limit ${MOST_MATCHES}`,
    [sku, unit?.orderId ?? null, within],
  );
  return {
    ...found("item", matches),
    // Of an item without an open return, the order is known where its serial is.
    orderId: matches.length === 1 ? (matches[0]?.orderId ?? null) : (unit?.orderId ?? null),
    sku,
    serial: serial !== null && (gtin !== null || unit !== undefined) ? serial : null,
  };
}

function found(kind: ScanResult["kind"], matches: readonly Match[]): Found {
  const returns = new Set(matches.flatMap(({ returnId }) => (returnId === null ? [] : [returnId])));
  const orders = new Set(matches.map(({ orderId }) => orderId));
  const [onlyReturn] = returns;
  const [onlyOrder] = orders;
  return {
    kind,
    returnId: returns.size === 1 ? (onlyReturn ?? null) : null,
    orderId: orders.size === 1 ? (onlyOrder ?? null) : null,
    sku: null,
    serial: null,
    matches,
  };
}

async function matching(
  database: Queryable,
  sql: string,
  values: readonly unknown[],
): Promise<readonly Match[]> {
  const { rows } = await database.query<Match>(sql, [...values]);
  return rows;
}
