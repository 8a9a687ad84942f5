import { isEnded, isPacked } from "../../../orders/fulfillment-order.ts";
import { cancellation } from "../../../orders/line-ledger.ts";
import type { HoldCode, HoldReason } from "../../../orders/order.ts";
import { cancelledPaymentStatus } from "../../../orders/order-status.ts";
import { uncoveredOf } from "../../../orders/payment/charging.ts";
import { CLEARED_BY_PAYMENT } from "../../../orders/payment/order-completion.ts";
import { stoppingReasons, type WorkLeft, workLeft } from "../../../orders/work-left.ts";
import { askAgainWhatWasCalledOff } from "../../../store/channels/provider-requests.ts";
import { beginCollection } from "../../../store/floor/collections.ts";
import {
  haltFulfillmentOrder,
  markLeaving,
  readFulfillmentOrders,
} from "../../../store/floor/fulfillment.ts";
import { outboundShipmentId } from "../../../store/floor/shipments.ts";
import { findOrderAtWork, lockOrderAtWork, type OrderAtWork } from "../../../store/floor/work-facts.ts";
import { readMoneyFacts } from "../../../store/orders/money-facts.ts";
import { askForPaymentRow } from "../../../store/orders/notices.ts";
import {
  changeOrder,
  findOrderProgress,
  lockOrder,
  type OrderProgress,
} from "../../../store/orders/order-progress.ts";
import { readPaymentTransactions } from "../../../store/orders/payments.ts";
import { readEntryData, recordEntry, recordQuote } from "../../../store/orders/timeline.ts";
import { writeOutbox } from "../../../store/outbox.ts";
import { readPaid, readRefundable } from "../../../store/refunds/refunds.ts";
import { oweAtChannel } from "../../../store/refunds/settle-refund.ts";
import { giveBackStoreCredit } from "../../../store/refunds/store-credit.ts";
import { type Database, inTransaction, type Queryable } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import { askForRefund } from "./ask-for-refund.ts";

type OrderId = { readonly orderId: string };

/** What an earlier run of the order's saga has done. */
export type FoundOrder = {
  /** The end that it has written; null: it was under way. */
  readonly ended: "completed" | "cancelled" | null;
  /** Attempts to authorise the order's payment that were answered; the next one has a key of its own. */
  readonly authorizations: number;
  readonly fulfillmentOrders: readonly string[];
  /** Something was handed over, by us or by others: the order can no longer be cancelled as a whole. */
  readonly isHandedOver: boolean;
  /** Something has left the stock for the shopper. */
  readonly isShipped: boolean;
};

/** Outside of a transaction. @throws StepImpossible `order_not_found` */
export async function mustReadOrder(database: Database, orderId: string): Promise<OrderProgress> {
  return existing(await findOrderProgress(database, orderId), orderId);
}

export async function mustLockOrder(client: Queryable, orderId: string): Promise<OrderProgress> {
  return existing(await lockOrder(client, orderId), orderId);
}

/** With what there is to do for it. */
async function mustLockAtWork(client: Queryable, orderId: string): Promise<OrderAtWork> {
  return existing(await lockOrderAtWork(client, orderId), orderId);
}

/** What was found of an order that must be there. @throws StepImpossible `order_not_found` */
export function existing<Found>(order: Found | undefined, orderId: string): Found {
  if (order === undefined) throw new StepImpossible("order_not_found", `There is no order ${orderId}.`);
  return order;
}

