/** Members of staff sign in and out. */
import { Login, Session } from "../../contract/sessions.ts";
import { Done } from "../../contract/shapes.ts";
import { readRole } from "../../store/access/roles.ts";
import {
  closeSession,
  openSession,
  type StaffMember,
  staffIdOfEmail,
  verifyStaffPassword,
} from "../../store/access/staff.ts";
import { hasSignedInFrom } from "../../store/audit-log/known-addresses.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { isOwnOrigin, presentedCredential, sessionCookie } from "../access/authentication.ts";
import { countedAs } from "../access/client-address.ts";
import { permissionsOfRole } from "../access/permissions.ts";
import { type Call, callerOf, type Route, route } from "../http/route.ts";
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
      if (request.headers["origin"] !== undefined && !isOwnOrigin(request.headers, services.publicUrl)) {
        throw new ApiError("origin_forbidden", "Sign in from Holdfast's own page.");
      }
      const attempt = { email: body.email, address: countedAs(request.remoteAddress) };
      const known = await hasSignedInFrom(services.database, body.email, request.remoteAddress);
      const wait = await services.guesses.begin({ ...attempt, isKnown: known }, Date.now());
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
      const caller = { ...callerFrom(request, null), by: `staff:${staff.id}`, companyId: staff.companyId };
      const opened = { act: "session.opened", subject: `staff:${staff.id}` } as const;
      const { token, entry } = await inTransaction(services.database, async (client) => ({
        token: await openSession(client, staff.id),
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
    path: "/v1/sessions/current",
    summary: "Who is signed in",
    access: { kind: "known" },
    reply: Session,
    handle: async (call) => {
      const { staff, permissions } = callerOf(call);
      if (staff === null) throw new ApiError("not_found", "An API key has no session.");
      return { json: sessionOf(staff, permissions) };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/sessions/current",
    summary: "Signs out",
    access: { kind: "known" },
    reply: Done,
    handle: async (call) => {
      const { request, services } = call;
      const credential = presentedCredential(request.headers);
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
];

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

function sessionOf({ id, name, email, role }: StaffMember, permissions: ReadonlySet<string>): Session {
  return { staffId: id, name, email, role, permissions: [...permissions].sort() };
}
