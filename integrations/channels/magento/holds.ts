/**
 * Holds of ours at a Magento shop. *On hold* is a state of the whole order there, without a reason and
 * without a name: our comment in the order's history says that it was us, so that it does not come back as a
 * hold of the shop's own. An order on hold is not shipped, invoiced, refunded or cancelled there: whoever
 * tells of one of these releases it first.
 */
import type { OrderWord, Told } from "../../../ports/channel-connection.ts";
import { markIn, withMark } from "../../vendor-kit/own-mark.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { refusalOf } from "./api.ts";

const ON_HOLD = "holded";
const HELD = "Held";
const RELEASED = "Released";

type Word<Kind extends OrderWord["kind"]> = Extract<OrderWord, { readonly kind: Kind }>;

export function isOnHold(order: unknown): boolean {
  return textAt(order, "state") === ON_HOLD;
}

/** By the newest comment of ours that speaks of a hold. */
export function isHeldByUs(order: unknown): boolean {
  if (!isOnHold(order)) return false;
  const ours = listAt(order, "status_histories")
    .map((entry) => ({ id: Number(textAt(entry, "entity_id")), comment: textAt(entry, "comment") }))
    .filter(({ comment }) => markIn(comment) !== null && /^(Held|Released)\b/.test(comment))
    .sort((a, b) => b.id - a.id);
  return ours[0]?.comment.startsWith(HELD) === true;
}

export async function hold(call: RestClient, word: Word<"hold">, order: unknown): Promise<Told> {
  if (isOnHold(order)) return { status: "already", reference: null };
  // First the comment: an order that is on hold and does not say by whom would be held by the shop.
  const noted = await comment(call, word, `${HELD}: ${word.reason}`);
  if (noted !== null) return noted;
  const reply = await call({ method: "POST", path: `/V1/orders/${word.order.externalId}/hold` });
  if (reply.status === 200 && reply.json === true) return { status: "told", reference: null };
  if (reply.status !== 200) return refusalOf(reply);
  const message = `Magento does not hold an order that is ${textAt(order, "state")}.`;
  return { status: "refused", code: "not_held", message };
}

/** @returns null where it is released, or never was ours */
export async function releaseOurs(call: RestClient, word: OrderWord, order: unknown): Promise<Told | null> {
  if (!isHeldByUs(order)) return null;
  const reply = await call({ method: "POST", path: `/V1/orders/${word.order.externalId}/unhold` });
  if (reply.status !== 200) return refusalOf(reply);
  return comment(call, word, RELEASED);
}

async function comment(call: RestClient, word: OrderWord, text: string): Promise<Told | null> {
  const { externalId, orderId } = word.order;
  const reply = await call({
    method: "POST",
    path: `/V1/orders/${externalId}/comments`,
    json: {
      statusHistory: {
        parent_id: Number(externalId),
        comment: withMark(text, orderId),
        is_customer_notified: 0,
        is_visible_on_front: 0,
      },
    },
  });
  return reply.status === 200 ? null : refusalOf(reply);
}
