/**
 * Brings our books of one payment to what its provider has just been asked: how calls ended whose answer was
 * lost, refunds that failed after all or that somebody made at the provider, disputes, and an authorisation
 * that is gone.
 *
 * The caller holds the order's lock. Everything only goes forward, by the provider's ids and our own keys:
 * asking twice changes nothing more, and an older state that was read before a newer one takes nothing back.
 * What cannot be told from what was read is left as it is. Money is moved by the order's saga, which is told;
 * of an order that has ended, what the end of a dispute leaves to be given back is asked for here.
 */
import { createHash } from "node:crypto";
import type { PaymentStatus } from "../../orders/order.ts";
import { nextMovement } from "../../orders/payment/charging.ts";
import { minorText, statusAfterRefund } from "../../orders/refund.ts";
import type { PaymentProvider, PaymentState, ProviderDispute, ProviderRefund } from "../../ports/payments.ts";
import type { Vendor, VendorAccount } from "../../ports/vendor-roster.ts";
import { dueOf, readMoneyFacts } from "../../store/orders/money-facts.ts";
import { changeOrder, lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { isFinal, putDispute } from "../../store/orders/payment-events.ts";
import {
  type Authorization,
  addRefundAtProvider,
  applyPaymentEffect,
  finishPaymentTransaction,
  moneyCallKey,
  overrulePaymentTransaction,
  type PaymentEffect,
  type PaymentTransaction,
  readAuthorizations,
  readPaymentTransactions,
} from "../../store/orders/payments.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import {
  confirmAuthorization,
  endUnconfirmed,
  readUnconfirmed,
  type UnconfirmedPayment,
} from "../../store/orders/unconfirmed-payments.ts";
import { writeAskedRefund } from "../../store/refunds/ask-for-refund.ts";
import {
  addRefund,
  findRefundOfCall,
  planRefund,
  readPaid,
  reopenRefund,
  setRefundStatus,
} from "../../store/refunds/refunds.ts";
import { forgetLostDispute, oweForLostDispute } from "../../store/refunds/settle-refund.ts";
import type { DatabaseClient } from "../../store/sql/database.ts";
import { haltInOrder } from "../holds/put-hold.ts";
import { tellDriver } from "../refunds/settle-refund.ts";
import { startSaga, tellOrderSaga } from "../tell-saga.ts";

/** One payment of an order, and who tells of it. */
type Books = VendorAccount & {
  readonly client: DatabaseClient;
  readonly orderId: string;
  readonly authorization: Authorization;
  readonly state: PaymentState;
  /** `payments:stripe`. */
  readonly by: string;
};

/** What was told overtakes the answer to our own call: nothing is written before that is. */
export class CallUnderWay extends Error {
  readonly key: string;

  constructor(key: string) {
    super(`the answer to ${key} is not written yet`);
    this.key = key;
  }
}

/**
 * @returns whether anything of ours has changed
 * @throws CallUnderWay where it has to be told again
 */
export async function reconcilePayment(
  client: DatabaseClient,
  vendor: Vendor<PaymentProvider>,
  orderId: string,
  state: PaymentState,
  eventId: string,
): Promise<boolean> {
  const { provider, account } = vendor;
  const by = `payments:${provider}`;
  const authorization = (await readAuthorizations(client, orderId)).find(
    (one) => one.provider === provider && one.account === account && one.reference === state.reference,
  );
  const unconfirmed = (await readUnconfirmed(client, orderId)).find(
    (one) => one.provider === provider && one.account === account && one.reference === state.reference,
  );
  if (unconfirmed !== undefined) return takeConfirmation(client, vendor, unconfirmed, state);
  if (authorization === undefined)
    return noteUnknownAuthorization(client, { provider, account, orderId, state, by });
  const books: Books = { client, provider, account, orderId, authorization, state, by };
  const found = [await findCaptures(books)];
  for (const refund of state.refunds) found.push(await takeRefund(books, refund));
  for (const dispute of state.disputes) found.push(await takeDispute(books, dispute));
  found.push(await noteEnd(books));
  if (found.includes("news"))
    await tellOrderSaga(client, orderId, { key: `order-changed:payment:${eventId}`, type: "order-changed" });
  return found.some((one) => one !== "nothing");
}

