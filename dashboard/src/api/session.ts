/** Who is signed in. `undefined`: not asked yet; `null`: nobody. */
import { signal } from "@preact/signals";
import type { Session } from "../../../contract/sign-in/sessions.ts";

export const session = signal<Session | null | undefined>(undefined);

/** Whether the server has said that it is nobody's yet, and has to be set up. */
export const isEmptySystem = signal(false);

/** Whether who is signed in has this permission of the gateway's. The gateway decides; a page only offers. */
export function may(permission: string): boolean {
  return session.value?.permissions.includes(permission) ?? false;
}

/** The role of who is signed in demands a second factor from now on. */
export function demandSecondFactor(): void {
  if (session.value) session.value = { ...session.value, permissions: [], secondFactorDemanded: true };
}

/** The server no longer knows this session: the open page is replaced by the sign-in page. */
export function forgetSession(): void {
  session.value = null;
}
