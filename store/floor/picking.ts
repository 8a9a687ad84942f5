/** What is picked and packed of a fulfillment order, and how far that has come. */

import type { PackingCheck } from "../../orders/fulfillment/packing-check.ts";
import type { FloorStage, FulfillmentOrderStatus } from "../../orders/fulfillment-order.ts";
import type { HoldReason } from "../../orders/order.ts";
import type { Queryable } from "../sql/database.ts";
import { cancelFulfillmentOrder } from "./fulfillment.ts";

/** A line of a fulfillment order, as the one who picks it needs it. */
export type PickLine = {
  readonly orderId: string;
  readonly locationId: string;
  readonly status: FulfillmentOrderStatus;
  readonly lineId: string;
  readonly holdId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly perUnit: number;
  /** Of the hold, what other fulfillment orders have taken that have not left. */
  readonly pickedByOthers: number;
  /** Tells the holds of one line apart: a kit's line has one for each component. */
  readonly part: string;
};

export async function readPickLines(
  client: Queryable,
  fulfillmentOrderId: string,
): Promise<readonly PickLine[]> {
  const { rows } = await client.query<PickLine>(
    `select f.order_id as "orderId", f.location_id as "locationId", f.status, l.line_id as "lineId",
            l.hold_id as "holdId", l.sku, l.quantity, l.per_unit as "perUnit",
            coalesce((select sum(other.picked)::integer from fulfillment_order_line other
              join fulfillment_order part on part.id = other.fulfillment_order_id
              where part.order_id = f.order_id and part.id <> f.id and part.status not in ('closed', 'cancelled')
                and other.hold_id = l.hold_id), 0) as "pickedByOthers",
            case when row_number() over part = 1 then l.line_id
              else l.line_id || '.' || row_number() over part end as part
     from fulfillment_order f join fulfillment_order_line l on l.fulfillment_order_id = f.id
     where f.id = $1 window part as (partition by l.line_id order by l.hold_id) order by l.hold_id`,
    [fulfillmentOrderId],
  );
  return rows;
}

/** Keys of the timeline's entries: where one is there, its step has happened. */
export const pickedKey = (fulfillmentOrderId: string) => `picked:${fulfillmentOrderId}`;
export const packedKey = (fulfillmentOrderId: string) => `packed:${fulfillmentOrderId}`;

/** Somebody is about to take it off the shelves: from now on nothing of it is given up. */
export async function beginPicking(client: Queryable, fulfillmentOrderId: string): Promise<void> {
  await client.query(
    `update fulfillment_order set stage = 'picking', status = 'in_progress', updated_at = now()
     where id = $1 and stage = 'waiting' and status in ('open', 'in_progress')`,
    [fulfillmentOrderId],
  );
}

/** Writes down what was taken of each hold. */
export async function recordPicked(
  client: Queryable,
  fulfillmentOrderId: string,
  lines: readonly { readonly holdId: string; readonly picked: number }[],
): Promise<void> {
  await client.query(
    `with picked_lines as (
       update fulfillment_order_line l set picked = c.picked
       from unnest($2::text[], $3::integer[]) as c(hold_id, picked)
       where l.fulfillment_order_id = $1 and l.hold_id = c.hold_id
     )
     update fulfillment_order
     set stage = case when stage in ('waiting', 'picking') then 'picked' else stage end,
         status = case when status = 'open' then 'in_progress' else status end,
         updated_at = now()
     where id = $1`,
    [fulfillmentOrderId, lines.map((line) => line.holdId), lines.map((line) => line.picked)],
  );
}

/** A fulfillment order, as the one who packs it needs it. */
export type PackState = {
  readonly status: FulfillmentOrderStatus;
  readonly stage: FloorStage;
  /** Of its order. */
  readonly holdReasons: readonly HoldReason[];
  /** Of its order's document. */
  readonly revision: number;
  readonly isPicked: boolean;
  /** The key of the packing, if it was packed. */
  readonly packedUnder: string | null;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string;
    readonly quantity: number;
    readonly picked: number;
    readonly perUnit: number;
    /** Whether its units bear an RFID tag. */
    readonly tagged: boolean;
    readonly holdId: string;
    readonly gtin: string;
    readonly unitGrams: number;
    /** How whoever packs verifies it; `null`: it has a tag, or is taken as picked. */
    readonly check: PackingCheck | null;
  }[];
};

