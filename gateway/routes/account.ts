/**
 * What people do about their own account: password, second factor, and the links for who has no password.
 *
 * No request with a password takes an `Idempotency-Key`: a fingerprint of it would be kept, and that is a
 * fast hash of the password.
 */
import { PASSWORD_LEAST } from "../../config/limits.ts";
import {
  AccountView,
  ChangePasswordBody,
  CheckLinkBody,
  ConfirmSecondFactorBody,
  PasswordLinkView,
  RecoveryCodes,
  ResetBody,
  SecondFactorSecret,
  UseLinkBody,
} from "../../contract/people.ts";
import { Done } from "../../contract/shapes.ts";
import { changePassword } from "../../operations/people/change-password.ts";
import { relyingPartyOf } from "../../operations/people/passkey-ceremony.ts";
import { mailResetLink, readPasswordLink, usePasswordLink } from "../../operations/people/password-links.ts";
import {
  beginSecondFactor,
  confirmFactor,
  removeFactor,
  renewRecoveryCodes,
} from "../../operations/people/second-factor.ts";
import { countRecoveryCodes } from "../../store/access/second-factors.ts";
import { readStaff, staffEmail, staffIdOfEmail } from "../../store/access/staff.ts";
import { type Call, done, found, personOf, type Route, route, sessionOf } from "../http/route.ts";
import { callerFrom } from "../http/security-events.ts";
import { ApiError } from "../wire/problem.ts";
import {
  recordWrongPassword,
  takeAddressAttempt,
  takeCodeAttempt,
  takePasswordAttempt,
} from "./sign-in/attempts.ts";

/** Whoever changes how somebody signs in keeps the account for good. */
const OWN = { kind: "own" } as const;
const DONE = { status: "done" } as const;

export const accountRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/account",
    summary: "Who is signed in, with how they sign in",
    access: { kind: "known" },
    reply: AccountView,
    handle: async (call) => {
      const { id, companyId } = personOf(call);
      const { database } = call.services;
      const person = found(await readStaff(database, companyId, id), "person");
      const { email, name, role, passwordSetAt, secondFactor, passkeys } = person;
      const recoveryCodes = await countRecoveryCodes(database, id);
      return {
        json: {
          id,
          email,
          name,
          role,
          passwordSetAt,
          leastCharacters: PASSWORD_LEAST,
          secondFactor,
          passkeys,
          passkeyOrigin: relyingPartyOf(call.services.publicUrl)?.origin ?? null,
          recoveryCodes,
        },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/account/password",
    summary: "Changes the own password, and signs out everywhere else",
    access: { kind: "known" },
    // The password alone is not all that the person can prove.
    proof: { kind: "own", condition: "where the account has a second factor", when: hasSecondFactor },
    body: ChangePasswordBody,
    reply: Done,
    handle: async (call) => {
      const person = personOf(call);
      const attempt = await takePasswordAttempt(call, person);
      const changed = await changePassword(call.services.people, person, call.body, sessionOf(call));
      if (changed.status === "done" || changed.code !== "password_wrong")
        await call.services.guesses.succeeded(attempt);
      else await recordWrongPassword(call, person, changed.code);
      done(changed);
      return { json: DONE };
    },
  }),
  route({
    method: "POST",
    path: "/v1/account/second-factor",
    summary: "Makes a secret for an authenticator app; it counts once a code of it was confirmed",
    access: { kind: "known" },
    proof: OWN,
    reply: SecondFactorSecret,
    handle: async (call) => {
      const person = personOf(call);
      const { people, documents } = call.services;
      const { secret, uri } = done(await beginSecondFactor(people, person));
      const svg = new TextDecoder().decode(await documents.qrCode(uri));
      return { json: { secret, uri, svg } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/account/second-factor/confirm",
    summary: "From now on signing in asks for a code; the recovery codes are in this answer and nowhere else",
    access: { kind: "known" },
    body: ConfirmSecondFactorBody,
    reply: RecoveryCodes,
    handle: async (call) => {
      const person = personOf(call);
      await takeCodeAttempt(call.services.secondFactorLimit, person);
      const { codes } = done(
        await confirmFactor(call.services.people, person, call.body.code, sessionOf(call)),
      );
      return { json: { codes } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/account/second-factor/remove",
    summary: "Signing in asks for no code of an app any more",
    access: { kind: "known" },
    proof: OWN,
    reply: Done,
    handle: async (call) => {
      done(await removeFactor(call.services.people, personOf(call), sessionOf(call)));
      return { json: DONE };
    },
  }),
  route({
    method: "POST",
    path: "/v1/account/recovery-codes",
    summary: "Makes recovery codes in place of those before; they are in this answer and nowhere else",
    access: { kind: "known" },
    proof: OWN,
    reply: RecoveryCodes,
    handle: async (call) => {
      const { codes } = done(await renewRecoveryCodes(call.services.people, personOf(call)));
      return { json: { codes } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/password-links",
    summary:
      "Mails a link to set a new password, where there is such an account; the answer is the same where there is none",
    access: { kind: "public" },
    body: ResetBody,
    reply: Done,
    handle: async (call) => {
      const { services, body } = call;
      await takeAddressAttempt(call);
      const account = staffEmail(body.email);
      // What happens, and how long it takes, says nothing to who asks.
      const id = await staffIdOfEmail(services.database, account);
      const subject = id === null ? "account:unknown" : `staff:${id}`;
      await services.security.refused(callerFrom(call.request, null), "password-link.asked", subject);
      if ((await services.resetLimit.take(account, Date.now())) === 0)
        services.background.run("mail a link to set a password", () =>
          mailResetLink(services.people, account),
        );
      return { json: DONE };
    },
  }),
  route({
    method: "POST",
    path: "/v1/password-links/check",
    summary: "Whose password a link sets, and until when",
    access: { kind: "public" },
    body: CheckLinkBody,
    reply: PasswordLinkView,
    handle: async (call) => {
      await takeAddressAttempt(call);
      const known = await readPasswordLink(call.services.people, call.body.token);
      if ("status" in known) throw ApiError.of(known);
      const { email, name, purpose, expiresAt } = known;
      return { json: { email, name, purpose, expiresAt, leastCharacters: PASSWORD_LEAST } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/password-links/use",
    summary: "Sets a password by a link, and signs its owner out everywhere",
    access: { kind: "public" },
    body: UseLinkBody,
    reply: Done,
    handle: async (call) => {
      await takeAddressAttempt(call);
      done(await usePasswordLink(call.services.people, call.body.token, call.body.password));
      return { json: DONE };
    },
  }),
];

async function hasSecondFactor(call: Call<unknown, unknown>): Promise<boolean> {
  const { id, companyId } = personOf(call);
  const person = await readStaff(call.services.database, companyId, id);
  return person !== null && (person.secondFactor || person.passkeys > 0);
}
