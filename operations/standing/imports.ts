/**
 * Goes on with imports that somebody has started. One process of a database does it; when that one ends, the
 * next one goes on where each import is. Of each kind one is read at a time: what it finds there is what it
 * has decided by.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { IMPORT_FILE_DAYS, IMPORTS_AT_ONCE } from "../../config/limits.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { forgetFiles, importsToDo, setImportState } from "../../store/imports/imports.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import type { OperationContext } from "../context.ts";
import { runImport } from "../import/run-import.ts";

/** How late an import begins at most where nobody tells of it. */
const LOOK_MS = 5_000;
const FORGET_MS = 3_600_000;
/** Any number that no other job has. */
const LOCK = 7_206_502;
/** After so many tries at one place it is not the moment's fault. */
const TRIES = 8;
const RETRY_MS = 500;

export function runImports(
  context: OperationContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): Pick<Listener, "stop"> {
  const record = jobs.of("imports", LOOK_MS);
  const { database, now } = context;
  const importing = { ...context, channelAdapters: context.channelAdapters ?? new Map() };
  const running = new Map<TableKind, Promise<void>>();
  const stopping = new AbortController();
  let forgetAt = 0;
  const begin = (id: string, kind: TableKind): void => {
    const work = tryImport(id).finally(() => {
      running.delete(kind);
      listener.wake();
    });
    running.set(kind, work);
  };
  async function tryImport(id: string): Promise<void> {
    for (let tried = 1; !stopping.signal.aborted; tried += 1) {
      try {
        await runImport(importing, id, () => stopping.signal.aborted);
        return;
      } catch (error) {
        logger.error({ err: error, import: id, tried }, "an import could not go on");
        if (tried >= TRIES) {
          await giveUp(id);
          return;
        }
        await pause(RETRY_MS * tried, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }
  async function giveUp(id: string): Promise<void> {
    const detail =
      "Something broke here, again and again; the log has it. Run it again once that is mended: it goes on where it is.";
    await setImportState(database, id, ["checking", "running"], "failed", {
      code: "internal_error",
      detail,
      line: null,
    }).catch((error: unknown) => logger.error({ err: error, import: id }, "an import could not be given up"));
  }
  const listener = startListener({
    database,
    channel: "imports",
    everyMs: LOOK_MS,
    admit: async (client) => {
      const { rows } = await client.query<{ mine: boolean }>("select pg_try_advisory_lock($1) as mine", [
        LOCK,
      ]);
      return rows[0]?.mine === true;
    },
    work: async () => {
      for (const { id, kind } of await importsToDo(database))
        if (!running.has(kind) && running.size < IMPORTS_AT_ONCE) begin(id, kind);
      if (now() >= forgetAt) {
        forgetAt = now() + FORGET_MS;
        await forgetFiles(database, IMPORT_FILE_DAYS);
      }
      return false;
    },
    onDone: record.done,
    onFault: (error) => {
      record.failed();
      logger.error({ err: error }, "imports could not be looked for");
    },
  });
  return {
    stop: async () => {
      stopping.abort();
      await listener.stop();
      await Promise.all(running.values());
    },
  };
}