/**
 * A payment that its shopper was to confirm to the bank: it counts once that has happened, and is given up
 * once it cannot happen any more. Whoever calls this lets the order go on (`confirm-payment.ts`).
 *
 * @returns whether anything of ours has changed
 */
export async function takeConfirmation(
  client: DatabaseClient,
  { provider, port }: Vendor<PaymentProvider>,
  call: UnconfirmedPayment,
  state: PaymentState | null,
): Promise<boolean> {
  const order = await lockOrder(client, call.orderId);
  if (order === undefined) throw new Error(`order ${call.orderId} vanished`);
  const by = `payments:${provider}`;
  if (state?.status === "open")
    return confirmAuthorization(client, order, call, {
      stepMinor: port.smallestChargeable(call.currency),
      by,
    });
  // It is not decided yet, or the shopper may still try.
  if (state?.status === "none" && state.decline === null) return false;
  const { code, message } = state?.decline ?? { code: "canceled", message: "The payment was ended." };
  return endUnconfirmed(client, order, call, { code, message, by });
}

/**
 * What was new: `answer`, how a call ended whose step is still waiting for it, and goes on by itself; `news`,
 * what the order's saga has to be told of.
 */
type Found = "nothing" | "answer" | "news";

/**
 * Money is reserved at the bank under an authorisation that our books call declined, or do not have. While
 * its call is under way, its answer is still to be written; later, a person has to give it back.
 */
async function noteUnknownAuthorization(
  client: DatabaseClient,
  { provider, orderId, state, by }: Omit<Books, "client" | "authorization">,
): Promise<boolean> {
  if (state.status !== "open") return false;
  const calls = await readPaymentTransactions(client, orderId, "authorization");
  const isUnderWay = calls.some(({ status }) => status === "pending");
  const isAnswered = calls.some(({ reference }) => reference === state.reference);
  if (isUnderWay || isAnswered) return false;
  return recordEntry(client, {
    orderId,
    key: `payment-unknown:${state.reference}`,
    type: "payment.unknown_authorization",
    summary: `${provider} holds money under ${state.reference}, which our books do not have: give it back there.`,
    cause: by,
    data: { reference: state.reference },
  });
}

/** Captures that were carried out, though no answer has said so yet. */
async function findCaptures(books: Books): Promise<Found> {
  const { client, orderId, authorization, state, by } = books;
  const calls = await callsOf(books, "capture");
  let found: Found = "nothing";
  for (const call of calls) {
    if (call.status === "succeeded" || !state.isCaptured(call.key)) continue;
    if (!(await writeSuccess(client, call, state.reference))) continue;
    const isAnswer = call.status === "pending";
    if (found !== "news") found = isAnswer ? "answer" : "news";
    await apply(books, {
      type: "capture",
      authorizationKey: authorization.key,
      amountMinor: call.amountMinor,
      final: call.status === "pending" && call.detail === "final",
    });
    const amount = minorText(call.amountMinor, call.currency);
    await recordEntry(client, {
      orderId,
      // The entry of the answer itself, where that has not come.
      key: `${isAnswer ? "payment" : "payment-found"}:${call.key}`,
      type: "payment.captured",
      summary: isAnswer ? `Captured ${amount}.` : `Captured ${amount}, which counted as declined until now.`,
      cause: by,
      data: { amountMinor: call.amountMinor, currency: call.currency, key: call.key },
    });
  }
  return found;
}

async function takeRefund(books: Books, refund: ProviderRefund): Promise<Found> {
  const calls = await callsOf(books, "refund");
  const call = calls.find(
    (one) => refund.isOf(one.key) || (one.reference !== null && one.reference === refund.reference),
  );
  if (call === undefined) {
    // A call of a version before marks may have made it: the answer, which is still to come, says so.
    const unanswered = calls.find(
      ({ status, amountMinor }) => status === "pending" && amountMinor === refund.amountMinor,
    );
    if (unanswered !== undefined) throw new CallUnderWay(unanswered.key);
    return takeForeignRefund(books, refund);
  }
  if (refund.status !== "failed") return findRefund(books, call, refund);
  if (call.status === "pending") throw new CallUnderWay(call.key);
  return call.status === "succeeded" ? takeBackRefund(books, call, refund) : "nothing";
}

