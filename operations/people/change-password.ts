import { dropPasswordLink } from "../../store/access/password-links.ts";
import { hashPassword } from "../../store/access/passwords.ts";
import { endSessions } from "../../store/access/sessions.ts";
import { knowsPassword, type StaffMember, setPasswordHash } from "../../store/access/staff.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting } from "../settings/change-setting.ts";
import { problemOfPassword } from "./password-rules.ts";
import type { PeopleContext } from "./people-context.ts";
import { staffSubject } from "./staff.ts";

/**
 * A person changes their own password, and is signed out everywhere else. A link that was out to set it no
 * longer counts: whoever reads the mailbox could take the account back.
 *
 * @param session the id of the session that stays
 */
export async function changePassword(
  context: PeopleContext,
  person: StaffMember,
  passwords: { readonly current: string; readonly next: string },
  session: string | null,
): Promise<{ readonly status: "done" } | Refusal> {
  const wrong = await askForPassword(context, person, passwords.current);
  if (wrong !== null) return wrong;
  const problem = await problemOfPassword(passwords.next, person);
  if (problem !== null) return problem;
  const passwordHash = await hashPassword(passwords.next);
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: staffSubject(person.id),
    version: null,
    by: staffSubject(person.id),
    read: async () => ({}),
    next: () => ({ passwordSetAt: new Date().toISOString() }),
    write: async (client) => {
      await setPasswordHash(client, person.id, passwordHash, true);
      await endSessions(client, person.id, session);
      await dropPasswordLink(client, person.id);
    },
  });
  return changed.status === "refused" ? changed : { status: "done" };
}

/** Before what an open browser alone must not do; null: it is the person's password. */
export async function askForPassword(
  { database }: PeopleContext,
  person: StaffMember,
  password: string,
): Promise<Refusal | null> {
  return (await knowsPassword(database, person.id, password))
    ? null
    : refuse("password_wrong", "This is not your password.");
}
