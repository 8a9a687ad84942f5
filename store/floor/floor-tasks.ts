/**
 * The queue of floor tasks, and how a fulfillment order moves through its stages. A stage only moves forward,
 * so a late message changes nothing. Picking and packing themselves are recorded by `operations/floor/`.
 */
import { insertEntries } from "../orders/timeline.ts";
import type { Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";

/** Channel of `NOTIFY` that says that there is a new task. */
export const FLOOR_TASK_CHANNEL = "floor_task";

export type TaskLine = {
  readonly holdId: string;
  readonly sku: string;
  /** GTIN-14. */
  readonly gtin: string;
  readonly quantity: number;
};

/** A pick task in the hands of a robot. */
export type AssignedTask = {
  readonly taskId: string;
  /** Starts with 1, goes up each time that the task is given out again. */
  readonly attempt: number;
  readonly deviceId: string;
  readonly locationId: string;
  readonly fulfillmentOrderId: string;
  readonly orderId: string;
  /** SSCC-18 of the tote. */
  readonly handlingUnit: string;
  readonly stage: string;
  readonly assignedAtMs: number;
  readonly lines: readonly TaskLine[];
};

const TASK_COLUMNS = `t.id as "taskId", t.attempt, t.device_id as "deviceId", t.location_id as "locationId",
  f.id as "fulfillmentOrderId", f.order_id as "orderId", coalesce(f.handling_unit, '') as "handlingUnit", f.stage,
  (extract(epoch from t.assigned_at) * 1000)::bigint as "assignedAtMs",
  (select jsonb_agg(jsonb_build_object('holdId', l.hold_id, 'sku', l.sku, 'gtin', p.gtin, 'quantity', l.quantity)
                    order by l.hold_id)
   from fulfillment_order_line l join product p on p.sku = l.sku
   where l.fulfillment_order_id = f.id) as lines`;

/**
 * Gives the queued tasks that come first to these idle robots, at most one each. A robot that still carries
 * what it took for another attempt gets none: its goods are mixed with nobody's.
 *
 * @param except tasks that none of them is to get
 */
export async function assignTasks(
  client: Queryable,
  idle: readonly { readonly deviceId: string; readonly locationId: string }[],
  except: readonly string[] = [],
): Promise<readonly AssignedTask[]> {
  const { rows } = await client.query<AssignedTask>(
    `with idle as (
       select i.device_id, i.location_id, row_number() over (partition by i.location_id order by i.place) as n
       from unnest($1::text[], $2::text[]) with ordinality as i(device_id, location_id, place)
       where not exists (select from floor_task b where b.status = 'assigned' and b.device_id = i.device_id)
         and not exists (select from robot_load l where l.device_id = i.device_id and l.set_down_at is null
                         and l.status in ('carried', 'adrift') and l.cause is distinct from 'tote_lost')
     ), taken as (
       select q.* from (select location_id, count(*) as robots from idle group by location_id) w
       cross join lateral (
         select id, location_id, queue_at from floor_task
         where status = 'queued' and location_id = w.location_id and id <> all($3::text[])
         order by queue_at, id limit w.robots for update skip locked
       ) q
     ), ranked as (
       select id, location_id, row_number() over (partition by location_id order by queue_at, id) as n
       from taken
     ), assigned as (
       update floor_task t set status = 'assigned', device_id = i.device_id, assigned_at = now(), detail = null
       from ranked r join idle i on i.location_id = r.location_id and i.n = r.n
       where t.id = r.id
       returning t.*
     ), staged as (
       update fulfillment_order f set stage = case when f.stage = 'waiting' then 'picking' else f.stage end,
         status = case when f.status = 'open' then 'in_progress' else f.status end, updated_at = now()
       from assigned a where f.id = a.fulfillment_order_id
     ), told as (
       select f.order_id as id, jsonb_build_array(jsonb_build_object(
           'key', 'assigned:' || a.id || ':' || a.attempt, 'type', 'fulfillment.assigned',
           'summary', 'Picking by ' || d.name, 'cause', 'device:' || a.device_id,
           'data', jsonb_build_object('fulfillmentOrderId', f.id, 'attempt', a.attempt))) as entries
       from assigned a join fulfillment_order f on f.id = a.fulfillment_order_id join device d on d.id = a.device_id
     ), new_entries as (
       ${insertEntries("told")}
     )
     select ${TASK_COLUMNS} from assigned t join fulfillment_order f on f.id = t.fulfillment_order_id`,
    [idle.map((robot) => robot.deviceId), idle.map((robot) => robot.locationId), except],
  );
  return rows;
}

/**
 * Everything that is in a robot's hands now.
 *
 * @param site of the tasks; null: of all sites
 */
export async function assignedTasks(
  client: Queryable,
  site: string | null,
): Promise<readonly AssignedTask[]> {
  const { rows } = await client.query<AssignedTask>(
    `select ${TASK_COLUMNS} from floor_task t join fulfillment_order f on f.id = t.fulfillment_order_id
     where t.status = 'assigned' and ($1::text is null or t.location_id = $1)`,
    [site],
  );
  return rows;
}

type TaskInHand = Pick<AssignedTask, "taskId" | "attempt" | "deviceId">;

/** The robot is done with these tasks. A task that is no longer in its hands is left alone. */
export async function finishTasks(client: Queryable, tasks: readonly TaskInHand[]): Promise<void> {
  await client.query(
    `update floor_task t set status = 'finished', finished_at = now()
     from unnest($1::text[], $2::integer[], $3::text[]) as d(id, attempt, device_id)
     where t.id = d.id and t.attempt = d.attempt and t.device_id = d.device_id and t.status = 'assigned'`,
    [tasks.map((task) => task.taskId), tasks.map((task) => task.attempt), tasks.map((task) => task.deviceId)],
  );
}

/** This robot must not try the task again. False: the task was not in this robot's hands. */
export async function failTask(client: Queryable, task: TaskInHand, detail: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update floor_task set status = 'failed', finished_at = now(), detail = $4
     where id = $1 and attempt = $2 and device_id = $3 and status = 'assigned'`,
    [task.taskId, task.attempt, task.deviceId, detail],
  );
  return rowCount === 1;
}

/** Gives an assigned task back to the queue, for a new attempt by any robot. */
export async function requeueTask(client: Queryable, task: TaskInHand, detail: string): Promise<void> {
  await client.query(
    `update floor_task set status = 'queued', device_id = null, attempt = attempt + 1, detail = $4
     where id = $1 and attempt = $2 and device_id = $3 and status = 'assigned'`,
    [task.taskId, task.attempt, task.deviceId, detail],
  );
}

/** `attempt`: the one that had finished. */
type RepeatedTask = { readonly taskId: string; readonly attempt: number; readonly isQueued: boolean };

/**
 * Queues the pick of a fulfillment order again after its tote was lost behind the robot; at most `attempts`
 * times in all.
 *
 * @returns `null` where none is finished
 */
export async function repeatFinishedTask(
  client: Queryable,
  fulfillmentOrderId: string,
  attempts: number,
  detail: string,
): Promise<RepeatedTask | null> {
  const { rows } = await client.query<RepeatedTask>(
    `with last as (
       select id, attempt from floor_task
       where fulfillment_order_id = $1 and status = 'finished' order by created_at desc limit 1 for update
     ), again as (
       update floor_task t set status = 'queued', device_id = null, attempt = t.attempt + 1, detail = $3,
         finished_at = null
       from last where t.id = last.id and last.attempt < $2 returning t.id
     )
     select id as "taskId", attempt, exists (select from again) as "isQueued" from last`,
    [fulfillmentOrderId, attempts, detail],
  );
  return rows[0] ?? null;
}

export type ToteOnTheFloor = {
  readonly fulfillmentOrderId: string;
  readonly orderId: string;
  readonly locationId: string;
  readonly handlingUnit: string;
  readonly status: string;
  readonly stage: string;
};

const TOTE_COLUMNS = `f.id as "fulfillmentOrderId", f.order_id as "orderId", f.location_id as "locationId",
  f.handling_unit as "handlingUnit", f.status, f.stage`;

/**
 * Totes that a robot has set down and that have not moved for `idleMs`. What was picked short, or has goods
 * that whoever packs has to check, is left out: it waits for a person.
 */
export async function stalledTotes(
  client: Queryable,
  idleMs: number,
  site: string | null = null,
): Promise<readonly ToteOnTheFloor[]> {
  const { rows } = await client.query<ToteOnTheFloor>(
    `select ${TOTE_COLUMNS} from fulfillment_order f
     where f.status = 'in_progress' and f.stage in ('picked', 'conveying', 'verifying')
       and ($2::text is null or f.location_id = $2)
       and f.handling_unit is not null and f.updated_at < now() - $1 * interval '1 millisecond'
       and exists (select from floor_task t where t.fulfillment_order_id = f.id and t.status = 'finished'
                   and t.finished_at < now() - $1 * interval '1 millisecond')
       and not exists (select from floor_task t
                       where t.fulfillment_order_id = f.id and t.status in ('queued', 'assigned', 'failed'))
       and not exists (select from fulfillment_order_line l
                       where l.fulfillment_order_id = f.id and l.picked < l.quantity)
       and not exists (select from order_event e
                       where e.order_id = f.order_id and e.key = 'left-to-person:' || f.id)
       and not exists (select from order_event e
                       where e.order_id = f.order_id and e.type = 'fulfillment.exception'
                         and e.data->>'fulfillmentOrderId' = f.id and e.at >= f.updated_at)
     order by f.updated_at limit 200`,
    [idleMs, site],
  );
  return rows;
}

export async function findTote(client: Queryable, handlingUnit: string): Promise<ToteOnTheFloor | undefined> {
  const [tote] = await findTotes(client, [handlingUnit]);
  return tote;
}

/** The fulfillment orders with these licence plates. */
export async function findTotes(
  client: Queryable,
  handlingUnits: readonly string[],
): Promise<readonly ToteOnTheFloor[]> {
  const { rows } = await client.query<ToteOnTheFloor>(
    `select ${TOTE_COLUMNS} from fulfillment_order f where f.handling_unit = any(${givenList("$1")}) order by f.id`,
    [handlingUnits],
  );
  return rows;
}

/** Moves fulfillment orders forward to these stages; later stages and closed orders stay as they are. */
export async function advanceStages(
  client: Queryable,
  stages: ReadonlyMap<string, "conveying" | "verifying">,
): Promise<void> {
  if (stages.size === 0) return;
  await client.query(
    `with given as (
       select f.id, g.stage from fulfillment_order f
       join unnest($1::text[], $2::text[]) as g(id, stage) on g.id = f.id
       where f.status in ('open', 'in_progress') order by f.id for update of f
     )
     update fulfillment_order f
     set stage = case
           when array_position(array['waiting','picking','picked','conveying','verifying'], f.stage)
              < array_position(array['waiting','picking','picked','conveying','verifying'], given.stage)
             then given.stage
           else f.stage end,
         updated_at = now()
     from given where f.id = given.id`,
    [[...stages.keys()], [...stages.values()]],
  );
}

/**
 * The SKUs of these GTINs, as far as they are in the catalog; one that the tote should hold comes before its
 * namesakes.
 */
export async function skusOfGtins(
  client: Queryable,
  fulfillmentOrderId: string,
  gtins: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ gtin: string; sku: string }>(
    `select distinct on (p.gtin) p.gtin, p.sku
     from product p left join fulfillment_order_line l on l.sku = p.sku and l.fulfillment_order_id = $1
     where p.gtin = any($2) order by p.gtin, l.sku is null, p.sku`,
    [fulfillmentOrderId, gtins],
  );
  return new Map(rows.map((row) => [row.gtin, row.sku]));
}
