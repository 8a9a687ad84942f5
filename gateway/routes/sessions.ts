/** Members of staff sign in and out. */
import { Login, Session } from "../../contract/sessions.ts";
import { Done } from "../../contract/shapes.ts";
import {
  closeSession,
  openSession,
  type StaffMember,
  verifyStaffPassword,
} from "../../store/access/staff.ts";
import { isOwnOrigin, presentedCredential, sessionCookie } from "../access/authentication.ts";
import { ROLE_PERMISSIONS } from "../access/permissions.ts";
import { callerOf, type Route, route } from "../http/route.ts";
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
      if (request.headers["origin"] !== undefined && !isOwnOrigin(request.headers, services.publicUrl)) {
        throw new ApiError("origin_forbidden", "Sign in from Holdfast's own page.");
      }
      const now = Date.now();
      const wait = Math.max(
        await services.loginAddressLimit.take(request.remoteAddress, now),
        await services.loginAccountLimit.take(body.email.trim().toLowerCase(), now),
      );
      if (wait > 0) {
        throw new ApiError("rate_limited", "Too many attempts to sign in.", { retryAfterMs: wait });
      }
      const staff = await verifyStaffPassword(services.database, body.email, body.password);
      if (staff === null) throw new ApiError("login_failed", "E-mail address or password is wrong.");
      const token = await openSession(services.database, staff.id);
      return {
        status: 201,
        json: sessionOf(staff),
        headers: { "set-cookie": sessionCookie(token, services.publicUrl) },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/sessions/current",
    summary: "Who is signed in",
    access: { kind: "known" },
    reply: Session,
    handle: async (call) => {
      const { staff } = callerOf(call);
      if (staff === null) throw new ApiError("not_found", "An API key has no session.");
      return { json: sessionOf(staff) };
    },
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
];

function sessionOf({ id, name, email, role }: StaffMember): Session {
  return { staffId: id, name, email, role, permissions: [...ROLE_PERMISSIONS[role]].sort() };
}
