/**
 * Keys of connectors and integrators: `hf_<id>_<secret>`. The secret is 256 random bits, so its SHA-256 is as
 * good as a slow hash and can be checked on every request. The clear text exists once, in the answer of who
 * makes it.
 *
 * K1 A key counts until it expires or is disabled, and neither is ever taken back.
 * K2 After a rotation the secret before it counts until its own time, no other one does.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { ApiScope, KeyView } from "../../contract/keys.ts";
import { batchedByDatabase } from "../sql/batched.ts";
import type { Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";
import { iso } from "../sql/view-sql.ts";

export { API_SCOPES, type ApiScope } from "../../contract/keys.ts";

type ApiKey = {
  readonly id: string;
  readonly companyId: string;
  /** The only channel that the key may send orders for and read orders of; null: every channel. */
  readonly channelId: string | null;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
};

const KEY_FORMAT = /^hf_([a-z0-9]{8,32})_([A-Za-z0-9_-]{43})$/;

/** Whether `text` can be a key at all; says nothing about whether it is one. */
export function looksLikeApiKey(text: string): boolean {
  return KEY_FORMAT.test(text);
}

/** The part of a key that is no secret; null where `text` cannot be a key. */
export function idOfKey(text: string): string | null {
  return KEY_FORMAT.exec(text)?.[1] ?? null;
}

/** The id by which a key is named to people and in causes. */
function newKeyId(): string {
  return randomBytes(6).toString("hex");
}

/** The id of the key that a request makes: its repeat makes no second one. */
export function keyIdOf(requestKey: string): string {
  return createHash("sha256").update(`api-key ${requestKey}`).digest("hex").slice(0, 16);
}

export type KeySecret = { readonly clearText: string; readonly hash: Buffer };

export function newKeySecret(id: string): KeySecret {
  const secret = randomBytes(32).toString("base64url");
  return { clearText: `hf_${id}_${secret}`, hash: hashSecret(secret) };
}

