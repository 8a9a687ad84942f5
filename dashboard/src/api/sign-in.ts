import type { PasskeyAnswer } from "../../../contract/sign-in/passkeys.ts";
import type { Session, SignedOut, SignOnBegun } from "../../../contract/sign-in/sessions.ts";
import { get, post, remove } from "./client.ts";
import { usePasskey } from "./passkeys.ts";
import { RequestError } from "./problem.ts";
import { forgetSession, isEmptySystem, session } from "./session.ts";

/**
 * Asks the server who is signed in. "Nobody" is an answer, and so is that nothing is set up yet; an
 * unreachable server is an error.
 */
export async function restoreSession(): Promise<void> {
  try {
    session.value = await get<Session>("/sessions/current");
    isEmptySystem.value = false;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status === 401 || error.status === 404) {
      isEmptySystem.value = false;
      return forgetSession();
    }
    if (error.code !== "setup_needed") throw error;
    isEmptySystem.value = true;
  }
}

/** @param second the second factor, where the account has one */
export async function signIn(
  email: string,
  password: string,
  second: { readonly code?: string; readonly passkey?: PasskeyAnswer } = {},
): Promise<void> {
  session.value = await post<Session>("/sessions", { email, password, ...second });
}

/** By a passkey alone: it says who it is of. */
export async function signInByPasskey(): Promise<void> {
  session.value = await post<Session>("/sessions/passkey", { credential: await usePasskey() });
}

/** Goes to the identity provider, and comes back to `/single-sign-on`. */
export async function leaveToSignIn(): Promise<void> {
  const { url } = await post<SignOnBegun>("/single-sign-on", {});
  window.location.assign(url);
}

/** @param answer the query with which the identity provider sent the browser back */
export async function signInByAnswer(answer: string): Promise<void> {
  session.value = await post<Session>("/sessions/single-sign-on", { answer });
}

/** Also at the identity provider, where the session was opened by it. */
export async function signOut(): Promise<void> {
  const { continueAt } = await remove<SignedOut>("/sessions/current");
  forgetSession();
  if (continueAt !== null) window.location.assign(continueAt);
}
