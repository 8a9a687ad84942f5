/**
 * The ways to a password for who does not know one: the link of an invitation, a reset by an administrator,
 * and a reset that the person asks for.
 *
 * A link's token is in the answer or the mail that gives it out and nowhere else, so that whoever reads the
 * database or a backup has no way in. That is why these mails do not wait in the outbox: one that is lost is
 * asked for again, and the link before it no longer counts.
 */
import { createHash } from "node:crypto";
import { INVITATION_MS, RESET_MS } from "../../config/limits.ts";
import {
  findPasswordLink,
  type KnownLink,
  type LinkPurpose,
  makeOwnLink,
  makePasswordLink,
  spendPasswordLink,
} from "../../store/access/password-links.ts";
import { hashPassword } from "../../store/access/passwords.ts";
import { endSessions } from "../../store/access/sessions.ts";
import { findEnabledStaff, readStaff, type StaffMember, setPasswordHash } from "../../store/access/staff.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting } from "../settings/change-setting.ts";
import { problemOfPassword } from "./password-rules.ts";
import type { PeopleContext } from "./people-context.ts";
import { isRefusal, knownStaff, staffSubject } from "./staff.ts";
import { passwordLink, passwordMail } from "./staff-mail.ts";

export type LinkIssued = {
  readonly status: "done";
  readonly link: string;
  readonly expiresAt: string;
  readonly mailed: boolean;
};

/** Makes a link for a person, for an administrator to hand over, and mails it where that is possible. */
export async function issuePasswordLink(
  context: PeopleContext,
  companyId: string,
  id: string,
  by: string,
): Promise<LinkIssued | Refusal> {
  let made: { token: string; expiresAt: string; purpose: LinkPurpose; person: StaffMember } | undefined;
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: staffSubject(id),
    version: null,
    by,
    read: async (client) => {
      const person = await knownStaff(client, companyId, id);
      if (isRefusal(person)) return person;
      const view = await readStaff(client, companyId, id);
      if (view?.state === "disabled")
        return refuse("person_disabled", `${person.name} is switched off: switch the account on first.`);
      const purpose = view?.state === "invited" ? "invitation" : "reset";
      const link = await makePasswordLink(
        client,
        id,
        purpose,
        purpose === "invitation" ? INVITATION_MS : RESET_MS,
      );
      made = { ...link, purpose, person };
      return {};
    },
    next: () => ({ passwordLinkUntil: made?.expiresAt ?? null }),
    write: async () => {},
  });
  if (changed.status === "refused") return changed;
  if (made === undefined) throw new Error("a link was recorded and not made");
  const { token, expiresAt, purpose, person } = made;
  const mailed = await mailLink(context, person, purpose, token).then(
    () => context.mailer !== null,
    () => false,
  );
  return { status: "done", link: passwordLink(context.publicUrl, token), expiresAt, mailed };
}

/**
 * Mails a link to whoever signs in under the address. Says nothing to the caller: whether there is such an
 * account is nobody's business.
 *
 * @throws ServiceFault where the mail server did not take the mail; the link then counts for nobody
 */
export async function mailResetLink(context: PeopleContext, email: string): Promise<void> {
  if (context.mailer === null) return;
  const person = await findEnabledStaff(context.database, email);
  if (person === null) return;
  const token = await makeOwnLink(context.database, person, RESET_MS);
  if (token === null) return;
  await mailLink(context, person, "reset", token);
}

/** Whose password a link sets. */
export async function readPasswordLink(
  { database }: PeopleContext,
  token: string,
): Promise<KnownLink | Refusal> {
  return (await findPasswordLink(database, token)) ?? invalidLink();
}

/** Sets the password of a link's owner, and signs them out everywhere. A refused password spends no link. */
export async function usePasswordLink(
  context: PeopleContext,
  token: string,
  password: string,
): Promise<{ readonly status: "done" } | Refusal> {
  const known = await findPasswordLink(context.database, token);
  if (known === null) return invalidLink();
  const problem = await problemOfPassword(password, known);
  if (problem !== null) return problem;
  // It takes long on purpose: no transaction waits for it.
  const passwordHash = await hashPassword(password);
  const changed = await changeSetting<Readonly<Record<string, unknown>>>(context, {
    subject: staffSubject(known.staffId),
    version: null,
    by: staffSubject(known.staffId),
    read: async (client) => ((await spendPasswordLink(client, token)) ? {} : invalidLink()),
    next: () => ({ passwordSetAt: new Date().toISOString() }),
    write: async (client) => {
      await setPasswordHash(client, known.staffId, passwordHash, true);
      await endSessions(client, known.staffId, null);
    },
  });
  return changed.status === "refused" ? changed : { status: "done" };
}

async function mailLink(
  { mailer, publicUrl }: PeopleContext,
  person: StaffMember,
  purpose: LinkPurpose,
  token: string,
): Promise<void> {
  if (mailer === null) return;
  const key = `password-link:${createHash("sha256").update(token).digest("hex")}`;
  await mailer.send(passwordMail(person, purpose, passwordLink(publicUrl, token), key));
}

function invalidLink(): Refusal {
  return refuse(
    "password_link_invalid",
    "This link has been used, has expired, or there is a newer one: ask for another.",
  );
}
