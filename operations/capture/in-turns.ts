/**
 * Works on many things, so many of them at a time. Where one fails, those that have begun go on, no further
 * one is begun, and the first failure is the answer.
 *
 * @param gone where nobody waits for the results any more, no further one is begun either
 * @returns the results in the order of the items
 */
export async function inTurns<T, R>(
  items: readonly T[],
  atATime: number,
  work: (item: T) => Promise<R>,
  gone?: AbortSignal,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const takeTurns = async (): Promise<void> => {
    while (next < items.length) {
      const at = next;
      next += 1;
      try {
        gone?.throwIfAborted();
        results[at] = await work(items[at] as T);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, takeTurns));
  return results;
}
