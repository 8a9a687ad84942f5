/**
 * Sessions of people. Only the SHA-256 of a session's 256-bit token is stored.
 *
 * S1 A session ends after `SESSION_IDLE_MS` without a request, `SESSION_ABSOLUTE_MS` after sign-in whatever
 *    happens, and at once where its owner is switched off. `findSession` alone decides it.
 * S2 A session knows when its owner last proved who they are: at sign-in, and whenever they did it again.
 * S3 Each proof gives the session a new token. The one before counts on for `SESSION_TOKEN_OVERLAP_MS`,
 *    because the page has requests under way that bear it. It has no part in the proof: somebody else may
 *    have it.
 * S4 Where a role demands a second factor, a session whose owner has neither one nor a passkey lacks it, but
 *    for one that an identity provider has opened: what it asks for is its own affair. It is looked up at
 *    each request, so that what is set or demanded counts for the next one.
 */
import { createHash, randomBytes } from "node:crypto";
import { SESSION_ABSOLUTE_MS, SESSION_IDLE_MS, SESSION_TOKEN_OVERLAP_MS } from "../../config/limits.ts";
import type { SessionView } from "../../contract/people.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";
import { ROLE_OF_STAFF, type StoredRole } from "./roles.ts";
import { STAFF_COLUMNS, type StaffMember, type StaffRow, staffMember } from "./staff.ts";

/** By what somebody signed in. */
export type SignInWay = "password" | "passkey" | "single-sign-on";

/** Where and how a session was opened; what a browser says of itself is cut to what a list can show. */
export type SessionOrigin = { readonly address: string; readonly browser: string; readonly by: SignInWay };

/** A session that is open. */
export type OpenSession = {
  readonly id: string;
  readonly staff: StaffMember;
  /** Null: there is none of that id any more. */
  readonly role: StoredRole | null;
  /**
   * Milliseconds since its owner proved who they are, by the database's clock. Of a former token: since they
   * signed in.
   */
  readonly provedAgoMs: number;
  /** Its owner's role demands more than a password, and nothing more was shown nor could be. S4 */
  readonly lacksSecondFactor: boolean;
};

const BROWSER_CHARACTERS = 200;

/** Opens a session. @returns its token, which exists in clear text only here and in the cookie */
export async function openSession(
  database: Queryable,
  staffId: string,
  { address, browser, by }: SessionOrigin,
): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await database.query(
    `with expired as (delete from staff_session where expires_at < now())
     insert into staff_session (token_hash, staff_id, expires_at, address, browser, opened_by)
     values ($1, $2, now() + $3 * interval '1 millisecond', $4, $5, $6)`,
    [hashToken(token), staffId, SESSION_IDLE_MS, address, browser.slice(0, BROWSER_CHARACTERS), by],
  );
  return token;
}

/**
 * @returns the session of `token`, with its owner and their role, or null where it is unknown or has expired,
 * or its owner is switched off. `renew` moves the idle expiry. S1
 */
export async function findSession(
  database: Queryable,
  token: string,
  options: { readonly renew: boolean },
): Promise<OpenSession | null> {
  const { rows } = await database.query<
    StaffRow & {
      session_id: string;
      stored_role: StoredRole | null;
      renew: boolean;
      proved_ago_ms: number;
      lacks_second_factor: boolean;
    }
  >(
    `select ${STAFF_COLUMNS}, ${ROLE_OF_STAFF} as stored_role, session.id::text as session_id,
            session.expires_at < now() + $2 * interval '1 millisecond' * 0.9 as renew,
            (extract(epoch from now() - case when session.token_hash = $1 then session.proved_at
                                             else session.created_at end) * 1000)::float8 as proved_ago_ms,
            session.opened_by is distinct from 'single-sign-on'
              and exists (select from role r where r.id = staff.role and r.second_factor_demanded)
              and not exists (select from staff_second_factor f
                               where f.staff_id = staff.id and f.confirmed_at is not null)
              and not exists (select from staff_passkey p where p.staff_id = staff.id) as lacks_second_factor
       from staff_session session join staff on staff.id = session.staff_id
      where (session.token_hash = $1 or (session.former_hash = $1 and session.former_until > now()))
        and session.expires_at > now() and session.created_at > now() - $3 * interval '1 millisecond'
        and staff.disabled_at is null`,
    [hashToken(token), SESSION_IDLE_MS, SESSION_ABSOLUTE_MS],
  );
  const row = rows[0];
  if (row === undefined) return null;
  if (row.renew && options.renew) {
    await database.query(
      `update staff_session
          set expires_at = least(now() + $2 * interval '1 millisecond', created_at + $3 * interval '1 millisecond'),
              seen_at = now()
        where id = $1::uuid`,
      [row.session_id, SESSION_IDLE_MS, SESSION_ABSOLUTE_MS],
    );
  }
  return {
    id: row.session_id,
    staff: staffMember(row),
    role: row.stored_role,
    provedAgoMs: row.proved_ago_ms,
    lacksSecondFactor: row.lacks_second_factor,
  };
}

/**
 * Its owner has proved again who they are.
 * @returns the session's new token; null: it is not open any more. S3
 */
export async function renewProof(database: Queryable, id: string): Promise<string | null> {
  const token = randomBytes(32).toString("base64url");
  const { rowCount } = await database.query(
    `update staff_session
        set former_hash = token_hash, former_until = now() + $3 * interval '1 millisecond',
            token_hash = $2, proved_at = now()
      where id = $1::uuid and expires_at > now()`,
    [id, hashToken(token), SESSION_TOKEN_OVERLAP_MS],
  );
  return rowCount === 1 ? token : null;
}

/** @returns how it was opened; null: it was not open any more, or that was not noted */
export async function closeSession(database: Queryable, id: string): Promise<SignInWay | null> {
  const { rows } = await database.query<{ opened_by: SignInWay | null }>(
    "delete from staff_session where id = $1::uuid returning opened_by",
    [id],
  );
  return rows[0]?.opened_by ?? null;
}

/** Open sessions of a person, the newest first. @param current the session that asks */
export async function listSessions(
  database: Queryable,
  staffId: string,
  current: string,
): Promise<readonly SessionView[]> {
  const { rows } = await database.query<SessionView>(
    `select id::text, coalesce(address, '') as address, coalesce(browser, '') as browser,
            ${iso("created_at")} as "openedAt", ${iso("seen_at")} as "seenAt", id::text = $2 as current
       from staff_session where staff_id = $1 and expires_at > now() order by created_at desc, id`,
    [staffId, current],
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

/** Ends the sessions of a person. @param but the id of one that stays; null: all of them end */
export async function endSessions(database: Queryable, staffId: string, but: string | null): Promise<number> {
  const { rowCount } = await database.query(
    "delete from staff_session where staff_id = $1 and ($2::text is null or id::text <> $2)",
    [staffId, but],
  );
  return rowCount ?? 0;
}

function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
