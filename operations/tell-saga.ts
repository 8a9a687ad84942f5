/**
 * How operations start and signal sagas: by a row of the outbox, in the same transaction as the change that
 * they tell. Nothing is sent that was not committed, and a repeat of a message adds no second row.
 */
import { writeOutbox } from "../store/outbox.ts";
import type { Queryable } from "../store/sql/database.ts";
import {
  type OrderMessage,
  type RefundInput,
  type RefundMessage,
  type ReturnInput,
  type ReturnMessage,
  signalRow,
  startRow,
  type WorkflowStart,
} from "../workflows/messages.ts";

export function startSaga(client: Queryable, start: WorkflowStart): Promise<void> {
  return writeOutbox(client, [startRow(start)]);
}

export function tellOrderSaga(client: Queryable, orderId: string, message: OrderMessage): Promise<void> {
  return writeOutbox(client, [signalRow({ workflowId: orderId, signal: "orderMessage", message })]);
}

/** A return goes on after its saga has ended, for example when units come late: then it is started again. */
export function tellReturnSaga(
  client: Queryable,
  { returnId, orderId, channelId }: ReturnInput,
  message: ReturnMessage,
): Promise<void> {
  const start = { returnId, orderId, channelId };
  return writeOutbox(client, [signalRow({ workflowId: returnId, signal: "returnMessage", message, start })]);
}

/** @param start of a refund that was done and is open again: its saga has ended, and is started again */
export function tellRefundSaga(
  client: Queryable,
  refundId: string,
  message: RefundMessage,
  start?: RefundInput,
): Promise<void> {
  const signal = { workflowId: refundId, signal: "refundMessage", message } as const;
  return writeOutbox(client, [signalRow(start === undefined ? signal : { ...signal, start })]);
}
