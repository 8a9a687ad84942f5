/**
 * Who may write a shard's journal.
 *
 * A lease carries an epoch that only grows. Taking a shard over raises it; from then on the append statement
 * of the former owner (`journal.ts`) finds no lease with its epoch and writes nothing. A lease without an
 * owner was given up in order.
 */
import type { Database, Queryable } from "../sql/database.ts";

/**
 * How long a takeover waits before it ends the connection that blocks it. A healthy owner blocks for less: a
 * commit takes milliseconds, and a stalling disk some seconds.
 */
const PATIENCE_MS = 4_000;

/** The number of shards that this database is laid out for; the first caller's `wanted` fixes it for good. */
export async function layOutShards(database: Queryable, wanted: number): Promise<number> {
  await database.query("insert into engine_layout (shard_count) values ($1) on conflict do nothing", [
    wanted,
  ]);
  const { rows } = await database.query<{ shard_count: number }>("select shard_count from engine_layout");
  return rows[0]?.shard_count ?? wanted;
}

/**
 * Takes shards 0 to `shardCount - 1` from whoever has them. Returns the new epoch of each, by shard.
 *
 * A former owner may have been stopped in the middle of a transaction that holds a lease, even in the middle
 * of a statement on its way, where no time limit of the server applies. Its connection is then ended; what it
 * had not committed can no longer commit.
 */
export async function takeLeases(
  database: Database,
  shardCount: number,
  owner: string,
): Promise<ReadonlyMap<number, number>> {
  return patiently(database, PATIENCE_MS, (client) => raiseAll(client, shardCount, owner));
}

/** Runs `take` on a connection; after each `patienceMs` of it, the connections that block it are ended. */
export async function patiently<T>(
  database: Database,
  patienceMs: number,
  take: (client: Queryable) => Promise<T>,
): Promise<T> {
  const client = await database.connect();
  let impatience: NodeJS.Timeout | undefined;
  let fault: Error | undefined;
  try {
    const { rows: self } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    impatience = setInterval(() => endBlockers(database, self[0]?.pid ?? 0), patienceMs);
    return await take(client);
  } catch (error) {
    fault = error as Error;
    throw error;
  } finally {
    clearInterval(impatience);
    client.release(fault);
  }
}

/** What cannot be ended now is tried again after the same time. */
function endBlockers(database: Database, pid: number): void {
  const text = "select pg_terminate_backend(blocker) from unnest(pg_blocking_pids($1)) as blocker";
  database.query(text, [pid]).catch(() => {});
}

async function raiseAll(
  database: Queryable,
  shardCount: number,
  owner: string,
): Promise<ReadonlyMap<number, number>> {
  // In shard order, so that two owners that start together queue up instead of deadlocking.
  const { rows } = await database.query<{ shard: number; epoch: number }>(
    `insert into shard_lease (shard, epoch, owner)
     select shard, 1, $2 from generate_series(0, $1::integer - 1) as shard order by shard
     on conflict (shard) do update
       set epoch = shard_lease.epoch + 1, owner = excluded.owner, renewed_at = now()
     returning shard, epoch`,
    [shardCount, owner],
  );
  return new Map(rows.map((row) => [row.shard, row.epoch]));
}

/**
 * Gives up the leases that `owner` has under these epochs, so that nobody need wait to take them. The epoch is
 * raised: whatever may still be on its way under the old one writes nothing.
 */
export async function releaseLeases(
  database: Queryable,
  epochs: ReadonlyMap<number, number>,
  owner: string,
): Promise<void> {
  await database.query(
    `with held as (
       select lease.shard from shard_lease lease
       join unnest($1::integer[], $2::bigint[]) as mine (shard, epoch) using (shard, epoch)
       where lease.owner = $3 order by shard for update of lease
     )
     update shard_lease set epoch = epoch + 1, owner = '', renewed_at = now()
     where shard in (select shard from held)`,
    [[...epochs.keys()], [...epochs.values()], owner],
  );
}

/** Those who have a shard now. */
export async function readOwners(database: Queryable): Promise<readonly string[]> {
  const { rows } = await database.query<{ owner: string }>(
    "select distinct owner from shard_lease where owner <> ''",
  );
  return rows.map(({ owner }) => owner);
}

/**
 * Raises the epoch of those of `shards` that `owner` still holds. After that no earlier append of the owner
 * can commit any more. Shards that another owner has taken over are missing from the answer. May be repeated
 * when the answer was lost.
 */
export async function renewLeases(
  database: Queryable,
  shards: readonly number[],
  owner: string,
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await database.query<{ shard: number; epoch: number }>(
    `with held as (
       select shard from shard_lease where shard = any($1::integer[]) and owner = $2 order by shard for update
     )
     update shard_lease set epoch = epoch + 1, renewed_at = now()
     where shard in (select shard from held)
     returning shard, epoch`,
    [shards, owner],
  );
  return new Map(rows.map((row) => [row.shard, row.epoch]));
}
