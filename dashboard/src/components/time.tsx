import { fullTime, relativeTime } from "../format/time.ts";
import { clock } from "../live/clock.ts";

/** A moment, told relative to now; the exact time is in the tooltip and for machines in `datetime`. */
export function Time({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={fullTime(at)}>
      {relativeTime(at, Math.max(clock.value, Date.parse(at)))}
    </time>
  );
}
