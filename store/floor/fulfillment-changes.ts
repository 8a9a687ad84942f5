/**
 * Fulfillment orders as people and channels change them. Everything here happens under the order's lock, with
 * the tasks of its fulfillment orders locked as well: no robot is given one of them meanwhile.
 */
import type { FloorStage, FulfillmentOrderStatus } from "../../orders/fulfillment-order.ts";
import { lockOrder, type OrderProgress, readOrderProgress } from "../orders/order-progress.ts";
import type { Queryable } from "../sql/database.ts";
import { type FulfillmentOrder, type OrderHold, readFulfillmentOrders } from "./fulfillment.ts";
import { addStockErrands } from "./stock-errands.ts";

export type LockedParts = { readonly order: OrderProgress; readonly parts: readonly FulfillmentOrder[] };

/** @returns undefined where there is no such order */
export async function lockParts(client: Queryable, orderId: string): Promise<LockedParts | undefined> {
  const order = await lockOrder(client, orderId);
  if (order === undefined) return undefined;
  // Tasks before fulfillment orders, as where tasks are given out.
  await client.query(
    `select from floor_task t join fulfillment_order f on f.id = t.fulfillment_order_id
     where f.order_id = $1 and t.status in ('queued', 'assigned') order by t.id for update of t`,
    [orderId],
  );
  return { order, parts: await readFulfillmentOrders(client, orderId) };
}

/** The same without a lock. */
export async function readParts(client: Queryable, orderId: string): Promise<LockedParts | undefined> {
  const order = await readOrderProgress(client, orderId);
  return order && { order, parts: await readFulfillmentOrders(client, orderId) };
}

export async function orderOfFulfillmentOrder(client: Queryable, id: string): Promise<string | undefined> {
  const { rows } = await client.query<{ orderId: string }>(
    `select order_id as "orderId" from fulfillment_order where id = $1`,
    [id],
  );
  return rows[0]?.orderId;
}

/** A fulfillment order among its order's others, without a lock. */
export async function readPart(
  client: Queryable,
  id: string,
): Promise<
  | {
      readonly order: OrderProgress;
      readonly part: FulfillmentOrder;
      readonly others: readonly FulfillmentOrder[];
    }
  | undefined
> {
  const orderId = await orderOfFulfillmentOrder(client, id);
  const order = orderId === undefined ? undefined : await readOrderProgress(client, orderId);
  if (order === undefined) return undefined;
  const parts = await readFulfillmentOrders(client, order.orderId);
  const part = parts.find((candidate) => candidate.id === id);
  return part && { order, part, others: parts.filter((other) => other !== part) };
}

type PartChange = {
  readonly status?: FulfillmentOrderStatus;
  readonly stage?: FloorStage;
  readonly releaseOn?: string | null;
  /** A place of its own needs a licence plate of its own. */
  readonly locationId?: string;
};

export async function updateFulfillmentOrder(
  client: Queryable,
  id: string,
  { status, stage, releaseOn, locationId }: PartChange,
): Promise<void> {
  await client.query(
    `update fulfillment_order set status = coalesce($2, status), stage = coalesce($3, stage),
       release_on = case when $4 then $5::date else release_on end, location_id = coalesce($6, location_id),
       handling_unit = case when $6 is null or $6 = location_id then handling_unit end, updated_at = now()
     where id = $1`,
    [id, status ?? null, stage ?? null, releaseOn !== undefined, releaseOn ?? null, locationId ?? null],
  );
}

