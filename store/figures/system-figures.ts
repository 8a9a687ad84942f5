/**
 * What is under way in the whole system, in numbers: for whoever runs it, not for whoever works in it. Every
 * query keeps to what is unfinished, by an index, so that it costs the same in a year.
 */
import { FLOOR_STAGES } from "../../orders/fulfillment-order.ts";
import { countAdriftLoads } from "../floor/robot-loads.ts";
import { MAIL_QUEUE, SAGA_QUEUE } from "../outbox.ts";
import type { Queryable } from "../sql/database.ts";
import { type ChannelFigures, readChannelFigures } from "./channel-figures.ts";
import { readShardFigures, type ShardFigures } from "./shard-figures.ts";

export type SystemFigures = {
  readonly orders: readonly { readonly status: string; readonly count: number }[];
  /** Of fulfillment orders. */
  readonly stages: readonly {
    readonly stage: string;
    readonly count: number;
    readonly oldestSeconds: number;
  }[];
  /** Age of the oldest open order without a fulfillment order; 0: there is none. */
  readonly unreleasedSeconds: number;
  readonly outbox: readonly OutboxFigures[];
  readonly webhooks: {
    readonly endpoints: readonly { readonly state: string; readonly count: number }[];
    readonly pending: number;
    readonly oldestSeconds: number;
  };
  readonly shards: readonly ShardFigures[];
  readonly channels: readonly ChannelFigures[];
  readonly adrift: Awaited<ReturnType<typeof countAdriftLoads>>;
};

export type OutboxFigures = {
  readonly queue: "sagas" | "mails";
  readonly count: number;
  readonly failing: number;
  readonly oldestSeconds: number;
};

export async function readSystemFigures(database: Queryable): Promise<SystemFigures> {
  // One after the other: nobody waits for them, and whoever works needs the pool.
  return {
    orders: await countOrders(database),
    stages: await countStages(database),
    unreleasedSeconds: await oldestUnreleased(database),
    outbox: await readOutboxFigures(database),
    webhooks: await readWebhookFigures(database),
    shards: await readShardFigures(database),
    channels: await readChannelFigures(database),
    adrift: await countAdriftLoads(database),
  };
}

async function countOrders(database: Queryable): Promise<SystemFigures["orders"]> {
  const { rows } = await database.query<SystemFigures["orders"][number]>(
    `select status, (select count(*)::int from orders where orders.status = known.status) as count
       from unnest(array['open', 'on_hold']) as known(status)`,
  );
  return rows;
}

async function countStages(database: Queryable): Promise<SystemFigures["stages"]> {
  const { rows } = await database.query<SystemFigures["stages"][number]>(
    `select known.stage, count(f.id)::int as count,
            coalesce(extract(epoch from now() - min(f.updated_at)), 0)::float8 as "oldestSeconds"
       from unnest($1::text[]) as known(stage)
       left join fulfillment_order f on f.stage = known.stage and f.status in ('open', 'in_progress')
      group by known.stage`,
    [FLOOR_STAGES.filter((stage) => stage !== "shipped")],
  );
  return rows;
}

/** Age in seconds of the oldest open order without a fulfillment order; 0: there is none. */
export async function oldestUnreleased(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ seconds: number }>(
    `select coalesce(extract(epoch from now() - min(captured_at)), 0)::float8 as seconds from orders o
      where status = 'open' and not exists (select from fulfillment_order f where f.order_id = o.id)`,
  );
  return rows[0]?.seconds ?? 0;
}

export async function readOutboxFigures(database: Queryable): Promise<readonly OutboxFigures[]> {
  const { rows } = await database.query<OutboxFigures>(
    `select known.queue, count(o.id)::int as count, count(o.id) filter (where o.attempts > 0)::int as failing,
            coalesce(extract(epoch from now() - min(o.created_at)), 0)::float8 as "oldestSeconds"
       from (values ('sagas', $1::text[]), ('mails', $2::text[])) as known(queue, topics)
       left join outbox o on o.done_at is null and o.topic = any(known.topics)
      group by known.queue order by known.queue desc`,
    [SAGA_QUEUE.topics, MAIL_QUEUE.topics],
  );
  return rows;
}

/** Of one endpoint at most: what is further behind is far behind. */
const MOST_PENDING = 10_000;

async function readWebhookFigures(database: Queryable): Promise<SystemFigures["webhooks"]> {
  const { rows: endpoints } = await database.query<SystemFigures["webhooks"]["endpoints"][number]>(
    `select known.state, count(s.id)::int as count
       from unnest(array['ok', 'failing', 'paused', 'off']) as known(state)
       left join webhook_subscription s
         on known.state = case when not s.active then 'off' when s.paused_at is not null then 'paused'
              when s.attempts > 0 then 'failing' else 'ok' end
      group by known.state`,
  );
  const { rows: behind } = await database.query<{ pending: number; oldestSeconds: number }>(
    `select coalesce(sum(waiting.count), 0)::int as pending,
            coalesce(extract(epoch from now() - min(waiting.oldest)), 0)::float8 as "oldestSeconds"
       from webhook_subscription s cross join lateral (
         select count(*) as count, min(at) as oldest from (
           (select at from order_event e
             where (e.tx, e.id) > (s.position_tx, s.position_id) and e.tx < feed_horizon()
             order by e.tx, e.id limit $1)
           union all
           (select at from domain_event e
             where (e.tx, e.id) > (s.events_tx, s.events_id) and e.tx < feed_horizon()
             order by e.tx, e.id limit $1)
           union all
           (select null from webhook_delivery d
             where d.subscription_id = s.id and d.state in ('waiting', 'again') limit $1)) as next
       ) as waiting
      where s.active and s.paused_at is null`,
    [MOST_PENDING],
  );
  return { endpoints, pending: behind[0]?.pending ?? 0, oldestSeconds: behind[0]?.oldestSeconds ?? 0 };
}

/**
 * Seconds since the oldest transaction began that still writes: the feeds end before it (`feed_horizon`).
 * 0: none does.
 */
export async function feedsHeldBack(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ seconds: number }>(
    `select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8 as seconds
       from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()`,
  );
  return rows[0]?.seconds ?? 0;
}
