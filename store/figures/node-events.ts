/**
 * What happens to the processes of the system, and who takes which shard. A node that dies cannot tell of it:
 * any of the others does, once, and the row of the node keeps what was told last. Shards tell of themselves, in
 * the transaction that takes them (a trigger). The newest are kept; they are a feed.
 */
import type { NodeEvent } from "../../contract/system.ts";
import type { Queryable } from "../sql/database.ts";
import { type FeedCursor, type FeedPage, type FeedRow, feedPage } from "../sql/feed-cursor.ts";
import { iso } from "../sql/view-sql.ts";

/** Tells what became of any node since it was looked at last. Several may call at once. */
export async function tellOfNodes(client: Queryable, silentAfterSeconds: number): Promise<void> {
  // Whoever comes second waits for the row, and finds that it has been told.
  await client.query(
    `with seen as (
       select id, case
           when told is null then 'joined'
           when stopped_at is not null then 'left'
           when seen_at < now() - $1 * interval '1 second' then 'silent'
           when exists (select 1 from jsonb_array_elements(state->'dependencies') d where not (d->>'ready')::boolean)
             then 'unready'
           else 'ready' end as kind
         from node
     ), changed as (
       update node set told = seen.kind from seen
        where node.id = seen.id and node.told is distinct from seen.kind
       returning node.id, node.told, node.version, node.roles, node.state
     )
     insert into node_event (node_id, kind, detail)
     select id, told, case told
         when 'joined' then version || ' ' || array_to_string(roles, ',')
         when 'unready' then (select string_agg(d->>'name', ', ') from jsonb_array_elements(state->'dependencies') d
                               where not (d->>'ready')::boolean)
         else '' end
       from changed`,
    [silentAfterSeconds],
  );
}

/** Deletes all but about the newest `most`. */
export async function trimNodeEvents(client: Queryable, most: number): Promise<void> {
  await client.query("delete from node_event where id <= (select max(id) from node_event) - $1::bigint", [
    most,
  ]);
}

export type NodeFeedEntry = NodeEvent & { readonly cursor: FeedCursor };

/** Events after `after`, oldest first. Those that were deleted meanwhile are passed over. */
export async function readNodeFeed(
  client: Queryable,
  after: FeedCursor,
  limit: number,
): Promise<FeedPage<NodeFeedEntry>> {
  const { rows } = await client.query<FeedRow<NodeEvent>>(
    `with horizon as materialized (select feed_horizon() as xmin)
     select horizon.xmin::text as horizon, e.tx::text as tx, e.id::text, e.node_id as "nodeId", n.name, e.kind,
            e.shard, e.detail, ${iso("e.at")} as at
       from horizon
       left join lateral (
         select * from node_event
          where (tx, id) > ($1::text::xid8, $2::bigint) and tx < horizon.xmin
          order by tx, id limit $3) e on true
       left join node n on n.id = e.node_id
      order by e.tx, e.id`,
    [after.transaction.toString(), after.id.toString(), limit],
  );
  return feedPage(rows, after, limit, ({ horizon: _horizon, tx: _tx, ...event }, cursor) => ({
    ...event,
    cursor,
  }));
}
