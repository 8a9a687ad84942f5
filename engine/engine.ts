/**
 * Starts the engine: takes the shards' leases, recovers them on their threads and opens the door.
 *
 * Composes the engine's parts and decides the order in which they start and stop. What they do is their own.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Logger } from "pino";
import { Distribution } from "../config/distribution.ts";
import { startThread } from "../config/start-thread.ts";
import { layOutShards, readOwners, releaseLeases, takeLeases } from "../store/journal/shard-lease.ts";
import { type Database, openDatabase, type PoolFigures, poolFigures } from "../store/sql/database.ts";
import { Allocator } from "./allocator.ts";
import type { EngineFigures } from "./allocator-client.ts";
import { EngineError } from "./errors.ts";
import { failpoint } from "./failpoints.ts";
import { EngineCore } from "./loop/engine-core.ts";
import { realScheduler } from "./loop/scheduler.ts";
import { takePart } from "./nodes/take-part.ts";
import type { OwnEngine } from "./own-engine.ts";
import { Projection } from "./projection/projection.ts";
import { ShardDirectory } from "./rounds/shard-directory.ts";
import { shardOf, threadOf } from "./shard/shard-of.ts";
import { StockView } from "./stock-view/stock-view.ts";
import type { EngineDisk } from "./storage/engine-disk.ts";
import { PostgresDisk } from "./storage/postgres-disk.ts";
import { collectGarbage } from "./threads/collect-garbage.ts";
import { widenHeapGrowth } from "./threads/heap-growth.ts";
import type { ShardThreadStart } from "./threads/shard-thread-handle.ts";
import { ThreadHost } from "./threads/thread-host.ts";

/**
 * A batch takes milliseconds, and the watch looks ten times a second. So a hung thread is found within a
 * second, and a thread that only waits for the machine is not taken for hung.
 */
const HANG_AFTER_MS = 700;

/** Twice what a million positions and a million holds need in one thread. */
const THREAD_MEMORY_MB = 2_048;

/**
 * The part of a shard thread's heap for new objects. V8 would take up to 48 MB for it in each thread and keep
 * it. What a batch makes is gone with the batch, and a shard that reserved and released took as much CPU with
 * a quarter of that room.
 */
const YOUNG_MEMORY_MB = 12;

/**
 * A shard's journal between two snapshots at most: a second or two of replay, of ordinary rows as well as of
 * lane records of a byte or two.
 */
const SNAPSHOT_EVERY_ROWS = 20_000;
const SNAPSHOT_EVERY_BYTES = 16 * 1024 * 1024;

/**
 * Shards are read back over these connections after the commit's connection has died. The same cause may have
 * killed every other connection that was open then: so none is kept for longer than it takes to notice.
 */
const IDLE_CONNECTION_MS = 1_000;

/** As long as the database answers, shards are given up in far less. */
const DRAIN_WITHIN_MS = 10_000;

const NO_MOVES = { adopted: 0, givenUp: 0, lost: 0 };

/** Upper bounds of how much commits are told apart by: from a lone order to a full round of every thread. */
const COMMIT_SIZES = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384];

export type EngineOptions = {
  readonly databaseUrl: string;
  /** Worker threads that host the shards. */
  readonly threads: number;
  /** Fixed for a database when it is first used. */
  readonly shards: number;
  readonly logger: Logger;
  /**
   * Milliseconds without a sign of life after which a shard thread at work is taken for hung. Default 700.
   */
  readonly hangAfterMs?: number;
  /** MiB of JavaScript heap that a shard thread may take before it is ended and rebuilt. Default 2,048. */
  readonly threadMemoryMb?: number;
  /**
   * Journal rows of a shard between two snapshots. Default 20,000, and at most 16 MB:
   * a second or two of replay.
   */
  readonly snapshotEveryRows?: number;
  /** Starts a shard thread; tests put themselves between the engine and its threads here. */
  readonly startShardThread?: ShardThreadStart;
  /**
   * Shares the shards with the other engines of this database that do so; the name is for people. Absent: it
   * takes all of them over, and whoever has them by then ends.
   */
  readonly share?: { readonly node: string };
  /**
   * Where commits go instead of PostgreSQL's journal. Nothing is then leased, recovered or projected. For
   * measuring.
   */
  readonly disk?: EngineDisk;
};

