/**
 * When units could be promised: by what is available now, then by what arrives, less what waits before.
 *
 * Pure, over numbers that a caller read wherever it likes; the answer is as good as the due dates are.
 */

export type Supply = {
  /** 0: the date is not known; such units promise nothing. */
  readonly dueAtMs: number;
  readonly quantity: number;
};

export type PromiseQuestion = {
  readonly quantity: number;
  /**
   * Units free now. Below 0 where safety stock or fences exceed what is free: so many units are missing
   * before any demand is served.
   */
  readonly available: number;
  readonly incoming: readonly Supply[];
  /** Units of demand that are served first. */
  readonly queued: number;
  readonly nowMs: number;
};

/**
 * The first moment at which the units are there; `null`: all that is known to come is not enough. Overdue
 * units count as due now.
 */
export function capableToPromise(question: PromiseQuestion): number | null {
  let open = question.quantity + question.queued - question.available;
  if (open <= 0) return question.nowMs;
  const supplies = question.incoming
    .filter((supply) => supply.dueAtMs > 0)
    .sort((a, b) => a.dueAtMs - b.dueAtMs);
  for (const supply of supplies) {
    open -= supply.quantity;
    if (open <= 0) return Math.max(question.nowMs, supply.dueAtMs);
  }
  return null;
}
