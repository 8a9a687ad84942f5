/**
 * Fulfillment orders that wait in a store for their customer: since when and until when, the codes that open
 * them (only hashes are kept), and whether the customer has come.
 */

import { createHash, randomInt } from "node:crypto";
import { plainCollectionCode } from "../../orders/fulfillment/collection.ts";
import { standingCancelRequest } from "../orders/orders.ts";
import { sealerOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";
import { localDay } from "../sql/view-sql.ts";

/** No character that is taken for another one when it is read aloud or from a small screen. */
const CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const CODE_LENGTH = 6;
/** Of some 900 million codes: whoever guesses has one chance in 90 million before a person looks. */
export const MOST_WRONG_CODES = 10;

/** The store keeps it from now on, for as long as it keeps such things. */
export async function beginCollection(
  client: Queryable,
  fulfillmentOrderId: string,
): Promise<{ readonly place: string; readonly until: string }> {
  await client.query(
    `insert into collection (fulfillment_order_id, order_id, remind_at, expires_at)
     select f.id, f.order_id,
       case when l.pickup_reminder_days between 1 and l.pickup_days - 1
         then now() + l.pickup_reminder_days * interval '1 day' end,
       now() + l.pickup_days * interval '1 day'
     from fulfillment_order f join location l on l.id = f.location_id where f.id = $1
     on conflict do nothing`,
    [fulfillmentOrderId],
  );
  await client.query("update fulfillment_order set stage = 'ready', updated_at = now() where id = $1", [
    fulfillmentOrderId,
  ]);
  const { rows } = await client.query<{ place: string; until: string }>(
    `select l.name as place, ${localDay("c.expires_at", "l")} as until from collection c
     join fulfillment_order f on f.id = c.fulfillment_order_id join location l on l.id = f.location_id
     where f.id = $1`,
    [fulfillmentOrderId],
  );
  return rows[0] as { place: string; until: string };
}

export type Collection = {
  readonly fulfillmentOrderId: string;
  readonly orderId: string;
  readonly place: string;
  readonly street: string;
  /** Calendar day of the location, ISO 8601. */
  readonly until: string;
  readonly wrongCodes: number;
  readonly collectedAt: Date | null;
  readonly expiredAt: Date | null;
};

export async function readCollection(
  client: Queryable,
  fulfillmentOrderId: string,
): Promise<Collection | undefined> {
  const { rows } = await client.query<Collection>(
    `select c.fulfillment_order_id as "fulfillmentOrderId", c.order_id as "orderId", l.name as place,
       concat_ws(', ', l.address->>'line1', l.address->>'city') as street, ${localDay("c.expires_at", "l")} as until,
       c.wrong_codes as "wrongCodes", c.collected_at as "collectedAt", c.expired_at as "expiredAt"
     from collection c join fulfillment_order f on f.id = c.fulfillment_order_id
     join location l on l.id = f.location_id where c.fulfillment_order_id = $1`,
    [fulfillmentOrderId],
  );
  return rows[0];
}

/**
 * Makes one more code that opens it. Former ones stay good: a mail with one of them may be on its way.
 * Whoever mistyped those starts again.
 */
export async function issueCollectionCode(client: Queryable, fulfillmentOrderId: string): Promise<string> {
  const code = Array.from({ length: CODE_LENGTH }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join(
    "",
  );
  await client.query(
    `with code as (insert into collection_code (fulfillment_order_id, code_hash) values ($1, $2))
     update collection set wrong_codes = 0 where fulfillment_order_id = $1`,
    [fulfillmentOrderId, hashOf(fulfillmentOrderId, code)],
  );
  return code;
}

/** Found by its hash, so that how long it takes says nothing of the code. */
export async function isCollectionCode(
  client: Queryable,
  fulfillmentOrderId: string,
  typed: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    "select from collection_code where fulfillment_order_id = $1 and code_hash = $2",
    [fulfillmentOrderId, hashOf(fulfillmentOrderId, plainCollectionCode(typed))],
  );
  return rowCount === 1;
}

function hashOf(fulfillmentOrderId: string, code: string): Buffer {
  return createHash("sha256").update(`${fulfillmentOrderId}\n${code}`).digest();
}

export async function countWrongCode(client: Queryable, fulfillmentOrderId: string): Promise<void> {
  await client.query("update collection set wrong_codes = wrong_codes + 1 where fulfillment_order_id = $1", [
    fulfillmentOrderId,
  ]);
}

/**
 * The customer has it: a handover stands where a parcel would, and it is at its end the moment it begins.
 * From now on nothing can stop it, and the order's saga books it as it books every parcel.
 */
export async function handOver(
  client: Queryable,
  handover: { readonly shipmentId: string; readonly fulfillmentOrderId: string; readonly service: string },
): Promise<void> {
  await client.query(
    `with collected as (
       update collection set collected_at = now(), remind_at = null where fulfillment_order_id = $2
     ), leaving as (
       update fulfillment_order set stage = 'shipped', updated_at = now() where id = $2
     )
     insert into shipment (id, order_id, fulfillment_order_id, carrier_provider, carrier_shipment_id, carrier, service,
       tracking_number, tracking_status, cost_minor, currency, weight_grams, label_zpl, label_pdf, delivered_at)
     select $1, f.order_id, f.id, 'store', f.id, 'the customer', $3, f.id, 'delivered', 0, o.currency, 0, '', '', now()
     from fulfillment_order f join orders o on o.id = f.order_id where f.id = $2
     on conflict (id) do nothing`,
    [handover.shipmentId, handover.fulfillmentOrderId, handover.service],
  );
}

export async function noteArrival(client: Queryable, orderId: string, note: string): Promise<boolean> {
  const sealer = await sealerOf(client, orderId);
  const { rowCount } = await client.query(
    `update collection set arrived_at = now(), arrival_note = $2
     where order_id = $1 and collected_at is null and expired_at is null`,
    [orderId, sealer.words(note)],
  );
  return rowCount !== null && rowCount > 0;
}

export type DueCollection = { readonly fulfillmentOrderId: string; readonly orderId: string };

/** Takes what the customer is to be reminded of: nobody else reminds them in the same transaction. */
export async function takeReminders(client: Queryable, limit: number): Promise<readonly DueCollection[]> {
  const { rows } = await client.query<DueCollection>(
    `update collection set remind_at = null
     where fulfillment_order_id in (select fulfillment_order_id from collection where remind_at <= now()
       order by remind_at limit $1 for update skip locked)
       and collected_at is null and expired_at is null
     returning fulfillment_order_id as "fulfillmentOrderId", order_id as "orderId"`,
    [limit],
  );
  return rows;
}

/** What nobody has collected in time, and nobody has given up or handed over. */
const OVERDUE = `from collection c join fulfillment_order f on f.id = c.fulfillment_order_id
     where c.expires_at <= now() and c.collected_at is null and c.expired_at is null
       and f.status not in ('closed', 'cancelled') and f.stage <> 'shipped'`;

/**
 * What nobody has collected in time, the longest overdue first. Of an order that is being cancelled nothing
 * is: its saga puts it back; where that comes too late, it is overdue again.
 */
export async function overdueCollections(
  client: Queryable,
  limit: number,
): Promise<readonly DueCollection[]> {
  const { rows } = await client.query<DueCollection>(
    `select c.fulfillment_order_id as "fulfillmentOrderId", c.order_id as "orderId"
     ${OVERDUE} and not exists (select ${standingCancelRequest("c.order_id")})
     order by c.expires_at limit $1`,
    [limit],
  );
  return rows;
}

/** Fulfillment orders of an order, which this transaction has locked, that nobody has collected in time. */
export async function overdueOf(client: Queryable, orderId: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select f.id ${OVERDUE} and c.order_id = $1 order by f.id`,
    [orderId],
  );
  return rows.map(({ id }) => id);
}

export async function markExpired(client: Queryable, fulfillmentOrderIds: readonly string[]): Promise<void> {
  await client.query(
    `update collection set expired_at = now(), remind_at = null
      where fulfillment_order_id = any($1) and collected_at is null`,
    [fulfillmentOrderIds],
  );
}
