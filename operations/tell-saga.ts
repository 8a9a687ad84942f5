/**
 * How operations start and signal sagas: by a row of the outbox, in the same transaction as the change that
 * they tell. Nothing is sent that was not committed, and a repeat of a message adds no second row.
 */
import { writeOutbox } from "../store/outbox.ts";
import type { Queryable } from "../store/sql/database.ts";
import {
  type OrderMessage,
  type RefundMessage,
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

export function tellReturnSaga(client: Queryable, returnId: string, message: ReturnMessage): Promise<void> {
  return writeOutbox(client, [signalRow({ workflowId: returnId, signal: "returnMessage", message })]);
}

export function tellRefundSaga(client: Queryable, refundId: string, message: RefundMessage): Promise<void> {
  return writeOutbox(client, [signalRow({ workflowId: refundId, signal: "refundMessage", message })]);
}
