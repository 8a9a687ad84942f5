/** The two guards on stored bytes: a CRC-32 against decay, a SHA-256 chain against change. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { JournalRow } from "../store/journal.ts";

/** What the first row of every shard's journal is chained to. */
export const CHAIN_START: Buffer = Buffer.alloc(32);

export function checksumOf(bytes: Uint8Array): number {
  return crc32(bytes);
}

export function stateHashOf(state: Uint8Array): Buffer {
  return createHash("sha256").update(state).digest();
}

/** Hash of a journal row: of the hash before it and its bytes. */
export function chainHash(previousHash: Uint8Array, entries: Uint8Array): Buffer {
  return createHash("sha256").update(previousHash).update(entries).digest();
}

/** The row that comes after the row with `previousHash`, ready to append. */
export function chainRow(
  position: { readonly shard: number; readonly sequence: number; readonly epoch: number },
  previousHash: Buffer,
  entries: Buffer,
): JournalRow {
  return {
    ...position,
    checksum: checksumOf(entries),
    previousHash,
    hash: chainHash(previousHash, entries),
    entries,
  };
}
