/**
 * The one place where adapters meet ports: store, engine, gateway, saga worker and device bridge become one
 * system. Starts them in the order in which they need each other, and stops them in reverse: first no new
 * work is let in, last the engine commits what it still holds.
 */
import { join } from "node:path";
import { Connection } from "@temporalio/client";
import type { Logger } from "pino";
import { projectRoot } from "../../config/project-root.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { Settings } from "../../config/settings.ts";
import { withoutPassword } from "../../config/without-password.ts";
import { type DeviceBridge, startDeviceBridge } from "../../devices/bridge.ts";
import { deviceProtocols } from "../../devices/device-kinds.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { startEngine } from "../../engine/engine.ts";
import { startGateway } from "../../gateway/gateway.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { carrierRoster, notificationRoster, paymentRoster } from "../../integrations/vendor-kinds.ts";
import type { OperationContext } from "../../operations/context.ts";
import { startStandingJobs } from "../../operations/standing/standing-jobs.ts";
import { tellAllocator } from "../../operations/standing/tell-allocator.ts";
import { parcelLimitOf } from "../../ports/parcel-limit.ts";
import { seedSourcingRules } from "../../store/settings/sourcing-rules.ts";
import { type Database, openDatabase, probe } from "../../store/sql/database.ts";
import { startSagaWorker } from "../../workflows/runtime/worker.ts";
import type { Steps } from "../terminal.ts";
import { mqttConnection } from "./mqtt-connection.ts";
import { probeEngine } from "./probe-engine.ts";
import { bringSchemaUpToDate } from "./schema.ts";
import { sealStoredSecrets } from "./secret-keys.ts";
import { sourcingRules } from "./sourcing-rules.ts";

/** Settings in which every address is known, and the keys are read. */
export type ResolvedSettings = Settings & {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly mqttUrl: string;
  readonly secretBox: SecretBox;
};

export type RunningSystem = {
  readonly port: number;
  readonly database: Database;
  stop(): Promise<void>;
};

type CompositionHooks = {
  /**
   * Runs once the schema is up to date and before any work starts: production waits here until the system is
   * somebody's, and ends here where it must not work.
   */
  admit?(database: Database): Promise<void>;
  /**
   * Runs once engine and database are there and before anything else starts: the sandbox fills an empty
   * database here.
   */
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
  const parts = new StartedParts(logger);
  try {
    const database = openDatabase(settings.databaseUrl, { maxConnections: POOL_SIZE });
    parts.add("database", { stop: () => database.end() });
    await steps.run("Schema", () => bringSchemaUpToDate(settings.databaseUrl));
    await hooks.admit?.(database);
    await steps.run("Secrets", async () => {
      const sealed = await sealStoredSecrets(database, settings.secretBox);
      return { value: sealed, detail: sealed === 0 ? "sealed" : `${sealed} sealed anew` };
    });
    const { client: allocator } = await steps.run("Engine", () => startStock(settings, logger, parts));
    await hooks.prepare?.(database, allocator);
    const outside = await outsideServices(settings);
    const parcelLimit = parcelLimitOf(outside.carriers);
    const context: OperationContext = { database, allocator, parcelLimit, now: Date.now };
    await seedSourcingRules(database, await sourcingRules(settings.sourcingRulesFile));
    await tellAllocator(context);

    const standingJobs = startStandingJobs({ context, carriers: outside.carriers, logger });
    parts.add("standing jobs", standingJobs);
    parts.add("mailer", { stop: async () => outside.mailer.close() });
    const system: Composition = { settings, logger, parts, context, outside };
    const bridge = await steps.run("Devices", () => startDevices(system));
    await steps.run("Sagas", () => startSagas(system));
    const gateway = await steps.run("Gateway", () => startEdge(system, bridge));
    return { port: gateway.port, database, stop: () => parts.stopAll() };
  } catch (error) {
    await parts.stopAll();
    throw error;
  }
}

/** What every later step builds on. */
type Composition = {
  readonly settings: ResolvedSettings;
  readonly logger: Logger;
  readonly parts: StartedParts;
  readonly context: OperationContext;
  readonly outside: OutsideServices;
};

type Stoppable = { stop(): Promise<void> };

/** The parts that have been started, to be stopped in reverse. */
class StartedParts {
  private readonly logger: Logger;
  private readonly parts: { readonly name: string; readonly part: Stoppable }[] = [];

  constructor(logger: Logger) {
    this.logger = logger;
  }

