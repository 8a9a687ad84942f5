import { readSourcingLocations } from "../../store/catalog/locations.ts";
import { demandFillWriter } from "../../store/stock/demand-fills.ts";
import { readKits } from "../../store/stock/kits.ts";
import type { OperationContext } from "../context.ts";

/**
 * Tells the allocator what it must know from the store before it takes its first request: locations, kits,
 * and the writer of demand fills.
 */
export async function tellAllocator({ allocator, database }: OperationContext): Promise<void> {
  allocator.setLocations(await readSourcingLocations(database));
  allocator.setKits(await readKits(database));
  allocator.recordFills(demandFillWriter);
}
