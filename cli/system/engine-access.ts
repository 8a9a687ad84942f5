/**
 * How this process comes by the stock: it has an engine, and where there is a Redis opens its door to
 * others and reaches theirs; or it has none, and reaches those that have one.
 */
import type { Logger } from "pino";
import { ENGINE_PATIENCE_MS } from "../../config/limits.ts";
import type { Settings } from "../../config/settings.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { type Engine, startEngine } from "../../engine/engine.ts";
import { EngineDoor } from "../../engine/fabric/engine-door.ts";
import { FabricLink } from "../../engine/fabric/fabric-link.ts";
import { RemoteEngine } from "../../engine/fabric/remote-engine.ts";
import { RoutedAllocator } from "../../engine/routing/routed-allocator.ts";
import { carryOutHere } from "../../operations/at-engine.ts";
import type { EngineProcess, OperationContext } from "../../operations/context.ts";
import type { Caller } from "../../store/audit-log/record-audit.ts";
import { readCompanyIdentity } from "../../store/catalog/companies.ts";
import type { Database } from "../../store/sql/database.ts";
import { carryOutAtHome } from "./carry-out.ts";
import { readPem } from "./pem-file.ts";
import { probeEngine } from "./probe-engine.ts";

export type EngineAccess = {
  readonly allocator: AllocatorClient;
  /** Null: this process has none. */
  readonly engine: Engine | null;
  /** Where operations are carried out; absent: here, all of them. @param context of this process */
  readonly engineProcess?: (context: () => OperationContext) => EngineProcess;
  /** Has other processes find the engine of this one from now on. Absent: nobody looks for it. */
  readonly openDoor?: (context: OperationContext) => Stoppable;
  /** @throws Error with what keeps the engine from working, or this process from reaching it */
  probe(): Promise<void>;
  stop(): Promise<void>;
};

type Stoppable = { stop(): Promise<void> };

type RedisSettings = Pick<Settings, "redisUrl" | "redisCaFile">;

type EngineSettings = Pick<Settings, "engine" | "node" | "redisUrl" | "redisCaFile"> & {
  readonly databaseUrl: string;
};

export function startOwnEngine(settings: EngineSettings, logger: Logger): Promise<Engine> {
  return startEngine({
    databaseUrl: settings.databaseUrl,
    threads: settings.engine.threads,
    threadMemoryMb: settings.engine.threadMemoryMb,
    shards: settings.engine.shards,
    logger: logger.child({ part: "engine" }),
    // Without Redis nobody could be sent to the node that has a shard: one has them all.
    ...(settings.redisUrl === null ? {} : { share: { node: settings.node } }),
  });
}

/**
 * The engine of this process, and the way to those of others where there is a Redis. It is stopped before the
 * engine is.
 */
export async function ownEngine(
  engine: Engine,
  settings: RedisSettings,
  database: Database,
  logger: Logger,
): Promise<EngineAccess> {
  const probe = (): Promise<void> => probeEngine(engine.client);
  if (settings.redisUrl === null) return { allocator: engine.client, engine, probe, stop: async () => {} };
  const ofFabric = logger.child({ part: "fabric" });
  const link = await openLink(settings, engine.owner, database, logger);
  const remote = new RemoteEngine({ link, logger: ofFabric });
  const allocator = new RoutedAllocator(remote, { engine: engine.client, database, logger: ofFabric });
  return {
    allocator,
    engine,
    engineProcess: (context) => ({
      carryOut: (operation, given, caller, orderId) =>
        carryOutAtHome({
          isHere: () => engine.client.has(orderId),
          here: () => carryOutHere(context(), operation, given, caller),
          there: (withinMs) => carryOutAt(remote, { operation, given, caller, orderId }, withinMs),
        }),
    }),
    openDoor: (context) =>
      new EngineDoor({
        link,
        own: engine.client,
        allocator,
        shards: engine,
        operation: (name, given, caller) =>
          carryOutHere(context, name, given, (caller ?? undefined) as Caller | undefined),
        logger: ofFabric,
      }),
    probe,
    stop: async () => {
      await allocator.stop();
      remote.stop();
      link.stop();
    },
  };
}

/** @param self by which engines of other processes send their answers: `node.id` */
export async function otherEngine(
  settings: EngineSettings,
  self: string,
  database: Database,
  logger: Logger,
): Promise<EngineAccess> {
  const link = await openLink(settings, self, database, logger);
  const remote = new RemoteEngine({ link, logger: logger.child({ part: "fabric" }) });
  const allocator = new RoutedAllocator(remote, null);
  return {
    allocator,
    engine: null,
    engineProcess: () => ({
      carryOut: (operation, given, caller, orderId) =>
        carryOutAt(remote, { operation, given, caller, orderId }, ENGINE_PATIENCE_MS),
    }),
    probe: async () => {
      if (!link.isUp()) throw new Error("Redis does not answer, by which the engine's process is reached");
      if (remote.owners().size === 0) throw new Error("no process has the stock");
      await probeEngine({ status: () => within(PROBE_MS, allocator.status()) });
    },
    stop: async () => {
      remote.stop();
      link.stop();
    },
  };
}

async function carryOutAt(
  remote: RemoteEngine,
  asking: {
    readonly operation: string;
    readonly given: unknown;
    readonly caller: Caller | undefined;
    readonly orderId: string;
  },
  withinMs: number,
): Promise<unknown> {
  const { operation, given, caller, orderId } = asking;
  const asked = { key: orderId, isRepeatable: false, withinMs };
  return (await remote.ask("operation", [operation, given, caller], asked)).value;
}

/** Shorter than anybody waits for a page about it. */
const PROBE_MS = 2_000;

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("the engine's process does not answer")), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function openLink(
  settings: RedisSettings,
  self: string,
  database: Database,
  logger: Logger,
): Promise<FabricLink> {
  const { redisUrl: url } = settings;
  if (url === null) throw new Error("settings with roles were read without REDIS_URL");
  return new FabricLink({
    url,
    ca: await readPem("REDIS_CA_FILE", settings.redisCaFile, "CERTIFICATE", "redis_file_unreadable"),
    company: (await readCompanyIdentity(database))?.identity ?? "none",
    self,
    logger: logger.child({ part: "fabric" }),
  });
}
