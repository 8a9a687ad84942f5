/**
 * What a start on this machine needs before anything of it runs: a data folder that can be written to and that
 * no other system has, nothing left of a killed run, free ports. It imports little, so that who cannot start
 * is told so at once and not once all of the system has been loaded.
 */
import { chmod, lstat, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { readLocalFile } from "../client/credentials.ts";
import { folderProblem } from "../embedded/folder-problem.ts";
import { requireFreePort } from "../embedded/free-port.ts";
import { isRunning, ProcessBook, stopProcess } from "../embedded/processes.ts";
import { UserProblem } from "../problem.ts";

/**
 * Temporal, its UI, the simulators and their mail server ask nobody for a login, so that no other machine
 * reaches them, whatever address the gateway has.
 */
export const HELPERS_HOST = "127.0.0.1";

/** Makes the folder, and checks that it can be written to before anything depends on it. */
export async function prepareDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await mkdir(join(folder, "logs"), { recursive: true, mode: 0o700 });
    // A run of a former version may have made them for everybody to read.
    await chmod(join(folder, "logs"), 0o700);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if ((await lstat(path)).isFile()) await chmod(path, 0o600);
    }
    const probe = join(folder, ".writable");
    await writeFile(probe, Buffer.alloc(4_096));
    await rm(probe);
  } catch (error) {
    throw folderProblem(folder, error);
  }
}

/** That no other system runs here, nothing is left of a killed one, and the ports are free. @throws UserProblem */
export async function checkBeforeStart(settings: Settings): Promise<void> {
  await clearLeftovers(new ProcessBook(settings.dataFolder), settings.dataFolder);
  await requirePorts(settings);
}

/** One data folder, one system; and what a killed run left behind is stopped. */
async function clearLeftovers(book: ProcessBook, dataFolder: string): Promise<void> {
  const records = await book.readPrevious();
  const main = records.find((record) => record.name === "holdfast");
  if (main !== undefined && main.pid !== process.pid && (await isRunning(main))) {
    const local = await readLocalFile(dataFolder);
    throw new UserProblem(
      "already_running",
      `Holdfast already runs on ${dataFolder} (process ${main.pid}${local?.url === undefined ? "" : `, ${local.url}`}).`,
      "Use that one, stop it with Ctrl-C, or start another with HOLDFAST_DATA and other ports.",
    );
  }
  for (const record of records) {
    if (record.name !== "holdfast") await stopProcess(record, ["SIGINT", "SIGTERM", "SIGKILL"], 8_000);
  }
}

/** Checked before anything is started, so that a taken port leaves no half-started system behind. */
async function requirePorts(settings: Settings): Promise<void> {
  const { host, ports } = settings;
  await requireFreePort(host, ports.gateway, "gateway", "HOLDFAST_PORT");
  if (settings.databaseUrl === null) {
    await requireFreePort("127.0.0.1", ports.postgres, "PostgreSQL", "HOLDFAST_POSTGRES_PORT");
  }
  if (settings.temporalAddress === null) {
    await requireFreePort(HELPERS_HOST, ports.temporal, "Temporal", "HOLDFAST_TEMPORAL_PORT");
    await requireFreePort(HELPERS_HOST, ports.temporalUi, "Temporal UI", "HOLDFAST_TEMPORAL_UI_PORT");
  }
  if (settings.mqttUrl === null) {
    await requireFreePort(host, ports.mqtt, "MQTT broker", "HOLDFAST_MQTT_PORT");
  }
  await requireFreePort(HELPERS_HOST, ports.simulators, "simulators", "HOLDFAST_SIMULATORS_PORT");
  await requireFreePort(HELPERS_HOST, ports.smtp, "sandbox inbox", "HOLDFAST_SMTP_PORT");
}
