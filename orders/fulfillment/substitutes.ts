/**
 * Which products may be sent in the place of units that no place has. Pure.
 *
 * The list is that of the product that the customer ordered, also where a substitute of it falls short: what
 * may stand for a substitute says nothing about what may stand for the thing itself. A kit has substitutes
 * and may be one as a whole; a part inside it is never replaced.
 *
 * Invariant: U1 looking for substitutes ends. A product that has fallen short of the same ordered line, as
 * itself or in its place, is not tried again for it.
 */

export type SubstituteFacts = {
  /** As the order's line says; absent: as the channel does. */
  readonly allowSubstitutes?: boolean | undefined;
  readonly channelAllows: boolean;
  /** Of the product that was ordered, the first choice first. */
  readonly substitutes: readonly string[];
  /** What has fallen short so far of the ordered line, and of those sent in its place. */
  readonly fellShort: readonly string[];
};

/** The SKUs to try, in their order; none where the customer gets the very thing or nothing. */
export function substitutesToTry(facts: SubstituteFacts): readonly string[] {
  const { allowSubstitutes, channelAllows, substitutes, fellShort } = facts;
  if (!(allowSubstitutes ?? channelAllows)) return [];
  return substitutes.filter((sku) => !fellShort.includes(sku));
}
