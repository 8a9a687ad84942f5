/**
 * A whole real system for tests: `holdfast start` as a user starts it, in a process of its own, on its own
 * data folder and ports. It can be stopped in order, killed without warning together with everything that it
 * started, and started again on the same data.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Access, localAccess } from "../cli/client/credentials.ts";
import { throwAwaySettings } from "../cli/system/background-system.ts";
import { projectRoot } from "../config/project-root.ts";
import { discardDataFolder, kill, serversOf } from "./servers/data-folder.ts";

/** Pino's number for it. */
const WARN_LEVEL = 40;

export type Outcome = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

export class TestSystem {
  /** Everything that the system keeps. */
  readonly folder: string;
  /** Environment of the system and of commands that must find it. */
  readonly environment: NodeJS.ProcessEnv;
  private child: ChildProcess | null = null;
  private output = "";

  private constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.environment = environment;
  }

  /** A data folder and ports, nothing running yet. */
  static async prepare(settings: Readonly<Record<string, string>> = {}): Promise<TestSystem> {
    provideDashboard();
    const folder = mkdtempSync(join(tmpdir(), "holdfast-test-system-"));
    chmodSync(folder, 0o711); // the database's own user passes through
    return new TestSystem(folder, {
      ...process.env,
      NO_COLOR: "1",
      ...(await throwAwaySettings(folder)),
      ...settings,
    });
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<TestSystem> {
    const system = await TestSystem.prepare(settings);
    await system.start();
    return system;
  }

  /** @returns milliseconds until it was ready */
  async start(): Promise<number> {
    const began = Date.now();
    this.output = "";
    const child = spawn(process.execPath, [join(projectRoot, "bin", "holdfast.js"), "start"], {
      cwd: this.folder,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own, as a terminal would give it: a signal to the group must not reach its
      // servers.
      detached: true,
    });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      const collect = (chunk: Buffer): void => {
        this.output += chunk.toString("utf8");
        if (this.output.includes("Holdfast is ready")) resolve();
      };
      child.stdout.on("data", collect);
      child.stderr.on("data", collect);
      child.once("exit", (status) =>
        reject(new Error(`the system did not start (status ${status}):\n${this.output}\n${this.logTail()}`)),
      );
    });
    return Date.now() - began;
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error("the system is not running");
    return this.child.pid;
  }

  /** What it has written to the terminal since its last start. */
  get terminal(): string {
    return this.output;
  }

  access(): Promise<Access> {
    return localAccess(this.folder);
  }

  /** Pids of the servers and simulators that belong to it, as it recorded them. */
  children(): readonly { readonly name: string; readonly pid: number }[] {
    return serversOf(this.folder).filter((record) => record.pid !== this.child?.pid);
  }

  /** `kill -9` of the system, its servers and its simulators, at once. */
  async killEverything(): Promise<void> {
    await this.kill([...this.children().map((one) => one.pid), this.pid]);
  }

  /** `kill -9` of the system alone; its servers are left behind. */
  async killAlone(): Promise<void> {
    await this.kill([this.pid]);
  }

  /**
   * Has the system die of memory, where it was started with `run-out-of-memory.mjs`; its servers are left
   * behind.
   *
   * @returns the signal that ended it; null: it ended with a status
   */
  async runOutOfMemory(): Promise<NodeJS.Signals | null> {
    const child = this.child;
    if (child === null) throw new Error("the system is not running");
    const ended = untilExit(child);
    kill(this.pid, "SIGUSR2");
    await ended;
    this.child = null;
    return child.signalCode;
  }

  /** Ctrl-C, as a terminal sends it: to the whole process group. @returns status and what it said */
  async interrupt(): Promise<{ readonly status: number | null; readonly terminal: string }> {
    const child = this.child;
    if (child === null) return { status: null, terminal: this.output };
    const ended = untilExit(child);
    kill(-this.pid, "SIGINT");
    const status = await ended;
    this.child = null;
    return { status, terminal: this.output };
  }

  private async kill(pids: readonly number[]): Promise<void> {
    const child = this.child;
    if (child === null) throw new Error("the system is not running");
    const ended = untilExit(child);
    for (const pid of pids) kill(pid, "SIGKILL");
    await ended;
    this.child = null;
  }

  /** Runs a command of the command line against it. */
  run(args: readonly string[], input = ""): Promise<Outcome> {
    return runCommand(args, { cwd: this.folder, environment: this.environment, input });
  }

  /** Stops it and removes everything, even what a failed test has left without a parent. */
  async destroy(): Promise<void> {
    await this.interrupt();
    discardDataFolder(this.folder);
  }

  /** The last warnings and errors of its log: why it did what a test did not expect. */
  lastProblems(): string {
    const isProblem = (line: string) => Number(/^\{"level":(\d+)/.exec(line)?.[1]) >= WARN_LEVEL;
    return this.logLines().filter(isProblem).slice(-40).join("\n");
  }

  private logTail(): string {
    return this.logLines().slice(-8).join("\n");
  }

  private logLines(): readonly string[] {
    const file = join(this.folder, "logs", "holdfast.log");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  }
}

/** Runs `holdfast …` to its end. */
export function runCommand(
  args: readonly string[],
  options: { readonly cwd: string; readonly environment: NodeJS.ProcessEnv; readonly input?: string },
): Promise<Outcome> {
  const child = spawn(process.execPath, [join(projectRoot, "bin", "holdfast.js"), ...args], {
    cwd: options.cwd,
    env: options.environment,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString("utf8");
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  child.stdin.end(options.input ?? "");
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** Where answers are recorded as examples (`examples/record-answers.ts`), those to commands are, too. */
function recordingChildren(): NodeJS.ProcessEnv {
  const folder = process.env["HOLDFAST_ANSWERS"];
  if (folder === undefined) return {};
  const recorder = join(projectRoot, "test-support", "examples", "record-in-child.mjs");
  return { HOLDFAST_ANSWERS: folder, NODE_OPTIONS: `--import=${recorder}` };
}

/** Runs `holdfast …` against a gateway, with the key of its administrator. */
export function runAsAdmin(
  { url, adminKey }: { readonly url: string; readonly adminKey: string },
  args: readonly string[],
  cwd: string,
): Promise<Outcome> {
  return runCommand(args, {
    cwd,
    environment: {
      PATH: process.env["PATH"],
      NO_COLOR: "1",
      HOLDFAST_URL: url,
      HOLDFAST_KEY: adminKey,
      ...recordingChildren(),
    },
  });
}

/** Documents of a `--json` output. */
export function jsonLines<T>(outcome: Outcome): readonly T[] {
  return outcome.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line): T => JSON.parse(line));
}

function untilExit(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}

/** `start` needs a built dashboard. Tests that never look at it do without a browser bundle. */
export function provideDashboard(): void {
  const folder = join(projectRoot, "dist", "dashboard");
  if (existsSync(join(folder, "index.html"))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>not built</title>");
}
