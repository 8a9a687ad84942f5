/**
 * Loads: what robots say that they have taken from a shelf. `orders/fulfillment/robot-load.ts` says when a
 * load is adrift.
 *
 * Nothing here waits for the stock. What the stock is to be told is written down first, under the number of
 * its try; whoever then tells it, one process or two, sends the same command, and writes the outcome of
 * that try once.
 */
import type { FloorLoad } from "../../contract/floor.ts";
import type { Page } from "../../contract/shapes.ts";
import {
  type AdriftCause,
  type CarriedLoad,
  type LoadEnding,
  loadPlace,
} from "../../orders/fulfillment/robot-load.ts";
import { type FloorStage, isPacked } from "../../orders/fulfillment-order.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { fromMicroseconds, iso, microseconds } from "../sql/view-sql.ts";

/** Channel of `NOTIFY` that says that a load is adrift, or that a person has settled one. */
export const ROBOT_LOAD_CHANNEL = "robot_load";

/** What a robot's state says about one attempt at a task. */
export type ReportedLoad = {
  readonly taskId: string;
  readonly attempt: number;
  readonly deviceId: string;
  readonly units: readonly {
    /** Its place among the lines of the task. */
    readonly line: number;
    /** `null`: all that the line asks for. */
    readonly quantity: number | null;
    readonly serials: readonly string[];
  }[];
  readonly isSetDown: boolean;
};

/**
 * Writes down what is new of it. A robot speaks of attempts that it was given, as the timeline says, and of
 * no other's.
 */
export async function recordLoad(client: Queryable, load: ReportedLoad): Promise<void> {
  await client.query(
    `with task as (
       select t.id, f.id as fulfillment_order_id, f.order_id, f.location_id
       from floor_task t join fulfillment_order f on f.id = t.fulfillment_order_id
       join device d on d.id = $3 and d.location_id = t.location_id
       where t.id = $1 and $2 between 1 and t.attempt
         and (t.attempt = $2 and t.device_id = $3 or exists (select from order_event e
           where e.order_id = f.order_id and e.key = 'assigned:' || t.id || ':' || $2::text
             and e.cause = 'device:' || $3))
     ), line as (
       select l.hold_id, l.sku, l.quantity, row_number() over (order by l.hold_id) - 1 as place
       from task join fulfillment_order_line l on l.fulfillment_order_id = task.fulfillment_order_id
     ), said as (
       select * from jsonb_to_recordset($4::jsonb) as s(line integer, quantity integer, serials jsonb)
     )
     insert into robot_load (id, task_id, attempt, hold_id, order_id, fulfillment_order_id, location_id, device_id,
       sku, quantity, serials, set_down_at)
     select 'L' || nextval('robot_load_number'), task.id, $2, line.hold_id, task.order_id,
       task.fulfillment_order_id, task.location_id, $3, line.sku, least(coalesce(said.quantity, line.quantity),
       line.quantity), array(select jsonb_array_elements_text(said.serials)), case when $5 then now() end
     from task cross join said join line on line.place = said.line
     on conflict (task_id, attempt, hold_id) do update set set_down_at = excluded.set_down_at
       where robot_load.set_down_at is null and excluded.set_down_at is not null
         and robot_load.device_id = excluded.device_id`,
    [load.taskId, load.attempt, load.deviceId, JSON.stringify(load.units), load.isSetDown],
  );
}

type CarriedLoadRow = CarriedLoad & {
  readonly id: string;
  readonly orderId: string;
  readonly fulfillmentOrderId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly deviceName: string | null;
  readonly isSetDown: boolean;
};

/** How long the saga of an order that is cancelled has, to take the units out of its hold. */
const SAGA_HAS_MS = 10_000;

/**
 * Loads that their fulfillment orders may no longer have.
 *
 * @param which of one order that gives back all that it holds, what is packed included; `all`: whatever is
 *   carried, except what such an order is about to ask for
 */
export async function readCarriedLoads(
  client: Queryable,
  which: { readonly orderId: string } | "all",
): Promise<readonly CarriedLoadRow[]> {
  const { rows } = await client.query<CarriedLoadRow>(
    `select l.id, l.order_id as "orderId", l.fulfillment_order_id as "fulfillmentOrderId", l.sku, l.quantity,
       l.attempt, l.device_id as "deviceId", d.name as "deviceName", l.set_down_at is not null as "isSetDown",
       t.attempt as "taskAttempt", t.device_id as "taskDeviceId", t.status as "taskStatus",
       f.status as "fulfillmentStatus", f.stage,
       exists (select from order_event e where e.order_id = f.order_id and e.key = 'picked:' || f.id) as "isPicked"
     from robot_load l join floor_task t on t.id = l.task_id
       join fulfillment_order f on f.id = l.fulfillment_order_id left join device d on d.id = l.device_id
     where case when $1::text is null
       then l.status = 'carried'
         and not (f.status = 'cancelled' and f.updated_at > now() - $2 * interval '1 millisecond')
       else l.order_id = $1 and f.status = 'cancelled'
         and (l.status = 'carried' or l.status = 'packed' and l.ending is null) end
     order by l.id`,
    [which === "all" ? null : which.orderId, SAGA_HAS_MS],
  );
  return rows;
}

