/**
 * Systems for commands and tests that need one: `holdfast start` as a child that is stopped when the work is
 * done.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";
import {
  type Access,
  type AccessFlags,
  dataFolder,
  findAccess,
  localAccess,
  readLocalFile,
} from "../client/credentials.ts";
import { freePort } from "../embedded/free-port.ts";
import { UserProblem } from "../problem.ts";
import { note } from "../terminal.ts";
import { NODE_FLAGS } from "./node-flags.ts";

export type UsableSystem = { readonly access: Access; release(): Promise<void> };

/** The system that the flags name or that runs here; else one that is started for this command only. */
export async function useSystem(flags: AccessFlags): Promise<UsableSystem> {
  const named = flags.url !== undefined || process.env["HOLDFAST_URL"] !== undefined;
  const local = await readLocalFile(dataFolder());
  if (named || (local?.url !== undefined && (await isAlive(local.url)))) {
    return { access: await findAccess(flags), release: async () => {} };
  }
  note("No system runs here: starting one.");
  const child = await startChild(process.env, process.cwd());
  return { access: await findAccess(flags), release: () => stopChild(child) };
}

/**
 * A system of its own below the temporary folder, on free ports. Nothing of it is left afterwards.
 */
export async function startThrowAwaySystem(
  environment: NodeJS.ProcessEnv = {},
): Promise<UsableSystem & { readonly dataFolder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-"));
  // The database's own user must be able to enter the folder.
  await chmod(folder, 0o711);
  const settings = { ...(await throwAwaySettings(folder)), ...environment };
  try {
    const child = await startChild({ ...process.env, ...settings }, folder);
    return {
      access: await localAccess(folder),
      dataFolder: folder,
      release: async () => {
        await stopChild(child);
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Settings that keep a second system out of the first one's way. */
export async function throwAwaySettings(folder: string): Promise<Record<string, string>> {
  const ports: Record<string, string> = {};
  for (const name of [
    "HOLDFAST_PORT",
    "HOLDFAST_MQTT_PORT",
    "HOLDFAST_TEMPORAL_PORT",
    "HOLDFAST_TEMPORAL_UI_PORT",
    "HOLDFAST_POSTGRES_PORT",
    "HOLDFAST_SIMULATORS_PORT",
    "HOLDFAST_SMTP_PORT",
  ]) {
    let port = await freePort();
    while (Object.values(ports).includes(String(port))) port = await freePort();
    ports[name] = String(port);
  }
  return { ...ports, HOLDFAST_DATA: folder };
}

async function isAlive(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

function startChild(environment: NodeJS.ProcessEnv, folder: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, join(projectRoot, "bin", "holdfast.js"), "start", "--json"],
    {
      cwd: folder,
      env: environment,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // Not in the terminal's process group: Ctrl-C reaches only us, and closing the channel stops it in
      // order.
      detached: true,
    },
  );
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () =>
      reject(new UserProblem("start_failed", "The system could not be started.", "See the line above.")),
    );
    child.once("message", () => {
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
