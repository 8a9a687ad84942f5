/**
 * Steps that move money. Each call to the provider is written before it is made, with its key and amount. Its
 * effect on the order counts once, when the first answer is written. An amount that is written is never
 * computed again.
 *
 * For one order: captured <= authorised. What gives money back is in `workflows/refund/`.
 */
import { valueOfUnits } from "../../../orders/line-value.ts";
import { chargeableMinor } from "../../../orders/money.ts";
import { minorText } from "../../../orders/refund.ts";
import type { PaymentResult } from "../../../ports/payments.ts";
import type { VendorAccount } from "../../../ports/vendor-roster.ts";
import { readFulfillmentOrders } from "../../../store/floor/fulfillment.ts";
import { readParcelLines } from "../../../store/floor/shipments.ts";
import { changeOrder, type OrderProgress } from "../../../store/orders/order-progress.ts";
import {
  applyPaymentEffect,
  beginPaymentTransaction,
  finishPaymentTransaction,
  type PaymentEffect,
  type PaymentTransaction,
  readPayment,
  readPaymentTransactions,
} from "../../../store/orders/payments.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import { spendAskedFor } from "../../../store/refunds/spend-store-credit.ts";
import { storeCreditUsed } from "../../../store/refunds/store-credit.ts";
import { type DatabaseClient, inTransaction } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import type { StepRefusal } from "../../saga/step-refusal.ts";
import { mustLockOrder, mustReadOrder } from "./order-state.ts";
import { askProvider } from "./provider-call.ts";

type OrderId = { readonly orderId: string };

type Done<S extends string> = { readonly status: S };

