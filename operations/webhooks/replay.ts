/**
 * What happened in a range of time is told once more: asked for by people, worked through by the webhook's
 * lane.
 */
import type { WebhookSource } from "../../contract/settings/webhook-events.ts";
import type { WebhookReplayView } from "../../contract/settings/webhooks.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import type { WebhookSubscription } from "../../store/settings/webhook-subscriptions.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { placeBefore, readWebhookEvents } from "../../store/webhooks/webhook-events.ts";
import {
  countRunningReplays,
  nextReplay,
  recordReplayed,
  writeReplay,
} from "../../store/webhooks/webhook-replays.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { messageIdOf } from "./message.ts";
import { isOneOf, isWanted } from "./wanted.ts";
import type { WebhookContext } from "./webhook-context.ts";

const PAGE = 500;
/** While so many messages wait, no more are found. */
const MOST_FOUND = 1_000;
/** How long a transaction may have taken from its beginning, which dates its events, to its commit. */
const SLACK_MS = 600_000;
/** Of one webhook at a time. */
const MOST_RUNNING = 10;

export async function askForReplay(
  context: OperationContext,
  subscriptionId: string,
  request: {
    readonly from: string;
    readonly to: string;
    readonly events: readonly string[] | null;
    readonly by: string;
  },
): Promise<{ readonly status: "done"; readonly replay: WebhookReplayView } | Refusal> {
  const { from, to, events, by } = request;
  if (Date.parse(from) >= Date.parse(to))
    return refuse("replay_range_invalid", `The range ends (${to}) before it begins (${from}), or with it.`);
  return inTransaction(context.database, async (client) => {
    if ((await countRunningReplays(client, subscriptionId)) >= MOST_RUNNING)
      return refuse(
        "replay_range_invalid",
        `${MOST_RUNNING} replays of this webhook run already: wait for one to end.`,
      );
    const replay = await writeReplay(client, { subscriptionId, from, to, events, by });
    await recordAudit(client, callerIn(context, by), {
      act: "webhook.replayed",
      subject: `webhook:${subscriptionId}`,
      after: { from, to, events },
    });
    return { status: "done", replay };
  });
}

/** Finds some more messages of the oldest range. @returns whether it did */
export async function goOnWithReplay(
  { database }: Pick<WebhookContext, "database">,
  webhook: WebhookSubscription,
): Promise<boolean> {
  if (webhook.open >= MOST_FOUND) return false;
  const replay = await nextReplay(database, webhook.id);
  if (replay === null) return false;
  const { id, source, fromAt, toAt, events } = replay;
  const after = replay.position ?? (await placeBefore(database, source, fromAt, SLACK_MS));
  const page = await readWebhookEvents(database, source, after, PAGE);
  const [from, to] = [fromAt.getTime(), toAt.getTime()];
  const messages = page.entries
    .filter(({ at, type }) => Date.parse(at) >= from && Date.parse(at) < to && isOneOf(events, type))
    .filter((event) => isWanted(webhook, event))
    .map((event) => ({ messageId: messageIdOf(event), event }));
  const last = page.entries.at(-1);
  const isOver = !page.more || (last !== undefined && Date.parse(last.at) > to + SLACK_MS);
  const next: { source: WebhookSource; position: typeof after | null } | null = !isOver
    ? { source, position: page.cursor }
    : source === "orders"
      ? { source: "system", position: null }
      : null;
  await recordReplayed(database, webhook.id, id, messages, next);
  return true;
}
