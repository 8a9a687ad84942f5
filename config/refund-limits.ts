/**
 * How much members of a role may give away of their own decision: appeasement, goodwill, store credit. A
 * limit is for one order and one day, over all members of the role. A role without a limit gives what was
 * paid.
 *
 * A limit is in the company's currency unless it names another. There is no rate of exchange here: in a
 * currency without a limit of its own, a limited role gives nothing.
 */
export type RefundLimit = {
  readonly role: string;
  /** Decimal text, e.g. `50.00`. */
  readonly amount: string;
  /** ISO 4217; null: the company's. */
  readonly currency: string | null;
};

export const DEFAULT_REFUND_LIMITS = "service=50.00,operations=250.00";

/** @returns undefined where `text` is not a list of `role=amount` or `role=amount CUR` */
export function readRefundLimits(text: string): readonly RefundLimit[] | undefined {
  const limits: RefundLimit[] = [];
  for (const entry of text.split(",")) {
    const match = /^\s*([a-z][a-z-]*)\s*=\s*(\d{1,9}(?:\.\d{1,3})?)(?:\s+([A-Z]{3}))?\s*$/.exec(entry);
    if (match === null) return undefined;
    limits.push({ role: match[1] ?? "", amount: match[2] ?? "", currency: match[3] ?? null });
  }
  return limits;
}
