/**
 * The one place where adapters meet ports: store, engine, gateway, saga worker and device bridge become one
 * system. Starts them in the order in which they need each other, and stops them in reverse: first no new
 * work is let in, last the engine commits what it still holds.
 */
import { join } from "node:path";
import { Connection } from "@temporalio/client";
import type { Logger } from "pino";
import { JobLog } from "../../config/job-log.ts";
import { PACKAGE_VERSION } from "../../config/package-version.ts";
import { projectRoot } from "../../config/project-root.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { Settings } from "../../config/settings.ts";
import { withoutPassword } from "../../config/without-password.ts";
import type { DeviceBridge } from "../../devices/bridge.ts";
import { deviceProtocolsBelow } from "../../devices/device-kinds.ts";
import { BrokerTakenError, takeBroker } from "../../devices/mqtt/broker-plate.ts";
import { startBridgeThread } from "../../devices/thread/bridge-host.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { type Engine, startEngine } from "../../engine/engine.ts";
import { startGateway } from "../../gateway/gateway.ts";
import { createReadingPool } from "../../integrations/channels/reading-pool.ts";
import { openVendorDesk } from "../../integrations/vendor-desk.ts";
import { createWebhookSender } from "../../integrations/webhooks/webhook-sender.ts";
import type { OperationContext } from "../../operations/context.ts";
import { runPresence } from "../../operations/standing/presence.ts";
import { startStandingJobs } from "../../operations/standing/standing-jobs.ts";
import { tellAllocator } from "../../operations/standing/tell-allocator.ts";
import { parcelLimitOf } from "../../ports/parcel-limit.ts";
import { readCompanyIdentity } from "../../store/catalog/companies.ts";
import type { NodeState } from "../../store/figures/nodes.ts";
import { type BridgeLease, takeBridgeLease } from "../../store/floor/bridge-lease.ts";
import { isSourcingUnset, seedSourcingRules } from "../../store/settings/sourcing-rules.ts";
import { readStoredAccounts } from "../../store/settings/vendor-accounts.ts";
import { type Database, openDatabase, poolFigures, probe } from "../../store/sql/database.ts";
import { SagaNamespaceTakenError } from "../../workflows/runtime/saga-home.ts";
import { checkSagaNamespace, type SagaWorker, startSagaWorker } from "../../workflows/runtime/worker.ts";
import { UserProblem } from "../problem.ts";
import type { Steps } from "../terminal.ts";
import { identityProvider } from "./identity-provider.ts";
import { mqttConnection } from "./mqtt-connection.ts";
import { readPem } from "./pem-file.ts";
import { probeEngine } from "./probe-engine.ts";
import { bringSchemaUpToDate } from "./schema.ts";
import { sealStoredSecrets } from "./secret-keys.ts";
import { sourcingRules } from "./sourcing-rules.ts";
import { watchTakeOver } from "./take-over.ts";
import { temporalSecurity } from "./temporal-connection.ts";
import { startTraces } from "./traces.ts";

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
  /** Resolves with what another process has taken over: this one can do its work no more, and is to end. */
  readonly takenOver: Promise<string>;
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
    const ready = await whatIsNeeded(settings, database, logger);
    const { outside } = ready;
    parts.add("vendors", { stop: async () => outside.close() });
    const engine = await steps.run("Engine", () => startStock(settings, logger, parts));
    const { client: allocator } = engine;
    await hooks.prepare?.(database, allocator);
    if (settings.traces !== null) {
      const company = (await readCompanyIdentity(database))?.identity ?? "";
      const about = { node: settings.node, version: PACKAGE_VERSION, company, logger };
      parts.add("traces", startTraces(settings.traces, about));
    }
    const parcelLimit = parcelLimitOf(outside.carriers);
    const context: OperationContext = { database, allocator, parcelLimit, now: Date.now };
    if (ready.rules !== null) await seedSourcingRules(database, ready.rules);
    await tellAllocator(context);

    const jobLog = new JobLog();
    const standingJobs = startStandingJobs({
      jobLog,
      context,
      carriers: outside.carriers,
      accounts: outside,
      webhooks: { box: settings.secretBox, sender: ready.webhookSender },
      logger,
    });
    parts.add("standing jobs", standingJobs);
    const system: Composition = { settings, logger, parts, context, ...ready };
    const lease = await takeDevices(system, () => engine.isTakenOver());
    const bridge = await steps.run("Devices", () => startDevices(system));
    const sagas = await steps.run("Sagas", () => startSagas(system));
    const gateway = await steps.run("Gateway", () => startEdge(system, { engine, bridge, sagas, jobLog }));
    parts.add("presence", startPresence(system, { engine, bridge, sagas, jobLog }));
    const watch = watchTakeOver(() => engine.isTakenOver(), lease.lost);
    parts.add("watch", { stop: async () => watch.stop() });
    return { port: gateway.port, database, takenOver: watch.taken, stop: () => parts.stopAll() };
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
} & WhatIsNeeded;

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

