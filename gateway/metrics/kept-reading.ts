/**
 * What takes time to read is read once for everybody who asks within a moment, and is given up where it takes
 * long: a server that is away must not hide the other numbers.
 */

/** Where it is asked for sooner, the last reading stands. Milliseconds. */
const KEPT_MS = 2_000;
/**
 * @param patienceMs after which it is done without the reading; Prometheus waits ten seconds for everything
 * @param now a clock in milliseconds that never goes back
 * @returns the reading; null: it failed, or is not there in time
 */
export function keptReading<T>(
  read: () => Promise<T>,
  patienceMs: number,
  now: () => number = () => performance.now(),
): () => Promise<T | null> {
  let last: { readonly reading: Promise<T | null>; endedAt: number } | null = null;
  return () => {
    if (last === null || now() - last.endedAt >= KEPT_MS) {
      const current = {
        reading: read().catch(() => null),
        endedAt: Number.POSITIVE_INFINITY,
      };
      last = current;
      void current.reading.then(() => {
        current.endedAt = now();
      });
    }
    return inTime(last.reading, patienceMs);
  };
}

async function inTime<T>(reading: Promise<T | null>, patienceMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), patienceMs);
  });
  const first = await Promise.race([reading, late]);
  clearTimeout(timer);
  return first;
}
