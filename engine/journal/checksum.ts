/** The two guards on stored bytes: a CRC-32 against decay, a SHA-256 chain against change. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { JournalRow } from "../../store/journal/journal.ts";

/** What the first row of every shard's journal is chained to. */
export const CHAIN_START: Buffer = Buffer.alloc(32);

export function checksumOf(bytes: Uint8Array): number {
  return crc32(bytes);
}

/** SHA-256 of a shard's state. */
export function stateHashOf(state: Uint8Array): Buffer {
  return createHash("sha256").update(state).digest();
}

/** Where stored bytes belong. It is part of their hash, so that they cannot pass for others. */
type Place = { readonly shard: number; readonly sequence: number; readonly epoch: number };

/** Hash of a journal row: of the hash before it, its place and its bytes. */
export function chainHash(previousHash: Uint8Array, place: Place, entries: Uint8Array): Buffer {
  return createHash("sha256").update(previousHash).update(placeBytes(place)).update(entries).digest();
}

/** Hash of a snapshot: of the hash of the journal row that it stands at, its place and its state. */
export function snapshotHash(journalHash: Uint8Array, place: Place, state: Uint8Array): Buffer {
  return createHash("sha256")
    .update("snapshot")
    .update(journalHash)
    .update(placeBytes(place))
    .update(state)
    .digest();
}

function placeBytes({ shard, sequence, epoch }: Place): Uint8Array {
  return new Uint8Array(Float64Array.of(shard, sequence, epoch).buffer);
}

/** The row that comes after the row with `previousHash`, ready to append. */
export function chainRow(place: Place, previousHash: Buffer, entries: Buffer): JournalRow {
  return {
    ...place,
    checksum: checksumOf(entries),
    previousHash,
    hash: chainHash(previousHash, place, entries),
    entries,
  };
}
