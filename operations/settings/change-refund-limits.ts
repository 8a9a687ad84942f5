/**
 * Sets what members of each role may give away on one order in a day. It counts for the next gift, in every
 * process; what was given today already counts, too.
 */
import type { RefundLimit } from "../../config/refund-limits.ts";
import { currencyExponent, parseMoney } from "../../orders/money.ts";
import { companyCurrency } from "../../store/catalog/companies.ts";
import {
  REFUND_LIMITS_SUBJECT,
  readRefundLimitSetting,
  writeRefundLimits,
} from "../../store/settings/refund-limits.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

export async function changeRefundLimits(
  context: OperationContext,
  change: {
    readonly version: number;
    readonly limits: readonly RefundLimit[];
    readonly by: string;
    readonly companyId: string;
    /** Everybody who may give at all. */
    readonly roles: readonly string[];
    /** What counts as long as nobody has set any. */
    readonly standard: readonly RefundLimit[];
  },
): Promise<SettingChanged | Refusal> {
  const currency = await companyCurrency(context.database, change.companyId);
  const problem = problemOf(change.limits, change.roles, currency);
  if (problem !== null) return refuse("refund_limits_invalid", problem);
  return changeSetting(context, {
    subject: REFUND_LIMITS_SUBJECT,
    version: change.version,
    by: change.by,
    read: async (client) => byRole((await readRefundLimitSetting(client)) ?? change.standard, currency),
    next: () => byRole(change.limits, currency),
    write: (client) => writeRefundLimits(client, change.limits),
  });
}

function problemOf(
  limits: readonly RefundLimit[],
  roles: readonly string[],
  companyCurrency: string,
): string | null {
  const known = new Set<string>();
  for (const { role, amount, currency } of limits) {
    const code = currency ?? companyCurrency;
    if (!roles.includes(role)) return `"${role}" gives nothing away: limits are for ${roles.join(", ")}.`;
    const exponent = currencyExponent(code);
    const money = parseMoney(amount, code);
    if (exponent === undefined || money === undefined) return `"${code}" is no currency of ISO 4217.`;
    if (money.exponent > exponent) return `${amount} ${code} has more places than the currency.`;
    if (known.has(`${role} ${code}`)) return `${role} has two limits in ${code}.`;
    known.add(`${role} ${code}`);
  }
  return null;
}

/** A role is a field of the setting, so that what was changed reads `service: 50.00 USD, 80.00 USD`. */
function byRole(limits: readonly RefundLimit[], companyCurrency: string): Readonly<Record<string, string>> {
  const roles = new Map<string, string[]>();
  for (const { role, amount, currency } of limits)
    roles.set(role, [...(roles.get(role) ?? []), `${amount} ${currency ?? companyCurrency}`]);
  return Object.fromEntries([...roles].map(([role, texts]) => [role, texts.sort().join(", ")]));
}
