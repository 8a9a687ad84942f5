/**
 * Steps that give money back. What goes back, and who pays it out, is written before anybody is asked; each
 * call to the payment provider has its row and key before it is made; its effect counts once, when the first
 * answer is written.
 *
 * Two drive a refund: the saga of its return (`refundInspection`), and its own saga (`payRefund`).
 */
import { valueOfUnits } from "../../../orders/line-value.ts";
import { wholeSteps } from "../../../orders/payment/charging.ts";
import { moneyMissing } from "../../../orders/payment/order-completion.ts";
import {
  minorText,
  NOTHING_LEFT,
  type Pockets,
  type Refundable,
  splitRefund,
} from "../../../orders/refund.ts";
import { standingPieces, uninspectedUnits } from "../../../orders/return-authorization.ts";
import { creditBonus } from "../../../orders/returns/refund-way.ts";
import { holderOf } from "../../../orders/store-credit.ts";
import type { PaymentResult } from "../../../ports/payments.ts";
import { dueOf, readMoneyFacts } from "../../../store/orders/money-facts.ts";
import { changeOrder, type OrderProgress } from "../../../store/orders/order-progress.ts";
import { readDisputed, readOpenDispute } from "../../../store/orders/payment-events.ts";
import {
  applyPaymentEffect,
  beginPaymentTransaction,
  finishPaymentTransaction,
  type PaymentTransaction,
  readAuthorizations,
  readPayment,
  readPaymentTransactions,
  readRefundsUnderWay,
} from "../../../store/orders/payments.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import { writeOutbox } from "../../../store/outbox.ts";
import {
  addRefund,
  findRefund,
  planRefund,
  type RefundRecord,
  readAskedOfReturn,
  readCreditedOfReturn,
  readRefund,
  readRefundable,
  setRefundStatus,
} from "../../../store/refunds/refunds.ts";
import { oweByCustomer, settleRefund } from "../../../store/refunds/settle-refund.ts";
import { settleStatus } from "../../../store/returns/return-progress.ts";
import {
  lockReturn,
  markInspection,
  type ReturnRecord,
  readReturn,
  setReturnValue,
} from "../../../store/returns/returns.ts";
import { type DatabaseClient, inTransaction, type Queryable } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible, StepTooEarly } from "../../activities/failures.ts";
import { signalRow } from "../../messages.ts";
import { mustLockOrder } from "../../order/activities/order-state.ts";
import { askProvider } from "../../order/activities/provider-call.ts";
import type { StepRefusal } from "../../saga/step-refusal.ts";
import { dueInExchange, payExchange } from "./exchange.ts";

type RefundIds = { readonly orderId: string; readonly refundId: string };

export type PaidRefund = {
  readonly status: "refunded" | "due_at_channel";
  /** Absent in histories of the version before this one. */
  readonly amountMinor?: number;
};

/**
 * @property refundId absent where nothing was to be paid out, and in histories of the version before this one
 */
export type PaidInspection = PaidRefund & { readonly refundId?: string };

const CAUSE = "saga:refund-return";

/** A refund with its amounts, and the calls that its part of the provider takes, while that is open. */
type Planned = {
  readonly refund: RefundRecord;
  readonly calls: readonly PaymentTransaction[];
  /** Why nothing of it is paid out now. */
  readonly refusal?: StepRefusal;
};

