/**
 * What a channel may sell of a SKU. Whoever tells a channel of stock (the stream, webhooks, a channel's own
 * API) tells this number.
 *
 * It is what the channel's stock pool may promise now at the places that are open, safety stock and others' fences
 * left out, of a kit as many as all of its components make; less the channel's buffer. The buffer is told of nobody,
 * and keeps nothing back: an order of the channel that needs its units gets them.
 */
import { catalogOf } from "../../store/catalog/catalog.ts";
import type { OperationContext } from "../context.ts";

export type ChannelStockRules = { readonly stockPool: string | null; readonly stockBuffer: number };

export type ChannelStock = {
  readonly sku: string;
  /** As the channel's pool sees it; null: the SKU has no stock anywhere. */
  readonly available: number | null;
  readonly sellable: number;
};

/** @param available units; null: none anywhere. @param buffer units */
export function sellableUnits(available: number | null, buffer: number): number {
  return Math.max(0, (available ?? 0) - buffer);
}

/** @returns of each SKU, in the order asked for; null where there is no such channel */
export async function readChannelStock(
  { allocator, database }: Pick<OperationContext, "allocator" | "database">,
  channelId: string,
  skus: readonly string[],
): Promise<readonly ChannelStock[] | null> {
  const channel = await catalogOf(database).channel(channelId);
  return channel === undefined ? null : channelStockOf(allocator, channel, skus);
}

/** The same by rules that are known already. */
export function channelStockOf(
  allocator: Pick<OperationContext["allocator"], "available">,
  { stockPool, stockBuffer }: ChannelStockRules,
  skus: readonly string[],
): Promise<readonly ChannelStock[]> {
  const scope = stockPool === null ? {} : { pool: stockPool };
  return Promise.all(
    skus.map(async (sku) => {
      const available = await allocator.available(sku, scope);
      return { sku, available, sellable: sellableUnits(available, stockBuffer) };
    }),
  );
}
