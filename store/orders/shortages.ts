/**
 * Units that an order should have had and that were not there: noted with the pick that missed them, and
 * settled later by `operations/settlement/`, which listens on `SHORTAGE_CHANNEL`.
 *
 * Owns the rows and the commit that reserves units in their place. Decides nothing:
 * `orders/fulfillment/shortage.ts` says what becomes of what is missing.
 *
 * Invariants: S1 a unit is settled once: resourced + awaited + cancelled + substituted <= quantity, and what
 * comes to settle more than is left changes nothing. S2 an order that was cancelled gets nothing more:
 * cancelling withdraws its shortages first, and the commit below looks for them under the order's lock. S3
 * units that were reserved in vain are written down to be given back, in the commit that reserves them. S4
 * the commit waits for nobody who holds the order: such a one may be waiting for the stock.
 */

import type { ShortRest } from "../../orders/fulfillment/shortage.ts";
import type { AllocationPolicy, HoldReason, OrderDocument, OrderStatus } from "../../orders/order.ts";
import { afterHoldChange, type OrderStatuses } from "../../orders/order-status.ts";
import { insertMessages, type OutboxMessage, WAKE_RELAY } from "../outbox.ts";
import type { Queryable, Transaction } from "../sql/database.ts";
import { STATUS_FIELDS, statusColumns, statusRow } from "./order-progress.ts";
import { insertHolds, type StoredHold } from "./order-rows.ts";
import { noteReservedInVain, type ReservedInVain, reservedInVain } from "./reserved-in-vain.ts";
import { insertEntries, type TimelineEntry } from "./timeline.ts";

/** Notified with every commit that adds shortages. */
export const SHORTAGE_CHANNEL = "shortage";

type NewShortage = {
  readonly orderId: string;
  readonly fulfillmentOrderId: string;
  readonly lineId: string;
  readonly locationId: string;
  readonly reason: string;
  /** Units of the line; of a kit's line, kits. */
  readonly quantity: number;
};

/** A fulfillment order falls short of a line once: repeating it changes nothing. */
export async function addShortages(client: Queryable, shortages: readonly NewShortage[]): Promise<void> {
  if (shortages.length === 0) return;
  await client.query(
    `with added as (
       insert into shortage (id, order_id, fulfillment_order_id, line_id, location_id, reason, quantity)
       select "fulfillmentOrderId" || ':' || "lineId", "orderId", "fulfillmentOrderId", "lineId", "locationId",
              reason, quantity
         from json_to_recordset($1::json) as s("orderId" text, "fulfillmentOrderId" text, "lineId" text,
           "locationId" text, reason text, quantity integer)
       on conflict do nothing returning id
     )
     select pg_notify('${SHORTAGE_CHANNEL}', '') from added limit 1`,
    [JSON.stringify(shortages)],
  );
}

/**
 * These holds of the order have that many units less. A hold of none stays, so that a kit's parts are known.
 */
export async function takeOffHolds(
  client: Queryable,
  orderId: string,
  units: readonly { readonly holdId: string; readonly locationId: string; readonly quantity: number }[],
): Promise<void> {
  await client.query(
    `update order_hold h set quantity = greatest(0, h.quantity - u.quantity)
       from json_to_recordset($2::json) as u("holdId" text, "locationId" text, quantity integer)
      where h.order_id = $1 and h.hold_id = u."holdId" and h.location_id = u."locationId"`,
    [orderId, JSON.stringify(units)],
  );
}

