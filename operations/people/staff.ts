/**
 * People are added, changed, switched off and on. Each is a change of the setting `staff:<id>`, so that who
 * did what is kept in the commit that does it, and nobody overwrites what they have not seen.
 *
 * P1 A company always has an enabled administrator with a password: the last one is neither switched off nor
 *    given another role. Whoever would take one away takes turns.
 * P2 Whose role or address changes, and who is switched off, is signed out everywhere in the same commit.
 * P3 Who is new gets a link, not a password that somebody else knows.
 */
import type { ChangeStaffBody, CreateStaffBody } from "../../contract/people.ts";
import { deletePasskeys } from "../../store/access/passkeys.ts";
import { dropPasswordLink } from "../../store/access/password-links.ts";
import { readRole } from "../../store/access/roles.ts";
import { removeSecondFactor } from "../../store/access/second-factors.ts";
import { endSessions } from "../../store/access/sessions.ts";
import { unlinkIdentities } from "../../store/access/single-sign-on.ts";
import {
  ADMINISTRATOR,
  countAdministrators,
  findStaff,
  insertStaff,
  isEmailTaken,
  lockAdministrators,
  newStaffId,
  readStaff,
  type StaffMember,
  setStaffEnabled,
  staffEmail,
  updateStaff,
} from "../../store/access/staff.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { type DatabaseClient, inTransaction, type Queryable } from "../../store/sql/database.ts";
import { callerIn } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "../settings/change-setting.ts";
import type { PeopleContext } from "./people-context.ts";

type Fields = Readonly<Record<string, unknown>>;

export function staffSubject(id: string): string {
  return `staff:${id}`;
}

/** Adds a person without a password. @returns their id */
export async function addStaff(
  context: PeopleContext,
  companyId: string,
  { email, name, role }: CreateStaffBody,
  by: string,
): Promise<{ readonly status: "done"; readonly id: string } | Refusal> {
  const id = newStaffId();
  const changed = await changeSetting<Fields>(context, {
    subject: staffSubject(id),
    version: null,
    by,
    read: async (client) =>
      (await roleProblem(client, role)) ?? (await emailProblem(client, email, id)) ?? {},
    next: () => ({ email: staffEmail(email), name, role, enabled: true }),
    write: (client) =>
      insertStaff(client, {
        id,
        companyId,
        email,
        name,
        role,
        passwordHash: null,
        passwordCompared: false,
      }),
  });
  return changed.status === "refused" ? changed : { status: "done", id };
}

/** Changes who a person is; what is left out stays as it is. */
export async function changeStaff(
  context: PeopleContext,
  companyId: string,
  id: string,
  { version, ...change }: ChangeStaffBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const { role, email } = change;
  return changeSetting<Fields>(context, {
    subject: staffSubject(id),
    version,
    by,
    read: async (client) => {
      const now = await lockedStaff(client, companyId, id);
      if (isRefusal(now)) return now;
      if (role !== undefined && role !== ADMINISTRATOR && now.role === ADMINISTRATOR) {
        const last = await lastAdministrator(client, now);
        if (last !== null) return last;
      }
      const unknown = role === undefined ? null : await roleProblem(client, role);
      const taken = email === undefined ? null : await emailProblem(client, email, id);
      return unknown ?? taken ?? { email: now.email, name: now.name, role: now.role };
    },
    next: (now) => ({
      email: email === undefined ? now["email"] : staffEmail(email),
      name: change.name ?? now["name"],
      role: role ?? now["role"],
    }),
    write: async (client, next) => {
      const before = await findStaff(client, id);
      const after = next as { readonly email: string; readonly name: string; readonly role: string };
      await updateStaff(client, id, after);
      if (before?.role === after.role && before.email === after.email) return;
      await endSessions(client, id, null);
      if (before?.email !== after.email) await unlinkIdentities(client, id);
      // A link to the former address is not for whoever reads mail there.
      await dropPasswordLink(client, id);
    },
  });
}

