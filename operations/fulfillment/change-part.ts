/**
 * The frame of every action on a fulfillment order: one transaction under the order's lock, in which the
 * action is found possible, done, written down, and the order's saga told to look again.
 *
 * An action is idempotent by its key: its timeline entry is the mark that it happened. What is not among
 * `supportedActions` is refused with `action_not_supported`; so what is served and what works are one.
 */
import { createHash } from "node:crypto";
import { isCollected } from "../../orders/fulfillment/collection.ts";
import { type FulfillmentOrderAction, supportedActions } from "../../orders/fulfillment-order.ts";
import type { FulfillmentOrder } from "../../store/floor/fulfillment.ts";
import { lockParts, orderOfFulfillmentOrder } from "../../store/floor/fulfillment-changes.ts";
import { changeOrder, type OrderChange, type OrderProgress } from "../../store/orders/order-progress.ts";
import { readEntryData, recordQuote } from "../../store/orders/timeline.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";

/** Who asks for what. */
export type PartAction = {
  readonly fulfillmentOrderId: string;
  /** `staff:…`, `api-key:…`, `channel:…`. */
  readonly by: string;
  /** Repeating an action under its key changes nothing. */
  readonly key: string;
};

export type PartChanged = {
  readonly status: "done";
  /** The fulfillment orders that the action has changed or made. */
  readonly fulfillmentOrders: readonly string[];
};

/** What an action works with. */
export type LockedPart = {
  readonly part: FulfillmentOrder;
  /** Of the same order. */
  readonly others: readonly FulfillmentOrder[];
  readonly order: OrderProgress;
  /** Of this action under this key. */
  readonly changeId: string;
};

type Done = {
  /** Of the timeline's entry. */
  readonly type: string;
  readonly summary: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** What it changes of the order itself. */
  readonly change?: OrderChange;
  /** Absent: only the one that the action is about. */
  readonly fulfillmentOrders?: readonly string[];
};

/** @param act refuses before it writes anything */
export function changePart(
  context: OperationContext,
  action: FulfillmentOrderAction,
  input: PartAction,
  act: (client: DatabaseClient, locked: LockedPart) => Promise<Done | Refusal>,
): Promise<PartChanged | Refusal> {
  const { fulfillmentOrderId, by } = input;
  return inTransaction(context.database, async (client) => {
    const orderId = await orderOfFulfillmentOrder(client, fulfillmentOrderId);
    const locked = orderId === undefined ? undefined : await lockParts(client, orderId);
    const part = locked?.parts.find(({ id }) => id === fulfillmentOrderId);
    if (locked === undefined || part === undefined)
      return refuse("fulfillment_order_not_found", `There is no fulfillment order ${fulfillmentOrderId}.`);
    const { order } = locked;
    const changeId = changeIdOf(action, input);
    const entryKey = `${action}:${changeId}`;
    const earlier = await readEntryData(client, order.orderId, entryKey);
    if (earlier !== null)
      return { status: "done", fulfillmentOrders: earlier["fulfillmentOrders"] as readonly string[] };
    const others = locked.parts.filter((other) => other !== part);
    const refusal = refuseUnsupported(action, part, others, order);
    if (refusal !== null) return refusal;
    const done = await act(client, { part, others, order, changeId });
    if ("status" in done) return done;
    const { type, summary, data, change, fulfillmentOrders = [part.id] } = done;
    if (change !== undefined) await changeOrder(client, order, change);
    await recordQuote(client, {
      orderId: order.orderId,
      key: entryKey,
      type,
      summary,
      cause: by,
      data: { ...data, fulfillmentOrderId, fulfillmentOrders },
    });
    await tellOrderSaga(client, order.orderId, {
      key: `fulfillment-changed:${entryKey}`,
      type: "fulfillment-changed",
    });
    return { status: "done", fulfillmentOrders };
  });
}

export function refuseUnsupported(
  action: FulfillmentOrderAction,
  part: FulfillmentOrder,
  others: readonly FulfillmentOrder[],
  order: OrderProgress,
): Refusal | null {
  const possible = supportedActions(part, order.holdReasons, others, isCollected(order.document));
  if (possible.includes(action)) return null;
  return refuse(
    "action_not_supported",
    `${part.id} is ${part.status} (${part.stage}): ${
      possible.length === 0 ? "nothing can be done with it" : `possible are ${possible.join(", ")}`
    }.`,
  );
}

/** Short, and another for every action, fulfillment order and key. */
export function changeIdOf(action: string, { fulfillmentOrderId, key }: Omit<PartAction, "by">): string {
  return createHash("sha256").update(`${action}\n${fulfillmentOrderId}\n${key}`).digest("hex").slice(0, 32);
}
