/**
 * The rules by which orders are sourced are checked, and set: for every order that is reserved from then on, in
 * every process. Each version that ever counted is kept, so that an order's choice can be understood later.
 */
import { readSourcingRuleList } from "../../config/sourcing-rules.ts";
import type { SourcingRulesBody, SourcingRulesCheck, SourcingStep } from "../../contract/sourcing-rules.ts";
import { settingVersion } from "../../store/settings/setting-changes.ts";
import {
  insertSourcingRules,
  readSourcingRulesVersion,
  SOURCING_RULES_SUBJECT,
} from "../../store/settings/sourcing-rules.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** Everything that is wrong with them, by its place. */
export function checkSourcingRules(rules: readonly unknown[]): SourcingRulesCheck {
  const reading = readSourcingRuleList({ rules });
  return { problems: reading.status === "ok" ? [] : [...reading.problems] };
}

export async function changeSourcingRules(
  context: OperationContext,
  { version, rules }: SourcingRulesBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const reading = readSourcingRuleList({ rules });
  if (reading.status === "invalid") {
    const problems = reading.problems.map(({ path, problem }) => `${path || "the list"} ${problem}`);
    return refuse("sourcing_rules_invalid", `${problems.join("; ")}.`);
  }
  const written = reading.written as readonly SourcingStep[];
  const changed = await changeSetting<{ readonly rules: readonly SourcingStep[] }>(context, {
    subject: SOURCING_RULES_SUBJECT,
    version,
    by,
    read: async (client) => ({ rules: (await readSourcingRulesVersion(client))?.rules ?? [] }),
    next: () => ({ rules: written }),
    write: async (client) => {
      const next = (await settingVersion(client, SOURCING_RULES_SUBJECT)) + 1;
      await insertSourcingRules(client, next, written, by);
    },
  });
  if (changed.status === "done") await followSourcingRules(context);
  return changed;
}

/** Has the allocator source by the rules that count now. */
export async function followSourcingRules({
  allocator,
  database,
}: Pick<OperationContext, "allocator" | "database">): Promise<void> {
  const stored = await readSourcingRulesVersion(database);
  if (stored === null) throw new Error("the database has no sourcing rules");
  const reading = readSourcingRuleList({ rules: stored.rules });
  // They were checked when they were set: another version of this program has set what this one does not know.
  if (reading.status === "invalid")
    throw new Error(
      `version ${stored.version} of the sourcing rules cannot be read by this version of Holdfast`,
    );
  allocator.setSourcingRules(reading.rules);
}
