/**
 * An allocator over a real shard (`engine/shard/shard.ts`), in memory: what sagas need of the engine, without
 * threads.
 */
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { Shard } from "../../engine/shard/shard.ts";
import { emptyRequest, type ShardReply, type ShardRequest } from "../../engine/shard/shard-request.ts";

export type StockInMemory = AllocatorClient & {
  /** As if it had just been made. */
  clear(): void;
};

export function stockInMemory(): StockInMemory {
  let shard = new Shard(0);
  const run = (part: Partial<ShardRequest>): ShardReply => shard.run({ ...emptyRequest(0, 0), ...part });
  const notNeeded = () => Promise.reject(new Error("not part of this double"));
  return {
    clear: () => {
      shard = new Shard(0);
    },
    execute: async (commands) => run({ commands }).outcomes,
    positions: async (skus) => run({ skus }).positions,
    namedUnits: async (skus) => run({ named: skus }).named,
    holds: async (address) => run({ addresses: [address] }).holds.flat(),
    available: () => {
      throw new Error("not part of this double");
    },
    availableByLocation: () => {
      throw new Error("not part of this double");
    },
    laneDoor: () => {
      throw new Error("not part of this double");
    },
    capableToPromise: notNeeded,
    quoteOrder: notNeeded,
    openPositions: notNeeded,
    applyLane: notNeeded,
    reserveOrder: notNeeded,
    commit: notNeeded,
    setLocations: () => {},
    observeCommands: () => {},
    recordFills: () => {},
    setSourcingRules: () => {},
    setKits: () => {},
    amendOrder: notNeeded,
    cancelOrder: notNeeded,
    status: notNeeded,
  };
}
