/**
 * People: who they are, what they do here, whether they may sign in. Their sessions are in `sessions.ts`, the
 * links by which they set a password in `password-links.ts`, their second factor in `second-factors.ts`,
 * their passkeys in `passkeys.ts`.
 */
import { randomBytes } from "node:crypto";
import type { StaffView } from "../../contract/people.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";
import { hashPassword, isOutdated, verifyPassword } from "./passwords.ts";

/** The roles that are built in. */
export const STAFF_ROLES = ["admin", "operations", "service", "warehouse", "finance", "store"] as const;
export type StaffRole = (typeof STAFF_ROLES)[number];

/** Members of it rule over people, keys and the company; one of them at least can sign in at any time. */
export const ADMINISTRATOR: StaffRole = "admin";

export type StaffMember = {
  readonly id: string;
  readonly companyId: string;
  readonly email: string;
  readonly name: string;
  /** One of the built-in ones, or one that people have made. */
  readonly role: string;
};

export type StaffRow = {
  readonly id: string;
  readonly company_id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
};

/** Of a `StaffRow`. */
export const STAFF_COLUMNS = "staff.id, staff.company_id, staff.email, staff.name, staff.role";

export function staffMember(row: StaffRow): StaffMember {
  return { id: row.id, companyId: row.company_id, email: row.email, name: row.name, role: row.role };
}

/** As it is kept and compared: people write their address in either case. */
export function staffEmail(text: string): string {
  return text.trim().toLowerCase();
}

/** `staff:<id>` of a cause names it: short, and never given to another person. */
export function newStaffId(): string {
  return `p${randomBytes(6).toString("hex")}`;
}

/** @param passwordHash null: the person sets a password by a link */
export async function insertStaff(
  client: Queryable,
  member: StaffMember & { readonly passwordHash: string | null; readonly passwordCompared: boolean },
): Promise<void> {
  await client.query(
    `insert into staff (id, company_id, email, name, role, password_hash, password_compared, password_set_at)
     values ($1, $2, $3, $4, $5, $6, $7, case when $6::text is null then null else now() end)
     on conflict (id) do nothing`,
    [
      member.id,
      member.companyId,
      staffEmail(member.email),
      member.name,
      member.role,
      member.passwordHash,
      member.passwordCompared,
    ],
  );
}

/** Adds a person with a password that no rule has looked at, as a sandbox has them. */
export async function createStaff(
  database: Queryable,
  member: StaffMember & { readonly password: string },
): Promise<void> {
  const passwordHash = await hashPassword(member.password);
  await insertStaff(database, { ...member, passwordHash, passwordCompared: false });
}

/** Verified where the e-mail address is unknown, so that both answers take the same time. */
let unknownStaffHash: Promise<string> | undefined;

/**
 * @returns the member, or null where address or password is wrong or the account is off; it does not tell
 * which
 */
export async function verifyStaffPassword(
  database: Queryable,
  email: string,
  password: string,
): Promise<StaffMember | null> {
  const { rows } = await database.query<StaffRow & { password_hash: string | null; disabled: boolean }>(
    `select ${STAFF_COLUMNS}, password_hash, disabled_at is not null as disabled from staff where email = $1`,
    [staffEmail(email)],
  );
  unknownStaffHash ??= hashPassword(randomBytes(16).toString("hex"));
  const row = rows[0];
  const stored = row?.password_hash ?? null;
  const matches = await verifyPassword(password, stored ?? (await unknownStaffHash));
  if (row === undefined || stored === null || !matches || row.disabled) return null;
  if (isOutdated(stored)) await renewHash(database, row.id, stored, password);
  return staffMember(row);
}

/** Only where it is still the hash that the password was compared with: nobody's new password is undone. */
async function renewHash(database: Queryable, id: string, stored: string, password: string): Promise<void> {
  await database.query("update staff set password_hash = $3 where id = $1 and password_hash = $2", [
    id,
    stored,
    await hashPassword(password),
  ]);
}

/** Whether it is the password of the person as it is now. */
export async function knowsPassword(
  database: Queryable,
  staffId: string,
  password: string,
): Promise<boolean> {
  const { rows } = await database.query<{ password_hash: string | null }>(
    "select password_hash from staff where id = $1",
    [staffId],
  );
  const stored = rows[0]?.password_hash ?? null;
  return stored !== null && (await verifyPassword(password, stored));
}

/** @param compared whether it was held against the passwords that everybody knows */
export async function setPasswordHash(
  client: Queryable,
  staffId: string,
  passwordHash: string,
  compared: boolean,
): Promise<void> {
  await client.query(
    "update staff set password_hash = $2, password_set_at = now(), password_compared = $3 where id = $1",
    [staffId, passwordHash, compared],
  );
}

/** Whose address it is, switched off or not; null: nobody's. */
export async function staffIdOfEmail(client: Queryable, email: string): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>("select id from staff where email = $1", [
    staffEmail(email),
  ]);
  return rows[0]?.id ?? null;
}

export async function findStaff(client: Queryable, id: string): Promise<StaffMember | null> {
  const { rows } = await client.query<StaffRow>(`select ${STAFF_COLUMNS} from staff where id = $1`, [id]);
  return rows[0] === undefined ? null : staffMember(rows[0]);
}

