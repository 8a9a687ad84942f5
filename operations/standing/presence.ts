/**
 * Tells every few seconds that this process is there, and how it is. Where the database is away nobody is
 * told, and the process seems silent: so it is.
 */
import type { Logger } from "pino";
import type { JobLog } from "../../config/job-log.ts";
import {
  forgetNodes,
  type NodeRow,
  type NodeState,
  stopNode,
  tellOfNode,
} from "../../store/figures/nodes.ts";
import type { Database } from "../../store/sql/database.ts";

const TELL_MS = 5_000;

export function runPresence(options: {
  readonly database: Database;
  readonly node: Pick<NodeRow, "id" | "name" | "version" | "roles">;
  readonly read: () => Promise<NodeState>;
  readonly jobLog: JobLog;
  readonly logger: Logger;
  readonly tellMs?: number;
}): { stop(): Promise<void> } {
  const { database, node, read, logger, tellMs = TELL_MS } = options;
  const record = options.jobLog.of("presence", tellMs);
  let telling: Promise<void> | null = null;
  const tell = async (): Promise<void> => {
    try {
      await tellOfNode(database, { ...node, state: await read() });
      await forgetNodes(database);
      record.done();
    } catch (error) {
      record.failed();
      logger.warn({ err: error }, "the other nodes could not be told of this one");
    } finally {
      telling = null;
    }
  };
  const tellNext = (): void => {
    telling ??= tell();
  };
  tellNext();
  const timer = setInterval(tellNext, tellMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await telling;
      await stopNode(database, node.id).catch((error: unknown) =>
        logger.warn({ err: error }, "the other nodes could not be told that this one ends"),
      );
    },
  };
}