type WhatIsNeeded = Awaited<ReturnType<typeof whatIsNeeded>>;

/**
 * What can be missing is looked for before anything is taken over: a process that could not start would end
 * the one that works, and then itself.
 */
async function whatIsNeeded(settings: ResolvedSettings, database: Database, logger: Logger) {
  const mqtt = await mqttConnection(settings.mqtt);
  const temporal = await temporalSecurity(settings.temporal);
  const outside = await openVendorDesk({
    environment: settings.vendors,
    context: settings.vendorContext,
    read: () => readStoredAccounts(database, settings.secretBox),
    now: Date.now,
    logger: logger.child({ part: "vendors" }),
  });
  const rules = (await isSourcingUnset(database)) ? await sourcingRules(settings.sourcingRulesFile) : null;
  await checkSagaNamespace({
    temporalAddress: settings.temporalAddress,
    temporalSecurity: temporal,
    namespace: settings.temporalNamespace,
    database,
  }).catch(explainNamespace);
  await takeTopics(settings, database, mqtt);
  const webhookSender = createWebhookSender({ allowedNetworks: settings.webhookNetworks });
  return { mqtt, temporal, outside, rules, webhookSender };
}

/** So that no other company speaks with the same devices. Taken once more it is as before. */
async function takeTopics(
  { mqttUrl: url }: ResolvedSettings,
  database: Database,
  mqtt: Awaited<ReturnType<typeof mqttConnection>>,
): Promise<void> {
  const company = await readCompanyIdentity(database);
  if (company === null) return;
  await takeBroker({ ...mqtt, url }, company).catch((error: unknown) => {
    throw error instanceof BrokerTakenError ? brokerProblem(error) : error;
  });
}

function brokerProblem(error: BrokerTakenError): UserProblem {
  return new UserProblem(
    error.code,
    `${error.message}.`,
    "Nothing was taken over. On a broker that companies share each has a HOLDFAST_MQTT_PREFIX of its own; without one a " +
      `company needs the whole broker. If that company is gone: mosquitto_pub --retain --null-message --topic ${error.topic}`,
    { cause: error },
  );
}

/** Whoever had the bridge has lost the stock just now, and ends. One that has not is dead, or hangs. */
const BRIDGE_PATIENCE_MS = 60_000;

async function takeDevices(
  { context, parts }: Composition,
  isStockTaken: () => Promise<boolean>,
): Promise<BridgeLease> {
  const lease = await takeBridgeLease(context.database, {
    patienceMs: BRIDGE_PATIENCE_MS,
    isEntitled: async () => !(await isStockTaken()),
  });
  if (lease === null)
    throw new UserProblem(
      "bridge_taken",
      "Another process on this database speaks with the devices, and has taken over the stock, too.",
      "Start this one again only where the other one has ended: only one process can have them.",
    );
  parts.add("bridge lease", { stop: () => lease.release() });
  return lease;
}

async function startDevices({ settings, logger, parts, context, mqtt }: Composition) {
  const { databaseUrl, mqttUrl, companyPrefixes } = settings;
  // A sandbox has its company only now.
  await takeTopics(settings, context.database, mqtt);
  const bridge = await startBridgeThread({
    settings: { databaseUrl, mqttUrl, mqtt, companyPrefixes },
    stock: context.allocator,
    logger: logger.child({ part: "devices" }),
  });
  parts.add("device bridge", bridge);
  return { value: bridge, detail: withoutPassword(settings.mqttUrl) };
}

async function startSagas({ settings, logger, parts, context, outside, temporal }: Composition) {
  const worker = await startSagaWorker({
    carriers: outside.carriers,
    payments: outside.payments,
    mailer: outside.mailer,
    temporalAddress: settings.temporalAddress,
    temporalSecurity: temporal,
    metricsAddress: settings.temporal.metricsAddress,
    namespace: settings.temporalNamespace,
    database: context.database,
    allocator: context.allocator,
    publicUrl: settings.publicUrl,
    logger: logger.child({ part: "sagas" }),
  }).catch(explainNamespace);
  parts.add("saga worker", worker);
  return { value: worker, detail: `${settings.temporalAddress}, namespace ${settings.temporalNamespace}` };
}

const LOOK_AGAIN_MS = 15_000;
const ROLES = ["gateway", "engine", "worker", "devices", "jobs"];

