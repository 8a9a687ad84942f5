import { fullTime, relativeTime } from "../format/time.ts";
import { clock } from "../live/clock.ts";

/**
 * The shared clock stands still between its ticks, and a server's clock may be a little ahead: that is "now",
 * not the future.
 */
const AHEAD_MS = 15_000;

/** A moment, shown relative to now. The exact time is in the tooltip and, for programs, in `datetime`. */
export function Time({ at }: { readonly at: string }) {
  const atMs = Date.parse(at);
  const nowMs = atMs > clock.value && atMs - clock.value < AHEAD_MS ? atMs : clock.value;
  return (
    <time dateTime={at} title={fullTime(at)}>
      {relativeTime(at, nowMs)}
    </time>
  );
}
