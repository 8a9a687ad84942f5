import type { OrderProgress } from "../../../store/orders/order-progress.ts";
import { writeOutbox } from "../../../store/outbox.ts";
import { type TooMuchCaptured, writeAskedRefund } from "../../../store/refunds/ask-for-refund.ts";
import type { Queryable } from "../../../store/sql/database.ts";
import { startRow } from "../../messages.ts";

/** Asks for a refund of what our provider has captured too much; the refund's own saga pays it out. */
export async function askForRefund(
  client: Queryable,
  order: OrderProgress,
  wanted: TooMuchCaptured,
): Promise<void> {
  const { orderId, channelId } = order;
  const refundId = await writeAskedRefund(client, order, wanted);
  await writeOutbox(client, [
    startRow({ workflow: "refundPayment", workflowId: refundId, args: [{ refundId, orderId, channelId }] }),
  ]);
}
