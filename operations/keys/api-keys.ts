/**
 * API keys are made, given a new secret, and disabled. Each is a change of the setting `key:<id>`, so that who
 * did what is kept in the commit that does it.
 *
 * A secret is told to the caller that made it and is nowhere else; of it a hash is kept.
 */
import type { CreateKeyBody } from "../../contract/keys.ts";
import {
  disableApiKey,
  insertApiKey,
  keyIdOf,
  newKeySecret,
  readApiKey,
  rotateApiKey,
} from "../../store/access/api-keys.ts";
import { hasChannel } from "../../store/catalog/companies.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "../settings/change-setting.ts";

/** `secret` null: the request was answered before, and nothing keeps what it made. */
export type KeyIssued = { readonly status: "done"; readonly id: string; readonly secret: string | null };

type Context = Pick<OperationContext, "database" | "now" | "caller">;
type Fields = Readonly<Record<string, unknown>>;

/** Minutes that the old secret counts where nobody says otherwise: a day, in which every client is told. */
const USUAL_OVERLAP_MINUTES = 24 * 60;

/** @param requestKey names the request, so that its repeat makes no second key */
export async function makeKey(
  context: Context,
  companyId: string,
  { name, scopes, channel, expiresAt }: CreateKeyBody,
  by: string,
  requestKey: string,
): Promise<KeyIssued | Refusal> {
  const expiry = expiresAt === undefined ? null : Date.parse(expiresAt);
  if (expiry !== null && !(expiry > context.now()))
    return refuse("key_expiry_past", `A key that expires at ${expiresAt} would never count.`);
  const id = keyIdOf(requestKey);
  const { clearText, hash } = newKeySecret(id);
  const fields = {
    name,
    scopes,
    channel: channel ?? null,
    expiresAt: expiry === null ? null : new Date(expiry).toISOString(),
  };
  let made = false;
  const changed = await changeSetting<Fields>(context, {
    subject: keySubject(id),
    version: null,
    by,
    read: async (client) => {
      if (channel !== undefined && !(await hasChannel(client, companyId, channel)))
        return refuse("channel_not_found", `There is no channel "${channel}".`);
      made = (await readApiKey(client, companyId, id)) === null;
      return made ? {} : { ...fields, enabled: true };
    },
    next: () => ({ ...fields, enabled: true }),
    write: (client) => insertApiKey(client, { ...fields, id, companyId, hash, channelId: fields.channel }),
  });
  return changed.status === "refused" ? changed : { status: "done", id, secret: made ? clearText : null };
}

/** Gives a key a new secret. The one before counts on for a while, so that its clients are told one by one. */
export async function rotateKey(
  context: Context,
  companyId: string,
  id: string,
  overlapMinutes: number | undefined,
  by: string,
  requestKey: string,
): Promise<KeyIssued | Refusal> {
  const overlap = overlapMinutes ?? USUAL_OVERLAP_MINUTES;
  const { clearText, hash } = newKeySecret(id);
  const changed = await changeSetting<Fields>(context, {
    subject: keySubject(id),
    version: null,
    by,
    read: async (client) => {
      const key = await readApiKey(client, companyId, id);
      if (key === null) return unknownKey(id);
      return key.state === "active"
        ? { rotatedAt: key.rotatedAt, oldCountsUntil: key.previous?.countsUntil ?? null }
        : refuse("key_over", `The key ${id} is ${key.state}: make another one.`);
    },
    next: () => ({
      rotatedAt: new Date(context.now()).toISOString(),
      oldCountsUntil: new Date(context.now() + overlap * 60_000).toISOString(),
    }),
    write: (client) => rotateApiKey(client, id, hash, overlap, requestKey),
  });
  return changed.status === "refused" ? changed : { status: "done", id, secret: clearText };
}

/** From now on neither of its secrets counts, for good. */
export async function disableKey(
  context: Context,
  companyId: string,
  id: string,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<Fields>(context, {
    subject: keySubject(id),
    version: null,
    by,
    read: async (client) => {
      const key = await readApiKey(client, companyId, id);
      return key === null ? unknownKey(id) : { enabled: key.state !== "disabled" };
    },
    next: () => ({ enabled: false }),
    write: (client) => disableApiKey(client, id),
  });
}

function keySubject(id: string): string {
  return `key:${id}`;
}

function unknownKey(id: string): Refusal {
  return refuse("key_not_found", `There is no key "${id}".`);
}
