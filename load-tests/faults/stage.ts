/**
 * The place where faults are played: a PostgreSQL of its own behind a proxy, core servers that come and go,
 * clients that survive it, and the audit of their logs.
 *
 * Owns every process that it starts and ends no other. What goes wrong, and when, is left to `scenarios.ts`.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../config/seeded-random.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { Audit, type AuditResult } from "./audit.ts";
import { CoreServer } from "./core-server.ts";
import { DatabaseProxy } from "./database-proxy.ts";
import { DatabaseServer } from "./database-server.ts";
import { FaultClient } from "./fault-client.ts";
import { ASSORTMENT, receiveStock, seedCompany } from "./goods.ts";
import { History } from "./history.ts";
import { mustNotOutlive } from "./leftovers.ts";
import type { Endpoint } from "./stream-connection.ts";

const CLIENTS = 6;
/** So few that a run of some seconds includes snapshots. */
const SNAPSHOT_EVERY_ROWS = 40;

/**
 * From the end of a fault until the first client is served again. If it takes longer, the system counts as
 * dead.
 */
const LIVENESS_LIMIT_MS = 60_000;

type JournalMark = { readonly shard: number; readonly epoch: number; readonly sequence: number };

type StageOptions = {
  readonly seed: string;
  /** Where PostgreSQL keeps its data; absent: in the stage's own folder. */
  readonly dataFolder?: string;
};

export class Stage {
  readonly random: Random;
  readonly database: DatabaseServer;
  readonly proxy: DatabaseProxy;
  readonly folder: string;
  private readonly clients: FaultClient[] = [];
  private audit: Audit | null = null;
  private readonly servers = new Set<CoreServer>();
  private readonly seed: string;
  private endpoint: Endpoint | null = null;
  private key: string | undefined;
  private spawned = 0;
  private closed: () => void = () => {};
  /** Answers to questions that were asked at or after `askedFromMs`. */
  private readonly answered = new Set<{ readonly askedFromMs: number; resolve(): void }>();

  private constructor(seed: string, folder: string, database: DatabaseServer, proxy: DatabaseProxy) {
    this.seed = seed;
    this.folder = folder;
    this.database = database;
    this.proxy = proxy;
    this.random = new Random(seed);
  }

