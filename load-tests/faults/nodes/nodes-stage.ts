/**
 * Engine nodes that share the stock of one database: a PostgreSQL and a Redis, each node behind partitions of
 * its own from both, clients at every node, and the audit of their logs.
 *
 * Owns every process that it starts and ends no other. What goes wrong, and when, is left to `campaign.ts`.
 */
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../../store/sql/migrate.ts";
import { Audit, type AuditResult } from "../audit.ts";
import { CoreServer } from "../core-server.ts";
import { DatabaseServer } from "../database-server.ts";
import { FaultClient } from "../fault-client.ts";
import { ASSORTMENT, receiveStock, seedCompany } from "../goods.ts";
import { History } from "../history.ts";
import { mustNotOutlive } from "../leftovers.ts";
import type { LogEvent } from "../operation-log.ts";
import { within } from "../stage.ts";
import type { Endpoint } from "../stream-connection.ts";
import { Partition } from "./partition.ts";
import { RedisServer } from "./redis-server.ts";

const CLIENTS_A_NODE = 2;
const SNAPSHOT_EVERY_ROWS = 200;
/** What an order held elsewhere, and did not take, ends by itself after half a minute. */
const SETTLE_MS = 45_000;
const REST_MS = 90_000;
const POLL_MS = 50;

/** A node's place: its processes come and go, its partitions and its clients stay. */
export type NodePlace = {
  readonly name: string;
  readonly fromDatabase: Partition;
  readonly fromRedis: Partition;
  server: CoreServer | null;
  endpoint: Endpoint | null;
};

export class NodesStage {
  readonly folder: string;
  readonly database: DatabaseServer;
  readonly redis: RedisServer;
  readonly places: readonly NodePlace[];
  private readonly seed: string;
  private readonly clients: FaultClient[] = [];
  private audit: Audit | null = null;
  private key: string | undefined;
  private spawned = 0;
  private closed: () => void = () => {};

  private constructor(
    seed: string,
    folder: string,
    parts: Pick<NodesStage, "database" | "redis" | "places">,
  ) {
    this.seed = seed;
    this.folder = folder;
    this.database = parts.database;
    this.redis = parts.redis;
    this.places = parts.places;
  }

  static async open(seed: string, nodes: number): Promise<NodesStage> {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-nodes-"));
    const dataFolder = join(folder, "database");
    await mkdir(dataFolder, { recursive: true });
    const database = await DatabaseServer.start(dataFolder);
    const redis = await RedisServer.start();
    const places = await Promise.all(
      Array.from(
        { length: nodes },
        async (_, index): Promise<NodePlace> => ({
          name: `node-${index + 1}`,
          fromDatabase: await Partition.before(database.port),
          fromRedis: await Partition.before(redis.port),
          server: null,
          endpoint: null,
        }),
      ),
    );
    const stage = new NodesStage(seed, folder, { database, redis, places });
    stage.closed = mustNotOutlive(() => stage.close());
    try {
      await migrate(database.url());
      await seedCompany(database);
      const [first, ...others] = places;
      if (first !== undefined) await stage.serve(first);
      for (const place of others) await stage.serve(place);
      await stage.untilSpread(nodes, REST_MS);
      if (first?.endpoint == null) throw new Error("no node is ready");
      await receiveStock(first.endpoint, seed, stage.logFile("stock"));
      stage.startClients();
    } catch (error) {
      await stage.close(true);
      throw new Error(`the stage did not open, see ${folder}`, { cause: error });
    }
    return stage;
  }

  /** Starts the node's process, once it has none. */
  async serve(place: NodePlace): Promise<void> {
    this.spawned += 1;
    const server = await CoreServer.spawn({
      databaseUrl: this.database.url(place.fromDatabase.port),
      logFile: join(this.folder, `${place.name}-${this.spawned}.log`),
      snapshotEveryRows: SNAPSHOT_EVERY_ROWS,
      node: { name: place.name, redisUrl: `redis://127.0.0.1:${place.fromRedis.port}` },
      ...(this.key === undefined ? {} : { key: this.key }),
    });
    place.server = server;
    void server.ended.then(() => {
      if (place.server !== server) return;
      place.server = null;
      place.endpoint = null;
    });
    const ready = await server.ready();
    if (ready === null)
      throw new Error(`${place.name} ended before it was ready: ${await server.complaint()}`);
    this.key ??= ready.key;
    place.endpoint = { url: `http://127.0.0.1:${ready.port}`, key: ready.key };
  }

