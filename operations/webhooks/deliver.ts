/**
 * Delivers what happens to orders to those who want to be told, as Standard Webhooks: signed, in the order of
 * the feed, each message until it is taken or put aside.
 *
 * D1 A message is written down as delivered before the next one is sent. A process that dies in between sends
 *    it once more, under the same id: a receiver recognises it by that.
 * D2 A message that is not taken holds up those behind it, up to `MOST_ATTEMPTS`; then it is put aside, where
 *    a person sees it, and the next one goes. Other subscriptions are not held up.
 * D3 What a message says is read from the order's timeline for each attempt: it is kept nowhere else.
 * D4 The subscription is read again before each message: one that was switched off, removed or changed, or that
 *    another process has moved on, is sent nothing by what it was before.
 */
import { createHash, createHmac } from "node:crypto";
import type { SecretBox } from "../../config/secret-box.ts";
import { inOrderSpan, inOutgoingSpan } from "../../config/trace.ts";
import type { FeedEvent } from "../../contract/stream.ts";
import type { WebhookAnswer, WebhookSender } from "../../ports/webhook-sender.ts";
import { type FeedEntry, readFeed } from "../../store/orders/feed.ts";
import {
  messagesToRepeat,
  passWebhookOver,
  readWebhook,
  recordAttempt,
  type WebhookSubscription,
} from "../../store/settings/webhook-subscriptions.ts";
import { compareFeedCursors } from "../../store/sql/feed-cursor.ts";
import type { OperationContext } from "../context.ts";

/** The last some nine hours after the first. */
const MOST_ATTEMPTS = 14;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 4 * 3_600_000;
const BATCH = 100;

export type WebhookContext = Pick<OperationContext, "database" | "now"> & {
  readonly box: SecretBox;
  readonly sender: WebhookSender;
  /** Of the pause before the next attempt; from 0 to 1. Absent: at random. */
  readonly chance?: () => number;
  /** Asked before each message; true: no more are sent. Absent: never. */
  readonly isEnding?: () => boolean;
};

/** @returns whether there is more to deliver at once */
export async function deliverWebhooks(context: WebhookContext, subscriptionId: string): Promise<boolean> {
  const { database } = context;
  for (const { messageId, attempts, event } of await messagesToRepeat(database, subscriptionId)) {
    const webhook = await readActive(context, subscriptionId);
    if (webhook === null) return false;
    const answer = await sendTo(context, webhook, messageId, event);
    await recordAttempt(
      database,
      {
        subscriptionId,
        messageId,
        event,
        state: isTaken(answer) ? "delivered" : "dead",
        attempts: attempts + 1,
        httpStatus: answer.status,
        problem: answer.problem,
      },
      null,
    );
  }
  const webhook = await readActive(context, subscriptionId);
  return webhook !== null && isDue(context, webhook) && deliverNext(context, webhook);
}

/** @returns null where nothing may be sent (D4) */
async function readActive(
  { database, box, isEnding }: WebhookContext,
  id: string,
): Promise<WebhookSubscription | null> {
  if (isEnding?.() === true) return null;
  const webhook = await readWebhook(database, box, id);
  return webhook?.active === true ? webhook : null;
}

function isDue({ now }: WebhookContext, { dueAt }: WebhookSubscription): boolean {
  return dueAt === null || dueAt.getTime() <= now();
}

async function deliverNext(context: WebhookContext, before: WebhookSubscription): Promise<boolean> {
  const { database } = context;
  const page = await readFeed(database, before.position, { limit: BATCH });
  let from = before.position;
  for (const entry of page.entries) {
    // Passed over with the next message, or at the end: a place need not be written down for each.
    if (!isWanted(before, entry)) continue;
    const webhook = await readActive(context, before.id);
    if (webhook === null || !isDue(context, webhook)) return false;
    if (compareFeedCursors(webhook.position, from) !== 0) return false;
    if (!isWanted(webhook, entry)) continue;
    const messageId = messageIdOf(entry);
    const answer = await sendTo(context, webhook, messageId, entry);
    const attempts = webhook.attempts + 1;
    const state = isTaken(answer)
      ? "delivered"
      : attempts >= MOST_ATTEMPTS || isRefusedForGood(answer)
        ? "dead"
        : "waiting";
    const dueAt =
      state === "waiting" ? new Date(context.now() + pauseMs(attempts, context.chance ?? Math.random)) : null;
    await recordAttempt(
      database,
      {
        subscriptionId: webhook.id,
        messageId,
        event: entry,
        state,
        attempts,
        httpStatus: answer.status,
        problem: answer.problem,
      },
      { from, to: state === "waiting" ? from : entry.cursor, dueAt },
    );
    if (state === "waiting") return false;
    from = entry.cursor;
  }
  // The end of the feed moves on by itself: a place is written down only behind entries.
  if (page.entries.length > 0) await passWebhookOver(database, before.id, from, page.cursor);
  return page.more;
}

