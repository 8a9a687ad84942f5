/**
 * The moment that `text` of an outside system names, in the one form that we store and send on; `undefined`
 * where it names none, or one outside the years that PostgreSQL, Temporal and every carrier understand.
 * JavaScript reads and writes years that none of them knows.
 */
export function readInstant(text: string): string | undefined {
  const ms = Date.parse(text);
  const inRange = ms >= Date.UTC(1970, 0, 1) && ms < Date.UTC(3000, 0, 1);
  return inRange ? new Date(ms).toISOString() : undefined;
}
