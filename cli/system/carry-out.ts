import { ENGINE_PATIENCE_MS } from "../../config/limits.ts";
import { isMoving } from "../../engine/errors.ts";

/**
 * Carries an operation out beside the engine that has its order's home: here, or at another process, which
 * is asked also where the home has moved there meanwhile.
 *
 * Who asked is told after a while that nobody knows, and may ask again, at the new home: what took as long
 * here is not begun anew there, behind the answer to the repeat.
 *
 * @param ways.isHere whether this process has the home
 * @param ways.there is given the milliseconds that are left
 * @param patienceMs of whoever asks
 */
export async function carryOutAtHome<Answer>(
  ways: {
    isHere(): boolean;
    here(): Promise<Answer>;
    there(withinMs: number): Promise<Answer>;
  },
  patienceMs = ENGINE_PATIENCE_MS,
): Promise<Answer> {
  const until = performance.now() + patienceMs;
  if (ways.isHere()) {
    try {
      return await ways.here();
    } catch (error) {
      // The order's home has moved meanwhile, or is being brought to life.
      if (!isMoving(error) || performance.now() >= until) throw error;
    }
  }
  return ways.there(until - performance.now());
}
