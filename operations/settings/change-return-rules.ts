import { type ReturnRules, returnRules } from "../../orders/returns/return-rules.ts";
import { findReturnRules, setReturnRules } from "../../store/returns/returns.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";
import { currencyProblem } from "./known-codes.ts";

export const returnRulesSubject = (channelId: string): string => `return-rules:${channelId}`;

/** Sets a channel's rules for returns: for every return that is asked for from now on. */
export async function changeReturnRules(
  context: OperationContext,
  channelId: string,
  change: { readonly version: number | null; readonly own: Partial<ReturnRules>; readonly by: string },
): Promise<SettingChanged | Refusal> {
  const { own } = change;
  const problem = currencyProblem(own.askAboveMinor) ?? currencyProblem(own.keepUpToMinor);
  if (problem !== null) return refuse("return_rules_invalid", problem);
  return changeSetting<ReturnRules>(context, {
    subject: returnRulesSubject(channelId),
    version: change.version,
    by: change.by,
    read: async (client) =>
      (await findReturnRules(client, channelId)) ??
      refuse("channel_not_found", `There is no channel "${channelId}".`),
    next: () => returnRules(own),
    write: (client) => setReturnRules(client, channelId, own),
  });
}
