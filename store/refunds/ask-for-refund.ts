/**
 * Writes down a refund of what our provider has captured too much. Its own saga, which the caller starts,
 * pays it.
 */
import { minorText } from "../../orders/refund.ts";
import type { OrderProgress } from "../orders/order-progress.ts";
import { recordEntry } from "../orders/timeline.ts";
import type { Queryable } from "../sql/database.ts";
import { addRefund } from "./refunds.ts";

export type TooMuchCaptured = {
  readonly key: string;
  readonly reason: "overpayment" | "cancellation";
  readonly amountMinor: number;
  readonly by: string;
};

/** @returns the refund's id */
export async function writeAskedRefund(
  client: Queryable,
  { orderId, currency }: OrderProgress,
  { key, reason, amountMinor, by }: TooMuchCaptured,
): Promise<string> {
  const wanted = { orderId, key, reason, currency, askedMinor: amountMinor, requestedBy: by };
  const { refundId } = await addRefund(client, wanted);
  await recordEntry(client, {
    orderId,
    key: `refund-requested:${refundId}`,
    type: "refund.requested",
    summary: `${minorText(amountMinor, currency)} more were captured than the order costs now: they go back.`,
    cause: by,
    data: { refundId, amountMinor, currency },
  });
  return refundId;
}