/** @param fromHold the units are taken out of the order's hold @returns whether it was not adrift before */
export async function markAdrift(
  client: Queryable,
  load: { readonly id: string; readonly cause: AdriftCause; readonly fromHold: boolean },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `with adrift as (
       update robot_load set status = 'adrift', cause = $2, from_hold = $3, adrift_at = now()
       where id = $1 and status in ('carried', 'packed') and ending is null returning id
     )
     select pg_notify('${ROBOT_LOAD_CHANNEL}', '') from adrift`,
    [load.id, load.cause, load.fromHold],
  );
  return rowCount === 1;
}

export type LostLoad = {
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly deviceName: string | null;
};

/**
 * The tote of the task's present attempt is lost, and with it what its robot took. Of a tote that was
 * filled before loads were written down, that is what was picked.
 */
export async function loseLoads(
  client: Queryable,
  lost: { readonly taskId: string; readonly attempt: number; readonly at: string | null },
): Promise<readonly LostLoad[]> {
  const { taskId, attempt, at } = lost;
  await client.query(
    `insert into robot_load (id, task_id, attempt, hold_id, order_id, fulfillment_order_id, location_id, device_id,
       sku, quantity, set_down_at)
     select 'L' || nextval('robot_load_number'), t.id, $2, l.hold_id, f.order_id, f.id, f.location_id, t.device_id,
       l.sku, l.picked, now()
     from floor_task t join fulfillment_order f on f.id = t.fulfillment_order_id
       join fulfillment_order_line l on l.fulfillment_order_id = f.id
     where t.id = $1 and l.picked > 0
       and not exists (select from robot_load known where known.task_id = t.id and known.attempt = $2)
     order by l.hold_id on conflict do nothing`,
    [taskId, attempt],
  );
  const { rows } = await client.query<LostLoad>(
    `with lost as (
       update robot_load set status = 'adrift', cause = 'tote_lost', lost_at = $3, adrift_at = now()
       where task_id = $1 and attempt = $2 and status = 'carried' returning *
     ), told as (select pg_notify('${ROBOT_LOAD_CHANNEL}', '') from lost)
     select lost.id, lost.sku, lost.quantity, d.name as "deviceName", (select count(*) from told) as told
     from lost left join device d on d.id = lost.device_id order by lost.id`,
    [taskId, attempt, at],
  );
  return rows;
}

/** How many totes of the fulfillment order have been lost. */
export async function countLostTotes(client: Queryable, fulfillmentOrderId: string): Promise<number> {
  const { rows } = await client.query<{ lost: number }>(
    `select count(distinct (task_id, attempt))::integer as lost from robot_load
     where fulfillment_order_id = $1 and cause = 'tote_lost'`,
    [fulfillmentOrderId],
  );
  return rows[0]?.lost ?? 0;
}

/**
 * The fulfillment order is packed. What its robot carried is in the parcel, unless a person has picked it;
 * or, where the tote that was lost has come before its replacement, what was in that one, and nobody picks
 * it again.
 *
 * @param by who packed it
 */
