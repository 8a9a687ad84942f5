/**
 * What the engine knows of each of its shards: whether it takes work, where its
 * journal stands, what it holds.
 *
 * `live` shards take work. `rebuilding` ones refuse it until they are recovered. `leaving` ones take no new
 * work and finish what is under way; then they are `elsewhere`: another node has them, or may have them, and
 * they may come back. `fenced` ones belong to another process and refuse work for good.
 */
import { EngineError } from "../errors.ts";
import { CHAIN_START } from "../journal/checksum.ts";

const ELSEWHERE_RETRY_MS = 200;

export type ShardEntry = {
  readonly shard: number;
  readonly thread: number;
  status: "live" | "rebuilding" | "leaving" | "elsewhere" | "fenced";
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

  /** @param epochs of the shards' leases; null: none of them is here. */
  constructor(
    shardCount: number,
    threadOf: (shard: number) => number,
    epochs: ReadonlyMap<number, number> | null,
  ) {
    this.entries = Array.from({ length: shardCount }, (_, shard) => ({
      shard,
      thread: threadOf(shard),
      status: epochs === null ? ("elsewhere" as const) : ("rebuilding" as const),
      epoch: epochs?.get(shard) ?? 0,
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

  /** Whether it takes new work. */
  isLive(shard: number): boolean {
    return this.entries[shard]?.status === "live";
  }

  /** Whether what has begun on it can go on. */
  isUp(shard: number): boolean {
    const status = this.entries[shard]?.status;
    return status === "live" || status === "leaving";
  }

  /** The shards whose lease is this process's, as far as it knows. */
  get held(): readonly number[] {
    return this.entries
      .filter(({ status }) => status !== "fenced" && status !== "elsewhere")
      .map(({ shard }) => shard);
  }
}

/** The node that has it is known within moments. */
export function elsewhereError(shard: number): EngineError {
  return new EngineError("shard_elsewhere", `shard ${shard} is on another node`, {
    retryAfterMs: ELSEWHERE_RETRY_MS,
  });
}
