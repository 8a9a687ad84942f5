/**
 * Brings a shard back from a snapshot and the journal rows after it.
 *
 * Owns the verification. All bytes that state is rebuilt from have their checksum, their hash and their place
 * in the chain checked first; what fails is named and never served. Leaves reading to its source.
 *
 * R1 A snapshot only saves time. One that fails is named and passed over for the one before it, and in the
 *    end for the journal from its first row.
 * R2 A journal row is the truth: one that fails stops the recovery, and the shard with it.
 */
import type { JournalRow } from "../../store/journal/journal.ts";
import type { SnapshotRow } from "../../store/journal/snapshot.ts";
import { EngineError } from "../errors.ts";
import { CHAIN_START, chainHash, checksumOf, snapshotHash } from "../journal/checksum.ts";
import { decodeEntries } from "../journal/journal-codec.ts";
import { Shard } from "../shard/shard.ts";

/** Where a shard's journal stands. */
export type JournalHead = { readonly sequence: number; readonly hash: Buffer; readonly epoch: number };

/** What a shard is rebuilt from. */
export type RecoverySource = {
  /** Newest first. */
  snapshots(): AsyncIterable<SnapshotRow>;
  /** Committed journal rows after `sequence`, in order, in pages that are never empty. */
  rows(sequence: number): AsyncIterable<readonly JournalRow[]>;
};

/** A snapshot, and the journal row that it stands at. */
export type RecoveryStart = { readonly snapshot: SnapshotRow; readonly row: JournalRow | null };

/** A snapshot that was passed over. */
export type DamagedSnapshot = { readonly sequence: number; readonly damage: string };

/** What is being rebuilt: a shard in this thread, or one in another. */
type RecoveryTarget = {
  /** Begins anew. @returns what is wrong with the start; null: nothing. */
  begin(start: RecoveryStart | null): Promise<string | null>;
  replay(rows: readonly JournalRow[]): Promise<void>;
};

/** Feeds a target from the newest sound snapshot. @returns the damaged snapshots */
export async function rebuild(
  source: RecoverySource,
  target: RecoveryTarget,
): Promise<readonly DamagedSnapshot[]> {
  const damaged: DamagedSnapshot[] = [];
  for await (const snapshot of source.snapshots()) {
    // From the row that the snapshot stands at, because snapshot and row confirm each other.
    const pages = readAhead(source.rows(snapshot.sequence - 1));
    const [row = null, ...rows] = (await pages.next()).value ?? [];
    const damage = await target.begin({ snapshot, row });
    if (damage === null) {
      if (rows.length > 0) await target.replay(rows);
      for await (const page of pages) await target.replay(page);
      return damaged;
    }
    await pages.return(undefined);
    damaged.push({ sequence: snapshot.sequence, damage });
  }
  await target.begin(null);
  for await (const page of readAhead(source.rows(0))) await target.replay(page);
  return damaged;
}

/**
 * Rebuilds a shard in this thread. Rejects with `journal_corrupt`, naming the row,
 * where the journal is damaged.
 */
export async function recoverShard(
  shard: number,
  source: RecoverySource,
): Promise<{
  readonly shard: Shard;
  readonly head: JournalHead;
  readonly damaged: readonly DamagedSnapshot[];
}> {
  let recovery = new Recovery(shard, null);
  const damaged = await rebuild(source, {
    begin: async (start) => {
      try {
        recovery = new Recovery(shard, start);
        return null;
      } catch (error) {
        if (error instanceof SnapshotDamage) return error.message;
        throw error;
      }
    },
    replay: async (rows) => {
      for (const row of rows) recovery.accept(row);
    },
  });
  return { ...recovery.result(), damaged };
}

/** A snapshot that recovery cannot use. */
export class SnapshotDamage extends Error {
  override readonly name = "SnapshotDamage";
}

export class Recovery {
  private readonly shard: Shard;
  private head: JournalHead;

  /**
   * Throws `SnapshotDamage`, naming the snapshot, unless it is whole. Throws `journal_corrupt` where it is
   * whole and was made of another journal.
   */
  constructor(shard: number, start: RecoveryStart | null) {
    if (start === null) {
      this.shard = new Shard(shard);
      this.head = { sequence: 0, hash: CHAIN_START, epoch: 0 };
      return;
    }
    const { snapshot, row } = start;
    const fail = (what: string, cause?: unknown): never => {
      throw new SnapshotDamage(`${snapshotName(snapshot)}: ${what}`, { cause });
    };
    if (checksumOf(snapshot.state) !== snapshot.checksum) fail("checksum does not match");
    if (!isSame(snapshotHash(snapshot.journalHash, snapshot, snapshot.state), snapshot.stateHash)) {
      fail("hash does not match");
    }
    try {
      this.shard = Shard.decodeState(shard, snapshot.state);
    } catch (cause) {
      throw new SnapshotDamage(`${snapshotName(snapshot)}: it cannot be read`, { cause });
    }
    const name = `journal row of shard ${shard} at sequence ${snapshot.sequence}`;
    if (row === null || row.sequence !== snapshot.sequence) {
      throw corrupt(name, "it is missing, and a snapshot stands at it");
    }
    if (!isSame(row.hash, snapshot.journalHash)) {
      throw corrupt(name, "its hash is not the one that the snapshot at it was made with");
    }
    this.head = { sequence: snapshot.sequence, hash: snapshot.journalHash, epoch: snapshot.epoch };
  }

  /**
   * The next journal row. Throws `journal_corrupt`, naming the row, unless it is whole and the very next one.
   */
  accept(row: JournalRow): void {
    const name = `journal row of shard ${row.shard} at sequence ${row.sequence}`;
    if (row.sequence !== this.head.sequence + 1) {
      throw corrupt(name, `sequence ${this.head.sequence + 1} is missing`);
    }
    if (!isSame(row.previousHash, this.head.hash)) throw corrupt(name, "it does not chain to the row before");
    if (checksumOf(row.entries) !== row.checksum) throw corrupt(name, "checksum does not match");
    if (!isSame(chainHash(row.previousHash, row, row.entries), row.hash)) {
      throw corrupt(name, "hash does not match");
    }
    if (row.epoch < this.head.epoch) throw corrupt(name, "its epoch is older than that of the row before");
    try {
      for (const blob of decodeEntries(row.entries)) this.shard.replay(blob);
    } catch (cause) {
      throw corrupt(name, "it cannot be read", cause);
    }
    this.head = { sequence: row.sequence, hash: row.hash, epoch: row.epoch };
  }

  result(): { readonly shard: Shard; readonly head: JournalHead } {
    return { shard: this.shard, head: this.head };
  }
}

/** Asks for the next page while the last one is processed. */
async function* readAhead<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = pages[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = iterator.next();
      // A reader that stops early does not want to hear of this page's failure.
      next.catch(() => {});
      yield value;
    }
  } finally {
    await next.catch(() => {});
    await iterator.return?.();
  }
}

function snapshotName(snapshot: { readonly shard: number; readonly sequence: number }): string {
  return `snapshot of shard ${snapshot.shard} at sequence ${snapshot.sequence}`;
}

/** Rows that came by message hold plain byte arrays where PostgreSQL's driver gives buffers. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function corrupt(name: string, what: string, cause?: unknown): EngineError {
  return new EngineError("journal_corrupt", `${name}: ${what}`, cause === undefined ? {} : { cause });
}