export type OwnShard = { readonly shard: number; readonly epoch: number };

export type Engine = {
  readonly client: OwnEngine;
  /** As whom it has its shards (`shard_lease.owner`). */
  readonly owner: string;
  /** Costs nothing that anybody else would notice. */
  figures(): EngineFigures;
  pool(): PoolFigures;
  /**
   * Whether another process has taken shards over. An engine that is asked for nothing finds that out by
   * itself only when it next commits.
   */
  isTakenOver(): Promise<boolean>;
  /** The shards that are live in this process now, with the epochs of their leases. */
  ownShards(): readonly OwnShard[];
  /** Whether the SKU's shard is live in this process now. */
  isHere(sku: string): boolean;
  /** Has `listener` called after each change of what `ownShards` tells. */
  onShardsMoved(listener: () => void): void;
  /**
   * Gives up every shard, and takes none any more. Resolves once others could have them: what was accepted is
   * committed, and the leases are free. Rejects where that takes longer than 10 s: the database is away.
   * Others then take them as from one that is gone.
   */
  drain(): Promise<void>;
  /**
   * Resolves once every movement that was committed here before the call is in `stock_movement` and
   * `stock_position`.
   */
  projected(): Promise<void>;
  /** Finishes the accepted work, writes snapshots where a replay would take long, and ends all threads. */
  stop(): Promise<void>;
};

