/**
 * Why a saga does not move, as the Temporal server sees it: the step that it is in, how often that was tried
 * and with which error, or that the saga's own code fails. The order's timeline says none of this.
 */
import { Client, Connection, WorkflowNotFoundError } from "@temporalio/client";

export type TemporalAccess = { readonly address: string; readonly namespace: string };

const CALL_DEADLINE_MS = 5_000;

/** @returns one line for each saga, in the order of the ids; where the server does not answer, that */
export async function describeSagas(
  { address, namespace }: TemporalAccess,
  workflowIds: readonly string[],
): Promise<readonly string[]> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: CALL_DEADLINE_MS });
    try {
      const client = new Client({ connection, namespace });
      return await client.withDeadline(Date.now() + CALL_DEADLINE_MS, () =>
        Promise.all(workflowIds.map((id) => describe(client, id))),
      );
    } finally {
      await connection.close();
    }
  } catch (error) {
    return [`The Temporal server at ${address} tells nothing of sagas: ${String(error)}`];
  }
}

async function describe(client: Client, workflowId: string): Promise<string> {
  try {
    const { status, historyLength, raw } = await client.workflow.getHandle(workflowId).describe();
    const steps = (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => {
      const failure = lastFailure?.cause?.message ?? lastFailure?.message;
      return `in ${activityType?.name}, attempt ${attempt}${failure == null ? "" : `: ${failure}`}`;
    });
    const task = raw.pendingWorkflowTask;
    if (task != null) steps.push(`its own code is to run, attempt ${task.attempt}`);
    if (steps.length === 0) steps.push("it waits");
    return `Saga ${workflowId} is ${status.name.toLowerCase()}, ${historyLength} events, ${steps.join("; ")}`;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return `There is no saga ${workflowId}`;
    throw error;
  }
}
