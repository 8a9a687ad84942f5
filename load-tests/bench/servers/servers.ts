/**
 * The servers of a measurement, on free loopback ports and in a folder of their own: started for one system,
 * stopped before the next. PostgreSQL is the embedded one with fsync on, the same for Holdfast and for its
 * baselines; each measurement gets a new database in it.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "../../../cli/embedded/free-port.ts";
import { type EmbeddedPostgres, startPostgres } from "../../../cli/embedded/postgres.ts";
import { ProcessBook, spawnDetached, stopProcess, waitUntil } from "../../../cli/embedded/processes.ts";
import { projectRoot } from "../../../config/project-root.ts";
import type { Endpoint, ServerKind } from "../system.ts";
import { prepareCatalog } from "./catalog.ts";
import { type ChildServer, startChildServer } from "./child-server.ts";

export type RunningServers = {
  readonly endpoint: Endpoint;
  /** The server processes and all of their children. */
  pids(): Promise<readonly number[]>;
  /** `kill -9` of Holdfast's process and a new one in its place; for systems that have one. */
  crashAndRestart(between?: () => Promise<void>): Promise<Endpoint>;
  stop(): Promise<void>;
};

export class ServerRoom {
  private readonly folder: string;
  private readonly positions: number;
  private readonly book: ProcessBook;
  private readonly password = randomBytes(12).toString("hex");
  /** What has been started and not yet stopped, newest last, so that an interrupted start leaves nothing. */
  private readonly started = new Set<() => Promise<void>>();
  /** Further arguments of the core server's Node, e.g. `--cpu-prof`. */
  private readonly coreNodeArgs: readonly string[];
  private databases = 0;
  private closing: Promise<void> | null = null;
  /** Version of the PostgreSQL that was started last; null before the first. */
  postgresVersion: string | null = null;

  /** @param positions that a run uses at most */
  constructor(folder: string, positions: number, coreNodeArgs: readonly string[] = []) {
    this.folder = folder;
    this.positions = positions;
    this.book = new ProcessBook(folder);
    this.coreNodeArgs = coreNodeArgs;
  }

