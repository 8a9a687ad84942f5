/**
 * What an engine offers to its own process besides the allocator client: what is needed to reserve an order
 * whose SKUs are at several engines (`engine/routing/order-over-engines.ts`).
 */
import type {
  AllocatorClient,
  CommitAttachment,
  OrderReservation,
  OrderReservationRequest,
} from "./allocator-client.ts";
import type { SourcingSetup } from "./planning/order-reservation.ts";
import type { StockOfSkus } from "./planning/stock-of-skus.ts";
import type { OrderShare } from "./rounds/work.ts";
import type { SkuOutlook } from "./shard/shard-request.ts";

export interface OwnEngine extends AllocatorClient {
  readonly shardCount: number;

  /** Whether the shard of a SKU, or of an order's id, is here, be it that it is rebuilt just now. */
  has(key: string): boolean;
  hasShard(shard: number): boolean;

  /** Committed, from shared memory. @throws EngineError `shard_elsewhere` */
  stockOf(skus: readonly string[], pool: string | undefined): StockOfSkus;

  outlooks(skus: readonly string[]): Promise<readonly SkuOutlook[]>;

  /** Whether it is picked as others: then they decide what there is of it, wherever their shards are. */
  isKit(sku: string): boolean;

  /** By what orders are planned now. */
  sourcingSetup(): SourcingSetup;

  /**
   * Does what is to be done here for an order that was planned over several engines: this one is its home,
   * and decides. A repeat is answered with what was reserved first.
   *
   * @returns `moved` where stock no longer allows the plan: nothing was done
   */
  reserveShare<R>(
    request: OrderReservationRequest,
    share: Omit<OrderShare, "moved">,
    attachment?: CommitAttachment<R>,
  ): Promise<OrderReservation | "moved">;
}
