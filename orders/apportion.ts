/**
 * Spreads an amount over parts in proportion to weights, by the method of largest remainders (Hamilton):
 * every part is an integer, the parts add up to the amount exactly, and none is off its proportion by a whole
 * unit.
 */

/**
 * @param amount integer, of either sign
 * @param weights >= 0; where all are zero, the parts are as equal as can be
 * @returns one part a weight, in their order; none for no weights
 */
export function apportion(amount: number, weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) {
    return weights.length === 0
      ? []
      : apportion(
          amount,
          weights.map(() => 1),
        );
  }
  const size = BigInt(Math.abs(amount));
  const shares = weights.map((weight, index) => {
    // As big integers: the product of two amounts is beyond a safe integer.
    const product = size * BigInt(weight);
    return { index, whole: Number(product / BigInt(sum)), remainder: product % BigInt(sum) };
  });
  let left = Math.abs(amount) - shares.reduce((total, share) => total + share.whole, 0);
  const byRemainder = [...shares].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const share of byRemainder) {
    if (left === 0) break;
    share.whole += 1;
    left -= 1;
  }
  return shares.map(({ whole }) => (amount < 0 && whole !== 0 ? -whole : whole));
}

/** `amount`, an integer that stands for `whole`, for `part` of it; rounded half away from zero. */
export function proportion(amount: number, part: number, whole: number): number {
  // As big integers, as above.
  const twice = BigInt(Math.abs(amount)) * BigInt(part) * 2n + BigInt(whole);
  const rounded = Number(twice / (BigInt(whole) * 2n));
  return amount < 0 && rounded !== 0 ? -rounded : rounded;
}
