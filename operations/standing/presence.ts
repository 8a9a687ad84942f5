/**
 * Tells every few seconds that this process is there and how it is, and what became of the others: one that
 * has died cannot tell of it. Where the database is away nobody is
 * told, and the process seems silent: so it is.
 */
import type { Logger } from "pino";
import type { JobLog } from "../../config/job-log.ts";
import { tellOfNodes, trimNodeEvents } from "../../store/figures/node-events.ts";
import {
  forgetNodes,
  type NodeRow,
  type NodeState,
  stopNode,
  tellOfNode,
} from "../../store/figures/nodes.ts";
import { SILENT_AFTER_SECONDS } from "../../store/figures/system-status.ts";
import type { Database } from "../../store/sql/database.ts";

const TELL_MS = 5_000;
/** Two months of a system of ten nodes that is restarted once a day, with 64 shards. */
const KEPT_EVENTS = 50_000;

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
      await tellOfNodes(database, SILENT_AFTER_SECONDS);
      await trimNodeEvents(database, KEPT_EVENTS);
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
      try {
        await stopNode(database, node.id);
        await tellOfNodes(database, SILENT_AFTER_SECONDS);
      } catch (error) {
        logger.warn({ err: error }, "the other nodes could not be told that this one ends");
      }
    },
  };
}
