/**
 * What follows from a refund, written in the transaction that makes it so: store credit is given, the
 * channel's part is put on the list of what is due there, the order's timeline tells it.
 *
 * The caller holds the order's lock, and writes the payment status that comes back with `changeOrder`.
 */
import type { PaymentStatus } from "../../orders/order.ts";
import { matchConfirmation, minorText, statusAfterRefund } from "../../orders/refund.ts";
import { holderOf } from "../../orders/store-credit.ts";
import type { OrderProgress } from "../orders/order-progress.ts";
import { recordEntry } from "../orders/timeline.ts";
import { setRefund } from "../returns/returns.ts";
import type { Queryable } from "../sql/database.ts";
import {
  addRefund,
  confirmPart,
  type NewRefund,
  planRefund,
  type RefundRecord,
  readPaid,
  readRefund,
  readRefunds,
  readUnmatched,
  setRefundStatus,
  takeUnmatched,
} from "./refunds.ts";
import { addStoreCreditEntry, giveBackStoreCredit, openStoreCredit } from "./store-credit.ts";

/** Ends a refund that was planned and whose payment, if it has one, has gone through. */
export async function settleRefund(
  client: Queryable,
  order: OrderProgress,
  refund: RefundRecord,
  cause: string,
): Promise<PaymentStatus> {
  await giveCredit(client, order, refund, cause);
  if (refund.returnId !== null) await setRefund(client, refund.returnId, await refundedOf(client, refund));
  const isDue = refund.channelMinor > 0;
  await setRefundStatus(
    client,
    refund.refundId,
    isDue ? "due_at_channel" : "done",
    isDue ? {} : { settledBy: cause },
  );
  await recordEntry(client, {
    orderId: order.orderId,
    key: `refund:${refund.refundId}${refund.isReopened ? `:${refund.attempt}` : ""}`,
    type: typeOf(refund),
    summary: await sentenceOf(client, order, refund),
    cause,
    data: { refundId: refund.refundId, amountMinor: refund.amountMinor, currency: refund.currency },
  });
  if (isDue) await matchEarlier(client, order, refund);
  return paymentStatusNow(client, order);
}

/**
 * Puts on the channel's list what is due there, whatever else is left of the order's money: for a caller that
 * has just lowered what the order costs.
 */
export async function oweAtChannel(
  client: Queryable,
  order: OrderProgress,
  wanted: NewRefund,
): Promise<PaymentStatus> {
  const refund = await addRefund(client, wanted);
  if (refund.status !== "requested") return order.paymentStatus;
  const split = { payment: 0, storeCredit: 0, channel: wanted.askedMinor, exchange: 0 };
  await planRefund(client, refund.refundId, split, 1);
  const planned = (await readRefund(client, refund.refundId)) as RefundRecord;
  return settleRefund(client, order, planned, wanted.requestedBy);
}

/**
 * Writes down that the customer has money which is ours, so that finance sees it: nothing more goes out for
 * it.
 */
export async function oweByCustomer(client: Queryable, wanted: NewRefund): Promise<void> {
  const refund = await addRefund(client, wanted);
  if (refund.status !== "requested") return;
  await setRefundStatus(client, refund.refundId, "owed_by_customer");
  await recordEntry(client, {
    orderId: wanted.orderId,
    key: `refund:${refund.refundId}`,
    type: "refund.owed_by_customer",
    summary:
      wanted.reason === "dispute_lost"
        ? `${minorText(wanted.askedMinor, wanted.currency)} of what was sent were taken back by the bank: the customer owes them.`
        : `${minorText(wanted.askedMinor, wanted.currency)} too much were refunded: the customer owes them.`,
    cause: wanted.requestedBy,
    data: { refundId: refund.refundId, amountMinor: wanted.askedMinor, currency: wanted.currency },
  });
}

/** What a lost dispute took of what is owed for goods that were handed over is the customer's debt. */
export async function oweForLostDispute(
  client: Queryable,
  { orderId, currency }: OrderProgress,
  { amountMinor, before, by }: { readonly amountMinor: number; readonly before: number; readonly by: string },
): Promise<void> {
  await oweByCustomer(client, {
    orderId,
    key: `${orderId}:dispute-lost:${before + amountMinor}`,
    reason: "dispute_lost",
    currency,
    askedMinor: amountMinor,
    requestedBy: by,
  });
}

/** The bank has given the money of a lost dispute back after all: nobody owes it any more. */
export async function forgetLostDispute(client: Queryable, orderId: string, by: string): Promise<void> {
  const owed = await readRefunds(client, orderId, ["owed_by_customer"]);
  for (const { refundId } of owed.filter(({ reason }) => reason === "dispute_lost"))
    await setRefundStatus(client, refundId, "withdrawn", { settledBy: by });
}

/**
 * The channel has refunded `minor`: closes what waits for it.
 *
 * @returns what no refund waited for
 */
