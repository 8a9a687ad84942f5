/**
 * `/readyz` is open to anybody at any rate, and its probes reach for the database, the shards and Temporal. So
 * one look serves everybody for a moment: however many ask, there is one look at a time and at most one a
 * second.
 */
import type { DependencyState } from "./route.ts";

/** How long a look at the dependencies is shown, in milliseconds. */
export const READINESS_KEPT_MS = 1_000;

type Look = () => Promise<readonly DependencyState[]>;

/**
 * @param now a clock in milliseconds that never goes back
 * @returns `look`, whose result is kept. One that throws is not kept.
 */
export function keptReadiness(look: Look, now: () => number): Look {
  let last: { readonly states: ReturnType<Look>; endedAt: number } | null = null;
  return () => {
    if (last !== null && now() - last.endedAt < READINESS_KEPT_MS) return last.states;
    const current = { states: look(), endedAt: Number.POSITIVE_INFINITY };
    last = current;
    current.states.then(
      () => {
        current.endedAt = now();
      },
      () => {
        if (last === current) last = null;
      },
    );
    return current.states;
  };
}
