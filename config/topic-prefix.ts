/** Of which a topic's first level is the prefix of a company: what it may look like. */

/**
 * First levels of the topics of a company without a prefix: behind one of them another's would look like
 * these.
 */
const NOT_PREFIXES = ["holdfast", "uagv", "vda5050", "zebra", "impinj"];

/** @returns what is wrong with it, as the end of a sentence about it; null: nothing is */
export function problemOfTopicPrefix(prefix: string): string | null {
  // It is part of user names and lines of the broker's files, too.
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(prefix)) {
    return `must be one level of a topic, of small letters, digits and "-", not "${prefix}"`;
  }
  return NOT_PREFIXES.includes(prefix) ? `cannot be "${prefix}", with which devices' own topics begin` : null;
}