/** Says whether a person may sign in. Who is switched off is out at once, and no link of theirs counts. */
export async function enableStaff(
  context: PeopleContext,
  companyId: string,
  id: string,
  enabled: boolean,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<Fields>(context, {
    subject: staffSubject(id),
    version: null,
    by,
    read: async (client) => {
      const now = await lockedStaff(client, companyId, id);
      if (isRefusal(now)) return now;
      const last = !enabled && now.role === ADMINISTRATOR ? await lastAdministrator(client, now) : null;
      if (last !== null) return last;
      const view = await readStaff(client, companyId, id);
      return { enabled: view?.state !== "disabled" };
    },
    next: () => ({ enabled }),
    write: async (client) => {
      await setStaffEnabled(client, id, enabled);
      if (enabled) return;
      await endSessions(client, id, null);
      await dropPasswordLink(client, id);
    },
  });
}

/** Signs a person out everywhere. */
export async function endStaffSessions(
  context: PeopleContext,
  companyId: string,
  id: string,
  by: string,
): Promise<{ readonly status: "done"; readonly ended: number } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const person = await knownStaff(client, companyId, id);
    if (isRefusal(person)) return person;
    const ended = await endSessions(client, id, null);
    await recordAudit(client, callerIn(context, by), {
      act: "session.ended",
      subject: staffSubject(id),
      after: { ended },
    });
    return { status: "done", ended };
  });
}

/**
 * Takes a person's second factors away, passkeys included, for whoever has lost phone and codes, and signs
 * them out everywhere.
 */
export async function resetSecondFactor(
  context: PeopleContext,
  companyId: string,
  id: string,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<Fields>(context, {
    subject: staffSubject(id),
    version: null,
    by,
    read: async (client) => {
      const person = await knownStaff(client, companyId, id);
      if (isRefusal(person)) return person;
      const view = await readStaff(client, companyId, id);
      return { secondFactor: view?.secondFactor ?? false, passkeys: view?.passkeys ?? 0 };
    },
    next: () => ({ secondFactor: false, passkeys: 0 }),
    write: async (client) => {
      await deletePasskeys(client, id);
      await removeSecondFactor(client, id);
      await endSessions(client, id, null);
    },
  });
}

/** @returns the person, or the refusal where the company has no such person */
export async function knownStaff(
  client: Queryable,
  companyId: string,
  id: string,
): Promise<StaffMember | Refusal> {
  const member = await findStaff(client, id);
  return member === null || member.companyId !== companyId
    ? refuse("person_not_found", `There is no person "${id}".`)
    : member;
}

export function isRefusal(value: StaffMember | Refusal): value is Refusal {
  return "status" in value;
}

async function lockedStaff(client: DatabaseClient, companyId: string, id: string) {
  await lockAdministrators(client, companyId);
  return knownStaff(client, companyId, id);
}

/**
 * P1; `null`: another one is left. Who has set no password yet may be taken away: nobody can sign in as them.
 */
async function lastAdministrator(client: Queryable, person: StaffMember): Promise<Refusal | null> {
  const [others, all] = [
    await countAdministrators(client, person.companyId, person.id),
    await countAdministrators(client, person.companyId, null),
  ];
  return others > 0 || all === 0
    ? null
    : refuse(
        "last_administrator",
        `${person.name} is the last administrator who can sign in: make another one first, who has set a password.`,
      );
}

async function emailProblem(client: Queryable, email: string, id: string): Promise<Refusal | null> {
  return (await isEmailTaken(client, email, id))
    ? refuse("email_taken", `Another person signs in as ${staffEmail(email)}.`)
    : null;
}

async function roleProblem(client: Queryable, role: string): Promise<Refusal | null> {
  return (await readRole(client, role)) === null
    ? refuse("role_not_found", `There is no role "${role}".`)
    : null;
}