export async function insertApiKey(
  client: Queryable,
  key: {
    readonly id: string;
    readonly companyId: string;
    readonly channelId: string | null;
    readonly name: string;
    readonly scopes: readonly ApiScope[];
    readonly hash: Buffer;
    readonly expiresAt: string | null;
  },
): Promise<void> {
  await client.query(
    `insert into api_key (id, company_id, channel_id, name, secret_hash, scopes, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [key.id, key.companyId, key.channelId, key.name, key.hash, key.scopes, key.expiresAt],
  );
}

/** Creates a key. @returns its id and the clear text, which cannot be had again */
export async function createApiKey(
  database: Queryable,
  key: {
    readonly companyId: string;
    readonly channelId: string | null;
    readonly name: string;
    readonly scopes: readonly ApiScope[];
    readonly expiresAt?: string;
  },
): Promise<{ readonly id: string; readonly clearText: string }> {
  const id = newKeyId();
  const { clearText, hash } = newKeySecret(id);
  await insertApiKey(database, { ...key, id, hash, expiresAt: key.expiresAt ?? null });
  return { id, clearText };
}

/** How long a use is not written down again, in seconds: a busy key would be a row written at every request. */
const USE_KEPT_SECONDS = 60;

type StoredKey = {
  readonly id: string;
  readonly company_id: string;
  readonly channel_id: string | null;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  readonly secret_hash: Buffer;
  readonly previous_hash: Buffer | null;
  readonly used_lately: boolean;
  readonly previous_used_lately: boolean;
};

/** A caller may send many requests at once, which are all told by one look at its key. */
const findStoredKey = batchedByDatabase(findStoredKeys);

/** By the key's id and, after a blank, which of its secrets was used: `current` or `previous`. */
const noteUse = batchedByDatabase(noteUses);

async function findStoredKeys(
  database: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredKey>> {
  const { rows } = await database.query<StoredKey>(
    `select id, company_id, channel_id, name, scopes, secret_hash,
            case when previous_until > now() then previous_hash end as previous_hash,
            coalesce(last_used_at > now() - $2 * interval '1 second', false) as used_lately,
            coalesce(previous_used_at > now() - $2 * interval '1 second', false) as previous_used_lately
       from api_key where id = any(${givenList("$1")}) and revoked_at is null and (expires_at is null or expires_at > now())`,
    [ids, USE_KEPT_SECONDS],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function noteUses(
  database: Queryable,
  uses: readonly string[],
): Promise<ReadonlyMap<string, undefined>> {
  const used = uses.map((use) => use.split(" "));
  await database.query(
    `update api_key set last_used_at = now(), previous_used_at = case when is_previous then now() else previous_used_at end
       from (select id as used_id, bool_or(secret = 'previous') as is_previous
               from unnest($1::text[], $2::text[]) as u(id, secret) group by id) as used
      where id = used_id`,
    [used.map(([id]) => id), used.map(([, secret]) => secret)],
  );
  return new Map();
}

/** @returns the key that `clearText` is, or null where it is malformed, unknown, wrong, expired or disabled. */
export async function findApiKey(database: Queryable, clearText: string): Promise<ApiKey | null> {
  const [, id, secret] = KEY_FORMAT.exec(clearText) ?? [];
  if (id === undefined || secret === undefined) return null;
  const row = await findStoredKey(database, id);
  if (row === undefined) return null;
  const hash = hashSecret(secret);
  const isCurrent = timingSafeEqual(row.secret_hash, hash);
  if (!isCurrent && (row.previous_hash === null || !timingSafeEqual(row.previous_hash, hash))) return null;
  if (!row.used_lately || (!isCurrent && !row.previous_used_lately))
    await noteUse(database, `${id} ${isCurrent ? "current" : "previous"}`);
  return {
    id: row.id,
    companyId: row.company_id,
    channelId: row.channel_id,
    name: row.name,
    scopes: row.scopes,
  };
}

const KEY_VIEW = `
  k.id, k.name, k.channel_id as channel, k.scopes,
  case when k.revoked_at is not null then 'disabled' when k.expires_at <= now() then 'expired'
       else 'active' end as state,
  ${iso("k.created_at")} as "createdAt", ${iso("k.expires_at")} as "expiresAt",
  ${iso("k.last_used_at")} as "lastUsedAt", ${iso("k.rotated_at")} as "rotatedAt",
  case when k.previous_until > now() then jsonb_build_object('countsUntil', ${iso("k.previous_until")},
       'lastUsedAt', ${iso("k.previous_used_at")}) end as previous,
  (select coalesce(max(c.version), 1) from setting_change c where c.subject = 'key:' || k.id) as version`;

/** Keys of a company; those that count come first, then the newest. */
export async function listApiKeys(client: Queryable, companyId: string): Promise<readonly KeyView[]> {
  const { rows } = await client.query<KeyView>(
    `select ${KEY_VIEW} from api_key k where k.company_id = $1
      order by (k.revoked_at is null and (k.expires_at is null or k.expires_at > now())) desc, k.created_at desc, k.id`,
    [companyId],
  );
  return rows;
}

export async function readApiKey(client: Queryable, companyId: string, id: string): Promise<KeyView | null> {
  const { rows } = await client.query<KeyView>(
    `select ${KEY_VIEW} from api_key k where k.company_id = $1 and k.id = $2`,
    [companyId, id],
  );
  return rows[0] ?? null;
}

/**
 * K2. A repeat of the request, whose answer was lost with its secret, makes the new secret anew: the one
 * before the rotation goes on counting.
 *
 * @param requestKey names the request
 */
export async function rotateApiKey(
  client: Queryable,
  id: string,
  hash: Buffer,
  overlapMinutes: number,
  requestKey: string,
): Promise<void> {
  await client.query(
    `update api_key set secret_hash = $2, rotated_at = now(), rotation_key = $4,
            previous_hash = case when rotation_key = $4 then previous_hash else secret_hash end,
            previous_used_at = case when rotation_key = $4 then previous_used_at end,
            previous_until = case when rotation_key = $4 then previous_until
                                  else now() + $3 * interval '1 minute' end
      where id = $1`,
    [id, hash, overlapMinutes, requestKey],
  );
}

export async function disableApiKey(client: Queryable, id: string): Promise<void> {
  await client.query("update api_key set revoked_at = coalesce(revoked_at, now()) where id = $1", [id]);
}

function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
