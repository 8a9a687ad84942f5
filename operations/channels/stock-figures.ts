/**
 * How many units of each listing a channel is to show: what its pool may sell over its locations, less what
 * is kept back from it. Written down where it has changed (L1 in store/channels/listings.ts).
 *
 * A listing of which nothing is mapped, or of goods that have no place in our stock yet, is not spoken of.
 */
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { listLocations } from "../../store/catalog/catalog-views.ts";
import type { ChannelAccount, StockRules } from "../../store/channels/accounts.ts";
import { type ListedGoods, readListedGoods, writeWanted } from "../../store/channels/listings.ts";
import type { ChannelLane } from "./lane.ts";

/** What a channel shows of units that may be sold: the larger buffer counts, and it is never below 0. */
export function shownUnits(
  available: number,
  { bufferUnits, bufferPercent, mostShown }: Omit<StockRules, "locations">,
): number {
  const buffer = Math.max(bufferUnits, Math.ceil((Math.max(0, available) * bufferPercent) / 100));
  return Math.min(Math.max(0, available - buffer), mostShown ?? Number.MAX_SAFE_INTEGER);
}

/** @param skus what has changed; null: everything is worked out anew */
export async function workOutStock(
  { context, account }: Pick<ChannelLane, "context" | "account">,
  skus: readonly string[] | null,
): Promise<void> {
  const goods = await readListedGoods(context.database, account.channelId, skus);
  const locations = await shownLocations(context, account);
  const figures: { channelSku: string; wanted: number | null }[] = [];
  for (const each of goods) {
    const units = account.tellsStock
      ? await availableOf(context.allocator, { ...account, locations }, each)
      : null;
    const wanted = units === null ? null : shownUnits(units, account);
    if (wanted !== each.wanted) figures.push({ channelSku: each.channelSku, wanted });
  }
  await writeWanted(context.database, account.channelId, figures);
}

/**
 * Whose stock is shown. What lies at the channel's own vendor the vendor offers by itself: shown once more,
 * it would be sold twice.
 */
async function shownLocations(
  { database }: ChannelLane["context"],
  { locations, runsLocation }: Pick<ChannelAccount, "locations" | "runsLocation">,
): Promise<readonly string[] | null> {
  if (runsLocation === null) return locations;
  const all = locations ?? (await listLocations(database, true)).items.map(({ id }) => id);
  return all.filter((id) => id !== runsLocation);
}

type Stock = Pick<AllocatorClient, "available" | "availableByLocation">;

async function availableOf(
  stock: Stock,
  { stockPool, locations }: Pick<ChannelAccount, "stockPool" | "locations">,
  { sku, components }: ListedGoods,
): Promise<number | null> {
  if (sku === null) return null;
  const pool = stockPool === null ? {} : { pool: stockPool };
  const scope = { ...pool, ...(locations === null ? {} : { locationIds: locations }) };
  if (components === null) return stock.available(sku, scope);
  const [first, ...others] = components;
  if (first === undefined) return null;
  // A kit is sold from where all of its components are.
  let kits: number | null = null;
  for (const { locationId } of await stock.availableByLocation(first.sku)) {
    if (locations !== null && !locations.includes(locationId)) continue;
    let here = Number.MAX_SAFE_INTEGER;
    for (const { sku: part, quantity } of [first, ...others]) {
      const units = (await stock.available(part, { ...pool, locationIds: [locationId] })) ?? 0;
      here = Math.min(here, Math.floor(units / quantity));
    }
    kits = (kits ?? 0) + here;
  }
  return kits;
}
