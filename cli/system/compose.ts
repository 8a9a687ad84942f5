/**
 * The one place where adapters meet ports: store, engine, gateway, saga worker and device bridge become one
 * system. Starts them in the order in which they need each other, and stops them in reverse: first no new
 * work is let in, last the engine commits what it still holds.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { Connection } from "@temporalio/client";
import type { Logger } from "pino";
import { ChannelCalls } from "../../config/channel-calls.ts";
import { Distribution } from "../../config/distribution.ts";
import { JobLog } from "../../config/job-log.ts";
import { lateness } from "../../config/lateness.ts";
import { PACKAGE_VERSION } from "../../config/package-version.ts";
import { projectRoot } from "../../config/project-root.ts";
import type { Role } from "../../config/roles.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { Settings } from "../../config/settings.ts";
import { withoutPassword } from "../../config/without-password.ts";
import type { DeviceBridge } from "../../devices/bridge.ts";
import { deviceProtocolsBelow } from "../../devices/device-kinds.ts";
import { BrokerTakenError, takeBroker } from "../../devices/mqtt/broker-plate.ts";
import { startBridgeThread } from "../../devices/thread/bridge-host.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import type { Engine } from "../../engine/engine.ts";
import { startGateway } from "../../gateway/gateway.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import { createReadingPool } from "../../integrations/channels/reading-pool.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { openVendorDesk } from "../../integrations/vendor-desk.ts";
import { createWebhookSender } from "../../integrations/webhooks/webhook-sender.ts";
import { carryOutHere } from "../../operations/at-engine.ts";
import type { OperationContext } from "../../operations/context.ts";
import { followSettings } from "../../operations/standing/follow-settings.ts";
import { runPresence } from "../../operations/standing/presence.ts";
import { runShortOrders } from "../../operations/standing/short-orders.ts";
import { startStandingJobs } from "../../operations/standing/standing-jobs.ts";
import { tellAllocator } from "../../operations/standing/tell-allocator.ts";
import type { BridgeStatus } from "../../ports/devices.ts";
import { parcelLimitOf } from "../../ports/parcel-limit.ts";
import { readCompanyIdentity } from "../../store/catalog/companies.ts";
import type { NodeState } from "../../store/figures/nodes.ts";
import { devicesRole, roleFence } from "../../store/role-lease.ts";
import { isSourcingUnset, seedSourcingRules } from "../../store/settings/sourcing-rules.ts";
import { readStoredAccounts } from "../../store/settings/vendor-accounts.ts";
import {
  type Database,
  openDatabase,
  type PoolFigures,
  poolFigures,
  probe,
} from "../../store/sql/database.ts";
import { SagaNamespaceTakenError } from "../../workflows/runtime/saga-home.ts";
import { checkSagaNamespace, type SagaWorker, startSagaWorker } from "../../workflows/runtime/worker.ts";
import { UserProblem } from "../problem.ts";
import type { Steps } from "../terminal.ts";
import { type EngineAccess, otherEngine, ownEngine, startOwnEngine } from "./engine-access.ts";
import { identityProvider } from "./identity-provider.ts";
import { mqttConnection } from "./mqtt-connection.ts";
import { readPem } from "./pem-file.ts";
import { RoleStandby } from "./role-standby.ts";
import { bringSchemaUpToDate } from "./schema.ts";
import { sealStoredSecrets } from "./secret-keys.ts";
import { SiteBridges } from "./site-bridges.ts";
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
    const id = `${hostname()}:${process.pid}:${randomUUID()}`;
    const engineStep = async <T>(work: () => Promise<{ readonly value: T; readonly detail: string }>) =>
      steps.run("Engine", work);
    const engine = settings.roles.includes("engine")
      ? await engineStep(() => startStock(settings, logger, parts))
      : null;
    // With the sandbox comes its company, by whose identity processes find each other.
    if (engine !== null) await hooks.prepare?.(database, engine.client);
    const access =
      engine === null
        ? await engineStep(() => reachStock(settings, id, database, logger))
        : await ownEngine(engine, settings, database, logger);
    parts.add("way to the engine", access);
    const { allocator } = access;
    if (engine === null) await hooks.prepare?.(database, allocator);
    if (settings.traces !== null) {
      const company = (await readCompanyIdentity(database))?.identity ?? "";
      const about = { node: settings.node, version: PACKAGE_VERSION, company, logger };
      parts.add("traces", startTraces(settings.traces, about));
    }
    const reading = createReadingPool();
    parts.add("reading pool", { stop: () => reading.close() });
    const context: OperationContext = {
      database,
      allocator,
      parcelLimit: parcelLimitOf(outside.carriers),
      now: Date.now,
      channelAdapters: reading.adapters,
      ...(access.engineProcess === undefined
        ? {}
        : { engineProcess: access.engineProcess((): OperationContext => context) }),
    };
    const jobLog = new JobLog();
    const channelCalls = new ChannelCalls();
    const system: Composition = {
      settings,
      logger,
      parts,
      context,
      access,
      nodeId: engine?.owner ?? id,
      jobLog,
      channelCalls,
      ...ready,
    };
    if (engine !== null) await startStockNeighbours(system);
    parts.add("settings", followSettings(context, logger.child({ part: "settings" }), outside, jobLog));
    const has = (role: Role): boolean => settings.roles.includes(role);
    const jobs = has("jobs") ? await startJobs(system) : null;
    const bridge = has("devices") ? await steps.run("Devices", () => startDevices(system)) : null;
    const sagas = has("worker") ? await steps.run("Sagas", () => startSagas(system)) : null;
    const neighbours: Neighbours = { jobs, bridge, sagas };
    const gateway = await steps.run("Gateway", () => startEdge(system, neighbours));
    parts.add("presence", startPresence(system, neighbours));
    // Who has no stock has none to lose; who shares it goes on with what is left.
    const isAlone = engine !== null && settings.redisUrl === null;
    const watch = isAlone ? watchTakeOver(() => engine.isTakenOver()) : null;
    if (watch !== null) parts.add("watch", { stop: async () => watch.stop() });
    const takenOver = watch?.taken ?? new Promise<string>(() => {});
    return { port: gateway.port, database, takenOver, stop: () => parts.stopAll() };
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
  readonly access: EngineAccess;
  /** `node.id` of this process. */
  readonly nodeId: string;
  readonly jobLog: JobLog;
  readonly channelCalls: ChannelCalls;
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

