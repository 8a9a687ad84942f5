import { readCancellable } from "../../store/orders/orders.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { writeOutbox } from "../../store/outbox.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { WorkflowSignal } from "../../workflows/messages.ts";
import type { OperationContext, Refusal } from "../context.ts";

export type CancellationRequest = {
  readonly orderId: string;
  readonly reason: string;
  /** `staff:…`, `channel:…`. */
  readonly by: string;
};

/**
 * Asks the order's saga to cancel: it undoes what has been done and tells everybody. Repeating the request changes nothing,
 * nor does cancelling an order that is cancelled. Refused once anything has left the building.
 */
export async function requestCancellation(
  context: OperationContext,
  request: CancellationRequest,
): Promise<{ readonly status: "done" } | Refusal> {
  const { orderId, reason, by } = request;
  return inTransaction(context.database, async (client) => {
    const order = await readCancellable(client, orderId);
    if (order === undefined) {
      return { status: "refused", code: "order_not_found", detail: `There is no order ${orderId}.` };
    }
    if (order.status === "cancelled") return { status: "done" };
    if (order.shipped > 0 || order.status === "completed") {
      const detail = `${order.shipped} units of ${orderId} have been shipped: they can only be returned.`;
      return { status: "refused", code: "order_already_shipped", detail };
    }
    const key = `cancel-requested:${orderId}`;
    const signal: WorkflowSignal = {
      workflowId: orderId,
      signal: "orderMessage",
      message: { key, type: "cancel-requested", reason, by },
    };
    await recordEntry(client, {
      orderId,
      key: "order.cancel_requested",
      type: "order.cancel_requested",
      summary: `Cancellation requested: ${reason}.`,
      cause: by,
      data: { reason },
    });
    await writeOutbox(client, [{ key, topic: "workflow.signal", payload: signal }]);
    return { status: "done" };
  });
}