/** Sends a message that tells of nothing, so that a receiver can be tried. */
export function tryWebhook(context: WebhookContext, webhook: WebhookSubscription): Promise<WebhookAnswer> {
  const at = new Date(context.now()).toISOString();
  return post(context, webhook, messageIdOf({ orderId: webhook.id, key: at }), {
    type: "webhook.test",
    timestamp: at,
    data: { webhook: webhook.id },
  });
}

function sendTo(
  context: WebhookContext,
  webhook: WebhookSubscription,
  messageId: string,
  event: FeedEvent | FeedEntry,
): Promise<WebhookAnswer> {
  const { orderId, channelId, status, key, type, summary, cause, data, at } = event;
  const message = {
    type,
    timestamp: at,
    data: {
      orderId,
      channelId,
      status,
      key,
      summary,
      cause,
      ...(Object.keys(data).length === 0 ? {} : { details: data }),
    },
  };
  return inOrderSpan(orderId, "webhook", { "holdfast.event": type, "holdfast.webhook": webhook.id }, () =>
    inOutgoingSpan("POST webhook", { "http.request.method": "POST" }, async (traceHeaders, span) => {
      const answer = await post(context, webhook, messageId, message, traceHeaders);
      if (answer.status !== null) span?.setAttribute("http.response.status_code", answer.status);
      return answer;
    }),
  );
}

function post(
  { sender, now }: WebhookContext,
  { url, secret, former }: WebhookSubscription,
  messageId: string,
  message: Readonly<Record<string, unknown>>,
  traceHeaders: Readonly<Record<string, string>> = {},
): Promise<WebhookAnswer> {
  const body = JSON.stringify(message);
  const timestamp = String(Math.floor(now() / 1_000));
  const secrets = former !== null && former.until.getTime() > now() ? [secret, former.secret] : [secret];
  return sender.send({
    url,
    body,
    headers: {
      ...traceHeaders,
      "content-type": "application/json",
      "user-agent": "Holdfast-Webhooks/1",
      "webhook-id": messageId,
      "webhook-timestamp": timestamp,
      "webhook-signature": secrets.map((each) => signatureOf(each, messageId, timestamp, body)).join(" "),
    },
  });
}

/** Standard Webhooks 1.0: `v1,` and the base64 HMAC-SHA256 of "id.timestamp.body". */
function signatureOf(secret: string, messageId: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${messageId}.${timestamp}.${body}`).digest("base64")}`;
}

/** The same for every attempt, and for every subscription. */
export function messageIdOf({ orderId, key }: Pick<FeedEvent, "orderId" | "key">): string {
  return `msg_${createHash("sha256").update(`${orderId}\n${key}`).digest("base64url").slice(0, 27)}`;
}

export function isWanted(
  { events, channelId }: Pick<WebhookSubscription, "events" | "channelId">,
  event: Pick<FeedEvent, "type" | "channelId">,
): boolean {
  if (channelId !== null && channelId !== event.channelId) return false;
  if (events === null) return true;
  return events.some((pattern) =>
    pattern.endsWith(".*") ? event.type.startsWith(pattern.slice(0, -1)) : pattern === event.type,
  );
}

/** Doubled with each attempt, and never the same for many at once. */
export function pauseMs(attempts: number, chance: () => number): number {
  const usual = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  return Math.round(usual * (0.8 + 0.4 * chance()));
}

function isTaken({ status }: WebhookAnswer): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** The receiver will not take this message, however often it is sent. */
function isRefusedForGood({ status }: WebhookAnswer): boolean {
  return status === 410;
}
