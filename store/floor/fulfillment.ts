/**
 * Fulfillment orders: the parts of an order that one location each is asked to ship, and their way over the
 * floor.
 */
import type { FloorStage, FulfillmentOrderStatus } from "../../orders/fulfillment-order.ts";
import { handlingUnitNumber, handlingUnitSerials } from "../../orders/handling-unit.ts";
import type { Queryable } from "../sql/database.ts";

/** Stock that was reserved for a line of the order at a location. */
export type OrderHold = {
  readonly holdId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
  /** How many of the SKU one unit of the line takes: more than 1 only for a kit's components. */
  readonly perUnit: number;
};

export type FulfillmentOrderLine = {
  readonly lineId: string;
  readonly holdId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly picked: number;
  readonly perUnit: number;
  /** Another fulfillment order has, or had, the rest of the hold. */
  readonly splitOff: boolean;
};

export type FulfillmentOrder = {
  readonly id: string;
  readonly orderId: string;
  readonly locationId: string;
  readonly status: FulfillmentOrderStatus;
  readonly stage: FloorStage;
  /** Calendar day; of a scheduled one. */
  readonly releaseOn: string | null;
  readonly lines: readonly FulfillmentOrderLine[];
};

/** What was reserved for the order, by location and line. */
export async function readOrderHolds(client: Queryable, orderId: string): Promise<readonly OrderHold[]> {
  const { rows } = await client.query<OrderHold>(
    `select hold_id as "holdId", line_id as "lineId", sku, location_id as "locationId", quantity,
       per_unit as "perUnit"
     from order_hold where order_id = $1 order by location_id, line_id, hold_id`,
    [orderId],
  );
  return rows;
}

/** What a unit of each line that was reserved is picked as. */
export async function readLineComponents(
  client: Queryable,
  orderId: string,
): Promise<ReadonlyMap<string, readonly { readonly sku: string; readonly perUnit: number }[]>> {
  const { rows } = await client.query<{ lineId: string; sku: string; perUnit: number }>(
    `select distinct line_id as "lineId", sku, per_unit as "perUnit" from order_hold
     where order_id = $1 order by line_id, sku`,
    [orderId],
  );
  const components = new Map<string, { readonly sku: string; readonly perUnit: number }[]>();
  for (const { lineId, ...component } of rows) {
    components.set(lineId, [...(components.get(lineId) ?? []), component]);
  }
  return components;
}

/** Units of a hold that are in no fulfillment order. */
export type UnsourcedUnits = OrderHold & {
  /** Another fulfillment order has the rest of the hold. */
  readonly splitOff: boolean;
};

/** A fulfillment order that was cancelled, or done elsewhere, has given its units back. */
const KEEPS_ITS_UNITS = `f.status <> 'cancelled' and (f.status <> 'closed' or f.stage = 'shipped')`;

/** SQL: rows of `order_hold h` of which units are in no fulfillment order; `asked.units` are in one. */
export const HELD_IN_NO_PART = `from order_hold h cross join lateral (
    select coalesce(sum(l.quantity) filter (where ${KEEPS_ITS_UNITS}), 0)::integer as units, count(*) as before
      from fulfillment_order f join fulfillment_order_line l on l.fulfillment_order_id = f.id
     where f.order_id = h.order_id and f.location_id = h.location_id and l.hold_id = h.hold_id) asked
  where h.quantity > asked.units`;

/** What the order holds, or what has grown of it, and is in no fulfillment order. */
export async function readUnsourced(client: Queryable, orderId: string): Promise<readonly UnsourcedUnits[]> {
  const { rows } = await client.query<UnsourcedUnits>(
    `select h.hold_id as "holdId", h.line_id as "lineId", h.sku, h.location_id as "locationId",
       h.quantity - asked.units as quantity, h.per_unit as "perUnit", asked.before > 0 as "splitOff"
     ${HELD_IN_NO_PART} and h.order_id = $1
     order by h.location_id, h.line_id, h.hold_id`,
    [orderId],
  );
  return rows;
}

/**
 * Creates one fulfillment order a location, `<order>-F1`, `<order>-F2`, …, for units that are in none. The
 * order must be locked.
 *
 * @param releaseOn the calendar day before which they do not go to the floor; `null`: at once
 */
