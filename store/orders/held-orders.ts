/**
 * Orders on hold: what a decision about a hold starts from, and what it changes. The writer runs within the
 * engine's commit: the reasons that go and the stock that is reserved are written together or not at all.
 *
 * Between the decision and the commit an order may move. The change is therefore made to the order as it is
 * then: `orders/order-status.ts` says what comes of it.
 *
 * Invariants: W2 a change is made once (its `marker` is a timeline key) and only while the order is on hold.
 * W3 what was reserved from an older reading of the order is not written: it goes back, as written in the
 * same commit. W4 the commit waits for nobody who holds an order: such a one may be waiting for the stock,
 * and all other commits would wait with it. Whoever asked for the change tries again.
 */
import type {
  DeliveryPromise,
  Fulfiller,
  HoldCode,
  HoldReason,
  LineKind,
  OrderDocument,
  OrderStatus,
} from "../../orders/order.ts";
import { afterHoldChange, type OrderStatuses } from "../../orders/order-status.ts";
import { insertMessages, type OutboxMessage, WAKE_RELAY } from "../outbox.ts";
import type { Queryable, Transaction } from "../sql/database.ts";
import { replaceLines, STATUS_FIELDS, statusColumns, statusRow } from "./order-progress.ts";
import {
  DOCUMENT_FIELDS,
  documentRow,
  insertHolds,
  insertPersons,
  type SentOrder,
  type StoredHold,
} from "./order-rows.ts";
import { noteReservedInVain, reservedInVain } from "./reserved-in-vain.ts";
import { insertEntries, type TimelineEntry } from "./timeline.ts";

/** An order as the decision about its hold needs it. */
export type HeldOrder = {
  readonly orderId: string;
  readonly channelId: string;
  readonly status: OrderStatus;
  readonly version: number;
  readonly holdReasons: readonly HoldReason[];
  readonly document: OrderDocument;
  /** The provider's token of the means of payment that we charge. */
  readonly paymentMethod: string | null;
  readonly rawPayload: string;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string | null;
    readonly channelSku: string;
    readonly kind: LineKind;
    readonly fulfilledBy: Fulfiller;
    /** Units that we are to hand over. */
    readonly wanted: number;
    readonly held: number;
    /** Units that were not found and that are `operations/settlement/`'s to replace: others leave them. */
    readonly short: number;
  }[];
  /** How many reservations it has made. */
  readonly reservations: number;
};

/** Units of the line `l` that we are to reserve: neither cancelled nor done by somebody else. */
const WANTED_HERE = `case when l.kind = 'goods' and l.fulfilled_by = 'us'
  then l.ordered - l.cancelled - l.fulfilled_elsewhere else 0 end`;

export async function readHeldOrder(client: Queryable, orderId: string): Promise<HeldOrder | undefined> {
  const { rows } = await client.query<HeldOrder>(
    `select o.id as "orderId", o.channel_id as "channelId", o.status, o.version,
       o.hold_reasons as "holdReasons",
       o.document, coalesce(o.payment_method, o.document->>'paymentMethod') as "paymentMethod",
       o.raw_payload as "rawPayload",
       (select count(*)::integer from order_event e
         where e.order_id = o.id and e.type = 'stock.reserved') as reservations,
       coalesce((select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku,
         'channelSku', l.channel_sku, 'kind', l.kind, 'fulfilledBy', l.fulfilled_by, 'wanted', ${WANTED_HERE},
         'held', (select coalesce(min(whole), 0) from (
           select sum(h.quantity) / max(h.per_unit) as whole from order_hold h
           where h.order_id = l.order_id and h.line_id = l.line_id group by h.sku) component),
         'short', (select coalesce(sum(s.quantity - s.resourced - s.awaited - s.cancelled - s.substituted), 0) from shortage s
           where s.order_id = l.order_id and s.line_id = l.line_id and s.settled_at is null))
         order by length(l.line_id), l.line_id)
         from order_line l where l.order_id = o.id), '[]') as lines
     from orders o where o.id = $1`,
    [orderId],
  );
  return rows[0];
}

/** A change of an order that is on hold. */
export type HeldOrderChange = {
  readonly orderId: string;
  /** Of the order that the change starts from, where it has reserved units; null: whichever there is. */
  readonly version: number | null;
  /** Key of the first of `entries`: the change happens once. */
  readonly marker: string;
  /** Reasons that go; a reason of `added` replaces the one of the same code. */
  readonly cleared: readonly HoldCode[];
  readonly added: readonly HoldReason[];
  readonly lineSkus: readonly { readonly lineId: string; readonly sku: string }[];
  readonly holds: readonly StoredHold[];
  readonly sourcing: readonly string[];
  readonly promise: DeliveryPromise | null;
  readonly entries: readonly TimelineEntry[];
  /** Tells the order's saga, which looks what is left: a part of the order may go on while others wait. */
  readonly signal: OutboxMessage;
  /** Asks its shopper for a means of payment, where it begins to wait for one. */
  readonly ask?: OutboxMessage;
  /** The order as the channel knows it now, where it has sent a fuller version. */
  readonly replacement: SentOrder | null;
};

