/** Members of staff sign in and out, and see where they are signed in. */
import { SessionsEnded, SessionView } from "../../contract/people.ts";
import { Login, Session } from "../../contract/sessions.ts";
import { Done, pageOf } from "../../contract/shapes.ts";
import { askForSecondFactor } from "../../operations/people/second-factor.ts";
import {
  closeSession,
  endSession,
  endSessions,
  listSessions,
  openSession,
} from "../../store/access/sessions.ts";
import { type StaffMember, staffEmail, verifyStaffPassword } from "../../store/access/staff.ts";
import { presentedCredential, requireOwnOrigin, sessionCookie } from "../access/authentication.ts";
import { ROLE_PERMISSIONS } from "../access/permissions.ts";
import { type Call, param, personOf, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

export const sessionRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/sessions",
    summary: "Signs a member of staff in and sets the session cookie",
    access: { kind: "public" },
    body: Login,
    reply: Session,
    handle: async ({ request, body, services }) => {
      // A page of another site must not sign a browser in under a name of its choice.
      requireOwnOrigin(request.headers, services.publicUrl);
      const now = Date.now();
      const account = staffEmail(body.email);
      const wait = Math.max(
        await services.loginAddressLimit.take(request.remoteAddress, now),
        await services.loginAccountLimit.take(account, now),
      );
      if (wait > 0) {
        throw new ApiError("rate_limited", "Too many attempts to sign in.", { retryAfterMs: wait });
      }
      const staff = await verifyStaffPassword(services.database, body.email, body.password);
      if (staff === null) throw new ApiError("login_failed", "E-mail address or password is wrong.");
      await askForCode(services, staff, body.code);
      const token = await openSession(services.database, staff.id, {
        address: request.remoteAddress,
        browser: request.headers["user-agent"] ?? "",
      });
      return {
        status: 201,
        json: sessionOf(staff),
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
      const ended = await endSessions(call.services.database, personOf(call).id, sessionToken(call));
      return { json: { status: "done" as const, ended } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/sessions/current",
    summary: "Who is signed in",
    access: { kind: "known" },
    reply: Session,
    handle: async (call) => ({ json: sessionOf(personOf(call)) }),
  }),
  route({
    method: "DELETE",
    path: "/v1/sessions/current",
    summary: "Signs out",
    access: { kind: "known" },
    reply: Done,
    handle: async ({ request, services }) => {
      const credential = presentedCredential(request.headers);
      if (credential?.kind === "session") await closeSession(services.database, credential.secret);
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
      if (!(await endSession(call.services.database, personOf(call).id, param(call, "id"))))
        throw new ApiError("not_found", "You have no such session.");
      return { json: { status: "done" as const } };
    },
  }),
];

/** The token of the session that calls; null: the caller has none. */
export function sessionToken({ request }: Pick<Call<unknown, unknown>, "request">): string | null {
  const credential = presentedCredential(request.headers);
  return credential?.kind === "session" ? credential.secret : null;
}

async function askForCode(
  { people, secondFactorLimit }: Call<unknown, unknown>["services"],
  staff: StaffMember,
  code: string | undefined,
): Promise<void> {
  if (code !== undefined) await takeCodeAttempt(secondFactorLimit, staff);
  const missing = await askForSecondFactor(people, staff, code);
  if (missing !== null) throw ApiError.of(missing);
}

/** A code has six digits only: whoever has the password must not try them all. */
export async function takeCodeAttempt(
  limit: Call<unknown, unknown>["services"]["secondFactorLimit"],
  staff: StaffMember,
): Promise<void> {
  const wait = await limit.take(staff.id, Date.now());
  if (wait > 0) throw new ApiError("rate_limited", "Too many codes were tried.", { retryAfterMs: wait });
}

function sessionOf({ id, name, email, role }: StaffMember): Session {
  return { staffId: id, name, email, role, permissions: [...ROLE_PERMISSIONS[role]].sort() };
}
