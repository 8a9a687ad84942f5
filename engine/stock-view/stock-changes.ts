/**
 * What changed of stock, on its way from a shard to the stock view: made on the shard's thread, published on
 * the main thread once it is committed.
 */

/** What a shard's batch changed, as compact as the hot path needs it. */
export type PositionChanges = {
  /** Pairs of ordinal and available units, 32-bit little-endian. */
  readonly units: Uint8Array;
  /** Ordinal of the first of `created`. */
  readonly firstCreated: number;
  /** SKU and location of positions that are new, in turn. */
  readonly created: readonly string[];
  /** Positions with pools, or without any since now: what each pool may promise, name and units in turn. */
  readonly pools: readonly (readonly [ordinal: number, pools: readonly (string | number)[]])[];
};

export type ShardChanges = { readonly shard: number; readonly changes: PositionChanges };

/** What the engine tells of stock. */
export type StockPublisher = {
  /** What one commit changed. */
  publish(commit: readonly ShardChanges[]): void;
  /** Takes back what is known of a shard that belongs to another process now. */
  withdraw(shard: number): void;
};
