import { readSourcingLocations } from "../../store/catalog/locations.ts";
import { demandFillWriter } from "../../store/stock/demand-fills.ts";
import { readKits } from "../../store/stock/kits.ts";
import type { OperationContext } from "../context.ts";
import { followSourcingRules } from "../settings/change-sourcing-rules.ts";

/**
 * Tells the allocator what it must know from the store before it takes its first request: locations, the
 * rules of sourcing, kits, and the writer of demand fills.
 */
export async function tellAllocator(context: OperationContext): Promise<void> {
  const { allocator, database } = context;
  allocator.setLocations(await readSourcingLocations(database));
  await followSourcingRules(context);
  allocator.setKits(await readKits(database));
  allocator.recordFills(demandFillWriter);
}
