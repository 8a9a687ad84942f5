/** One call to the payment provider, for every step that moves money. */
import type { PaymentResult } from "../../../ports/payments.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { PaymentTransaction } from "../../../store/orders/payments.ts";

/**
 * Calls the provider unless the call was answered before. A definite "no" is a decline; a fault is thrown,
 * and the step is repeated with the same key.
 */
export async function askProvider(
  transaction: PaymentTransaction,
  run: () => Promise<PaymentResult>,
): Promise<PaymentResult> {
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
}
