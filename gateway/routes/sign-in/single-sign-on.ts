/**
 * Signing in by an identity provider. The provider sends the browser back to a page of ours,
 * `/single-sign-on`, which hands the answer on from there: so it comes with our own cookies and from our own
 * origin.
 */
import { randomBytes } from "node:crypto";
import { SINGLE_SIGN_ON_MS } from "../../../config/limits.ts";
import { Session, SignInWays, SignOnBegun, SignOnLogin } from "../../../contract/sign-in/sessions.ts";
import { beginSingleSignOn, finishSingleSignOn } from "../../../operations/people/single-sign-on.ts";
import type { StaffMember } from "../../../store/access/staff.ts";
import { browserCookie, presentedBrowser } from "../../access/authentication.ts";
import { type Call, done, type Route, route, type SingleSignOn, sessionOf } from "../../http/route.ts";
import { callerFrom } from "../../http/security-events.ts";
import { ApiError } from "../../wire/problem.ts";
import { takeAddressAttempt } from "./attempts.ts";
import { openedFor } from "./sessions.ts";

export const singleSignOnRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/sign-in-ways",
    summary: "How one may sign in here",
    access: { kind: "public" },
    reply: SignInWays,
    handle: async ({ services: { singleSignOn } }) => ({
      json: {
        singleSignOn: singleSignOn?.provider.name ?? null,
        required: singleSignOn?.required ?? false,
      },
    }),
  }),
  route({
    method: "POST",
    path: "/v1/single-sign-on",
    summary:
      "Where the browser goes to sign in by the identity provider; it counts for ten minutes, in this browser",
    access: { kind: "public" },
    reply: SignOnBegun,
    handle: async (call) => {
      await takeAddressAttempt(call);
      return begun(call, null);
    },
  }),
  route({
    method: "POST",
    path: "/v1/sessions/current/single-sign-on",
    summary: "Where the browser goes to prove by the identity provider who is signed in",
    access: { kind: "known" },
    reply: SignOnBegun,
    handle: (call) => begun(call, sessionOf(call)),
  }),
  route({
    method: "POST",
    path: "/v1/sessions/single-sign-on",
    summary: "Signs in by the identity provider's answer, and sets the session cookie",
    access: { kind: "public" },
    body: SignOnLogin,
    reply: Session,
    handle: async (call) => {
      await takeAddressAttempt(call);
      return openedFor(call, await personSignedOn(call, call.body.answer, null), "single-sign-on");
    },
  }),
];

/**
 * Whom an answer leads to.
 * @param session which is proved by it; null: somebody signs in.
 * @throws ApiError
 */
export async function personSignedOn(
  call: Call<unknown, unknown>,
  answer: string,
  session: string | null,
): Promise<StaffMember> {
  const { request, principal, services } = call;
  const { provider } = required(call);
  const browser = presentedBrowser(request.headers, services.cookies) ?? "";
  const finished = await finishSingleSignOn(services.people, provider, { browser, session }, answer);
  if (finished.status === "done") return finished.staff;
  const caller = callerFrom(request, principal);
  const { code } = finished;
  await services.security.refused(caller, "single-sign-on.refused", principal?.by ?? "account:unknown", {
    code,
  });
  throw ApiError.of(finished);
}

async function begun(call: Call<unknown, unknown>, session: string | null) {
  const { request, services } = call;
  const { provider } = required(call);
  const browser =
    presentedBrowser(request.headers, services.cookies) ?? randomBytes(32).toString("base64url");
  const { url } = done(await beginSingleSignOn(services.people, provider, { browser, session }));
  return {
    status: 201,
    json: { url },
    headers: { "set-cookie": browserCookie(browser, SINGLE_SIGN_ON_MS, services.cookies) },
  };
}

function required({ services }: Call<unknown, unknown>): SingleSignOn {
  const { singleSignOn } = services;
  if (singleSignOn === null) throw new ApiError("single_sign_on_off", "No identity provider is configured.");
  return singleSignOn;
}
