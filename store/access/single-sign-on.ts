/**
 * Browsers that were sent to the identity provider, and which account there is whose. Of what names an
 * attempt only SHA-256 is kept; what its answer is checked with is sealed.
 */
import { createHash } from "node:crypto";
import { SINGLE_SIGN_ON_MS } from "../../config/limits.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { Queryable } from "../sql/database.ts";

const PURPOSE = "single sign-on";

export type SignOnAttempt = {
  readonly state: string;
  /** Of the only browser that may finish it. */
  readonly browser: string;
  /** Which is to be proved again; null: somebody signs in. */
  readonly session: string | null;
};

/** @param checks as text, which comes back once */
export async function beginSignOn(
  client: Queryable,
  box: SecretBox,
  { state, browser, session }: SignOnAttempt,
  checks: string,
): Promise<void> {
  await client.query(
    `with expired as (delete from single_sign_on_attempt where expires_at < now())
     insert into single_sign_on_attempt (state_hash, browser_hash, session_id, checks, expires_at)
     values ($1, $2, $3::uuid, $4, now() + $5 * interval '1 millisecond')`,
    [hashOf(state), hashOf(browser), session, box.seal(checks, PURPOSE), SINGLE_SIGN_ON_MS],
  );
}

/** @returns its checks; null: it was finished, has expired, or is of another browser or session */
export async function takeSignOn(
  client: Queryable,
  box: SecretBox,
  { state, browser, session }: SignOnAttempt,
): Promise<string | null> {
  const { rows } = await client.query<{ checks: string }>(
    `delete from single_sign_on_attempt
      where state_hash = $1 and browser_hash = $2 and session_id is not distinct from $3::uuid
        and expires_at > now()
      returning checks`,
    [hashOf(state), hashOf(browser), session],
  );
  return rows[0] === undefined ? null : box.open(rows[0].checks, PURPOSE);
}

/**
 * Ties a person to an account of a provider, at the first time.
 *
 * @returns `new`, `same`, or `other` where the person, or the account, is tied to another one
 */
export async function linkIdentity(
  client: Queryable,
  staffId: string,
  issuer: string,
  subject: string,
): Promise<"new" | "same" | "other"> {
  const { rowCount } = await client.query(
    "insert into staff_identity (staff_id, issuer, subject) values ($1, $2, $3) on conflict do nothing",
    [staffId, issuer, subject],
  );
  if (rowCount === 1) return "new";
  const { rows } = await client.query(
    "select from staff_identity where staff_id = $1 and issuer = $2 and subject = $3",
    [staffId, issuer, subject],
  );
  return rows.length === 1 ? "same" : "other";
}

/** Whose address changes signs in with another account from then on. */
export async function unlinkIdentities(client: Queryable, staffId: string): Promise<void> {
  await client.query("delete from staff_identity where staff_id = $1", [staffId]);
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
