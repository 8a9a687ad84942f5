/** An engine takes part in sharing the shards of its database with others. */
import type { Logger } from "pino";
import { openLeases } from "../../store/journal/engine-nodes.ts";
import { openDatabase } from "../../store/sql/database.ts";
import type { EngineCore } from "../loop/engine-core.ts";
import { realScheduler } from "../loop/scheduler.ts";
import type { ShardDirectory } from "../rounds/shard-directory.ts";
import { NodeShards, type ShardMoves } from "./node-shards.ts";
import { postgresNodeBook } from "./postgres-node-book.ts";

/** One to say that it is there, which must never wait for the other, which may wait for a lease. */
const CONNECTIONS = 3;

export type NodePart = {
  readonly moves: Readonly<ShardMoves>;
  drain(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Resolves once it has its part, or has waited for it. Rejects with `journal_corrupt` where what is stored of a
 * shard that fell to it cannot be trusted; it then has no part.
 *
 * @param core has begun its work, and has no shard yet
 */
export async function takePart(options: {
  readonly databaseUrl: string;
  readonly owner: string;
  /** The node's name, for people. */
  readonly node: string;
  readonly core: EngineCore;
  readonly directory: ShardDirectory;
  readonly logger: Logger;
}): Promise<NodePart> {
  const { databaseUrl, owner, node, core, directory, logger } = options;
  const database = openDatabase(databaseUrl, { maxConnections: CONNECTIONS, name: "holdfast-engine-nodes" });
  const shards = new NodeShards({
    book: postgresNodeBook(database, { owner, name: node }),
    core,
    directory,
    scheduler: realScheduler,
    logger,
    owner,
  });
  const stop = async (): Promise<void> => {
    await shards
      .stop()
      .catch((error: unknown) => logger.warn({ err: error }, "the other nodes could not be told of the end"));
    await database.end();
  };
  try {
    await openLeases(database, directory.entries.length);
    await shards.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { moves: shards.moves, drain: () => shards.drain(), stop };
}
