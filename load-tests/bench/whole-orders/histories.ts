/**
 * What one order's saga costs the Temporal server: the events of its history, with those of the sagas that it
 * starts, by kind. Averages over some completed orders.
 */
import { Client, Connection } from "@temporalio/client";
import protocol, { type temporal } from "@temporalio/proto";

export type SagaCost = {
  readonly orders: number;
  readonly events: number;
  readonly workflowTasks: number;
  readonly activities: number;
  /** Regular and local activities. */
  readonly steps: number;
  readonly bytes: number;
  /** Events an order, by the name of their type, most frequent first. */
  readonly byType: readonly { readonly type: string; readonly events: number }[];
};

type History = temporal.api.history.v1.IHistory;

const { EventType } = protocol.temporal.api.enums.v1;
const { History: HistoryMessage } = protocol.temporal.api.history.v1;

/** The SDK's name of the markers that a local activity leaves. */
const LOCAL_ACTIVITY = "core_local_activity";

export async function readSagaCost(
  access: { readonly address: string; readonly namespace: string },
  workflowIds: readonly string[],
): Promise<SagaCost> {
  const connection = await Connection.connect({ address: access.address });
  try {
    const client = new Client({ connection, namespace: access.namespace });
    const histories = await Promise.all(workflowIds.map((id) => withChildren(client, id)));
    return costOf(histories);
  } finally {
    await connection.close();
  }
}

async function withChildren(client: Client, workflowId: string): Promise<readonly History[]> {
  const history: History = await client.workflow.getHandle(workflowId).fetchHistory();
  const children = (history.events ?? []).flatMap((event) => {
    const id = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId;
    return id == null ? [] : [id];
  });
  return [history, ...(await Promise.all(children.map((id) => withChildren(client, id)))).flat()];
}

/** @param orders the histories of each order */
export function costOf(orders: readonly (readonly History[])[]): SagaCost {
  const all = orders.flat();
  const events = all.flatMap((history) => history.events ?? []);
  const counts = new Map<string, number>();
  for (const { eventType } of events) {
    const type = (EventType[eventType ?? 0] ?? "unknown").replace(/^EVENT_TYPE_/, "").toLowerCase();
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const each = (value: number): number => (orders.length === 0 ? 0 : value / orders.length);
  const activities = counts.get("activity_task_completed") ?? 0;
  const local = events.filter((event) => event.markerRecordedEventAttributes?.markerName === LOCAL_ACTIVITY);
  return {
    orders: orders.length,
    events: each(events.length),
    workflowTasks: each(counts.get("workflow_task_completed") ?? 0),
    activities: each(activities),
    steps: each(activities + local.length),
    bytes: each(all.reduce((sum, one) => sum + HistoryMessage.encode(one).finish().length, 0)),
    byType: [...counts].sort((a, b) => b[1] - a[1]).map(([type, times]) => ({ type, events: each(times) })),
  };
}
