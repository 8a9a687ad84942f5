/**
 * Store credit pays for an order before the payment provider is asked for the rest. The caller holds the
 * order's lock, and nothing has been authorised yet.
 */
import { chargeableMinor } from "../../orders/money.ts";
import { minorText } from "../../orders/refund.ts";
import { readStoreCreditCode, shownCode } from "../../orders/store-credit.ts";
import type { OrderProgress } from "../orders/order-progress.ts";
import { readEntryData, recordEntry } from "../orders/timeline.ts";
import type { Queryable } from "../sql/database.ts";
import {
  addStoreCreditEntry,
  hasStoreCreditEntry,
  lockStoreCreditByCode,
  type StoreCreditAccount,
  storeCreditUsed,
} from "./store-credit.ts";

export type CreditSpent =
  | { readonly status: "spent" }
  | { readonly status: "refused"; readonly detail: string };

/** The timeline entry of somebody who has decided that the order's own store credit does not count. */
export const STORE_CREDIT_DROPPED = "store-credit-dropped";

/**
 * Spends what the order itself says. It counts once: a person who has spent other store credit on the order,
 * or has dropped this one, has decided.
 */
export async function spendAskedFor(client: Queryable, order: OrderProgress): Promise<CreditSpent> {
  const asked = order.document.storeCredit;
  const { orderId, currency } = order;
  if (asked === undefined || (await isDecided(client, orderId))) return { status: "spent" };
  const code = readStoreCreditCode(asked.code);
  const account =
    code === undefined ? undefined : await lockStoreCreditByCode(client, order.document.companyId, code);
  if (account === undefined)
    return { status: "refused", detail: `There is no store credit ${shownCode(asked.code)}.` };
  const most = await stillDue(client, order);
  const wanted =
    asked.amount === undefined
      ? Math.min(account.balanceMinor, most)
      : Math.min(chargeableMinor(asked.amount), most);
  if (account.currency !== currency || wanted > account.balanceMinor) {
    const text = (minor: number) => minorText(minor, account.currency);
    return {
      status: "refused",
      detail: `Store credit ${shownCode(account.code)} holds ${text(account.balanceMinor)}; ${minorText(wanted, currency)} are to be spent.`,
    };
  }
  if (wanted > 0) await spend(client, order, account, wanted, { key: orderId, by: "saga:authorize-payment" });
  return { status: "spent" };
}

/** Takes store credit for the order. The account is locked, and holds so much. */
export async function spend(
  client: Queryable,
  order: OrderProgress,
  account: StoreCreditAccount,
  minor: number,
  spent: { readonly key: string; readonly by: string },
): Promise<void> {
  const { orderId, currency } = order;
  const fresh = await addStoreCreditEntry(client, {
    accountId: account.accountId,
    key: `spent:${spent.key}`,
    kind: "spent",
    amountMinor: -minor,
    orderId,
    by: spent.by,
  });
  if (!fresh) return;
  await recordEntry(client, {
    orderId,
    key: `store-credit-spent:${spent.key}`,
    type: "store_credit.spent",
    summary: `${minorText(minor, currency)} are paid with store credit ${shownCode(account.code)}.`,
    cause: spent.by,
    data: { accountId: account.accountId, amountMinor: minor, currency },
  });
}

/** What of the order store credit could still pay, in ISO 4217 minor units. */
export async function stillDue(client: Queryable, order: OrderProgress): Promise<number> {
  return Math.max(0, chargeableMinor(order.document.total) - (await storeCreditUsed(client, order.orderId)));
}

async function isDecided(client: Queryable, orderId: string): Promise<boolean> {
  return (
    (await hasStoreCreditEntry(client, `spent:${orderId}`)) ||
    (await storeCreditUsed(client, orderId)) > 0 ||
    (await readEntryData(client, orderId, STORE_CREDIT_DROPPED)) !== null
  );
}