  /** Stops what still runs and removes the folder, once: an interrupted run and its end may both ask for it. */
  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  private async closeNow(): Promise<void> {
    for (const stop of [...this.started].reverse()) await stop();
    await removePostgresData(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** @returns `stop`, which runs only once: when it is called, or when the room is closed. All wait for it */
  private register(stop: () => Promise<void>): () => Promise<void> {
    let stopping: Promise<void> | null = null;
    const once = (): Promise<void> => {
      stopping ??= stop().finally(() => this.started.delete(once));
      return stopping;
    };
    this.started.add(once);
    return once;
  }

  start(kind: ServerKind): Promise<RunningServers> {
    switch (kind) {
      case "redis":
        return this.startRedis();
      case "postgres":
        return this.startDatabaseOnly();
      case "postgres-catalog":
        return this.startDatabaseOnly((url) => prepareCatalog(url, this.positions));
      case "core":
        return this.startCore("dist/cli/system/core-server-main.js", [], this.coreNodeArgs);
      case "core-not-durable":
        return this.startCore(
          "dist/cli/system/core-server-main.js",
          ["--not-durable", "--log-level", "error"],
          [],
        );
      case "json-gateway":
        return this.startCore("dist/load-tests/bench/servers/json-gateway-main.js", [], []);
      default: {
        const unreachable: never = kind;
        return unreachable;
      }
    }
  }

  private async startDatabaseOnly(
    prepare: (url: string) => Promise<void> = async () => {},
  ): Promise<RunningServers> {
    const postgres = await this.startPostgres();
    await prepare(postgres.url);
    return {
      endpoint: { url: postgres.url, key: "" },
      pids: () => treeOf([postgres.pid]),
      crashAndRestart: () => Promise.reject(new Error("there is no Holdfast process to kill")),
      stop: postgres.stop,
    };
  }

  private async startCore(
    file: string,
    args: readonly string[],
    nodeArgs: readonly string[],
  ): Promise<RunningServers> {
    const postgres = await this.startPostgres();
    const launch = (more: readonly string[] = []): Promise<ChildServer> =>
      startChildServer(join(projectRoot, file), {
        args: [...args, ...more],
        environment: { DATABASE_URL: postgres.url },
        nodeArgs,
      });
    await prepareCatalog(postgres.url, this.positions);
    let server = await launch();
    const stopServer = this.register(() => server.stop());
    const endpointOf = ({ ready }: ChildServer): Endpoint => ({
      url: `http://127.0.0.1:${ready.port}`,
      key: ready.key,
    });
    return {
      endpoint: endpointOf(server),
      pids: () => treeOf([server.ready.pid, postgres.pid]),
      crashAndRestart: async (between = async () => {}) => {
        await server.kill();
        await between();
        // A client comes back with its former key, because its lanes belong to the key.
        server = await launch(["--key", server.ready.key]);
        return endpointOf(server);
      },
      stop: async () => {
        await stopServer();
        await postgres.stop();
      },
    };
  }

  private async startPostgres(): Promise<{
    readonly url: string;
    readonly pid: number;
    stop(): Promise<void>;
  }> {
    await mkdir(join(this.folder, "logs"), { recursive: true });
    const server: EmbeddedPostgres = await startPostgres({
      dataFolder: this.folder,
      port: await freePort(),
      password: this.password,
      book: this.book,
      onCrash: () => process.stderr.write("bench: PostgreSQL has ended by itself\n"),
      progress: () => {},
    });
    const stopServer = this.register(() => server.stop());
    this.postgresVersion = server.version;
    this.databases += 1;
    const name = `bench_${this.databases}`;
    const { pid } = await withClient(server.url, async (client) => {
      await client.query(`create database ${name}`);
      const { rows } = await client.query<{ folder: string }>(
        "select current_setting('data_directory') as folder",
      );
      const lock = await readFile(join(rows[0]?.folder ?? "", "postmaster.pid"), "utf8");
      return { pid: Number(lock.split("\n")[0]) };
    });
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return {
      url: url.toString(),
      pid,
      stop: async () => {
        // The next system must not pay for this one's data, neither for its space nor for its checkpoint.
        await withClient(server.url, (client) => client.query(`drop database ${name} with (force)`));
        await stopServer();
      },
    };
  }

  private async startRedis(): Promise<RunningServers> {
    const folder = join(this.folder, `redis-${randomBytes(4).toString("hex")}`);
    await mkdir(folder, { recursive: true });
    const port = await freePort();
    const child = await spawnDetached({
      name: "redis",
      command: "redis-server",
      args: [
        ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
        ...["--appendonly", "yes", "--appendfsync", "always"],
        // A process is only ended while its command line is the recorded one.
        ...["--set-proc-title", "no"],
        // Neither snapshots nor rewrites of the log may run beside a measurement.
        ...["--save", "", "--auto-aof-rewrite-percentage", "0"],
      ],
      logFile: join(this.folder, "logs", "redis.log"),
    });
    const record = await this.book.add("redis", child.pid ?? 0);
    child.unref();
    const stop = this.register(async () => {
      await stopProcess(record, ["SIGTERM", "SIGKILL"], 10_000);
      await this.book.remove("redis");
      await rm(folder, { recursive: true, force: true });
    });
    const { Redis } = await import("ioredis");
    const url = `redis://127.0.0.1:${port}`;
    const answers = await waitUntil(async () => {
      const probe = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
      probe.on("error", () => {});
      return probe.connect().then(
        () => {
          probe.disconnect();
          return true;
        },
        () => false,
      );
    }, 10_000);
    if (!answers) throw new Error("redis-server did not start");
    return {
      endpoint: { url, key: "" },
      pids: () => treeOf([record.pid]),
      crashAndRestart: () => Promise.reject(new Error("there is no Holdfast process to kill")),
      stop,
    };
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Where the cluster had to go elsewhere, because PostgreSQL's user cannot reach the folder, removes it there.
 */
async function removePostgresData(folder: string): Promise<void> {
  const elsewhere = (await readFile(join(folder, "postgres-location"), "utf8").catch(() => "")).trim();
  if (elsewhere !== "") await rm(elsewhere, { recursive: true, force: true });
}

/** These processes and all of their descendants that are alive. */
async function treeOf(roots: readonly number[]): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    if (stat === "") continue;
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found = new Set(roots);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (found.has(pid) || !found.has(parent)) continue;
      found.add(pid);
      grown = true;
    }
  }
  return [...found];
}