export async function packLoads(client: Queryable, fulfillmentOrderId: string, by: string): Promise<void> {
  const { rows } = await client.query<{ taskId: string; lostAttempt: number }>(
    `update floor_task t set status = 'cancelled', finished_at = now()
     from (select task_id, max(attempt) as attempt from robot_load
           where fulfillment_order_id = $1 and cause = 'tote_lost' and status = 'adrift' group by task_id) lost
     where t.id = lost.task_id and t.status in ('queued', 'assigned') and t.attempt > lost.attempt
       and not exists (select from robot_load l where l.task_id = t.id and l.attempt = t.attempt
                       and l.set_down_at is not null)
     returning t.id as "taskId", lost.attempt as "lostAttempt"`,
    [fulfillmentOrderId],
  );
  const [came] = rows;
  if (came !== undefined) {
    await client.query(
      `with came as (
         update robot_load set ending = 'packed', ended_by = $3
         where task_id = $1 and attempt = $2 and status = 'adrift' and ending is null and not is_being_set_apart
         returning location_id
       )
       select pg_notify('${ROBOT_LOAD_CHANNEL}', ''), pg_notify('floor_task', location_id)
       from (select distinct location_id from came) c`,
      [came.taskId, came.lostAttempt, by],
    );
    return;
  }
  await client.query(
    `update robot_load l set status = 'packed' from floor_task t
     where l.fulfillment_order_id = $1 and l.status = 'carried' and t.id = l.task_id and t.attempt = l.attempt
       and t.id = (select newest.id from floor_task newest where newest.fulfillment_order_id = $1
                   order by newest.created_at desc, newest.id desc limit 1)
       and (t.device_id is null or l.device_id is null or t.device_id = l.device_id)
       and exists (select from order_event e where e.order_id = l.order_id
                   and e.key = 'picked:' || l.fulfillment_order_id and starts_with(e.cause, 'device:'))`,
    [fulfillmentOrderId],
  );
}

/** A load that is adrift, as the stock is told of it. */
export type AdriftLoad = {
  readonly id: string;
  readonly orderId: string;
  readonly fulfillmentOrderId: string;
  readonly locationId: string;
  readonly holdId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly serials: readonly string[];
  readonly fromHold: boolean;
  readonly isSetApart: boolean;
  readonly apartTry: number;
  readonly isBeingSetApart: boolean;
  readonly ending: LoadEnding | null;
  readonly endingTry: number;
  readonly endedBy: string | null;
  /** Somebody has settled it, and the stock knows. */
  readonly isOver: boolean;
};

const ADRIFT = `l.id, l.order_id as "orderId", l.fulfillment_order_id as "fulfillmentOrderId",
  l.location_id as "locationId", l.hold_id as "holdId", l.sku, l.quantity, l.serials, l.from_hold as "fromHold",
  l.set_apart as "isSetApart", l.apart_try as "apartTry", l.is_being_set_apart as "isBeingSetApart", l.ending,
  l.ending_try as "endingTry", l.ended_by as "endedBy", l.status <> 'adrift' as "isOver"`;

/** Undefined where there is none, or where it has never been adrift. */
export async function readAdriftLoad(client: Queryable, id: string): Promise<AdriftLoad | undefined> {
  const { rows } = await client.query<AdriftLoad>(
    `select ${ADRIFT} from robot_load l where l.id = $1 and l.adrift_at is not null`,
    [id],
  );
  return rows[0];
}

/** Loads that the stock is still to set apart, or whose ending it is still to be told. */
export async function readUntoldLoads(
  client: Queryable,
  orderId: string | null,
): Promise<readonly AdriftLoad[]> {
  const { rows } = await client.query<AdriftLoad>(
    `select ${ADRIFT} from robot_load l
     where l.status = 'adrift' and ($1::text is null or l.order_id = $1)
       and (l.ending is not null or not l.set_apart and l.not_set_apart is null)
     order by l.ending is null, l.adrift_at, l.id limit 500`,
    [orderId],
  );
  return rows;
}

/**
 * From now on nobody settles it before the outcome of this try is written. False: it is not to be set
 * apart.
 */
export async function beginSettingApart(client: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update robot_load set is_being_set_apart = true
     where id = $1 and status = 'adrift' and ending is null and not set_apart and not_set_apart is null`,
    [id],
  );
  return rowCount === 1;
}

/** @param outcome `later`: too few were free; else why it never will be */
export async function recordSettingApart(
  client: Queryable,
  { id, apartTry }: Pick<AdriftLoad, "id" | "apartTry">,
  outcome: "done" | "later" | { readonly never: string },
): Promise<void> {
  await client.query(
    `update robot_load set is_being_set_apart = false, set_apart = $3, not_set_apart = $4,
       apart_try = apart_try + 1
     where id = $1 and apart_try = $2 and is_being_set_apart`,
    [id, apartTry, outcome === "done", typeof outcome === "object" ? outcome.never : null],
  );
}

/** A person says what became of it. False: somebody else has, or it is being set apart in this moment. */
export async function beginEnding(
  client: Queryable,
  id: string,
  ending: LoadEnding,
  by: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update robot_load set ending = $2, ended_by = $3
     where id = $1 and status = 'adrift' and ending is null and not is_being_set_apart`,
    [id, ending, by],
  );
  return rowCount === 1;
}

