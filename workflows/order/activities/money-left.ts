import { isSettled } from "../../../orders/order-status.ts";
import type { OrderProgress } from "../../../store/orders/order-progress.ts";

/**
 * What has to happen with the money before the order can end, in words; `null` where it agrees with what was
 * handed over.
 */
export function moneyLeft({ paymentStatus }: OrderProgress): string | null {
  return isSettled(paymentStatus) ? null : `the payment, which is ${paymentStatus.replaceAll("_", " ")}`;
}
