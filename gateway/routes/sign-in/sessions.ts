/** Members of staff sign in and out, and see where they are signed in. */

import { SessionsEnded, SessionView } from "../../../contract/people.ts";
import { Done, pageOf } from "../../../contract/shapes.ts";
import type { PasskeyAnswer } from "../../../contract/sign-in/passkeys.ts";
import { Login, Session, SignedOut } from "../../../contract/sign-in/sessions.ts";
import { askForSecondFactor } from "../../../operations/people/second-factor.ts";
import {
  closeSession,
  endSession,
  endSessions,
  findSession,
  listSessions,
  openSession,
  type SignInWay,
} from "../../../store/access/sessions.ts";
import {
  ADMINISTRATOR,
  type StaffMember,
  staffIdOfEmail,
  verifyStaffPassword,
} from "../../../store/access/staff.ts";
import { hasSignedInFrom } from "../../../store/audit-log/known-addresses.ts";
import { recordAudit } from "../../../store/audit-log/record-audit.ts";
import { inTransaction } from "../../../store/sql/database.ts";
import { requireOwnOrigin, sessionCookie } from "../../access/authentication.ts";
import { countedAs } from "../../access/client-address.ts";
import { permissionsOfRole } from "../../access/permissions.ts";
import {
  type Answer,
  type Call,
  callerOf,
  found,
  param,
  personOf,
  type Route,
  route,
  sessionOf,
} from "../../http/route.ts";
import { callerFrom } from "../../http/security-events.ts";
import { ApiError } from "../../wire/problem.ts";
import { takeCodeAttempt } from "./attempts.ts";
import { passkeyOwner } from "./passkey-owner.ts";

/** Whoever found a browser open must not sign its owner out where they really are. */
const OWN = { kind: "own" } as const;

