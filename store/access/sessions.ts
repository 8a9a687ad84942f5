/**
 * Sessions of people. Only the SHA-256 of a session's 256-bit token is stored. A session ends after
 * `SESSION_IDLE_MS` without a request, `SESSION_ABSOLUTE_MS` after sign-in whatever happens, and at once
 * where its owner is switched off.
 */
import { createHash, randomBytes } from "node:crypto";
import { SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from "../../config/limits.ts";
import type { SessionView } from "../../contract/people.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";
import { ROLE_OF_STAFF, type StoredRole } from "./roles.ts";
import { STAFF_COLUMNS, type StaffMember, type StaffRow, staffMember } from "./staff.ts";

/** Where a session was opened; what a browser says of itself is cut to what a list can show. */
export type SessionOrigin = { readonly address: string; readonly browser: string };

const BROWSER_CHARACTERS = 200;

/** Opens a session. @returns its token, which exists in clear text only here and in the cookie */
export async function openSession(
  database: Queryable,
  staffId: string,
  { address, browser }: SessionOrigin,
): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await database.query(
    `with expired as (delete from staff_session where expires_at < now())
     insert into staff_session (token_hash, staff_id, expires_at, address, browser)
     values ($1, $2, now() + $3 * interval '1 millisecond', $4, $5)`,
    [hashToken(token), staffId, SESSION_IDLE_MS, address, browser.slice(0, BROWSER_CHARACTERS)],
  );
  return token;
}

/**
 * @returns who is signed in by `token`, and their role, or null where it is unknown or has expired, or its owner is switched
 * off. `renew` moves the idle expiry.
 */
export async function findSession(
  database: Queryable,
  token: string,
  options: { readonly renew: boolean },
): Promise<{ readonly staff: StaffMember; readonly role: StoredRole | null } | null> {
  const { rows } = await database.query<StaffRow & { stored_role: StoredRole | null; renew: boolean }>(
    `select ${STAFF_COLUMNS}, ${ROLE_OF_STAFF} as stored_role, session.expires_at < now() + $2 * interval '1 millisecond' * 0.9 as renew
       from staff_session session join staff on staff.id = session.staff_id
      where session.token_hash = $1 and session.expires_at > now() and staff.disabled_at is null`,
    [hashToken(token), SESSION_IDLE_MS],
  );
  const row = rows[0];
  if (row === undefined) return null;
  if (row.renew && options.renew) {
    await database.query(
      `update staff_session
          set expires_at = least(now() + $2 * interval '1 millisecond', created_at + $3 * interval '1 millisecond'),
              seen_at = now()
        where token_hash = $1`,
      [hashToken(token), SESSION_IDLE_MS, SESSION_ABSOLUTE_MS],
    );
  }
  return { staff: staffMember(row), role: row.stored_role };
}

export async function closeSession(database: Queryable, token: string): Promise<void> {
  await database.query("delete from staff_session where token_hash = $1", [hashToken(token)]);
}

/** Open sessions of a person, the newest first. @param token of the session that asks */
export async function listSessions(
  database: Queryable,
  staffId: string,
  token: string,
): Promise<readonly SessionView[]> {
  const { rows } = await database.query<SessionView>(
    `select id::text, coalesce(address, '') as address, coalesce(browser, '') as browser,
            ${iso("created_at")} as "openedAt", ${iso("seen_at")} as "seenAt", token_hash = $2 as current
       from staff_session where staff_id = $1 and expires_at > now() order by created_at desc, id`,
    [staffId, hashToken(token)],
  );
  return rows;
}

/** Ends one session of a person. False: the person has no such session. */
export async function endSession(database: Queryable, staffId: string, id: string): Promise<boolean> {
  const { rowCount } = await database.query(
    "delete from staff_session where staff_id = $1 and id::text = $2",
    [staffId, id],
  );
  return rowCount === 1;
}

/** Ends the sessions of a person. @param but the token of one that stays; null: all of them end */
export async function endSessions(database: Queryable, staffId: string, but: string | null): Promise<number> {
  const { rowCount } = await database.query(
    "delete from staff_session where staff_id = $1 and ($2::bytea is null or token_hash <> $2)",
    [staffId, but === null ? null : hashToken(but)],
  );
  return rowCount ?? 0;
}

function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
