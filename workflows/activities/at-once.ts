/**
 * Bounds the calls to the outside that sagas try at once (`workflows/saga/steps.ts`). They share their slots
 * with the steps inside Holdfast: a vendor that has become slow would otherwise hold up every saga.
 */
import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";

/** Of the 60 local steps of a worker. At half a second a call, forty orders a second. */
const MOST_AT_ONCE = 20;

type Step = (input: never) => Promise<unknown>;

/** @returns the steps; of those named, one more than so many at once fails and is left to the regular activity */
export function boundedAtOnce<Steps extends Readonly<Record<keyof Steps, Step>>>(
  steps: Steps,
  names: readonly (keyof Steps)[],
): Steps {
  let running = 0;
  const bounded =
    (name: keyof Steps, run: Step): Step =>
    async (input) => {
      if (!Context.current().info.isLocal) return run(input);
      if (running >= MOST_AT_ONCE)
        throw ApplicationFailure.create({
          type: "too_many_calls",
          message: `${running} calls to the outside are under way; ${String(name)} waits its turn.`,
        });
      running += 1;
      try {
        return await run(input);
      } finally {
        running -= 1;
      }
    };
  return { ...steps, ...Object.fromEntries(names.map((name) => [name, bounded(name, steps[name])])) };
}
