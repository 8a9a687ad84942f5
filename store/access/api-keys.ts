/**
 * Keys of connectors and integrators: `hf_<id>_<secret>`. The secret is 256 random bits, so its SHA-256 is as
 * good as a slow hash and can be checked on every request. The clear text exists once, in the answer of
 * `createApiKey`.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Queryable } from "../sql/database.ts";

export const API_SCOPES = [
  "orders:write",
  "orders:read",
  "stock:read",
  "stock:write",
  "returns:write",
  "refunds:write",
  "admin",
] as const;
export type ApiScope = (typeof API_SCOPES)[number];

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

/** Creates a key. @returns its id and the clear text, which cannot be had again */
export async function createApiKey(
  database: Queryable,
  key: {
    readonly companyId: string;
    readonly channelId: string | null;
    readonly name: string;
    readonly scopes: readonly ApiScope[];
  },
): Promise<{ readonly id: string; readonly clearText: string }> {
  const id = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  await database.query(
    "insert into api_key (id, company_id, channel_id, name, secret_hash, scopes) values ($1, $2, $3, $4, $5, $6)",
    [id, key.companyId, key.channelId, key.name, hashSecret(secret), key.scopes],
  );
  return { id, clearText: `hf_${id}_${secret}` };
}

/** @returns the key that `clearText` is, or null where it is malformed, unknown, wrong or revoked. */
export async function findApiKey(database: Queryable, clearText: string): Promise<ApiKey | null> {
  const match = KEY_FORMAT.exec(clearText);
  if (match === null) return null;
  const { rows } = await database.query<{
    id: string;
    company_id: string;
    channel_id: string | null;
    name: string;
    scopes: ApiScope[];
    secret_hash: Buffer;
  }>(
    `select id, company_id, channel_id, name, scopes, secret_hash from api_key
      where id = $1 and revoked_at is null`,
    [match[1]],
  );
  const row = rows[0];
  if (row === undefined || !timingSafeEqual(row.secret_hash, hashSecret(match[2] ?? ""))) return null;
  return {
    id: row.id,
    companyId: row.company_id,
    channelId: row.channel_id,
    name: row.name,
    scopes: row.scopes,
  };
}

function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
