/** Members of staff sign in and out, and see where they are signed in. */
import { SessionsEnded, SessionView } from "../../contract/people.ts";
import { Login, Session } from "../../contract/sessions.ts";
import { Done, pageOf } from "../../contract/shapes.ts";
import { askForSecondFactor } from "../../operations/people/second-factor.ts";
import { readRole } from "../../store/access/roles.ts";
import {
  closeSession,
  endSession,
  endSessions,
  listSessions,
  openSession,
} from "../../store/access/sessions.ts";
import { type StaffMember, staffIdOfEmail, verifyStaffPassword } from "../../store/access/staff.ts";
import { hasSignedInFrom } from "../../store/audit-log/known-addresses.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { presentedCredential, requireOwnOrigin, sessionCookie } from "../access/authentication.ts";
import { countedAs } from "../access/client-address.ts";
import { permissionsOfRole } from "../access/permissions.ts";
import { type Call, callerOf, param, personOf, type Route, route } from "../http/route.ts";
import { callerFrom } from "../http/security-events.ts";
import { ApiError } from "../wire/problem.ts";

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
      await askForCode(call, staff, body.code);
      const origin = { address: request.remoteAddress, browser: request.headers["user-agent"] ?? "" };
      const caller = { ...callerFrom(request, null), by: `staff:${staff.id}`, companyId: staff.companyId };
      const opened = { act: "session.opened", subject: `staff:${staff.id}` } as const;
      const { token, entry } = await inTransaction(services.database, async (client) => ({
        token: await openSession(client, staff.id, origin),
        entry: await recordAudit(client, caller, opened),
      }));
      services.security.tell(caller, opened, entry);
      return {
        status: 201,
        json: sessionOf(staff, permissionsOfRole(await readRole(services.database, staff.role))),
        headers: { "set-cookie": sessionCookie(token, services.publicUrl) },
      };
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
      const items = await listSessions(call.services.database, person.id, sessionToken(call) ?? "");
      return { json: { items, next: null } };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/sessions",
    summary: "Signs who asks out everywhere else",
    access: { kind: "known" },
    reply: SessionsEnded,
    handle: async (call) => {
      const person = personOf(call);
      const ended = await inTransaction(call.services.database, async (client) => {
        const count = await endSessions(client, person.id, sessionToken(call));
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
    handle: async (call) => ({ json: sessionOf(personOf(call), callerOf(call).permissions) }),
  }),
  route({
    method: "DELETE",
    path: "/v1/sessions/current",
    summary: "Signs out",
    access: { kind: "known" },
    reply: Done,
    handle: async (call) => {
      const { request, services } = call;
      const credential = presentedCredential(request.headers, services.publicUrl);
      if (credential?.kind === "session") {
        const principal = callerOf(call);
        const caller = callerFrom(request, principal);
        const closed = { act: "session.closed", subject: principal.by } as const;
        const entry = await inTransaction(services.database, async (client) => {
          await closeSession(client, credential.secret);
          return recordAudit(client, caller, closed);
        });
        services.security.tell(caller, closed, entry);
      }
      return {
        json: { status: "done" as const },
        headers: { "set-cookie": sessionCookie(null, services.publicUrl) },
      };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/sessions/{id}",
    summary: "Ends another session of who asks",
    access: { kind: "known" },
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

/** The token of the session that calls; null: the caller has none. */
export function sessionToken({
  request,
  services,
}: Pick<Call<unknown, unknown>, "request" | "services">): string | null {
  const credential = presentedCredential(request.headers, services.publicUrl);
  return credential?.kind === "session" ? credential.secret : null;
}

async function askForCode(
  { request, services }: Call<unknown, unknown>,
  staff: StaffMember,
  code: string | undefined,
): Promise<void> {
  const { people, secondFactorLimit, security } = services;
  if (code !== undefined) await takeCodeAttempt(secondFactorLimit, staff);
  const missing = await askForSecondFactor(people, staff, code);
  if (missing === null) return;
  if (code !== undefined) {
    const subject = `staff:${staff.id}`;
    await security.refused(callerFrom(request, null), "session.refused", subject, { code: missing.code });
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

/** A code has six digits only: whoever has the password must not try them all. */
export async function takeCodeAttempt(
  limit: Call<unknown, unknown>["services"]["secondFactorLimit"],
  staff: StaffMember,
): Promise<void> {
  const wait = await limit.take(staff.id, Date.now());
  if (wait > 0) throw new ApiError("rate_limited", "Too many codes were tried.", { retryAfterMs: wait });
}

function sessionOf({ id, name, email, role }: StaffMember, permissions: ReadonlySet<string>): Session {
  return { staffId: id, name, email, role, permissions: [...permissions].sort() };
}
