import type { ChangeCompanyBody } from "../../contract/company.ts";
import { hasAmounts, readCompany, updateCompany } from "../../store/catalog/companies.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "../settings/change-setting.ts";
import { problemOfCompany } from "./company-rules.ts";

type Company = {
  readonly name: string;
  readonly timeZone: string;
  readonly currency: string;
  readonly gs1Prefix: string | null;
};

export function companySubject(id: string): string {
  return `company:${id}`;
}

/**
 * Changes name, time zone, currency or GS1 prefix; what is left out stays as it is. The currency stays once there is a
 * product or an order: limits and prices without a currency of their own are in it.
 */
export async function changeCompany(
  context: Pick<OperationContext, "database">,
  companyId: string,
  { version, name, timeZone, currency, gs1Prefix }: ChangeCompanyBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<Company>(context, {
    subject: companySubject(companyId),
    version,
    by,
    read: async (client) => {
      const now = await readCompany(client, companyId);
      if (now === null) return refuse("company_not_found", `There is no company "${companyId}".`);
      const next = { timeZone: timeZone ?? now.timeZone, currency: currency ?? now.currency };
      const problem = problemOfCompany(next);
      if (problem !== null) return problem;
      if (next.currency !== now.currency && (await hasAmounts(client, companyId)))
        return refuse(
          "currency_in_use",
          `There are products or orders in ${now.currency} already: the currency stays.`,
        );
      return {
        name: now.name,
        timeZone: now.timeZone,
        currency: now.currency,
        gs1Prefix: now.gs1Prefix,
      };
    },
    next: (now) => ({
      name: name ?? now.name,
      timeZone: timeZone ?? now.timeZone,
      currency: currency ?? now.currency,
      gs1Prefix: gs1Prefix === undefined ? now.gs1Prefix : gs1Prefix,
    }),
    write: (client, next) => updateCompany(client, companyId, next),
  });
}