/** A change on its way through the engine's commit. */
export type HeldOrderRecord = {
  readonly change: HeldOrderChange;
  /**
   * What the commit has made of it. `busy`: somebody holds the order; `moved`: it is not on hold any more, or
   * not as it was read. Of both, nothing is written.
   */
  outcome: "written" | "busy" | "moved";
};

const LOCK_HELD = `
select id as "orderId", version, status, payment_status as "paymentStatus", fulfillment_status as "fulfillmentStatus",
  return_status as "returnStatus", hold_reasons as "holdReasons", document->>'paymentBy' as "paymentBy"
from orders where id = any($1) and status = 'on_hold' order by id for no key update skip locked`;

type LockedOrder = OrderStatuses &
  Pick<OrderDocument, "paymentBy"> & { readonly orderId: string; readonly version: number };

/** Of changes that are not written now: which were before, and which order could not be had. */
const NOT_WRITTEN = `
select o.id, o.status = 'on_hold' as held,
  exists (select from order_event e where e.order_id = o.id and e.key = c.marker) as "isKnown"
from json_to_recordset($1::json) as c(id text, marker text) join orders o on o.id = c.id`;

const CHANGE_HELD = `
with input as materialized (
  select * from json_to_recordset($1::json) as r(id text, marker text, ${STATUS_FIELDS}, line_skus jsonb,
    holds jsonb, sourcing jsonb, ship_by date, deliver_by date, entries jsonb, signal jsonb, ask jsonb, replaced boolean,
    ${DOCUMENT_FIELDS})
), changed as (
  update orders o set
    (${statusColumns()}) = row(${statusColumns("i")}),
    sourcing = o.sourcing || i.sourcing,
    ship_by = coalesce(i.ship_by, o.ship_by), deliver_by = coalesce(i.deliver_by, o.deliver_by),
    external_number = coalesce(i.external_number, o.external_number),
    currency = coalesce(i.currency, o.currency), total_minor = coalesce(i.total_minor, o.total_minor),
    exponent = coalesce(i.exponent, o.exponent), unit_count = coalesce(i.unit_count, o.unit_count),
    customer_name = coalesce(i.customer_name, o.customer_name),
    customer_email = coalesce(i.customer_email, o.customer_email),
    placed_at = coalesce(i.placed_at, o.placed_at),
    content_hash = coalesce(decode(i.content_hash, 'hex'), o.content_hash),
    document = coalesce(i.document, o.document), raw_payload = coalesce(i.raw_payload, o.raw_payload),
    version = o.version + 1, updated_at = now()
  from input i
  where o.id = i.id and not exists (select from order_event e where e.order_id = i.id and e.key = i.marker)
  returning o.id
), fresh as (
  select input.* from input join changed using (id)
), dropped_lines as (
  delete from order_line l using fresh f where f.replaced and l.order_id = f.id
    and not exists (select from jsonb_array_elements(f.lines) n where n->>'line_id' = l.line_id)
), new_persons as (
  ${insertPersons("fresh")}
), replaced as (
  select * from fresh where replaced
), new_lines as (
  ${replaceLines("replaced")}
), mapped_lines as (
  update order_line l set sku = s.sku
  from fresh f cross join lateral jsonb_to_recordset(f.line_skus) as s("lineId" text, sku text)
  where not f.replaced and l.order_id = f.id and l.line_id = s."lineId" and l.sku is null
), new_holds as (
  ${insertHolds("fresh")} on conflict do nothing
), new_entries as (
  ${insertEntries("fresh")}
), added as (
  ${insertMessages(`select m.sent->>'key', m.sent->>'topic', m.sent->'payload' from fresh
    cross join lateral (values (signal), (ask)) as m(sent) where m.sent->>'key' is not null`)}
)
${WAKE_RELAY}`;

/** Changes held orders: reasons go or come, stock is held, the saga hears of it. */
export const heldOrderWriter = {
  name: "held-order",
  async write(transaction: Transaction, records: readonly HeldOrderRecord[]): Promise<void> {
    // A statement changes a row once, so two changes of one order take two rounds.
    let rest = [...records];
    while (rest.length > 0) {
      const round = new Map<string, HeldOrderRecord>();
      const later: HeldOrderRecord[] = [];
      for (const record of rest) {
        const { orderId } = record.change;
        if (round.has(orderId)) later.push(record);
        else round.set(orderId, record);
      }
      const { rows } = await transaction.query(LOCK_HELD, [[...round.keys()]]);
      const locked = new Map((rows as readonly LockedOrder[]).map((order) => [order.orderId, order]));
      const changes: object[] = [];
      const others: HeldOrderRecord[] = [];
      for (const record of round.values()) {
        const { change } = record;
        const order = locked.get(change.orderId);
        if (order === undefined || (change.version !== null && change.version !== order.version)) {
          others.push(record);
          continue;
        }
        record.outcome = "written";
        changes.push(changeRow(order, change));
      }
      if (changes.length > 0) await transaction.query(CHANGE_HELD, [JSON.stringify(changes)]);
      if (others.length > 0) await leave(transaction, others, locked);
      rest = later;
    }
  },
};

