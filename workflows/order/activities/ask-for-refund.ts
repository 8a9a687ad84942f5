import { minorText } from "../../../orders/refund.ts";
import type { OrderProgress } from "../../../store/orders/order-progress.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import { writeOutbox } from "../../../store/outbox.ts";
import { addRefund } from "../../../store/refunds/refunds.ts";
import type { Queryable } from "../../../store/sql/database.ts";
import { startRow } from "../../messages.ts";

/** Asks for a refund of what our provider has captured too much; the refund's own saga pays it out. */
export async function askForRefund(
  client: Queryable,
  order: OrderProgress,
  wanted: {
    readonly key: string;
    readonly reason: "overpayment" | "cancellation";
    readonly amountMinor: number;
    readonly by: string;
  },
): Promise<void> {
  const { orderId, channelId, currency } = order;
  const { key, reason, amountMinor, by } = wanted;
  const { refundId } = await addRefund(client, {
    orderId,
    key,
    reason,
    currency,
    askedMinor: amountMinor,
    requestedBy: by,
  });
  await recordEntry(client, {
    orderId,
    key: `refund-requested:${refundId}`,
    type: "refund.requested",
    summary: `${minorText(amountMinor, currency)} more were captured than the order costs now: they go back.`,
    cause: by,
    data: { refundId, amountMinor, currency },
  });
  await writeOutbox(client, [
    startRow({ workflow: "refundPayment", workflowId: refundId, args: [{ refundId, orderId, channelId }] }),
  ]);
}