export function createRefundActivities({ database, payments }: SagaDependencies) {
  /** @param attempt counts from 1; a higher one tries a refund again that was declined */
  const pay = async (ids: RefundIds, attempt: number, cause: string): Promise<PaidRefund | StepRefusal> => {
    const planned = await inTransaction(database, (client) => plan(client, ids, attempt, cause));
    const { refund, calls, refusal } = planned;
    if (refusal !== undefined) return refusal;
    for (const [index, call] of calls.entries()) {
      const authorizations = await readAuthorizations(database, ids.orderId);
      const authorization = authorizations.find(({ key }) => key === call.authorizationKey);
      const reference = authorization?.reference ?? "";
      const run = () =>
        payments.at(call).refund({
          idempotencyKey: call.key,
          reference,
          amountMinor: call.amountMinor,
          currency: call.currency,
          reason: refund.returnId === null ? refund.reason : `Return ${refund.returnId}`,
        });
      const answer = await askProvider(call, run, (subject) =>
        payments.at(call).readPayment(reference, subject),
      );
      const outcome = await inTransaction(database, (client) =>
        settleCall(client, refund, call, answer, { isLast: index === calls.length - 1, cause }),
      );
      if (outcome !== null) return outcome;
    }
    return outcomeOf((await readRefund(database, ids.refundId)) ?? refund);
  };

  const refundOf = async (ids: InspectionIds, attempt: number): Promise<PaidInspection | StepRefusal> => {
    const refund = await inTransaction(database, (client) => refundFor(client, ids));
    const paid = refund === null ? NOTHING : await pay({ ...ids, refundId: refund.refundId }, attempt, CAUSE);
    if (paid.status === "refused") return paid;
    return inTransaction(database, async (client) => {
      await mustLockOrder(client, ids.orderId);
      await lockReturn(client, ids.returnId);
      await markInspection(client, ids.inspectionId, "refunded_at");
      await settleStatus(client, ids.returnId);
      if (refund === null) return NOTHING;
      const after = await readRefund(client, refund.refundId);
      return after?.status === "withdrawn" ? NOTHING : { ...paid, refundId: refund.refundId };
    });
  };

  return {
    /** Pays out a refund that a person, a claim or an exchange has asked for. */
    async payRefund({
      orderId,
      refundId,
      attempt,
    }: RefundIds & { readonly attempt: number }): Promise<PaidRefund | StepRefusal> {
      return pay({ orderId, refundId }, attempt, "saga:pay-refund");
    },

    /** A refund that was declined is given up: its money can be given back in another way. */
    async withdrawRefund({ orderId, refundId }: RefundIds): Promise<void> {
      await inTransaction(database, async (client) => {
        await mustLockOrder(client, orderId);
        const refund = await readRefund(client, refundId);
        if (refund?.status !== "failed" && refund?.status !== "requested") return;
        await setRefundStatus(client, refundId, "withdrawn", { settledBy: "saga:withdraw-refund" });
        await recordEntry(client, {
          orderId,
          key: `refund-withdrawn:${refundId}`,
          type: "refund.withdrawn",
          summary: `Refund ${refundId} could not be paid out and was given up.`,
          cause: "saga:withdraw-refund",
          data: { refundId },
        });
        await tellOrder(client, refund);
      });
    },

    /** Refunds what an inspection of a return brought, with tax. What did not come back is not refunded. */
    async refundInspection({
      orderId,
      returnId,
      inspectionId,
      attempt,
    }: {
      readonly orderId: string;
      readonly returnId: string;
      readonly inspectionId: string;
      readonly attempt: number;
    }): Promise<PaidInspection | StepRefusal> {
      return refundOf({ orderId, returnId, inspectionId }, attempt);
    },

    /** The same for the first inspection, as sagas of the former version ask for it: they know no other. */
    async refundReturn({
      orderId,
      returnId,
      attempt,
    }: {
      readonly orderId: string;
      readonly returnId: string;
      readonly attempt: number;
    }): Promise<PaidInspection | StepRefusal> {
      const [first] = (await mustReadReturn(database, returnId)).inspections;
      if (first === undefined) return NOTHING;
      return refundOf({ orderId, returnId, inspectionId: first.inspectionId }, attempt);
    },
  };
}

/** An inspection of which nothing is to be paid out. */
const NOTHING: PaidInspection = { status: "refunded", amountMinor: 0 };

type InspectionIds = { readonly orderId: string; readonly returnId: string; readonly inspectionId: string };

