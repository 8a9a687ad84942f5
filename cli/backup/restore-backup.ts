/**
 * Brings a backup to life: into an empty database, or into a data folder that is not there yet.
 *
 * A restore that dies leaves nothing that looks whole: a database stays empty (`store/backup/load.ts`, L2),
 * and a data folder gets its name at the end.
 */
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { type FormerErasure, LoadRefusedError, loadDatabase } from "../../store/backup/load.ts";
import { type LocalFile, writeLocalFile } from "../client/credentials.ts";
import { freePort } from "../embedded/free-port.ts";
import { startPostgres } from "../embedded/postgres.ts";
import { ProcessBook } from "../embedded/processes.ts";
import { UserProblem } from "../problem.ts";
import { readSecrets } from "./create-backup.ts";
import type { Manifest } from "./manifest.ts";
import { readCompressed } from "./meter.ts";
import { verifyBackup } from "./verify-backup.ts";

type Progress = (text: string) => void;

/** @throws UserProblem `backup_damaged`, `backup_too_new`, `database_not_empty`, `restored_differs` */
export async function restoreDatabase(
  folder: string,
  databaseUrl: string,
  onProgress: Progress = () => {},
  erasures: readonly FormerErasure[] = [],
): Promise<Manifest> {
  const manifest = await verifyBackup(folder, (text) => onProgress(`checking ${text}`));
  await load(folder, manifest, databaseUrl, onProgress, erasures);
  return manifest;
}

/**
 * A whole data folder, for `holdfast start`.
 *
 * @param secretsFile what `holdfast backup --secrets` wrote; null: keys are made anew, and what was encrypted
 *   or signed with the former ones cannot be read any more
 * @throws UserProblem, beside the above `folder_not_empty`, `secrets_file_unreadable`
 */
export async function restoreDataFolder(
  folder: string,
  dataFolder: string,
  secretsFile: string | null,
  onProgress: Progress = () => {},
  erasures: readonly FormerErasure[] = [],
): Promise<Manifest> {
  await requireEmptyFolder(dataFolder);
  const secrets = secretsFile === null ? new Map<string, Buffer>() : await readSecrets(secretsFile);
  const manifest = await verifyBackup(folder, (text) => onProgress(`checking ${text}`));
  const partial = join(dirname(resolve(dataFolder)), `.${basename(resolve(dataFolder))}.restoring`);
  await discard(partial);
  await mkdir(join(partial, "logs"), { recursive: true, mode: 0o711 });
  try {
    for (const [name, content] of secrets) await writeFile(join(partial, name), content, { mode: 0o600 });
    const local = await localFile(partial, secrets);
    await withPostgres(partial, local.postgresPassword, (url) =>
      load(folder, manifest, url, onProgress, erasures),
    );
    for (const extra of manifest.extras) {
      const target = within(partial, extra.name);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await pipeline(
        readCompressed(join(folder, extra.path)),
        createWriteStream(target, { flags: "wx", mode: 0o600, flush: true }),
      );
    }
    await mkdir(dirname(resolve(dataFolder)), { recursive: true });
    await rename(partial, dataFolder);
    return manifest;
  } catch (error) {
    await discard(partial);
    throw error;
  }
}

/** Restores it on a server of its own, which is thrown away. */
export async function tryRestore(
  folder: string,
  manifest: Manifest,
  onProgress: Progress = () => {},
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-verify-"));
  try {
    const password = randomBytes(24).toString("base64url");
    await withPostgres(scratch, password, (url) => load(folder, manifest, url, onProgress));
  } finally {
    await discard(scratch);
  }
}

async function load(
  folder: string,
  manifest: Manifest,
  databaseUrl: string,
  onProgress: Progress,
  erasures: readonly FormerErasure[] = [],
): Promise<void> {
  const files = new Map(manifest.tables.map(({ name, file }) => [name, file.path]));
  try {
    await loadDatabase(
      databaseUrl,
      { ...manifest, erasures, open: ({ name }) => readCompressed(join(folder, files.get(name) ?? "")) },
      onProgress,
    );
  } catch (error) {
    if (!(error instanceof LoadRefusedError)) throw error;
    throw new UserProblem(error.code, `Not restored: ${error.message}.`, ADVICE[error.code], {
      cause: error,
    });
  }
}

const ADVICE: Readonly<Record<LoadRefusedError["code"], string>> = {
  backup_too_new: "Restore it with the version of Holdfast that made it, or a later one.",
  database_not_empty: "Create a new database, and name it in DATABASE_URL: nothing is overwritten.",
  restored_differs: "Nothing was kept. Please report it, with the versions of both PostgreSQL servers.",
};

async function withPostgres<T>(
  dataFolder: string,
  password: string,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const server = await startPostgres({
    dataFolder,
    port: await freePort(),
    password,
    book: new ProcessBook(dataFolder),
    onCrash: () => {},
    progress: () => {},
  });
  try {
    return await work(server.url);
  } finally {
    await server.stop();
  }
}

/** What the folder's secrets say, without where the lost system was; or new ones. */
async function localFile(folder: string, secrets: ReadonlyMap<string, Buffer>): Promise<LocalFile> {
  const kept = secrets.get("local.json");
  if (kept !== undefined) {
    const whole: LocalFile = JSON.parse(kept.toString("utf8"));
    // Where that one still runs, its database and its gateway would be taken for those of this folder.
    const {
      databaseUrl: _database,
      url: _url,
      simulatorsUrl: _simulators,
      temporal: _temporal,
      ...own
    } = whole;
    await writeLocalFile(folder, own);
    return own;
  }
  const made = {
    postgresPassword: randomBytes(24).toString("base64url"),
    carrierWebhookSecret: randomBytes(24).toString("base64url"),
  };
  await writeLocalFile(folder, made);
  return made;
}

async function requireEmptyFolder(folder: string): Promise<void> {
  const entries = await readdir(folder).catch(() => []);
  if (entries.length === 0) return;
  throw new UserProblem(
    "folder_not_empty",
    `${folder} has files: a restore overwrites nothing.`,
    "Move it away, or name another folder with HOLDFAST_DATA.",
  );
}

/** Also where PostgreSQL's own user could not reach the folder, and its data lies elsewhere. */
async function discard(folder: string): Promise<void> {
  const elsewhere = (await readFile(join(folder, "postgres-location"), "utf8").catch(() => "")).trim();
  for (const each of [elsewhere, folder])
    if (each !== "") await rm(each, { recursive: true, force: true, maxRetries: 5 });
}

/** A manifest names files below the data folder, and no others. */
function within(folder: string, name: string): string {
  const target = resolve(folder, name);
  if (!target.startsWith(resolve(folder) + sep)) throw new Error(`the backup names a file outside: ${name}`);
  return target;
}
