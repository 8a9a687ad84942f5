// biome-ignore-all format: written by test-support/examples/answer-examples.ts
export const ANSWER_EXAMPLES: Readonly<
  Record<string, { readonly status: number; readonly example: unknown }>
> = {
};
