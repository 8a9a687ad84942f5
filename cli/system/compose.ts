/**
 * The one place where adapters meet ports: store, engine, gateway, saga worker and device bridge become one system.
 * Starts them in the order in which they need each other and stops them in the reverse one: first nobody new is let
 * in, last the engine commits what it still holds.
 */
import { join } from "node:path";
import { Connection } from "@temporalio/client";
import type { Logger } from "pino";
import { projectRoot } from "../../config/project-root.ts";
import type { Settings } from "../../config/settings.ts";
import { startDeviceBridge } from "../../devices/bridge.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { startEngine } from "../../engine/engine.ts";
import { startGateway } from "../../gateway/gateway.ts";
import { createEasypostCarrier } from "../../integrations/carriers/easypost/carrier.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { createSmtpMailer } from "../../integrations/notifications/smtp/mailer.ts";
import { createStripeGateway } from "../../integrations/payments/stripe/gateway.ts";
import { runDemandFills } from "../../operations/standing/demand-fills.ts";
import { retryShortOrdersOnReceipt } from "../../operations/standing/short-orders.ts";
import { runSilentParcels } from "../../operations/standing/silent-parcels.ts";
import { sourcingLocations } from "../../operations/standing/sourcing-locations.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import { MigrationsLockedError, migrate } from "../../store/sql/migrate.ts";
import { demandFillWriter } from "../../store/stock/demand-fills.ts";
import { readKits } from "../../store/stock/kits.ts";
import { startSagaWorker } from "../../workflows/runtime/worker.ts";
import { UserProblem } from "../problem.ts";
import type { Steps } from "../terminal.ts";
import { sourcingRules } from "./sourcing-rules.ts";

/** Settings in which every address is known. */
export type ResolvedSettings = Settings & {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly mqttUrl: string;
};

export type RunningSystem = {
  readonly port: number;
  readonly database: Database;
  stop(): Promise<void>;
};

export type CompositionHooks = {
  /** Runs once engine and database are there and nothing else is yet: the sandbox fills an empty database here. */
  prepare?(database: Database, allocator: AllocatorClient): Promise<void>;
};

/** How many connections gateway, sagas and devices share; the engine has its own. */
const POOL_SIZE = 24;

