/**
 * Authorisations that their bank wants the shopper to confirm (3-D Secure): declined by the books, under a
 * payment of the provider's that may still succeed.
 *
 * Owns how such a call leaves that state: it is confirmed and counts, or it can never be confirmed any more.
 * Each happens once; the caller holds the order's lock. What is true is read at the provider by the caller.
 *
 * Invariant: a declined authorisation has a reference as long as it can be confirmed, and no longer. So
 * nothing is given up by the books while the bank may still reserve the money for it.
 */
import { minorText } from "../../orders/refund.ts";
import { writeOutbox } from "../outbox.ts";
import type { Queryable } from "../sql/database.ts";
import { dueOf, readMoneyFacts } from "./money-facts.ts";
import { askForPaymentRow } from "./notices.ts";
import { changeOrder, type OrderProgress } from "./order-progress.ts";
import {
  applyPaymentEffect,
  closeDeclinedTransaction,
  overrulePaymentTransaction,
  type PaymentTransaction,
  readAuthorizations,
  readPaymentTransactions,
} from "./payments.ts";
import { recordEntry } from "./timeline.ts";

export type UnconfirmedPayment = PaymentTransaction & { readonly reference: string };

export function isUnconfirmed(call: PaymentTransaction): call is UnconfirmedPayment {
  return call.type === "authorization" && call.status === "declined" && call.reference !== null;
}

/** Oldest first. */
export async function readUnconfirmed(
  client: Queryable,
  orderId: string,
): Promise<readonly UnconfirmedPayment[]> {
  return (await readPaymentTransactions(client, orderId, "authorization")).filter(isUnconfirmed);
}

/**
 * The bank keeps the money now.
 *
 * @param stepMinor amounts at this provider are multiples of it
 * @returns whether it was unconfirmed until now
 */
export async function confirmAuthorization(
  client: Queryable,
  order: OrderProgress,
  call: UnconfirmedPayment,
  { stepMinor, by }: { readonly stepMinor: number; readonly by: string },
): Promise<boolean> {
  const { orderId, currency } = order;
  const { key, provider, account, reference, amountMinor } = call;
  const detail = "confirmed by the shopper";
  if (!(await overrulePaymentTransaction(client, key, { status: "succeeded", reference, detail })))
    return false;
  await recordEntry(client, {
    orderId,
    key: `payment-confirmed:${key}`,
    type: "payment.authorized",
    summary: `Authorised ${minorText(amountMinor, currency)}: the shopper has confirmed it to the bank.`,
    cause: by,
    data: { amountMinor, currency, key },
  });
  const { money } = await readMoneyFacts(client, order, stepMinor);
  const paymentStatus = await applyPaymentEffect(
    client,
    { orderId, currency, dueMinor: dueOf(money) },
    { type: "authorization", key, provider, account, reference, amountMinor, stepMinor },
  );
  await changeOrder(client, order, { paymentStatus });
  return true;
}

/** We have ended it at the provider ourselves, for another payment or because the order needs none. */
export const GIVEN_UP = "given_up";

/**
 * Nobody can confirm it any more. An order that waits for that waits for another means of payment from now
 * on, and its shopper is asked for one, unless we have given it up.
 *
 * @returns whether it was unconfirmed until now
 */
export async function endUnconfirmed(
  client: Queryable,
  order: OrderProgress,
  call: UnconfirmedPayment,
  why: { readonly code: string; readonly message: string; readonly by: string },
): Promise<boolean> {
  const { orderId, currency } = order;
  const { key, reference, amountMinor } = call;
  if (!(await closeDeclinedTransaction(client, key, `${why.code}: ${why.message}`))) return false;
  await recordEntry(client, {
    orderId,
    key: `payment-unconfirmed:${key}`,
    type: "payment.declined",
    summary: `${minorText(amountMinor, currency)} were not confirmed by the shopper: ${why.message}`,
    cause: why.by,
    data: { amountMinor, currency, key, reference },
  });
  if (why.code === GIVEN_UP) return true;
  const waits = order.holdReasons.some(({ code }) => code === "payment_unconfirmed");
  const isFirst = (await readAuthorizations(client, orderId)).length === 0;
  const detail = `${minorText(amountMinor, currency)}: ${why.message}`;
  await changeOrder(client, order, {
    holdReasons: order.holdReasons.map((reason) =>
      reason.code === "payment_unconfirmed" ? { ...reason, code: "payment_failed" as const, detail } : reason,
    ),
    ...(isFirst ? { paymentStatus: "failed" } : {}),
  });
  if (waits) await writeOutbox(client, [askForPaymentRow(orderId, `unconfirmed:${key}`)]);
  return true;
}
