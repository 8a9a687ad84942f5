/** Rows of an order that its capture writes, and that a fuller version of it replaces while it is on hold. */
import { rescale } from "../../orders/money.ts";
import type { OrderDocument } from "../../orders/order.ts";
import { exponentOf } from "../../orders/order-amounts.ts";
import { clearSealer, type Sealer } from "../personal-data/vault.ts";
import { lineRows } from "./order-progress.ts";

/** What the channel sent, read and as it came. */
export type SentOrder = {
  readonly document: OrderDocument;
  readonly rawPayload: string;
  /** SHA-256 in hex. */
  readonly contentHash: string;
  /** Of the order; absent: what it says is stored in clear. */
  readonly sealer?: Sealer;
};

/** The fields of `documentRow`, for `json_to_recordset`. */
export const DOCUMENT_FIELDS = `external_number text, currency text, total_minor bigint, exponent integer,
    unit_count integer, customer_name text, customer_email text, placed_at timestamptz, content_hash text,
    document jsonb, raw_payload text, lines jsonb, wrapped text, mark bigint, tokens bigint[]`;

/** The columns that follow from what the channel sent, and the lines. */
export function documentRow({ document, rawPayload, contentHash, sealer }: SentOrder): object {
  const sealed = sealer ?? clearSealer(document.orderId);
  const { email } = document.customer;
  const exponent = exponentOf(document);
  return {
    external_number: document.externalNumber,
    currency: document.currency,
    total_minor: rescale(document.total, exponent),
    exponent,
    unit_count: document.lines.reduce((units, line) => units + line.quantity, 0),
    customer_name: sealed.text(document.customer.name),
    customer_email: email === undefined ? null : sealed.text(email),
    placed_at: document.placedAt,
    content_hash: contentHash,
    document: sealed.document(document),
    raw_payload: sealed.text(rawPayload),
    lines: lineRows(document, exponent),
    ...sealed.person(document),
  };
}

export type StoredHold = {
  readonly holdId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
  /** Of a kit's component: how many of it one kit takes. Default 1. */
  readonly perUnit?: number;
};

/**
 * Inserts the holds of every row of the relation `orders`, which has an `id` and `holds`, an array of
 * `StoredHold`.
 */
export function insertHolds(orders: string): string {
  return `insert into order_hold (order_id, hold_id, line_id, sku, location_id, quantity, per_unit)
    select f.id, h."holdId", h."lineId", h.sku, h."locationId", h.quantity, coalesce(h."perUnit", 1)
    from ${orders} f cross join lateral jsonb_to_recordset(f.holds)
      as h("holdId" text, "lineId" text, sku text, "locationId" text, quantity integer, "perUnit" integer)`;
}

/**
 * Inserts the keys and tokens of every row of the relation `orders`, which has `DOCUMENT_FIELDS`, where it is
 * sealed. Of an order that has its key, what a former version has written may still be in clear: it stays
 * due.
 */
export function insertPersons(orders: string): string {
  return `insert into order_person (order_id, wrapped, mark, tokens, sealed_at)
    select f.id, decode(f.wrapped, 'hex'), f.mark, f.tokens, now() from ${orders} f where f.wrapped is not null
    on conflict (order_id) do update set mark = excluded.mark, tokens = excluded.tokens`;
}
