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
  uncoveredOf,
  wholeSteps,
} from "../../orders/payment/charging.ts";
import type { MoneyFacts } from "../../orders/payment/order-completion.ts";
import type { Queryable } from "../sql/database.ts";
import type { Authorization } from "./payments.ts";

type FactsOrder = ChargedOrder & Pick<MoneyFacts, "paymentStatus" | "holdReasons">;

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
  /** What our provider is being asked to give back, and what is asked for and not planned yet. */
  readonly refundsUnderWay: number;
  /** What lost disputes took, and what of it is written down as the customer's debt. */
  readonly lost: number;
  readonly owedForLost: number;
  readonly isDisputed: boolean;
  readonly openRefunds: MoneyFacts["openRefunds"];
  readonly openDisputes: MoneyFacts["openDisputes"];
  readonly cancelledAtChannel: number;
  readonly cashTaken: number;
};

/**
 * What of the refunds for cancelled units stands for units that the document does not count any more.
 *
 * @param orderId a column or parameter
 * @returns an SQL expression
 */
export function absorbedMinor(orderId: string): string {
  return `(select coalesce(sum(v.absorbed_minor), 0) from order_revision v where v.order_id = ${orderId})`;
}

/**
 * @param orderId a column or parameter
 * @returns an SQL expression for `StoredMoney`
 */
export function storedMoneyJson(orderId: string): string {
  // What comes up once the order has ended is finance's, and does not open it again.
  const beforeTheEnd = (at: string) => `not exists (select from order_event e
      where e.order_id = ${orderId} and e.key = 'completed' and e.at < ${at})`;
  return `jsonb_build_object(
    'authorizations', (select coalesce(jsonb_agg(jsonb_build_object('key', a.key, 'provider', a.provider,
        'account', a.account, 'reference', a.reference, 'amountMinor', a.amount_minor,
        'capturedMinor', a.captured_minor, 'refundedMinor', a.refunded_minor, 'state', a.state) order by a.at, a.key), '[]')
      from payment_authorization a where a.order_id = ${orderId}),
    'stepMinor', (select p.step_minor from payment p where p.order_id = ${orderId}),
    'storeCredit', (select coalesce(-sum(e.amount_minor), 0) from store_credit_entry e
      where e.order_id = ${orderId} and e.kind in ('spent', 'given_back') and e.refund_id is null),
    -- One that was declined or given up counts: finance has settled it. Before its parts are known, it is what
    -- was asked.
    'returned', (select coalesce(sum(case when r.payment_minor + r.store_credit_minor + r.exchange_minor = 0
        then r.amount_minor else r.payment_minor end), 0)
      from refund r where r.order_id = ${orderId} and r.reason in ('overpayment', 'cancellation')
        and r.channel_minor = 0),
    'refundsUnderWay', (select coalesce(sum(t.amount_minor), 0) from payment_transaction t
        where t.order_id = ${orderId} and t.type = 'refund' and t.status = 'pending')
      + (select coalesce(sum(r.asked_minor), 0) from refund r
        where r.order_id = ${orderId} and r.status = 'requested'),
    'lost', (select coalesce(sum(d.amount_minor), 0) from payment_dispute d
      where d.order_id = ${orderId} and d.status = 'lost'),
    'owedForLost', (select coalesce(sum(r.asked_minor), 0) from refund r
      where r.order_id = ${orderId} and r.reason = 'dispute_lost' and r.status <> 'withdrawn'),
    'isDisputed', exists (select from payment_dispute d where d.order_id = ${orderId} and d.status = 'open'),
    'openDisputes', (select coalesce(jsonb_agg(jsonb_build_object('reference', d.reference, 'amountMinor', d.amount_minor)
        order by d.opened_at, d.reference), '[]')
      from payment_dispute d where d.order_id = ${orderId} and d.status = 'open' and ${beforeTheEnd("d.opened_at")}),
    'openRefunds', (select coalesce(jsonb_agg(jsonb_build_object('refundId', r.id, 'status', r.status,
        'amountMinor', r.amount_minor) order by r.requested_at, r.id), '[]')
      from refund r where r.order_id = ${orderId} and r.status in ('requested', 'pending', 'failed')
        and ${beforeTheEnd("coalesce(r.reopened_at, r.requested_at)")}),
    'cancelledAtChannel', (select coalesce(sum(r.channel_minor), 0) from refund r
      where r.order_id = ${orderId} and r.reason = 'cancellation') - ${absorbedMinor(orderId)},
    -- Corrections are no takings.
    'cashTaken', (select coalesce(sum(t.amount_minor), 0) from payment_transaction t
      where t.order_id = ${orderId} and t.type = 'cash' and t.amount_minor > 0))`;
}

export function moneyFactsOf(order: FactsOrder, stored: StoredMoney, firstStep = 1): MoneyFacts {
  const { authorizations, storeCredit, returned, cancelledAtChannel, cashTaken } = stored;
  const captured = authorizations.reduce((sum, { capturedMinor }) => sum + capturedMinor, 0);
  const refunded = authorizations.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0);
  // The bank's currency may be another one: no more was taken than was there.
  const lost = Math.min(stored.lost, captured);
  return {
    order,
    paymentStatus: order.paymentStatus,
    holdReasons: order.holdReasons,
    money: {
      cost: Math.max(0, costOf(order) - storeCredit),
      earned: Math.max(0, earnedOf(order) - storeCredit),
      captured,
      returned,
      left: Math.max(0, captured - refunded - stored.refundsUnderWay - lost),
      isDisputed: stored.isDisputed,
      lost,
      owedForLost: stored.owedForLost,
      open: authorizations.flatMap(({ key, state, amountMinor, capturedMinor }) =>
        state === "open" ? [{ key, leftMinor: amountMinor - capturedMinor }] : [],
      ),
      step: stored.stepMinor ?? firstStep,
    },
    openRefunds: stored.openRefunds,
    openDisputes: stored.openDisputes,
    cashTaken,
    cancelledAtChannel,
  };
}

/**
 * @param firstStep what amounts are multiples of at the provider where a first authorisation would be made
 */
export async function readMoneyFacts(
  client: Queryable,
  order: FactsOrder & { readonly orderId: string },
  firstStep = 1,
): Promise<MoneyFacts> {
  const { rows } = await client.query<{ readonly money: StoredMoney }>(
    `select ${storedMoneyJson("$1")} as money`,
    [order.orderId],
  );
  return moneyFactsOf(order, (rows[0] as { readonly money: StoredMoney }).money, firstStep);
}

/**
 * Whether nothing more is to be authorised: store credit pays for all of the order, or what is authorised
 * does.
 */
export async function isPaidWhole(
  client: Queryable,
  order: FactsOrder & { readonly orderId: string },
): Promise<boolean> {
  return uncoveredOf((await readMoneyFacts(client, order)).money) <= 0;
}

/** What is to come through the provider in the end, in an amount that it takes. */
export function dueOf({ cost, step }: ChargedMoney): number {
  return wholeSteps(cost, step);
}
