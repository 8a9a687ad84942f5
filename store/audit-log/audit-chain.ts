/**
 * How entries of the audit log hang together, and what is wrong where they do not. Pure.
 *
 * H1 An entry's hash is made of the hash before it and of everything that the entry says.
 * H2 Positions have no gaps.
 * H3 The head names the last entry and its hash.
 */
import { createHash } from "node:crypto";
import type { AuditFault } from "../../contract/audit.ts";

/** An entry as it is stored; `before` and `after` are JSON texts, as they were written. */
export type StoredEntry = {
  readonly position: number;
  /** ISO 8601, microseconds, UTC. */
  readonly at: string;
  readonly companyId: string | null;
  readonly by: string;
  readonly address: string | null;
  readonly requestId: string | null;
  readonly act: string;
  readonly subject: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly previousHash: string;
  readonly hash: string;
};

/** Position and hash of an entry. Before the first: 0 and `NO_HASH`. */
export type Link = { readonly position: number; readonly hash: string };

const NO_HASH = "0".repeat(64);
export const CHAIN_START: Link = { position: 0, hash: NO_HASH };

export function hashOf(entry: Omit<StoredEntry, "hash">): string {
  const { previousHash, position, at, companyId, by, address, requestId, act, subject, before, after } =
    entry;
  return createHash("sha256")
    .update(
      JSON.stringify([
        previousHash,
        position,
        at,
        companyId,
        by,
        address,
        requestId,
        act,
        subject,
        before,
        after,
      ]),
    )
    .digest("hex");
}

/**
 * Holds entries, in the order of their positions, against the chain.
 *
 * @param from the entry before the first of them
 * @returns the last entry, and what is wrong. After a fault it goes on from what is stored, so that one fault
 *   is told once.
 */
export function checkChain(
  from: Link,
  entries: readonly StoredEntry[],
): { readonly last: Link; readonly faults: readonly AuditFault[] } {
  const faults: AuditFault[] = [];
  let last = from;
  for (const entry of entries) {
    const { position } = entry;
    const missing = position - last.position - 1;
    if (missing > 0) {
      faults.push({
        position: last.position + 1,
        kind: "removed",
        detail:
          missing === 1
            ? `Entry ${last.position + 1} is missing.`
            : `Entries ${last.position + 1} to ${position - 1} are missing.`,
      });
    } else if (entry.previousHash !== last.hash) {
      faults.push({
        position,
        kind: "inserted",
        detail: `Entry ${position} does not follow entry ${last.position}: one of them was put in or replaced.`,
      });
    }
    if (hashOf(entry) !== entry.hash) {
      faults.push({ position, kind: "altered", detail: `Entry ${position} does not say what it said.` });
    }
    last = { position, hash: entry.hash };
  }
  return { last, faults };
}

/** Holds the end of the chain against the head. @returns what is wrong, or null */
export function checkEnd(last: Link, head: Link): AuditFault | null {
  if (last.position < head.position) {
    return {
      position: last.position + 1,
      kind: "removed",
      detail: `The log had ${head.position} entries; those after ${last.position} are missing.`,
    };
  }
  if (last.position > head.position) {
    return {
      position: head.position + 1,
      kind: "inserted",
      detail: `The log had ${head.position} entries; those after it were not recorded by Holdfast.`,
    };
  }
  if (last.hash !== head.hash) {
    return {
      position: last.position,
      kind: "altered",
      detail: `Entry ${last.position} is not the one that was recorded last.`,
    };
  }
  return null;
}
