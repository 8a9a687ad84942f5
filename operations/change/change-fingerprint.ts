/**
 * What tells a repeat of a change from another request under the same key. Whoever sends the members of an
 * object in another order repeats it. Card numbers have to be masked before: a hash of one could be guessed.
 */
import { createHash } from "node:crypto";

/** @param asked what was asked for, as JSON has it */
export function changeFingerprint(asked: unknown): string {
  return createHash("sha256").update(JSON.stringify(asked, sorted)).digest("hex");
}

function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