/** A refund that was made, though no answer has said so yet: whoever pays it out goes on from there. */
async function findRefund(
  books: Books,
  call: PaymentTransaction,
  { reference }: ProviderRefund,
): Promise<Found> {
  const { client, orderId, authorization, by } = books;
  if (call.status === "succeeded") return "nothing";
  // It failed at the provider after it was made: that was taken back, and is not undone by an older state.
  if (call.reference !== null) return "nothing";
  if (!(await writeSuccess(client, call, reference))) return "nothing";
  await apply(books, {
    type: "refund",
    authorizationKey: authorization.key,
    amountMinor: call.amountMinor,
  });
  // The step that waits for the answer writes it down, with what follows.
  if (call.status === "pending") return "answer";
  await recordEntry(client, {
    orderId,
    key: `payment-found:${call.key}`,
    type: "payment.refund_found",
    summary: `${minorText(call.amountMinor, call.currency)} have gone back, which counted as declined until now.`,
    cause: by,
    data: { amountMinor: call.amountMinor, currency: call.currency, key: call.key, reference },
  });
  const refund = await findRefundOfCall(client, call);
  const order = await locked(books);
  if (refund?.status === "failed")
    await tellDriver(client, order, refund, { key: `found:${call.key}`, type: "retry" });
  return "news";
}

/** A refund that had gone through has failed: the money is with us again, and finance decides. */
async function takeBackRefund(
  books: Books,
  call: PaymentTransaction,
  { reference, failure }: ProviderRefund,
): Promise<Found> {
  const { client, orderId, authorization, provider, by } = books;
  const why = (failure ?? "unknown").replaceAll("_", " ");
  const detail = `failed later: ${why}`;
  if (!(await overrulePaymentTransaction(client, call.key, { status: "declined", reference, detail })))
    return "nothing";
  const refund = await findRefundOfCall(client, call);
  const text = minorText(call.amountMinor, call.currency);
  if (refund?.reason === "at_provider")
    await setRefundStatus(client, refund.refundId, "withdrawn", { settledBy: by });
  else if (refund !== undefined)
    await reopenRefund(
      client,
      refund.refundId,
      `${provider} could not carry out the refund of ${text}: ${why}.`,
    );
  await apply(books, {
    type: "refund-failed",
    authorizationKey: authorization.key,
    amountMinor: call.amountMinor,
  });
  await recordEntry(client, {
    orderId,
    key: `refund-failed:${reference}`,
    type: "payment.refund_failed",
    summary: `The refund of ${text} has failed at the payment provider: ${why}. Finance decides what becomes of it.`,
    cause: by,
    data: { refundId: refund?.refundId, reference, amountMinor: call.amountMinor, currency: call.currency },
  });
  return "news";
}

/** Somebody has given money back at the provider, past us: it counts, and what is not sent yet waits. */
async function takeForeignRefund(books: Books, refund: ProviderRefund): Promise<Found> {
  const { client, orderId, authorization, provider, account, by } = books;
  if (refund.status === "failed" || refund.amountMinor <= 0) return "nothing";
  const order = await locked(books);
  const { currency } = order;
  const { reference, amountMinor } = refund;
  const text = minorText(amountMinor, currency);
  const [fresh] = (await readAuthorizations(client, orderId)).filter(({ key }) => key === authorization.key);
  // More than we know to be captured: the books are not made worse by half of the truth.
  if (fresh === undefined || fresh.refundedMinor + amountMinor > fresh.capturedMinor)
    return holdUnsent(
      books,
      `money:${reference}`,
      `${text} were refunded at ${provider}, which our books do not show as captured.`,
    );
  const added = await addRefund(client, {
    orderId,
    key: `${provider}:${account}:${reference}`,
    reason: "at_provider",
    currency,
    askedMinor: amountMinor,
    note: `${provider} ${reference}`,
    requestedBy: by,
  });
  if (added.status !== "requested") return "nothing";
  const { refundId, key } = added;
  await planRefund(client, refundId, { payment: amountMinor, storeCredit: 0, channel: 0, exchange: 0 }, 1);
  await setRefundStatus(client, refundId, "done", { settledBy: by });
  await addRefundAtProvider(client, {
    provider,
    account,
    key: `${key}:1`,
    orderId,
    amountMinor,
    currency,
    reference,
    authorizationKey: authorization.key,
  });
  await apply(books, { type: "refund", authorizationKey: authorization.key, amountMinor });
  await recordEntry(client, {
    orderId,
    key: `refund:${refundId}`,
    type: "payment.refunded_elsewhere",
    summary: `${text} were refunded at ${provider}, not by us (${reference}).`,
    cause: by,
    data: { refundId, reference, amountMinor, currency },
  });
  await holdUnsent(books, `refund:${reference}`, `${text} were refunded at ${provider}, not by us.`);
  return "news";
}

