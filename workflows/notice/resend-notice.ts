/**
 * The saga of one mail that no other saga sends: one that staff send again (workflow id = order id and the
 * copy's number), or one that asks for a means of payment (order id and what asks). A mail that cannot be
 * sent is told on the timeline, as any notice is. Deterministic code, like `order-fulfillment.ts`.
 */
import type { ResendInput } from "../messages.ts";
import { sendNotice } from "../order/steps.ts";

export async function resendNotice({ orderId, kind, about, copy }: ResendInput): Promise<void> {
  await sendNotice(orderId, kind, about, copy);
}
