/**
 * An order's money as `orders/payment/` looks at it: what it costs, and how far its payment has come. One SQL
 * expression reads it, for the saga, for the order's page and for the audit.
 *
 * Store credit that was spent on the order pays first; what refunds gave back of it since counts as paid.
 */
import {
  type ChargedMoney,
  type ChargedOrder,
  costOf,
  earnedOf,
  wholeSteps,
} from "../../orders/payment/charging.ts";
import type { MoneyFacts } from "../../orders/payment/order-completion.ts";
import type { Queryable } from "../sql/database.ts";
import type { OrderProgress } from "./order-progress.ts";
import type { Authorization } from "./payments.ts";

/** In ISO 4217 minor units. */
export type StoredMoney = {
  readonly authorizations: readonly Pick<
    Authorization,
    "key" | "provider" | "account" | "reference" | "amountMinor" | "capturedMinor" | "refundedMinor" | "state"
  >[];
  /** Null: nothing was ever authorised. */
  readonly stepMinor: number | null;
  readonly storeCredit: number;
  /** What our provider has given back, or is to, because less was earned than was captured. */
  readonly returned: number;
  /** What the channel has to pay back because units were cancelled here. */
  readonly cancelledAtChannel: number;
  readonly cashTaken: number;
};

/**
 * @param orderId a column or parameter
 * @returns an SQL expression for `StoredMoney`
 */
export function storedMoneyJson(orderId: string): string {
  return `jsonb_build_object(
    'authorizations', (select coalesce(jsonb_agg(jsonb_build_object('key', a.key, 'provider', a.provider,
        'account', a.account, 'reference', a.reference, 'amountMinor', a.amount_minor,
        'capturedMinor', a.captured_minor, 'refundedMinor', a.refunded_minor, 'state', a.state) order by a.at, a.key), '[]')
      from payment_authorization a where a.order_id = ${orderId}),
    'stepMinor', (select p.step_minor from payment p where p.order_id = ${orderId}),
    'storeCredit', (select coalesce(-sum(e.amount_minor), 0) from store_credit_entry e
      where e.order_id = ${orderId} and e.kind in ('spent', 'given_back') and e.refund_id is null),
    -- One that was declined counts: finance settles it. So does one that was refused before its parts were known.
    'returned', (select coalesce(sum(case when r.status = 'requested'
        or (r.status = 'failed' and r.payment_minor + r.store_credit_minor + r.exchange_minor = 0)
        then r.asked_minor else r.payment_minor end), 0)
      from refund r where r.order_id = ${orderId} and r.reason in ('overpayment', 'cancellation')
        and r.channel_minor = 0),
    'cancelledAtChannel', (select coalesce(sum(r.channel_minor), 0) from refund r
      where r.order_id = ${orderId} and r.reason = 'cancellation'),
    -- Corrections are no takings.
    'cashTaken', (select coalesce(sum(t.amount_minor), 0) from payment_transaction t
      where t.order_id = ${orderId} and t.type = 'cash' and t.amount_minor > 0))`;
}

export function moneyFactsOf(
  order: ChargedOrder & Pick<OrderProgress, "paymentStatus" | "holdReasons">,
  stored: StoredMoney,
  firstStep = 1,
): MoneyFacts {
  const { authorizations, storeCredit, returned, cancelledAtChannel, cashTaken } = stored;
  return {
    order,
    paymentStatus: order.paymentStatus,
    holdReasons: order.holdReasons,
    money: {
      cost: Math.max(0, costOf(order) - storeCredit),
      earned: Math.max(0, earnedOf(order) - storeCredit),
      captured: authorizations.reduce((sum, { capturedMinor }) => sum + capturedMinor, 0),
      returned,
      open: authorizations.flatMap(({ key, state, amountMinor, capturedMinor }) =>
        state === "open" ? [{ key, leftMinor: amountMinor - capturedMinor }] : [],
      ),
      step: stored.stepMinor ?? firstStep,
    },
    cashTaken,
    cancelledAtChannel,
  };
}

/**
 * @param firstStep what amounts are multiples of at the provider where a first authorisation would be made
 */
export async function readMoneyFacts(
  client: Queryable,
  order: OrderProgress,
  firstStep = 1,
): Promise<MoneyFacts> {
  const { rows } = await client.query<{ readonly money: StoredMoney }>(
    `select ${storedMoneyJson("$1")} as money`,
    [order.orderId],
  );
  return moneyFactsOf(order, (rows[0] as { readonly money: StoredMoney }).money, firstStep);
}

/** What is to come through the provider in the end, in an amount that it takes. */
export function dueOf({ cost, step }: ChargedMoney): number {
  return wholeSteps(cost, step);
}
