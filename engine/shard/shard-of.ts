/**
 * Which shard owns a SKU and which thread runs a shard.
 *
 * A SKU's shard follows from a hash. Neither the hash nor the number of shards may ever change for a database
 * that has stock in it; `engine_layout` fixes the number at first use. The number of threads may change: as
 * many as the machine has room for.
 */

/**
 * FNV-1a over UTF-16 code units, with a final mix so that SKUs which differ in the last digit spread well.
 */
export function shardOf(sku: string, shardCount: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < sku.length; index += 1) {
    hash = Math.imul(hash ^ sku.charCodeAt(index), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % shardCount;
}

/**
 * The shard of an order: where several engines share the shards, whoever has it decides what is reserved for the
 * order, wherever its SKUs are.
 */
export function homeOf(orderId: string, shardCount: number): number {
  return shardOf(orderId, shardCount);
}

export function threadOf(shard: number, threadCount: number): number {
  return shard % threadCount;
}
