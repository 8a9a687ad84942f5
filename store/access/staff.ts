/**
 * People and their sessions: passwords, sign-in and the cookie's token.
 *
 * Passwords are kept as scrypt hashes that carry their own parameters, so that the cost can be raised without
 * a migration. Of a session only the SHA-256 of its 256-bit token is stored. A session ends after
 * `SESSION_IDLE_MS` without a request and, whatever happens, `SESSION_ABSOLUTE_MS` after sign-in.
 */
import { createHash, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from "../../config/limits.ts";
import type { Queryable } from "../sql/database.ts";

/** The roles that are built in. */
export const STAFF_ROLES = ["admin", "operations", "service", "warehouse", "finance", "store"] as const;
export type StaffRole = (typeof STAFF_ROLES)[number];

export type StaffMember = {
  readonly id: string;
  readonly companyId: string;
  readonly email: string;
  readonly name: string;
  /** One of the built-in ones, or one that people have made. */
  readonly role: string;
};

/** log2 N, r, p: one of OWASP's equivalent minimum settings; 32 MiB and some 100 ms a hash. */
const COST = { logN: 15, r: 8, p: 3 };
const HASH_BYTES = 32;

/** @returns `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>` */
async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, COST.logN, COST.r, COST.p);
  return ["scrypt", COST.logN, COST.r, COST.p, salt.toString("base64url"), hash.toString("base64url")].join(
    "$",
  );
}

/** Constant-time comparison; false also where `stored` is not one of our hashes. */
async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, logN, r, p, salt, hash] = stored.split("$");
  if (scheme !== "scrypt" || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64url");
  const actual = await derive(password, Buffer.from(salt, "base64url"), Number(logN), Number(r), Number(p));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function derive(password: string, salt: Buffer, logN: number, r: number, p: number): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** logN, r, p, maxmem: 256 * r * 2 ** logN };
  return new Promise((resolve, reject) => {
    // One Unicode form, so that a password typed on another keyboard or system is the same password.
    scrypt(password.normalize("NFKC"), salt, HASH_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

export async function createStaff(
  database: Queryable,
  member: StaffMember & { readonly password: string },
): Promise<void> {
  await database.query(
    `insert into staff (id, company_id, email, name, password_hash, role) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do nothing`,
    [
      member.id,
      member.companyId,
      member.email.toLowerCase(),
      member.name,
      await hashPassword(member.password),
      member.role,
    ],
  );
}

/** Verified where the e-mail address is unknown, so that both answers take the same time. */
let unknownStaffHash: Promise<string> | undefined;

/** @returns the member, or null where address or password is wrong; it does not tell which */
export async function verifyStaffPassword(
  database: Queryable,
  email: string,
  password: string,
): Promise<StaffMember | null> {
  const { rows } = await database.query<StaffRow & { password_hash: string }>(
    "select id, company_id, email, name, role, password_hash from staff where email = $1",
    [email.trim().toLowerCase()],
  );
  unknownStaffHash ??= hashPassword(randomBytes(16).toString("hex"));
  const row = rows[0];
  const matches = await verifyPassword(password, row?.password_hash ?? (await unknownStaffHash));
  return row !== undefined && matches ? staffMember(row) : null;
}

/** Whose address it is; null: nobody's. */
export async function staffIdOfEmail(database: Queryable, email: string): Promise<string | null> {
  const { rows } = await database.query<{ id: string }>("select id from staff where email = $1", [
    email.trim().toLowerCase(),
  ]);
  return rows[0]?.id ?? null;
}

/** Opens a session. @returns its token, which exists in clear text only here and in the cookie */
export async function openSession(database: Queryable, staffId: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await database.query(
    `with expired as (delete from staff_session where expires_at < now())
     insert into staff_session (token_hash, staff_id, expires_at)
     values ($1, $2, now() + $3 * interval '1 millisecond')`,
    [hashToken(token), staffId, SESSION_IDLE_MS],
  );
  return token;
}

/**
 * @returns who is signed in by `token`, or null where it is unknown or has expired. `renew` moves the idle
 * expiry.
 */
export async function findSession(
  database: Queryable,
  token: string,
  options: { readonly renew: boolean },
): Promise<StaffMember | null> {
  const { rows } = await database.query<StaffRow & { renew: boolean }>(
    `select staff.id, staff.company_id, staff.email, staff.name, staff.role,
            session.expires_at < now() + $2 * interval '1 millisecond' * 0.9 as renew
       from staff_session session join staff on staff.id = session.staff_id
      where session.token_hash = $1 and session.expires_at > now()`,
    [hashToken(token), SESSION_IDLE_MS],
  );
  const row = rows[0];
  if (row === undefined) return null;
  if (row.renew && options.renew) {
    await database.query(
      `update staff_session
          set expires_at = least(now() + $2 * interval '1 millisecond', created_at + $3 * interval '1 millisecond')
        where token_hash = $1`,
      [hashToken(token), SESSION_IDLE_MS, SESSION_ABSOLUTE_MS],
    );
  }
  return staffMember(row);
}

export async function closeSession(database: Queryable, token: string): Promise<void> {
  await database.query("delete from staff_session where token_hash = $1", [hashToken(token)]);
}

type StaffRow = {
  readonly id: string;
  readonly company_id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
};

function staffMember(row: StaffRow): StaffMember {
  return { id: row.id, companyId: row.company_id, email: row.email, name: row.name, role: row.role };
}

function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
