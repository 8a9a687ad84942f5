import type { PasskeyAnswer } from "../../../contract/sign-in/passkeys.ts";
import { checkPasskey } from "../../../operations/people/passkeys.ts";
import type { StaffMember } from "../../../store/access/staff.ts";
import { presentedBrowser } from "../../access/authentication.ts";
import type { Call } from "../../http/route.ts";
import { callerFrom } from "../../http/security-events.ts";
import { ApiError } from "../../wire/problem.ts";

/**
 * Whose passkey has answered the challenge that this browser was given.
 * @throws ApiError, and it is recorded
 */
export async function passkeyOwner(
  { request, principal, services }: Call<unknown, unknown>,
  answer: PasskeyAnswer,
): Promise<StaffMember> {
  const browser = presentedBrowser(request.headers, services.cookies);
  const checked = await checkPasskey(services.people, browser, answer);
  if (checked.status === "done") return checked.staff;
  const caller = callerFrom(request, principal);
  if (checked.status === "counter-fell") {
    await services.security.refused(caller, "passkey.counter-fell", `staff:${checked.staff.id}`);
    throw ApiError.of(checked.refusal);
  }
  const { code, detail } = checked;
  await services.security.refused(caller, "passkey.refused", principal?.by ?? "account:unknown", {
    code,
    detail,
  });
  throw ApiError.of(checked);
}
