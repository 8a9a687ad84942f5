/** What finance does about a refund that is not done: has it tried again, gives it up, or closes it. */
import { minorText } from "../../orders/refund.ts";
import { lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import {
  type RefundRecord,
  readRefund,
  readRefundable,
  setRefundStatus,
} from "../../store/refunds/refunds.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { RefundMessage } from "../../workflows/messages.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellRefundSaga, tellReturnSaga } from "../tell-saga.ts";
import { confirmInOrder } from "./confirm-channel-refund.ts";

type Done = { readonly status: "done" };

/** A refund that the payment provider has declined is asked for again, under a new key. */
export function retryRefund(
  context: OperationContext,
  input: { readonly refundId: string; readonly by: string },
): Promise<Done | Refusal> {
  return onRefund(context, input.refundId, async (client, order, refund) => {
    if (refund.status !== "failed") return notFailed(refund);
    const from = await readRefundable(client, order);
    // Of one that was done before, the rest has been given.
    if (refund.isReopened && from.pockets.payment < refund.paymentMinor)
      return nothingLeft(refund, from.pockets.payment);
    if (!refund.isReopened && from.left < refund.amountMinor && refund.reason !== "return")
      return nothingLeft(refund, from.left);
    // Each try is one of its own: what stops a refund before it is asked for leaves no attempt.
    const key = `retry:${refund.refundId}:${refund.attempt}:${context.now()}`;
    await recordEntry(client, {
      orderId: order.orderId,
      key: `refund-${key}`,
      type: "refund.retried",
      summary: `Refund ${refund.refundId} is tried again.`,
      cause: input.by,
      data: { refundId: refund.refundId },
    });
    await tellDriver(client, order, refund, { key, type: "retry" });
    return { status: "done" };
  });
}

/** Tells the saga that pays the refund out: its return's, or its own, which pays what is open again. */
export async function tellDriver(
  client: DatabaseClient,
  { orderId, channelId }: OrderProgress,
  { refundId, returnId, isReopened, attempt }: RefundRecord,
  message: RefundMessage,
): Promise<void> {
  // The return's own saga gives up nothing that is owed for it.
  if (returnId !== null && !isReopened && message.type === "retry")
    return tellReturnSaga(client, { orderId, channelId, returnId }, { key: message.key, type: "retry" });
  const start = { refundId, orderId, channelId, attempt };
  return tellRefundSaga(client, refundId, message, isReopened ? start : undefined);
}

/** A refund that the payment provider has declined is given up, so that the money can go another way. */
export function withdrawRefund(
  context: OperationContext,
  input: { readonly refundId: string; readonly by: string },
): Promise<Done | Refusal> {
  return onRefund(context, input.refundId, async (client, order, refund) => {
    if (refund.status === "withdrawn") return { status: "done" };
    if (refund.status !== "failed") return notFailed(refund);
    if (refund.isReopened && refund.paymentMinor < refund.amountMinor)
      return refuse("refund_not_withdrawable", `The rest of ${refund.refundId} was given: try it again.`);
    if (refund.returnId !== null && !refund.isReopened)
      return refuse("refund_not_withdrawable", `${refund.returnId} is owed to the customer: try it again.`);
    await recordEntry(client, {
      orderId: order.orderId,
      key: `refund-withdrawal:${refund.refundId}`,
      type: "refund.withdrawal_requested",
      summary: `Refund ${refund.refundId} is to be given up.`,
      cause: input.by,
      data: { refundId: refund.refundId },
    });
    const key = `withdraw:${refund.refundId}${refund.isReopened ? `:${refund.attempt}` : ""}`;
    await tellDriver(client, order, refund, { key, type: "withdrawn" });
    return { status: "done" };
  });
}

/**
 * Closes what is due at the channel once it was refunded there, or what a customer owed once it was paid or
 * written off.
 */
export function confirmRefund(
  context: OperationContext,
  input: {
    readonly refundId: string;
    /** The channel's id of its refund, or the reference of the transfer. */
    readonly externalRefundId: string;
    /** Absent: all that is open. */
    readonly amountMinor?: number;
    readonly by: string;
  },
): Promise<Done | Refusal> {
  return onRefund(context, input.refundId, async (client, order, refund) => {
    if (refund.status === "confirmed_by_channel" || refund.status === "settled_by_customer")
      return { status: "done" };
    if (refund.status === "owed_by_customer") return settleDebt(client, refund, input);
    if (refund.status !== "due_at_channel")
      return refuse("refund_not_due", `${refund.refundId} is ${refund.status.replaceAll("_", " ")}.`);
    const open = refund.channelMinor - refund.confirmedMinor;
    const minor = input.amountMinor ?? open;
    if (minor > open) {
      const text = minorText(open, refund.currency);
      return refuse("refund_exceeds_due", `${text} are still to be confirmed of ${refund.refundId}.`);
    }
    const { externalRefundId: externalId, by, refundId } = input;
    const unmatched = await confirmInOrder(client, order, { externalId, amountMinor: minor, by, refundId });
    return unmatched === null
      ? refuse("external_refund_known", `The channel's refund ${externalId} was confirmed before.`)
      : { status: "done" };
  });
}

async function settleDebt(
  client: DatabaseClient,
  refund: RefundRecord,
  { by, externalRefundId }: { readonly by: string; readonly externalRefundId: string },
): Promise<Done> {
  await setRefundStatus(client, refund.refundId, "settled_by_customer", { settledBy: by });
  await recordEntry(client, {
    orderId: refund.orderId,
    key: `refund-settled:${refund.refundId}`,
    type: "refund.settled_by_customer",
    summary: `What was refunded too much is settled: ${externalRefundId}.`,
    cause: by,
    data: { refundId: refund.refundId },
  });
  return { status: "done" };
}

async function onRefund(
  context: OperationContext,
  refundId: string,
  act: (client: DatabaseClient, order: OrderProgress, refund: RefundRecord) => Promise<Done | Refusal>,
): Promise<Done | Refusal> {
  return inTransaction(context.database, async (client) => {
    const orderId = (await readRefund(client, refundId))?.orderId;
    const order = orderId === undefined ? undefined : await lockOrder(client, orderId);
    const refund = await readRefund(client, refundId);
    if (order === undefined || refund === undefined)
      return refuse("refund_not_found", `There is no refund ${refundId}.`);
    return act(client, order, refund);
  });
}

function notFailed({ refundId, status }: RefundRecord): Refusal {
  return refuse("refund_not_failed", `${refundId} is ${status.replaceAll("_", " ")}.`);
}

function nothingLeft({ refundId, amountMinor, currency }: RefundRecord, left: number): Refusal {
  return refuse(
    "refund_exceeds_paid",
    `${refundId} is ${minorText(amountMinor, currency)}; ${minorText(left, currency)} of what was paid are left.`,
  );
}
