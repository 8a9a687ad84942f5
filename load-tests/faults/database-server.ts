/**
 * The harness's own PostgreSQL: the same as that of `holdfast start`, on its own folder and port, with ways
 * to damage it.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { freePort } from "../../cli/embedded/free-port.ts";
import { type EmbeddedPostgres, startPostgres } from "../../cli/embedded/postgres.ts";
import { ProcessBook } from "../../cli/embedded/processes.ts";

const GONE_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

export class DatabaseServer {
  readonly port: number;
  private readonly folder: string;
  private readonly settings: Readonly<Record<string, string>>;
  private readonly password = randomBytes(12).toString("hex");
  private readonly book: ProcessBook;
  private running: EmbeddedPostgres | null = null;

  private constructor(folder: string, port: number, settings: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.port = port;
    this.settings = settings;
    this.book = new ProcessBook(folder);
  }

  /** @param settings of the server, in the place of those of `holdfast start` */
  static async start(
    folder: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<DatabaseServer> {
    const server = new DatabaseServer(folder, await freePort(), settings);
    await server.start();
    return server;
  }

  /** The database as seen through `port`: the server's own, or a proxy's. */
  url(port = this.port): string {
    return `postgres://holdfast:${this.password}@127.0.0.1:${port}/holdfast`;
  }

  /** By the socket in `socketFolder`, which the settings have named as `unix_socket_directories`. */
  socketUrl(socketFolder: string): string {
    return `postgres://holdfast:${this.password}@${encodeURIComponent(socketFolder)}:${this.port}/holdfast`;
  }

  async start(): Promise<void> {
    this.running = await startPostgres({
      dataFolder: this.folder,
      port: this.port,
      password: this.password,
      book: this.book,
      settings: this.settings,
      // The harness kills it on purpose.
      onCrash: () => {},
      progress: () => {},
    });
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    this.running = null;
  }

  async postmaster(): Promise<number> {
    const records = await this.book.readPrevious();
    const pid = records.findLast((record) => record.name === "postgres")?.pid;
    if (pid === undefined) throw new Error("PostgreSQL is not running");
    return pid;
  }

  /**
   * SIGINT: fast, clients are disconnected. SIGQUIT: immediate, recovery at the next start. SIGKILL: as the
   * kernel would.
   */
  async end(signal: "SIGINT" | "SIGQUIT" | "SIGKILL"): Promise<void> {
    const pid = await this.postmaster();
    process.kill(pid, signal);
    const deadline = Date.now() + GONE_TIMEOUT_MS;
    while (isAlive(pid)) {
      if (Date.now() > deadline) throw new Error(`PostgreSQL outlived ${signal}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await this.book.remove("postgres");
    this.running = null;
  }

  /** Waits for a server that is recovering, and starts one where it has given up. */
  async ensureRunning(): Promise<void> {
    const pid = await this.postmaster();
    const deadline = Date.now() + GONE_TIMEOUT_MS;
    while (isAlive(pid)) {
      const answers = await this.query("select 1").then(
        () => true,
        () => false,
      );
      if (answers) return;
      if (Date.now() > deadline) throw new Error("PostgreSQL neither answers nor ends");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    await this.book.remove("postgres");
    await this.start();
  }

  /** The process that serves the engine's commits; `undefined` while there is none. */
  async committerBackend(): Promise<number | undefined> {
    const { rows } = await this.query<{ pid: number }>(
      "select pid from pg_stat_activity where application_name = 'holdfast-committer' order by backend_start desc limit 1",
    );
    return rows[0]?.pid;
  }

  /** One statement over a connection of its own, past any proxy. */
  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
  ): Promise<pg.QueryResult<Row>> {
    const client = new pg.Client({ connectionString: this.url(), connectionTimeoutMillis: 5_000 });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.query<Row>(text, values);
    } finally {
      await client.end().catch(() => {});
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
