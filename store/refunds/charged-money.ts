/**
 * An order's money as `orders/payment/charging.ts` looks at it: what it costs through our payment provider, and how far
 * that has come. Store credit that was spent on it pays first.
 */
import { type ChargedMoney, costOf, earnedOf, wholeSteps } from "../../orders/payment/charging.ts";
import type { MoneyFacts } from "../../orders/payment/order-completion.ts";
import type { OrderProgress } from "../orders/order-progress.ts";
import { readAuthorizations, readCashTaken, readPayment } from "../orders/payments.ts";
import type { Queryable } from "../sql/database.ts";
import { storeCreditPaid } from "./store-credit.ts";

/**
 * @param firstStep what amounts are multiples of at the provider where a first authorisation would be made
 */
export async function readChargedMoney(
  client: Queryable,
  order: OrderProgress,
  firstStep = 1,
): Promise<ChargedMoney> {
  const { orderId } = order;
  const credit = await storeCreditPaid(client, orderId);
  const payment = await readPayment(client, orderId);
  const authorizations = await readAuthorizations(client, orderId);
  return {
    cost: Math.max(0, costOf(order) - credit),
    earned: Math.max(0, earnedOf(order) - credit),
    captured: payment?.capturedMinor ?? 0,
    returned: await readReturned(client, orderId),
    open: authorizations.flatMap(({ key, state, amountMinor, capturedMinor }) =>
      state === "open" ? [{ key, leftMinor: amountMinor - capturedMinor }] : [],
    ),
    step: payment?.stepMinor ?? firstStep,
  };
}

export async function readMoneyFacts(client: Queryable, order: OrderProgress): Promise<MoneyFacts> {
  const { paymentStatus, holdReasons, orderId } = order;
  return {
    order,
    paymentStatus,
    holdReasons,
    money: await readChargedMoney(client, order),
    cashTaken: await readCashTaken(client, orderId),
  };
}

/** What is to come through the provider in the end, in an amount that it takes. */
export function dueOf({ cost, step }: ChargedMoney): number {
  return wholeSteps(cost, step);
}

/**
 * What our provider has given back, or is to, because less was earned than was captured. One that was declined
 * counts: finance settles it.
 */
async function readReturned(client: Queryable, orderId: string): Promise<number> {
  const { rows } = await client.query<{ readonly minor: number }>(
    `select coalesce(sum(case when status = 'requested' then asked_minor else payment_minor end), 0)::bigint as minor
     from refund where order_id = $1 and reason in ('overpayment', 'cancellation') and channel_minor = 0`,
    [orderId],
  );
  return rows[0]?.minor ?? 0;
}
