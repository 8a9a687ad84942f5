/**
 * The whole system that complete orders go through: `holdfast start` on a throw-away folder, with the real
 * Temporal server, PostgreSQL, broker and the simulators of the outside world at speed. Owns what a
 * measurement reads of it from outside; the product is the same as anywhere, but for the names of its threads
 * (`name-thread.ts`).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Access } from "../../../cli/client/credentials.ts";
import { StreamClient } from "../../../cli/client/stream.ts";
import { sandboxCatalog } from "../../../cli/sandbox/catalog.ts";
import { SANDBOX_LOCATIONS } from "../../../cli/sandbox/company.ts";
import { readStockBooks, type StockBooks } from "../../../cli/simulated-day/audit.ts";
import { startThrowAwaySystem, type UsableSystem } from "../../../cli/system/background-system.ts";
import { projectRoot } from "../../../config/project-root.ts";
import type { PositionView } from "../../../engine/allocator-client.ts";
import { type Database, openDatabase } from "../../../store/sql/database.ts";
import { SKU_PREFIX } from "../systems/holdfast-stock.ts";
import {
  type ProcessorTime,
  readBytesWritten,
  readProcessorTime,
  THREAD_NAMES_FOLDER,
} from "./processor-time.ts";

/** Pace of robots, carriers and people: what they wait for is no longer what an order waits for. */
const WORLD_SPEED = 2_000;

const COMMANDS_A_MESSAGE = 500;

/** Our connection's name at the server. */
export const OBSERVER = "holdfast-bench";

/** What the databases and processes have done so far. */
export type Reading = {
  readonly atMs: number;
  readonly completed: number;
  readonly processorTime: ProcessorTime;
  /** Without those of our own queries. */
  readonly commits: number;
  readonly walBytes: number;
  /** To disks, by part. */
  readonly bytesWritten: ReadonlyMap<string, number>;
};

/** What is unfinished at a moment. */
export type Standing = {
  readonly atMs: number;
  readonly captured: number;
  readonly completed: number;
  /** Neither completed nor cancelled, and nobody's decision: it is under way. */
  readonly open: number;
  readonly held: number;
  /** Messages to sagas, and mails, that are still to be sent. */
  readonly outbox: number;
};

type System = UsableSystem & { readonly dataFolder: string };

export class OrderSystem {
  readonly databaseUrl: string;
  readonly simulatorsUrl: string;
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly database: Database;
  readonly stream: StreamClient;
  private readonly system: System;
  private readonly processes: ReadonlyMap<string, number>;
  private readonly threadNames: string;
  /** Of what is read again and again while something is measured. */
  private ownCommits = 0;

  private constructor(parts: {
    readonly system: System;
    readonly database: Database;
    readonly stream: StreamClient;
    readonly processes: ReadonlyMap<string, number>;
    readonly threadNames: string;
    readonly databaseUrl: string;
    readonly simulatorsUrl: string;
    readonly temporal: { readonly address: string; readonly namespace: string };
  }) {
    this.system = parts.system;
    this.database = parts.database;
    this.stream = parts.stream;
    this.processes = parts.processes;
    this.threadNames = parts.threadNames;
    this.databaseUrl = parts.databaseUrl;
    this.simulatorsUrl = parts.simulatorsUrl;
    this.temporal = parts.temporal;
  }

