/**
 * Takes a backup: the whole database as one moment has it, and beside it what a sandbox's outside world has
 * written. The system goes on working meanwhile.
 *
 * B1. Everything that was acknowledged before `at` is in it, and nothing that was begun after.
 * B2. It counts from the moment that its folder bears its name: before, it is called `.partial`.
 * B3. Secrets are not in it. Those of a data folder go to a file of their own, those of production never left
 *     its environment.
 * B4. Sagas are not in it: they are started anew from the orders (ADR 0049).
 */
import { createReadStream } from "node:fs";
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { PACKAGE_VERSION } from "../../config/package-version.ts";
import { openSnapshot } from "../../store/backup/read-out.ts";
import { errorCode, UserProblem } from "../problem.ts";
import {
  BACKUP_FORMAT,
  type BackedUpExtra,
  type BackedUpTable,
  MANIFEST_FILE,
  type Manifest,
  manifestText,
} from "./manifest.ts";
import { writeCompressed } from "./meter.ts";

/** The outside world of a sandbox, below its data folder. */
export const OUTSIDE_WORLD = "simulators";

export type BackupSource = {
  readonly databaseUrl: string;
  /** The data folder of a local system; null: a database alone. */
  readonly dataFolder: string | null;
};

export type TakenBackup = { readonly folder: string; readonly manifest: Manifest };

/**
 * @param parent the folder in which the backup gets a folder of its own; it is made where it is missing
 * @throws UserProblem `database_not_ours`
 */
export async function createBackup(
  source: BackupSource,
  parent: string,
  onProgress: (text: string) => void = () => {},
): Promise<TakenBackup> {
  const snapshot = await openSnapshot(source.databaseUrl).catch((error: unknown) => {
    // There is no table of applied migrations, or no company.
    if (errorCode(error) !== "42P01") throw error;
    throw new UserProblem(
      "database_not_ours",
      "The database has no schema of Holdfast.",
      "Name the database that `holdfast serve` works on.",
      { cause: error },
    );
  });
  try {
    const folder = join(parent, `holdfast-${snapshot.at.replace(/[:.]/g, "-")}`);
    const partial = `${folder}.partial`;
    await mkdir(join(partial, "database"), { recursive: true, mode: 0o700 });
    await chmod(partial, 0o700);
    try {
      const tables: BackedUpTable[] = [];
      for (const table of snapshot.tables) {
        onProgress(table.name);
        const path = `database/${table.name}.copy.gz`;
        const { content, file } = await writeCompressed(snapshot.read(table), join(partial, path), path);
        tables.push({ ...table, rows: content.lines, sha256: content.sha256, file });
      }
      const sequences = await snapshot.sequences();
      // After the database, as the outside world is always ahead of what is known of it.
      const extras = source.dataFolder === null ? [] : await copyOutsideWorld(source.dataFolder, partial);
      const { at, schemaVersion, nextTransaction, companies } = snapshot;
      const manifest: Manifest = {
        format: BACKUP_FORMAT,
        holdfast: PACKAGE_VERSION,
        at,
        source: source.dataFolder === null ? "database" : "data-folder",
        schemaVersion,
        postgresql: snapshot.serverVersion,
        nextTransaction,
        companies,
        tables,
        sequences,
        extras,
      };
      await writeDurably(join(partial, MANIFEST_FILE), manifestText(manifest));
      await syncFolders(partial);
      await rename(partial, folder);
      await syncFolder(parent);
      return { folder, manifest };
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
  } finally {
    await snapshot.close();
  }
}

async function copyOutsideWorld(dataFolder: string, partial: string): Promise<readonly BackedUpExtra[]> {
  const world = join(dataFolder, OUTSIDE_WORLD);
  const entries = await readdir(world, { recursive: true, withFileTypes: true }).catch(() => []);
  const extras: BackedUpExtra[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const name = relative(dataFolder, source).split(sep).join("/");
    const path = `${name}.gz`;
    await mkdir(join(partial, dirname(path)), { recursive: true, mode: 0o700 });
    // Of a file that is being written, what is there now.
    const { size } = await stat(source);
    const content = createReadStream(source, size === 0 ? {} : { end: size - 1 });
    const { file } = await writeCompressed(content, join(partial, path), path);
    extras.push({ ...file, name });
  }
  return extras;
}

/** What keeps its own secrets in a data folder: all files beside the servers' data but these. */
const NO_SECRETS: ReadonlySet<string> = new Set([
  "processes.json",
  "postgres-location",
  "temporal.db",
  "temporal.db-shm",
  "temporal.db-wal",
]);

type Secrets = { readonly format: number; readonly files: Readonly<Record<string, string>> };

/**
 * Writes the secrets of a data folder to a file of their own. One that has them already is left as it is.
 *
 * @throws UserProblem `secrets_file_exists` where the file has something else
 */
export async function writeSecrets(dataFolder: string, target: string): Promise<void> {
  const entries = await readdir(dataFolder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !NO_SECRETS.has(entry.name) && !entry.name.endsWith(".new"))
    .map(({ name }) => name)
    .sort();
  const files: Record<string, string> = {};
  for (const name of names) files[name] = (await readFile(join(dataFolder, name))).toString("base64");
  const secrets: Secrets = { format: BACKUP_FORMAT, files };
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(secrets)}\n`;
  await writeDurably(target, text).catch(async (error: unknown) => {
    if (errorCode(error) !== "EEXIST") throw error;
    if ((await readFile(target, "utf8").catch(() => null)) === text) return;
    throw new UserProblem(
      "secrets_file_exists",
      `${target} is there already, with something else in it.`,
      "Name another file with --secrets: nothing is overwritten.",
      { cause: error },
    );
  });
}

/** @throws UserProblem where it is no such file */
export async function readSecrets(file: string): Promise<ReadonlyMap<string, Buffer>> {
  try {
    const { format, files }: Secrets = JSON.parse(await readFile(file, "utf8"));
    if (format !== BACKUP_FORMAT) throw new Error(`it has format ${format}`);
    // A name that leads elsewhere is of nobody's making but an attacker's.
    return new Map(
      Object.entries(files).map(([name, content]) => [basename(name), Buffer.from(content, "base64")]),
    );
  } catch (error) {
    throw new UserProblem(
      "secrets_file_unreadable",
      `The secrets cannot be read from ${file}: ${error instanceof Error ? error.message : String(error)}.`,
      "Name the file that `holdfast backup --secrets` has written.",
      { cause: error },
    );
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: "wx", mode: 0o600, flush: true });
}

/** The folder, and all those below it. */
async function syncFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await syncFolder(join(entry.parentPath, entry.name));
  await syncFolder(folder);
}

/** A name in a folder is on the disk when the folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
