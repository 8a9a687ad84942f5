/**
 * Steps that move money. Each call to the provider is written before it is made, with its key and amount. Its
 * effect on the order counts once, when the first answer is written. An amount that is written is never
 * computed again.
 *
 * For one order: captured <= authorised, and refunded <= captured, which counts refunds that are not answered
 * yet.
 */
import { valueOfUnits } from "../../../orders/line-value.ts";
import { chargeableMinor, currencyExponent, decimalText } from "../../../orders/money.ts";
import type { PaymentResult } from "../../../ports/payments.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
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
import { readReturn, setRefund } from "../../../store/returns/returns.ts";
import { inTransaction } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible, StepTooEarly } from "../../activities/failures.ts";
import type { StepRefusal } from "../../saga/step-refusal.ts";
import { mustLockOrder, mustReadOrder } from "./order-state.ts";

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
    alsoWrite: (client: Parameters<Parameters<typeof inTransaction>[1]>[0]) => Promise<void> = async () => {},
  ): Promise<void> => {
    const amount = amountText(transaction.amountMinor, order.currency);
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
          { orderId: order.orderId, currency: order.currency, dueMinor: due(order) },
          effect(answer.reference),
        );
        await alsoWrite(client);
        await changeOrder(client, locked, { paymentStatus });
      } else if (transaction.type === "authorization") {
        await changeOrder(client, locked, { paymentStatus: "failed" });
      }
    });
  };

  /**
   * Calls the provider unless the call was answered before. A definite "no" is written as a decline.
   */
  const call = async (
    transaction: PaymentTransaction,
    run: () => Promise<PaymentResult>,
  ): Promise<PaymentResult> => {
    if (transaction.status === "succeeded")
      return { status: "succeeded", reference: transaction.reference ?? "" };
    if (transaction.status === "declined")
      return { status: "declined", code: "declined", message: transaction.detail ?? "declined" };
    try {
      return await run();
    } catch (fault) {
      if (fault instanceof ServiceFault && !fault.retryable)
        return { status: "declined", code: fault.code, message: fault.message };
      throw fault;
    }
  };

  const authorize = async (order: OrderProgress, transaction: PaymentTransaction): Promise<PaymentResult> => {
    const answer = await call(transaction, () =>
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

  /**
   * Writes the intended refund: the return's value, or what is left of the captured money where less was
   * captured for good.
   *
   * @throws StepTooEarly `capture_outstanding` while a capture is still under way: goods can be back before
   *   the answer to their capture is written
   */
  const beginRefund = (
    ids: OrderId & { readonly returnId: string },
    account: VendorAccount,
    key: string,
    value: number,
  ) =>
    inTransaction(database, async (client) => {
      const order = await mustLockOrder(client, ids.orderId);
      const refunds = await readPaymentTransactions(client, ids.orderId, "refund");
      const begun = refunds.find((refund) => refund.key === key);
      if (begun !== undefined) return begun;
      const payment = await readPayment(client, ids.orderId);
      const underWay = refunds
        .filter(({ status }) => status === "pending")
        .reduce((total, { amountMinor }) => total + amountMinor, 0);
      const captured = payment?.capturedMinor ?? 0;
      const left = captured - (payment?.refundedMinor ?? 0) - underWay;
      if (value > left && captured < due(order) && payment?.status !== "voided")
        throw new StepTooEarly(
          "capture_outstanding",
          [
            `Return ${ids.returnId} is refunded once its goods are paid for:`,
            `${amountText(value, order.currency)} are to be refunded,`,
            `${amountText(left, order.currency)} of the captured money are left, a capture is outstanding.`,
          ].join(" "),
        );
      return beginPaymentTransaction(client, {
        ...accountOf(account),
        key,
        orderId: ids.orderId,
        type: "refund",
        amountMinor: Math.min(value, left),
        currency: order.currency,
      });
    });

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
      if (due(order) === 0) {
        await inTransaction(database, async (client) => {
          await changeOrder(client, await mustLockOrder(client, orderId), { paymentStatus: "paid" });
        });
        return { status: "authorized" };
      }
      const transaction = await beginPaymentTransaction(database, {
        ...accountOf(payments.first),
        key: `${orderId}:authorize:${attempt}`,
        orderId,
        type: "authorization",
        amountMinor: due(order),
        currency: order.currency,
      });
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
      const answer = await call(transaction, () =>
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
      const answer = await call(transaction, () =>
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

    /** Refunds what was received of a return, with tax. What did not come back is not refunded. */
    async refundReturn({
      orderId,
      returnId,
      attempt,
    }: OrderId & { readonly returnId: string; readonly attempt: number }): Promise<
      Done<"refunded" | "due_at_channel"> | StepRefusal
    > {
      const order = await mustReadOrder(database, orderId);
      const returned = await readReturn(database, returnId);
      if (returned === undefined)
        throw new StepImpossible("return_not_found", `There is no return ${returnId}.`);
      const value = returned.lines.reduce((total, line) => {
        const priced = order.lines.find(({ lineId }) => lineId === line.lineId);
        const units = line.disposition === "missing" ? 0 : line.received;
        if (priced === undefined || units === 0) return total;
        // `restockReturn` has counted these units already.
        const before = priced.returnReceived - units;
        return total + valueOfUnits(priced, before, before + units, order.currency, order.exponent);
      }, 0);
      const payment = await readPayment(database, orderId);
      if (payment === undefined) {
        await inTransaction(database, async (client) => {
          await mustLockOrder(client, orderId);
          await setRefund(client, returnId, value);
          await recordEntry(client, {
            orderId,
            key: `refunded:${returnId}`,
            type: "refund.due_at_channel",
            summary: `To be refunded by the channel, which has the money: ${amountText(value, order.currency)}.`,
            cause: "saga:refund-return",
            data: { returnId, amountMinor: value },
          });
        });
        return { status: "due_at_channel" };
      }
      const transaction = await beginRefund(
        { orderId, returnId },
        payment,
        `${returnId}:refund:${attempt}`,
        value,
      );
      if (transaction.amountMinor === 0) {
        await setRefund(database, returnId, 0);
        return { status: "refunded" };
      }
      const answer = await call(transaction, () =>
        payments.at(transaction).refund({
          idempotencyKey: transaction.key,
          reference: payment.reference,
          amountMinor: transaction.amountMinor,
          currency: order.currency,
          reason: `Return ${returnId}: ${returned.reason}`,
        }),
      );
      await settle(
        order,
        transaction,
        answer,
        () => ({ type: "refund", amountMinor: transaction.amountMinor }),
        { type: "payment.refunded", text: "Refunded", cause: "saga:refund-return" },
        (client) => setRefund(client, returnId, transaction.amountMinor),
      );
      return answer.status === "succeeded" ? { status: "refunded" } : declined(answer.message);
    },
  };
}

/** What the order costs, in units that its currency can be charged in. */
function due(order: OrderProgress): number {
  return chargeableMinor(order.document.total);
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

function amountText(minor: number, currency: string): string {
  return `${decimalText({ minor, currency, exponent: currencyExponent(currency) ?? 2 })} ${currency}`;
}
