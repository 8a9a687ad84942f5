/**
 * Which Temporal namespace has the sagas of this database, and which sagas the database says are under way.
 *
 * Owns the marks by which somebody can tell that Temporal's data is lost, or is of another life of the
 * database than this one. Leaves starting sagas to `workflows/runtime/saga-home.ts`.
 */
import type { Queryable } from "./sql/database.ts";

export type SagaHome = {
  /** Temporal's id of the namespace; null: the database was restored, and nobody has worked on it since. */
  readonly namespaceId: string | null;
  /** How often the sagas were started anew. */
  readonly run: number;
};

/** Locks the mark until the transaction ends. @returns null for a database that no saga has a home of yet */
export async function lockSagaHome(client: Queryable): Promise<SagaHome | null> {
  // Of several processes that start at once, the others wait here for the first.
  await client.query("lock table saga_home in exclusive mode");
  return readSagaHome(client);
}

/** @returns null for a database that no saga has a home of yet */
export async function readSagaHome(client: Queryable): Promise<SagaHome | null> {
  const { rows } = await client.query<SagaHome>(`select namespace_id as "namespaceId", run from saga_home`);
  return rows[0] ?? null;
}

export async function setSagaHome(client: Queryable, home: SagaHome): Promise<void> {
  await client.query(
    `insert into saga_home (namespace_id, run) values ($1, $2)
     on conflict (only_row) do update set namespace_id = excluded.namespace_id, run = excluded.run, since = now()`,
    [home.namespaceId, home.run],
  );
}

/** Whether anything was captured here that may have a saga. */
export async function hasOrders(client: Queryable): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>("select exists (select from orders) as has");
  return rows[0]?.has === true;
}

/** A restored database: its sagas have no home until a process finds an empty one for them. */
export async function forgetSagaHome(client: Queryable): Promise<void> {
  await client.query(
    `insert into saga_home (namespace_id) values (null)
     on conflict (only_row) do update set namespace_id = null, since = now()`,
  );
}

/** A saga that is under way, with all that it was ever told. */
export type SagaUnderWay = {
  readonly workflow:
    | "orderFulfillment"
    | "returnAuthorization"
    | "refundPayment"
    | "claimReceipt"
    | "resendNotice";
  readonly workflowId: string;
  readonly orderId: string;
  readonly channelId: string;
  /** Of an order: whether it is on hold. */
  readonly onHold: boolean;
  /** The arguments with which it was started first; null where they are not known any more. */
  readonly input: Readonly<Record<string, unknown>> | null;
  /** In the order in which they were written. */
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  /** Rows of the outbox: those of the messages that it was not told before. */
  readonly untold: readonly number[];
};

/**
 * Since when what has ended may have had a mail to send still: an hour before the last thing that was written
 * is far more than that takes. As the database writes it, to the microsecond. Read before anything is started
 * anew, which is written, too.
 */
export async function readRecently(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ since: string }>(
    "select (coalesce(max(created_at), now()) - interval '1 hour')::text as since from outbox",
  );
  return rows[0]?.since ?? "";
}

/**
 * What the database says is under way, whose start does not wait in the outbox: by their rows orders, returns
 * and refunds, by their missing end the goods of claims, and mails that staff have just sent again.
 *
 * @param page.recently (`readRecently`) an order or a return that has ended since is among them, too
 * @param page.after the last workflow id of the page before; "" for the first
 */
export async function readSagasUnderWay(
  client: Queryable,
  page: { readonly recently: string; readonly after: string; readonly limit: number },
): Promise<readonly SagaUnderWay[]> {
  const { rows } = await client.query<SagaUnderWay>(
    `with recent as materialized (
       select $3::timestamptz as since
     ), begun as (
       select 'orderFulfillment' as workflow, o.id, o.id as order_id, o.channel_id, o.status = 'on_hold' as on_hold
         from orders o, recent
        where o.updated_at >= recent.since or not exists (
          select from order_event e where e.order_id = o.id and e.key in ('completed', 'cancelled'))
       union all
       select 'returnAuthorization', r.id, r.order_id, o.channel_id, false
         from return_authorization r join orders o on o.id = r.order_id, recent
        where r.updated_at >= recent.since or r.status not in ('refunded', 'declined', 'cancelled')
       union all
       select s.payload->>'workflow', s.payload->>'workflowId', o.id, o.channel_id, false
         from outbox s join orders o on o.id = s.payload #>> '{args,0,orderId}', recent
        where s.topic = 'workflow.start' and s.key like 'start:%' and case s.payload->>'workflow'
          when 'refundPayment' then exists (select from refund f
            where f.id = s.payload->>'workflowId' and f.status in ('requested', 'pending', 'failed'))
          when 'claimReceipt' then not exists (select from order_event e where e.order_id = o.id
            and e.key = 'claim-restocked:' || (s.payload #>> '{args,0,claimId}'))
          when 'resendNotice' then s.created_at >= recent.since
          else false end
     ), page as materialized (
       select begun.* from begun
        where id collate "C" > $1 and not exists (select from outbox waiting
          where waiting.key = 'start:' || begun.id and waiting.done_at is null)
        order by id collate "C" limit $2
     ), told as materialized (
       select payload->>'workflowId' as id, jsonb_agg(payload->'message' order by outbox.id) as messages,
              array_agg(outbox.id) filter (where done_at is null) as untold
         from outbox
        where topic = 'workflow.signal' and payload->>'workflowId' in (select id from page)
        group by 1
     )
     select page.workflow, page.id as "workflowId", page.order_id as "orderId", page.channel_id as "channelId",
            page.on_hold as "onHold", first.payload #> '{args,0}' as input,
            coalesce(told.messages, '[]') as messages, coalesce(told.untold, '{}') as untold
       from page
       left join outbox first on first.key = 'start:' || page.id
       left join told on told.id = page.id
      order by page.id collate "C"`,
    [page.after, page.limit, page.recently],
  );
  return rows;
}