/**
 * The refund of an inspection, written down; null where it brought nothing that is still to be refunded. What
 * was refunded too much before a correction is owed by the customer, once every unit that came is inspected.
 */
async function refundFor(
  client: DatabaseClient,
  { orderId, returnId, inspectionId }: InspectionIds,
): Promise<RefundRecord | null> {
  const order = await mustLockOrder(client, orderId);
  const returned = await mustReadReturn(client, returnId);
  const inspection = returned.inspections.find((one) => one.inspectionId === inspectionId);
  if (inspection === undefined)
    throw new StepImpossible("inspection_not_found", `There is no inspection ${inspectionId}.`);
  // The first bears the return's name, as it did when a return had one refund.
  const key = inspection.number === 1 ? `${returnId}:refund` : `${returnId}:refund-${inspection.number}`;
  const known = await findRefund(client, key);
  if (known !== undefined) return known;
  const value = returned.valueMinor ?? valueReceived(order, returned);
  if (returned.valueMinor === null) await setReturnValue(client, returnId, value);
  const due = value - (await readAskedOfReturn(client, returnId));
  const refund = {
    orderId,
    key,
    reason: "return",
    currency: order.currency,
    askedMinor: Math.abs(due),
    returnId,
    requestedBy: "saga:refund-return",
  } as const;
  const toStoreCredit = returned.refundTo === "store_credit";
  if (due > 0 && toStoreCredit && holderOf(order.document) === null)
    throw new StepImpossible(
      "customer_unknown",
      `${returnId} is to become store credit, and ${orderId} names no customer any more who could hold it.`,
    );
  if (due > 0) return addRefund(client, { ...refund, toStoreCredit });
  const isWhole = returned.lines.every((line) => uninspectedUnits(returned, line) === 0);
  if (due < 0 && isWhole) await oweByCustomer(client, { ...refund, key: `${key}:owed` });
  return null;
}

async function mustReadReturn(client: Queryable, returnId: string): Promise<ReturnRecord> {
  const returned = await readReturn(client, returnId);
  if (returned === undefined) throw new StepImpossible("return_not_found", `There is no return ${returnId}.`);
  return returned;
}

/**
 * Fixes what goes back and who pays it out. Where nothing goes through the payment provider, that ends the
 * refund.
 *
 * @throws StepTooEarly `capture_outstanding` while a capture is still under way: goods can be back before
 *   the answer to their capture is written
 */
async function plan(
  client: DatabaseClient,
  { orderId, refundId }: RefundIds,
  attempt: number,
  cause: string,
): Promise<Planned> {
  const order = await mustLockOrder(client, orderId);
  const refund = await readRefund(client, refundId);
  if (refund === undefined) throw new StepImpossible("refund_not_found", `There is no refund ${refundId}.`);
  const isOpen = refund.status === "requested" || (refund.status === "failed" && attempt > refund.attempt);
  if (!isOpen) {
    const calls = await openCalls(client, refund);
    // The provider has told of its own accord how the last call had ended.
    if (refund.status === "pending" && calls.length === 0) await end(client, order, refund, cause);
    // A step whose answer was lost is asked again for what it was refused before any call was made.
    if (refund.status === "failed" && calls.length === 0)
      return { refund, calls, refusal: declined(refund.failure ?? "It was stopped before.") };
    return { refund, calls };
  }
  const refusal = await refuseDisputed(client, refund);
  if (refusal !== null) {
    await reviewStatus(client, order);
    return { refund, calls: [], refusal };
  }
  const split = await splitOf(client, order, refund, attempt);
  const isNothing = split.payment + split.storeCredit + split.channel + split.exchange === 0;
  // A return keeps account of what it has asked for, also where the provider's step leaves nothing of it.
  if (isNothing && refund.returnId === null) {
    await dropRefund(client, refund, { split, attempt, cause });
    return { refund: (await readRefund(client, refundId)) ?? refund, calls: [] };
  }
  await planRefund(client, refundId, split, attempt);
  const planned = (await readRefund(client, refundId)) as RefundRecord;
  const calls = await beginCalls(client, planned);
  if (calls.length > 0) {
    await reviewStatus(client, order);
    return { refund: planned, calls };
  }
  await end(client, order, planned, cause);
  return { refund: (await readRefund(client, refundId)) ?? planned, calls };
}

