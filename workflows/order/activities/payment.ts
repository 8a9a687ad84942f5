/**
 * Steps that move money. Each call to the provider is written before it is made, with its key, its amount and
 * its means of payment. Its effect on the order counts once, when the first answer is written. What is
 * written is never worked out again.
 *
 * What is to be charged, and when, is said by `orders/payment/charging.ts`. What gives money back is in
 * `workflows/refund/`.
 */

import { adding, unitsOf } from "../../../orders/line-ledger.ts";
import type { HoldCode, HoldReason, PaymentStatus } from "../../../orders/order.ts";
import { cashStatus } from "../../../orders/order-status.ts";
import {
  type ChargedMoney,
  costOf,
  earnedOf,
  type MoneyMovement,
  nextMovement,
  unpostedUnits,
} from "../../../orders/payment/charging.ts";
import { dueAtChannel, isMoneyInDoubt } from "../../../orders/payment/order-completion.ts";
import { minorText } from "../../../orders/refund.ts";
import { AUTHORIZATION_EXPIRED, type PaymentResult } from "../../../ports/payments.ts";
import type { VendorAccount } from "../../../ports/vendor-roster.ts";
import { dueOf, readMoneyFacts } from "../../../store/orders/money-facts.ts";
import { askForPaymentRow } from "../../../store/orders/notices.ts";
import { changeOrder, type OrderProgress } from "../../../store/orders/order-progress.ts";
import {
  addCash,
  applyPaymentEffect,
  beginPaymentTransaction,
  finishPaymentTransaction,
  moneyCallKey,
  type PaymentEffect,
  type PaymentTransaction,
  readAuthorizations,
  readCashTaken,
  readPaymentTransactions,
  rollUpPayment,
} from "../../../store/orders/payments.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import { writeOutbox } from "../../../store/outbox.ts";
import { oweAtChannel, oweForLostDispute } from "../../../store/refunds/settle-refund.ts";
import { spendAskedFor } from "../../../store/refunds/spend-store-credit.ts";
import { giveBackStoreCredit, storeCreditPaid } from "../../../store/refunds/store-credit.ts";
import { type DatabaseClient, inTransaction } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import type { StepRefusal } from "../../saga/step-refusal.ts";
import { askForRefund } from "./ask-for-refund.ts";
import { mustLockOrder, mustReadOrder, withReason } from "./order-state.ts";
import { askProvider } from "./provider-call.ts";
import { giveUpUnconfirmed, settleUnconfirmed } from "./unconfirmed-payments.ts";

type OrderId = { readonly orderId: string };

type Done<S extends string> = { readonly status: S };

/** What the order's money wants: a call, nothing, or a person. */
type NextCall = { readonly order: OrderProgress; readonly call: PaymentTransaction } | "agrees" | "held";

