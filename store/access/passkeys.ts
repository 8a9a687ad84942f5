/**
 * Passkeys, and the challenges that browsers are given to sign. Of a challenge, and of the browser that it
 * was given to, only SHA-256 is kept.
 */
import { createHash, randomBytes } from "node:crypto";
import { PASSKEY_CHALLENGE_MS } from "../../config/limits.ts";
import type { PasskeyView } from "../../contract/sign-in/passkeys.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";
import { STAFF_COLUMNS, type StaffMember, type StaffRow, staffMember } from "./staff.ts";

/**
 * Whose answer to a challenge counts: that of one session, or of one browser in which nobody is signed in.
 */
export type ChallengeOwner = { readonly session: string } | { readonly browser: string };

/** WebAuthn asks for 16 bytes at least. */
const CHALLENGE_BYTES = 32;
/** WebAuthn allows 64. */
const HANDLE_BYTES = 32;

/** @returns a challenge, which counts once, for the owner, until it expires */
export async function issueChallenge(client: Queryable, owner: ChallengeOwner): Promise<Buffer> {
  const challenge = randomBytes(CHALLENGE_BYTES);
  await client.query(
    `with expired as (delete from passkey_challenge where expires_at < now())
     insert into passkey_challenge (challenge_hash, session_id, browser_hash, expires_at)
     values ($1, $2::uuid, $3, now() + $4 * interval '1 millisecond')`,
    [hashOf(challenge), ...ownerColumns(owner), PASSKEY_CHALLENGE_MS],
  );
  return challenge;
}

/** Takes a challenge. False: it was taken, has expired, or was given to somebody else. */
export async function takeChallenge(
  client: Queryable,
  challenge: Uint8Array,
  owner: ChallengeOwner,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `delete from passkey_challenge
      where challenge_hash = $1 and expires_at > now()
        and session_id is not distinct from $2::uuid and browser_hash is not distinct from $3`,
    [hashOf(challenge), ...ownerColumns(owner)],
  );
  return rowCount === 1;
}

/** By which authenticators name the person; made at the first call. */
export async function passkeyHandle(client: Queryable, staffId: string): Promise<Buffer> {
  const { rows } = await client.query<{ passkey_handle: Buffer }>(
    "update staff set passkey_handle = coalesce(passkey_handle, $2) where id = $1 returning passkey_handle",
    [staffId, randomBytes(HANDLE_BYTES)],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`there is no person ${staffId}`);
  return row.passkey_handle;
}

export type NewPasskey = {
  readonly staffId: string;
  readonly credentialId: Uint8Array;
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly synced: boolean;
};

/** @returns its id; null: the credential is somebody's already */
export async function insertPasskey(client: Queryable, passkey: NewPasskey): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `insert into staff_passkey (staff_id, credential_id, name, public_key, sign_count, transports, synced)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (credential_id) do nothing returning id::text`,
    [
      passkey.staffId,
      Buffer.from(passkey.credentialId),
      passkey.name,
      Buffer.from(passkey.publicKey),
      passkey.signCount,
      passkey.transports,
      passkey.synced,
    ],
  );
  return rows[0]?.id ?? null;
}

export type StoredPasskey = {
  readonly id: string;
  readonly staff: StaffMember;
  readonly handle: Buffer;
  readonly publicKey: Buffer;
  readonly signCount: number;
};

/** The passkey of a credential; null: it is nobody's, or of somebody who is switched off. */
export async function findPasskey(
  client: Queryable,
  credentialId: Uint8Array,
): Promise<StoredPasskey | null> {
  const { rows } = await client.query<
    StaffRow & { passkey_id: string; handle: Buffer; public_key: Buffer; sign_count: string }
  >(
    `select ${STAFF_COLUMNS}, passkey.id::text as passkey_id, staff.passkey_handle as handle,
            passkey.public_key, passkey.sign_count
       from staff_passkey passkey join staff on staff.id = passkey.staff_id
      where passkey.credential_id = $1 and staff.disabled_at is null`,
    [Buffer.from(credentialId)],
  );
  const [row] = rows;
  return row === undefined
    ? null
    : {
        id: row.passkey_id,
        staff: staffMember(row),
        handle: row.handle,
        publicKey: row.public_key,
        signCount: Number(row.sign_count),
      };
}

/**
 * Notes that a passkey was used. False: its counter is not beyond the last one, as if there were a second
 * one; authenticators that do not count say 0.
 */
export async function notePasskeyUse(client: Queryable, id: string, signCount: number): Promise<boolean> {
  const { rowCount } = await client.query(
    `update staff_passkey set sign_count = $2, last_used_at = now()
      where id::text = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0))`,
    [id, signCount],
  );
  return rowCount === 1;
}

/** Passkeys of a person, the oldest first. */
export async function listPasskeys(client: Queryable, staffId: string): Promise<readonly PasskeyView[]> {
  const { rows } = await client.query<PasskeyView>(
    `select id::text, name, synced, ${iso("created_at")} as "createdAt", ${iso("last_used_at")} as "lastUsedAt"
       from staff_passkey where staff_id = $1 order by created_at, id`,
    [staffId],
  );
  return rows;
}

/** As authenticators are told them, so that none makes a second one. */
export async function listCredentials(
  client: Queryable,
  staffId: string,
): Promise<readonly { readonly id: Buffer; readonly transports: readonly string[] }[]> {
  const { rows } = await client.query<{ id: Buffer; transports: string[] }>(
    "select credential_id as id, transports from staff_passkey where staff_id = $1",
    [staffId],
  );
  return rows;
}

/** False: the person has no such passkey. */
export async function deletePasskey(client: Queryable, staffId: string, id: string): Promise<boolean> {
  const { rowCount } = await client.query("delete from staff_passkey where staff_id = $1 and id::text = $2", [
    staffId,
    id,
  ]);
  return rowCount === 1;
}

export async function deletePasskeys(client: Queryable, staffId: string): Promise<void> {
  await client.query("delete from staff_passkey where staff_id = $1", [staffId]);
}

function ownerColumns(owner: ChallengeOwner): readonly [string | null, Buffer | null] {
  return "session" in owner ? [owner.session, null] : [null, hashOf(Buffer.from(owner.browser))];
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