/** Orders with shortages that are not settled, the oldest shortage first. */
export async function ordersWithShortages(client: Queryable, limit: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select order_id as id from shortage where settled_at is null
     group by order_id order by min(created_at), order_id limit $1`,
    [limit],
  );
  return rows.map((row) => row.id);
}

export type Shortage = {
  readonly id: string;
  readonly lineId: string;
  /** Of the line: a SKU's or a kit's code. */
  readonly sku: string;
  readonly title: string;
  readonly locationId: string;
  readonly reason: string;
  /** Units that are not settled yet. */
  readonly left: number;
  /** Of what the customer ordered: the SKUs that may be sent in its place, the first choice first. */
  readonly substitutes: readonly string[];
  /** The line that the customer ordered: this one, unless it is of a substitute. */
  readonly orderedLineId: string;
};

/** An order with open shortages, as the one who settles them needs it. */
export type ShortOrder = {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly document: OrderDocument;
  readonly holdReasons: readonly HoldReason[];
  readonly allocation: AllocationPolicy;
  /** The channel's rule; `null`: none. */
  readonly rest: ShortRest | null;
  /** Whether the channel's orders take substitutes that do not say so themselves. */
  readonly channelAllowsSubstitutes: boolean;
  /** How many reservations it has made. */
  readonly reservations: number;
  readonly shortages: readonly Shortage[];
  /** Places that fell short of a line, today or earlier, as often as they did. */
  readonly fellShort: readonly FellShort[];
};

export type FellShort = {
  readonly lineId: string;
  readonly locationId: string;
  readonly sku: string;
  readonly orderedLineId: string;
};

const OPEN_SHORTAGES = `select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'lineId', s.line_id, 'sku', l.sku,
       'title', l.title, 'locationId', s.location_id, 'reason', s.reason,
       'left', s.quantity - s.resourced - s.awaited - s.cancelled - s.substituted,
       'orderedLineId', coalesce(l.substitute_for, l.line_id),
       'substitutes', array(select p.substitute_sku from product_substitute p where p.sku = coalesce(first.sku, l.sku)
         order by p.position)) order by s.created_at, s.id), '[]')
     from shortage s join order_line l on l.order_id = s.order_id and l.line_id = s.line_id
       left join order_line first on first.order_id = l.order_id and first.line_id = l.substitute_for
    where s.settled_at is null`;

export async function readShortOrder(client: Queryable, orderId: string): Promise<ShortOrder | undefined> {
  const { rows } = await client.query<ShortOrder>(
    `select o.id as "orderId", o.status, o.document, o.hold_reasons as "holdReasons",
       coalesce(o.document->>'allocation', 'all_or_nothing') as allocation, c.short_rest as rest,
       c.allow_substitutes as "channelAllowsSubstitutes",
       (select count(*)::integer from order_event e
         where e.order_id = o.id and e.type = 'stock.reserved') as reservations,
       (${OPEN_SHORTAGES} and s.order_id = o.id) as shortages,
       (select coalesce(jsonb_agg(jsonb_build_object('lineId', s.line_id, 'locationId', s.location_id, 'sku', l.sku,
            'orderedLineId', coalesce(l.substitute_for, l.line_id))), '[]')
          from shortage s join order_line l on l.order_id = s.order_id and l.line_id = s.line_id
         where s.order_id = o.id) as "fellShort"
     from orders o join channel c on c.id = o.channel_id where o.id = $1`,
    [orderId],
  );
  return rows[0];
}

/** Locks the open shortages of an order, which this transaction has locked. */
export async function lockShortages(client: Queryable, orderId: string): Promise<readonly Shortage[]> {
  await client.query(
    "select from shortage where order_id = $1 and settled_at is null order by id for update",
    [orderId],
  );
  const { rows } = await client.query<{ shortages: readonly Shortage[] }>(
    `select (${OPEN_SHORTAGES} and s.order_id = $1) as shortages`,
    [orderId],
  );
  return rows[0]?.shortages ?? [];
}

/** Units of lines that nobody had, of these shortages: those that the order waits for or goes without. */
export async function readShortUnits(
  client: Queryable,
  shortageIds: readonly string[],
): Promise<readonly { readonly lineId: string; readonly quantity: number }[]> {
  const { rows } = await client.query<{ lineId: string; quantity: number }>(
    `select line_id as "lineId", sum(awaited + cancelled)::integer as quantity from shortage
     where id = any($1) group by line_id having sum(awaited + cancelled) > 0 order by length(line_id), line_id`,
    [shortageIds],
  );
  return rows;
}

/** What becomes of units of a shortage. */
export type Settlement = {
  readonly shortageId: string;
  readonly resourced?: number;
  readonly awaited?: number;
  readonly cancelled?: number;
  /** Sent as units of another product. */
  readonly substituted?: number;
};

/** Fields of a `Settlement`, for `jsonb_to_recordset`. */
const SETTLEMENT = `"shortageId" text, resourced integer, awaited integer, cancelled integer, substituted integer`;

/**
 * For a statement that does more: settles the rows of the relation `from`, which has the settlement's fields.
 */
function settle(from: string): string {
  return `update shortage s set resourced = s.resourced + coalesce(n.resourced, 0),
      awaited = s.awaited + coalesce(n.awaited, 0), cancelled = s.cancelled + coalesce(n.cancelled, 0),
      substituted = s.substituted + coalesce(n.substituted, 0),
      settled_at = case when s.resourced + s.awaited + s.cancelled + s.substituted + coalesce(n.resourced, 0)
        + coalesce(n.awaited, 0) + coalesce(n.cancelled, 0) + coalesce(n.substituted, 0) = s.quantity then now() end
    from ${from} where s.id = n."shortageId"`;
}

export async function settleShortages(client: Queryable, settlements: readonly Settlement[]): Promise<void> {
  await client.query(settle(`jsonb_to_recordset($1) as n(${SETTLEMENT})`), [JSON.stringify(settlements)]);
}

/** The order is being cancelled: nothing is reserved in the place of what was missing. */
export async function withdrawShortages(client: Queryable, orderId: string): Promise<void> {
  await client.query("update shortage set settled_at = now() where order_id = $1 and settled_at is null", [
    orderId,
  ]);
}

/**
 * A change of the order wants fewer units: what is missing of a line is no more than the line lacks. This
 * transaction has locked the order and changed its ledger.
 */
export async function dropUnwantedShortages(
  client: Queryable,
  orderId: string,
  lacking: ReadonlyMap<string, number>,
): Promise<void> {
  const rest = new Map(lacking);
  for (const { id, lineId, left } of await lockShortages(client, orderId)) {
    const kept = Math.min(left, rest.get(lineId) ?? 0);
    rest.set(lineId, (rest.get(lineId) ?? 0) - kept);
    if (kept === 0) await client.query("update shortage set settled_at = now() where id = $1", [id]);
    else if (kept < left)
      await client.query(
        "update shortage set quantity = $2 + resourced + awaited + cancelled + substituted where id = $1",
        [id, kept],
      );
  }
}

/** Units reserved in the place of missing ones. */
export type ResourcedOrder = {
  readonly orderId: string;
  readonly settlements: readonly Settlement[];
  readonly holds: readonly StoredHold[];
  readonly sourcing: readonly string[];
  /** What the order waits for from now on. */
  readonly added: readonly HoldReason[];
  /** The first one counts the order's reservations: `stock.reserved:<n>`. */
  readonly entries: readonly TimelineEntry[];
  /** To the order's saga. */
  readonly messages: readonly OutboxMessage[];
};

const LOCK_SHORT = `
select id as "orderId", status, payment_status as "paymentStatus", fulfillment_status as "fulfillmentStatus",
  return_status as "returnStatus", hold_reasons as "holdReasons", document->>'paymentBy' as "paymentBy"
