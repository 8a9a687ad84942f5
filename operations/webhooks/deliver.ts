/** Delivers what is due to one webhook, once; and sends a message that tries one. */
import { WEBHOOK_EVENT_TYPES } from "../../contract/settings/webhook-events.ts";
import type { WebhookAnswer } from "../../ports/webhook-sender.ts";
import type { WebhookSubscription } from "../../store/settings/webhook-subscriptions.ts";
import { EndpointLane } from "./endpoint-lane.ts";
import { EventTail } from "./event-tail.ts";
import { bodyOf, messageIdOf, signedMessage } from "./message.ts";
import type { WebhookContext } from "./webhook-context.ts";

/** @returns whether there may be more to deliver at once */
export async function deliverWebhooks(context: WebhookContext, subscriptionId: string): Promise<boolean> {
  const tail = new EventTail(context.database, 0);
  const lane = new EndpointLane(context, tail, subscriptionId, { giveWayMs: Infinity, isTold: false });
  const isMore = await lane.step();
  await lane.settle();
  return isMore;
}

/**
 * Sends an example, so that a receiver can be tried.
 *
 * @returns null where there is no such type
 */
export async function tryWebhook(
  { now, sender }: Pick<WebhookContext, "now" | "sender">,
  webhook: WebhookSubscription,
  type = "webhook.test",
): Promise<WebhookAnswer | null> {
  const known = WEBHOOK_EVENT_TYPES.find((each) => each.type === type);
  if (known === undefined) return null;
  const at = new Date(now()).toISOString();
  const data = type === "webhook.test" ? { webhook: webhook.id } : known.example;
  const id = messageIdOf({ orderId: null, key: `${webhook.id} ${type} ${at}` });
  return sender.send(signedMessage(webhook, { id, body: bodyOf({ type, at, data }) }, now()));
}
