/** Staff send a mail again that the shopper says not to have. It is written anew, from what is true now. */
import { countCopies, readSentNotice } from "../../store/orders/notices.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { readEntryData, recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { ResendInput } from "../../workflows/messages.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { startSaga } from "../tell-saga.ts";

type ResendRequest = {
  readonly orderId: string;
  /** The key of a notice that was sent. */
  readonly notice: string;
  /** `staff:…` or `key:…`. */
  readonly by: string;
  /** Repeating a request with the same key sends nothing more. */
  readonly key: string;
};

export async function resendNotice(
  context: OperationContext,
  { orderId, notice, by, key }: ResendRequest,
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    const entryKey = `notification.resend:${key}`;
    if ((await readEntryData(client, orderId, entryKey)) !== null) return { status: "done" };
    const sent = await readSentNotice<ResendInput["kind"]>(client, orderId, notice);
    if (sent === undefined)
      return refuse("notice_not_found", `No notice ${notice} was sent about ${orderId}.`);
    if (order.customerEmail === null)
      return refuse("customer_email_missing", `${orderId} has no mail address of its customer.`);
    const copy = 1 + (await countCopies(client, orderId));
    await recordEntry(client, {
      orderId,
      key: entryKey,
      type: "notification.resend_requested",
      summary: `Mail to be sent again to ${order.customerEmail}: ${sent.subject}`,
      cause: by,
      data: { notice, copy },
    });
    await startSaga(client, {
      workflow: "resendNotice",
      workflowId: `${orderId}:notice-${copy}`,
      args: [{ orderId, channelId: order.channelId, kind: sent.kind, about: sent.about, copy }],
    });
    return { status: "done" };
  });
}
