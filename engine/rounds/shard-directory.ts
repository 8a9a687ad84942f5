/**
 * What the engine knows of each of its shards: whether it takes work, where its
 * journal stands, what it holds.
 *
 * `live` shards take work. `rebuilding` ones refuse it until they are recovered. `fenced` ones belong to
 * another process and refuse it for good.
 */
import { CHAIN_START } from "../journal/checksum.ts";

export type ShardEntry = {
  readonly shard: number;
  readonly thread: number;
  status: "live" | "rebuilding" | "fenced";
  epoch: number;
  /** The last committed journal row. */
  sequence: number;
  hash: Buffer;
  nextExpiryAtMs: number;
  positionCount: number;
  holdCount: number;
};

export class ShardDirectory {
  readonly entries: readonly ShardEntry[];

  constructor(shardCount: number, threadOf: (shard: number) => number, epochs: ReadonlyMap<number, number>) {
    this.entries = Array.from({ length: shardCount }, (_, shard) => ({
      shard,
      thread: threadOf(shard),
      status: "rebuilding" as const,
      epoch: epochs.get(shard) ?? 0,
      sequence: 0,
      hash: CHAIN_START,
      nextExpiryAtMs: 0,
      positionCount: 0,
      holdCount: 0,
    }));
  }

  entry(shard: number): ShardEntry {
    const entry = this.entries[shard];
    if (entry === undefined) throw new RangeError(`there is no shard ${shard}`);
    return entry;
  }

  isLive(shard: number): boolean {
    return this.entries[shard]?.status === "live";
  }
}
