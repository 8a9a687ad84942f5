/**
 * Carries out what sagas are told: starts and signals them.
 *
 * What is repeated does no harm: a saga is started once for ever (its id is not used again), and sagas drop
 * signals by their key. The saga of a return that has ended is started again by what is said to it, and asks
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
import { type DueOutboxRow, isStartPending, SAGA_QUEUE } from "../../store/outbox.ts";
import type { Database } from "../../store/sql/database.ts";
import { ORDER_SAGA_VERSION, TASK_QUEUE, type WorkflowSignal, type WorkflowStart } from "../messages.ts";
import { HOLDFAST_CHANNEL, HOLDFAST_STATUS } from "../saga/search-attributes.ts";
import { type OutboxRelay, startOutboxRelay } from "./outbox-relay.ts";

const BATCH = 100;
const CALL_DEADLINE_MS = 10_000;
const LONGEST_RETRY_MS = 30_000;

export function startSagaRelay(options: {
  readonly database: Database;
  readonly client: Client;
  readonly logger: Logger;
}): OutboxRelay {
  const { database, client, logger } = options;
  const messenger = new Messenger(database, client);
  return startOutboxRelay({
    database,
    logger,
    queue: SAGA_QUEUE,
    batch: BATCH,
    longestRetryMs: LONGEST_RETRY_MS,
    subjectOf: ({ payload }) => (payload as WorkflowStart | WorkflowSignal).workflowId,
    deliver: (row) => client.withDeadline(Date.now() + CALL_DEADLINE_MS, () => messenger.deliver(row)),
  });
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
