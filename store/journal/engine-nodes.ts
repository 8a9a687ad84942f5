/**
 * The engine processes that share the shards of a database, and the leases that go from one to another.
 *
 * A row says that its process is there, by the server's clock, so that no machine's clock matters. Nobody is
 * kept from anything by it: who may write is decided by the lease's epoch alone (`shard-lease.ts`).
 */
import type { Database, Queryable } from "../sql/database.ts";
import { patiently } from "./shard-lease.ts";

export type EngineNodeRow = {
  /** As `shard_lease.owner` names it. */
  readonly owner: string;
  readonly name: string;
  readonly isDraining: boolean;
  /** Milliseconds since it said a word. */
  readonly silentMs: number;
};

export type ShardLease = {
  readonly shard: number;
  readonly epoch: number;
  /** Empty: it was given up. */
  readonly owner: string;
};

/** A process that was silent for so long has ended; its row says nothing to anybody. Minutes. */
const FORGOTTEN_MINUTES = 10;

/**
 * How long taking a lease waits before it ends the connection that blocks it: an owner that stands still in
 * the middle of a commit. Its process has been silent for seconds by then.
 */
const PATIENCE_MS = 500;

/** Says that the process is there. Not waited for until it is on disk: after a crash it is said again. */
export async function tellOfEngineNode(
  database: Queryable,
  node: Pick<EngineNodeRow, "owner" | "name" | "isDraining">,
): Promise<void> {
  await database.query(
    `with unhurried as (select set_config('synchronous_commit', 'off', true)),
          forgotten as (
            delete from engine_node
             where seen_at < clock_timestamp() - $4 * interval '1 minute' and owner <> $1
          )
     insert into engine_node (owner, name, seen_at, is_draining)
     select $1, $2, clock_timestamp(), $3 from unhurried
     on conflict (owner) do update set seen_at = excluded.seen_at, is_draining = excluded.is_draining`,
    [node.owner, node.name, node.isDraining, FORGOTTEN_MINUTES],
  );
}

/** The process takes no part any more. What it still has is free for others. */
export async function forgetEngineNode(database: Queryable, owner: string): Promise<void> {
  await database.query("delete from engine_node where owner = $1", [owner]);
}

export async function readEngineNodes(database: Queryable): Promise<readonly EngineNodeRow[]> {
  const { rows } = await database.query<EngineNodeRow>(
    `select owner, name, is_draining as "isDraining",
            (extract(epoch from clock_timestamp() - seen_at) * 1000)::float8 as "silentMs"
       from engine_node order by owner`,
  );
  return rows;
}

export async function readLeases(database: Queryable): Promise<readonly ShardLease[]> {
  const { rows } = await database.query<ShardLease>(
    "select shard, epoch, owner from shard_lease order by shard",
  );
  return rows;
}

/** Makes the leases of shards that nobody has had yet. */
export async function openLeases(database: Queryable, shardCount: number): Promise<void> {
  await database.query(
    `insert into shard_lease (shard, epoch, owner)
     select shard, 0, '' from generate_series(0, $1::integer - 1) as shard order by shard
     on conflict do nothing`,
    [shardCount],
  );
}

/**
 * Takes those of the leases that are still as they were seen: nobody has taken or renewed them since. Returns
 * the new epochs.
 */
export async function takeSeenLeases(
  database: Database,
  seen: readonly ShardLease[],
  owner: string,
): Promise<ReadonlyMap<number, number>> {
  return patiently(database, PATIENCE_MS, async (client) => {
    const { rows } = await client.query<{ shard: number; epoch: number }>(
      `with free as (
         select lease.shard from shard_lease lease
         join unnest($1::integer[], $2::bigint[]) as seen (shard, epoch) using (shard, epoch)
         order by shard for update of lease
       )
       update shard_lease set epoch = epoch + 1, owner = $3, renewed_at = now()
       where shard in (select shard from free)
       returning shard, epoch`,
      [seen.map(({ shard }) => shard), seen.map(({ epoch }) => epoch), owner],
    );
    return new Map(rows.map((row) => [row.shard, row.epoch]));
  });
}
