/**
 * When a SKU or a kit could be promised, from what its shards know of it. The answer binds nobody.
 *
 * Units of a SKU may come from several locations; a kit's components are taken at one. All demand that waits
 * for the SKU is served first, at whichever location it waits. So a date is rather too late than too early.
 */
import { capableToPromise } from "../../actors/capable-to-promise.ts";
import type { KitComponent, PromiseRequest } from "../allocator-client.ts";
import type { SkuOutlook } from "../shard/shard-request.ts";

type Place = SkuOutlook["locations"][number];

/** @param outlooks of the components, in any order */
export function promisedAt(
  request: PromiseRequest,
  components: readonly KitComponent[],
  outlooks: readonly SkuOutlook[],
): number | null {
  const bySku = new Map(outlooks.map((outlook) => [outlook.sku, outlook]));
  const places = new Set(outlooks.flatMap(({ locations }) => locations.map(({ locationId }) => locationId)));
  const [only] = components;
  const scopes =
    request.locationId !== undefined
      ? [[request.locationId]]
      : components.length === 1 && only?.quantity === 1
        ? [[...places]]
        : [...places].map((locationId) => [locationId]);
  const dates = scopes.flatMap((locationIds) => {
    const latest = latestAt(request, components, bySku, locationIds);
    return latest === null ? [] : [latest];
  });
  return dates.length === 0 ? null : Math.min(...dates);
}

function latestAt(
  { quantity, atMs }: PromiseRequest,
  components: readonly KitComponent[],
  bySku: ReadonlyMap<string, SkuOutlook>,
  locationIds: readonly string[],
): number | null {
  let latest = atMs;
  for (const component of components) {
    const outlook = bySku.get(component.sku);
    const places = outlook?.locations.filter(({ locationId }) => locationIds.includes(locationId)) ?? [];
    const date = dateOf(quantity * component.quantity, places, outlook?.queued ?? 0, atMs);
    if (date === null) return null;
    latest = Math.max(latest, date);
  }
  return latest;
}

function dateOf(quantity: number, places: readonly Place[], queued: number, atMs: number): number | null {
  const free = places.reduce((sum, { available }) => sum + Math.max(0, available), 0);
  // Free units go to any caller who asks: waiting demand could not take them where they are.
  if (quantity <= free) return atMs;
  return capableToPromise({
    quantity,
    available: places.reduce((sum, { available }) => sum + available, 0),
    incoming: places.flatMap(({ incoming }) => incoming),
    queued,
    nowMs: atMs,
  });
}
