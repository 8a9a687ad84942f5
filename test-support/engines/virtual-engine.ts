/** The engine's core in virtual time: its shards run in this thread, on a disk that the test chooses. */
import { Allocator } from "../../engine/allocator.ts";
import { EngineCore } from "../../engine/loop/engine-core.ts";
import type { Scheduler } from "../../engine/loop/scheduler.ts";
import { ShardDirectory } from "../../engine/rounds/shard-directory.ts";
import type { Shard } from "../../engine/shard/shard.ts";
import type { ShardAnswer, ShardRequest } from "../../engine/shard/shard-request.ts";
import { VirtualTime } from "../../engine/simulation/world/virtual-time.ts";
import { StockView } from "../../engine/stock-view/stock-view.ts";
import type { EngineDisk } from "../../engine/storage/engine-disk.ts";
import { type RecoverySource, recoverShard } from "../../engine/storage/recovery.ts";
import type { Recovered, ShardHost } from "../../engine/threads/shard-host.ts";
import { silentLogger } from "../engine.ts";

/** Shard threads without threads. */
export class LocalHost implements ShardHost {
  private readonly shards = new Map<number, Shard>();

  threadOf(shard: number): number {
    return shard;
  }

  async run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    return requests.map((request) => {
      const shard = this.shards.get(request.shard) as Shard;
      return { shard: request.shard, reply: structuredClone(shard.run(request)) };
    });
  }

  async recover(shard: number, source: RecoverySource): Promise<Recovered> {
    const { shard: recovered, head, damaged } = await recoverShard(shard, source);
    this.shards.set(shard, recovered);
    return { ...head, ...recovered.figures(), damaged, changes: recovered.allChanges() };
  }

  async drop(shard: number): Promise<void> {
    this.shards.delete(shard);
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * @param options `earlyMs`: how much too early a timer may fire, as timers of an event loop do. `isShared`:
 *   other engines may have some of the shards; they are all here at first.
 */
export function virtualEngine<D extends EngineDisk>(
  threads: number,
  diskOn: (scheduler: Scheduler) => D,
  { earlyMs = 0, isShared = false }: { readonly earlyMs?: number; readonly isShared?: boolean } = {},
) {
  const time = new VirtualTime();
  const scheduler: Scheduler = {
    now: () => time.nowMs,
    after: (ms, act) => {
      const event = time.after(Math.max(Math.min(1, ms), ms - earlyMs), act);
      return () => {
        event.act = null;
      };
    },
    soon: (act) => void time.after(0, act),
  };
  const disk = diskOn(scheduler);
  const directory = new ShardDirectory(
    threads,
    (shard) => shard,
    new Map([...Array(threads).keys()].map((shard) => [shard, 1])),
  );
  const view = new StockView();
  const core = new EngineCore({
    disk,
    host: new LocalHost(),
    directory,
    logger: silentLogger,
    scheduler,
    snapshotEvery: { rows: 1_000_000, bytes: 2 ** 40 },
    view,
    isShared,
    onCommitted: () => {},
  });
  return { time, scheduler, disk, core, client: new Allocator(core, directory, view) };
}
