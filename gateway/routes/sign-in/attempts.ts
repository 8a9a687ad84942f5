/** How often something may be tried that could be guessed, whoever asks for it. */
import type { StaffMember } from "../../../store/access/staff.ts";
import { requireOwnOrigin } from "../../access/authentication.ts";
import { countedAs } from "../../access/client-address.ts";
import type { Call } from "../../http/route.ts";
import { callerFrom } from "../../http/security-events.ts";
import { ApiError } from "../../wire/problem.ts";

/** Of who has no identity: as often as an address may try to sign in, and from our own pages only. */
export async function takeAddressAttempt({ request, services }: Call<unknown, unknown>): Promise<void> {
  requireOwnOrigin(request.headers, services.publicUrl);
  const wait = await services.linkAddressLimit.take(countedAs(request.remoteAddress), Date.now());
  if (wait > 0) throw new ApiError("rate_limited", "Too many attempts.", { retryAfterMs: wait });
}

/** An open browser that somebody else found is no way to try passwords. */
export async function takePasswordAttempt(
  { request, services }: Call<unknown, unknown>,
  { email }: StaffMember,
) {
  const attempt = { email, address: countedAs(request.remoteAddress) };
  const wait = await services.guesses.begin({ ...attempt, isKnown: true }, Date.now());
  if (wait > 0)
    throw new ApiError("rate_limited", "The password was asked for too often.", { retryAfterMs: wait });
  return attempt;
}

/** A code has six digits only: whoever has the password must not try them all. */
export async function takeCodeAttempt(
  limit: Call<unknown, unknown>["services"]["secondFactorLimit"],
  staff: StaffMember,
): Promise<void> {
  const wait = await limit.take(staff.id, Date.now());
  if (wait > 0) throw new ApiError("rate_limited", "Too many codes were tried.", { retryAfterMs: wait });
}

/** Of who is signed in, and did not know the password or the code. */
export async function recordWrongPassword(
  { request, principal, services }: Call<unknown, unknown>,
  { id }: StaffMember,
  code: string,
): Promise<void> {
  const caller = callerFrom(request, principal);
  await services.security.refused(caller, "password.refused", `staff:${id}`, { code });
}
