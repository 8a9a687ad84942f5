/**
 * Who a customer is, Holdfast knows by their orders, and keeps nothing of anybody who has none (ADR 0073). What
 * a customer has left at the former system is theirs here too: it opens their account of store credit, where
 * they have had none in that currency. Everybody else is looked at and skipped.
 */
import { whoHadStoreCredit } from "../../../store/refunds/store-credit.ts";
import type { Giver } from "../../refunds/gift-limit.ts";
import { grantStoreCredit } from "../../refunds/grant-store-credit.ts";
import type { CustomerItem } from "../../tables/entry.ts";
import { type Booker, type Decision, faultOf } from "../booker.ts";

const keyOf = (email: string, currency: string): string => `opening:${currency}:${email}`;

export const customers: Booker<CustomerItem> = {
  kind: "customers",
  decide: async ({ context, companyId }, entries) => {
    const decisions = entries.map((): Decision => ({ do: "skip" }));
    const withCredit = entries.flatMap(({ item: { email, credit } }, place) =>
      credit === null ? [] : [{ place, currency: credit.currency, holder: email }],
    );
    if (withCredit.length === 0) return decisions;
    const had = await whoHadStoreCredit(context.database, companyId, withCredit);
    for (const [index, { place }] of withCredit.entries())
      if (!had.has(index)) decisions[place] = { do: "book" };
    return decisions;
  },
  book: async ({ context, companyId, importId, starter }, entries) => {
    const faults = [];
    for (const entry of entries) {
      const { email, credit } = entry.item;
      if (credit === null) throw new Error("nothing was to be booked");
      const granted = await grantStoreCredit(context, {
        companyId,
        email,
        currency: credit.currency,
        amountMinor: credit.minor,
        bonusPercent: 0,
        note: `import ${importId} line ${entry.line}`,
        giver: starter.giver as Giver,
        key: keyOf(email, credit.currency),
      });
      faults.push(granted.status === "refused" ? faultOf(entry, granted) : null);
    }
    return faults;
  },
};
