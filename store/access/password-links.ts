/**
 * Links by which a person sets a password without knowing one. Of a link's 256-bit token only the SHA-256 is
 * kept. A person has one link at most, it counts once, and not after its time. One that is asked for by an
 * e-mail address, as anybody can, replaces none that an administrator made.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Queryable } from "../sql/database.ts";

export type LinkPurpose = "invitation" | "reset";

/** Makes a person's link; the one before no longer counts. @returns its token, which nothing keeps */
export async function makePasswordLink(
  client: Queryable,
  staffId: string,
  purpose: LinkPurpose,
  countsMs: number,
): Promise<{ readonly token: string; readonly expiresAt: string }> {
  const token = randomBytes(32).toString("base64url");
  const { rows } = await client.query<{ expires_at: Date }>(
    `insert into staff_password_link as link (staff_id, token_hash, purpose, expires_at)
     values ($1, $2, $3, now() + $4 * interval '1 millisecond')
     on conflict (staff_id) do update
       set token_hash = excluded.token_hash, purpose = excluded.purpose, created_at = now(),
           expires_at = excluded.expires_at, asked_by_owner = false
     returning expires_at`,
    [staffId, hashToken(token), purpose, countsMs],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("a link was not written");
  return { token, expiresAt: row.expires_at.toISOString() };
}

/**
 * Makes the link of a reset that somebody asks for who knows the e-mail address, which is where it is mailed.
 *
 * @returns its token; null: the person has set no password yet, a link that an administrator made counts, the
 *   address has just become another one, or the person has just been switched off
 */
export async function makeOwnLink(
  client: Queryable,
  { id, email }: { readonly id: string; readonly email: string },
  countsMs: number,
): Promise<string | null> {
  const token = randomBytes(32).toString("base64url");
  const { rowCount } = await client.query(
    `insert into staff_password_link as link (staff_id, token_hash, purpose, expires_at, asked_by_owner)
     select id, $2, 'reset', now() + $3 * interval '1 millisecond', true
       from staff where id = $1 and password_hash is not null and email = $4 and disabled_at is null for share
     on conflict (staff_id) do update
       set token_hash = excluded.token_hash, purpose = excluded.purpose, created_at = now(),
           expires_at = excluded.expires_at, asked_by_owner = true
       where link.asked_by_owner or link.expires_at <= now()`,
    [id, hashToken(token), countsMs, email],
  );
  return rowCount === 1 ? token : null;
}

export type KnownLink = {
  readonly staffId: string;
  readonly companyId: string;
  readonly email: string;
  readonly name: string;
  readonly purpose: LinkPurpose;
  readonly expiresAt: string;
};

/** @returns whose link it is; null: nobody's, used, replaced, expired, or of somebody who is switched off */
export async function findPasswordLink(client: Queryable, token: string): Promise<KnownLink | null> {
  const { rows } = await client.query<Omit<KnownLink, "expiresAt"> & { expiresAt: Date }>(
    `select staff.id as "staffId", staff.company_id as "companyId", staff.email, staff.name, link.purpose,
            link.expires_at as "expiresAt"
       from staff_password_link link join staff on staff.id = link.staff_id
      where link.token_hash = $1 and link.expires_at > now() and staff.disabled_at is null`,
    [hashToken(token)],
  );
  const [row] = rows;
  return row === undefined ? null : { ...row, expiresAt: row.expiresAt.toISOString() };
}

/** Takes a link out of the world. False: somebody was quicker. */
export async function spendPasswordLink(client: Queryable, token: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "delete from staff_password_link where token_hash = $1 and expires_at > now()",
    [hashToken(token)],
  );
  return rowCount === 1;
}

/** Whatever link the person has no longer counts. */
export async function dropPasswordLink(client: Queryable, staffId: string): Promise<void> {
  await client.query("delete from staff_password_link where staff_id = $1", [staffId]);
}

function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
