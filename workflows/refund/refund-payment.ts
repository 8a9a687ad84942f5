/**
 * The saga of one refund that no return drives: it is paid out, and the customer is told. Workflow id =
 * refund id.
 *
 * A refund that the payment provider declines waits for a person, who has it tried again or gives it up. One
 * that failed there after it was done runs again, from the attempt that had gone through.
 * Deterministic code, like `order-fulfillment.ts`.
 */
import {
  defineSignal,
  patched,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import type { RefundInput, RefundMessage } from "../messages.ts";
import type { SagaNoticeKind } from "../order/activities/notices.ts";
import { Notices, QUEUES_MAILS } from "../order/notices.ts";
import { Inbox } from "../saga/inbox.ts";
import { HOLDFAST_STATUS } from "../saga/search-attributes.ts";
import { refusalOf } from "../saga/steps.ts";
import { internal, outside, sendNotice } from "./steps.ts";

export const refundMessage = defineSignal<[RefundMessage]>("refundMessage");

type RefundOutcome = { readonly status: "refunded" | "due_at_channel" | "withdrawn" };

export async function refundPayment({
  orderId,
  refundId,
  attempt: first = 1,
  again,
}: RefundInput): Promise<RefundOutcome> {
  const inbox = new Inbox<RefundMessage>();
  for (const message of again?.messages ?? []) inbox.deliver(message);
  setHandler(refundMessage, (message) => inbox.deliver(message));
  for (let attempt = first; ; attempt += 1) {
    const outcome = await outside
      .payRefund({ orderId, refundId, attempt })
      .catch((error) => refusalOf(error, "payment_failed"));
    if (outcome.status !== "refused") {
      show(outcome.status, "Paid out as far as it is for us.");
      if (outcome.amountMinor !== 0)
        await tell(orderId, outcome.status === "refunded" ? "refund_issued" : "refund_at_channel", refundId);
      return { status: outcome.status };
    }
    show("failed", `Waiting for the message "retry" or "withdrawn": ${outcome.detail}`);
    const message = await inbox.take("retry", "withdrawn");
    if (message.type === "withdrawn") {
      await internal.withdrawRefund({ orderId, refundId });
      show("withdrawn", "Given up.");
      return { status: "withdrawn" };
    }
  }
}

async function tell(orderId: string, kind: SagaNoticeKind, about: string): Promise<void> {
  if (!patched(QUEUES_MAILS)) return sendNotice(orderId, kind, about);
  const notices = new Notices(orderId);
  notices.tell(kind, about);
  await notices.queue();
}

function show(status: string, details: string): void {
  setCurrentDetails(details);
  upsertSearchAttributes([{ key: HOLDFAST_STATUS, value: status }]);
}