export function createOrderStateActivities({ database, payments }: SagaDependencies) {
  /** Whether we are to charge more than the bank keeps for us: an authorisation may end at any moment. */
  const isUncovered = async (client: Queryable, order: OrderProgress): Promise<boolean> => {
    if (order.document.paymentBy !== "merchant") return false;
    const step = payments.first.port.smallestChargeable(order.currency);
    return uncoveredOf((await readMoneyFacts(client, order, step)).money) > 0;
  };

  return {
    /** What the saga must know of the order to begin. */
    async openOrder({ orderId }: OrderId) {
      const order = await mustReadOrder(database, orderId);
      return { paymentBy: order.document.paymentBy, held: stoppingReasons(order).length > 0 };
    },

    /** Where an earlier run has left the order, for a saga that is started anew. */
    async findOrder({ orderId }: OrderId): Promise<FoundOrder> {
      const order = await mustReadOrder(database, orderId);
      const parts = await readFulfillmentOrders(database, orderId);
      const calls = await readPaymentTransactions(database, orderId, "authorization");
      const isEnded = async (key: "completed" | "cancelled") =>
        (await readEntryData(database, orderId, key)) !== null;
      return {
        ended: (await isEnded("completed")) ? "completed" : (await isEnded("cancelled")) ? "cancelled" : null,
        // One whose answer was lost is asked for again, with its key.
        authorizations: calls.filter(
          ({ key, status }) => status !== "pending" && key.startsWith(`${orderId}:authorize:`),
        ).length,
        fulfillmentOrders: parts.map(({ id }) => id),
        isHandedOver:
          order.lines.some((line) => line.shipped + line.fulfilledElsewhere > 0) ||
          parts.some(({ status, stage }) => stage === "shipped" && status !== "cancelled"),
        isShipped: order.lines.some((line) => line.shipped > 0),
      };
    },

    /** What the saga can do for the order now, and what it waits for. */
    async askWhatIsLeft({ orderId }: OrderId): Promise<WorkLeft> {
      return workLeft(existing(await findOrderAtWork(database, orderId), orderId).facts);
    },

    /** The store keeps it for its customer from now on. */
    async keepForCustomer(input: OrderId & { readonly fulfillmentOrderId: string }): Promise<void> {
      const { orderId, fulfillmentOrderId } = input;
      await inTransaction(database, async (client) => {
        const { facts } = await mustLockAtWork(client, orderId);
        const { keep } = workLeft(facts);
        if (!keep.includes(fulfillmentOrderId)) return;
        const { place, until } = await beginCollection(client, fulfillmentOrderId);
        await recordEntry(client, {
          orderId,
          key: `ready:${fulfillmentOrderId}`,
          type: "fulfillment.ready_to_collect",
          summary: `Ready to be collected at ${place}, until ${until}.`,
          cause: "saga:keep-for-customer",
          data: { fulfillmentOrderId, until },
        });
      });
    },

    /**
     * The point of no return of a parcel, under the order's lock: what was halted, cancelled or changed
     * before it stays, and so does what is not authorised any more; afterwards the parcel leaves.
     */
    async beginShipment(
      input: OrderId & { readonly fulfillmentOrderId: string },
    ): Promise<{ readonly status: "leaving"; readonly shipmentId: string } | { readonly status: "stays" }> {
      const { orderId, fulfillmentOrderId } = input;
      return inTransaction(database, async (client) => {
        const { order, facts } = await mustLockAtWork(client, orderId);
        const { send } = workLeft(facts);
        if (!send.includes(fulfillmentOrderId) || (await isUncovered(client, order)))
          return { status: "stays" };
        await markLeaving(client, fulfillmentOrderId);
        return { status: "leaving", shipmentId: outboundShipmentId(fulfillmentOrderId) };
      });
    },

    /** Puts the order on hold for a person. */
    async holdOrder(
      input: OrderId & { readonly key: string; readonly code: HoldCode; readonly detail: string },
    ) {
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, input.orderId);
        const fresh = await recordQuote(client, {
          orderId: input.orderId,
          key: `held:${input.key}`,
          type: "order.held",
          summary: `On hold: ${input.detail}`,
          cause: `saga:${input.key.split(":")[0]}`,
          data: { code: input.code },
        });
        if (!fresh) return;
        await changeOrder(client, order, {
          holdReasons: withReason(order, { code: input.code, detail: input.detail }),
        });
        if (CLEARED_BY_PAYMENT.includes(input.code))
          await writeOutbox(client, [askForPaymentRow(input.orderId, input.key)]);
      });
    },

    /** The floor could not finish a fulfillment order: work on it stops, and the order waits for a person. */
    async haltFulfillment(
      input: OrderId & {
        readonly fulfillmentOrderId: string;
        readonly key: string;
        /** What happened. */
        readonly code: string;
        readonly detail: string;
        /** What the order waits for; absent: the floor. */
        readonly holdCode?: HoldCode;
      },
    ) {
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, input.orderId);
        const part = (await readFulfillmentOrders(client, input.orderId)).find(
          ({ id }) => id === input.fulfillmentOrderId,
        );
        // What the floor reported is settled where it has been packed since. A label is wanted of it only
        // then.
        const isSettled = input.code !== "label_refused" && part !== undefined && isPacked(part.stage);
        if (part === undefined || isEnded(part.status) || isSettled) return;
        const fresh = await recordQuote(client, {
          orderId: input.orderId,
          key: `held:${input.key}`,
          type: "order.held",
          summary: `On hold: ${input.detail}`,
          cause: "saga:halt-fulfillment",
          data: { code: input.code, fulfillmentOrderId: input.fulfillmentOrderId },
        });
        if (!fresh) return;
        await haltFulfillmentOrder(client, input.fulfillmentOrderId);
        const reason: HoldReason = {
          code: input.holdCode ?? "floor_exception",
          detail: input.detail,
          fulfillmentOrderId: input.fulfillmentOrderId,
        };
        await changeOrder(client, order, { holdReasons: withReason(order, reason) });
      });
    },

    /**
     * What the order still stops for, each as `code: detail`. Reasons that are gone by themselves are taken
     * off; an order that waits for nothing is on hold no longer.
     */
    async reviewHolds({ orderId }: OrderId) {
      return inTransaction(database, async (client) => {
        const { order, facts } = await mustLockAtWork(client, orderId);
        const { resolved } = workLeft(facts);
        const open = order.holdReasons.filter((reason) => !resolved.includes(reason));
        await changeOrder(client, order, { holdReasons: open });
        const stops = stoppingReasons({ ...order, holdReasons: open });
        return { open: stops.map((reason) => `${reason.code}: ${reason.detail}`) };
      });
    },

    async refuseCancellation(input: OrderId & { readonly key: string; readonly by: string }) {
      await inTransaction(database, async (client) => {
        await recordEntry(client, {
          orderId: input.orderId,
          key: `cancellation-refused:${input.key}`,
          type: "order.cancellation_refused",
          summary: "Not cancelled: a parcel has already left. The goods can be returned.",
          cause: "saga:refuse-cancellation",
          data: { by: input.by },
        });
        await askAgainWhatWasCalledOff(client, input.orderId);
      });
    },

    /** The last step of a cancellation: everything else has been undone. */
    async cancelOrder(input: OrderId & { readonly reason: string; readonly by: string }) {
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, input.orderId);
        const fresh = await recordQuote(client, {
          orderId: input.orderId,
          key: "cancelled",
          type: "order.cancelled",
          summary: `Cancelled: ${input.reason}`,
          cause: "saga:cancel-order",
          data: { by: input.by },
        });
        if (!fresh) return;
        const { paid } = await readPaid(client, order);
        await giveBackMoney(client, order, input.by);
        await changeOrder(client, order, {
          ledger: cancellation,
          holdReasons: [],
          paymentStatus: cancelledPaymentStatus(order.paymentStatus, paid),
        });
      });
    },

    /**
     * The end of the order. Looks again, under its lock, whether nothing is left: an order that is not done
     * does not end.
     */
    async completeOrder({ orderId }: OrderId): Promise<{ readonly status: "completed" | "not_done" }> {
      return inTransaction(database, async (client) => {
        const { order, facts } = await mustLockAtWork(client, orderId);
        if (workLeft(facts).waitsFor.length > 0) return { status: "not_done" };
        const fresh = await recordEntry(client, {
          orderId,
          key: "completed",
          type: "order.completed",
          summary: "Everything is delivered; the order is completed.",
          cause: "saga:complete-order",
        });
        if (fresh) await changeOrder(client, order, { holdReasons: [] });
        return { status: "completed" };
      });
    },

    /**
     * A mail can never be sent, e.g. because its address does not exist. Nothing else waits for it.
     */
    async reportUnsentMail(
      input: OrderId & { readonly kind: string; readonly about: string; readonly detail: string },
    ) {
      await recordEntry(database, {
        orderId: input.orderId,
        key: `mail-failed:${input.kind}:${input.about}`,
        type: "notification.failed",
        summary: `A mail could not be sent (${input.kind.replaceAll("_", " ")}): ${input.detail}`,
        cause: "saga:send-mail",
      });
    },

    /** So that a person sees the wait for a mail server. */
    async reportLateMail(
      input: OrderId & { readonly kind: string; readonly about: string; readonly detail: string },
    ) {
      await recordEntry(database, {
        orderId: input.orderId,
        key: `mail-late:${input.kind}:${input.about}`,
        type: "notification.late",
        summary: `A mail could not be sent yet and is tried again (${input.kind.replaceAll("_", " ")}): ${input.detail}`,
        cause: "saga:send-mail",
      });
    },

    /** An undo failed. The saga tries again later; a person should know. */
    async reportFailedUndo(
      input: OrderId & { readonly undo: string; readonly detail: string; readonly attempt: number },
    ) {
      await recordEntry(database, {
        orderId: input.orderId,
        key: `undo-failed:${input.undo}:${input.attempt}`,
        type: "saga.undo_failed",
        summary: `Undoing failed and is tried again (${input.undo}): ${input.detail}`,
        cause: `saga:${input.undo}`,
      });
    },
  };
}

