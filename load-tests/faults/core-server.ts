/** One core server (engine and gateway) as a process of the harness's own, in a process group of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";

const READY_TIMEOUT_MS = 60_000;

type CoreServerOptions = {
  readonly databaseUrl: string;
  readonly logFile: string;
  /** An API key of the database; absent: the server makes one. */
  readonly key?: string;
  /** Points of `engine/failpoints.ts` to arm, as HOLDFAST_FAILPOINT takes them. */
  readonly failpoints?: string;
  readonly snapshotEveryRows: number;
  /** Of one caller at all gateways together, and as many at once; absent: the product's limit. */
  readonly requestsPerSecond?: number;
  /** Shard threads; absent: the server's own number. */
  readonly threads?: number;
  /** Shares the stock with others of the same database under this name. */
  readonly node?: { readonly name: string; readonly redisUrl: string };
};

type End = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

type Ready = { readonly port: number; readonly key: string };

export class CoreServer {
  readonly pid: number;
  readonly ended: Promise<End>;
  private readonly child: ChildProcess;
  private readonly logFile: string;
  private readonly readyLine: Promise<Ready | null>;

  private constructor(child: ChildProcess, logFile: string) {
    this.child = child;
    this.logFile = logFile;
    this.pid = child.pid ?? 0;
    this.ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    this.readyLine = readReadyLine(child);
  }

  static async spawn(options: CoreServerOptions): Promise<CoreServer> {
    const log = openSync(options.logFile, "a");
    try {
      const child = spawn(
        process.execPath,
        [
          join(projectRoot, "dist", "cli", "system", "core-server-main.js"),
          "--snapshot-every-rows",
          String(options.snapshotEveryRows),
          ...(options.threads === undefined ? [] : ["--threads", String(options.threads)]),
          ...(options.requestsPerSecond === undefined
            ? []
            : ["--requests-per-second", String(options.requestsPerSecond)]),
          ...(options.key === undefined ? [] : ["--key", options.key]),
          ...(options.node === undefined ? [] : ["--node", options.node.name]),
        ],
        {
          detached: true,
          // The channel: a server whose harness is gone ends by itself.
          stdio: ["ignore", "pipe", log, "ipc"],
          env: {
            ...process.env,
            DATABASE_URL: options.databaseUrl,
            ...(options.node === undefined ? {} : { REDIS_URL: options.node.redisUrl }),
            ...(options.failpoints === undefined ? {} : { HOLDFAST_FAILPOINT: options.failpoints }),
          },
        },
      );
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", reject);
      });
      return new CoreServer(child, options.logFile);
    } finally {
      closeSync(log);
    }
  }

  /** Its port and key once it takes requests; `null` where it ended before. */
  async ready(): Promise<Ready | null> {
    let patience: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      patience = setTimeout(
        () => reject(new Error(`a core server was not ready within ${READY_TIMEOUT_MS} ms`)),
        READY_TIMEOUT_MS,
      );
    });
    try {
      return await Promise.race([this.readyLine, late]);
    } finally {
      clearTimeout(patience);
    }
  }

  /** Whether the failpoint was reached: it leaves a line in the log. */
  async hasStruck(failpoint: string): Promise<boolean> {
    return (await readFile(this.logFile, "utf8")).includes(`failpoint ${failpoint}: `);
  }

  /** The reason that it gave for its end: the last error in its log, shortened. */
  async complaint(): Promise<string> {
    const lines = (await readFile(this.logFile, "utf8")).split("\n");
    const errors = lines.filter((line) => /error|Error|core-server:/.test(line));
    return (errors.at(-1) ?? lines.at(-2) ?? "it wrote nothing").slice(0, 500);
  }

  /** Whether the process stands still after SIGSTOP. */
  async isStopped(): Promise<boolean> {
    const stat = await readFile(`/proc/${this.pid}/stat`, "utf8").catch(() => "");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }
}

function readReadyLine(child: ChildProcess): Promise<Ready | null> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      const end = text.indexOf("\n");
      if (end < 0) return;
      try {
        resolve(JSON.parse(text.slice(0, end)) as Ready);
      } catch (cause) {
        reject(new Error(`a core server said ${JSON.stringify(text.slice(0, 200))}`, { cause }));
      }
    });
    child.once("exit", () => resolve(null));
  });
}