/** So that people see this process on the page of any other. */
function startPresence(
  { settings, logger, context }: Composition,
  { engine, bridge, sagas, jobLog }: EdgeNeighbours,
): Stoppable {
  const { allocator, database } = context;
  // It opens a connection to Temporal each time, which need not be every few seconds.
  let seen: { readonly atMs: number; readonly dependencies: NodeState["dependencies"] } | null = null;
  const look = async (): Promise<NodeState["dependencies"]> => {
    if (seen === null || performance.now() - seen.atMs > LOOK_AGAIN_MS) {
      const states = await readiness(settings, context, bridge);
      const dependencies = states.map(({ name, ready }) => ({ name, ready }));
      seen = { atMs: performance.now(), dependencies };
    }
    return seen.dependencies;
  };
  const read = async (): Promise<NodeState> => {
    const { waiting, uncommitted, waitingOfThread } = engine.figures();
    const { isRunning, slots } = sagas.figures();
    const { sessions } = bridge.status();
    const shards = (await allocator.status()).map(({ shard, thread, state }) => ({
      shard,
      state,
      waiting: waitingOfThread[thread] ?? 0,
    }));
    return {
      dependencies: await look(),
      database: poolFigures(database),
      engine: {
        waiting,
        uncommitted,
        shards: shards.filter((one) => one.state !== "live" || one.waiting > 0),
      },
      sagas: {
        isRunning,
        used: slots.reduce((sum, { used }) => sum + used, 0),
        slots: slots.reduce((sum, { size }) => sum + size, 0),
      },
      broker: { connected: sessions.filter(({ connected }) => connected).length, sessions: sessions.length },
    };
  };
  return runPresence({
    database,
    node: { id: engine.owner, name: settings.node, version: PACKAGE_VERSION, roles: ROLES },
    read,
    jobLog,
    logger: logger.child({ part: "presence" }),
  });
}

/** What runs beside the edge in this process, and is seen through it. */
type EdgeNeighbours = {
  readonly engine: Engine;
  readonly bridge: DeviceBridge;
  readonly sagas: SagaWorker;
  readonly jobLog: JobLog;
};

async function startEdge(
  { settings, logger, parts, context, outside, webhookSender }: Composition,
  { engine, bridge, sagas, jobLog }: EdgeNeighbours,
) {
  const reading = createReadingPool();
  parts.add("reading pool", { stop: () => reading.close() });
  const gateway = await startGateway({
    host: settings.host,
    port: settings.ports.gateway,
    publicUrl: settings.publicUrl,
    database: context.database,
    allocator: context.allocator,
    channelAdapters: reading.adapters,
    secrets: settings.secretBox,
    carriers: outside.carriers,
    payments: outside.payments,
    otherVendors: [outside.notifications],
    vendorDesk: outside,
    webhookSender,
    devices: deviceProtocolsBelow(settings.mqtt.topicPrefix),
    bridgeStatus: () => bridge.status(),
    dashboardFolder: join(projectRoot, "dist", "dashboard"),
    singleSignOn: await identityProvider(settings, logger.child({ part: "single sign-on" })),
    tls: settings.tls,
    hstsSubdomains: settings.hstsSubdomains,
    mailer: outside.mailer,
    redisUrl: settings.redisUrl,
    redisCa: await readPem("REDIS_CA_FILE", settings.redisCaFile, "CERTIFICATE", "redis_file_unreadable"),
    otherCompanies: settings.otherCompanies,
    allowedHosts: settings.allowedHosts,
    trustedProxies: settings.trustedProxies,
    proxyHeader: settings.proxyHeader,
    refundLimits: settings.refundLimits,
    logger: logger.child({ part: "gateway" }),
    readiness: () => readiness(settings, context, bridge),
    node: {
      node: settings.node,
      version: PACKAGE_VERSION,
      roles: ROLES,
      engine: () => engine.figures(),
      enginePool: () => engine.pool(),
      sagas: () => sagas.figures(),
      jobLog,
    },
  });
  parts.add("gateway", gateway);
  return { value: gateway, detail: `${settings.host}:${gateway.port}` };
}

function explainNamespace(error: unknown): never {
  if (!(error instanceof SagaNamespaceTakenError)) throw error;
  throw new UserProblem(
    error.code,
    `${error.message}.`,
    "Each company has a namespace of its own, and sagas go on where their steps were done. Name one that nobody has " +
      "(`temporal operator namespace create`, TEMPORAL_NAMESPACE): what is under way is then started anew from the database.",
    { cause: error },
  );
}

async function readiness(
  settings: ResolvedSettings,
  { database, allocator }: OperationContext,
  bridge: DeviceBridge,
): Promise<readonly { name: string; ready: boolean; detail?: string }[]> {
  const probes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["postgresql", () => probe(database)],
    ["engine", () => probeEngine(allocator)],
    ["temporal", () => probeTemporal(settings)],
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

async function probeTemporal({ temporalAddress: address, temporal }: ResolvedSettings): Promise<void> {
  const security = await temporalSecurity(temporal);
  const connection = await Connection.connect({ address, ...security, connectTimeout: 2_000 });
  await connection.close();
}

function probeBroker(url: string, bridge: DeviceBridge): void {
  const away = bridge.status().sessions.flatMap(({ name, connected }) => (connected ? [] : [name]));
  if (away.length > 0) throw new Error(`not connected to ${withoutPassword(url)}: ${away.join(", ")}`);
}