/**
 * Of an order that is cancelled: store credit goes back to its account; what a channel was paid is due there,
 * unless it is the channel that cancels.
 */
async function giveBackMoney(client: Queryable, order: OrderProgress, by: string): Promise<void> {
  const { orderId, currency } = order;
  const { pockets } = await readRefundable(client, order);
  const { payment, storeCredit, channel } = pockets;
  if (payment > 0)
    await askForRefund(client, order, {
      key: `${orderId}:cancelled-after-capture`,
      reason: "cancellation",
      amountMinor: payment,
      by,
    });
  await giveBackStoreCredit(client, { orderId, amountMinor: storeCredit, key: `${orderId}:cancelled`, by });
  if (channel > 0 && !by.startsWith("channel:"))
    await oweAtChannel(client, order, {
      orderId,
      key: `${orderId}:cancelled`,
      reason: "cancellation",
      currency,
      askedMinor: channel,
      requestedBy: by,
    });
}

/** One that the saga puts replaces the one that it has put before. */
export function withReason(order: OrderProgress, added: HoldReason): readonly HoldReason[] {
  const isBefore = (reason: HoldReason) =>
    reason.code === added.code && reason.fulfillmentOrderId === added.fulfillmentOrderId;
  return [...order.holdReasons.filter((reason) => !isBefore(reason)), added];
}
