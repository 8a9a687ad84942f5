/**
 * Processes that belong to one data folder. They are started outside the terminal's process group, so that
 * Ctrl-C reaches only the parent, which then stops them in order. They are recorded, so that the next start
 * finds those that a `kill -9` of the parent left behind. A process is only signalled if its start time and
 * command line are still the recorded ones: a pid that now belongs to another program is left alone.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

type ProcessRecord = {
  readonly name: string;
  readonly pid: number;
  /** Start time and command line, as the system gives them. */
  readonly identity: string;
};

type SpawnOptions = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** The user to run as, where the parent is root and the program refuses to be. */
  readonly user?: { readonly uid: number; readonly gid: number };
};

/**
 * Starts a program in its own process group with its output in a file; a pipe would break when the parent
 * dies.
 */
export async function spawnDetached(options: SpawnOptions): Promise<ChildProcess> {
  await mkdir(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a");
  try {
    const child = spawn(options.command, [...options.args], {
      detached: true,
      stdio: ["ignore", log, log],
      env: options.environment ?? process.env,
      ...options.user,
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * Start time and command line of a running process; `undefined` where there is none. A process that has
 * ended, but whose last threads have not yet, still counts, with its start time only: until they are gone,
 * its ports are taken.
 */
export async function identify(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === "linux") {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (afterName[0] === "Z") {
        const threads = await readdir(`/proc/${pid}/task`);
        return threads.length > 1 ? `${afterName[19]} ` : undefined;
      }
      const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
      return `${afterName[19]} ${command}`;
    }
    const { stdout } = await run("ps", ["-o", "lstart=", "-o", "args=", "-p", String(pid)]);
    return stdout.trim() === "" ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}

export async function isRunning(record: ProcessRecord): Promise<boolean> {
  const found = await identify(record.pid);
  return found !== undefined && isSameProcess(found, record.identity);
}

/** A process that is just ending has no command line any more, but its start time still identifies it. */
export function isSameProcess(found: string, recorded: string): boolean {
  return found === recorded || (found.endsWith(" ") && recorded.startsWith(found));
}

/** Sends each signal in turn, waiting up to `patienceMs` after each, until the process is gone. */
export async function stopProcess(
  record: ProcessRecord,
  signals: readonly NodeJS.Signals[],
  patienceMs: number,
): Promise<void> {
  for (const signal of signals) {
    if (!(await isRunning(record))) return;
    try {
      process.kill(record.pid, signal);
    } catch {
      return;
    }
    if (await waitUntil(async () => !(await isRunning(record)), patienceMs)) return;
  }
}

export async function waitUntil(condition: () => Promise<boolean>, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** The list of a data folder's processes, kept in `processes.json`. */
export class ProcessBook {
  private readonly file: string;
  private records: readonly ProcessRecord[] = [];
  private written: Promise<void> = Promise.resolve();

  constructor(dataFolder: string) {
    this.file = join(dataFolder, "processes.json");
  }

  /** What the last run recorded; empty where it ended in order. */
  async readPrevious(): Promise<readonly ProcessRecord[]> {
    try {
      const parsed: unknown = JSON.parse(await readFile(this.file, "utf8"));
      return Array.isArray(parsed) ? parsed.filter(isProcessRecord) : [];
    } catch {
      return [];
    }
  }

  async add(name: string, pid: number): Promise<ProcessRecord> {
    const record = { name, pid, identity: (await identify(pid)) ?? "" };
    this.records = [...this.records, record];
    await this.write();
    return record;
  }

  async remove(name: string): Promise<void> {
    this.records = this.records.filter((record) => record.name !== name);
    await this.write();
  }

  /** One after the other: servers start at the same time, and the last write must contain all of them. */
  private write(): Promise<void> {
    const written = this.written.then(async () => {
      if (this.records.length === 0) {
        await rm(this.file, { force: true });
        return;
      }
      await writeFile(`${this.file}.new`, JSON.stringify(this.records, null, 2));
      await rename(`${this.file}.new`, this.file);
    });
    this.written = written.catch(() => {});
    return written;
  }
}

function isProcessRecord(value: unknown): value is ProcessRecord {
  if (typeof value !== "object" || value === null) return false;
  const record: Partial<Record<keyof ProcessRecord, unknown>> = value;
  return (
    typeof record.name === "string" && typeof record.pid === "number" && typeof record.identity === "string"
  );
}