  /** Starts everything, receives stock, and sets the clients to work. */
  static async open(options: StageOptions): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-faults-"));
    const dataFolder = options.dataFolder ?? join(folder, "database");
    await mkdir(dataFolder, { recursive: true });
    const database = await DatabaseServer.start(dataFolder);
    const proxy = await DatabaseProxy.start(database.port);
    const stage = new Stage(options.seed, folder, database, proxy);
    stage.closed = mustNotOutlive(() => stage.close());
    try {
      await migrate(database.url());
      await seedCompany(database);
      await stage.serve();
      if (stage.endpoint === null) throw new Error("no core server is ready");
      await receiveStock(stage.endpoint, stage.seed, stage.logFile("stock"));
      stage.startClients();
      await stage.untilServed(Date.now());
    } catch (error) {
      await stage.close(true);
      throw new Error(`the stage did not open, see ${folder}`, { cause: error });
    }
    return stage;
  }

  /** Starts a core server; clients are sent to it once it is ready. */
  async serve(failpoints?: string): Promise<CoreServer> {
    const server = await this.spawn(failpoints);
    await this.direct(server);
    return server;
  }

  /** Starts a core server that may never become ready. */
  async spawn(failpoints?: string): Promise<CoreServer> {
    this.spawned += 1;
    const server = await CoreServer.spawn({
      databaseUrl: this.database.url(this.proxy.port),
      logFile: join(this.folder, `core-server-${this.spawned}.log`),
      snapshotEveryRows: SNAPSHOT_EVERY_ROWS,
      ...(this.key === undefined ? {} : { key: this.key }),
      ...(failpoints === undefined ? {} : { failpoints }),
    });
    this.servers.add(server);
    void server.ended.then(() => this.servers.delete(server));
    return server;
  }

  /** Sends the clients to this server once it is ready. */
  async direct(server: CoreServer): Promise<void> {
    const ready = await server.ready();
    if (ready === null)
      throw new Error(`a core server ended before it was ready: ${await server.complaint()}`);
    this.key = ready.key;
    this.endpoint = { url: `http://127.0.0.1:${ready.port}`, key: ready.key };
    for (const client of this.clients) client.moved();
  }

  /** `kill -9` of every core server, whatever it is doing. */
  async killAll(): Promise<void> {
    await Promise.all([...this.servers].map((server) => server.kill()));
  }

  /**
   * Resolves to the milliseconds from `fromMs` until a client had an answer to something that it asked since.
   *
   * @throws Error where that takes longer than the liveness limit
   */
  untilServed(fromMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(
        () => reject(new Error(`no client was served within ${LIVENESS_LIMIT_MS} ms after the fault`)),
        LIVENESS_LIMIT_MS,
      );
      const waiter = {
        askedFromMs: fromMs,
        resolve: () => {
          clearTimeout(patience);
          resolve(Date.now() - fromMs);
        },
      };
      this.answered.add(waiter);
    });
  }

  /** Lets the clients work until they have this many answers more. */
  async untilAnswers(count: number): Promise<void> {
    for (let answer = 0; answer < count; answer += 1) await this.untilServed(Date.now());
  }

  /** Brings the clients to rest, audits, and lets them go on. */
  async check(): Promise<AuditResult> {
    await this.rest();
    const result = await this.compare();
    for (const client of this.clients) client.resume();
    return result;
  }

  /** Resolves once every client knows the outcome of everything that it asked for. */
  async rest(): Promise<void> {
    await within(
      Promise.all(this.clients.map((client) => client.rest())),
      LIVENESS_LIMIT_MS,
      "the clients did not come to rest: something stays unanswered",
    );
  }

  /** The audit, for clients at rest. */
  compare(): Promise<AuditResult> {
    if (this.endpoint === null || this.audit === null) throw new Error("the stage is not open");
    return this.audit.run(this.endpoint);
  }

  /** Where each shard's journal and lease stand. */
  async journalMark(): Promise<readonly JournalMark[]> {
    const { rows } = await this.database.query<JournalMark>(
      `select shard, lease.epoch::integer, coalesce(max(sequence), 0)::integer as sequence
         from shard_lease lease left join journal using (shard) group by shard, lease.epoch`,
    );
    return rows;
  }

  /**
   * @throws Error where a row was written after the mark under an epoch from before it: an owner that was
   *   taken over has written
   */
  async assertNothingStale(since: readonly JournalMark[]): Promise<void> {
    const { rows } = await this.database.query<{ stale: number }>(
      `select count(*)::integer as stale
         from journal join unnest($1::integer[], $2::bigint[], $3::bigint[]) as mark (shard, epoch, sequence)
           using (shard)
        where journal.sequence > mark.sequence and journal.epoch < mark.epoch`,
      [since.map((mark) => mark.shard), since.map((mark) => mark.epoch), since.map((mark) => mark.sequence)],
    );
    if (rows[0]?.stale !== 0) throw new Error(`${rows[0]?.stale} journal rows were written by a zombie`);
  }

  /** @param keep leaves the logs in `folder`, for a person who looks into a finding */
  async close(keep = false): Promise<void> {
    this.closed();
    await Promise.all(this.clients.map((client) => client.end()));
    await this.killAll();
    await this.proxy.stop();
    await this.database.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }

  private startClients(): void {
    const names = Array.from({ length: CLIENTS }, (_, index) => `c${index + 1}`);
    for (const [index, name] of names.entries()) {
      this.clients.push(
        new FaultClient({
          name,
          seed: this.seed,
          logFile: this.logFile(name),
          assortment: ASSORTMENT,
          endpoint: () => this.endpoint,
          onAnswer: (askedAtMs) => this.noteAnswer(askedAtMs),
          loyal: index % 2 === 0,
        }),
      );
    }
    const history = new History([this.logFile("stock"), ...names.map((name) => this.logFile(name))]);
    this.audit = new Audit(this.database, history);
  }

  private noteAnswer(askedAtMs: number): void {
    for (const waiter of this.answered) {
      if (askedAtMs < waiter.askedFromMs) continue;
      this.answered.delete(waiter);
      waiter.resolve();
    }
  }

  /** Where this client writes its log. */
  logFile(name: string): string {
    return join(this.folder, `client-${name}.jsonl`);
  }
}

export async function within<T>(work: Promise<T>, ms: number, otherwise: string): Promise<T> {
  let patience: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        patience = setTimeout(() => reject(new Error(otherwise)), ms);
      }),
    ]);
  } finally {
    clearTimeout(patience);
  }
}