async function reachStock(settings: ResolvedSettings, id: string, database: Database, logger: Logger) {
  const access = await otherEngine(settings, id, database, logger);
  return { value: access, detail: "of another process" };
}

async function startStock(settings: ResolvedSettings, logger: Logger, parts: StartedParts) {
  const engine = await startOwnEngine(settings, logger);
  parts.add("engine", engine);
  const shards = await engine.client.status();
  const positions = shards.reduce((sum, shard) => sum + shard.positions, 0);
  const threads = new Set(shards.map((shard) => shard.thread)).size;
  return {
    value: engine,
    detail: `${shards.length} shards on ${threads} threads, ${positions} stock positions`,
  };
}

/** What is to be where the engine is. */
async function startStockNeighbours(system: Composition): Promise<void> {
  const { logger, parts, context, rules, access } = system;
  const { engine } = access;
  if (rules !== null) await seedSourcingRules(context.database, rules);
  await tellAllocator(context);
  if (engine !== null)
    parts.add("short orders", runShortOrders(context, logger.child({ part: "short-orders" }), engine));
  const door = access.openDoor?.(context);
  if (door === undefined || engine === null) return;
  parts.add("door", door);
  // Stopped before the door: it sends those on who ask for what other nodes have by then.
  parts.add("shards", { stop: () => engine.drain() });
}

/** Each listener of a job has a connection, and the work of some takes another. */
const JOBS_POOL_SIZE = 20;

async function startJobs(system: Composition): Promise<RunningJobs> {
  const { settings, logger, parts, context, nodeId, outside, webhookSender, channelDesk } = system;
  const { jobLog, channelCalls } = system;
  let pool: Database | null = null;
  const standby = await RoleStandby.start({
    role: "jobs",
    owner: nodeId,
    database: context.database,
    logger: logger.child({ part: "jobs" }),
    begin: async (epoch) => {
      const database = openDatabase(settings.databaseUrl, {
        maxConnections: JOBS_POOL_SIZE,
        fence: roleFence("jobs", epoch),
      });
      pool = database;
      // What belongs beside the engine keeps to the turns of this process where it has the engine.
      const engineProcess = context.engineProcess ?? {
        carryOut: (name, given, caller) => carryOutHere(context, name, given, caller),
      };
      const own: OperationContext = { ...context, database, engineProcess };
      const work = [
        followSettings(own, logger.child({ part: "settings of jobs" })),
        startStandingJobs({
          jobLog,
          context: own,
          carriers: outside.carriers,
          webhooks: {
            box: settings.secretBox,
            sender: webhookSender,
            people: { mailer: outside.mailer, publicUrl: settings.publicUrl },
          },
          channels: {
            box: settings.secretBox,
            desk: channelDesk,
            calls: channelCalls,
            adapters: context.channelAdapters ?? channelAdapters,
          },
          logger,
        }),
      ];
      return {
        stop: async () => {
          await Promise.all(work.map((job) => job.stop()));
          pool = null;
          await database.end();
        },
      };
    },
  });
  parts.add("standing jobs", standby);
  return { pool: () => (pool === null ? null : poolFigures(pool)) };
}

