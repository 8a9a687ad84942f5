import type { HoldRulesBody } from "../../contract/settings.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { findHoldReason } from "../../store/settings/hold-reasons.ts";
import { holdRulesSubject, readHoldRules, writeHoldRules } from "../../store/settings/hold-rules.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";
import { countryProblem, currencyProblem } from "./known-codes.ts";

/**
 * Sets by which of a channel's orders a person looks first: for orders that come, or are changed, from now
 * on. Other processes see it within seconds (`store/catalog/catalog.ts`).
 */
export async function changeHoldRules(
  context: OperationContext,
  channelId: string,
  { version, ...rules }: HoldRulesBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const problem = currencyProblem(rules.aboveMinor) ?? countryProblem(rules.countries);
  if (problem !== null) return refuse("hold_rules_invalid", problem);
  const changed = await changeSetting(context, {
    subject: holdRulesSubject(channelId),
    version,
    by,
    read: async (client) => {
      const unknown =
        rules.ownReason == null ? null : await unknownReason(client, channelId, rules.ownReason);
      return (
        unknown ??
        (await readHoldRules(client, channelId)) ??
        refuse("channel_not_found", `There is no channel "${channelId}".`)
      );
    },
    next: (now) => ({ ...now, ...rules }),
    write: (client, next) => writeHoldRules(client, channelId, next),
  });
  catalogOf(context.database).forgetChannel(channelId);
  return changed;
}

async function unknownReason(client: Queryable, channelId: string, code: string): Promise<Refusal | null> {
  return (await findHoldReason(client, { channelId }, code)) === undefined
    ? refuse("hold_reason_not_found", `There is no hold reason "${code}", or it is off.`)
    : null;
}
