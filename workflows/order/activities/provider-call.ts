/** One call to the payment provider, for every step that moves money. */
import type { PaymentResult, PaymentState, PaymentSubject } from "../../../ports/payments.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { PaymentTransaction } from "../../../store/orders/payments.ts";
import { isUnconfirmed } from "../../../store/orders/unconfirmed-payments.ts";

/**
 * A provider forgets an idempotency key after a day, and would do again what it is asked for under it. A call
 * that is this old is looked for before it is repeated.
 */
const LOOK_FIRST_MS = 12 * 60 * 60_000;

/**
 * Calls the provider unless the call was answered before. A definite "no" is a decline; a fault is thrown,
 * and the step is repeated with the same key.
 *
 * @param read the payment that the call is about, as it is at the provider; null: it knows none
 */
export async function askProvider(
  transaction: PaymentTransaction,
  run: () => Promise<PaymentResult>,
  read: (subject: PaymentSubject) => Promise<PaymentState | null>,
): Promise<PaymentResult> {
  if (transaction.status === "succeeded")
    return { status: "succeeded", reference: transaction.reference ?? "" };
  if (transaction.status === "declined")
    return {
      status: "declined",
      code: "declined",
      message: transaction.detail ?? "declined",
      ...(isUnconfirmed(transaction) ? { unconfirmed: transaction.reference } : {}),
    };
  if (transaction.ageMs > LOOK_FIRST_MS) {
    const answer = await findAnswer(transaction, read);
    if (answer !== null) return answer;
  }
  try {
    return await run();
  } catch (fault) {
    if (fault instanceof ServiceFault && !fault.retryable)
      return { status: "declined", code: fault.code, message: fault.message };
    throw fault;
  }
}

/** How the call ended, by the mark that it has left at the provider; null: it has left none. */
async function findAnswer(
  { type, key }: PaymentTransaction,
  read: (subject: PaymentSubject) => Promise<PaymentState | null>,
): Promise<PaymentResult | null> {
  if (type === "capture") {
    const state = await read("payment");
    return state?.isCaptured(key) === true ? { status: "succeeded", reference: state.reference } : null;
  }
  if (type !== "refund") return null;
  const refund = (await read("refunds"))?.refunds.find((one) => one.isOf(key));
  if (refund === undefined) return null;
  const { reference, status, failure } = refund;
  return status === "failed"
    ? { status: "declined", code: "refund_failed", message: failure ?? "The refund has failed." }
    : { status: "succeeded", reference };
}