export function createPaymentActivities({ database, payments }: SagaDependencies) {
  const moneyOf = async (client: DatabaseClient, order: OrderProgress): Promise<ChargedMoney> => {
    const step = payments.first.port.smallestChargeable(order.currency);
    return (await readMoneyFacts(client, order, step)).money;
  };

  /** The provider's own name of the authorisation that the call is of. */
  const referenceOf = async ({ orderId, authorizationKey }: PaymentTransaction): Promise<string> => {
    if (authorizationKey === null) return "";
    const authorizations = await readAuthorizations(database, orderId);
    return authorizations.find(({ key }) => key === authorizationKey)?.reference ?? "";
  };

  /** Makes the call, or asks again how it ended. */
  const perform = async (order: OrderProgress, call: PaymentTransaction): Promise<PaymentResult> => {
    const reference = await referenceOf(call);
    const run = (): Promise<PaymentResult> => {
      const provider = payments.at(call);
      switch (call.type) {
        case "authorization":
          return provider.authorize({
            idempotencyKey: call.key,
            orderId: order.orderId,
            amountMinor: call.amountMinor,
            currency: call.currency,
            // Rows of a former version do not say it: they were made with the document's.
            paymentMethod: call.paymentMethod ?? order.document.paymentMethod ?? "",
            ...(order.customerEmail === null ? {} : { customerEmail: order.customerEmail }),
          });
        case "capture":
          return provider.capture({
            idempotencyKey: call.key,
            reference,
            amountMinor: call.amountMinor,
            currency: call.currency,
            final: call.detail === "final",
          });
        case "void":
          return provider.cancel({ idempotencyKey: call.key, reference });
        default:
          throw new StepImpossible("no_call", `A ${call.type} is no call of an order's saga.`);
      }
    };
    return askProvider(call, run, (subject) => payments.at(call).readPayment(reference, subject));
  };

  /**
   * Writes the first answer to a call, and what it changes.
   *
   * @param onDecline what the order waits for where the provider says no
   */
  const settle = (
    orderId: string,
    call: PaymentTransaction,
    answer: PaymentResult,
    cause: string,
    onDecline: HoldCode | null = null,
  ): Promise<void> =>
    inTransaction(database, async (client) => {
      const order = await mustLockOrder(client, orderId);
      const isDone = answer.status === "succeeded";
      const first = await finishPaymentTransaction(
        client,
        call.key,
        isDone
          ? { status: "succeeded", reference: answer.reference }
          : {
              status: "declined",
              reference: answer.unconfirmed ?? null,
              detail: `${answer.code}: ${answer.message}`,
            },
      );
      if (!first) return;
      const amount = minorText(call.amountMinor, order.currency);
      const { type, text } = WORDS[call.type as keyof typeof WORDS];
      const isUnconfirmed = !isDone && answer.unconfirmed !== undefined;
      await recordEntry(client, {
        orderId,
        key: `payment:${call.key}`,
        type: isDone ? type : isUnconfirmed ? "payment.confirmation_needed" : "payment.declined",
        summary: isDone
          ? `${text} ${amount}.`
          : `${text} ${amount}: ${isUnconfirmed ? "not yet" : "declined"}, ${answer.message}`,
        cause,
        data: { amountMinor: call.amountMinor, currency: order.currency, key: call.key },
      });
      const sums = {
        orderId,
        currency: order.currency,
        dueMinor: dueOf(await moneyOf(client, order)),
      };
      if (answer.status === "succeeded") {
        const effect = effectOf(call, answer, payments.at(call).smallestChargeable(call.currency));
        await changeOrder(client, order, {
          paymentStatus: await applyPaymentEffect(client, sums, effect),
        });
      } else if (answer.code === AUTHORIZATION_EXPIRED && call.authorizationKey !== null) {
        const effect = { type: "expiry", authorizationKey: call.authorizationKey } as const;
        await changeOrder(client, order, {
          paymentStatus: await applyPaymentEffect(client, sums, effect),
        });
      } else if (onDecline !== null) {
        const what = isUnconfirmed ? "is not confirmed" : "was declined";
        const detail = `${text} ${amount} ${what}: ${answer.message}`;
        const code = isUnconfirmed ? "payment_unconfirmed" : onDecline;
        const holdReasons = withReason(order, { code, detail });
        const status = isUnconfirmed ? {} : await declinedStatus(client, order, call);
        await changeOrder(client, order, { holdReasons, ...status });
        if (call.type === "authorization") await writeOutbox(client, [askForPaymentRow(orderId, call.key)]);
      } else if (!isUnconfirmed) {
        await changeOrder(client, order, await declinedStatus(client, order, call));
      }
    });

  /** The call that an earlier run has begun and not settled, or else the one that is to be made now. */
  const nextCall = (orderId: string): Promise<NextCall> =>
    inTransaction(database, async (client) => {
      const order = await mustLockOrder(client, orderId);
      const calls = await readPaymentTransactions(client, orderId);
      const pending = calls.find(({ status, type }) => status === "pending" && type !== "refund");
      if (pending !== undefined) return { order, call: pending };
      if (isMoneyInDoubt(order.holdReasons)) return "held";
      await giveBackCredit(client, order);
      const money = await moneyOf(client, order);
      const movement = nextMovement(money);
      if (movement === null) {
        await noteStatus(client, order, money);
        return "agrees";
      }
      switch (movement.type) {
        case "give-back":
          await askForRefund(client, order, {
            key: `${orderId}:overpaid:${order.version}`,
            reason: "overpayment",
            amountMinor: movement.amountMinor,
            by: "saga:adjust-payment",
          });
          return noteStatusAnew(client, orderId);
        case "write-debt":
          await oweForLostDispute(client, order, {
            amountMinor: movement.amountMinor,
            before: money.owedForLost,
            by: "saga:adjust-payment",
          });
          return noteStatusAnew(client, orderId);
        default: {
          const call = await begin(client, order, movement, moneyCallKey(orderId, calls.length + 1));
          return call === "held" ? call : { order, call };
        }
      }
    });

  const noteStatus = async (client: DatabaseClient, order: OrderProgress, money: ChargedMoney) => {
    const paymentStatus = await statusNow(client, order, money);
    if (paymentStatus !== order.paymentStatus) await changeOrder(client, order, { paymentStatus });
  };

  /** Of the order as this transaction has left it. */
  const noteStatusAnew = async (client: DatabaseClient, orderId: string): Promise<"agrees"> => {
    const order = await mustLockOrder(client, orderId);
    await noteStatus(client, order, await moneyOf(client, order));
    return "agrees";
  };

  const begin = async (
    client: DatabaseClient,
    order: OrderProgress,
    movement: Exclude<MoneyMovement, { type: "give-back" | "write-debt" }>,
    key: string,
  ): Promise<PaymentTransaction | "held"> => {
    const { orderId, currency } = order;
    const { amountMinor } = movement;
    if (movement.type === "authorize") {
      const { paymentMethod } = order;
      if (paymentMethod === null) {
        const reason = missing(minorText(amountMinor, currency));
        await changeOrder(client, order, { holdReasons: withReason(order, reason) });
        await recordEntry(client, {
          orderId,
          key: `held:${key}`,
          type: "order.held",
          summary: `On hold: ${reason.detail}`,
          cause: "saga:adjust-payment",
          data: { code: reason.code },
        });
        await writeOutbox(client, [askForPaymentRow(orderId, key)]);
        return "held";
      }
      return beginPaymentTransaction(client, {
        ...accountOf(payments.first),
        key,
        orderId,
        type: "authorization",
        amountMinor,
        currency,
        paymentMethod,
      });
    }
    const authorization = (await readAuthorizations(client, orderId)).find(
      (candidate) => candidate.key === movement.authorization,
    );
    if (authorization === undefined) throw new Error(`authorisation ${movement.authorization} vanished`);
    return beginPaymentTransaction(client, {
      ...accountOf(authorization),
      key,
      orderId,
      type: movement.type === "capture" ? "capture" : "void",
      amountMinor,
      currency,
      authorizationKey: authorization.key,
      ...(movement.type === "capture" ? { detail: movement.final ? "final" : "partial" } : {}),
    });
  };

  /** What others take for us counts once it was handed over to the customer. */
  const noteCash = async (orderId: string): Promise<void> => {
    await inTransaction(database, async (client) => {
      const order = await mustLockOrder(client, orderId);
      const before = await readCashTaken(client, orderId);
      const amountMinor = Math.max(0, earnedOf(order) - before);
      if (amountMinor > 0) {
        const key = `${orderId}:cash:${before + amountMinor}`;
        await addCash(client, {
          ...TAKEN_BY_CARRIER,
          key,
          orderId,
          amountMinor,
          currency: order.currency,
        });
        await recordEntry(client, {
          orderId,
          key: `payment:${key}`,
          type: "payment.cash_taken",
          summary: `Who brought the parcel took ${minorText(amountMinor, order.currency)}.`,
          cause: "saga:adjust-payment",
          data: { amountMinor, currency: order.currency, key },
        });
      }
      const sums = { cost: costOf(order), taken: before + amountMinor };
      const paymentStatus = cashStatus(order.lines, order.paymentStatus, sums);
      if (paymentStatus !== order.paymentStatus) await changeOrder(client, order, { paymentStatus });
    });
  };

  /** What the channel was paid for units that were cancelled here is due there. */
  const noteDueAtChannel = async (orderId: string): Promise<void> => {
    await inTransaction(database, async (client) => {
      const order = await mustLockOrder(client, orderId);
      const facts = await readMoneyFacts(client, order);
      const askedMinor = dueAtChannel(facts);
      if (askedMinor === 0) return;
      const paymentStatus = await oweAtChannel(client, order, {
        orderId,
        key: `${orderId}:cancelled-part:${facts.cancelledAtChannel + askedMinor}`,
        reason: "cancellation",
        currency: order.currency,
        askedMinor,
        requestedBy: "saga:adjust-payment",
      });
      await changeOrder(client, order, { paymentStatus });
    });
  };

  /** What needs no parcel is done with the first one, or at once where none is to come. */
  const handOverUnposted = async (orderId: string): Promise<void> => {
    await inTransaction(database, async (client) => {
      const order = await mustLockOrder(client, orderId);
      const units = order.holdReasons.length > 0 ? [] : unpostedUnits(order);
      if (units.length === 0) return;
      await changeOrder(client, order, { ledger: adding(units, "fulfilledElsewhere") });
      await recordEntry(client, {
        orderId,
        key: `handed-over:v${order.version}`,
        type: "fulfillment.handed_over_without_parcel",
        summary: `Needs no parcel, and is done: ${order.lines
          .flatMap(({ lineId, title }) => {
            const count = unitsOf(units, lineId);
            return count === 0 ? [] : [`${count} x ${title}`];
          })
          .join(", ")}.`,
        cause: "saga:adjust-payment",
        data: { lines: units },
      });
    });
  };

  const adjustPayment = async ({ orderId }: OrderId): Promise<Done<"agrees" | "held">> => {
    const seen = await mustReadOrder(database, orderId);
    // What becomes ready after this look says so itself, and the saga looks again.
    if (unpostedUnits(seen).length > 0) await handOverUnposted(orderId);
    const { paymentBy } = seen.document;
    if (paymentBy === "on_delivery") await noteCash(orderId);
    if (paymentBy === "channel") await noteDueAtChannel(orderId);
    if (paymentBy !== "merchant") return { status: "agrees" };
    // While the order waits for it, it is the shopper's to confirm.
    if (!isMoneyInDoubt(seen.holdReasons))
      await settleUnconfirmed({ database, payments }, orderId, { by: "saga:adjust-payment" });
    for (;;) {
      const next = await nextCall(orderId);
      if (typeof next === "string") return { status: next };
      const answer = await perform(next.order, next.call);
      await settle(orderId, next.call, answer, "saga:adjust-payment", "payment_failed");
    }
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
        if (fresh && order.paymentStatus === "pending")
          await changeOrder(client, order, { paymentStatus: "paid_at_channel" });
      });
      return { status: "verified" };
    },

    /** Authorises what the order costs, with the means of payment that it has now. */
    async authorizePayment({
      orderId,
      attempt,
    }: OrderId & { readonly attempt: number }): Promise<Done<"authorized"> | StepRefusal> {
      const key = `${orderId}:authorize:${attempt}`;
      await settleUnconfirmed({ database, payments }, orderId, {
        by: "saga:authorize-payment",
        except: key,
      });
      const begun = await inTransaction(database, async (client) => {
        const order = await mustLockOrder(client, orderId);
        const calls = await readPaymentTransactions(client, orderId, "authorization");
        const earlier = calls.find((call) => call.key === key);
        if (earlier !== undefined) return { order, call: earlier };
        const credit = await spendAskedFor(client, order);
        if (credit.status === "refused") return { code: "payment_failed" as const, detail: credit.detail };
        const money = await moneyOf(client, order);
        const movement = nextMovement({ ...money, earned: 0 });
        if (movement?.type !== "authorize") {
          const dueMinor = dueOf(money);
          if (dueMinor === 0) await changeOrder(client, order, { paymentStatus: "paid" });
          return null;
        }
        const { paymentMethod } = order;
        if (paymentMethod === null) return missing(minorText(movement.amountMinor, order.currency));
        const call = await beginPaymentTransaction(client, {
          ...accountOf(payments.first),
          key,
          orderId,
          type: "authorization",
          amountMinor: movement.amountMinor,
          currency: order.currency,
          paymentMethod,
        });
        return { order, call };
      });
      if (begun === null) return { status: "authorized" };
      if ("code" in begun) return { status: "refused", holdCode: begun.code, detail: begun.detail };
      const { order, call } = begun;
      const answer = await perform(order, call);
      await settle(orderId, call, answer, "saga:authorize-payment");
      if (answer.status === "succeeded") return { status: "authorized" };
      const amount = minorText(call.amountMinor, call.currency);
      const holdCode = answer.unconfirmed === undefined ? "payment_failed" : "payment_unconfirmed";
      return { status: "refused", holdCode, detail: `${amount}: ${answer.message}` };
    },

    /** Undo of `authorizePayment`, also where its answer never arrived. */
    async cancelAuthorization({ orderId }: OrderId): Promise<void> {
      const order = await mustReadOrder(database, orderId);
      // Asking again with the same key tells how a call ended whose answer was lost.
      for (const call of await readPaymentTransactions(database, orderId))
        if (call.status === "pending" && call.type !== "refund")
          await settle(orderId, call, await perform(order, call), "saga:cancel-authorization");
      await giveUpUnconfirmed({ database, payments }, orderId, "saga:cancel-authorization");
      const open = (await readAuthorizations(database, orderId)).filter(({ state }) => state === "open");
      for (const authorization of open) {
        const call = await beginPaymentTransaction(database, {
          ...accountOf(authorization),
          key: `${authorization.key}:void`,
          orderId,
          type: "void",
          amountMinor: authorization.amountMinor - authorization.capturedMinor,
          currency: order.currency,
          authorizationKey: authorization.key,
        });
        const answer = await perform(order, call);
        if (answer.status === "declined") throw new StepImpossible("void_declined", answer.message);
        await settle(orderId, call, answer, "saga:cancel-authorization");
      }
    },

    /**
     * Brings the money to where the order is: captures what was handed over, authorises what the order has
     * become dearer by, gives back what nothing more is to come of. Repeating it changes nothing.
     */
    adjustPayment,

    /** The step of the version before `adjustPayment`, which captured with each parcel. */
    async capturePayment({
      orderId,
    }: OrderId & { readonly shipmentId: string; readonly attempt: number }): Promise<
      Done<"captured"> | StepRefusal
    > {
      const { status } = await adjustPayment({ orderId });
      if (status === "agrees") return { status: "captured" };
      const { holdReasons } = await mustReadOrder(database, orderId);
      const reason = holdReasons.find(({ code }) => isMoneyInDoubt([{ code, detail: "" }]));
      return {
        status: "refused",
        holdCode: reason?.code ?? "payment_failed",
        detail: reason?.detail ?? "The payment waits for a person.",
      };
    },
  };
}

