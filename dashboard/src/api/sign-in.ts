import type { Session } from "../../../contract/sessions.ts";
import { get, post, remove } from "./client.ts";
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

/** @param code of the second factor, where the account has one */
export async function signIn(email: string, password: string, code?: string): Promise<void> {
  const login = { email, password, ...(code === undefined ? {} : { code }) };
  session.value = await post<Session>("/sessions", login);
}

export async function signOut(): Promise<void> {
  await remove("/sessions/current");
  forgetSession();
}