export function createPaymentActivities({ database, payments }: SagaDependencies) {
  /**
   * Writes the first answer to a call, and what that answer changes.
   * @returns the answer, as the first run got it
   */
  const settle = async (
    order: OrderProgress,
    transaction: PaymentTransaction,
    answer: PaymentResult,
    effect: (reference: string) => PaymentEffect,
    entry: { readonly type: string; readonly text: string; readonly cause: string },
  ): Promise<void> => {
    const amount = minorText(transaction.amountMinor, order.currency);
    await inTransaction(database, async (client) => {
      const locked = await mustLockOrder(client, order.orderId);
      const first = await finishPaymentTransaction(
        client,
        transaction.key,
        answer.status === "succeeded"
          ? { status: "succeeded", reference: answer.reference }
          : { status: "declined", reference: null, detail: `${answer.code}: ${answer.message}` },
      );
      if (!first) return;
      await recordEntry(client, {
        orderId: order.orderId,
        key: `payment:${transaction.key}`,
        type: answer.status === "succeeded" ? entry.type : "payment.declined",
        summary:
          answer.status === "succeeded"
            ? `${entry.text} ${amount}.`
            : `${entry.text} ${amount}: declined, ${answer.message}`,
        cause: entry.cause,
        data: { amountMinor: transaction.amountMinor, currency: order.currency, key: transaction.key },
      });
      if (answer.status === "succeeded") {
        const paymentStatus = await applyPaymentEffect(
          client,
          { orderId: order.orderId, currency: order.currency, dueMinor: await dueHere(client, order) },
          effect(answer.reference),
        );
        await changeOrder(client, locked, { paymentStatus });
      } else if (transaction.type === "authorization") {
        await changeOrder(client, locked, { paymentStatus: "failed" });
      }
    });
  };

  const authorize = async (order: OrderProgress, transaction: PaymentTransaction): Promise<PaymentResult> => {
    const answer = await askProvider(transaction, () =>
      payments.at(transaction).authorize({
        idempotencyKey: transaction.key,
        orderId: order.orderId,
        amountMinor: transaction.amountMinor,
        currency: order.currency,
        ...(order.document.paymentMethod == null ? {} : { paymentMethod: order.document.paymentMethod }),
        ...(order.customerEmail === null ? {} : { customerEmail: order.customerEmail }),
      }),
    );
    await settle(
      order,
      transaction,
      answer,
      (reference) => ({
        type: "authorization",
        provider: transaction.provider,
        account: transaction.account,
        reference,
        amountMinor: transaction.amountMinor,
      }),
      { type: "payment.authorized", text: "Authorised", cause: "saga:authorize-payment" },
    );
    return answer;
  };

  /** What store credit does not pay is to be authorised. Nobody spends more of it from now on. */
  const beginAuthorization = async (client: DatabaseClient, orderId: string, attempt: number) => {
    const order = await mustLockOrder(client, orderId);
    const credit = await spendAskedFor(client, order);
    if (credit.status === "refused") return declined(credit.detail);
    const amountMinor = await dueHere(client, order);
    if (amountMinor === 0) {
      await changeOrder(client, order, { paymentStatus: "paid" });
      return { status: "authorized" } as const;
    }
    const transaction = await beginPaymentTransaction(client, {
      ...accountOf(payments.first),
      key: `${orderId}:authorize:${attempt}`,
      orderId,
      type: "authorization",
      amountMinor,
      currency: order.currency,
    });
    return { status: "begun", transaction } as const;
  };

  return {
    /** The channel has the money: that is noted, and nothing is charged. */
    async verifyChannelPayment({ orderId }: OrderId): Promise<Done<"verified">> {
      await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const fresh = await recordEntry(client, {
          orderId,
          key: "payment-verified",
          type: "payment.verified",
          summary: "Paid at the channel; nothing is charged here.",
          cause: "saga:verify-channel-payment",
        });
        if (fresh) await changeOrder(client, order, { paymentStatus: "paid_at_channel" });
      });
      return { status: "verified" };
    },

    async authorizePayment({
      orderId,
      attempt,
    }: OrderId & { readonly attempt: number }): Promise<Done<"authorized"> | StepRefusal> {
      const order = await mustReadOrder(database, orderId);
      const begun = await inTransaction(database, (client) => beginAuthorization(client, orderId, attempt));
      if (begun.status !== "begun") return begun;
      const { transaction } = begun;
      const answer = await authorize(order, transaction);
      return answer.status === "succeeded" ? { status: "authorized" } : declined(answer.message);
    },

    /** Undo of `authorizePayment`, also where its answer never arrived. */
    async cancelAuthorization({ orderId }: OrderId): Promise<void> {
      const order = await mustReadOrder(database, orderId);
      // Asking again with the same key tells how a call ended whose answer was lost.
      for (const transaction of await readPaymentTransactions(database, orderId, "authorization"))
        if (transaction.status === "pending") await authorize(order, transaction);
      const payment = await readPayment(database, orderId);
      if (payment === undefined || payment.status === "voided") return;
      const transaction = await beginPaymentTransaction(database, {
        ...accountOf(payment),
        key: `${orderId}:void`,
        orderId,
        type: "void",
        amountMinor: payment.authorizedMinor,
        currency: order.currency,
      });
      const answer = await askProvider(transaction, () =>
        payments.at(transaction).cancel({ idempotencyKey: transaction.key, reference: payment.reference }),
      );
      if (answer.status === "declined") throw new StepImpossible("void_declined", answer.message);
      await settle(order, transaction, answer, () => ({ type: "void" }), {
        type: "payment.voided",
        text: "Gave the authorisation back:",
        cause: "saga:cancel-authorization",
      });
    },

    /** Captures the value of a shipment. The last one captures the rest, with shipping and tax. */
    async capturePayment({
      orderId,
      shipmentId,
      attempt,
    }: OrderId & { readonly shipmentId: string; readonly attempt: number }): Promise<
      Done<"captured"> | StepRefusal
    > {
      const order = await mustReadOrder(database, orderId);
      const payment = await readPayment(database, orderId);
      // Nothing was authorised here: the channel has the money, or the order costs nothing.
      if (payment === undefined) return { status: "captured" };
      const open = (await readFulfillmentOrders(database, orderId)).some(
        ({ status }) => status !== "closed" && status !== "cancelled",
      );
      const rest = payment.authorizedMinor - payment.capturedMinor;
      const amountMinor = open
        ? Math.min(shipmentValue(order, await readParcelLines(database, shipmentId)), rest)
        : rest;
      const transaction = await beginPaymentTransaction(database, {
        ...accountOf(payment),
        key: `${shipmentId}:capture:${attempt}`,
        orderId,
        type: "capture",
        amountMinor,
        currency: order.currency,
        detail: open ? "partial" : "final",
      });
      if (transaction.amountMinor === 0) return { status: "captured" };
      const answer = await askProvider(transaction, () =>
        payments.at(transaction).capture({
          idempotencyKey: transaction.key,
          reference: payment.reference,
          amountMinor: transaction.amountMinor,
          currency: order.currency,
          final: transaction.detail === "final",
        }),
      );
      await settle(
        order,
        transaction,
        answer,
        () => ({ type: "capture", amountMinor: transaction.amountMinor }),
        { type: "payment.captured", text: "Captured", cause: "saga:capture-payment" },
      );
      return answer.status === "succeeded" ? { status: "captured" } : declined(answer.message);
    },
  };
}

/** What the order costs, in units that its currency can be charged in. */
function due(order: OrderProgress): number {
  return chargeableMinor(order.document.total);
}

/** What of it goes through the payment provider: store credit pays the rest. */
async function dueHere(client: DatabaseClient, order: OrderProgress): Promise<number> {
  return Math.max(0, due(order) - (await storeCreditUsed(client, order.orderId)));
}

/** Value of the units in a parcel, which the ledger counts as shipped already. */
function shipmentValue(
  order: OrderProgress,
  parcel: readonly { readonly lineId: string; readonly quantity: number }[],
): number {
  return parcel.reduce((total, { lineId, quantity }) => {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined) return total;
    return total + valueOfUnits(line, line.shipped - quantity, line.shipped, order.currency, order.exponent);
  }, 0);
}

function accountOf({ provider, account }: VendorAccount): VendorAccount {
  return { provider, account };
}

function declined(message: string): StepRefusal {
  return { status: "refused", holdCode: "payment_failed", detail: message };
}
