/** A system for commands that need one and find none: `holdfast start` as a child, stopped when the command is done. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../config/project-root.ts";
import {
  type Access,
  type AccessFlags,
  dataFolder,
  findAccess,
  readLocalFile,
} from "./client/credentials.ts";
import { UserProblem } from "./problem.ts";
import { note } from "./terminal.ts";

export type UsableSystem = { readonly access: Access; release(): Promise<void> };

/** The system that the flags name or that runs here; else one that is started for the occasion. */
export async function useSystem(flags: AccessFlags): Promise<UsableSystem> {
  const named = flags.url !== undefined || process.env["HOLDFAST_URL"] !== undefined;
  const local = await readLocalFile(dataFolder());
  if (named || (local?.url !== undefined && (await isAlive(local.url)))) {
    return { access: await findAccess(flags), release: async () => {} };
  }
  note("No system runs here: starting one.");
  const child = await startChild();
  return { access: await findAccess(flags), release: () => stopChild(child) };
}

async function isAlive(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

function startChild(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(projectRoot, "bin", "holdfast.js"), "start", "--json"], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // Apart from the terminal's group: Ctrl-C reaches us, and closing the channel stops it in order.
    detached: true,
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () =>
      reject(new UserProblem("start_failed", "The system could not be started.", "See the line above.")),
    );
    child.on("message", () => {
      child.removeAllListeners("exit");
      resolve(child);
    });
  });
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  await ended;
}