/** The stock knows. @returns whether it is written now */
export async function recordEnding(
  client: Queryable,
  { id, endingTry }: Pick<AdriftLoad, "id" | "endingTry">,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update robot_load set status = ending, ended_at = now()
     where id = $1 and status = 'adrift' and ending is not null and ending_try = $2`,
    [id, endingTry],
  );
  return rowCount === 1;
}

/** The stock has refused: it is adrift as before. */
export async function withdrawEnding(
  client: Queryable,
  { id, endingTry }: Pick<AdriftLoad, "id" | "endingTry">,
): Promise<void> {
  await client.query(
    `update robot_load set ending = null, ended_by = null, ending_try = ending_try + 1
     where id = $1 and status = 'adrift' and ending is not null and ending_try = $2`,
    [id, endingTry],
  );
}

const LOAD_VIEW = `l.id, l.order_id as "orderId", l.fulfillment_order_id as "fulfillmentOrderId",
  l.location_id as "locationId", location.name as "locationName", l.device_id as "deviceId",
  d.name as "deviceName", f.handling_unit as "handlingUnit", l.sku, l.quantity, l.serials, l.cause,
  l.lost_at as "lostAt", l.set_down_at is not null as "isSetDown",
  f.stage,
  l.set_apart as "isSetApart", l.not_set_apart as "notSetApart", l.status, ${iso("l.taken_at")} as "takenAt",
  ${iso("l.adrift_at")} as since, l.ended_by as "settledBy", ${iso("l.ended_at")} as "settledAt"`;
const LOAD_TABLES = `robot_load l join location on location.id = l.location_id
  join fulfillment_order f on f.id = l.fulfillment_order_id left join device d on d.id = l.device_id`;

type LoadRow = Omit<FloorLoad, "place"> & {
  readonly lostAt: string | null;
  readonly isSetDown: boolean;
  readonly stage: FloorStage;
};

function viewOf({ lostAt, isSetDown, stage, ...view }: LoadRow): FloorLoad {
  return { ...view, place: loadPlace({ ...view, lostAt, isSetDown, isPacked: isPacked(stage) }) };
}

/** What is or was adrift, that which has been so longest first, unless `sort` is `-since`. */
export async function listLoads(
  database: Queryable,
  filter: {
    readonly status?: string | undefined;
    readonly locationId?: string | undefined;
    readonly orderId?: string | undefined;
    /** Only those at these places, of orders of these channels; null: all. */
    readonly locations?: readonly string[] | null;
    readonly channels?: readonly string[] | null;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<FloorLoad>> {
  const order = readingOrder("since", filter.sort);
  const [at, id] = order.placeIn(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await database.query<LoadRow & { position: string }>(
    `select ${LOAD_VIEW}, ${microseconds("l.adrift_at")} as position from ${LOAD_TABLES}
     where l.adrift_at is not null and ($1::text is null or l.status = $1)
       and ($2::text is null or l.location_id = $2) and ($3::text is null or l.order_id = $3)
       and ($4::text is null or (l.adrift_at, l.id) ${order.further} (${fromMicroseconds("$4")}, $5))
       and ($7::text[] is null or l.location_id = any($7))
       and ($8::text[] is null or exists (select from orders of where of.id = l.order_id and of.channel_id = any($8)))
     order by l.adrift_at ${order.direction}, l.id ${order.direction} limit $6`,
    [
      filter.status ?? null,
      filter.locationId ?? null,
      filter.orderId ?? null,
      at ?? null,
      id ?? null,
      filter.limit + 1,
      filter.locations ?? null,
      filter.channels ?? null,
    ],
  );
  return toPage(
    rows,
    filter.limit,
    ({ position: _position, ...row }) => viewOf(row),
    (row) => order.placeOf(row.position, row.id),
  );
}

/** How much is adrift at each place, and for how long already. */
export async function countAdriftLoads(
  database: Queryable,
): Promise<
  readonly { readonly locationId: string; readonly loads: number; readonly oldestSeconds: number }[]
> {
  const { rows } = await database.query<{ locationId: string; loads: number; oldestSeconds: number }>(
    `select location_id as "locationId", count(*)::integer as loads,
       extract(epoch from now() - min(adrift_at))::double precision as "oldestSeconds"
     from robot_load where status = 'adrift' group by location_id order by location_id`,
  );
  return rows;
}

export async function readLoad(database: Queryable, id: string): Promise<FloorLoad | null> {
  const { rows } = await database.query<LoadRow>(
    `select ${LOAD_VIEW} from ${LOAD_TABLES} where l.id = $1 and l.adrift_at is not null`,
    [id],
  );
  const [row] = rows;
  return row === undefined ? null : viewOf(row);
}
