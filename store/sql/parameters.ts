/** The values of a statement that is put together of parts. No value enters its text. */
export type Parameters = {
  readonly values: readonly unknown[];
  /** @returns the value's name in the statement, such as `$3` */
  add(value: unknown): string;
};

/** @param first values that have a name in the text already, from `$1` on */
export function parameters(first: readonly unknown[] = []): Parameters {
  const values: unknown[] = [...first];
  return { values, add: (value) => `$${values.push(value)}` };
}
