/**
 * Carries the outbox out: starts and signals sagas.
 *
 * At least once, whatever dies when: rows are taken under a lease, carried out, then marked. One relay works
 * at a time; others stand by and take over within a poll. What is repeated does no harm: a saga is started
 * once for ever (its id is not used again), and sagas drop signals by their key. A return's saga that has
 * ended is started again by what is said to it; it asks the store what there is to do.
 *
 * Messages to one saga keep their order within a batch; a signal that finds no saga waits if the saga's start
 * is still to come, and is done if the saga has ended.
 */
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from "@temporalio/client";
import type { Logger } from "pino";
import {
  becomeRelay,
  type DueOutboxRow,
  finishOutbox,
  isStartPending,
  OUTBOX_CHANNEL,
  postponeOutbox,
  takeDueOutbox,
} from "../../store/outbox.ts";
import type { Database } from "../../store/sql/database.ts";
import { startListener } from "../../store/sql/listener.ts";
import { TASK_QUEUE, type WorkflowSignal, type WorkflowStart } from "../messages.ts";
import { HOLDFAST_CHANNEL, HOLDFAST_STATUS } from "../saga/search-attributes.ts";

const BATCH = 100;
/** Messages under way at a time: the server is quickest with some twenty. */
const CONCURRENCY = 20;
/** Longer than a whole batch takes when every call runs into its deadline. */
const LEASE_MS = 120_000;
const CALL_DEADLINE_MS = 10_000;
/** How long a message may wait at most when its NOTIFY was lost. */
const POLL_MS = 500;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 30_000;

type Result =
  | { readonly id: number; readonly done: true; readonly note: string | null }
  | { readonly id: number; readonly done: false; readonly error: string; readonly delayMs: number };

type OutboxRelay = { stop(): Promise<void> };

export function startOutboxRelay(options: {
  readonly database: Database;
  readonly client: Client;
  readonly logger: Logger;
}): OutboxRelay {
  const { database, client, logger } = options;
  const relay = new Relay(database, client, logger);
  return startListener({
    database,
    channel: OUTBOX_CHANNEL,
    everyMs: POLL_MS,
    admit: becomeRelay,
    work: async () => (await relay.carryOut()) === BATCH,
    onFault: (error) => logger.warn({ err: error }, "outbox not read; trying again"),
  });
}

class Relay {
  private readonly database: Database;
  private readonly client: Client;
  private readonly logger: Logger;

  constructor(database: Database, client: Client, logger: Logger) {
    this.database = database;
    this.client = client;
    this.logger = logger;
  }

  /** @returns how many rows were due */
  async carryOut(): Promise<number> {
    const rows = await takeDueOutbox(this.database, BATCH, LEASE_MS);
    const queues = bySaga(rows);
    const results: Result[] = [];
    const work = async () => {
      for (let queue = queues.shift(); queue !== undefined; queue = queues.shift())
        results.push(...(await this.deliverInOrder(queue)));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    const done = results.filter((result) => result.done);
    const failed = results.filter((result) => !result.done);
    await finishOutbox(this.database, done);
    await postponeOutbox(this.database, failed);
    return rows.length;
  }

  /** One saga's messages; after a failure the rest waits with it. */
  private async deliverInOrder(rows: readonly DueOutboxRow[]): Promise<readonly Result[]> {
    const results: Result[] = [];
    for (const [index, row] of rows.entries()) {
      try {
        const note = await this.client.withDeadline(Date.now() + CALL_DEADLINE_MS, () => this.deliver(row));
        results.push({ id: row.id, done: true, note });
      } catch (error) {
        this.logger.warn({ err: error, key: row.key, attempts: row.attempts }, "outbox message failed");
        const text = error instanceof Error ? error.message : String(error);
        const delayMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(row.attempts - 1, 10), LONGEST_RETRY_MS);
        return [
          ...results,
          ...rows.slice(index).map(({ id }) => ({ id, done: false, error: text, delayMs }) as const),
        ];
      }
    }
    return results;
  }

  /** @returns a note where there was nothing to do */
  private async deliver(row: DueOutboxRow): Promise<string | null> {
    if (row.topic === "workflow.start") return this.start(row.payload as WorkflowStart);
    return this.signal(row.payload as WorkflowSignal);
  }

  private async start(start: WorkflowStart): Promise<string | null> {
    try {
      await this.client.workflow.start(start.workflow, {
        ...optionsOf(start),
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      });
      return null;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return "started before";
      throw error;
    }
  }

  private async signal(signal: WorkflowSignal): Promise<string | null> {
    if ("start" in signal && signal.start !== undefined) return this.signalOrStart(signal);
    try {
      await this.client.workflow.getHandle(signal.workflowId).signal(signal.signal, signal.message);
      return null;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      if (await isStartPending(this.database, signal.workflowId))
        throw new Error(`${signal.workflowId} is still to be started`, { cause: error });
      return "the saga has ended";
    }
  }

  /** For a saga that may have ended: it is told, or runs again and is told. */
  private async signalOrStart(signal: WorkflowSignal): Promise<null> {
    const start = startOf(signal);
    await this.client.workflow.signalWithStart(start.workflow, {
      ...optionsOf(start),
      signal: signal.signal,
      signalArgs: [signal.message],
    });
    return null;
  }
}

/** What runs again where the saga has ended. */
function startOf(signal: WorkflowSignal): WorkflowStart {
  const { workflowId } = signal;
  if (signal.signal === "returnMessage" && signal.start !== undefined)
    return { workflow: "returnAuthorization", workflowId, args: [signal.start] };
  if (signal.signal === "refundMessage" && signal.start !== undefined)
    return { workflow: "refundPayment", workflowId, args: [signal.start] };
  throw new Error(`the saga of ${workflowId} is not started by a message`);
}

/** How a saga is shown from its start. */
function optionsOf(start: WorkflowStart) {
  const [input] = start.args;
  const onHold = "onHold" in input && input.onHold;
  return {
    workflowId: start.workflowId,
    taskQueue: TASK_QUEUE,
    args: [input],
    typedSearchAttributes: [
      { key: HOLDFAST_CHANNEL, value: input.channelId },
      {
        key: HOLDFAST_STATUS,
        value: start.workflow !== "orderFulfillment" ? "requested" : onHold ? "on_hold" : "open",
      },
    ],
    staticSummary: summaryOf(start),
  };
}

function summaryOf(start: WorkflowStart): string {
  const { orderId, channelId } = start.args[0];
  switch (start.workflow) {
    case "orderFulfillment":
      return `Order ${orderId} of ${channelId}`;
    case "returnAuthorization":
      return `Return ${start.workflowId} of order ${orderId}`;
    case "resendNotice":
      return `Mail of order ${orderId}`;
    case "refundPayment":
      return `Refund ${start.workflowId} of order ${orderId}`;
    case "claimReceipt":
      return `Parcel of claim ${start.args[0].claimId} of order ${orderId}, taken in`;
    default: {
      const unreachable: never = start;
      return unreachable;
    }
  }
}

function bySaga(rows: readonly DueOutboxRow[]): DueOutboxRow[][] {
  const queues = new Map<string, DueOutboxRow[]>();
  for (const row of rows) {
    const { workflowId } = row.payload as WorkflowStart | WorkflowSignal;
    const queue = queues.get(workflowId);
    if (queue === undefined) queues.set(workflowId, [row]);
    else queue.push(row);
  }
  return [...queues.values()];
}