  /**
   * Resolves to the milliseconds until so many nodes have all shards, each as many as the others but for one.
   *
   * @throws Error where that takes longer
   */
  async untilSpread(nodes: number, mostMs: number): Promise<number> {
    const beganAt = performance.now();
    let seen = "";
    while (performance.now() - beganAt < mostMs) {
      const { rows } = await this.database.query<{ owner: string; shards: number }>(
        "select owner, count(*)::integer as shards from shard_lease group by owner order by owner",
      );
      seen = JSON.stringify(rows);
      const counts = rows.map(({ shards }) => shards);
      const hasOwners = rows.every(({ owner }) => owner !== "");
      if (hasOwners && rows.length === nodes && Math.max(...counts) - Math.min(...counts) <= 1)
        return performance.now() - beganAt;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`the shards were not spread over ${nodes} nodes within ${mostMs} ms: ${seen}`);
  }

  /** Brings the clients to rest, audits, and lets them go on. All nodes have to be there. */
  async check(): Promise<AuditResult> {
    const endpoint = this.places.find((place) => place.endpoint !== null)?.endpoint;
    if (endpoint == null || this.audit === null) throw new Error("the stage is not open");
    await within(
      Promise.all(this.clients.map((client) => client.rest())),
      REST_MS,
      "the clients did not come to rest: something stays unanswered",
    );
    const result = await this.audit.run(endpoint);
    for (const client of this.clients) client.resume();
    return result;
  }

  /** Of every message of every client, in milliseconds from when it was sent until its sender knew more. */
  waits(): readonly number[] {
    return this.clientNames().flatMap((name) => {
      const asked = new Map<string, number>();
      const waits: number[] = [];
      for (const line of readFileSync(this.logFile(name), "utf8").split("\n")) {
        if (line === "") continue;
        const event = JSON.parse(line) as LogEvent;
        const askedAt = asked.get(event.message);
        if (event.event === "invoke") asked.set(event.message, event.atMs);
        else if (askedAt !== undefined) waits.push(event.atMs - askedAt);
      }
      return waits;
    });
  }

  /** @param keep leaves the logs in `folder`, for a person who looks into a finding */
  async close(keep = false): Promise<void> {
    this.closed();
    for (const { fromDatabase, fromRedis } of this.places) {
      fromDatabase.end("broken");
      fromRedis.end("broken");
    }
    await Promise.all(this.clients.map((client) => client.end()));
    await Promise.all(this.places.map(({ server }) => server?.kill()));
    await Promise.all(this.places.flatMap((place) => [place.fromDatabase.stop(), place.fromRedis.stop()]));
    await this.redis.kill();
    await this.database.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }

  private clientNames(): readonly string[] {
    return Array.from({ length: CLIENTS_A_NODE * this.places.length }, (_, index) => `c${index + 1}`);
  }

  /** Each client has its node; while that has no process, it goes to another. */
  private startClients(): void {
    const names = this.clientNames();
    for (const [index, name] of names.entries()) {
      const own = this.places[index % this.places.length];
      this.clients.push(
        new FaultClient({
          name,
          seed: this.seed,
          logFile: this.logFile(name),
          assortment: ASSORTMENT,
          endpoint: () =>
            own?.endpoint ?? this.places.find(({ endpoint }) => endpoint !== null)?.endpoint ?? null,
          onAnswer: () => {},
          loyal: true,
        }),
      );
    }
    const history = new History([this.logFile("stock"), ...names.map((name) => this.logFile(name))]);
    this.audit = new Audit(this.database, history, SETTLE_MS);
  }

  private logFile(name: string): string {
    return join(this.folder, `client-${name}.jsonl`);
  }
}
