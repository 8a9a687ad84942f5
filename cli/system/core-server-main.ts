/**
 * The engine, its gateway and the standing jobs alone, on a given database: no sagas, no devices, no
 * dashboard, no sandbox. The bench and the fault harness run it as a process of its own and use it by the
 * public protocol.
 *
 * Prints one JSON line when it takes requests: `{"port":…,"pid":…,"key":…,"durable":…}`. Ends in order on
 * SIGTERM or SIGINT, or when a parent with a channel to it is gone.
 */
import { parseArgs } from "node:util";
import pino from "pino";
import { passingSecretBox, SecretBox } from "../../config/secret-box.ts";
import { deviceProtocols } from "../../devices/device-kinds.ts";
import { type Engine, startEngine } from "../../engine/engine.ts";
import { armFailpoints } from "../../engine/failpoints.ts";
import { VolatileDisk } from "../../engine/storage/volatile-disk.ts";
import { startGateway } from "../../gateway/gateway.ts";
import { createReadingPool } from "../../integrations/channels/reading-pool.ts";
import type { OperationContext } from "../../operations/context.ts";
import { followSettings } from "../../operations/standing/follow-settings.ts";
import { runShortOrders } from "../../operations/standing/short-orders.ts";
import { startStandingJobs } from "../../operations/standing/standing-jobs.ts";
import { tellAllocator } from "../../operations/standing/tell-allocator.ts";
import type { Carrier } from "../../ports/carriers.ts";
import { parcelLimitOf } from "../../ports/parcel-limit.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";
import { API_SCOPES, createApiKey } from "../../store/access/api-keys.ts";
import { companyId, insertCompany } from "../../store/catalog/companies.ts";
import { attachVault, PersonVault } from "../../store/personal-data/vault.ts";
import { type Database, openDatabase, probe } from "../../store/sql/database.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { ownEngine } from "./engine-access.ts";
import { probeEngine } from "./probe-engine.ts";
import { untilEnd } from "./until-end.ts";

const HELP = `Usage: DATABASE_URL=postgres://… node dist/cli/system/core-server-main.js [options]

  --port <n>        port of the gateway (default 0: any free one; the ready line names it)
  --host <address>  address to listen on (default 127.0.0.1)
  --threads <n>     shard threads (default 2)
  --shards <n>      logical shards (default 16; fixed when a database is first used)
  --key <clear>     an API key that exists in the database (default: one with every right is created)
  --not-durable     keep stock in memory only: everything is lost when the process ends. For measuring.
  --snapshot-every-rows <n>  journal rows of a shard between two snapshots (default: the engine's)
  --node <name>     shares the stock with the other engines of this database, found over REDIS_URL; without the
                    standing jobs, which one process has
  --requests-per-second <n>  of one caller, and as many at once (default: the product's limit)
  --log-level <l>   of the log on standard error (default warn)

For fault tests, HOLDFAST_FAILPOINT=name:nth:kill|pause|throw|delay[:ms] arms a point of engine/failpoints.ts.
`;

/** The owner of the created key, where the database has no company yet. */
/**
 * It keeps nobody's data, and what it encrypts must open again when it is started anew: so its key is no
 * secret.
 */
