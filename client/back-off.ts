/**
 * How long to wait before the next try: twice as long after each failure, by chance between half of that and
 * all of it, so that the clients of a server that was restarted do not come back in one moment.
 */
export type BackOff = {
  /** Milliseconds; at least `atLeastMs`, which the server may have asked for. */
  next(atLeastMs?: number): number;
  /** It works again. */
  reset(): void;
};

export function backOff(firstMs: number, mostMs: number, random: () => number = Math.random): BackOff {
  let failures = 0;
  return {
    next: (atLeastMs = 0) => {
      const whole = Math.min(mostMs, firstMs * 2 ** Math.min(failures, 30));
      failures += 1;
      return Math.max(atLeastMs, whole / 2) + (random() * whole) / 2;
    },
    reset: () => {
      failures = 0;
    },
  };
}
