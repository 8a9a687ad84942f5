/**
 * Whether somebody may give so much away: what their role may give on one order in a day, less what it has
 * given. Bonus counts like the rest.
 */

import type { RefundLimit } from "../../config/refund-limits.ts";
import type { OrderRefunds } from "../../contract/refunds.ts";
import { currencyExponent, parseMoney } from "../../orders/money.ts";
import { minorText } from "../../orders/refund.ts";
import { holderOf } from "../../orders/store-credit.ts";
import { companyCurrency } from "../../store/catalog/companies.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { readPayment } from "../../store/orders/payments.ts";
import { givenToday, readRefundable } from "../../store/refunds/refunds.ts";
import { storeCreditUsed } from "../../store/refunds/store-credit.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** Who gives, as far as limits go. */
export type Giver = {
  /** `staff:<id>`, `api-key:<id>`. */
  readonly by: string;
  /** A role of staff; `api-key` for a key. */
  readonly role: string;
  readonly limits: readonly RefundLimit[];
  /** Everybody who may give at all, to say who can give more. */
  readonly roles: readonly string[];
};

/** The role where it has a limit. */
export function limitedRole({ role, limits }: Giver): string | null {
  return limits.some((limit) => limit.role === role) ? role : null;
}

/** What the role may give in a day, in ISO 4217 minor units; null: no limit. */
export function dailyLimit(giver: Giver, currency: string, companyCurrency: string): number | null {
  if (limitedRole(giver) === null) return null;
  const limit = giver.limits.find(
    (each) => each.role === giver.role && (each.currency ?? companyCurrency) === currency,
  );
  const money = limit === undefined ? undefined : parseMoney(limit.amount, currency);
  return money === undefined
    ? 0
    : Math.floor(money.minor / 10 ** (money.exponent - (currencyExponent(currency) ?? money.exponent)));
}

export function checkGift(
  giver: Giver,
  gift: {
    readonly minor: number;
    readonly givenMinor: number;
    readonly currency: string;
    readonly companyCurrency: string;
  },
): Refusal | null {
  const limit = dailyLimit(giver, gift.currency, gift.companyCurrency);
  if (limit === null || gift.givenMinor + gift.minor <= limit) return null;
  const text = (minor: number) => minorText(minor, gift.currency);
  const others = giver.roles.filter((role) => limitedRole({ ...giver, role }) === null);
  return refuse(
    "refund_limit_exceeded",
    [
      `The role ${giver.role} may give ${text(limit)} a day on one order, and ${text(gift.givenMinor)} are given:`,
      `${text(gift.minor)} are too much. ${others.join(" or ")} can give them.`,
    ].join(" "),
  );
}

/** What can be given on an order, and how much of it by whom. @returns null where there is no such order */
export async function readGiving(
  { database }: OperationContext,
  orderId: string,
  giver: Giver,
): Promise<Omit<OrderRefunds, "refunds"> | null> {
  const order = await readOrderProgress(database, orderId);
  if (order === undefined) return null;
  const { currency, document } = order;
  const { left, unmatched } = await readRefundable(database, order);
  const role = limitedRole(giver);
  const perDayMinor = dailyLimit(giver, currency, await companyCurrency(database, document.companyId));
  return {
    orderId,
    currency,
    exponent: currencyExponent(currency) ?? 2,
    leftMinor: Math.max(0, left - unmatched),
    stepMinor: (await readPayment(database, orderId))?.stepMinor ?? 1,
    limit:
      role === null || perDayMinor === null
        ? null
        : { role, perDayMinor, givenMinor: await givenToday(database, orderId, role) },
    canHoldStoreCredit: holderOf(document) !== null,
    storeCreditUsedMinor: await storeCreditUsed(database, orderId),
  };
}
