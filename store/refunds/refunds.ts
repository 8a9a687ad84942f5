/**
 * Refunds: what goes back to a customer, why, and how far that has come. The one place that writes them.
 *
 * The caller holds the order's lock, so that two refunds never take the same money. Decides nothing: what
 * goes back, and out of which pocket, is worked out by `orders/refund.ts` from `readRefundable`.
 */

import { chargeableMinor } from "../../orders/money.ts";
import {
  LIVE_REFUND_STATUSES,
  type Pockets,
  type Refundable,
  type RefundReason,
  type RefundStatus,
} from "../../orders/refund.ts";
import { absorbedMinor } from "../orders/money-facts.ts";
import type { OrderProgress } from "../orders/order-progress.ts";
import { sealerOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";

export type RefundRecord = {
  readonly refundId: string;
  readonly orderId: string;
  readonly key: string;
  readonly reason: RefundReason;
  readonly status: RefundStatus;
  readonly currency: string;
  readonly askedMinor: number;
  readonly amountMinor: number;
  readonly paymentMinor: number;
  readonly storeCreditMinor: number;
  readonly channelMinor: number;
  /** What pays for the order in exchange. */
  readonly exchangeMinor: number;
  readonly toStoreCredit: boolean;
  readonly bonusMinor: number;
  readonly confirmedMinor: number;
  /** The call to the payment provider that counts; a new one after each decline. */
  readonly attempt: number;
  readonly failure: string | null;
  readonly note: string;
  readonly returnId: string | null;
  readonly claimId: string | null;
  readonly requestedBy: string;
  /** It was done, and the provider has said since that its payment failed. */
  readonly isReopened: boolean;
};

const REFUND = `select id as "refundId", order_id as "orderId", key, reason, status, currency,
    asked_minor as "askedMinor", amount_minor as "amountMinor", payment_minor as "paymentMinor",
    store_credit_minor as "storeCreditMinor", channel_minor as "channelMinor",
    exchange_minor as "exchangeMinor", to_store_credit as "toStoreCredit", bonus_minor as "bonusMinor", confirmed_minor as "confirmedMinor",
    attempt, failure, note, return_id as "returnId", claim_id as "claimId", requested_by as "requestedBy",
    reopened_at is not null as "isReopened"
  from refund`;

export async function readRefund(client: Queryable, refundId: string): Promise<RefundRecord | undefined> {
  const { rows } = await client.query<RefundRecord>(`${REFUND} where id = $1`, [refundId]);
  return rows[0];
}

export async function findRefund(client: Queryable, key: string): Promise<RefundRecord | undefined> {
  const { rows } = await client.query<RefundRecord>(`${REFUND} where key = $1`, [key]);
  return rows[0];
}

/** The refund that a call to the payment provider was made for: the call's key begins with the refund's. */
export async function findRefundOfCall(
  client: Queryable,
  call: { readonly orderId: string; readonly key: string },
): Promise<RefundRecord | undefined> {
  const { rows } = await client.query<RefundRecord>(
    `${REFUND} where order_id = $1 and $2 ^@ (key || ':') order by length(key) desc limit 1`,
    [call.orderId, call.key],
  );
  return rows[0];
}

/** The refund of this id, or the refunds of the return of this id. */
export async function readRefundsAbout(client: Queryable, id: string): Promise<readonly RefundRecord[]> {
  const { rows } = await client.query<RefundRecord>(
    `${REFUND} where (id = $1 or return_id = $1) and status = any($2) order by requested_at, length(id), id`,
    [id, LIVE_REFUND_STATUSES],
  );
  return rows;
}

/** Refunds of an order in these statuses, oldest first. */
export async function readRefunds(
  client: Queryable,
  orderId: string,
  statuses: readonly RefundStatus[],
): Promise<readonly RefundRecord[]> {
  const { rows } = await client.query<RefundRecord>(
    `${REFUND} where order_id = $1 and status = any($2) order by requested_at, length(id), id`,
    [orderId, statuses],
  );
  return rows;
}

export type NewRefund = {
  readonly orderId: string;
  /** Finds the refund again; at most 200 characters, because the provider's keys are made of it. */
  readonly key: string;
  readonly reason: RefundReason;
  readonly currency: string;
  readonly askedMinor: number;
  readonly toStoreCredit?: boolean;
  readonly bonusMinor?: number;
  readonly note?: string;
  readonly returnId?: string;
  readonly claimId?: string;
  readonly requestedBy: string;
  /** Of who gave it of their own decision: it counts for the role's limit, now or when one is set. */
  readonly giverRole?: string | null;
};

/** Adds a refund `<order>-M1`, `<order>-M2`, …; where its key is known, it is the first one of that key. */
export async function addRefund(client: Queryable, wanted: NewRefund): Promise<RefundRecord> {
  const sealer = await sealerOf(client, wanted.orderId);
  await client.query(
    // By the clock, not by the transaction's beginning: an order's lock may have been waited for since.
    `insert into refund (id, order_id, key, reason, status, currency, asked_minor, amount_minor, to_store_credit,
       bonus_minor, note, return_id, claim_id, requested_by, limited_role, requested_at)
     select $1 || '-M' || (count(*) + 1), $1, $2, $3, 'requested', $4, $5, $5, $6, $7, $8, $9, $10, $11, $12,
       clock_timestamp()
     from refund where order_id = $1 on conflict (key) do nothing`,
    [
      wanted.orderId,
      wanted.key,
      wanted.reason,
      wanted.currency,
      wanted.askedMinor,
      wanted.toStoreCredit ?? false,
      wanted.bonusMinor ?? 0,
      sealer.words(wanted.note ?? ""),
      wanted.returnId ?? null,
      wanted.claimId ?? null,
      wanted.requestedBy,
      wanted.giverRole ?? null,
    ],
  );
  const refund = await findRefund(client, wanted.key);
  if (refund === undefined) throw new Error(`refund ${wanted.key} vanished`);
  return refund;
}

/**
 * Writes what goes back and who pays it out. From now on these amounts stand.
 *
 * @param split.bonus of store credit; absent: as it was asked for
 */
export async function planRefund(
  client: Queryable,
  refundId: string,
  split: Pockets & { readonly exchange: number; readonly bonus?: number },
  attempt: number,
): Promise<void> {
  await client.query(
    `update refund set status = 'pending', amount_minor = $2, payment_minor = $3, store_credit_minor = $4,
       channel_minor = $5, attempt = $6, exchange_minor = $7, bonus_minor = coalesce($8, bonus_minor), failure = null
     where id = $1`,
    [
      refundId,
      split.payment + split.storeCredit + split.channel + split.exchange,
      split.payment,
      split.storeCredit,
      split.channel,
      attempt,
      split.exchange,
      split.bonus ?? null,
    ],
  );
}

/** @param settledBy who closed it; absent: it is still open */
export async function setRefundStatus(
  client: Queryable,
  refundId: string,
  status: RefundStatus,
  options: { readonly failure?: string; readonly settledBy?: string } = {},
): Promise<void> {
  await client.query(
    `update refund set status = $2, failure = $3, settled_by = $4,
       settled_at = case when $4::text is null then null else now() end
     where id = $1`,
    [refundId, status, options.failure ?? null, options.settledBy ?? null],
  );
}

/** A refund that was done has failed at the payment provider: it is open again, as it was planned. */
export async function reopenRefund(client: Queryable, refundId: string, failure: string): Promise<void> {
  await client.query(
    `update refund set status = 'failed', failure = $2, settled_by = null, settled_at = null, reopened_at = clock_timestamp()
     where id = $1`,
    [refundId, failure],
  );
}

/** Whether the channel owes, or owed, something back by our word, and has given nothing back beyond that. */
export async function areRefundsOurs(client: Queryable, orderId: string): Promise<boolean> {
  const { rows } = await client.query<{ ours: boolean }>(
    `select exists (select from refund where order_id = $1 and channel_minor > 0
                      and status in ('due_at_channel', 'confirmed_by_channel'))
        and not exists (select from channel_refund where order_id = $1 and unmatched_minor > 0) as ours`,
    [orderId],
  );
  return rows[0]?.ours === true;
}

/** The channel has confirmed so much more of its part. */
export async function confirmPart(client: Queryable, refundId: string, minor: number): Promise<void> {
  await client.query("update refund set confirmed_minor = confirmed_minor + $2 where id = $1", [
    refundId,
    minor,
  ]);
}

/** @returns whether the message is new: a channel's id of a refund counts once */
export async function addChannelRefund(
  client: Queryable,
  told: {
    readonly orderId: string;
    readonly externalId: string;
    readonly amountMinor: number;
    readonly by: string;
  },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into channel_refund (order_id, external_id, amount_minor, unmatched_minor, told_by)
     values ($1, $2, $3, $3, $4) on conflict do nothing`,
    [told.orderId, told.externalId, told.amountMinor, told.by],
  );
  return rowCount === 1;
}

/** What the channel said of the order that it has refunded, and that no refund of ours was waiting for. */
export async function readUnmatched(client: Queryable, orderId: string): Promise<number> {
  const { rows } = await client.query<{ minor: number }>(
    "select coalesce(sum(unmatched_minor), 0)::bigint as minor from channel_refund where order_id = $1",
    [orderId],
  );
  return rows[0]?.minor ?? 0;
}

/** Takes `minor` off what is unmatched of one message, or else of all, oldest first. */
export async function takeUnmatched(
  client: Queryable,
  orderId: string,
  taken: { readonly minor: number; readonly externalId?: string },
): Promise<void> {
  await client.query(
    `with open as (
       select external_id, unmatched_minor,
         coalesce(sum(unmatched_minor) over (order by at, external_id
           rows between unbounded preceding and 1 preceding), 0) as before
       from channel_refund
       where order_id = $1 and unmatched_minor > 0 and ($3::text is null or external_id = $3)
     )
     update channel_refund c set unmatched_minor = c.unmatched_minor
         - greatest(0, least(open.unmatched_minor, $2::bigint - open.before))
     from open where c.order_id = $1 and c.external_id = open.external_id`,
    [orderId, taken.minor, taken.externalId ?? null],
  );
}

type MoneyRow = {
  readonly authorized: number;
  readonly captured: number;
  readonly refunded: number;
  readonly voided: boolean;
  readonly underWay: number;
  /** Taken back by the customer's bank, or asked back by it. */
  readonly disputed: number;
  readonly spent: number;
  readonly creditUnderWay: number;
  readonly channelGone: number;
  readonly toNewCredit: number;
  readonly asked: number;
  readonly carried: number;
  readonly gone: number;
  /** What the channel has to pay back that the order's total does not count any more. */
  readonly offTotal: number;
  /** Taken by who brought the parcel, as corrected. */
  readonly cash: number;
};

/** The sums of an order's money. What is under way counts as gone. */
const MONEY = `
with mine as (select * from refund where order_id = $1 and id is distinct from $2 and status = any($3))
select coalesce(p.authorized_minor, 0)::bigint as authorized, coalesce(p.captured_minor, 0)::bigint as captured,
  coalesce(p.refunded_minor, 0)::bigint as refunded, coalesce(p.status = 'voided', false) as voided,
  (select coalesce(sum(amount_minor), 0) from payment_transaction
    where order_id = $1 and type = 'refund' and status = 'pending')::bigint as "underWay",
  (select coalesce(sum(amount_minor), 0) from payment_dispute
    where order_id = $1 and status in ('open', 'lost'))::bigint as disputed,
  (select coalesce(-sum(amount_minor), 0) from store_credit_entry
    where order_id = $1 and kind in ('spent', 'given_back'))::bigint as spent,
  (select coalesce(sum(store_credit_minor), 0) from mine
    where status = 'pending' and not to_store_credit)::bigint as "creditUnderWay",
  -- A price that went down is in the order's total already, and so are units that were cancelled before it did.
  ((select coalesce(sum(channel_minor), 0) from mine where status <> 'requested' and reason <> 'overpayment')
    - ${absorbedMinor("$1")})::bigint as "channelGone",
  ((select coalesce(sum(channel_minor), 0) from mine where status <> 'requested' and reason = 'overpayment')
    + ${absorbedMinor("$1")})::bigint as "offTotal",
  -- What pays for an order in exchange has been given, also where the rest has failed since.
  (select coalesce(sum(case when to_store_credit then amount_minor else exchange_minor end), 0) from refund
    where order_id = $1 and id is distinct from $2 and status <> 'requested'
      and (status = any($3) or status = 'failed' and reopened_at is not null))::bigint as "toNewCredit",
  (select coalesce(sum(asked_minor), 0) from mine where status = 'requested')::bigint as asked,
  (select coalesce(sum(asked_minor - amount_minor), 0) from mine
    where reason = 'return' and status <> 'requested')::bigint as carried,
  (select coalesce(sum(case when status = 'due_at_channel' then amount_minor - channel_minor + confirmed_minor
      when status in ('done', 'confirmed_by_channel') then amount_minor else 0 end), 0) from mine)::bigint as gone,
  (select coalesce(sum(amount_minor), 0) from payment_transaction
    where order_id = $1 and type = 'cash')::bigint as cash
from (select $1::text as order_id) o left join payment p using (order_id)`;

async function readMoney(client: Queryable, orderId: string, except: string | null): Promise<MoneyRow> {
  const { rows } = await client.query<MoneyRow>(MONEY, [orderId, except, LIVE_REFUND_STATUSES]);
  return rows[0] as MoneyRow;
}

/** What the customer paid to somebody else than our payment provider. */
function paidElsewhere(order: OrderProgress, { authorized, cash }: MoneyRow): number {
  if (order.document.paymentBy === "on_delivery") return cash;
  const isPaid = ["paid_at_channel", "paid", "partially_refunded", "refunded"].includes(order.paymentStatus);
  return order.document.paymentBy === "merchant" || !isPaid
    ? 0
    : Math.max(0, chargeableMinor(order.document.total) - authorized);
}

/**
 * What can still go back of an order.
 *
 * @param except a refund that does not count, because it is the one in question
 */
export async function readRefundable(
  client: Queryable,
  order: OrderProgress,
  except: string | null = null,
): Promise<Refundable> {
  const money = await readMoney(client, order.orderId, except);
  const pockets = {
    payment: Math.max(0, money.captured - money.refunded - money.underWay - money.disputed),
    storeCredit: Math.max(0, money.spent - money.creditUnderWay),
    channel: Math.max(0, paidElsewhere(order, money) - money.channelGone),
  };
  const sum = pockets.payment + pockets.storeCredit + pockets.channel;
  return {
    pockets,
    left: Math.max(0, sum - money.toNewCredit - money.asked),
    carried: money.carried,
    unmatched: await readUnmatched(client, order.orderId),
  };
}

/** What was paid for an order, by whatever means, and what of it has gone back. */
export async function readPaid(
  client: Queryable,
  order: OrderProgress,
): Promise<{
  readonly authorized: number;
  readonly paid: number;
  readonly refunded: number;
  readonly voided: boolean;
}> {
  const money = await readMoney(client, order.orderId, null);
  const elsewhere = paidElsewhere(order, money);
  const creditGivenBack = await givenBackByRefunds(client, order.orderId);
  return {
    authorized: money.authorized + money.spent + creditGivenBack,
    paid: money.captured + money.spent + creditGivenBack + elsewhere + money.offTotal,
    refunded: money.gone,
    voided: money.voided,
  };
}

async function givenBackByRefunds(client: Queryable, orderId: string): Promise<number> {
  const { rows } = await client.query<{ minor: number }>(
    `select coalesce(sum(amount_minor), 0)::bigint as minor from store_credit_entry
     where order_id = $1 and kind = 'given_back' and refund_id is not null`,
    [orderId],
  );
  return rows[0]?.minor ?? 0;
}

/**
 * What was asked for because of a return, less what was too much of it. What was given up counts as asked
 * for.
 */
export async function readAskedOfReturn(client: Queryable, returnId: string): Promise<number> {
  const { rows } = await client.query<{ minor: number }>(
    `select coalesce(sum(case when status in ('owed_by_customer', 'settled_by_customer') then -asked_minor
       else asked_minor end), 0)::bigint as minor
     from refund where return_id = $1 and reason = 'return'`,
    [returnId],
  );
  return rows[0]?.minor ?? 0;
}

/** What of a return has become store credit, without bonus and without one refund that is in question. */
export async function readCreditedOfReturn(
  client: Queryable,
  returnId: string,
  except: string,
): Promise<number> {
  const { rows } = await client.query<{ minor: number }>(
    `select coalesce(sum(store_credit_minor), 0)::bigint as minor from refund
     where return_id = $1 and id <> $2 and to_store_credit and status = any($3)`,
    [returnId, except, LIVE_REFUND_STATUSES],
  );
  return rows[0]?.minor ?? 0;
}