export async function createFulfillmentOrders(
  client: Queryable,
  orderId: string,
  units: readonly UnsourcedUnits[],
  releaseOn: string | null,
): Promise<readonly string[]> {
  const locations = [...new Set(units.map((hold) => hold.locationId))].sort();
  const next = nextFulfillmentOrderNumber(await readFulfillmentOrders(client, orderId));
  const idOf = (locationId: string) => `${orderId}-F${next + locations.indexOf(locationId)}`;
  await insertFulfillmentOrders(
    client,
    locations.map((locationId) => ({
      id: idOf(locationId),
      orderId,
      locationId,
      status: releaseOn === null ? "open" : "scheduled",
      stage: "waiting",
      releaseOn,
      lines: units.filter((hold) => hold.locationId === locationId).map((hold) => ({ ...hold, picked: 0 })),
    })),
  );
  return locations.map(idOf);
}

/** Of the next fulfillment order of an order that has these. */
export function nextFulfillmentOrderNumber(existing: readonly { readonly id: string }[]): number {
  return 1 + Math.max(0, ...existing.map(({ id }) => Number(id.slice(id.lastIndexOf("-F") + 2))));
}

export async function insertFulfillmentOrders(
  client: Queryable,
  fulfillmentOrders: readonly FulfillmentOrder[],
): Promise<void> {
  await client.query(
    `with input as materialized (
       select * from json_to_recordset($1::json) as f(id text, "orderId" text, "locationId" text, status text,
         stage text, "releaseOn" date, lines json)
     ), created as (
       insert into fulfillment_order (id, order_id, location_id, status, stage, release_on)
       select id, "orderId", "locationId", status, stage, "releaseOn" from input
     )
     insert into fulfillment_order_line (fulfillment_order_id, line_id, hold_id, sku, quantity, picked, verified,
       per_unit, split_off)
     select i.id, l."lineId", l."holdId", l.sku, l.quantity, l.picked,
       case when i.stage in ('packed', 'labelled', 'ready', 'shipped') then l.picked else 0 end, l."perUnit", l."splitOff"
     from input i cross join lateral json_to_recordset(i.lines)
       as l("lineId" text, "holdId" text, sku text, quantity integer, picked integer, "perUnit" integer,
         "splitOff" boolean)`,
    [JSON.stringify(fulfillmentOrders)],
  );
}

export async function readFulfillmentOrders(
  client: Queryable,
  orderId: string,
): Promise<readonly FulfillmentOrder[]> {
  const { rows } = await client.query<FulfillmentOrder>(
    `select f.id, f.order_id as "orderId", f.location_id as "locationId", f.status, f.stage,
       f.release_on as "releaseOn", coalesce((select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'holdId', l.hold_id, 'sku', l.sku,
         'quantity', l.quantity, 'picked', l.picked, 'perUnit', l.per_unit, 'splitOff', l.split_off) order by l.hold_id)
         from fulfillment_order_line l where l.fulfillment_order_id = f.id), '[]') as lines
     from fulfillment_order f where f.order_id = $1 order by f.id`,
    [orderId],
  );
  return rows;
}

/** Of a prefix that leaves few serials, a number may still be on a plate from the round before. */
const MOST_TRIES = 100;
/**
 * A prefix that has run out must not stop the floor: after so many, plates are numbered as those of a company that
 * has none, and nobody outside is told of them.
 */
const OWN_TRIES = 20;

/** Gives each of these fulfillment orders its licence plate, unless it has one. */
async function assignHandlingUnits(client: Queryable, ids: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const { rows } = await client.query<{ id: string; serial: number; prefix: string | null }>(
      `select id, nextval('handling_unit_serial') as serial, (select gs1_prefix from company) as prefix
         from fulfillment_order where id = any($1) and handling_unit is null`,
      [ids],
    );
    if (rows.length === 0) return;
    const numbers = rows.map(({ serial, prefix }) => {
      const own = attempt < OWN_TRIES ? prefix : null;
      return handlingUnitNumber(serial % handlingUnitSerials(own), own);
    });
    const { rowCount } = await client.query(
      `update fulfillment_order f set handling_unit = u.number
         from unnest($1::text[], $2::text[]) as u(id, number)
        where f.id = u.id and f.handling_unit is null
          and not exists (select from fulfillment_order other where other.handling_unit = u.number)`,
      [rows.map((row) => row.id), numbers],
    );
    if (rowCount === rows.length) return;
  }
  throw new Error(`no free licence plate was found for ${ids.join(", ")}`);
}

/**
 * Hands fulfillment orders to the floor: a task for the robots where the location has any, else a place on
 * the list of what people have to pack. What was picked or packed before is not picked or packed again.
 *
 * @param queueAt their place in the queue (`orders/fulfillment/pick-priority.ts`); one that has an earlier
 *   place keeps it
 * @returns those that were released now; `round` is 1 for the first time, one more for each time after the
 *   floor gave it up
 */