/**
 * While the customer's bank asks for the money, nothing goes back of our own accord: the customer could have
 * it twice.
 */
async function refuseDisputed(
  client: DatabaseClient,
  { orderId, refundId }: RefundRecord,
): Promise<StepRefusal | null> {
  const dispute = await readOpenDispute(client, orderId);
  if (dispute === undefined) return null;
  const amount = minorText(dispute.amountMinor, dispute.currency);
  const failure = `The customer disputes ${amount} at the bank (${dispute.reference}): try it again when that is over.`;
  await setRefundStatus(client, refundId, "failed", { failure });
  return declined(failure);
}

/** Nothing is left that could go back: it was given in another way since, or the bank has taken it. */
async function dropRefund(
  client: DatabaseClient,
  refund: RefundRecord,
  { split, attempt, cause }: { readonly split: Split; readonly attempt: number; readonly cause: string },
): Promise<void> {
  const { orderId, refundId } = refund;
  // So that it counts for nothing of what went back.
  await planRefund(client, refundId, split, attempt);
  await setRefundStatus(client, refundId, "withdrawn", { failure: NOTHING_LEFT, settledBy: cause });
  await recordEntry(client, {
    orderId,
    key: `refund:${refundId}`,
    type: "refund.nothing_due",
    summary: `Nothing is refunded (${refundId}). ${NOTHING_LEFT}`,
    cause,
    data: { refundId, amountMinor: 0, currency: refund.currency },
  });
  await tellOrder(client, refund);
}

/**
 * An order waits for its refunds before it ends: one that is open opens it again, until its saga has ended
 * it.
 */
async function reviewStatus(client: DatabaseClient, order: OrderProgress): Promise<void> {
  if (order.status === "completed") await changeOrder(client, order, {});
}

/** The order may have waited for this refund alone. */
async function tellOrder(
  client: DatabaseClient,
  { orderId, refundId, attempt, status }: RefundRecord,
): Promise<void> {
  const key = `order-changed:refund:${refundId}:${status}:${attempt}`;
  const message = { key, type: "order-changed" } as const;
  await writeOutbox(client, [signalRow({ workflowId: orderId, signal: "orderMessage", message })]);
}

/** What follows from a refund whose payment, if it has one, has gone through. */
async function end(
  client: DatabaseClient,
  order: OrderProgress,
  refund: RefundRecord,
  cause: string,
): Promise<void> {
  const paymentStatus = await settleRefund(client, order, refund, cause);
  if (refund.returnId !== null) await payExchange(client, order, refund, cause);
  await changeOrder(client, order, { paymentStatus });
  await tellOrder(client, refund);
}

type Split = Pockets & { readonly exchange: number; readonly bonus?: number };