export const sessionRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/sessions",
    summary: "Signs a member of staff in and sets the session cookie",
    access: { kind: "public" },
    body: Login,
    reply: Session,
    handle: async (call) => {
      const { request, body, services } = call;
      // A page of another site must not sign a browser in under a name of its choice.
      requireOwnOrigin(request.headers, services.publicUrl);
      const attempt = { email: body.email, address: countedAs(request.remoteAddress) };
      const isKnown = await hasSignedInFrom(services.database, body.email, request.remoteAddress);
      const wait = await services.guesses.begin({ ...attempt, isKnown }, Date.now());
      if (wait > 0) {
        await refusedSignIn(call, "session.slowed", { waitMs: wait });
        throw new ApiError("rate_limited", "Too many attempts to sign in.", { retryAfterMs: wait });
      }
      const staff = await verifyStaffPassword(services.database, body.email, body.password);
      if (staff === null) {
        await refusedSignIn(call, "session.refused", {});
        throw new ApiError("login_failed", "E-mail address or password is wrong.");
      }
      await services.guesses.succeeded(attempt);
      await askForSecond(call, staff);
      return openedFor(call, staff, "password");
    },
  }),
  route({
    method: "GET",
    path: "/v1/sessions",
    summary: "Where who asks is signed in, newest first",
    access: { kind: "known" },
    reply: pageOf(SessionView),
    handle: async (call) => {
      const person = personOf(call);
      const items = await listSessions(call.services.database, person.id, sessionOf(call));
      return { json: { items, next: null } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/sessions/{id}",
    summary: "One of the places where who asks is signed in",
    access: { kind: "known" },
    reply: SessionView,
    handle: async (call) => {
      const person = personOf(call);
      const items = await listSessions(call.services.database, person.id, sessionOf(call));
      return { json: found(items.find(({ id }) => id === param(call, "id")) ?? null, "session of yours") };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/sessions",
    summary: "Signs who asks out everywhere else",
    access: { kind: "known" },
    proof: OWN,
    reply: SessionsEnded,
    handle: async (call) => {
      const person = personOf(call);
      const ended = await inTransaction(call.services.database, async (client) => {
        const count = await endSessions(client, person.id, sessionOf(call));
        await recordAudit(client, callerFrom(call.request, call.principal), {
          act: "session.ended",
          subject: `staff:${person.id}`,
          after: { ended: count },
        });
        return count;
      });
      return { json: { status: "done" as const, ended } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/sessions/current",
    summary: "Who is signed in",
    access: { kind: "known" },
    reply: Session,
    handle: async (call) => ({
      json: viewOf(
        personOf(call),
        callerOf(call).permissions,
        callerOf(call).session?.lacksSecondFactor === true,
      ),
    }),
  }),
  route({
    method: "DELETE",
    path: "/v1/sessions/current",
    summary: "Signs out",
    access: { kind: "known" },
    reply: SignedOut,
    handle: async (call) => {
      const { request, services } = call;
      let continueAt: string | null = null;
      const principal = callerOf(call);
      const { session } = principal;
      if (session !== null) {
        const caller = callerFrom(request, principal);
        const closed = { act: "session.closed", subject: principal.by } as const;
        const { by, entry } = await inTransaction(services.database, async (client) => ({
          by: await closeSession(client, session.id),
          entry: await recordAudit(client, caller, closed),
        }));
        services.security.tell(caller, closed, entry);
        if (by === "single-sign-on") continueAt = (await services.singleSignOn?.provider.logoutUrl()) ?? null;
      }
      return {
        json: { status: "done" as const, continueAt },
        headers: { "set-cookie": sessionCookie(null, services.cookies) },
      };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/sessions/{id}",
    summary: "Ends another session of who asks",
    access: { kind: "known" },
    proof: OWN,
    reply: Done,
    handle: async (call) => {
      const person = personOf(call);
      const isEnded = await inTransaction(call.services.database, async (client) => {
        if (!(await endSession(client, person.id, param(call, "id")))) return false;
        await recordAudit(client, callerFrom(call.request, call.principal), {
          act: "session.ended",
          subject: `staff:${person.id}`,
          after: { ended: 1 },
        });
        return true;
      });
      if (!isEnded) throw new ApiError("not_found", "You have no such session.");
      return { json: { status: "done" as const } };
    },
  }),
];

/** Opens a session for who has shown who they are. @param by how */
export async function openedFor(
  { request, services }: Call<unknown, unknown>,
  staff: StaffMember,
  by: SignInWay,
): Promise<Answer<Session>> {
  await requireWay({ request, principal: null, services }, staff, by);
  const origin = { address: request.remoteAddress, browser: request.headers["user-agent"] ?? "", by };
  const caller = { ...callerFrom(request, null), by: `staff:${staff.id}`, companyId: staff.companyId };
  const opened = { act: "session.opened", subject: `staff:${staff.id}`, after: { by } } as const;
  const { token, entry } = await inTransaction(services.database, async (client) => ({
    token: await openSession(client, staff.id, origin),
    entry: await recordAudit(client, caller, opened),
  }));
  services.security.tell(caller, opened, entry);
  const session = await findSession(services.database, token, { renew: false });
  if (session === null) throw new ApiError("unauthenticated", "The account was switched off just now.");
  const { lacksSecondFactor: lacks } = session;
  return {
    status: 201,
    json: viewOf(staff, lacks ? new Set() : permissionsOfRole(session.role), lacks),
    headers: { "set-cookie": sessionCookie(token, services.cookies) },
  };
}

/** @throws ApiError where the person may not sign in in this way here */
export async function requireWay(
  { request, principal, services }: Pick<Call<unknown, unknown>, "request" | "principal" | "services">,
  staff: StaffMember,
  by: SignInWay,
): Promise<void> {
  const { singleSignOn, security } = services;
  if (by === "single-sign-on" || singleSignOn?.required !== true || staff.role === ADMINISTRATOR) return;
  const code = "single_sign_on_required";
  await security.refused(callerFrom(request, principal), "session.refused", `staff:${staff.id}`, { code });
  throw new ApiError(code, `Sign in with ${singleSignOn.provider.name}: nothing else counts for you here.`);
}

async function askForSecond(
  call: Call<unknown, { readonly code?: string; readonly passkey?: PasskeyAnswer }>,
  staff: StaffMember,
): Promise<void> {
  const { request, services } = call;
  const { code, passkey } = call.body;
  if (code !== undefined) await takeCodeAttempt(services.secondFactorLimit, staff);
  const passkeyOf = passkey === undefined ? undefined : await passkeyOwner(call, passkey);
  const missing = await askForSecondFactor(services.people, staff, { code, passkeyOf });
  if (missing === null) return;
  if (missing.code !== "second_factor_needed") {
    const subject = `staff:${staff.id}`;
    await services.security.refused(callerFrom(request, null), "session.refused", subject, {
      code: missing.code,
    });
  }
  throw ApiError.of(missing);
}

/**
 * An address that is nobody's is not written down: people type their passwords into the wrong field.
 */
async function refusedSignIn(
  { request, body, services }: Call<unknown, { readonly email: string }>,
  act: "session.refused" | "session.slowed",
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = await staffIdOfEmail(services.database, body.email);
  const subject = id === null ? "account:unknown" : `staff:${id}`;
  await services.security.refused(callerFrom(request, null), act, subject, facts);
}

function viewOf(
  { id, name, email, role }: StaffMember,
  permissions: ReadonlySet<string>,
  secondFactorDemanded: boolean,
): Session {
  return { staffId: id, name, email, role, permissions: [...permissions].sort(), secondFactorDemanded };
}