export async function confirmRefunds(
  client: Queryable,
  order: OrderProgress,
  minor: number,
  options: { readonly by: string; readonly key: string; readonly refundId?: string },
): Promise<number> {
  const due = await readRefunds(client, order.orderId, ["due_at_channel"]);
  const awaited = due
    .filter(({ refundId }) => options.refundId === undefined || refundId === options.refundId)
    .map((refund) => ({
      refundId: refund.refundId,
      openMinor: refund.channelMinor - refund.confirmedMinor,
    }));
  const { parts, over } = matchConfirmation(minor, awaited);
  for (const part of parts) {
    await confirmPart(client, part.refundId, part.minor);
    const isClosed = awaited.some(
      ({ refundId, openMinor }) => refundId === part.refundId && openMinor === part.minor,
    );
    if (isClosed)
      await setRefundStatus(client, part.refundId, "confirmed_by_channel", { settledBy: options.by });
    await recordEntry(client, {
      orderId: order.orderId,
      key: `refund-confirmed:${part.refundId}:${options.key}`,
      type: "refund.confirmed_by_channel",
      summary: `The channel has refunded ${minorText(part.minor, order.currency)} (${part.refundId}).`,
      cause: options.by,
      data: { refundId: part.refundId, amountMinor: part.minor, currency: order.currency },
    });
  }
  return over;
}

/** The payment status that follows from all refunds of the order as they are now. */
export async function paymentStatusNow(client: Queryable, order: OrderProgress): Promise<PaymentStatus> {
  const { paid, refunded } = await readPaid(client, order);
  return statusAfterRefund(order.paymentStatus, paid, refunded);
}

async function giveCredit(
  client: Queryable,
  order: OrderProgress,
  refund: RefundRecord,
  by: string,
): Promise<void> {
  const { orderId, refundId, storeCreditMinor, bonusMinor, toStoreCredit } = refund;
  const about = { orderId, refundId, by };
  if (!toStoreCredit) {
    if (storeCreditMinor > 0)
      await giveBackStoreCredit(client, {
        ...about,
        amountMinor: storeCreditMinor,
        key: `refund:${refundId}`,
      });
    return;
  }
  const holder = holderOf(order.document);
  if (holder === null)
    throw new Error(`${orderId} names no customer whose store credit could be ${refundId}`);
  const { companyId } = order.document;
  const { accountId } = await openStoreCredit(client, { companyId, currency: refund.currency, holder });
  const entries = [
    { kind: "issued", amountMinor: storeCreditMinor, key: `refund:${refundId}` },
    { kind: "bonus", amountMinor: storeCreditMinor === 0 ? 0 : bonusMinor, key: `refund:${refundId}:bonus` },
  ] as const;
  for (const entry of entries)
    if (entry.amountMinor > 0) await addStoreCreditEntry(client, { ...about, ...entry, accountId });
}

/** What all refunds of the return come to, this one included. */
async function refundedOf(client: Queryable, refund: RefundRecord): Promise<number> {
  const { rows } = await client.query<{ minor: number }>(
    `select coalesce(sum(amount_minor), 0)::bigint as minor from refund
     where return_id = $1 and (id = $2 or status in ('done', 'due_at_channel', 'confirmed_by_channel'))`,
    [refund.returnId, refund.refundId],
  );
  return rows[0]?.minor ?? 0;
}

/** The channel may have refunded before we knew why. */
async function matchEarlier(client: Queryable, order: OrderProgress, refund: RefundRecord): Promise<void> {
  const earlier = Math.min(await readUnmatched(client, order.orderId), refund.channelMinor);
  if (earlier === 0) return;
  await takeUnmatched(client, order.orderId, { minor: earlier });
  const { refundId } = refund;
  await confirmRefunds(client, order, earlier, {
    by: `channel:${order.channelId}`,
    key: "earlier",
    refundId,
  });
}

function typeOf({ amountMinor, channelMinor, paymentMinor, exchangeMinor }: RefundRecord): string {
  if (amountMinor === 0) return "refund.nothing_due";
  if (channelMinor > 0) return "refund.due_at_channel";
  if (paymentMinor > 0) return "payment.refunded";
  return exchangeMinor > 0 ? "refund.exchanged" : "store_credit.issued";
}

async function sentenceOf(client: Queryable, order: OrderProgress, refund: RefundRecord): Promise<string> {
  const text = (minor: number) => minorText(minor, refund.currency);
  const parts = [
    refund.paymentMinor > 0 ? `${text(refund.paymentMinor)} went back to the way it was paid` : "",
    refund.storeCreditMinor > 0 ? `${text(refund.storeCreditMinor)} went to the customer's store credit` : "",
    refund.bonusMinor > 0 && refund.storeCreditMinor > 0 ? `with ${text(refund.bonusMinor)} on top` : "",
    refund.exchangeMinor > 0 ? `${text(refund.exchangeMinor)} pay for the order in exchange` : "",
    refund.channelMinor > 0
      ? `${text(refund.channelMinor)} are to be refunded by ${await payerOf(client, order)}, which has the money`
      : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? `Nothing is refunded (${refund.refundId}).` : `Refund: ${parts.join(", ")}.`;
}

/** Who took the money that we did not take. */
export async function payerOf(client: Queryable, order: OrderProgress): Promise<string> {
  if (order.document.paymentBy === "on_delivery") return "the shop in cash or by transfer";
  return readChannelName(client, order.channelId);
}

/** As shoppers know it; the id, where the channel has been removed. */
export async function readChannelName(client: Queryable, channelId: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>("select name from channel where id = $1", [
    channelId,
  ]);
  return rows[0]?.name ?? channelId;
}
