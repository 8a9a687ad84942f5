/**
 * Whether somebody may give so much away: what their role may give on one order in a day, less what it has
 * given, whichever way: a refund, store credit, a lower price, goods below the catalog's price, more for a
 * claim than its goods were worth. Bonus counts like the rest.
 *
 * Every way asks `refuseGift`, in the transaction that gives and under the order's lock, and writes what it
 * gives there (a refund with the giver's role, or `writeGift`).
 */

import type { RefundLimit } from "../../config/refund-limits.ts";
import type { OrderRefunds } from "../../contract/refunds.ts";
import { currencyExponent, parseMoney } from "../../orders/money.ts";
import { minorText } from "../../orders/refund.ts";
import { holderOf } from "../../orders/store-credit.ts";
import { companyCurrency } from "../../store/catalog/companies.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { readPayment } from "../../store/orders/payments.ts";
import { givenToday } from "../../store/refunds/gifts.ts";
import { readRefundable } from "../../store/refunds/refunds.ts";
import { storeCreditUsed } from "../../store/refunds/store-credit.ts";
import type { Queryable } from "../../store/sql/database.ts";
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

/**
 * Whether a gift is more than any role with a limit may give in a day: only a role without one can give it,
 * and who gives it is asked again who they are. Where nobody has a limit, nobody has said what is much.
 */
export async function exceedsEveryLimit(
  client: Queryable,
  giver: Giver,
  gift: { readonly minor: number; readonly currency: string; readonly companyId: string },
): Promise<boolean> {
  if (giver.limits.length === 0) return false;
  const own = await companyCurrency(client, gift.companyId);
  return giver.limits.every(
    ({ role }) => (dailyLimit({ ...giver, role }, gift.currency, own) ?? 0) < gift.minor,
  );
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

/** What is given on an order, and by whom. */
type GiftOnOrder = {
  readonly orderId: string;
  readonly companyId: string;
  readonly currency: string;
  /** In ISO 4217 minor units of `currency`. */
  readonly minor: number;
  /** Of a gift that is written already, to be made this much: it is not counted twice. */
  readonly key?: string;
};

/** Why this may not be given on the order; `null`: it may. The caller holds the order's lock. */
export async function refuseGift(
  client: Queryable,
  giver: Giver,
  { orderId, companyId, currency, minor, key }: GiftOnOrder,
): Promise<Refusal | null> {
  const role = limitedRole(giver);
  if (role === null || minor <= 0) return null;
  return checkGift(giver, {
    minor,
    givenMinor: await givenToday(client, orderId, role, key),
    currency,
    companyCurrency: await companyCurrency(client, companyId),
  });
}

/**
 * Why a price may not be named for these goods: whose gifts have a limit needs a price to compare it with.
 * `null`: it may.
 */
export function refuseIncomparable(giver: Giver, sku: string | null, currency: string): Refusal | null {
  const role = limitedRole(giver);
  if (role === null || sku === null) return null;
  return refuse(
    "price_not_comparable",
    `The catalog has no price of ${sku} in ${currency}, so that nobody can say what a price of one's own gives away: the role ${role}, whose gifts have a limit, cannot name one.`,
  );
}

/**
 * Why somebody may not send orders in a channel's name; `null`: they may. What is sent says what an order
 * costs, later versions of it too, and who has the money: no limit could hold there.
 */
export function refuseSending(giver: Giver): Refusal | null {
  const role = limitedRole(giver);
  return role === null
    ? null
    : refuse(
        "role_has_limit",
        `Whoever sends an order says what it costs: the role ${role}, whose gifts have a limit, sends none.`,
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