from orders where id = any($1) and status in ('open', 'on_hold') order by id for no key update skip locked`;

const LOCK_SHORTAGES = `
select id, order_id as "orderId", quantity - resourced - awaited - cancelled - substituted as left
from shortage where order_id = any($1) and settled_at is null order by id for update`;

const RESOURCE = `
with input as materialized (
  select * from json_to_recordset($1::json) as r(id text, ${STATUS_FIELDS}, settlements jsonb, holds jsonb,
    sourcing jsonb, entries jsonb, messages jsonb)
), changed as (
  update orders o set (${statusColumns()}) = row(${statusColumns("i")}), sourcing = o.sourcing || i.sourcing,
    version = o.version + 1, updated_at = now()
  from input i where o.id = i.id
), settled as (
  ${settle(`input i cross join lateral jsonb_to_recordset(i.settlements) as n(${SETTLEMENT})`)}
), new_holds as (
  ${insertHolds("input")} on conflict do nothing
), new_entries as (
  ${insertEntries("input")}
), added as (
  ${insertMessages("select m.value->>'key', m.value->>'topic', m.value->'payload' from input i cross join lateral jsonb_array_elements(i.messages) m")}
)
${WAKE_RELAY}`;

type LockedOrder = OrderStatuses & {
  readonly orderId: string;
  readonly paymentBy: OrderDocument["paymentBy"];
};

/** Writes units that were reserved in the place of missing ones, within the commit that reserves them. */
export const resourcedOrderWriter = {
  name: "resourced-order",
  async write(transaction: Transaction, records: readonly ResourcedOrder[]): Promise<void> {
    // A statement changes a row once, so an order's second record takes a second round.
    let rest = [...records];
    while (rest.length > 0) {
      const round = new Map<string, ResourcedOrder>();
      const later: ResourcedOrder[] = [];
      for (const record of rest) {
        if (round.has(record.orderId)) later.push(record);
        else round.set(record.orderId, record);
      }
      const ids = [...round.keys()];
      const { rows: orders } = await transaction.query(LOCK_SHORT, [ids]);
      const { rows: shortages } = await transaction.query(LOCK_SHORTAGES, [ids]);
      const left = new Map((shortages as { id: string; left: number }[]).map((row) => [row.id, row.left]));
      const byId = new Map((orders as LockedOrder[]).map((order) => [order.orderId, order]));
      const changes: object[] = [];
      const inVain: ReservedInVain[] = [];
      for (const record of round.values()) {
        const order = byId.get(record.orderId);
        const isWanted = record.settlements.every(
          ({ shortageId, resourced = 0, awaited = 0 }) => resourced + awaited <= (left.get(shortageId) ?? 0),
        );
        if (order !== undefined && isWanted) changes.push(changeRow(order, record));
        else inVain.push(reservedInVain(record));
      }
      if (changes.length > 0) await transaction.query(RESOURCE, [JSON.stringify(changes)]);
      await noteReservedInVain(transaction, inVain, "stock:shortage");
      rest = later;
    }
  },
};

function changeRow(order: LockedOrder, record: ResourcedOrder): object {
  const { orderId, added, settlements, holds, sourcing, entries, messages } = record;
  const { paymentBy } = order;
  const statuses = afterHoldChange(order, { cleared: [], added, paymentBy, isSentAnew: false });
  return { id: orderId, ...statusRow(statuses), settlements, holds, sourcing, entries, messages };
}
