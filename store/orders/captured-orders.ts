/**
 * Orders as capture writes them, within the engine's commit: an order and the stock that it holds are written
 * together or not at all, and a commit costs one statement however many orders it carries.
 *
 * Invariant: W1 an order that is stored already, or comes twice in a batch, is written once, with the
 * dependent rows of that one.
 */
import { newLedger } from "../../orders/line-ledger.ts";
import type { DeliveryPromise, HoldReason } from "../../orders/order.ts";
import { capturedPaymentStatus, rollUp } from "../../orders/order-status.ts";
import { insertMessages, type OutboxMessage, WAKE_RELAY } from "../outbox.ts";
import type { Transaction } from "../sql/database.ts";
import { insertLines, STATUS_FIELDS, statusColumns, statusRow } from "./order-progress.ts";
import {
  DOCUMENT_FIELDS,
  documentRow,
  insertHolds,
  insertPersons,
  type SentOrder,
  type StoredHold,
} from "./order-rows.ts";
import { insertEntries, type TimelineEntry } from "./timeline.ts";

export type CapturedOrder = SentOrder & {
  readonly holdReasons: readonly HoldReason[];
  readonly holds: readonly StoredHold[];
  readonly sourcing: readonly string[];
  readonly promise: DeliveryPromise | null;
  readonly trackingToken: string;
  readonly entries: readonly TimelineEntry[];
  /** Starts the order's saga. */
  readonly start: OutboxMessage;
  /** Asks its shopper for a means of payment, where it waits for one. */
  readonly ask?: OutboxMessage;
};

const INSERT_CAPTURED = `
with input as materialized (
  select * from json_to_recordset($1::json) as r(id text, company_id text, channel_id text, external_id text,
    captured_at timestamptz, tracking_token text, ${STATUS_FIELDS}, ${DOCUMENT_FIELDS}, ship_by date,
    deliver_by date, sourcing jsonb, holds jsonb, entries jsonb, start jsonb, ask jsonb)
), stored as (
  insert into orders (id, company_id, channel_id, external_id, external_number, ${statusColumns()}, currency,
    total_minor, exponent, unit_count, customer_name, customer_email, ship_by, deliver_by, placed_at,
    captured_at, content_hash, document, raw_payload, sourcing, tracking_token)
  select id, company_id, channel_id, external_id, external_number, ${statusColumns()}, currency,
    total_minor, exponent, unit_count, customer_name, customer_email, ship_by, deliver_by, placed_at, captured_at,
    decode(content_hash, 'hex'), document, raw_payload, sourcing, tracking_token
  from input on conflict do nothing returning id
), fresh as (
  select input.* from input join stored using (id)
), new_persons as (
  ${insertPersons("fresh")}
), new_lines as (
  ${insertLines("fresh")}
), new_holds as (
  ${insertHolds("fresh")}
), new_entries as (
  ${insertEntries("fresh", "o.captured_at, o.id")}
), added as (
  ${insertMessages(`select m.sent->>'key', m.sent->>'topic', m.sent->'payload' from fresh
    cross join lateral (values (start), (ask)) as m(sent) where m.sent->>'key' is not null`)}
)
${WAKE_RELAY}`;

/** Inserts captured orders with their lines, holds, timeline and the start of their sagas. */
export const capturedOrderWriter = {
  name: "captured-order",
  async write(transaction: Transaction, records: readonly CapturedOrder[]): Promise<void> {
    const byId = new Map<string, CapturedOrder>();
    for (const record of records) {
      if (!byId.has(record.document.orderId)) byId.set(record.document.orderId, record);
    }
    await transaction.query(INSERT_CAPTURED, [JSON.stringify([...byId.values()].map(insertRow))]);
  },
};

function insertRow(order: CapturedOrder): object {
  const { document, holdReasons } = order;
  const ledgers = document.lines.map((line) => ({
    ...newLedger(line.quantity),
    fulfilledElsewhere: line.fulfilledElsewhere ?? 0,
  }));
  return {
    id: document.orderId,
    company_id: document.companyId,
    channel_id: document.channelId,
    external_id: document.externalId,
    captured_at: document.capturedAt,
    tracking_token: order.trackingToken,
    ...statusRow(rollUp(ledgers, holdReasons, capturedPaymentStatus(document.paymentBy, holdReasons))),
    ...documentRow(order),
    ship_by: order.promise?.shipBy ?? null,
    deliver_by: order.promise?.deliverBy ?? null,
    sourcing: order.sourcing,
    holds: order.holds,
    entries: order.entries,
    start: order.start,
    ask: order.ask ?? null,
  };
}
