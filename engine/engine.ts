/**
 * Starts the engine: takes the shards' leases, recovers them on their threads and opens the door.
 *
 * Composition of the engine's parts and the order of their beginning and end; what they do is their own.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { openDatabase } from "../store/database.ts";
import { layOutShards, takeLeases } from "../store/shard-lease.ts";
import { Allocator } from "./allocator.ts";
import type { AllocatorClient } from "./allocator-client.ts";
import { EngineCore } from "./engine-core.ts";
import { EngineError } from "./errors.ts";
import { threadOf } from "./placement.ts";
import { PostgresDisk } from "./postgres-disk.ts";
import { Projection } from "./projection.ts";
import { ShardDirectory } from "./shard-directory.ts";
import { startThread } from "./start-thread.ts";
import { ThreadHost } from "./thread-host.ts";

export type EngineOptions = {
  readonly databaseUrl: string;
  /** Worker threads that host the shards. */
  readonly threads: number;
  /** Fixed for a database when it is first used. */
  readonly shards: number;
  readonly logger: Logger;
  /** Milliseconds after which a silent shard thread is taken for hung. Default 5,000. */
  readonly hangAfterMs?: number;
  /** Journal rows of a shard between two snapshots. Default 5,000: some seconds of replay at most. */
  readonly snapshotEveryRows?: number;
  /** Starts a shard thread; tests put themselves between the engine and its threads here. */
  readonly startShardThread?: (index: number) => Worker;
};

export type Engine = {
  readonly client: AllocatorClient;
  /** Resolves once every movement committed before the call is in `stock_movement` and `stock_position`. */
  projected(): Promise<void>;
  /** Finishes what was accepted, writes snapshots and ends all threads. */
  stop(): Promise<void>;
};

/**
 * Takes over every shard of the database from whoever has it. Rejects with `layout_mismatch` where the database was
 * laid out for another number of shards and with `journal_corrupt` where what is stored cannot be trusted.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { databaseUrl, logger } = options;
  const database = openDatabase(databaseUrl, { maxConnections: 4, name: "holdfast-engine" });
  const owner = `${hostname()}:${process.pid}:${randomUUID()}`;
  let core: EngineCore | undefined;
  let host: ThreadHost | undefined;
  try {
    const laidOut = await layOutShards(database, options.shards);
    if (laidOut !== options.shards) {
      throw new EngineError(
        "layout_mismatch",
        `this database is laid out for ${laidOut} shards and cannot run with ${options.shards}: set the number of shards to ${laidOut}`,
      );
    }
    const epochs = await takeLeases(database, options.shards, owner);
    host = new ThreadHost({
      threads: options.threads,
      hangAfterMs: options.hangAfterMs ?? 5_000,
      start:
        options.startShardThread ??
        ((index) => startThread("engine/shard-thread", `shards-${index}`, undefined)),
      onThreadLost: (thread, reason) => core?.threadLost(thread, reason),
    });
    const directory = new ShardDirectory(options.shards, (shard) => threadOf(shard, options.threads), epochs);
    const disk = new PostgresDisk(database, databaseUrl, owner);
    let projection: Projection | undefined;
    core = new EngineCore({
      disk,
      host,
      directory,
      logger,
      clock: Date.now,
      snapshotEveryRows: options.snapshotEveryRows ?? 5_000,
      onCommitted: (rows) => projection?.committed(rows.map((row) => [row.shard, row.sequence])),
    });
    await core.start();
    projection = new Projection(databaseUrl, logger);
    projection.committed(directory.entries.map((entry) => [entry.shard, entry.sequence]));
    const started = { core, host, projection };
    let stopped: Promise<void> | undefined;
    return {
      client: new Allocator(core, directory),
      projected: () => started.projection.caughtUp(),
      stop: () => {
        stopped ??= (async () => {
          await started.core.stop();
          await started.projection.stop();
          await started.host.stop();
          await disk.close();
          await database.end();
        })();
        return stopped;
      },
    };
  } catch (error) {
    await host?.stop();
    await database.end();
    throw error;
  }
}
