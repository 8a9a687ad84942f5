/**
 * What a reservation would come to now, without making it: the plan that a round would make of the stock that
 * is committed. It binds nobody, and another order may take the units before this one is sent.
 *
 * Used by engines that have all SKUs of an order, and by those that ask others for theirs.
 */
import type { OrderReservation, OrderReservationRequest } from "../allocator-client.ts";
import type { SkuOutlook } from "../shard/shard-request.ts";
import { componentSkus } from "./kits.ts";
import { planReservation, type SourcingSetup, withPromises } from "./order-reservation.ts";
import type { StockOfSkus } from "./stock-of-skus.ts";

/** What may be promised of SKUs, and what is on its way of them: read, and nothing is kept back. */
export type StockReading = {
  stockOf(skus: readonly string[], pool: string | undefined): StockOfSkus | Promise<StockOfSkus>;
  outlooks(skus: readonly string[]): Promise<readonly SkuOutlook[]>;
};

export async function quoteReservation(
  request: OrderReservationRequest,
  setup: SourcingSetup,
  reading: StockReading,
): Promise<OrderReservation> {
  const stock = await reading.stockOf([...componentSkus(setup.kits, request.lines)], request.pool);
  const seen = new Map(stock.map(([sku, locations]) => [sku, new Map(locations)]));
  const planned = planReservation(request, seen, setup);
  if (planned.short.length === 0) return planned;
  const outlooks = await reading.outlooks([...componentSkus(setup.kits, planned.short)]);
  const bySku = new Map(outlooks.map((outlook) => [outlook.sku, outlook]));
  return withPromises(planned, request, bySku, setup.kits, request.atMs, false);
}