const KNOWN_BOX = new SecretBox([
  { id: "known", key: Buffer.from(Array.from({ length: 32 }, (_, index) => index)) },
]);
/** Each listener of a standing job keeps a connection, beside those that requests need. */
const POOL_SIZE = 28;
const COMPANY = { id: "core", name: "Core server", currency: "USD" };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      host: { type: "string", default: "127.0.0.1" },
      threads: { type: "string", default: "2" },
      shards: { type: "string", default: "16" },
      key: { type: "string" },
      "not-durable": { type: "boolean", default: false },
      "snapshot-every-rows": { type: "string" },
      node: { type: "string" },
      "requests-per-second": { type: "string" },
      "log-level": { type: "string", default: "warn" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { "snapshot-every-rows": snapshotEveryRows, node } = values;
  const databaseUrl = process.env["DATABASE_URL"];
  if (databaseUrl === undefined) {
    process.stderr.write(`core-server: DATABASE_URL is not set\n\n${HELP}`);
    return 2;
  }
  const redisUrl = node === undefined ? null : (process.env["REDIS_URL"] ?? null);
  if (node !== undefined && redisUrl === null) {
    process.stderr.write(`core-server: --node needs REDIS_URL\n\n${HELP}`);
    return 2;
  }
  // Before any thread is started: threads inherit what is armed.
  const faults = process.env["HOLDFAST_FAILPOINT"];
  if (faults !== undefined) armFailpoints(faults);
  const logger = pino({ name: "core-server", level: values["log-level"] }, pino.destination(2));
  const durable = !values["not-durable"];
  if (!durable) {
    logger.warn("NOT DURABLE: stock is kept in memory only and is lost when this process ends");
  }

  const ending = untilEnd();
  await migrate(databaseUrl);
  const database = openDatabase(databaseUrl, {
    name: "holdfast-core-server",
    maxConnections: POOL_SIZE,
  });
  attachVault(database, await PersonVault.open(database, KNOWN_BOX));
  const key = values.key ?? (await createKey(database));
  const engine = await startEngine({
    databaseUrl,
    threads: Number(values.threads),
    shards: Number(values.shards),
    logger: logger.child({ part: "engine" }),
    ...(durable ? {} : { disk: new VolatileDisk() }),
    ...(snapshotEveryRows === undefined ? {} : { snapshotEveryRows: Number(snapshotEveryRows) }),
    ...(node === undefined ? {} : { share: { node } }),
  });
  const access = await ownEngine(engine, { redisUrl, redisCaFile: null }, database, logger);
  // This composition buys no labels, so no parcel can go silent.
  const carriers = new VendorRoster<Carrier>("carriers", []);
  const reading = createReadingPool();
  const context: OperationContext = {
    database,
    channelAdapters: reading.adapters,
    allocator: access.allocator,
    parcelLimit: parcelLimitOf(carriers),
    now: Date.now,
    ...(access.engineProcess === undefined
      ? {}
      : { engineProcess: access.engineProcess((): OperationContext => context) }),
  };
  await tellAllocator(context);
  const door = access.openDoor?.(context);
  const jobs = [
    followSettings(context, logger.child({ part: "settings" })),
    ...(node === undefined
      ? [
          runShortOrders(context, logger.child({ part: "short-orders" })),
          startStandingJobs({ context, carriers, logger }),
        ]
      : []),
  ];
  const gateway = await startGateway({
    host: values.host,
    port: Number(values.port),
    publicUrl: `http://${values.host}`,
    database,
    allocator: access.allocator,
    ...(context.engineProcess === undefined ? {} : { engineProcess: context.engineProcess }),
    channelAdapters: reading.adapters,
    // No webhook comes here.
    secrets: passingSecretBox(),
    devices: deviceProtocols,
    carriers,
    payments: new VendorRoster("payments", []),
    dashboardFolder: "",
    logger: logger.child({ part: "gateway" }),
    redisUrl,
    ...(values["requests-per-second"] === undefined
      ? {}
      : { callerRate: rateOf(Number(values["requests-per-second"])) }),
    readiness: () => readiness(database, engine),
  });
  process.stdout.write(`${JSON.stringify({ port: gateway.port, pid: process.pid, key, durable })}\n`);
  await ending.reason;
  await gateway.stop();
  await reading.close();
  await Promise.all(jobs.map((job) => job.stop()));
  if (node !== undefined) await engine.drain();
  await door?.stop();
  await access.stop();
  await engine.stop();
  await database.end();
  return 0;
}

function rateOf(perSecond: number): { readonly size: number; readonly perSecond: number } {
  return { size: perSecond, perSecond };
}

async function createKey(database: Database): Promise<string> {
  const existing = await companyId(database);
  if (existing === undefined) await insertCompany(database, COMPANY);
  const key = await createApiKey(database, {
    companyId: existing ?? COMPANY.id,
    channelId: null,
    name: "core server",
    scopes: API_SCOPES,
  });
  return key.clearText;
}

async function readiness(
  database: Database,
  engine: Engine,
): Promise<readonly { readonly name: string; readonly ready: boolean }[]> {
  const answers = await Promise.allSettled([probe(database), probeEngine(engine.client)]);
  return ["postgresql", "engine"].map((name, index) => ({
    name,
    ready: answers[index]?.status === "fulfilled",
  }));
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`core-server: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exit(1);
  },
);