export async function startSystem(
  settings: ResolvedSettings,
  logger: Logger,
  steps: Steps,
  hooks: CompositionHooks = {},
): Promise<RunningSystem> {
  /** What has been started, for the way back. */
  const started: { readonly name: string; stop(): Promise<void> }[] = [];
  const stopAll = async (): Promise<void> => {
    for (const part of started.splice(0).reverse()) {
      try {
        await part.stop();
      } catch (error) {
        logger.error({ err: error, part: part.name }, "did not stop in order");
      }
    }
  };
  try {
    const database = openDatabase(settings.databaseUrl, { maxConnections: POOL_SIZE });
    started.push({ name: "database", stop: () => database.end() });
    await steps.run("Schema", async () => {
      const applied = await migrate(settings.databaseUrl).catch((error: unknown) => {
        throw error instanceof MigrationsLockedError ? lockedProblem(error) : error;
      });
      return {
        value: applied,
        detail: applied.length === 0 ? "up to date" : `applied: ${applied.join(", ")}`,
      };
    });

    const engine = await steps.run("Engine", async () => {
      const value = await startEngine({
        databaseUrl: settings.databaseUrl,
        threads: settings.engine.threads,
        threadMemoryMb: settings.engine.threadMemoryMb,
        shards: settings.engine.shards,
        logger: logger.child({ part: "engine" }),
      });
      started.push({ name: "engine", stop: () => value.stop() });
      const shards = await value.client.status();
      const positions = shards.reduce((sum, shard) => sum + shard.positions, 0);
      const threads = new Set(shards.map((shard) => shard.thread)).size;
      return { value, detail: `${shards.length} shards on ${threads} threads, ${positions} stock positions` };
    });
    await hooks.prepare?.(database, engine.client);
    engine.client.setLocations(await sourcingLocations(database));
    engine.client.recordFills(demandFillWriter);
    engine.client.setKits(await readKits(database));
    engine.client.setSourcingRules(await sourcingRules(settings.sourcingRulesFile));

    const shortOrders = retryShortOrdersOnReceipt(
      engine.client,
      database,
      logger.child({ part: "short-orders" }),
    );
    started.push({ name: "short orders", stop: () => shortOrders.stop() });
    const allocator = shortOrders.allocator;
    const fills = runDemandFills(
      { database, allocator, now: Date.now },
      logger.child({ part: "demand-fills" }),
    );
    started.push({ name: "demand fills", stop: () => fills.stop() });

    const carrier = createEasypostCarrier({
      baseUrl: settings.carriers.easypostBaseUrl,
      apiKey: settings.carriers.easypostApiKey,
      webhookSecret: settings.carriers.easypostWebhookSecret,
    });
    const silentParcels = runSilentParcels(
      { database, allocator, now: Date.now },
      carrier,
      logger.child({ part: "silent-parcels" }),
    );
    started.push({ name: "silent parcels", stop: () => silentParcels.stop() });
    const mailer = createSmtpMailer({ url: settings.mail.smtpUrl, from: settings.mail.from });
    started.push({ name: "mailer", stop: async () => mailer.close() });

    await steps.run("Devices", async () => {
      const bridge = await startDeviceBridge({
        mqttUrl: settings.mqttUrl,
        database,
        allocator,
        logger: logger.child({ part: "devices" }),
      });
      started.push({ name: "device bridge", stop: () => bridge.stop() });
      return { value: bridge, detail: settings.mqttUrl };
    });

    await steps.run("Sagas", async () => {
      const worker = await startSagaWorker({
        temporalAddress: settings.temporalAddress,
        namespace: settings.temporalNamespace,
        database,
        allocator,
        payments: createStripeGateway({
          baseUrl: settings.payments.stripeBaseUrl,
          secretKey: settings.payments.stripeSecretKey,
        }),
        carrier,
        mailer,
        publicUrl: settings.publicUrl,
        logger: logger.child({ part: "sagas" }),
      });
      started.push({ name: "saga worker", stop: () => worker.stop() });
      return {
        value: worker,
        detail: `${settings.temporalAddress}, namespace ${settings.temporalNamespace}`,
      };
    });

    const gateway = await steps.run("Gateway", async () => {
      const value = await startGateway({
        host: settings.host,
        port: settings.ports.gateway,
        publicUrl: settings.publicUrl,
        database,
        allocator,
        channelAdapters,
        carrier,
        dashboardFolder: join(projectRoot, "dist", "dashboard"),
        redisUrl: settings.redisUrl,
        logger: logger.child({ part: "gateway" }),
        readiness: () => readiness(settings, database, allocator),
      });
      started.push({ name: "gateway", stop: () => value.stop() });
      return { value, detail: `${settings.host}:${value.port}` };
    });
    await shortOrders.catchUp();
    return { port: gateway.port, database, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function lockedProblem(error: MigrationsLockedError): UserProblem {
  const ends = error.holders.map(({ pid }) => `select pg_terminate_backend(${pid});`).join(" ");
  const advice =
    ends === ""
      ? "Start again."
      : `If that process is at work, start again when it is done; if it stands still, end it, or its connection with: ${ends}`;
  return new UserProblem(error.code, error.message, advice, { cause: error });
}

async function readiness(
  settings: ResolvedSettings,
  database: Database,
  allocator: AllocatorClient,
): Promise<readonly { name: string; ready: boolean; detail?: string }[]> {
  const probes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["postgresql", () => database.query("select 1")],
    ["engine", () => allocator.status()],
    ["temporal", () => probeTemporal(settings.temporalAddress)],
  ];
  return Promise.all(
    probes.map(async ([name, probe]) => {
      try {
        await probe();
        return { name, ready: true };
      } catch (error) {
        return { name, ready: false, detail: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

async function probeTemporal(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  await connection.close();
}
