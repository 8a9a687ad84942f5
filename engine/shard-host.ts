/** Where shards run: worker threads in production, the caller's own thread in a simulation. */
import type { JournalRow } from "../store/journal.ts";
import type { SnapshotRow } from "../store/snapshot.ts";
import type { ShardAnswer } from "./messages.ts";
import type { ShardRequest } from "./shard.ts";

/** What a shard is rebuilt from. */
export type RecoverySource = {
  snapshot(): Promise<SnapshotRow | undefined>;
  /** Journal rows after the snapshot, in order, in pages. */
  rows(): AsyncIterable<readonly JournalRow[]>;
};

export type ShardFigures = {
  readonly sequence: number;
  readonly hash: Buffer;
  readonly epoch: number;
  readonly nextExpiryAtMs: number;
  readonly positionCount: number;
  readonly holdCount: number;
};

export interface ShardHost {
  threadOf(shard: number): number;
  /** Runs one batch on each of these shards. Never rejects: a shard that cannot answers with its failure. */
  run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]>;
  /** Rebuilds a shard from what is committed; rejects with an `EngineError` where that cannot be had or trusted. */
  recover(shard: number, source: RecoverySource): Promise<ShardFigures>;
  stop(): Promise<void>;
}
