import type { ChannelRules, ChannelSettingsBody } from "../../contract/settings.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { channelSubject, readChannelRules, writeChannelRules } from "../../store/settings/channel-rules.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** Orders of this kind can say themselves who takes the money. */
export const OWN_FORMAT = "holdfast";

/**
 * Sets rules of a channel. An order keeps what was decided when it was captured (who takes the money, what of
 * it is reserved); the shoppers' window and what becomes of missing units are looked up when they matter.
 * Switched off, what the channel sends is refused by name, and what is under way goes on. Other processes
 * hear of it at once (`operations/standing/follow-settings.ts`).
 */
export async function changeChannel(
  context: OperationContext,
  channelId: string,
  { version, ...rules }: Omit<ChannelSettingsBody, "version"> & { readonly version: number | null },
  by: string,
): Promise<SettingChanged | Refusal> {
  let kind = "";
  const changed = await changeSetting(context, {
    subject: channelSubject(channelId),
    version,
    by,
    read: async (client) => {
      const stored = await readChannelRules(client, channelId);
      if (stored === undefined) return refuse("channel_not_found", `There is no channel "${channelId}".`);
      kind = stored.kind;
      return stored.rules;
    },
    next: (now) => {
      const next = { ...now, ...rules };
      return chargingProblem(kind, next.chargedBy) ?? next;
    },
    write: (client, next) => writeChannelRules(client, channelId, next),
  });
  catalogOf(context.database).forgetChannel(channelId);
  return changed;
}

export function chargingProblem(kind: string, chargedBy: ChannelRules["chargedBy"]): Refusal | null {
  return chargedBy === "order" && kind !== OWN_FORMAT
    ? refuse(
        "charging_rule_impossible",
        `Orders of a ${kind} channel do not say who takes the money: choose the channel or the merchant.`,
      )
    : null;
}