  /** @param folder of this run, where the names of threads are written */
  static async start(folder: string): Promise<OrderSystem> {
    const threadNames = join(folder, "threads");
    const preload = pathToFileURL(join(projectRoot, "dist/load-tests/bench/whole-orders/name-thread.js"));
    const system = await startThrowAwaySystem({
      HOLDFAST_LOG_LEVEL: "warn",
      NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import ${preload.href}`.trim(),
      [THREAD_NAMES_FOLDER]: threadNames,
    });
    try {
      const { databaseUrl, simulatorsUrl, temporal } = system.access;
      if (databaseUrl === null || simulatorsUrl === null || temporal === null) {
        throw new Error("the sandbox was started without its parts");
      }
      const database = openDatabase(databaseUrl, { maxConnections: 2, name: OBSERVER });
      const stream = await StreamClient.open(system.access);
      const processes = await readProcesses(system.dataFolder);
      await setPace(simulatorsUrl);
      return new OrderSystem({
        system,
        database,
        stream,
        processes,
        threadNames,
        databaseUrl,
        simulatorsUrl,
        temporal,
      });
    } catch (error) {
      await system.release();
      throw error;
    }
  }

  get access(): Access {
    return this.system.access;
  }

  get postgresLog(): string {
    return join(this.system.dataFolder, "logs", "postgres.log");
  }

  async stop(): Promise<void> {
    this.stream.close();
    await this.database.end();
    await this.system.release();
  }

  /** @param demand units by SKU; twice as many are put where the SKU is shipped from */
  async receive(demand: ReadonlyMap<string, number>): Promise<void> {
    const suppliers = new Set(
      sandboxCatalog().flatMap(({ sku, source }) => (source === "supplier" ? [sku] : [])),
    );
    const atMs = Date.now();
    const commands = [...demand].flatMap(([sku, units]) => {
      const kind = suppliers.has(sku) ? "supplier" : "fulfillment_center";
      return SANDBOX_LOCATIONS.filter((location) => location.kind === kind).map(({ locationId }) => ({
        type: "receive" as const,
        sku,
        locationId,
        quantity: units * 2,
        commandId: `bench:${sku}:${locationId}`,
        atMs,
        cause: "bench",
      }));
    });
    for (let from = 0; from < commands.length; from += COMMANDS_A_MESSAGE) {
      const reply = await this.stream.request({
        type: "stock.execute",
        commands: commands.slice(from, from + COMMANDS_A_MESSAGE),
      });
      if (reply.type !== "stock.executed") throw new Error(`no stock: ${JSON.stringify(reply)}`);
    }
  }

  /** Without what is reserved beside the orders, which has an account of its own. */
  async books(): Promise<StockBooks> {
    const books = await readStockBooks(this.database, async (skus) => {
      const reply = await this.stream.request({ type: "stock.positions", skus });
      if (reply.type !== "stock.positions") throw new Error(`no positions: ${JSON.stringify(reply)}`);
      return reply.positions as readonly PositionView[];
    });
    const isOrders = ({ sku }: { readonly sku: string }): boolean => !sku.startsWith(SKU_PREFIX);
    return {
      engine: books.engine.filter(isOrders),
      movements: books.movements.filter(isOrders),
      positions: books.positions.filter(isOrders),
      flows: books.flows.filter(isOrders),
      promises: books.promises.filter(isOrders),
      units: books.units,
    };
  }

  async postgresVersion(): Promise<string> {
    const { rows } = await this.database.query<{ version: string }>(
      "select current_setting('server_version') as version",
    );
    return rows[0]?.version ?? "unknown";
  }

  async standing(): Promise<Standing> {
    this.ownCommits += 1;
    const { rows } = await this.database.query<Omit<Standing, "atMs">>(
      `select count(*)::integer as captured,
              count(*) filter (where status = 'completed')::integer as completed,
              count(*) filter (where status = 'open')::integer as open,
              count(*) filter (where status = 'on_hold')::integer as held,
              (select count(*) from outbox where done_at is null)::integer as outbox
         from orders`,
    );
    const [standing] = rows;
    if (standing === undefined) throw new Error("counting gave no row");
    return { atMs: Date.now(), ...standing };
  }

  async reading(): Promise<Reading> {
    const { completed } = await this.standing();
    this.ownCommits += 1;
    const { rows } = await this.database.query<{ commits: number; walBytes: number }>(
      `select xact_commit as commits, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as "walBytes"
         from pg_stat_database where datname = current_database()`,
    );
    const [row] = rows;
    if (row === undefined) throw new Error("the database has no statistics of itself");
    return {
      atMs: Date.now(),
      completed,
      processorTime: await readProcessorTime(this.processes, this.threadNames),
      commits: row.commits - this.ownCommits,
      walBytes: row.walBytes,
      bytesWritten: await readBytesWritten(this.processes),
    };
  }
}

/** The processes by the names that `holdfast start` records them under, and ours. */
async function readProcesses(dataFolder: string): Promise<ReadonlyMap<string, number>> {
  const records: readonly { readonly name: string; readonly pid: number }[] = JSON.parse(
    await readFile(join(dataFolder, "processes.json"), "utf8"),
  );
  return new Map([...records.map(({ name, pid }) => [name, pid] as const), ["client", process.pid]]);
}

async function setPace(simulatorsUrl: string): Promise<void> {
  const response = await fetch(`${simulatorsUrl}/simulation`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ speed: WORLD_SPEED, shortPicks: 0 }),
  });
  if (!response.ok) throw new Error(`the simulators answer ${response.status}`);
}
