/**
 * Temporal's dev server as a child: file-backed in the data folder, so that sagas outlive a restart. The two
 * SQLite settings were measured to triple its throughput; with WAL, `synchronous=NORMAL` still survives a
 * killed process.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Connection } from "@temporalio/client";
import { UserProblem } from "../problem.ts";
import { type ProcessBook, spawnDetached, stopProcess, waitUntil } from "./processes.ts";
import { findTemporal } from "./temporal-binary.ts";

const START_TIMEOUT_MS = 60_000;

/**
 * Temporal rings every timer up to a second late, so that servers whose clocks differ agree that it is due; a
 * step that is tried again waits for such a timer. One server has one clock: ten milliseconds are enough.
 */
export const PUNCTUAL_TIMERS: readonly string[] = [
  "--dynamic-config-value",
  'history.timerProcessorMaxTimeShift="10ms"',
];

type EmbeddedTemporal = { readonly address: string; stop(): Promise<void> };

export async function startTemporal(options: {
  readonly dataFolder: string;
  readonly host: string;
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  readonly book: ProcessBook;
  readonly onCrash: () => void;
  readonly progress: (text: string) => void;
}): Promise<EmbeddedTemporal> {
  const program = await findTemporal(options.progress);
  const logFile = join(options.dataFolder, "logs", "temporal.log");
  const child = await spawnDetached({
    name: "temporal",
    command: program,
    args: [
      ...["server", "start-dev", "--ip", options.host, "--port", String(options.port)],
      ...["--ui-port", String(options.uiPort), "--namespace", options.namespace],
      ...["--db-filename", join(options.dataFolder, "temporal.db")],
      ...["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"],
      ...["--search-attribute", "HoldfastChannel=Keyword", "--search-attribute", "HoldfastStatus=Keyword"],
      ...PUNCTUAL_TIMERS,
      ...["--log-level", "warn"],
    ],
    logFile,
  });
  let stopping = false;
  let exited = false;
  let ready = false;
  child.once("exit", () => {
    exited = true;
    if (ready && !stopping) options.onCrash();
  });
  const record = await options.book.add("temporal", child.pid ?? 0);
  const address = `${options.host}:${options.port}`;
  await waitUntil(async () => exited || (await answers(address, options.namespace)), START_TIMEOUT_MS);
  if (exited || !(await answers(address, options.namespace))) {
    await stopProcess(record, ["SIGTERM", "SIGKILL"], 3_000);
    await options.book.remove("temporal");
    const last = (await readFile(logFile, "utf8")).trim().split("\n").at(-1)?.slice(0, 300) ?? "no output";
    throw new UserProblem(
      "temporal_failed",
      `The Temporal dev server (${program}) did not start: ${last}`,
      `See ${logFile}. With TEMPORAL_ADDRESS you can use a running server instead.`,
    );
  }
  ready = true;
  child.unref();
  return {
    address,
    stop: async () => {
      stopping = true;
      await stopProcess(record, ["SIGTERM", "SIGKILL"], 10_000);
      await options.book.remove("temporal");
    },
  };
}

/** Whether the namespace can be used: the front end answers a little earlier than that. */
async function answers(address: string, namespace: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 1_000 });
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}
