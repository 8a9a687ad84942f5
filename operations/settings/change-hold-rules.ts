import type { HoldRulesBody } from "../../contract/settings.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { holdRulesSubject, readHoldRules, writeHoldRules } from "../../store/settings/hold-rules.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/**
 * Sets by which of a channel's orders a person looks first: for orders that come from now on. Other processes
 * see it within seconds (`store/catalog/catalog.ts`).
 */
export async function changeHoldRules(
  context: OperationContext,
  channelId: string,
  { version, ...rules }: HoldRulesBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const changed = await changeSetting(context, {
    subject: holdRulesSubject(channelId),
    version,
    by,
    read: async (client) =>
      (await readHoldRules(client, channelId)) ??
      refuse("channel_not_found", `There is no channel "${channelId}".`),
    next: (now) => ({ ...now, ...rules }),
    write: (client, next) => writeHoldRules(client, channelId, next),
  });
  catalogOf(context.database).forgetChannel(channelId);
  return changed;
}
