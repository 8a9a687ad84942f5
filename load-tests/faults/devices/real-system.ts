/**
 * `holdfast start` in a process of its own, on a folder and ports of its own: PostgreSQL, Temporal and all.
 * It can be killed without warning, alone or with everything that it started, and started again.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Access, localAccess } from "../../../cli/client/credentials.ts";
import { ProcessBook } from "../../../cli/embedded/processes.ts";
import { throwAwaySettings } from "../../../cli/system/background-system.ts";
import { projectRoot } from "../../../config/project-root.ts";
import { mustNotOutlive } from "../leftovers.ts";

const execute = promisify(execFile);

export class RealSystem {
  readonly folder: string;
  private readonly environment: NodeJS.ProcessEnv;
  private child: ChildProcess | null = null;
  /** Whose program runs: this tree, or another version's. */
  program = join(projectRoot, "bin", "holdfast.js");

  private constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.environment = environment;
  }

  /** @param program another version's `bin/holdfast.js`; absent: this tree's */
  static async start(settings: Readonly<Record<string, string>>, program?: string): Promise<RealSystem> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-devices-"));
    // The database's own user passes through.
    await chmod(folder, 0o711);
    const system = new RealSystem(folder, {
      ...process.env,
      ...(await throwAwaySettings(folder)),
      ...settings,
    });
    system.program = program ?? system.program;
    mustNotOutlive(() => system.destroy());
    try {
      await system.start();
      return system;
    } catch (error) {
      await system.destroy();
      throw error;
    }
  }

  /** On the data that is there. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [this.program, "start", "--json"], {
      cwd: this.folder,
      env: this.environment,
      // The channel: a system whose harness is gone ends by itself.
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      detached: true,
    });
    this.child = child;
    let said = "";
    child.stderr?.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-4_000);
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`the system did not start:\n${said}`)));
      child.once("message", () => {
        child.removeAllListeners("exit");
        resolve();
      });
    });
  }

  access(): Promise<Access> {
    return localAccess(this.folder);
  }

  /** `kill -9` of the system, and of its servers and simulators where all is to go. */
  async kill(what: "alone" | "everything"): Promise<void> {
    const records = what === "alone" ? [] : await new ProcessBook(this.folder).readPrevious();
    const { child } = this;
    if (child === null) return;
    const ended = untilExit(child);
    for (const { pid } of records) kill(pid);
    child.kill("SIGKILL");
    await ended;
    this.child = null;
  }

  /** Runs a command of the command line on it. @returns what it printed @throws where it did not go well */
  async run(args: readonly string[]): Promise<string> {
    const { stdout } = await execute(process.execPath, [this.program, ...args], {
      cwd: this.folder,
      env: this.environment,
      maxBuffer: 64 * 1_048_576,
    });
    return stdout;
  }

  /** As Ctrl-C does; everything that it started ends with it. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    const ended = untilExit(child);
    child.kill("SIGINT");
    await ended;
    this.child = null;
  }

  /**
   * Folders that have all that it keeps, while it is stopped: its own, and PostgreSQL's where that lies
   * elsewhere.
   */
  async folders(): Promise<readonly string[]> {
    const cluster = await readFile(join(this.folder, "postgres-location"), "utf8").catch(() => "");
    return [this.folder, ...(cluster.trim() === "" ? [] : [cluster.trim()])];
  }

  /** The machine is gone, with everything that was written on it. */
  async lose(): Promise<void> {
    await this.kill("everything");
    await this.discardData();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    await mkdir(this.folder, { mode: 0o711 });
    await chmod(this.folder, 0o711);
  }

  /** Ends all of it, and removes what it has written. */
  async destroy(): Promise<void> {
    await this.stop();
    for (const { pid } of await new ProcessBook(this.folder).readPrevious()) kill(pid);
    await this.discardData();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** PostgreSQL's, where its user could not reach the folder. */
  private async discardData(): Promise<void> {
    for (const cluster of (await this.folders()).slice(1))
      await rm(cluster, { recursive: true, force: true, maxRetries: 5 });
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function untilExit(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", resolve));
}