/**
 * Takes over every shard of the database from the process that has it, or its part of them where they are
 * shared. Rejects with `layout_mismatch` where the database was laid out for another number of shards and with
 * `journal_corrupt` where what is stored cannot be trusted.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { databaseUrl, logger } = options;
  widenHeapGrowth();
  const database = openDatabase(databaseUrl, {
    maxConnections: 4,
    name: "holdfast-engine",
    idleAfterMs: IDLE_CONNECTION_MS,
  });
  const owner = `${hostname()}:${process.pid}:${randomUUID()}`;
  let core: EngineCore | undefined;
  let host: ThreadHost | undefined;
  try {
    if (options.disk === undefined) await checkLayout(database, options.shards);
    const epochs = await firstEpochs(options, database, owner);
    host = new ThreadHost({
      threads: options.threads,
      hangAfterMs: options.hangAfterMs ?? HANG_AFTER_MS,
      resourceLimits: {
        maxOldGenerationSizeMb: options.threadMemoryMb ?? THREAD_MEMORY_MB,
        maxYoungGenerationSizeMb: YOUNG_MEMORY_MB,
      },
      start: options.startShardThread ?? startShardThread,
      onThreadLost: (thread, reason) => core?.threadLost(thread, reason),
    });
    const directory = new ShardDirectory(options.shards, (shard) => threadOf(shard, options.threads), epochs);
    const postgres = new PostgresDisk(database, databaseUrl, owner);
    const view = new StockView();
    let projection: Projection | undefined;
    const commitSize = new Distribution(COMMIT_SIZES);
    let commitFaults = 0;
    const moved: (() => void)[] = [];
    core = new EngineCore({
      disk: options.disk ?? postgres,
      host,
      directory,
      logger,
      scheduler: realScheduler,
      snapshotEvery: { rows: options.snapshotEveryRows ?? SNAPSHOT_EVERY_ROWS, bytes: SNAPSHOT_EVERY_BYTES },
      view,
      isShared: epochs === null,
      onMoved: () => {
        // What another node has committed before the shard came here may not be projected yet.
        projection?.committed(headsOf(directory));
        for (const listener of moved) listener();
      },
      onCommitted: (rows) => projection?.committed(rows.map((row) => [row.shard, row.sequence])),
      meter: {
        committed: (units) => commitSize.observe(units),
        faulted: () => {
          commitFaults += 1;
        },
      },
    });
    await core.start();
    collectGarbage();
    if (options.disk === undefined) projection = new Projection(databaseUrl, logger);
    projection?.committed(headsOf(directory));
    const { share } = options;
    const part =
      share === undefined || epochs !== null
        ? null
        : await takePart({ databaseUrl, owner, node: share.node, core, directory, logger });
    const started = { core, host, projection };
    const giveAllUp = async (): Promise<void> => {
      if (part !== null) return part.drain();
      const released = await started.core.giveUp(directory.held);
      if (options.disk === undefined) await releaseLeases(database, released, owner);
    };
    let drained: Promise<void> | undefined;
    let stopped: Promise<void> | undefined;
    return {
      client: new Allocator(core, directory, view),
      owner,
      figures: () => ({
        commitSeconds: postgres.commitSeconds.figures(),
        commitSize: commitSize.figures(),
        commitFaults,
        ...started.core.load(),
        shards: countByStatus(directory),
        moves: part?.moves ?? NO_MOVES,
      }),
      pool: () => poolFigures(database),
      isTakenOver: async () =>
        part === null &&
        options.disk === undefined &&
        (await readOwners(database)).some((other) => other !== owner),
      ownShards: () =>
        directory.entries.flatMap(({ shard, status, epoch }) => (status === "live" ? { shard, epoch } : [])),
      isHere: (sku) => directory.isLive(shardOf(sku, options.shards)),
      onShardsMoved: (listener) => {
        moved.push(listener);
      },
      drain: () => {
        drained ??= within(DRAIN_WITHIN_MS, giveAllUp());
        return drained;
      },
      projected: () => started.projection?.caughtUp() ?? Promise.resolve(),
      stop: () => {
        stopped ??= (async () => {
          if (part !== null) {
            drained ??= within(DRAIN_WITHIN_MS, giveAllUp());
            await drained.catch((error: unknown) =>
              logger.warn({ err: error }, "the shards could not be given up in order; others take them"),
            );
            await part.stop();
          }
          await started.core.stop();
          await started.projection?.stop();
          await started.host.stop();
          await postgres.close();
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

const startShardThread: ShardThreadStart = (index, { workerData, resourceLimits }) =>
  startThread("engine/threads/shard-thread", `shards-${index}`, workerData, resourceLimits);

async function checkLayout(database: Database, shards: number): Promise<void> {
  const laidOut = await layOutShards(database, shards);
  if (laidOut === shards) return;
  throw new EngineError(
    "layout_mismatch",
    `this database is laid out for ${laidOut} shards and cannot run with ${shards}: set the number of shards to ${laidOut}`,
  );
}

/** @returns the epochs of all shards, now this owner's, by shard; null: they are shared, and come one by one */
async function firstEpochs(
  { share, disk, shards }: EngineOptions,
  database: Database,
  owner: string,
): Promise<ReadonlyMap<number, number> | null> {
  if (disk !== undefined) return new Map(Array.from({ length: shards }, (_, shard) => [shard, 1]));
  if (share !== undefined) return null;
  const epochs = await takeLeases(database, shards, owner);
  failpoint("takeover-leases-taken");
  return epochs;
}

function headsOf(directory: ShardDirectory): readonly (readonly [shard: number, sequence: number])[] {
  return directory.entries.filter(({ status }) => status === "live").map((one) => [one.shard, one.sequence]);
}

function countByStatus(directory: ShardDirectory): EngineFigures["shards"] {
  const counts = { live: 0, rebuilding: 0, leaving: 0 };
  for (const { status } of directory.entries) {
    if (status === "live" || status === "rebuilding" || status === "leaving") counts[status] += 1;
  }
  return counts;
}

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${milliseconds} ms`)), milliseconds);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
