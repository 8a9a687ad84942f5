import type { Random } from "../../../config/seeded-random.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Acts again and again, at intervals of `meanMs` on average; ends for good once that is 0. */
export function addInterval(time: VirtualTime, random: Random, meanMs: () => number, act: () => void): void {
  const mean = meanMs();
  if (mean === 0) return;
  time.after(random.next() * 2 * mean, () => {
    if (meanMs() === 0) return;
    act();
    addInterval(time, random, meanMs, act);
  });
}
