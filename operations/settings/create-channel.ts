/**
 * A channel is made, and its webhooks get another secret. Each is a change of the setting `channel:<id>`, so
 * that who did what is kept in the commit that does it; changing and switching off is in `change-channel.ts`.
 *
 * A secret that is made here is told to the caller that asked for it; what is stored is sealed.
 */
import { randomBytes } from "node:crypto";
import type { SecretBox } from "../../config/secret-box.ts";
import type { CreateChannelBody, RotateChannelSecretBody } from "../../contract/channels.ts";
import type { ChannelRules } from "../../contract/settings.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { giveChannelSecret, listChannelSecrets } from "../../store/catalog/channel-secrets.ts";
import { insertChannel } from "../../store/catalog/companies.ts";
import { channelSubject, readChannelRules, writeChannelRules } from "../../store/settings/channel-rules.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { chargingProblem, OWN_FORMAT } from "./change-channel.ts";
import { changeSetting } from "./change-setting.ts";

export type ChannelSecretIssued = {
  readonly status: "done";
  /** Null: the caller gave it. */
  readonly secret: string | null;
};

const HOUR_MS = 3_600_000;
const USUAL_OVERLAP_HOURS = 24;

/**
 * The rules of a new channel. A shop or a marketplace sends what is ordered and paid already: it is kept on
 * hold where stock is short. In our own shop the customer is still there, and we take the money.
 */
export function usualChannelRules(kind: string): Omit<ChannelRules, "name"> {
  const isOwn = kind === OWN_FORMAT;
  return {
    active: true,
    chargedBy: isOwn ? "merchant" : "channel",
    payOnDelivery: false,
    onShortage: isOwn ? "refuse" : "hold",
    allocation: "all_or_nothing",
    shortRest: null,
    allowSubstitutes: false,
    shopperChangesMinutes: 30,
    combineMinutes: null,
    stockPool: null,
    stockBuffer: 0,
  };
}

/** @param request.kinds that an adapter reads */
export async function createChannel(
  context: OperationContext,
  box: SecretBox,
  request: {
    readonly body: CreateChannelBody;
    readonly companyId: string;
    readonly kinds: readonly string[];
    readonly by: string;
  },
): Promise<ChannelSecretIssued | Refusal> {
  const { id, kind, name = id, secret: given, ...own } = request.body;
  if (!request.kinds.includes(kind))
    return refuse(
      "channel_kind_unknown",
      `Nothing here reads channels of kind "${kind}"; known: ${request.kinds.join(", ")}.`,
    );
  const rules: ChannelRules = { name, ...usualChannelRules(kind), ...defined(own) };
  const problem = chargingProblem(kind, rules.chargedBy);
  if (problem !== null) return problem;
  const at = new Date(context.now());
  const secret = given ?? newChannelSecret();
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: channelSubject(id),
    version: null,
    by: request.by,
    read: async (client) =>
      (await readChannelRules(client, id)) === undefined
        ? {}
        : refuse("channel_exists", `There is a channel "${id}" already: change it, or choose another id.`),
    next: () => ({ kind, ...rules, secretIssuedAt: at.toISOString() }),
    write: async (client) => {
      const { onShortage, chargedBy } = rules;
      await insertChannel(client, { id, companyId: request.companyId, name, kind, onShortage, chargedBy });
      await writeChannelRules(client, id, rules);
      await giveChannelSecret(client, box, { channelId: id, clearText: secret, at, formerUntil: at });
    },
  });
  catalogOf(context.database).forgetChannel(id);
  return changed.status === "refused"
    ? changed
    : { status: "done", secret: given === undefined ? secret : null };
}

/** From now on the channel may sign with another secret; those before it count on for the overlap. */
export async function rotateChannelSecret(
  context: OperationContext,
  box: SecretBox,
  request: { readonly channelId: string; readonly body: RotateChannelSecretBody; readonly by: string },
): Promise<ChannelSecretIssued | Refusal> {
  const { channelId } = request;
  const { overlapHours = USUAL_OVERLAP_HOURS, secret: given } = request.body;
  const secret = given ?? newChannelSecret();
  const at = new Date(context.now());
  const formerUntil = new Date(at.getTime() + overlapHours * HOUR_MS);
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: channelSubject(channelId),
    version: null,
    by: request.by,
    read: async (client) => {
      if ((await readChannelRules(client, channelId)) === undefined)
        return refuse("channel_not_found", `There is no channel "${channelId}".`);
      const [newest] = await listChannelSecrets(client, channelId, at);
      return { secretIssuedAt: newest?.issuedAt ?? null };
    },
    next: () => ({ secretIssuedAt: at.toISOString(), formerSecretsUntil: formerUntil.toISOString() }),
    write: (client) => giveChannelSecret(client, box, { channelId, clearText: secret, at, formerUntil }),
  });
  return changed.status === "refused"
    ? changed
    : { status: "done", secret: given === undefined ? secret : null };
}

/** As Standard Webhooks writes one; platforms that sign with the text itself take it as it is. */
function newChannelSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** Without what is left out. */
function defined<T extends object>(fields: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
