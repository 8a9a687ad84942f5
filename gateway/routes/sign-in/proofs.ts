/**
 * Who is signed in proves again who they are, before what is risky (`gateway/access/proof.ts`). The session
 * gets a new token with it, so that one that was taken before is of no use for what follows.
 */
import { ProofBody, ProofMeans } from "../../../contract/people.ts";
import { Done } from "../../../contract/shapes.ts";
import { askForPassword } from "../../../operations/people/change-password.ts";
import { askForSecondFactor } from "../../../operations/people/second-factor.ts";
import { renewProof, type SignInWay } from "../../../store/access/sessions.ts";
import { ADMINISTRATOR, readStaff, type StaffMember } from "../../../store/access/staff.ts";
import { recordAudit } from "../../../store/audit-log/record-audit.ts";
import { inTransaction } from "../../../store/sql/database.ts";
import { sessionCookie } from "../../access/authentication.ts";
import { type Call, callerOf, found, personOf, type Route, route, sessionOf } from "../../http/route.ts";
import { callerFrom } from "../../http/security-events.ts";
import { ApiError } from "../../wire/problem.ts";
import { recordWrongPassword, takeCodeAttempt, takePasswordAttempt } from "./attempts.ts";
import { passkeyOwner } from "./passkey-owner.ts";
import { requireWay } from "./sessions.ts";
import { personSignedOn } from "./single-sign-on.ts";

const DONE = { status: "done" } as const;

export const proofRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/sessions/current/proof",
    summary: "When who asks proved last who they are, and by what they can do it again",
    access: { kind: "known" },
    reply: ProofMeans,
    handle: async (call) => {
      const { id, companyId } = personOf(call);
      const { session } = callerOf(call);
      const person = found(await readStaff(call.services.database, companyId, id), "person");
      return {
        json: {
          provedAt: new Date(Date.now() - (session?.provedAgoMs ?? 0)).toISOString(),
          password: person.passwordSetAt !== null && mayByPassword(call),
          secondFactor: person.secondFactor || person.passkeys > 0,
          passkey: person.passkeys > 0 && mayByPassword(call),
          singleSignOn: call.services.singleSignOn !== null,
        },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/sessions/current/proof",
    summary: "Proves again who is signed in, and gives the session a new cookie",
    access: { kind: "known" },
    body: ProofBody,
    reply: Done,
    handle: async (call) => {
      const { password, code, passkey, singleSignOn } = call.body;
      if (singleSignOn !== undefined) {
        await requireSamePerson(call, singleSignOn);
        return { json: DONE, headers: await proved(call, "single-sign-on") };
      }
      const by = password === undefined ? ("passkey" as const) : ("password" as const);
      await requireWay(call, personOf(call), by);
      const passkeyOf = passkey === undefined ? undefined : await passkeyOwner(call, passkey);
      if (password !== undefined) await requirePassword(call, password);
      else if (passkey === undefined)
        throw new ApiError("invalid_request", "POST body: give password, passkey or singleSignOn.");
      await requireSecond(call, { code, passkeyOf });
      return { json: DONE, headers: await proved(call, by) };
    },
  }),
];

/** @returns the headers that give the session its new token */
async function proved(call: Call<unknown, unknown>, by: SignInWay) {
  const { request, principal, services } = call;
  const caller = callerFrom(request, principal);
  const act = { act: "session.proved", subject: `staff:${personOf(call).id}`, after: { by } } as const;
  const { token, entry } = await inTransaction(services.database, async (client) => ({
    token: await renewProof(client, sessionOf(call)),
    entry: await recordAudit(client, caller, act),
  }));
  if (token === null) throw new ApiError("unauthenticated", "The session has just ended.");
  services.security.tell(caller, act, entry);
  return { "set-cookie": sessionCookie(token, services.cookies) };
}

/** Whether anything but the identity provider counts for who is signed in. */
function mayByPassword(call: Call<unknown, unknown>): boolean {
  return call.services.singleSignOn?.required !== true || personOf(call).role === ADMINISTRATOR;
}

async function requireSamePerson(call: Call<unknown, unknown>, answer: string): Promise<void> {
  const { id } = await personSignedOn(call, answer, sessionOf(call));
  if (id === personOf(call).id) return;
  await recordWrongPassword(call, personOf(call), "single_sign_on_other_person");
  throw new ApiError(
    "single_sign_on_other_person",
    "Somebody else has signed in there than is signed in here.",
  );
}

async function requirePassword(call: Call<unknown, unknown>, password: string): Promise<void> {
  const person = personOf(call);
  const attempt = await takePasswordAttempt(call, person);
  const wrong = await askForPassword(call.services.people, person, password);
  if (wrong === null) {
    await call.services.guesses.succeeded(attempt);
    return;
  }
  await recordWrongPassword(call, person, wrong.code);
  throw ApiError.of(wrong);
}

async function requireSecond(
  call: Call<unknown, unknown>,
  given: { readonly code: string | undefined; readonly passkeyOf: StaffMember | undefined },
): Promise<void> {
  const person = personOf(call);
  if (given.code !== undefined) await takeCodeAttempt(call.services.secondFactorLimit, person);
  const missing = await askForSecondFactor(call.services.people, person, given);
  if (missing === null) return;
  if (missing.code !== "second_factor_needed") await recordWrongPassword(call, person, missing.code);
  throw ApiError.of(missing);
}