export async function replaceFulfillmentOrderLines(
  client: Queryable,
  id: string,
  lines: FulfillmentOrder["lines"],
): Promise<void> {
  await client.query(
    `with gone as (
       delete from fulfillment_order_line l where l.fulfillment_order_id = $1
         and not exists (select from json_to_recordset($2::json) as n("holdId" text) where n."holdId" = l.hold_id)
     )
     insert into fulfillment_order_line as l (fulfillment_order_id, line_id, hold_id, sku, quantity, picked, verified,
       per_unit, split_off)
     select $1, "lineId", "holdId", sku, quantity, picked, 0, "perUnit", "splitOff"
     from json_to_recordset($2::json) as n("lineId" text, "holdId" text, sku text, quantity integer, picked integer,
       "perUnit" integer, "splitOff" boolean)
     on conflict (fulfillment_order_id, hold_id) do update
       set quantity = excluded.quantity, picked = excluded.picked, verified = least(l.verified, excluded.picked)`,
    [id, JSON.stringify(lines)],
  );
}

/** Nobody works on these any longer: robots bring back what they have. */
export async function recallTasks(client: Queryable, ids: readonly string[]): Promise<void> {
  await client.query(
    `with recalled as (
       update floor_task set status = 'cancelled', finished_at = now()
       where fulfillment_order_id = any($1) and status in ('queued', 'assigned') returning location_id
     )
     select pg_notify('floor_task', location_id) from (select distinct location_id from recalled) r`,
    [ids],
  );
}

/** Units of a hold at a location. */
export type UnitsOfHold = {
  readonly holdId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
};

/**
 * The order holds these units no longer; the stock is told afterwards.
 *
 * @param changeId of the change that gives them up, unique among all changes
 */
export async function giveUpUnits(
  client: Queryable,
  orderId: string,
  changeId: string,
  units: readonly UnitsOfHold[],
): Promise<void> {
  const rows = JSON.stringify(units);
  const recordset = `json_to_recordset($2::json)
    as u("holdId" text, "locationId" text, quantity integer)`;
  await client.query(
    `with given as (
       select "holdId", "locationId", sum(quantity)::integer as quantity from ${recordset} group by 1, 2
     ), gone as (
       delete from order_hold h using given g
       where h.order_id = $1 and h.hold_id = g."holdId" and h.location_id = g."locationId" and h.quantity <= g.quantity
     )
     update order_hold h set quantity = h.quantity - g.quantity from given g
     where h.order_id = $1 and h.hold_id = g."holdId" and h.location_id = g."locationId" and h.quantity > g.quantity`,
    [orderId, rows],
  );
  await addStockErrands(
    client,
    orderId,
    units.map(({ holdId, sku, locationId, quantity }, index) => ({
      kind: "deallocate",
      commandId: `give-up:${changeId}:${index + 1}`,
      holdId,
      sku,
      locationId,
      quantity,
    })),
  );
}

/** Whether the location is there and ships. */
export async function isOpenLocation(client: Queryable, locationId: string): Promise<boolean> {
  const { rowCount } = await client.query("select from location where id = $1 and active", [locationId]);
  return rowCount === 1;
}

/** The order holds these units from now on. */
export async function addOrderHolds(
  client: Queryable,
  orderId: string,
  holds: readonly OrderHold[],
): Promise<void> {
  await client.query(
    `insert into order_hold (order_id, hold_id, line_id, sku, location_id, quantity, per_unit)
     select $1, "holdId", "lineId", sku, "locationId", quantity, "perUnit" from json_to_recordset($2::json)
       as h("holdId" text, "lineId" text, sku text, "locationId" text, quantity integer, "perUnit" integer)`,
    [orderId, JSON.stringify(holds)],
  );
}

/** Opens scheduled fulfillment orders whose day is `today` or before. */
export async function openDueFulfillmentOrders(
  client: Queryable,
  today: string,
): Promise<readonly { readonly id: string; readonly orderId: string; readonly releaseOn: string }[]> {
  const { rows } = await client.query<{ id: string; orderId: string; releaseOn: string }>(
    `update fulfillment_order f set status = 'open', release_on = null, updated_at = now()
     from (select id, release_on from fulfillment_order
           where status = 'scheduled' and release_on <= $1 order by release_on, id limit 500 for update skip locked) due
     where f.id = due.id returning f.id, f.order_id as "orderId", due.release_on as "releaseOn"`,
    [today],
  );
  return rows;
}
