/**
 * A role may demand more than a password of its members. Whoever has neither a second factor nor a passkey
 * can sign in and do one thing: set one. Until then a session has no permission at all, whatever asks for
 * one, and may call nothing but what leads there (ADR 0059).
 */
import { ApiError } from "../wire/problem.ts";
import type { Principal } from "./authentication.ts";

/** By `METHOD path`, as the route table has them. */
const LEADS_THERE: ReadonlySet<string> = new Set([
  "GET /v1/account",
  "GET /v1/account/passkeys",
  "POST /v1/account/passkeys",
  "POST /v1/account/passkeys/options",
  "POST /v1/account/second-factor",
  "POST /v1/account/second-factor/confirm",
  "GET /v1/sessions/current",
  "DELETE /v1/sessions/current",
  "GET /v1/sessions/current/proof",
  "POST /v1/sessions/current/proof",
]);

/** Whether it may be called without the factor that is demanded. @param route `METHOD path` */
export function leadsToFactor(route: string): boolean {
  return LEADS_THERE.has(route);
}

/** @throws ApiError `second_factor_demanded` @param route `METHOD path` */
export function requireDemandedFactor({ session }: Pick<Principal, "session">, route: string): void {
  if (session?.lacksSecondFactor !== true || leadsToFactor(route)) return;
  throw new ApiError(
    "second_factor_demanded",
    "Your role demands a second factor or a passkey. Set one (POST /v1/account/second-factor), then go on.",
  );
}
