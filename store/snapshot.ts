/** Snapshots of a shard's committed state, each at a journal position; the last two of every shard are kept. */
import type { Queryable } from "./database.ts";

export type SnapshotRow = {
  readonly shard: number;
  /** The last journal row that the state contains. */
  readonly sequence: number;
  readonly epoch: number;
  /** CRC-32 of `state`. */
  readonly checksum: number;
  /** Hash of the journal row at `sequence`: where the chain goes on. */
  readonly journalHash: Buffer;
  /** SHA-256 of `state`. */
  readonly stateHash: Buffer;
  readonly state: Buffer;
};

const KEPT = 2;

/** Writes a snapshot unless the shard has been taken over, and drops all but the last two. */
export async function writeSnapshot(database: Queryable, snapshot: SnapshotRow): Promise<void> {
  await database.query(
    `with fence as (select 1 from shard_lease where shard = $1 and epoch = $3 for share)
     insert into snapshot (shard, sequence, epoch, checksum, journal_hash, state_hash, state)
     select $1, $2, $3, $4, $5, $6, $7 from fence
     on conflict do nothing`,
    [
      snapshot.shard,
      snapshot.sequence,
      snapshot.epoch,
      snapshot.checksum,
      snapshot.journalHash,
      snapshot.stateHash,
      snapshot.state,
    ],
  );
  await database.query(
    `delete from snapshot where shard = $1 and sequence < (
       select min(sequence) from (
         select sequence from snapshot where shard = $1 order by sequence desc limit $2
       ) as kept
     )`,
    [snapshot.shard, KEPT],
  );
}

/** The newest snapshot of a shard, if it has any. */
export async function readLatestSnapshot(
  database: Queryable,
  shard: number,
): Promise<SnapshotRow | undefined> {
  const { rows } = await database.query<SnapshotRow>(
    `select shard, sequence, epoch, checksum, journal_hash as "journalHash", state_hash as "stateHash", state
     from snapshot where shard = $1 order by sequence desc limit 1`,
    [shard],
  );
  return rows[0];
}
