/**
 * How this process comes by the engine: it has it, and opens its door to others where there is a Redis; or it
 * reaches the process that has it.
 */
import type { Logger } from "pino";
import type { Settings } from "../../config/settings.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { type Engine, startEngine } from "../../engine/engine.ts";
import { EngineDoor } from "../../engine/fabric/engine-door.ts";
import { FabricLink } from "../../engine/fabric/fabric-link.ts";
import { RemoteAllocator } from "../../engine/fabric/remote-allocator.ts";
import { RemoteEngine } from "../../engine/fabric/remote-engine.ts";
import { carryOutHere } from "../../operations/at-engine.ts";
import type { EngineProcess, OperationContext } from "../../operations/context.ts";
import type { Caller } from "../../store/audit-log/record-audit.ts";
import { readCompanyIdentity } from "../../store/catalog/companies.ts";
import type { Database } from "../../store/sql/database.ts";
import { readPem } from "./pem-file.ts";
import { probeEngine } from "./probe-engine.ts";

export type EngineAccess = {
  readonly allocator: AllocatorClient;
  /** Null: another process has it. */
  readonly engine: Engine | null;
  /** Absent: it is this process. */
  readonly engineProcess?: EngineProcess;
  /** @throws Error with what keeps the engine from working, or this process from reaching it */
  probe(): Promise<void>;
  stop(): Promise<void>;
};

type EngineSettings = Pick<Settings, "engine" | "redisUrl" | "redisCaFile"> & {
  readonly databaseUrl: string;
};

export async function ownEngine(settings: EngineSettings, logger: Logger): Promise<EngineAccess> {
  const engine = await startEngine({
    databaseUrl: settings.databaseUrl,
    threads: settings.engine.threads,
    threadMemoryMb: settings.engine.threadMemoryMb,
    shards: settings.engine.shards,
    logger: logger.child({ part: "engine" }),
  });
  return {
    allocator: engine.client,
    engine,
    probe: () => probeEngine(engine.client),
    stop: () => engine.stop(),
  };
}

/** @param self by which the engine's process sends its answers: `node.id` */
export async function otherEngine(
  settings: EngineSettings,
  self: string,
  database: Database,
  logger: Logger,
): Promise<EngineAccess> {
  const link = await openLink(settings, self, database, logger);
  const remote = new RemoteEngine({ link, logger: logger.child({ part: "fabric" }) });
  const allocator = new RemoteAllocator(remote);
  return {
    allocator,
    engine: null,
    engineProcess: {
      carryOut: async (operation, given, caller) =>
        (await remote.ask("operation", [operation, given, caller], { isRepeatable: false })).value,
    },
    probe: async () => {
      if (!link.isUp()) throw new Error("Redis does not answer, by which the engine's process is reached");
      if (remote.owner() === null) throw new Error("no process has the stock");
      await probeEngine({ status: () => within(PROBE_MS, allocator.status()) });
    },
    stop: async () => {
      remote.stop();
      link.stop();
    },
  };
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

/** Other processes find the engine of this one from now on. */
export async function openDoor(
  settings: EngineSettings,
  engine: Engine,
  context: OperationContext,
  logger: Logger,
): Promise<{ stop(): Promise<void> }> {
  const link = await openLink(settings, engine.owner, context.database, logger);
  const door = new EngineDoor({
    link,
    allocator: engine.client,
    shards: engine,
    operation: (name, given, caller) =>
      carryOutHere(context, name, given, (caller ?? undefined) as Caller | undefined),
    logger: logger.child({ part: "fabric" }),
  });
  return {
    stop: async () => {
      await door.stop();
      link.stop();
    },
  };
}

async function openLink(
  settings: EngineSettings,
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
