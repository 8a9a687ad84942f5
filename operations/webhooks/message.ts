/** What is posted, by Standard Webhooks 1.0: id, body, signatures. Pure. */
import { createHash, createHmac } from "node:crypto";
import { versionOfEvent } from "../../contract/settings/webhook-events.ts";
import type { WebhookMessage } from "../../ports/webhook-sender.ts";
import type { WebhookSubscription } from "../../store/settings/webhook-subscriptions.ts";
import type { WebhookEvent } from "../../store/webhooks/webhook-events.ts";

/** The same for every try, and for every webhook. */
export function messageIdOf({ orderId, key }: Pick<WebhookEvent, "orderId" | "key">): string {
  // An order's id has a hyphen: none is called "system".
  const named = `${orderId ?? "system"}\n${key}`;
  return `msg_${createHash("sha256").update(named).digest("base64url").slice(0, 27)}`;
}

/** Most events go to several webhooks, all with the same bytes. */
const bodies = new WeakMap<object, string>();

export function bodyOf(event: Pick<WebhookEvent, "type" | "at" | "data">): string {
  const known = bodies.get(event);
  if (known !== undefined) return known;
  const { type, at, data } = event;
  const body = JSON.stringify({ type, version: versionOfEvent(type), timestamp: at, data });
  bodies.set(event, body);
  return body;
}

export function signedMessage(
  { url, secret, former }: Pick<WebhookSubscription, "url" | "secret" | "former">,
  message: { readonly id: string; readonly body: string },
  nowMs: number,
  traceHeaders: Readonly<Record<string, string>> = {},
): WebhookMessage {
  const { id, body } = message;
  const timestamp = String(Math.floor(nowMs / 1_000));
  const secrets = former !== null && former.until.getTime() > nowMs ? [secret, former.secret] : [secret];
  return {
    url,
    body,
    headers: {
      ...traceHeaders,
      "content-type": "application/json",
      "user-agent": "Holdfast-Webhooks/1",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": secrets.map((each) => signatureOf(each, id, timestamp, body)).join(" "),
    },
  };
}

/** `v1,` and the base64 HMAC-SHA256 of "id.timestamp.body". @param secret with or without `whsec_` */
export function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
