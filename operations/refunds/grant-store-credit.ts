/**
 * A person gives a customer store credit that no order stands behind, within the limit of their role; or
 * takes back what was given in error, as far as it is not spent.
 */
import { currencyExponent } from "../../orders/money.ts";
import { minorText } from "../../orders/refund.ts";
import { creditBonus } from "../../orders/returns/refund-way.ts";
import { companyCurrency } from "../../store/catalog/companies.ts";
import {
  addStoreCreditEntry,
  grantedToday,
  hasStoreCreditEntry,
  lockStoreCredit,
  openStoreCredit,
} from "../../store/refunds/store-credit.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { checkGift, type Giver, limitedRole } from "./gift-limit.ts";

type Grant = {
  readonly companyId: string;
  readonly email: string;
  readonly currency: string;
  readonly amountMinor: number;
  readonly bonusPercent: number;
  readonly note: string;
  readonly giver: Giver;
  /** Repeating a grant with the same key changes nothing. */
  readonly key: string;
};

type Granted = { readonly status: "done"; readonly accountId: string; readonly code: string };

export async function grantStoreCredit(context: OperationContext, grant: Grant): Promise<Granted | Refusal> {
  const { companyId, currency, amountMinor, giver } = grant;
  if (currencyExponent(currency) === undefined)
    return refuse(
      "unknown_currency",
      `The currency "${currency}" is none of ISO 4217; expected its three letters, for example "USD"`,
    );
  return inTransaction(context.database, async (client) => {
    const holder = grant.email.trim().toLowerCase();
    const { accountId, code } = await openStoreCredit(client, { companyId, currency, holder });
    const key = `granted:${grant.key}`;
    if (await hasStoreCreditEntry(client, key)) return { status: "done", accountId, code };
    const bonusMinor = creditBonus(amountMinor, grant.bonusPercent);
    const role = limitedRole(giver);
    const tooMuch = checkGift(giver, {
      minor: amountMinor + bonusMinor,
      givenMinor: role === null ? 0 : await grantedToday(client, accountId, role),
      currency,
      companyCurrency: await companyCurrency(client, companyId),
    });
    if (tooMuch !== null) return tooMuch;
    const about = { accountId, by: giver.by, note: grant.note, giverRole: giver.role };
    await addStoreCreditEntry(client, { ...about, key, kind: "issued", amountMinor });
    if (bonusMinor > 0)
      await addStoreCreditEntry(client, {
        ...about,
        key: `${key}:bonus`,
        kind: "bonus",
        amountMinor: bonusMinor,
      });
    return { status: "done", accountId, code };
  });
}

export async function withdrawStoreCredit(
  context: OperationContext,
  input: {
    readonly companyId: string;
    readonly accountId: string;
    readonly amountMinor: number;
    readonly note: string;
    readonly by: string;
    readonly key: string;
  },
): Promise<{ readonly status: "done" } | Refusal> {
  const { accountId, amountMinor } = input;
  return inTransaction(context.database, async (client) => {
    const account = await lockStoreCredit(client, accountId);
    if (account?.companyId !== input.companyId)
      return refuse("store_credit_not_found", `There is no store credit ${accountId}.`);
    const key = `withdrawn:${input.key}`;
    if (await hasStoreCreditEntry(client, key)) return { status: "done" };
    if (amountMinor > account.balanceMinor) {
      const text = (minor: number) => minorText(minor, account.currency);
      const detail = `${text(amountMinor)} are to be taken back; ${text(account.balanceMinor)} are there.`;
      return refuse("store_credit_insufficient", detail);
    }
    const { by, note } = input;
    await addStoreCreditEntry(client, {
      accountId,
      key,
      kind: "withdrawn",
      amountMinor: -amountMinor,
      by,
      note,
    });
    return { status: "done" };
  });
}
