/** What may be promised of a SKU or of a kit, in all and by location, as a pool sees it. */
import type { AllocatorClient } from "../../engine/allocator-client.ts";

export type Availability = {
  readonly available: number;
  readonly byLocation: readonly { readonly locationId: string; readonly available: number }[];
};

/**
 * From shared memory: no shard is asked.
 *
 * @param scope.locationIds absent: all
 * @returns null where the SKU has no position, or one of a kit's components has none
 */
export async function availabilityOf(
  allocator: Pick<AllocatorClient, "available" | "availableByLocation">,
  sku: string,
  scope: { readonly pool?: string; readonly locationIds?: readonly string[] },
): Promise<Availability | null> {
  const { pool, locationIds } = scope;
  // At one moment: the sum and its parts are to agree.
  const [available, everywhere] = await Promise.all([
    allocator.available(sku, scope),
    allocator.availableByLocation(sku),
  ]);
  if (available === null) return null;
  const everybodys = everywhere.filter(
    ({ locationId }) => locationIds === undefined || locationIds.includes(locationId),
  );
  if (pool === undefined) return { available, byLocation: everybodys };
  const byLocation = await Promise.all(
    everybodys.map(async ({ locationId }) => ({
      locationId,
      available: (await allocator.available(sku, { pool, locationIds: [locationId] })) ?? 0,
    })),
  );
  return { available, byLocation };
}