async function splitOf(
  client: DatabaseClient,
  order: OrderProgress,
  refund: RefundRecord,
  attempt: number,
): Promise<Split> {
  // A former version wrote the call alone. Its amount stands.
  const calls = await callsOf(client, refund);
  const begun = calls.find(({ key }) => key === keyOf(refund, attempt));
  if (begun !== undefined) return { payment: begun.amountMinor, storeCredit: 0, channel: 0, exchange: 0 };
  // What has gone back in part, or has come back to us, goes on as it was planned.
  if (refund.isReopened || calls.some(({ status }) => status === "succeeded"))
    return {
      payment: refund.paymentMinor,
      storeCredit: refund.storeCreditMinor,
      channel: refund.channelMinor,
      exchange: refund.exchangeMinor,
    };
  const from = await readRefundable(client, order, refund.refundId);
  const step = (await readPayment(client, order.orderId))?.stepMinor ?? 1;
  const asked = refund.askedMinor + (refund.reason === "return" && step > 1 ? from.carried : 0);
  if (asked > from.left) await refuseEarly(client, order, refund, from);
  // What was captured too much goes back to where it was captured.
  if (refund.reason === "overpayment") {
    const payment = wholeSteps(Math.min(asked, from.pockets.payment), step);
    return { payment, storeCredit: 0, channel: 0, exchange: 0 };
  }
  const due = refund.returnId === null ? 0 : await dueInExchange(client, order, refund.returnId);
  const exchange = Math.max(0, Math.min(asked, from.left - from.unmatched, due));
  const rest = { ...from, left: from.left - exchange };
  const split = refund.toStoreCredit
    ? {
        payment: 0,
        storeCredit: Math.max(0, Math.min(asked - exchange, rest.left - rest.unmatched)),
        channel: 0,
      }
    : splitRefund(asked - exchange, rest, step);
  if (refund.returnId === null || !refund.toStoreCredit) return { ...split, exchange };
  const { bonusPercent } = await mustReadReturn(client, refund.returnId);
  const earlier = await readCreditedOfReturn(client, refund.returnId, refund.refundId);
  return { ...split, exchange, bonus: creditBonus(split.storeCredit, bonusPercent, earlier) };
}

async function refuseEarly(
  client: DatabaseClient,
  order: OrderProgress,
  refund: RefundRecord,
  { left }: Refundable,
): Promise<void> {
  if (order.status === "completed" || order.status === "cancelled") return;
  const missing = moneyMissing(await readMoneyFacts(client, order));
  if (missing?.code !== "capture_outstanding" && missing?.code !== "authorization_outstanding") return;
  throw new StepTooEarly(
    "capture_outstanding",
    [
      `${refund.returnId === null ? `Refund ${refund.refundId}` : `Return ${refund.returnId}`} is refunded once its goods are paid for:`,
      `${minorText(refund.askedMinor, refund.currency)} are to be refunded,`,
      `${minorText(left, refund.currency)} of the captured money are left, a capture is outstanding.`,
    ].join(" "),
  );
}

/** The provider's idempotency key. */
function keyOf({ key }: RefundRecord, attempt: number): string {
  return `${key}:${attempt}`;
}

/** Every call that was made for the refund, whatever came of it. */
async function callsOf(
  client: DatabaseClient,
  { orderId, key }: RefundRecord,
): Promise<readonly PaymentTransaction[]> {
  const calls = await readPaymentTransactions(client, orderId, "refund");
  return calls.filter((call) => call.key.startsWith(`${key}:`));
}

/** The calls that a refund waits for, or the one that was declined. */
async function openCalls(
  client: DatabaseClient,
  refund: RefundRecord,
): Promise<readonly PaymentTransaction[]> {
  if (refund.status !== "pending" && refund.status !== "failed") return [];
  const first = keyOf(refund, refund.attempt);
  return (await callsOf(client, refund)).filter(
    ({ key, status }) => status !== "succeeded" && (key === first || key.startsWith(`${first}:`)),
  );
}

/**
 * What the provider is still to give back of the refund, one call for each authorisation that it was captured
 * from, oldest first.
 */
