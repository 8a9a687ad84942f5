/** When a message is tried again, and when an endpoint is left alone. Pure; all times in milliseconds. */
const HOUR_MS = 3_600_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 4 * HOUR_MS;
const LONGEST_REST_MS = HOUR_MS / 4;

/** From a message's first try to its last; and from an endpoint's last success to its pause. */
export const GIVE_UP_MS = 72 * HOUR_MS;

/** Tries in a row that were not taken, after which an endpoint rests: one message at a time tries it. */
export const REST_AFTER = 5;

/** Before a message's next try: doubled with each, and never the same for many at once. */
export function pauseMs(attempts: number, chance: () => number): number {
  const usual = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  return spread(usual, chance);
}

/** Before the next try of an endpoint that takes nothing: the longer, the longer it takes nothing. */
export function restMs(failingForMs: number, chance: () => number): number {
  return spread(Math.min(Math.max(failingForMs / 2, FIRST_PAUSE_MS), LONGEST_REST_MS), chance);
}

function spread(ms: number, chance: () => number): number {
  return Math.round(ms * (0.8 + 0.4 * chance()));
}
