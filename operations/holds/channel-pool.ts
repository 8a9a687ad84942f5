import { catalogOf } from "../../store/catalog/catalog.ts";
import type { OperationContext } from "../context.ts";

/**
 * The stock pool that orders of a channel are reserved through, as a part of a reservation: a pool's own
 * units first, then what everybody may sell. Empty where the channel has none.
 */
export async function poolOf(
  { database }: Pick<OperationContext, "database">,
  channelId: string,
): Promise<{ readonly pool?: string }> {
  const pool = (await catalogOf(database).channel(channelId))?.stockPool ?? null;
  return pool === null ? {} : { pool };
}