/** The customer's bank takes the money back, or asks about it. */
async function takeDispute(books: Books, dispute: ProviderDispute): Promise<Found> {
  const { client, orderId, authorization, provider, by } = books;
  const { currency } = await locked(books);
  const { reference, amountMinor, status, reason, respondBy } = dispute;
  const of = { orderId, authorizationKey: authorization.key, currency };
  const before = await putDispute(client, books, of, dispute);
  if (before === status || isFinal(before, status)) return "nothing";
  const text = minorText(amountMinor, currency);
  const data = { reference, amountMinor, currency, reason };
  if (before === null) {
    const answer = respondBy === null ? "" : ` An answer is due by ${respondBy.slice(0, 10)}.`;
    await recordEntry(client, {
      orderId,
      key: `dispute:${reference}`,
      type: "payment.disputed",
      summary: `The customer disputes ${text} at the bank (${reason}).${answer}`,
      cause: by,
      data,
    });
  }
  if (status !== "open")
    await recordEntry(client, {
      orderId,
      key: `dispute:${reference}:${status}`,
      type: `payment.dispute_${status}`,
      summary: DISPUTE_ENDS[status](text, reference),
      cause: by,
      data,
    });
  const about = `dispute:${reference}`;
  const detail = `The customer disputes ${text} at ${provider} (${reason}).`;
  if (status === "open") await hold(books, about, detail);
  else if (status === "lost") await holdUnsent(books, about, detail);
  if (status !== "open") await settleEndOf(books, about, before === "lost");
  return "news";
}

const DISPUTE_ENDS = {
  won: (text: string, reference: string) =>
    `The dispute about ${text} is over, and the money stays with us (${reference}).`,
  lost: (text: string, reference: string) =>
    `The dispute about ${text} is lost: the bank has given the money back (${reference}).`,
  refunded: (text: string, reference: string) =>
    `The dispute about ${text} is over: the money went back by a refund (${reference}).`,
} as const;

/**
 * What follows from the end of a dispute where no saga does it: where nothing is left to be sent, nothing is
 * left to decide and the hold goes; the money of an order that has ended is brought to where it should be.
 */
async function settleEndOf(books: Books, about: string, wasLost: boolean): Promise<void> {
  const { client, orderId, by } = books;
  if (wasLost) await forgetLostDispute(client, orderId, by);
  const order = await locked(books);
  const holdReasons = order.holdReasons.filter(({ id }) => id !== holdIdOf(orderId, about));
  if (!isUnsent(order) && holdReasons.length < order.holdReasons.length)
    await changeOrder(client, order, { holdReasons });
  if (order.status !== "completed" && order.status !== "cancelled") return;
  const { money } = await readMoneyFacts(client, order);
  const movement = nextMovement(money);
  if (movement?.type === "write-debt")
    await oweForLostDispute(client, order, {
      amountMinor: movement.amountMinor,
      before: money.owedForLost,
      by,
    });
  if (movement?.type !== "give-back") return;
  const { channelId } = order;
  const refundId = await writeAskedRefund(client, order, {
    key: `${orderId}:overpaid:${about}`,
    reason: order.status === "cancelled" ? "cancellation" : "overpayment",
    amountMinor: movement.amountMinor,
    by,
  });
  const args = [{ refundId, orderId, channelId }] as const;
  await startSaga(client, { workflow: "refundPayment", workflowId: refundId, args: [...args] });
}

/**
 * The authorisation is gone at the provider, and no call of ours has ended it: the order's saga authorises
 * again what is still to be charged, or waits for another means of payment.
 */
