/** Who is signed in. `undefined`: not asked yet; `null`: nobody. */
import { signal } from "@preact/signals";
import type { Session } from "../../../contract/sessions.ts";

export const session = signal<Session | null | undefined>(undefined);

/** The server no longer knows this session: the open page is replaced by the sign-in page. */
export function forgetSession(): void {
  session.value = null;
}
