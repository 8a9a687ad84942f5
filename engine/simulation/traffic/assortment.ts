/**
 * What there is in a run: SKUs, locations, kits, pools. Few of each, so that clients often ask for the same.
 */
import type { Kit, SourcingLocation } from "../../allocator-client.ts";

export const SKUS = ["anvil", "bellows", "crank", "dowel", "easel", "flask"];

export const LOCATIONS: readonly SourcingLocation[] = [
  location("east", 10, 40, -75),
  location("west", 10, 36, -119),
  location("north", 20, 45, -93),
];

/** Every run has its first two SKUs. */
export const KITS: readonly Kit[] = [
  {
    sku: "workshop",
    components: [
      { sku: "anvil", quantity: 1 },
      { sku: "bellows", quantity: 2 },
    ],
  },
];

/** In a run with lots, this SKU is tracked by them. */
export const LOT_SKU = "bellows";

export const POOLS = ["shop", "market"];

/** Milliseconds: the longest that a hold or a lot is given. */
export const MAX_LIFE_MS = 3_000;

function location(
  locationId: string,
  priority: number,
  latitude: number,
  longitude: number,
): SourcingLocation {
  return { locationId, kind: "fulfillment_center", priority, latitude, longitude, country: "US" };
}