export async function releaseToFloor(
  client: Queryable,
  ids: readonly string[],
  queueAt: Date,
): Promise<readonly ReleasedFulfillmentOrder[]> {
  await assignHandlingUnits(client, ids);
  const { rows } = await client.query<ReleasedFulfillmentOrder>(
    `with released as (
       update fulfillment_order f
       set status = 'in_progress', updated_at = now(), queue_at = least(f.queue_at, $2), stage = case when f.stage in ('packed', 'labelled', 'ready', 'shipped') then f.stage
         when p.picked then 'picked' else 'waiting' end
       from (select g.id, exists (select from order_event e
               where e.order_id = g.order_id and e.key = 'picked:' || g.id) as picked,
               1 + coalesce((select max(split_part(e.key, ':', -1)::integer) from order_event e
               where e.order_id = g.order_id and e.type = 'fulfillment.released'
                 and starts_with(e.key, 'released:' || g.id || ':')), 0) as round
             from fulfillment_order g where g.id = any($1)) p
       where f.id = p.id and f.status in ('open', 'on_hold')
       returning f.id, f.location_id, f.stage, f.queue_at, p.round
     ), sorted as (
       select r.*, r.stage = 'waiting' and exists (select from device d
         where d.location_id = r.location_id and d.kind = 'robot') as by_robot from released r
     ), queued as (
       insert into floor_task (id, kind, fulfillment_order_id, location_id, status, queue_at)
       select id || ':pick:' || round, 'pick', id, location_id, 'queued', queue_at from sorted where by_robot
       on conflict do nothing returning location_id
     ), told as (select pg_notify('floor_task', location_id) from (select distinct location_id from queued) q)
     select id, location_id as "locationId", stage, round, by_robot as "byRobot", (select count(*) from told) as told
     from sorted order by id`,
    [ids, queueAt],
  );
  return rows;
}

type ReleasedFulfillmentOrder = {
  readonly id: string;
  readonly locationId: string;
  readonly stage: FloorStage;
  readonly round: number;
  readonly byRobot: boolean;
};

/** Stops work on a fulfillment order until a person has looked at it. */
export async function haltFulfillmentOrder(client: Queryable, id: string): Promise<void> {
  await client.query(
    `with halted as (
       update fulfillment_order set status = 'on_hold', updated_at = now()
       where id = $1 and status in ('open', 'in_progress') and stage <> 'shipped' returning id
     )
     update floor_task set status = 'cancelled', finished_at = now()
     where fulfillment_order_id = $1 and status in ('queued', 'assigned')`,
    [id],
  );
}

/** What a location has to ship. */
export async function fulfillmentOrdersAt(client: Queryable, locationId: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from fulfillment_order where location_id = $1 and status not in ('closed', 'cancelled')
     order by created_at, id`,
    [locationId],
  );
  return rows.map((row) => row.id);
}

/** Cancels every fulfillment order of an order that the floor has not handed to a carrier. */
export async function cancelFulfillmentOrders(client: Queryable, orderId: string): Promise<void> {
  await client.query(cancelWhere("order_id = $1"), [orderId]);
}

/** The same of a single one. */
export async function cancelFulfillmentOrder(client: Queryable, id: string): Promise<void> {
  await client.query(cancelWhere("id = $1"), [id]);
}

function cancelWhere(condition: string): string {
  return `with cancelled as (
       update fulfillment_order set status = 'cancelled', updated_at = now()
       where ${condition} and status not in ('closed', 'cancelled') returning id, location_id
     ), recalled as (
       update floor_task t set status = 'cancelled', finished_at = now() from cancelled c
       where t.fulfillment_order_id = c.id and t.status in ('queued', 'assigned') returning t.location_id
     )
     select pg_notify('floor_task', location_id) from (select distinct location_id from recalled) r`;
}

/** The parcel has left. */
export async function closeFulfillmentOrder(client: Queryable, id: string): Promise<void> {
  await client.query(
    `update fulfillment_order set status = 'closed', stage = 'shipped', updated_at = now() where id = $1`,
    [id],
  );
}

/** The parcel is being handed over: nothing can stop it any more. */
export async function markLeaving(client: Queryable, id: string): Promise<void> {
  await client.query("update fulfillment_order set stage = 'shipped', updated_at = now() where id = $1", [
    id,
  ]);
}

/** The label is on the parcel. */
export async function markLabelled(client: Queryable, id: string): Promise<void> {
  await client.query(
    `update fulfillment_order set stage = 'labelled', updated_at = now() where id = $1 and stage = 'packed'`,
    [id],
  );
}
