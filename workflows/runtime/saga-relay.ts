/**
 * Carries out what sagas are told: starts and signals them.
 *
 * What is repeated does no harm: a saga is started once for ever (its id is not used again), and sagas drop
 * signals by their key. Which sagas are begun next is `start-turns.ts`'s. The saga of a return that has ended is started again by what is said to it, and asks
 * the store what there is to do; so is that of a refund which was done and is open again. A signal that finds
 * no saga waits if the saga's start is still to come, and is done if the saga has ended.
 */
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from "@temporalio/client";
import type { Logger } from "pino";
import { inOrderSpan } from "../../config/trace.ts";
import { type DueOutboxRow, isStartPending, readDueForSagas, SAGA_QUEUE } from "../../store/outbox.ts";
import type { Database } from "../../store/sql/database.ts";
import { ORDER_SAGA_VERSION, TASK_QUEUE, type WorkflowSignal, type WorkflowStart } from "../messages.ts";
import { HOLDFAST_CHANNEL, HOLDFAST_STATUS } from "../saga/search-attributes.ts";
import { type OutboxRelay, startOutboxRelay } from "./outbox-relay.ts";
import type { RelayCount } from "./saga-meter.ts";
import type { StartTurns } from "./start-turns.ts";

/** Signals taken at a time. */
const SIGNALS = 100;
const CALL_DEADLINE_MS = 10_000;
const LONGEST_RETRY_MS = 30_000;

export function startSagaRelay(options: {
  readonly database: Database;
  readonly client: Client;
  readonly logger: Logger;
  readonly count?: RelayCount;
  readonly turns: StartTurns;
}): OutboxRelay {
  const { database, client, logger, count, turns } = options;
  const messenger = new Messenger(database, client);
  return startOutboxRelay({
    database,
    logger,
    ...(count === undefined ? {} : { count }),
    queue: SAGA_QUEUE,
    next: () => next(database, turns),
    longestRetryMs: LONGEST_RETRY_MS,
    subjectOf: ({ payload }) => (payload as WorkflowStart | WorkflowSignal).workflowId,
    deliver: (row) =>
      inOrderSpan(orderOf(row), `outbox ${row.topic}`, { "holdfast.attempt": row.attempts }, () =>
        client.withDeadline(Date.now() + CALL_DEADLINE_MS, () => messenger.deliver(row)),
      ),
  });
}

/** All signals that can be carried out, and those starts whose turn it is. */
async function next(database: Database, turns: StartTurns) {
  await turns.pause();
  const { startsOfChannel } = turns;
  const due = await readDueForSagas(database, { signals: SIGNALS, startsOfChannel });
  const begun = turns.choose(due.starts);
  // What was said to a saga waits for its start: it is looked for once more behind each.
  const isMore = due.starts.length > 0 || due.signals.length === SIGNALS;
  return { rows: [...due.signals, ...begun], isMore };
}

/** The order that a row is about; null: it does not say. */
function orderOf({ topic, payload }: DueOutboxRow): string | null {
  if (topic === "workflow.start") return (payload as WorkflowStart).args[0].orderId;
  const signal = payload as WorkflowSignal;
  if (signal.signal === "orderMessage") return signal.workflowId;
  return "start" in signal ? (signal.start?.orderId ?? null) : null;
}

class Messenger {
  private readonly database: Database;
  private readonly client: Client;

  constructor(database: Database, client: Client) {
    this.database = database;
    this.client = client;
  }

  /** @returns a note where there was nothing to do */
  async deliver(row: DueOutboxRow): Promise<string | null> {
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
    args: [start.workflow === "orderFulfillment" ? { ...input, version: ORDER_SAGA_VERSION } : input],
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
      return `Mail of order ${orderId}, sent again`;
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
