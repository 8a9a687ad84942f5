import { unitsText } from "../../orders/units-text.ts";
import { callOffRequests } from "../../store/channels/provider-requests.ts";
import { readCancellable } from "../../store/orders/orders.ts";
import { recordQuote } from "../../store/orders/timeline.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";

/** Of the timeline's entry that says why an order is to be cancelled. */
export const CANCEL_REQUESTED = "order.cancel_requested";

type CancellationRequest = {
  readonly orderId: string;
  readonly reason: string;
  /** `staff:…`, `channel:…`. */
  readonly by: string;
  /** Of the change that leaves nothing of the order, so that a repeat of it is known. */
  readonly key?: string;
  /** Of that change. */
  readonly fingerprint?: string;
};

/**
 * Asks the order's saga to cancel. The saga undoes what has been done and tells the shopper. Repeating the
 * request changes nothing, nor does cancelling an order that is cancelled. Refused once anything has left the
 * building.
 */
export function requestCancellation(
  context: OperationContext,
  request: CancellationRequest,
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, (client) => recordCancellationRequest(client, request));
}

/** The same within the caller's transaction. Refuses before it writes anything. */
export async function recordCancellationRequest(
  client: DatabaseClient,
  { orderId, reason, by, key, fingerprint }: CancellationRequest,
): Promise<{ readonly status: "done" } | Refusal> {
  const order = await readCancellable(client, orderId);
  if (order === undefined) {
    return refuse("order_not_found", `There is no order ${orderId}.`);
  }
  if (order.status === "cancelled") return { status: "done" };
  if (order.shipped > 0 || order.status === "completed") {
    const detail = `${unitsText(order.shipped)} of ${orderId} left already: what was shipped can only be returned.`;
    return refuse("order_already_shipped", detail);
  }
  await recordQuote(client, {
    orderId,
    key: CANCEL_REQUESTED,
    type: "order.cancel_requested",
    summary: `Cancellation requested: ${reason}.`,
    cause: by,
    data: {
      reason,
      ...(key === undefined ? {} : { key }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    },
  });
  // Whoever was asked to send some of it is asked first whether that can be called off
  // (operations/providers/).
  if (await callOffRequests(client, orderId, by)) return { status: "done" };
  await tellOrderSaga(client, orderId, {
    key: `cancel-requested:${orderId}`,
    type: "cancel-requested",
    reason,
    by,
  });
  return { status: "done" };
}