type RunningJobs = {
  /** Of the jobs' own connections; null: another process does them. */
  pool(): PoolFigures | null;
};

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
  if (settings.roles.includes("worker"))
    await checkSagaNamespace({
      temporalAddress: settings.temporalAddress,
      temporalSecurity: temporal,
      namespace: settings.temporalNamespace,
      database,
    }).catch(explainNamespace);
  if (settings.roles.includes("devices")) await takeTopics(settings, database, mqtt);
  const webhookSender = createWebhookSender({ allowedNetworks: settings.webhookNetworks });
  const channelDesk = createChannelDesk(settings.vendorContext);
  return { mqtt, temporal, outside, rules, webhookSender, channelDesk };
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

async function startDevices(system: Composition) {
  const { settings, logger, parts, context, nodeId, mqtt } = system;
  const { databaseUrl, mqttUrl, companyPrefixes } = settings;
  // A sandbox has its company only now.
  await takeTopics(settings, context.database, mqtt);
  const begin = (site: string | null, epoch: number) =>
    startBridgeThread({
      settings: {
        databaseUrl,
        mqttUrl,
        mqtt,
        companyPrefixes,
        leaseEpoch: epoch,
        ...(site === null ? {} : { site }),
      },
      stock: context.allocator,
      logger: logger.child({ part: "devices", ...(site === null ? {} : { site }) }),
    });
  if (settings.mqtt.devicesBy === "site") return startSiteBridges(system, begin);
  let bridge: DeviceBridge | null = null;
  const standby = await RoleStandby.start({
    role: devicesRole(null),
    owner: nodeId,
    database: context.database,
    logger: logger.child({ part: "devices" }),
    begin: async (epoch) => {
      const begun = await begin(null, epoch);
      bridge = begun;
      return {
        stop: async () => {
          bridge = null;
          await begun.stop();
        },
      };
    },
  });
  parts.add("device bridge", standby);
  const value: RunningBridge = { status: () => bridge?.status() ?? NO_BRIDGE };
  const detail = standby.isAtWork() ? withoutPassword(settings.mqttUrl) : "another process has them";
  return { value, detail };
}

/** Of the leases' pool: each site that this process has keeps one, and one asks. */
const LEASES_POOL_SIZE = 64;

/** A bridge for each site, in whichever process has its lease. */
async function startSiteBridges(
  { settings, logger, parts, context, nodeId }: Composition,
  begin: (site: string, epoch: number) => Promise<DeviceBridge>,
) {
  const leases = openDatabase(settings.databaseUrl, { maxConnections: LEASES_POOL_SIZE, name: "leases" });
  parts.add("leases of sites", { stop: () => leases.end() });
  const bridges = await SiteBridges.start({
    database: context.database,
    leases,
    owner: nodeId,
    begin,
    logger: logger.child({ part: "devices" }),
  });
  parts.add("device bridges", bridges);
  const value: RunningBridge = { status: () => bridges.status() };
  const sites = bridges.sites();
  return { value, detail: sites.length === 0 ? "other processes have all sites" : `of ${sites.join(", ")}` };
}

type RunningBridge = Pick<DeviceBridge, "status">;

/** While another process speaks with the devices. */
const NO_BRIDGE: BridgeStatus = {
  sessions: [],
  devices: [],
  handled: new Distribution().figures(),
  deadLetters: new Map(),
  events: new Map(),
};

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
    ...(settings.roles.includes("gateway") ? { yieldsTo: lateness } : {}),
    logger: logger.child({ part: "sagas" }),
  }).catch(explainNamespace);
  parts.add("saga worker", worker);
  return { value: worker, detail: `${settings.temporalAddress}, namespace ${settings.temporalNamespace}` };
}

const LOOK_AGAIN_MS = 15_000;

/** So that people see this process on the page of any other. */
function startPresence(system: Composition, neighbours: Neighbours): Stoppable {
  const { settings, logger, context, access, nodeId, jobLog } = system;
  const { database } = context;
  // It opens a connection to Temporal each time, which need not be every few seconds.
  let seen: { readonly atMs: number; readonly dependencies: NodeState["dependencies"] } | null = null;
  const look = async (): Promise<NodeState["dependencies"]> => {
    if (seen === null || performance.now() - seen.atMs > LOOK_AGAIN_MS) {
      const states = await readiness(system, neighbours);
      const dependencies = states.map(({ name, ready }) => ({ name, ready }));
      seen = { atMs: performance.now(), dependencies };
    }
    return seen.dependencies;
  };
  const read = async (): Promise<NodeState> => ({
    dependencies: await look(),
    database: poolFigures(database),
    ...(access.engine === null ? {} : { engine: await stateOfEngine(access.engine) }),
    ...(neighbours.sagas === null ? {} : { sagas: stateOfSagas(neighbours.sagas) }),
    ...(neighbours.bridge === null ? {} : { broker: stateOfBroker(neighbours.bridge) }),
  });
  return runPresence({
    database,
    node: { id: nodeId, name: settings.node, version: PACKAGE_VERSION, roles: settings.roles },
    read,
    jobLog,
    logger: logger.child({ part: "presence" }),
  });
}

