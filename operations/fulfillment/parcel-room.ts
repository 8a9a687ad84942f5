/**
 * Whether units go into one parcel, for whoever adds to a fulfillment order that may be on the floor
 * already.
 */
import { gramsOf } from "../../orders/fulfillment/parcels.ts";
import { readUnitWeights } from "../../store/catalog/catalog.ts";
import { parcelLimitAt } from "../../store/catalog/parcel-limit.ts";
import type { Queryable } from "../../store/sql/database.ts";

type Goods = readonly { readonly sku: string; readonly quantity: number }[];

export type ParcelRoom = {
  /** Of one parcel; `null`: any weight. */
  readonly maxGrams: number | null;
  /** Grams of goods of which `about` was asked. */
  grams(goods: Goods): number;
  fits(goods: Goods): boolean;
};

/**
 * @param carriersGrams that a carrier takes in one parcel; `null`: any weight
 * @param locationId where it is packed
 * @param about all goods that may come together
 */
export async function parcelRoom(
  client: Queryable,
  carriersGrams: number | null,
  locationId: string,
  about: readonly { readonly sku: string }[],
): Promise<ParcelRoom> {
  const maxGrams = await parcelLimitAt(client, carriersGrams, [locationId]);
  const skus = new Set(about.map(({ sku }) => sku));
  const weights = maxGrams === null ? new Map<string, number>() : await readUnitWeights(client, [...skus]);
  const grams = (goods: Goods) => gramsOf(goods, weights);
  return { maxGrams, grams, fits: (goods) => maxGrams === null || grams(goods) <= maxGrams };
}