async function beginCalls(
  client: DatabaseClient,
  refund: RefundRecord,
): Promise<readonly PaymentTransaction[]> {
  const made = await callsOf(client, refund);
  let left = made.reduce(
    (minor, { status, amountMinor }) => (status === "succeeded" ? minor - amountMinor : minor),
    refund.paymentMinor,
  );
  const calls: PaymentTransaction[] = [];
  const underWay = await readRefundsUnderWay(client, refund.orderId, refund.refundId);
  const disputed = await readDisputed(client, refund.orderId);
  for (const authorization of await readAuthorizations(client, refund.orderId)) {
    const { capturedMinor, refundedMinor } = authorization;
    const { key: of } = authorization;
    const takenBack = refundedMinor + (underWay.get(of) ?? 0) + (disputed.get(of) ?? 0);
    const amountMinor = Math.min(left, capturedMinor - takenBack);
    if (amountMinor <= 0) continue;
    const key = keyOf(refund, refund.attempt);
    calls.push(
      await beginPaymentTransaction(client, {
        provider: authorization.provider,
        account: authorization.account,
        key: calls.length === 0 ? key : `${key}:${calls.length + 1}`,
        orderId: refund.orderId,
        type: "refund",
        amountMinor,
        currency: refund.currency,
        authorizationKey: authorization.key,
      }),
    );
    left -= amountMinor;
  }
  if (left > 0 && refund.paymentMinor > 0)
    throw new StepImpossible("payment_not_found", `Of ${refund.orderId}, less was captured than goes back.`);
  return calls;
}

/**
 * Writes the first answer to one call, and what it changes; the last one ends the refund.
 *
 * @returns what came of the refund; `null` while further calls are to be made
 */
async function settleCall(
  client: DatabaseClient,
  { refundId, orderId }: RefundRecord,
  call: PaymentTransaction,
  answer: PaymentResult,
  { isLast, cause }: { readonly isLast: boolean; readonly cause: string },
): Promise<PaidRefund | StepRefusal | null> {
  const order = await mustLockOrder(client, orderId);
  const refund = (await readRefund(client, refundId)) as RefundRecord;
  const first = await finishPaymentTransaction(
    client,
    call.key,
    answer.status === "succeeded"
      ? { status: "succeeded", reference: answer.reference }
      : { status: "declined", reference: null, detail: `${answer.code}: ${answer.message}` },
  );
  if (answer.status === "declined") {
    if (!first) return declined(answer.message);
    await setRefundStatus(client, refundId, "failed", { failure: answer.message });
    await recordEntry(client, {
      orderId,
      key: `payment:${call.key}`,
      type: "payment.declined",
      summary: `Refund of ${minorText(call.amountMinor, call.currency)} declined: ${answer.message}`,
      cause,
      data: { refundId, amountMinor: call.amountMinor, currency: call.currency },
    });
    await reviewStatus(client, order);
    return declined(answer.message);
  }
  if (first)
    await applyPaymentEffect(
      client,
      {
        orderId,
        currency: order.currency,
        dueMinor: dueOf((await readMoneyFacts(client, order)).money),
      },
      { type: "refund", authorizationKey: call.authorizationKey ?? "", amountMinor: call.amountMinor },
    );
  if (!isLast) return null;
  if (refund.status === "pending") await end(client, order, refund, cause);
  return outcomeOf((await readRefund(client, refundId)) ?? refund);
}

/**
 * What the units of a return are worth that the former version has inspected. The ledger has them already.
 */
function valueReceived(order: OrderProgress, returned: ReturnRecord): number {
  return returned.lines.reduce((total, line) => {
    const priced = order.lines.find(({ lineId }) => lineId === line.lineId);
    const units = standingPieces(returned, line.lineId)
      .filter(({ disposition }) => disposition !== "missing")
      .reduce((sum, { quantity }) => sum + quantity, 0);
    if (priced === undefined || units === 0) return total;
    const before = priced.returnReceived - units;
    return total + valueOfUnits(priced, before, before + units, order.currency, order.exponent);
  }, 0);
}

/** What pays for an order in exchange is no money that the customer is told of. */
function outcomeOf({ status, amountMinor, exchangeMinor }: RefundRecord): PaidRefund {
  if (status === "withdrawn") return NOTHING;
  const isDue = status === "due_at_channel" || status === "confirmed_by_channel";
  return { status: isDue ? "due_at_channel" : "refunded", amountMinor: amountMinor - exchangeMinor };
}

function declined(message: string): StepRefusal {
  return { status: "refused", holdCode: "payment_failed", detail: message };
}
