/** For work in the background, which nobody waits for by the second. */
import { setTimeout as pause } from "node:timers/promises";
import { EngineError } from "../engine/errors.ts";

const TRIES = 20;
const PAUSE_MS = 250;

/**
 * An engine that is overloaded, or moves, is asked again. What is asked has to be the same where it is done
 * twice: a read, or commands with their ids.
 *
 * @throws EngineError where it has stopped, or still does not answer
 */
export async function askAgain<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EngineError) || error.code === "engine_stopped" || tried >= TRIES) throw error;
      await pause(error.retryAfterMs ?? PAUSE_MS);
    }
  }
}
