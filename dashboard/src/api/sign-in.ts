import type { Session } from "../../../contract/sessions.ts";
import { get, post, remove } from "./client.ts";
import { RequestError } from "./problem.ts";
import { forgetSession, session } from "./session.ts";

/** Asks the server who is signed in. "Nobody" is an answer; an unreachable server is an error. */
export async function restoreSession(): Promise<void> {
  try {
    session.value = await get<Session>("/sessions/current");
  } catch (error) {
    if (error instanceof RequestError && (error.status === 401 || error.status === 404))
      return forgetSession();
    throw error;
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  session.value = await post<Session>("/sessions", { email, password });
}

export async function signOut(): Promise<void> {
  await remove("/sessions/current");
  forgetSession();
}