/** Says why they are not written, and writes down that what they have reserved goes back. */
async function leave(
  transaction: Transaction,
  records: readonly HeldOrderRecord[],
  locked: ReadonlyMap<string, LockedOrder>,
): Promise<void> {
  const asked = records.map(({ change }) => ({ id: change.orderId, marker: change.marker }));
  const { rows } = await transaction.query(NOT_WRITTEN, [JSON.stringify(asked)]);
  const orders = new Map(
    (rows as { id: string; held: boolean; isKnown: boolean }[]).map((row) => [row.id, row]),
  );
  for (const record of records) {
    const { orderId } = record.change;
    const order = orders.get(orderId);
    if (order?.isKnown === true) record.outcome = "written";
    else record.outcome = order?.held === true && !locked.has(orderId) ? "busy" : "moved";
  }
  const lost = records.filter(({ change, outcome }) => outcome !== "written" && change.holds.length > 0);
  await noteReservedInVain(
    transaction,
    lost.map(({ change }) => reservedInVain(change)),
    "operations:release-hold",
  );
}

function changeRow(order: LockedOrder, change: HeldOrderChange): object {
  const { cleared, added, replacement } = change;
  const statuses = afterHoldChange(order, {
    cleared,
    added,
    paymentBy: replacement?.document.paymentBy ?? order.paymentBy,
    isSentAnew: replacement !== null,
  });
  return {
    id: change.orderId,
    marker: change.marker,
    ...statusRow(statuses),
    line_skus: change.lineSkus,
    holds: change.holds,
    sourcing: change.sourcing,
    ship_by: change.promise?.shipBy ?? null,
    deliver_by: change.promise?.deliverBy ?? null,
    entries: change.entries,
    signal: change.signal,
    ask: change.ask ?? null,
    replaced: replacement !== null,
    ...(replacement === null ? {} : documentRow(replacement)),
  };
}

/** Which of these holds are written down as the order's. */
export async function recordedHolds(
  client: Queryable,
  orderId: string,
  holdIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ hold_id: string }>(
    "select hold_id from order_hold where order_id = $1 and hold_id = any($2)",
    [orderId, holdIds],
  );
  return new Set(rows.map((row) => row.hold_id));
}

/** Held orders with an unmapped line of this channel SKU (of one channel, or of all), oldest first. */
export async function ordersWaitingForSku(
  client: Queryable,
  channelSku: string,
  channelId: string | null,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select o.id from orders o
     where o.status = 'on_hold' and ($2::text is null or o.channel_id = $2)
       and exists (select from order_line l where l.order_id = o.id and l.sku is null and l.channel_sku = $1)
     order by o.captured_at, o.id`,
    [channelSku, channelId],
  );
  return rows.map((row) => row.id);
}

/** Those of these channel SKUs that an order on hold waits for, of any channel. */
export async function skusWaitedFor(client: Queryable, skus: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    `select distinct l.channel_sku as sku from orders o join order_line l on l.order_id = o.id
      where o.status = 'on_hold' and l.sku is null and l.channel_sku = any($1) order by sku`,
    [skus],
  );
  return rows.map(({ sku }) => sku);
}

/** Orders held for nothing but stock, with a line of one of these SKUs, oldest first. */
export async function ordersWaitingForStock(
  client: Queryable,
  skus: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select o.id from orders o
     where o.status = 'on_hold' and jsonb_array_length(o.hold_reasons) = 1
       and o.hold_reasons @> '[{"code": "insufficient_stock"}]'
       and exists (select from order_line l where l.order_id = o.id and l.sku = any($1))
     order by o.captured_at, o.id`,
    [skus],
  );
  return rows.map((row) => row.id);
}

/** SKUs that orders on hold wait for, whatever else those orders wait for. */
export async function skusOrdersWaitFor(client: Queryable): Promise<readonly string[]> {
  const { rows } = await client.query<{ sku: string }>(
    `select distinct line.sku
       from orders join order_line line on line.order_id = orders.id
      where orders.status = 'on_hold' and line.sku is not null
        and orders.hold_reasons @> '[{"code": "insufficient_stock"}]'`,
  );
  return rows.map((row) => row.sku);
}
