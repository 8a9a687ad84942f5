/** Where shards run: worker threads in production, the caller's own thread in a simulation. */

import type { ShardAnswer, ShardRequest } from "../shard/shard-request.ts";
import type { PositionChanges } from "../stock-view/stock-changes.ts";
import type { DamagedSnapshot, RecoverySource } from "../storage/recovery.ts";

type ShardFigures = {
  readonly sequence: number;
  readonly hash: Buffer;
  readonly epoch: number;
  readonly nextExpiryAtMs: number;
  readonly positionCount: number;
  readonly holdCount: number;
};

export type Recovered = ShardFigures & {
  /** Snapshots that were passed over. */
  readonly damaged: readonly DamagedSnapshot[];
  /** All of the shard's positions, for the stock view. */
  readonly changes: PositionChanges;
};

export interface ShardHost {
  threadOf(shard: number): number;
  /**
   * Runs one batch on each of these shards. Never rejects: a shard that cannot run it answers with its
   * failure.
   */
  run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]>;
  /**
   * Rebuilds a shard from what is committed; rejects with an `EngineError` where that cannot be read or
   * trusted.
   */
  recover(shard: number, source: RecoverySource): Promise<Recovered>;
  /** Forgets a shard that is on another node now. Never rejects. */
  drop(shard: number): Promise<void>;
  stop(): Promise<void>;
}
