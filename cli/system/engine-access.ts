/**
 * How this process comes by the stock: it has an engine, and where there is a Redis opens its door to
 * others and reaches theirs; or it has none, and reaches those that have one.
 */
import type { Logger } from "pino";
import type { Settings } from "../../config/settings.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { type Engine, startEngine } from "../../engine/engine.ts";
import { isMoving } from "../../engine/errors.ts";
import { EngineDoor } from "../../engine/fabric/engine-door.ts";
import { FabricLink } from "../../engine/fabric/fabric-link.ts";
import { RemoteEngine } from "../../engine/fabric/remote-engine.ts";
import { RoutedAllocator } from "../../engine/routing/routed-allocator.ts";
import { carryOutHere } from "../../operations/at-engine.ts";
import type { EngineProcess, OperationContext } from "../../operations/context.ts";
import type { Caller } from "../../store/audit-log/record-audit.ts";
import { readCompanyIdentity } from "../../store/catalog/companies.ts";
import type { Database } from "../../store/sql/database.ts";
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
      carryOut: async (operation, given, caller, orderId) => {
        if (engine.client.has(orderId)) {
          try {
            return await carryOutHere(context(), operation, given, caller);
          } catch (error) {
            // The order's home has moved meanwhile, or is being brought to life.
            if (!isMoving(error)) throw error;
          }
        }
        return carryOutAt(remote, operation, given, caller, orderId);
      },
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
      carryOut: (operation, given, caller, orderId) => carryOutAt(remote, operation, given, caller, orderId),
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
  operation: string,
  given: unknown,
  caller: Caller | undefined,
  orderId: string,
): Promise<unknown> {
  const asked = { key: orderId, isRepeatable: false };
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
