/**
 * Snapshots of a shard's committed state, each at a journal position; the last two of every shard are kept.
 *
 * What the bytes mean is the engine's business; here they are cut into parts, written under a fence and put
 * together.
 */
import { copyOut, literal } from "../sql/copy-out.ts";
import { type Database, inTransaction, type Queryable } from "../sql/database.ts";

export type SnapshotRow = {
  readonly shard: number;
  /** The last journal row that the state contains; at least 1. */
  readonly sequence: number;
  /** The epoch under which it was written; no row that comes after it has an older one. */
  readonly epoch: number;
  /** CRC-32 of `state`. */
  readonly checksum: number;
  /** Hash of the journal row at `sequence`: where the chain goes on. */
  readonly journalHash: Buffer;
  /** Hash of everything above and of `state`. */
  readonly stateHash: Buffer;
  readonly state: Buffer;
};

const KEPT = 2;

/**
 * A part is copied several times on its way, and so are parts that are read at the same time. A commit waits
 * until all that was written to the log before it is on disk. So the parts of a snapshot come in small
 * pieces, and a commit gets in between two of them.
 */
const PART_BYTES = 256 * 1024;
const PARTS_AT_ONCE = 32;

/**
 * The server ends a writer that stands still between two statements: its successor may need the same rows.
 */
const IDLE_IN_TRANSACTION_MS = 30_000;

/** Rolls a snapshot back that must not be seen. */
class NotToBeWritten extends Error {}

/**
 * Writes a snapshot and drops all but the last two.
 *
 * The fence comes after the state: locking the lease while megabytes are written would keep a takeover
 * waiting. From the fence to the commit nobody can take the shard over; an owner that has done so before
 * never sees anything of this snapshot. Rows that the successor would drop too are dropped only behind the
 * fence: a takeover ends any connection that holds a lease and stands still, so those rows are never locked
 * for long.
 *
 * @param damaged sequences of snapshots that failed their verification: they are dropped first, so that none
 *   of them counts among the two.
 * @returns false where the shard has been taken over or has this snapshot already: nothing was changed then.
 */
export async function writeSnapshot(
  database: Database,
  snapshot: SnapshotRow,
  damaged: readonly number[],
): Promise<boolean> {
  const { shard, sequence, state } = snapshot;
  const work = inTransaction(database, async (transaction) => {
    await transaction.query("select set_config('idle_in_transaction_session_timeout', $1, true)", [
      String(IDLE_IN_TRANSACTION_MS),
    ]);
    await transaction.query("delete from snapshot where shard = $1 and sequence = any($2::bigint[])", [
      shard,
      damaged,
    ]);
    const written = await transaction.query(
      `insert into snapshot (shard, sequence, epoch, checksum, journal_hash, state_hash, size)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
      [
        shard,
        sequence,
        snapshot.epoch,
        snapshot.checksum,
        snapshot.journalHash,
        snapshot.stateHash,
        state.length,
      ],
    );
    if (written.rowCount === 0) throw new NotToBeWritten();
    for (let from = 0, part = 0; from < state.length; from += PART_BYTES, part += 1) {
      await transaction.query(
        "insert into snapshot_part (shard, sequence, part, bytes) values ($1, $2, $3, $4)",
        [shard, sequence, part, state.subarray(from, from + PART_BYTES)],
      );
    }
    const fence = await transaction.query(
      "select 1 from shard_lease where shard = $1 and epoch = $2 for share",
      [shard, snapshot.epoch],
    );
    if (fence.rowCount === 0) throw new NotToBeWritten();
    await transaction.query(
      `delete from snapshot where shard = $1 and sequence < (
         select min(sequence) from (
           select sequence from snapshot where shard = $1 order by sequence desc limit $2
         ) as kept
       )`,
      [shard, KEPT],
    );
  });
  return work.then(
    () => true,
    (error: unknown) => {
      if (error instanceof NotToBeWritten) return false;
      throw error;
    },
  );
}

/** The snapshots of a shard, newest first; each is read when it is asked for. */
export async function* readSnapshots(database: Queryable, shard: number): AsyncGenerator<SnapshotRow> {
  const { rows: heads } = await database.query<Omit<SnapshotRow, "state"> & { readonly size: number }>(
    `select shard, sequence, epoch, checksum, journal_hash as "journalHash", state_hash as "stateHash", size
     from snapshot where shard = $1 order by sequence desc`,
    [shard],
  );
  for (const { size, ...head } of heads) {
    const parts: Buffer[] = [];
    for (let bytes = 0; bytes < size; ) {
      const from = parts.length;
      const rows = await copyOut(
        database,
        `select bytes from snapshot_part
         where shard = ${literal(shard)} and sequence = ${literal(head.sequence)}
           and part >= ${literal(from)} and part < ${literal(from + PARTS_AT_ONCE)}
         order by part`,
      );
      // What is missing shows in the checksum.
      if (rows.length === 0) break;
      for (const [part] of rows as readonly (readonly [Buffer])[]) {
        parts.push(part);
        bytes += part.length;
      }
    }
    yield { ...head, state: Buffer.concat(parts) };
  }
}