async function noteEnd(books: Books): Promise<Found> {
  const { client, orderId, state, by, provider } = books;
  const authorization = (await readAuthorizations(client, orderId)).find(
    ({ key }) => key === books.authorization.key,
  );
  if (authorization?.state !== "open" || state.status !== "closed") return "nothing";
  const calls = await readPaymentTransactions(client, orderId);
  const isUnderWay = calls.some(
    ({ type, status, authorizationKey }) =>
      authorizationKey === authorization.key &&
      status === "pending" &&
      (type === "capture" || type === "void"),
  );
  if (isUnderWay) return "nothing";
  const { currency } = await locked(books);
  if (state.capturedMinor > authorization.capturedMinor) {
    // The machine that a backup was taken of has made the call that the order's saga makes next.
    if (state.isCaptured(moneyCallKey(orderId, calls.length + 1))) return "nothing";
    const more = minorText(state.capturedMinor - authorization.capturedMinor, currency);
    return holdUnsent(
      books,
      `money:${state.reference}:${state.capturedMinor}`,
      `${more} were captured at ${provider}, not by us.`,
    );
  }
  await apply(books, { type: "expiry", authorizationKey: authorization.key });
  await recordEntry(client, {
    orderId,
    key: `authorization-gone:${authorization.key}`,
    type: "payment.authorization_gone",
    summary: `${minorText(authorization.amountMinor - authorization.capturedMinor, currency)} are no longer authorised: ${provider} or the bank has ended it.`,
    cause: by,
    data: { reference: state.reference },
  });
  return "news";
}

/** What is not sent yet waits for finance. */
async function holdUnsent(books: Books, about: string, detail: string): Promise<Found> {
  return isUnsent(await locked(books)) ? hold(books, about, detail) : "nothing";
}

function isUnsent({ lines }: OrderProgress): boolean {
  return lines.some((line) => line.ordered - line.cancelled - line.shipped - line.fulfilledElsewhere > 0);
}

function holdIdOf(orderId: string, about: string): string {
  return createHash("sha256").update(`${orderId}\n${about}`).digest("hex").slice(0, 12);
}

/** Where the order has not ended: finance sees that it waits, and for what. */
async function hold(books: Books, about: string, detail: string): Promise<Found> {
  const { client, orderId, by } = books;
  const held = { code: "payment_disputed", detail, id: holdIdOf(orderId, about) } as const;
  const halted = await haltInOrder(client, { orderId, held, entryKey: `order.held:${about}`, by });
  return halted.status === "done" ? "news" : "nothing";
}

async function apply(books: Books, effect: PaymentEffect): Promise<void> {
  const { client, orderId } = books;
  const order = await locked(books);
  const sums = {
    orderId,
    currency: order.currency,
    dueMinor: dueOf((await readMoneyFacts(client, order)).money),
  };
  const rolledUp = await applyPaymentEffect(client, sums, effect);
  const isRefund = effect.type === "refund" || effect.type === "refund-failed";
  const paymentStatus = isRefund ? await statusWithRefunds(client, order) : rolledUp;
  if (paymentStatus !== order.paymentStatus) await changeOrder(client, order, { paymentStatus });
}

/** By all refunds of the order as they are now; one of them may have come back. */
async function statusWithRefunds(client: DatabaseClient, order: OrderProgress): Promise<PaymentStatus> {
  const { paid, refunded } = await readPaid(client, order);
  const before = ["partially_refunded", "refunded"].includes(order.paymentStatus)
    ? "paid"
    : order.paymentStatus;
  return statusAfterRefund(before, paid, refunded);
}

/** @returns whether the call had another answer until now */
function writeSuccess(client: DatabaseClient, call: PaymentTransaction, reference: string): Promise<boolean> {
  return call.status === "pending"
    ? finishPaymentTransaction(client, call.key, { status: "succeeded", reference })
    : overrulePaymentTransaction(client, call.key, {
        status: "succeeded",
        reference,
        detail: "read at the payment provider",
      });
}

async function callsOf(
  { client, orderId, authorization }: Books,
  type: "capture" | "refund",
): Promise<readonly PaymentTransaction[]> {
  const calls = await readPaymentTransactions(client, orderId, type);
  return calls.filter(({ authorizationKey }) => authorizationKey === authorization.key);
}

/** As it is now: what was done for one part of a payment may have changed it. */
async function locked({ client, orderId }: Books): Promise<OrderProgress> {
  const order = await lockOrder(client, orderId);
  if (order === undefined) throw new Error(`order ${orderId} vanished`);
  return order;
}
