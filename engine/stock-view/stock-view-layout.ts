/**
 * How the stock view lies in shared memory: words that its writer on the main thread and its readers on any
 * thread use.
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

/** Words of the header: the level of the index, and one to fence stores with. */
export const HEADER = { level: 0, fence: 1 } as const;

/** Words of a name: where its text is, its hash, and for a SKU its first entry (0: none) and its version. */
export const NAME = { words: 5, textAt: 0, textLength: 1, hash: 2, first: 3, version: 4 } as const;

/**
 * Words of an entry: what may be promised of a SKU at a location, to everybody (pool 0) or through a pool.
 * `absent` are the units of an entry that says nothing: its pool is gone.
 */
export const ENTRY = { words: 4, location: 0, pool: 1, units: 2, next: 3, absent: -2_147_483_648 } as const;

/** The index at level n has `firstSlots` times 2^n slots and lies behind those of all lower levels. */
export const INDEX = { firstSlots: 1 << 12 } as const;

/**
 * All of the memory as of now. Views have a fixed length, so they are made anew where the memory has grown.
 */
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
