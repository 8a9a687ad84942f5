/** Who is told by webhook what happens: added, changed, given new secrets, removed. */
import { randomBytes } from "node:crypto";
import type { ChangeWebhookBody, CreateWebhookBody } from "../../contract/settings/webhooks.ts";
import { readChannelRules } from "../../store/settings/channel-rules.ts";
import {
  readWebhook,
  removeWebhook,
  type WebhookSubscription,
  webhookSubject,
  writeWebhook,
} from "../../store/settings/webhook-subscriptions.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "../settings/change-setting.ts";
import type { WebhookContext } from "./webhook-context.ts";

const HOUR_MS = 3_600_000;
const USUAL_OVERLAP_HOURS = 24;

type Tools = Pick<WebhookContext, "box" | "sender">;
type Fields = Readonly<Record<string, unknown>>;
type Issued = SettingChanged & { readonly secret: string };

export async function createWebhook(
  context: OperationContext,
  { box, sender }: Tools,
  request: { readonly body: CreateWebhookBody; readonly companyId: string; readonly by: string },
): Promise<Issued | Refusal> {
  const { id, url, name = id, events = null, channel = null, locations = null } = request.body;
  const refusal = await refused(context, sender, { url, channel });
  if (refusal !== null) return refusal;
  const secret = newSecret();
  const webhook = {
    id,
    companyId: request.companyId,
    name,
    url,
    events,
    channelId: channel,
    locations,
    ordering: request.body.ordering ?? "none",
    active: true,
    secret,
    former: null,
    pausedAt: null,
  };
  const changed = await changeSetting<Fields>(context, {
    subject: webhookSubject(id),
    version: null,
    by: request.by,
    read: async (client) =>
      (await readWebhook(client, box, id)) === null
        ? {}
        : refuse("webhook_exists", `There is a webhook "${id}" already: change it, or choose another id.`),
    next: () => fieldsOf(webhook),
    write: (client) => writeWebhook(client, box, webhook),
  });
  return changed.status === "refused" ? changed : { ...changed, secret };
}

export async function changeWebhook(
  context: OperationContext,
  { box, sender }: Tools,
  id: string,
  request: { readonly body: ChangeWebhookBody; readonly by: string },
): Promise<SettingChanged | Refusal> {
  const { version, name, url, events, channel, locations, ordering, active } = request.body;
  const refusal = await refused(context, sender, { url, channel });
  if (refusal !== null) return refusal;
  return change(context, box, id, { version, by: request.by }, (now) => ({
    ...now,
    name: name ?? now.name,
    url: url ?? now.url,
    events: events === undefined ? now.events : events,
    channelId: channel === undefined ? now.channelId : channel,
    locations: locations === undefined ? now.locations : locations,
    ordering: ordering ?? now.ordering,
    active: active ?? now.active,
    // Another address is another chance; so is a person who says so.
    pausedAt: active === true || (url !== undefined && url !== now.url) ? null : now.pausedAt,
  }));
}

/** Messages are signed with both secrets while both count: a receiver may know either. */
export async function rotateWebhook(
  context: OperationContext,
  { box }: Pick<Tools, "box">,
  id: string,
  request: { readonly overlapHours?: number | undefined; readonly by: string },
): Promise<Issued | Refusal> {
  const { overlapHours = USUAL_OVERLAP_HOURS, by } = request;
  const secret = newSecret();
  const until = new Date(context.now() + overlapHours * HOUR_MS);
  const changed = await change(context, box, id, { version: null, by }, (now) => ({
    ...now,
    secret,
    former: overlapHours === 0 ? null : { secret: now.secret, until },
  }));
  return changed.status === "refused" ? changed : { ...changed, secret };
}

/** What was not delivered is not delivered any more. */
export function deleteWebhook(
  context: OperationContext,
  { box }: Pick<Tools, "box">,
  id: string,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<Fields>(context, {
    subject: webhookSubject(id),
    version: null,
    by,
    read: async (client) => {
      const now = await readWebhook(client, box, id);
      return now === null ? missing(id) : { name: now.name, removed: false };
    },
    next: (now) => ({ ...now, removed: true }),
    write: (client) => removeWebhook(client, id),
  });
}

async function change(
  context: OperationContext,
  box: Tools["box"],
  id: string,
  { version, by }: { readonly version: number | null; readonly by: string },
  next: (now: WebhookSubscription) => WebhookSubscription,
): Promise<SettingChanged | Refusal> {
  let rows: { readonly now: WebhookSubscription; readonly next: WebhookSubscription } | null = null;
  return changeSetting<Fields>(context, {
    subject: webhookSubject(id),
    version,
    by,
    read: async (client) => {
      const now = await readWebhook(client, box, id);
      if (now === null) return missing(id);
      rows = { now, next: next(now) };
      return { ...fieldsOf(now), secretIssuedAt: null };
    },
    next: (fields) =>
      rows === null
        ? fields
        : {
            ...fieldsOf(rows.next),
            // Which secret it is stands nowhere but in its row.
            secretIssuedAt:
              rows.next.secret === rows.now.secret ? null : new Date(context.now()).toISOString(),
          },
    write: async (client) => {
      if (rows !== null) await writeWebhook(client, box, rows.next);
    },
  });
}

function fieldsOf({
  name,
  url,
  events,
  channelId,
  locations,
  ordering,
  active,
  former,
  pausedAt,
}: Pick<
  WebhookSubscription,
  "name" | "url" | "events" | "channelId" | "locations" | "ordering" | "active" | "former" | "pausedAt"
>): Fields {
  const formerSecretsUntil = former === null ? null : former.until.toISOString();
  const paused = pausedAt?.toISOString() ?? null;
  return { name, url, events, channel: channelId, locations, ordering, active, formerSecretsUntil, paused };
}

async function refused(
  { database }: OperationContext,
  sender: Tools["sender"],
  given: { readonly url: string | undefined; readonly channel: string | null | undefined },
): Promise<Refusal | null> {
  const problem = given.url === undefined ? null : sender.problemOf(given.url);
  if (problem !== null) return refuse("webhook_url_refused", problem);
  if (given.channel != null && (await readChannelRules(database, given.channel)) === undefined)
    return refuse("channel_not_found", `There is no channel "${given.channel}".`);
  return null;
}

function missing(id: string): Refusal {
  return refuse("webhook_subscription_not_found", `There is no webhook "${id}".`);
}

/** 32 random bytes, as Standard Webhooks writes them. */
function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}
