import type { PickupRulesBody } from "../../contract/settings.ts";
import { pickupRulesSubject, readPickupRules, writePickupRules } from "../../store/settings/pickup-rules.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/**
 * Sets how long a store keeps what waits for its customer: for what is ready from now on, in every process.
 * What waits already keeps the day that its customer was told.
 */
export function changePickupRules(
  context: OperationContext,
  locationId: string,
  { version, ...rules }: PickupRulesBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting(context, {
    subject: pickupRulesSubject(locationId),
    version,
    by,
    read: async (client) =>
      (await readPickupRules(client, locationId)) ??
      refuse("location_not_found", `There is no location "${locationId}".`),
    next: (now) => {
      const next = { ...now, ...rules };
      const { keptDays, reminderAfterDays } = next;
      return reminderAfterDays !== null && reminderAfterDays >= keptDays
        ? refuse(
            "pickup_rules_impossible",
            `Reminded after ${reminderAfterDays} days, of what is kept for ${keptDays}: the reminder would come too late.`,
          )
        : next;
    },
    write: (client, next) => writePickupRules(client, locationId, next),
  });
}
