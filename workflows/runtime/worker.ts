/** Composition of everything that runs sagas: the Temporal worker and the relays of the outbox. */
import { Client, Connection, type TLSConfig } from "@temporalio/client";
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from "@temporalio/worker";
import type { Logger } from "pino";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import type { Carrier } from "../../ports/carriers.ts";
import type { Mailer } from "../../ports/notifications.ts";
import type { PaymentProvider } from "../../ports/payments.ts";
import type { SagaFigures } from "../../ports/sagas.ts";
import type { VendorRoster } from "../../ports/vendor-roster.ts";
import type { Database } from "../../store/sql/database.ts";
import { allSteps, type SagaActivities } from "../all-activities.ts";
import { TASK_QUEUE } from "../messages.ts";
import { HOLDFAST_CHANNEL, HOLDFAST_STATUS } from "../saga/search-attributes.ts";
import { loadWorkflowBundle } from "./bundle.ts";
import { startMailRelay } from "./mail-relay.ts";
import { observedActivities } from "./observed-activities.ts";
import { checkNamespace, settleSagas } from "./saga-home.ts";
import { SagaMeter } from "./saga-meter.ts";
import { startSagaRelay } from "./saga-relay.ts";
import { StartTurns } from "./start-turns.ts";

/** How Temporal is spoken to: without any of it in plain text, and as nobody. */
export type TemporalSecurity = {
  readonly tls?: TLSConfig;
  readonly apiKey?: string;
};

type SagaWorkerOptions = {
  /** `host:port` of the Temporal server. */
  readonly temporalAddress: string;
  /** Absent: plain text. */
  readonly temporalSecurity?: TemporalSecurity;
  readonly namespace: string;
  readonly database: Database;
  readonly allocator: AllocatorClient;
  readonly payments: VendorRoster<PaymentProvider>;
  readonly carriers: VendorRoster<Carrier>;
  readonly mailer: Mailer;
  /** `host:port` at which Temporal's library serves metrics of its own; the first worker of a process decides. */
  readonly metricsAddress?: string | null;
  /** Base URL of the pages that mails link to. */
  readonly publicUrl: string;
  /** The thread whose callers come before a backlog of sagas; absent: nobody calls this process. */
  readonly yieldsTo?: { readonly isLate: boolean };
  readonly logger: Logger;
};

export type SagaWorker = { figures(): SagaFigures; stop(): Promise<void> };

/** Milliseconds before a worker that broke is started again. */
const RESTART_MS = 1_000;

/**
 * Changes nothing: whether Temporal answers, and may have the sagas of this database in the namespace.
 *
 * @throws SagaNamespaceTakenError
 */
export async function checkSagaNamespace(
  options: Pick<SagaWorkerOptions, "temporalAddress" | "temporalSecurity" | "namespace" | "database">,
): Promise<void> {
  const { temporalAddress: address, temporalSecurity: security = {}, namespace, database } = options;
  const connection = await Connection.connect({ address, ...security });
  try {
    await checkNamespace({ database, connection, client: new Client({ connection, namespace }), namespace });
  } finally {
    await connection.close();
  }
}

/** @throws SagaNamespaceTakenError */
export async function startSagaWorker(options: SagaWorkerOptions): Promise<SagaWorker> {
  const { temporalAddress: address, temporalSecurity: security = {}, namespace, database, logger } = options;
  installRuntime(logger, options.metricsAddress ?? null);
  const bundle = await loadWorkflowBundle(logger);
  const connection = await Connection.connect({ address, ...security });
  const client = new Client({ connection, namespace });
  await registerSearchAttributes(connection, namespace);
  try {
    await settleSagas({ database, connection, client, namespace, logger });
  } catch (error) {
    await connection.close();
    throw error;
  }
  const dependencies = { ...options, now: Date.now };
  const meter = new SagaMeter();
  const activities = observedActivities(dependencies, meter);
  const workers = await superviseWorker({ address, security, namespace, bundle, activities, meter, logger });
  const turns = new StartTurns({ thread: options.yieldsTo ?? null, inHand: () => workers.inHand() });
  const relay = startSagaRelay({ database, client, logger, count: meter.queues.sagas, turns });
  const mails = startMailRelay({
    database,
    steps: allSteps(dependencies),
    logger,
    count: meter.queues.mails,
  });
  return {
    figures: () => workers.figures(),
    stop: async () => {
      await Promise.all([relay.stop(), mails.stop()]);
      await workers.stop();
      await connection.close();
    },
  };
}

