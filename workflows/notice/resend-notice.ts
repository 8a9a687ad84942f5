/**
 * The saga of one mail that staff send again. Workflow id = order id and the copy's number. A mail that
 * cannot be sent is told on the timeline, as any notice is. Deterministic code, like `order-fulfillment.ts`.
 */
import { patched } from "@temporalio/workflow";
import type { ResendInput } from "../messages.ts";
import { QUEUES_MAILS } from "../order/notices.ts";
import { internal, sendNotice } from "../order/steps.ts";

export async function resendNotice({ orderId, kind, about, copy }: ResendInput): Promise<void> {
  if (patched(QUEUES_MAILS)) await internal.queueMails({ orderId, mails: [{ kind, about, copy }] });
  else await sendNotice(orderId, kind, about, copy);
}
