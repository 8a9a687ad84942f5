/**
 * Signing in by an identity provider.
 *
 * O1 An answer counts once, in the browser that was sent, and for what it was sent for.
 * O2 It leads to an enabled person with the address that the provider has verified, and to nobody else: no
 *    person and no right is made by it.
 * O3 From the first time on the person is tied to that account of the provider: who is given the address
 *    there later is somebody else. A new address in Holdfast unties them.
 */
import {
  type Identity,
  type IdentityChecks,
  type IdentityProvider,
  IdentityRefused,
} from "../../ports/identity.ts";
import { beginSignOn, linkIdentity, takeSignOn } from "../../store/access/single-sign-on.ts";
import { findEnabledStaff, type StaffMember } from "../../store/access/staff.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { PeopleContext } from "./people-context.ts";
import { staffSubject } from "./staff.ts";

const RETRY_MS = 5_000;

type Where = {
  readonly browser: string;
  /** Which is to be proved again; null: somebody signs in. */
  readonly session: string | null;
};

/** @returns where the browser is to be sent */
export async function beginSingleSignOn(
  { database, secrets }: PeopleContext,
  provider: IdentityProvider,
  { browser, session }: Where,
): Promise<{ readonly status: "done"; readonly url: string } | Refusal> {
  try {
    const { url, checks } = await provider.begin(session !== null);
    await beginSignOn(database, secrets, { state: checks.state, browser, session }, JSON.stringify(checks));
    return { status: "done", url };
  } catch (error) {
    return refusalOf(error);
  }
}

/**
 * Whom the provider's answer leads to.
 * @param answer the query of the address at which the browser came back
 */
export async function finishSingleSignOn(
  context: PeopleContext,
  provider: IdentityProvider,
  where: Where,
  answer: string,
): Promise<{ readonly status: "done"; readonly staff: StaffMember } | Refusal> {
  const states = new URLSearchParams(answer).getAll("state");
  const [state = ""] = states;
  const kept =
    states.length === 1 ? await takeSignOn(context.database, context.secrets, { state, ...where }) : null;
  if (kept === null)
    return refuse(
      "single_sign_on_over",
      "This sign-in was finished, has expired, or was begun in another browser: begin again.",
    );
  let identity: Identity;
  try {
    identity = await provider.finish(answer, JSON.parse(kept) as IdentityChecks, where.session !== null);
  } catch (error) {
    return refusalOf(error);
  }
  return personOf(context, identity);
}

/** O2, O3 */
async function personOf(
  context: PeopleContext,
  { issuer, subject, email, emailVerified }: Identity,
): Promise<{ readonly status: "done"; readonly staff: StaffMember } | Refusal> {
  if (email === null || !emailVerified)
    return refuse(
      "single_sign_on_unverified",
      "The identity provider has not verified an e-mail address of yours.",
    );
  return inTransaction(context.database, async (client) => {
    const staff = await findEnabledStaff(client, email);
    if (staff === null)
      return refuse("single_sign_on_unknown", `Nobody signs in here as ${email}: ask an administrator.`);
    const link = await linkIdentity(client, staff.id, issuer, subject);
    if (link === "other")
      return refuse(
        "single_sign_on_other_person",
        `Another account of the identity provider has signed in here as ${email} before.`,
      );
    if (link === "new")
      await recordAudit(
        client,
        { ...callerIn(context, staffSubject(staff.id)), companyId: staff.companyId },
        {
          act: "single-sign-on.linked",
          subject: staffSubject(staff.id),
          after: { issuer, account: subject },
        },
      );
    return { status: "done", staff };
  });
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof IdentityRefused)) throw error;
  return error.code === "single_sign_on_unavailable"
    ? refuse(error.code, error.message, RETRY_MS)
    : refuse(error.code, error.message);
}
