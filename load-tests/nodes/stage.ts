/**
 * A PostgreSQL, a Redis, and one or two engine nodes, each a process of its own with its core and its share
 * of it; this process reaches them over the fabric, as a gateway does.
 *
 * Owns every process that it starts and ends no other.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { StockCommand } from "../../actors/commands.ts";
import { FabricLink } from "../../engine/fabric/fabric-link.ts";
import { RemoteEngine } from "../../engine/fabric/remote-engine.ts";
import { RoutedAllocator } from "../../engine/routing/routed-allocator.ts";
import { readCompanyIdentity } from "../../store/catalog/companies.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { cpuBetween, usageOf } from "../bench/process-usage.ts";
import { CoreServer } from "../faults/core-server.ts";
import { DatabaseServer } from "../faults/database-server.ts";
import { mustNotOutlive } from "../faults/leftovers.ts";
import { RedisServer } from "../faults/nodes/redis-server.ts";
import type { Endpoint } from "../faults/stream-connection.ts";
import { LOCATION } from "./load.ts";
import { ProcessorShare, pin } from "./processor-share.ts";

/** The engine's own. */
const SNAPSHOT_EVERY_ROWS = 20_000;
const SPREAD_WITHIN_MS = 20_000;
const POLL_MS = 100;
const PROJECTED_WITHIN_MS = 120_000;
/** Long enough to be read at leisure, and no part of what is measured. */
export const OBSERVER = "nodes-observer";

export type Node = {
  readonly name: string;
  readonly core: number;
  readonly share: ProcessorShare | null;
  server: CoreServer | null;
  endpoint: Endpoint | null;
};

/** Seconds of processor time, by part. */
export type Spent = { readonly nodes: readonly number[]; readonly postgres: number; readonly self: number };

export class Stage {
  readonly database: Database;
  readonly remote: RemoteEngine;
  readonly stock: RoutedAllocator;
  readonly nodes: readonly Node[];
  readonly postgresLog: string;
  /** Whether each node could be held to a core. */
  isPinned = true;
  private readonly server: DatabaseServer;
  private readonly redis: RedisServer;
  private readonly link: FabricLink;
  private readonly folder: string;
  private readonly redisUrl: string;
  private key: string | undefined;
  private cores: number | null = null;
  private spawned = 0;
  private readonly closed: () => void;

  private constructor(parts: {
    readonly server: DatabaseServer;
    readonly redis: RedisServer;
    readonly database: Database;
    readonly company: string;
    readonly folder: string;
  }) {
    this.server = parts.server;
    this.redis = parts.redis;
    this.database = parts.database;
    this.folder = parts.folder;
    this.postgresLog = join(parts.folder, "database", "logs", "postgres.log");
    this.redisUrl = `redis://127.0.0.1:${parts.redis.port}`;
    const logger = pino({ level: "error" }, pino.destination(2));
    const { company } = parts;
    this.link = new FabricLink({ url: this.redisUrl, ca: null, company, self: "load", logger });
    this.remote = new RemoteEngine({ link: this.link, logger });
    this.stock = new RoutedAllocator(this.remote, null);
    this.nodes = ["one", "two"].map((name, core) => ({
      name,
      core,
      share: ProcessorShare.make(name),
      server: null,
      endpoint: null,
    }));
    this.closed = mustNotOutlive(() => this.close());
  }

