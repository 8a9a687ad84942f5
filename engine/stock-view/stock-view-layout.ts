/**
 * How the stock view lies in shared memory: the words of its writer on the main
 * thread and of its readers on any.
 *
 * Numbers name things: a name is a SKU, location or pool, an entry what may be promised of a SKU at a
 * location. The entries of a SKU are chained from its name. The index finds a name by its hash.
 */

/** What other threads read from; may be posted to them. */
export type SharedStockView = {
  readonly header: SharedArrayBuffer;
  readonly names: SharedArrayBuffer;
  readonly text: SharedArrayBuffer;
  readonly index: SharedArrayBuffer;
  readonly entries: SharedArrayBuffer;
};

/** Header words. */
export const LEVEL = 0;
export const FENCE = 1;

/** Words of a name: where its text is, its hash, and for a SKU its first entry (0: none) and its version. */
export const NAME_WORDS = 5;
export const TEXT_AT = 0;
export const TEXT_LENGTH = 1;
export const HASH = 2;
export const FIRST = 3;
export const VERSION = 4;

/**
 * Words of an entry: what may be promised of a SKU at a location, to everybody (pool 0) or through a pool.
 */
export const ENTRY_WORDS = 4;
export const LOCATION = 0;
export const POOL = 1;
export const UNITS = 2;
export const NEXT = 3;

/** Units of an entry that says nothing: its pool is gone. */
export const ABSENT = -2_147_483_648;

/** The index at level n has this many slots times 2^n and lies behind those of all lower levels. */
export const FIRST_SLOTS = 1 << 12;

/** All of the memory that is there by now; of fixed length, so it is made anew where that has grown. */
export function words(buffer: SharedArrayBuffer): Int32Array {
  return new Int32Array(buffer, 0, buffer.byteLength / 4);
}

/** FNV-1a with a final mix. */
export function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < length; index += 1) {
    hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
