/**
 * What the engine needs of durable storage: PostgreSQL in production, a simulated disk in a simulation.
 */
import type { JournalRow } from "../../store/journal/journal.ts";
import type { CommitWriter } from "../allocator-client.ts";
import type { DamagedSnapshot, RecoverySource } from "./recovery.ts";

/** The records of one writer in one commit. */
export type WriterBatch = {
  readonly writer: CommitWriter<unknown>;
  readonly records: readonly unknown[];
};

export type CommitResult =
  | { readonly status: "committed" }
  /** A shard of the commit belongs to another owner now. Nothing was written. */
  | { readonly status: "fenced" }
  /** A writer could not take its records. Nothing was written. */
  | { readonly status: "rejected"; readonly cause: unknown };

/** A record that its writer cannot take, by its place in the batches. */
export type RejectedRecord = {
  readonly batch: number;
  readonly record: number;
  readonly cause: unknown;
  /** The writer waited too long for a lock of another transaction: the record itself may be fine. */
  readonly locked: boolean;
};

export type CompactionResult = {
  /**
   * Bytes of the shard's state that were written. 0: nothing was new, or the shard belongs to another owner
   * now.
   */
  readonly writtenBytes: number;
  /** Snapshots that were found damaged on the way. */
  readonly damaged: readonly DamagedSnapshot[];
};

export interface EngineDisk {
  /** Writes rows and records in one transaction. Rejects where the outcome is not known. */
  commit(rows: readonly JournalRow[], batches: readonly WriterBatch[]): Promise<CommitResult>;

  /** Finds the records that a rejected commit failed on, by trying each alone. Writes nothing. */
  findRejected(batches: readonly WriterBatch[]): Promise<readonly RejectedRecord[]>;

  /**
   * Reconnects and raises the epochs of the shards that are still held. After that no earlier commit can land
   * any more. Rejects while storage cannot be reached.
   */
  renew(held: readonly number[]): Promise<ReadonlyMap<number, number>>;

  /**
   * Raises the epochs of shards that are still held and have nothing on its way, beside the commits of other
   * shards. Rejects while storage cannot be reached.
   */
  raiseEpochs(shards: readonly number[]): Promise<ReadonlyMap<number, number>>;

  /** Which of these rows are in the journal with this hash. */
  landed(rows: readonly JournalRow[]): Promise<ReadonlySet<JournalRow>>;

  recoverySource(shard: number): RecoverySource;

  /**
   * Makes the next snapshot of a shard from what is stored (`compaction.ts`) and writes it under the fence of
   * `epoch`. Rejects with `journal_corrupt` where the stored journal is damaged.
   */
  compact(shard: number, epoch: number): Promise<CompactionResult>;
}