async function stateOfEngine(engine: Engine): Promise<NonNullable<NodeState["engine"]>> {
  const { waiting, uncommitted, waitingOfThread } = engine.figures();
  const shards = (await engine.client.status()).map(({ shard, thread, state }) => ({
    shard,
    state,
    waiting: waitingOfThread[thread] ?? 0,
  }));
  return { waiting, uncommitted, shards: shards.filter((one) => one.state !== "live" || one.waiting > 0) };
}

function stateOfSagas(sagas: SagaWorker): NonNullable<NodeState["sagas"]> {
  const { isRunning, slots } = sagas.figures();
  return {
    isRunning,
    used: slots.reduce((sum, { used }) => sum + used, 0),
    slots: slots.reduce((sum, { size }) => sum + size, 0),
  };
}

function stateOfBroker(bridge: RunningBridge): NonNullable<NodeState["broker"]> {
  const { sessions } = bridge.status();
  return { connected: sessions.filter(({ connected }) => connected).length, sessions: sessions.length };
}

/** What runs in this process beside the edge, and is seen through it. Null: it runs elsewhere. */
type Neighbours = {
  readonly jobs: RunningJobs | null;
  readonly bridge: RunningBridge | null;
  readonly sagas: SagaWorker | null;
};

async function startEdge(system: Composition, neighbours: Neighbours) {
  const { settings, logger, parts, context, access, outside, webhookSender, channelDesk, jobLog } = system;
  const { engine } = access;
  const { jobs, bridge, sagas } = neighbours;
  const isGateway = settings.roles.includes("gateway");
  const gateway = await startGateway({
    host: settings.host,
    port: settings.ports.gateway,
    // Whoever supervises the process asks it how it is.
    ...(isGateway ? {} : { serves: "health" as const }),
    publicUrl: settings.publicUrl,
    database: context.database,
    allocator: context.allocator,
    ...(context.engineProcess === undefined ? {} : { engineProcess: context.engineProcess }),
    ownEngine: engine?.client ?? null,
    channelAdapters: context.channelAdapters ?? new Map(),
    secrets: settings.secretBox,
    carriers: outside.carriers,
    payments: outside.payments,
    otherVendors: [outside.notifications],
    vendorDesk: outside,
    channelDesk,
    webhookSender,
    devices: deviceProtocolsBelow(settings.mqtt.topicPrefix),
    ...(bridge === null ? {} : { bridgeStatus: () => bridge.status() }),
    dashboardFolder: isGateway ? join(projectRoot, "dist", "dashboard") : "",
    singleSignOn: isGateway
      ? await identityProvider(settings, logger.child({ part: "single sign-on" }))
      : null,
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
    readiness: () => readiness(system, neighbours),
    node: {
      node: settings.node,
      version: PACKAGE_VERSION,
      roles: settings.roles,
      ...(engine === null ? {} : { engine: () => engine.figures() }),
      otherPools: () => {
        const ofJobs = jobs?.pool() ?? null;
        return {
          ...(engine === null ? {} : { engine: engine.pool() }),
          ...(ofJobs === null ? {} : { jobs: ofJobs }),
        };
      },
      ...(sagas === null ? {} : { sagas: () => sagas.figures() }),
      jobLog,
      channelCalls: () => system.channelCalls.figures(),
    },
  });
  parts.add("gateway", gateway);
  const detail = `${settings.host}:${gateway.port}`;
  return { value: gateway, detail: isGateway ? detail : `${detail}, health and metrics only` };
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

/** What this process needs for its part. */
async function readiness(
  { settings, context, access }: Composition,
  { bridge, sagas }: Neighbours,
): Promise<readonly { name: string; ready: boolean; detail?: string }[]> {
  const probes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["postgresql", () => probe(context.database)],
    ["engine", () => access.probe()],
    ...(sagas === null ? [] : [["temporal", () => probeTemporal(settings)] as const]),
    ...(bridge === null ? [] : [["mqtt", async () => probeBroker(settings.mqttUrl, bridge)] as const]),
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

function probeBroker(url: string, bridge: RunningBridge): void {
  const away = bridge.status().sessions.flatMap(({ name, connected }) => (connected ? [] : [name]));
  if (away.length > 0) throw new Error(`not connected to ${withoutPassword(url)}: ${away.join(", ")}`);
}