/** Worker options that are not a matter of taste; also used by tests and by the recording of histories. */
export function workerOptions(bundle: WorkflowBundleOption, activities: SagaActivities) {
  return {
    taskQueue: TASK_QUEUE,
    workflowBundle: bundle,
    activities,
    // A saga lives for days and is awake for milliseconds: those that were awake last stay in memory (about 1
    // MB each), the others are replayed from their short histories.
    maxCachedWorkflows: 400,
    reuseV8Context: true,
    maxConcurrentWorkflowTaskExecutions: 40,
    maxConcurrentWorkflowTaskPolls: 10,
    maxConcurrentActivityTaskPolls: 10,
    maxConcurrentActivityTaskExecutions: 60,
    maxConcurrentLocalActivityExecutions: 60,
    shutdownGraceTime: "5 seconds",
  } as const;
}

/** Runs a worker, and another one where it broke, until it is stopped. */
async function superviseWorker(options: {
  readonly address: string;
  readonly security: TemporalSecurity;
  readonly namespace: string;
  readonly bundle: WorkflowBundleOption;
  readonly activities: SagaActivities;
  readonly meter: SagaMeter;
  readonly logger: Logger;
}): Promise<SagaWorker & { inHand(): number }> {
  const connection = await NativeConnection.connect({ address: options.address, ...options.security });
  const { meter } = options;
  const settings = workerOptions(options.bundle, options.activities);
  const create = () =>
    Worker.create({
      connection,
      namespace: options.namespace,
      ...settings,
    });
  let worker = await create();
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      try {
        await worker.run();
      } catch (error) {
        options.logger.error({ err: error }, "the saga worker broke; starting another");
        await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
        if (!stopped) worker = await create();
      }
    }
  })();
  return {
    inHand: () => {
      const status = worker.getStatus();
      const { numInFlightActivities, numInFlightWorkflowActivations } = status;
      return numInFlightActivities + numInFlightWorkflowActivations;
    },
    figures: () =>
      meter.figures(worker, {
        workflow_task: settings.maxConcurrentWorkflowTaskExecutions,
        activity: settings.maxConcurrentActivityTaskExecutions,
        local_activity: settings.maxConcurrentLocalActivityExecutions,
      }),
    stop: async () => {
      stopped = true;
      if (worker.getState() === "RUNNING") worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

let runtimeInstalled = false;

/** Temporal logs to our own log. Signals are left to the composition root. Once in each process. */
function installRuntime(logger: Logger, metricsAddress: string | null): void {
  if (runtimeInstalled) return;
  runtimeInstalled = true;
  Runtime.install({
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: "WARN", other: "ERROR" }, forward: {} },
      ...(metricsAddress === null
        ? {}
        : { metrics: { prometheus: { bindAddress: metricsAddress, useSecondsForDurations: true } } }),
    },
    logger: new DefaultLogger("INFO", ({ level, message, meta }) => {
      const quieter = level === "INFO" ? "debug" : level === "WARN" ? "warn" : "error";
      logger[quieter](meta ?? {}, message);
    }),
  });
}

/** gRPC status of what exists already. */
const ALREADY_EXISTS = 6;
const KEYWORD = 2;

async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const names = [HOLDFAST_CHANNEL.name, HOLDFAST_STATUS.name];
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = names.filter((name) => customAttributes?.[name] === undefined);
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== ALREADY_EXISTS) throw error;
  }
}