/**
 * Locks it and its order: no other transaction packs it or changes the order before this one ends.
 *
 * @returns its order; undefined where there is no such fulfillment order
 */
export async function lockForPacking(
  client: Queryable,
  fulfillmentOrderId: string,
): Promise<string | undefined> {
  // The order first, as in every transaction that locks both.
  const { rows } = await client.query<{ orderId: string }>(
    `select o.id as "orderId" from orders o join fulfillment_order f on f.order_id = o.id
     where f.id = $1 for no key update of o, f`,
    [fulfillmentOrderId],
  );
  return rows[0]?.orderId;
}

/** Apart from the lock, so that it sees what the previous holder of the lock has written. */
export async function readPackState(client: Queryable, fulfillmentOrderId: string): Promise<PackState> {
  const { rows } = await client.query<PackState>(
    `select f.status, f.stage, o.hold_reasons as "holdReasons", o.revision,
       exists (select from order_event e where e.order_id = f.order_id and e.key = $2) as "isPicked",
       (select e.data->>'key' from order_event e
         where e.order_id = f.order_id and e.key = $3) as "packedUnder",
       (select coalesce(jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku,
          'quantity', l.quantity, 'picked', l.picked, 'perUnit', l.per_unit,
          'tagged', p.tagged, 'holdId', l.hold_id, 'gtin', p.gtin, 'unitGrams', p.weight_grams,
          'check', case when not p.tagged then p.packing_check end)), '[]')
          from fulfillment_order_line l join product p on p.sku = l.sku
         where l.fulfillment_order_id = f.id) as lines
     from fulfillment_order f join orders o on o.id = f.order_id where f.id = $1`,
    [fulfillmentOrderId, pickedKey(fulfillmentOrderId), packedKey(fulfillmentOrderId)],
  );
  return rows[0] as PackState;
}

/** What was picked is in the parcel. */
export async function recordPacked(client: Queryable, fulfillmentOrderId: string): Promise<void> {
  await client.query(
    `with verified_lines as (
       update fulfillment_order_line set verified = picked where fulfillment_order_id = $1
     )
     update fulfillment_order set stage = 'packed', status = 'in_progress', updated_at = now() where id = $1`,
    [fulfillmentOrderId],
  );
}

/**
 * What was found is all that it asks for from now on. Where nothing was found, nobody works on it any longer.
 */
export async function keepWhatWasFound(
  client: Queryable,
  fulfillmentOrderId: string,
  lines: readonly { readonly holdId: string; readonly picked: number }[],
): Promise<void> {
  if (lines.every((line) => line.picked === 0)) {
    await cancelFulfillmentOrder(client, fulfillmentOrderId);
    return;
  }
  await client.query(
    `with found as (
       select * from unnest($2::text[], $3::integer[]) as f(hold_id, picked)
     ), gone as (
       delete from fulfillment_order_line l using found f
       where l.fulfillment_order_id = $1 and l.hold_id = f.hold_id and f.picked = 0
     )
     update fulfillment_order_line l set quantity = f.picked from found f
     where l.fulfillment_order_id = $1 and l.hold_id = f.hold_id and f.picked > 0`,
    [fulfillmentOrderId, lines.map((line) => line.holdId), lines.map((line) => line.picked)],
  );
}

/**
 * A fulfillment order that the floor works on, and how many of its exceptions are settled: it has moved since
 * then.
 */
export async function readExceptions(
  client: Queryable,
  fulfillmentOrderId: string,
): Promise<{ readonly orderId: string; readonly settled: number } | undefined> {
  const { rows } = await client.query<{ orderId: string; settled: number }>(
    `select f.order_id as "orderId",
       (select count(*)::integer from order_event e
        where e.order_id = f.order_id and e.type = 'fulfillment.exception'
          and e.data->>'fulfillmentOrderId' = f.id and e.at < f.updated_at) as settled
     from fulfillment_order f where f.id = $1 and f.status in ('open', 'in_progress')`,
    [fulfillmentOrderId],
  );
  return rows[0];
}
