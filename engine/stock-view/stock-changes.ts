/**
 * Changes of stock on their way from a shard to the stock view: made on the shard's thread, published on the
 * main thread once they are committed.
 */

/** What a shard's batch changed, in the compact form that the hot path needs. */
export type PositionChanges = {
  /** Pairs of ordinal and available units, 32-bit little-endian. */
  readonly units: Uint8Array;
  /** Ordinal of the first of `created`. */
  readonly firstCreated: number;
  /** SKU and location of positions that are new, in turn. */
  readonly created: readonly string[];
  /** Positions that have pools, or have none any more: what each pool may promise, name and units in turn. */
  readonly pools: readonly (readonly [ordinal: number, pools: readonly (string | number)[]])[];
};

export type ShardChanges = { readonly shard: number; readonly changes: PositionChanges };

/** What the engine publishes about stock. */
export type StockPublisher = {
  /** What one commit changed. */
  publish(commit: readonly ShardChanges[]): void;
  /** Removes what is known of a shard that belongs to another process now. */
  withdraw(shard: number): void;
};