/** Who may sign in under the address; null: nobody, or nobody any more. */
export async function findEnabledStaff(client: Queryable, email: string): Promise<StaffMember | null> {
  const { rows } = await client.query<StaffRow>(
    `select ${STAFF_COLUMNS} from staff where email = $1 and disabled_at is null`,
    [staffEmail(email)],
  );
  return rows[0] === undefined ? null : staffMember(rows[0]);
}

const STAFF_VIEW = `
  staff.id, staff.email, staff.name, staff.role, ${iso("staff.created_at")} as "createdAt",
  case when staff.disabled_at is not null then 'disabled' when staff.password_hash is null then 'invited'
       else 'active' end as state,
  ${iso("staff.password_set_at")} as "passwordSetAt",
  exists (select from staff_second_factor f where f.staff_id = staff.id and f.confirmed_at is not null)
    as "secondFactor",
  (select count(*)::int from staff_passkey p where p.staff_id = staff.id) as passkeys,
  (select count(*)::int from staff_session s where s.staff_id = staff.id and s.expires_at > now()) as sessions,
  (select ${iso("max(s.seen_at)")} from staff_session s where s.staff_id = staff.id) as "lastSeenAt",
  (select coalesce(max(c.version), 1) from setting_change c where c.subject = 'staff:' || staff.id) as version`;

/** People of a company, by name. */
export async function listStaff(client: Queryable, companyId: string): Promise<readonly StaffView[]> {
  const { rows } = await client.query<StaffView>(
    `select ${STAFF_VIEW} from staff where company_id = $1 order by lower(staff.name), staff.id`,
    [companyId],
  );
  return rows;
}

export async function readStaff(client: Queryable, companyId: string, id: string): Promise<StaffView | null> {
  const { rows } = await client.query<StaffView>(
    `select ${STAFF_VIEW} from staff where company_id = $1 and id = $2`,
    [companyId, id],
  );
  return rows[0] ?? null;
}

/**
 * Whether another person has the address. Addresses are nobody's twice, whichever the company; until this
 * transaction ends nobody else takes this one.
 */
export async function isEmailTaken(client: Queryable, email: string, by: string): Promise<boolean> {
  const address = staffEmail(email);
  await client.query("select pg_advisory_xact_lock(hashtextextended('staff email ' || $1, 0))", [address]);
  const { rowCount } = await client.query("select from staff where email = $1 and id <> $2", [address, by]);
  return rowCount === 1;
}

export async function updateStaff(
  client: Queryable,
  id: string,
  next: { readonly email: string; readonly name: string; readonly role: string },
): Promise<void> {
  await client.query("update staff set email = $2, name = $3, role = $4 where id = $1", [
    id,
    staffEmail(next.email),
    next.name,
    next.role,
  ]);
}

export async function setStaffEnabled(client: Queryable, id: string, enabled: boolean): Promise<void> {
  await client.query(
    "update staff set disabled_at = case when $2 then null else coalesce(disabled_at, now()) end where id = $1",
    [id, enabled],
  );
}

/** Until this transaction ends, nobody else takes an administrator of the company away. */
export async function lockAdministrators(client: Queryable, companyId: string): Promise<void> {
  await client.query("select pg_advisory_xact_lock(hashtextextended('administrators ' || $1, 0))", [
    companyId,
  ]);
}

/** Administrators of a company who can sign in, but the one named. */
export async function countAdministrators(
  client: Queryable,
  companyId: string,
  but: string | null,
): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from staff
      where company_id = $1 and role = $2 and disabled_at is null and password_hash is not null
        and ($3::text is null or id <> $3)`,
    [companyId, ADMINISTRATOR, but],
  );
  return rows[0]?.count ?? 0;
}

/** Administrators of a company who can sign in. */
export async function administrators(
  client: Queryable,
  companyId: string,
): Promise<readonly { readonly email: string; readonly name: string }[]> {
  const { rows } = await client.query<{ email: string; name: string }>(
    `select email, name from staff
      where company_id = $1 and role = $2 and disabled_at is null and password_hash is not null order by email`,
    [companyId, ADMINISTRATOR],
  );
  return rows;
}

/** Enabled accounts whose password nobody has held against those that everybody knows. */
async function uncomparedPasswords(
  client: Queryable,
): Promise<readonly { readonly id: string; readonly email: string; readonly password_hash: string }[]> {
  const { rows } = await client.query<{ id: string; email: string; password_hash: string }>(
    `select id, email, password_hash from staff
      where disabled_at is null and password_hash is not null and not password_compared order by email`,
  );
  return rows;
}

/** How many hashes are compared at a time: as many as libuv's pool has threads. */
const AT_A_TIME = 4;

/**
 * Enabled accounts that have this password. Each password is compared once: what was another one is marked
 * so, and a new password begins anew.
 */
export async function accountsWithPassword(
  client: Queryable,
  password: string,
): Promise<readonly { readonly id: string; readonly email: string }[]> {
  const rows = await uncomparedPasswords(client);
  const known: { id: string; email: string }[] = [];
  for (let from = 0; from < rows.length; from += AT_A_TIME) {
    await Promise.all(
      rows.slice(from, from + AT_A_TIME).map(async ({ id, email, password_hash }) => {
        if (await verifyPassword(password, password_hash)) known.push({ id, email });
        else
          await client.query(
            "update staff set password_compared = true where id = $1 and password_hash = $2",
            [id, password_hash],
          );
      }),
    );
  }
  return known.sort((a, b) => (a.email < b.email ? -1 : 1));
}