  static async open(): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-two-nodes-"));
    const data = join(folder, "database");
    await mkdir(data, { recursive: true });
    const server = await DatabaseServer.start(data);
    const redis = await RedisServer.start();
    await migrate(server.url());
    await server.query("insert into company (id, name, currency) values ('nodes', 'Nodes', 'USD')");
    await server.query(
      `insert into location (id, company_id, name, kind, address, latitude, longitude)
       values ($1, 'nodes', 'East', 'fulfillment_center', '{"country":"US"}', 39.5, -119.8)`,
      [LOCATION],
    );
    await server.query(
      `insert into channel (id, company_id, name, kind, on_shortage, charged_by)
       values ('web', 'nodes', 'Web', 'holdfast', 'refuse', 'order')`,
    );
    const database = openDatabase(server.url(), { maxConnections: 2, name: OBSERVER });
    const company = (await readCompanyIdentity(database))?.identity ?? "none";
    return new Stage({ server, redis, database, company, folder });
  }

  get canShare(): boolean {
    return this.nodes.every(({ share }) => share !== null);
  }

  async addProducts(skus: readonly string[]): Promise<void> {
    await this.database.query(
      `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
       select sku, 'nodes', sku, 100, 1000, 'USD', '610990', 'US', '09521234999990' from unnest($1::text[]) as sku`,
      [skus],
    );
  }

  async receive(skus: readonly string[], units: number): Promise<void> {
    for (let from = 0; from < skus.length; from += 500)
      await this.stock.execute(
        skus.slice(from, from + 500).map(
          (sku): StockCommand => ({
            type: "receive",
            commandId: `receive-${sku}`,
            sku,
            locationId: LOCATION,
            quantity: units,
            atMs: Date.now(),
            cause: "measure",
          }),
        ),
      );
  }

  /**
   * Ends all nodes and starts so many, which know what they know from PostgreSQL alone.
   */
  async startAnew(count: 1 | 2): Promise<void> {
    this.hold(null);
    for (const node of [...this.nodes].reverse()) if (node.server !== null) await this.end(node);
    await this.start(count);
  }

  /** Until they share the stock evenly. They have all of the machine. */
  async start(count: 1 | 2): Promise<void> {
    for (const node of this.nodes.slice(0, count)) await this.spawn(node);
    await this.untilSpread(count);
  }

  /** @param cores that each node may use; null: as much as there is */
  hold(cores: number | null): void {
    this.cores = cores;
    for (const { share } of this.nodes) share?.set(cores);
  }

  async spent(): Promise<() => Promise<Spent>> {
    const pids = this.nodes.map(({ server }) => (server === null ? [] : [server.pid]));
    const postgres = await this.postgresPids();
    const before = await Promise.all([...pids, postgres, [process.pid]].map(usageOf));
    return async () => {
      const after = await Promise.all([...pids, await this.postgresPids(), [process.pid]].map(usageOf));
      const [one = 0, two = 0, ofPostgres = 0, self = 0] = before.map((usage, index) =>
        cpuBetween(usage, after[index] ?? usage),
      );
      return { nodes: [one, two], postgres: ofPostgres, self };
    };
  }

  /** Until the movements and positions of all that was committed are written. */
  async untilProjected(): Promise<void> {
    const until = performance.now() + PROJECTED_WITHIN_MS;
    const behind = async (): Promise<boolean> => {
      const { rows } = await this.database.query<{ behind: boolean }>(
        `select exists (select from journal j
           where j.sequence > coalesce((select sequence from journal_projection p where p.shard = j.shard), 0)) as behind`,
      );
      return rows[0]?.behind === true;
    };
    while (await behind()) {
      if (performance.now() > until) throw new Error("what was committed is not projected");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async commits(): Promise<number> {
    // What backends have counted is in the figures within a second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const { rows } = await this.database.query<{ commits: number }>(
      "select xact_commit::float8 as commits from pg_stat_database where datname = current_database()",
    );
    return rows[0]?.commits ?? 0;
  }

  async close(): Promise<void> {
    this.closed();
    this.hold(null);
    this.remote.stop();
    this.link.stop();
    await Promise.all(this.nodes.map(({ server }) => server?.kill()));
    for (const { share } of this.nodes) share?.remove();
    await this.database.end();
    await this.redis.kill();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async spawn(node: Node): Promise<void> {
    this.spawned += 1;
    const server = await CoreServer.spawn({
      databaseUrl: this.server.url(),
      logFile: join(this.folder, `${node.name}-${this.spawned}.log`),
      snapshotEveryRows: SNAPSHOT_EVERY_ROWS,
      threads: 1,
      node: { name: node.name, redisUrl: this.redisUrl },
      ...(this.key === undefined ? {} : { key: this.key }),
    });
    node.server = server;
    const ready = await server.ready();
    if (ready === null) throw new Error(`node ${node.name} did not start: ${await server.complaint()}`);
    this.key ??= ready.key;
    node.endpoint = { url: `http://127.0.0.1:${ready.port}`, key: ready.key };
    if (!pin(server.pid, node.core)) this.isPinned = false;
    node.share?.take(server.pid);
    node.share?.set(this.cores);
  }

  private async end(node: Node): Promise<void> {
    node.server?.signal("SIGTERM");
    await node.server?.ended;
    node.server = null;
    node.endpoint = null;
  }

  private async untilSpread(count: number): Promise<void> {
    const until = performance.now() + SPREAD_WITHIN_MS;
    for (;;) {
      const { rows } = await this.database.query<{ owner: string; shards: number }>(
        "select owner, count(*)::integer as shards from shard_lease group by owner",
      );
      const shards = rows.map((row) => row.shards);
      const isEven = rows.length === count && Math.max(...shards) - Math.min(...shards) <= 1;
      // And this process has heard of it.
      if (isEven && rows.every(({ owner }) => owner !== "") && this.remote.owners().size === count) return;
      if (performance.now() > until) throw new Error(`shards are not spread: ${JSON.stringify(rows)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private async postgresPids(): Promise<readonly number[]> {
    const { rows } = await this.database.query<{ pid: number }>("select pid from pg_stat_activity");
    return [await this.server.postmaster(), ...rows.map(({ pid }) => pid)];
  }
}
