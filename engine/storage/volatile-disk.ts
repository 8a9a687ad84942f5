/**
 * A disk that keeps nothing: every commit succeeds at once and is forgotten. For measuring what durability
 * costs, never for real stock: the end of the process, or of only one of its shard threads, loses the stock.
 */
import type { JournalRow } from "../../store/journal/journal.ts";
import { EngineError } from "../errors.ts";
import type {
  CommitResult,
  CompactionResult,
  EngineDisk,
  RejectedRecord,
  WriterBatch,
} from "./engine-disk.ts";
import type { RecoverySource } from "./recovery.ts";

export class VolatileDisk implements EngineDisk {
  private readonly opened = new Set<number>();

  /** Records of writers (captured orders) belong to a database, and there is none here: they are rejected. */
  async commit(_rows: readonly JournalRow[], batches: readonly WriterBatch[]): Promise<CommitResult> {
    return batches.length === 0
      ? { status: "committed" }
      : { status: "rejected", cause: new Error("an engine that keeps nothing captures no orders") };
  }

  async findRejected(batches: readonly WriterBatch[]): Promise<readonly RejectedRecord[]> {
    return batches.flatMap(({ records }, batch) =>
      records.map((_, record) => ({
        batch,
        record,
        cause: new Error("an engine that keeps nothing captures no orders"),
        locked: false,
      })),
    );
  }

  async renew(held: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return new Map(held.map((shard) => [shard, 1]));
  }

  raiseEpochs(shards: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.renew(shards);
  }

  async landed(): Promise<ReadonlySet<JournalRow>> {
    return new Set();
  }

  /** Every shard begins empty, once. A lost one cannot be rebuilt, and must not come back empty. */
  recoverySource(shard: number): RecoverySource {
    const lost = this.opened.has(shard);
    this.opened.add(shard);
    return {
      snapshots: () => {
        if (lost) throw new EngineError("journal_corrupt", "nothing was kept of this shard");
        return nothing();
      },
      rows: nothing,
    };
  }

  async compact(): Promise<CompactionResult> {
    return { writtenBytes: 0, damaged: [] };
  }
}

async function* nothing(): AsyncGenerator<never> {}
