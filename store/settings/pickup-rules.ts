/** How long a store keeps what waits to be collected: columns of its row. */
import type { PickupRules } from "../../contract/settings.ts";
import type { Queryable } from "../sql/database.ts";

export const pickupRulesSubject = (locationId: string): string => `pickup-rules:${locationId}`;

/** @returns undefined where there is no such location */
export async function readPickupRules(
  client: Queryable,
  locationId: string,
): Promise<PickupRules | undefined> {
  const { rows } = await client.query<PickupRules>(
    `select pickup_days as "keptDays", nullif(pickup_reminder_days, 0) as "reminderAfterDays"
     from location where id = $1`,
    [locationId],
  );
  return rows[0];
}

export async function writePickupRules(
  client: Queryable,
  locationId: string,
  { keptDays, reminderAfterDays }: PickupRules,
): Promise<void> {
  await client.query("update location set pickup_days = $2, pickup_reminder_days = $3 where id = $1", [
    locationId,
    keptDays,
    reminderAfterDays ?? 0,
  ]);
}