  add(name: string, part: Stoppable): void {
    this.parts.push({ name, part });
  }

  /** In reverse order. A part that fails to stop does not prevent the others from stopping. */
  async stopAll(): Promise<void> {
    for (const { name, part } of this.parts.splice(0).reverse()) {
      try {
        await part.stop();
      } catch (error) {
        this.logger.error({ err: error, part: name }, "did not stop in order");
      }
    }
  }
}

async function startStock(settings: ResolvedSettings, logger: Logger, parts: StartedParts) {
  const engine = await startEngine({
    databaseUrl: settings.databaseUrl,
    threads: settings.engine.threads,
    threadMemoryMb: settings.engine.threadMemoryMb,
    shards: settings.engine.shards,
    logger: logger.child({ part: "engine" }),
  });
  parts.add("engine", engine);
  const shards = await engine.client.status();
  const positions = shards.reduce((sum, shard) => sum + shard.positions, 0);
  const threads = new Set(shards.map((shard) => shard.thread)).size;
  return {
    value: engine,
    detail: `${shards.length} shards on ${threads} threads, ${positions} stock positions`,
  };
}

type OutsideServices = Awaited<ReturnType<typeof outsideServices>>;

/** The vendors that the settings name, behind their ports. */
async function outsideServices({ vendors }: ResolvedSettings) {
  const [carriers, payments, notifications] = await Promise.all([
    carrierRoster(vendors),
    paymentRoster(vendors),
    notificationRoster(vendors),
  ]);
  return { carriers, payments, notifications, mailer: notifications.first.port };
}

async function startDevices({ settings, logger, parts, context }: Composition) {
  const bridge = await startDeviceBridge({
    mqttUrl: settings.mqttUrl,
    mqtt: await mqttConnection(settings.mqtt),
    database: context.database,
    allocator: context.allocator,
    parcelLimit: context.parcelLimit,
    companyPrefixes: settings.companyPrefixes,
    logger: logger.child({ part: "devices" }),
  });
  parts.add("device bridge", bridge);
  return { value: bridge, detail: withoutPassword(settings.mqttUrl) };
}

async function startSagas({ settings, logger, parts, context, outside }: Composition) {
  const worker = await startSagaWorker({
    carriers: outside.carriers,
    payments: outside.payments,
    mailer: outside.mailer,
    temporalAddress: settings.temporalAddress,
    namespace: settings.temporalNamespace,
    database: context.database,
    allocator: context.allocator,
    publicUrl: settings.publicUrl,
    logger: logger.child({ part: "sagas" }),
  });
  parts.add("saga worker", worker);
  return { value: worker, detail: `${settings.temporalAddress}, namespace ${settings.temporalNamespace}` };
}

async function startEdge({ settings, logger, parts, context, outside }: Composition, bridge: DeviceBridge) {
  const gateway = await startGateway({
    host: settings.host,
    port: settings.ports.gateway,
    publicUrl: settings.publicUrl,
    database: context.database,
    allocator: context.allocator,
    channelAdapters,
    secrets: settings.secretBox,
    carriers: outside.carriers,
    payments: outside.payments,
    otherVendors: [outside.notifications],
    devices: deviceProtocols,
    bridgeStatus: () => bridge.status(),
    dashboardFolder: join(projectRoot, "dist", "dashboard"),
    mailer: outside.mailer,
    redisUrl: settings.redisUrl,
    trustedProxies: settings.trustedProxies,
    proxyHeader: settings.proxyHeader,
    refundLimits: settings.refundLimits,
    logger: logger.child({ part: "gateway" }),
    readiness: () => readiness(settings, context, bridge),
  });
  parts.add("gateway", gateway);
  return { value: gateway, detail: `${settings.host}:${gateway.port}` };
}

async function readiness(
  settings: ResolvedSettings,
  { database, allocator }: OperationContext,
  bridge: DeviceBridge,
): Promise<readonly { name: string; ready: boolean; detail?: string }[]> {
  const probes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["postgresql", () => probe(database)],
    ["engine", () => probeEngine(allocator)],
    ["temporal", () => probeTemporal(settings.temporalAddress)],
    ["mqtt", async () => probeBroker(settings.mqttUrl, bridge)],
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

function probeBroker(url: string, bridge: DeviceBridge): void {
  const away = bridge.status().sessions.flatMap(({ name, connected }) => (connected ? [] : [name]));
  if (away.length > 0) throw new Error(`not connected to ${withoutPassword(url)}: ${away.join(", ")}`);
}