const WORDS = {
  authorization: { type: "payment.authorized", text: "Authorised" },
  capture: { type: "payment.captured", text: "Captured" },
  void: { type: "payment.voided", text: "Gave the authorisation back:" },
} as const;

/** Who brings the parcel, as the account of what he takes. */
const TAKEN_BY_CARRIER: VendorAccount = { provider: "carrier", account: "cash" };

function effectOf(
  call: PaymentTransaction,
  { reference }: { readonly reference: string },
  stepMinor: number,
): PaymentEffect {
  const { key, provider, account, amountMinor } = call;
  if (call.type === "authorization")
    return { type: "authorization", key, provider, account, reference, amountMinor, stepMinor };
  const authorizationKey = call.authorizationKey ?? "";
  return call.type === "void"
    ? { type: "void", authorizationKey }
    : { type: "capture", authorizationKey, amountMinor, final: call.detail === "final" };
}

/** Store credit beyond what the order costs goes back to its accounts. */
async function giveBackCredit(client: DatabaseClient, order: OrderProgress): Promise<void> {
  const { orderId, currency } = order;
  const amountMinor = (await storeCreditPaid(client, orderId)) - costOf(order);
  if (amountMinor <= 0) return;
  const key = `${orderId}:credit-unused:${order.version}`;
  await giveBackStoreCredit(client, { orderId, amountMinor, key, by: "saga:adjust-payment" });
  await recordEntry(client, {
    orderId,
    key,
    type: "store_credit.given_back",
    summary: `The order costs less now: ${minorText(amountMinor, currency)} are store credit again.`,
    cause: "saga:adjust-payment",
    data: { amountMinor, currency },
  });
}

/** The payment status as the order's costs and its authorisations are now. */
async function statusNow(
  client: DatabaseClient,
  order: OrderProgress,
  money: ChargedMoney,
): Promise<PaymentStatus> {
  if (dueOf(money) === 0 && money.captured === 0) {
    return order.status === "cancelled" ? order.paymentStatus : "paid";
  }
  return rollUpPayment(client, { orderId: order.orderId, dueMinor: dueOf(money) });
}

/** A first authorisation that fails leaves nothing; a later one leaves what was authorised before. */
async function declinedStatus(
  client: DatabaseClient,
  order: OrderProgress,
  call: PaymentTransaction,
): Promise<{ readonly paymentStatus?: PaymentStatus }> {
  const isFirst = (await readAuthorizations(client, order.orderId)).length === 0;
  return call.type === "authorization" && isFirst ? { paymentStatus: "failed" } : {};
}

function missing(amount: string): HoldReason {
  return {
    code: "payment_missing",
    detail: `We are to charge ${amount}, and the order has no means of payment.`,
  };
}

function accountOf({ provider, account }: VendorAccount): VendorAccount {
  return { provider, account };
}
