/** One of our servers as a child process that prints one JSON line when it is ready. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

type ReadyLine = { readonly port: number; readonly pid: number; readonly key: string };

export type ChildServer = {
  readonly ready: ReadyLine;
  /** Ends it in order. Does nothing where it is gone already. */
  stop(): Promise<void>;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
};

const READY_MS = 60_000;

export async function startChildServer(
  file: string,
  options: {
    readonly args: readonly string[];
    readonly environment: NodeJS.ProcessEnv;
    readonly nodeArgs?: readonly string[];
  },
): Promise<ChildServer> {
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), file, ...options.args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...options.environment },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = await readyLine(child, file);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return { ready, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}

function readyLine(child: ChildProcess, file: string): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${file} was not ready within ${READY_MS / 1_000} s`));
    }, READY_MS);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`${file} ended with ${code ?? signal} before it was ready`));
    });
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).once("line", (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
  });
}
