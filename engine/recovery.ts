/**
 * Brings a shard back from its latest snapshot and the journal rows after it.
 *
 * Owns the verification: every byte that state is rebuilt from has its checksum, its hash and its place in the chain
 * checked first, and what fails is named and never served. Leaves reading the rows to its caller.
 */
import type { JournalRow } from "../store/journal.ts";
import type { SnapshotRow } from "../store/snapshot.ts";
import { CHAIN_START, chainHash, checksumOf, stateHashOf } from "./checksum.ts";
import { EngineError } from "./errors.ts";
import { decodeEntries } from "./journal-codec.ts";
import { Shard } from "./shard.ts";

/** Where a shard's journal stands. */
export type JournalHead = { readonly sequence: number; readonly hash: Buffer; readonly epoch: number };

export class Recovery {
  private readonly shard: Shard;
  private head: JournalHead;

  constructor(shard: number, snapshot: SnapshotRow | undefined) {
    if (snapshot === undefined) {
      this.shard = new Shard(shard);
      this.head = { sequence: 0, hash: CHAIN_START, epoch: 0 };
      return;
    }
    const name = `snapshot of shard ${shard} at sequence ${snapshot.sequence}`;
    if (checksumOf(snapshot.state) !== snapshot.checksum) throw corrupt(name, "checksum does not match");
    if (!isSame(stateHashOf(snapshot.state), snapshot.stateHash)) {
      throw corrupt(name, "state hash does not match");
    }
    this.shard = decoded(name, () => Shard.decodeState(shard, snapshot.state));
    this.head = { sequence: snapshot.sequence, hash: snapshot.journalHash, epoch: snapshot.epoch };
  }

  /** The next journal row. Throws `journal_corrupt`, naming the row, unless it is whole and the very next one. */
  accept(row: JournalRow): void {
    const name = `journal row of shard ${row.shard} at sequence ${row.sequence}`;
    if (row.sequence !== this.head.sequence + 1) {
      throw corrupt(name, `sequence ${this.head.sequence + 1} is missing`);
    }
    if (row.epoch < this.head.epoch) throw corrupt(name, "its epoch is older than that of the row before");
    if (checksumOf(row.entries) !== row.checksum) throw corrupt(name, "checksum does not match");
    if (!isSame(row.previousHash, this.head.hash)) throw corrupt(name, "it does not chain to the row before");
    if (!isSame(chainHash(row.previousHash, row.entries), row.hash)) {
      throw corrupt(name, "hash does not match");
    }
    for (const blob of decoded(name, () => decodeEntries(row.entries))) {
      decoded(name, () => this.shard.replay(blob));
    }
    this.head = { sequence: row.sequence, hash: row.hash, epoch: row.epoch };
  }

  result(): { readonly shard: Shard; readonly head: JournalHead } {
    return { shard: this.shard, head: this.head };
  }
}

function decoded<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw corrupt(name, "it cannot be read", cause);
  }
}

/** Rows that came by message hold plain byte arrays where PostgreSQL's driver gives buffers. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function corrupt(name: string, what: string, cause?: unknown): EngineError {
  return new EngineError("journal_corrupt", `${name}: ${what}`, cause === undefined ? {} : { cause });
}
