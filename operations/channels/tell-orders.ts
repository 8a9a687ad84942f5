/**
 * Tells a channel what was written down to be told (`derive-tellings.ts`), several orders at once, each in
 * its order.
 *
 * D1 What was told is written down afterwards: a process that dies in between tells it once more under its
 *    key, and the channel has it already.
 * D2 A fault is tried again, for some hours; then, and where the channel refuses, a person decides. While the
 *    channel does not let us in, nothing counts as an attempt.
 * D3 What a vendor has no call for is not told: until the channel's own books show it, it is put aside for a
 *    person at once, with where to do it.
 * D4 Money that the channel gives back is confirmed under the channel's own id of it, before it is written
 *    down as told: the channel's webhook about it, and a repeat, then find it confirmed. What the channel has taken
 *    and not given yet confirms nothing.
 */

import { currencyExponent } from "../../orders/money.ts";
import type { ChannelConnection, OrderWord, Told, ToldLine } from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import { readInvoice } from "../../store/channels/invoices.ts";
import {
  settleTelling,
  type Telling,
  type TellingOutcome,
  tellingsDue,
  UNDER_WAY,
} from "../../store/channels/tellings.ts";
import {
  type OrderAtOurs,
  readOrderAtOurs,
  readParcelToTell,
  readRefundToTell,
} from "../../store/channels/told-orders.ts";
import { bringBack } from "../archive/bring-back.ts";
import { confirmChannelRefund } from "../refunds/confirm-channel-refund.ts";
import { STOPPED } from "./call-budget.ts";
import { invoiceTold } from "./derive-invoice.ts";
import { invoiceDocument } from "./invoice-document.ts";
import { type ChannelLane, isLockedOut, pauseAfter } from "./lane.ts";

/** The last some twelve hours after the first. */
const MOST_ATTEMPTS = 20;
/** What the channel has under way is asked for no more often. */
const LEAST_PAUSE_MS = 30_000;
/** Of what the vendor has no call for, as on the page and in docs/errors.md. */
const BY_HAND = "by_hand";

/** @returns how many were dealt with; and the last fault that keeps the channel from being told anything */
export async function tellOrders(
  lane: ChannelLane,
): Promise<{ readonly count: number; readonly fault: ServiceFault | null }> {
  const { context, account, connection } = lane;
  const due = await tellingsDue(context.database, account.channelId, connection.limits.concurrency * 4);
  let fault: ServiceFault | null = null;
  await Promise.all(
    due.map(async (telling) => {
      if (lane.isEnding()) return;
      fault = (await tellOne(lane, telling)) ?? fault;
    }),
  );
  return { count: due.length, fault };
}

async function tellOne(lane: ChannelLane, telling: Telling): Promise<ServiceFault | null> {
  const { context, connection, budget } = lane;
  const word = await wordOf(lane, telling);
  if (word === null) {
    await settleTelling(context.database, telling.id, { state: "told", reference: null, wasKnown: true });
    return null;
  }
  try {
    const told = await budget.call("orders", () => tellOrAsk(connection, word));
    const isDone = told.status === "told" || told.status === "already";
    if (isDone && word.kind === "refund") await confirmRefund(lane, word, told.reference);
    await settleTelling(context.database, telling.id, outcomeOf(told, telling));
    return null;
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    if (error.code === STOPPED) return null;
    const isOut = isLockedOut(error);
    const isOver = !isOut && (!error.retryable || telling.attempts + 1 >= MOST_ATTEMPTS);
    const said = { code: error.code, problem: error.message };
    await settleTelling(
      context.database,
      telling.id,
      isOver
        ? { state: "dead", ...said }
        : { state: "waiting", ...said, pauseMs: pauseAfter(telling.attempts, error), counts: !isOut },
    );
    return error;
  }
}

/** Tells it; or, where only people can do it there, asks whether somebody has (D3). */
async function tellOrAsk(connection: ChannelConnection, word: OrderWord): Promise<Told> {
  const words = word.kind === "cancel" || word.kind === "refund" ? connection.byHand?.[word.kind] : undefined;
  if (words === undefined || connection.tells.has(word.kind)) return connection.tell(word);
  const refusal: Told = { status: "refused", code: BY_HAND, message: words };
  // That money has gone back closes the refund itself, of which nothing is left to be told then.
  if (word.kind === "refund") return refusal;
  const [there] = await connection.readOrderStates([word.order.externalId]);
  return there?.state === "cancelled" ? { status: "already", reference: null } : refusal;
}

function outcomeOf(told: Told, { attempts }: Telling): TellingOutcome {
  switch (told.status) {
    case "refused":
      return { state: "dead", code: told.code, problem: told.message };
    case "under_way": {
      const said = { code: UNDER_WAY, problem: told.message };
      if (attempts + 1 >= MOST_ATTEMPTS) return { state: "dead", ...said };
      const pauseMs = Math.max(LEAST_PAUSE_MS, pauseAfter(attempts));
      return { state: "waiting", ...said, pauseMs, counts: true, reference: told.reference };
    }
    default:
      return { state: "told", reference: told.reference, wasKnown: told.status === "already" };
  }
}

async function confirmRefund(
  { context, account }: ChannelLane,
  word: OrderWord & { readonly kind: "refund" },
  reference: string | null,
): Promise<void> {
  // Without an id of its own it is the channel's next word about the order that confirms it.
  if (reference === null) return;
  await confirmChannelRefund(context, {
    orderId: word.order.orderId,
    amount: word.amount,
    externalRefundId: reference,
    refundId: word.refundId,
    by: `channel:${account.channelId}`,
  });
}

/** @returns null where there is nothing to tell any more */
async function wordOf(lane: ChannelLane, telling: Telling): Promise<OrderWord | null> {
  const { context, account } = lane;
  const { database } = context;
  const { orderId, facts } = telling;
  const found =
    (await readOrderAtOurs(database, orderId)) ??
    ((await bringBack(database, [orderId])) ? await readOrderAtOurs(database, orderId) : undefined);
  if (found === undefined) return null;
  const { externalId, externalNumber, externalIds, currency } = found;
  const common = {
    key: `${account.channelId}:${telling.key}`,
    order: { orderId, externalId, externalNumber, externalIds, currency },
  };
  switch (telling.kind) {
    case "acknowledge":
      return found.status === "cancelled" ? null : { ...common, kind: "acknowledge" };
    case "hold":
      // What was released meanwhile is not held first.
      if (found.status !== "on_hold") return null;
      return { ...common, kind: "hold", reason: facts.reason ?? "other" };
    case "release":
      // Something else holds it still: it is released when that is gone too.
      return found.status === "on_hold" ? null : { ...common, kind: "release" };
    case "invoice": {
      const invoice = await readInvoice(database, facts.number ?? "");
      if (invoice === undefined) return null;
      const told = invoiceTold(invoice, found, facts.shipmentId ?? null);
      const document = (seller: readonly string[]) => invoiceDocument(lane, orderId, invoice, seller);
      return { ...common, kind: "invoice", ...told, document };
    }
    case "cancel":
      return {
        ...common,
        kind: "cancel",
        lines: linesOf(found, telling),
        isWhole: facts.isWhole === true,
        reason: facts.reason ?? "other",
      };
    case "ship": {
      const parcel =
        facts.shipmentId === undefined ? undefined : await readParcelToTell(database, facts.shipmentId);
      return {
        ...common,
        kind: "ship",
        shipmentId: facts.shipmentId ?? telling.key,
        carrier: parcel?.carrier ?? facts.carrier ?? "",
        service: parcel?.service ?? "",
        trackingNumber: parcel?.trackingNumber ?? facts.trackingNumber ?? "",
        trackingUrl: facts.trackingUrl ?? null,
        shippedAt: (parcel?.shippedAt ?? new Date(context.now())).toISOString(),
        ...(parcel?.sscc == null ? {} : { sscc: parcel.sscc }),
        lines: linesOf(found, telling),
      };
    }
    case "refund": {
      const refund = await readRefundToTell(database, facts.refundId ?? "");
      if (refund === undefined || refund.dueMinor <= 0) return null;
      return {
        ...common,
        kind: "refund",
        refundId: refund.refundId,
        amount: {
          minor: refund.dueMinor,
          currency: refund.currency,
          exponent: currencyExponent(refund.currency) ?? 2,
        },
        lines: [],
        reason: refund.reason,
        ...(telling.reference === null ? {} : { underWay: telling.reference }),
      };
    }
  }
}

function linesOf({ lines }: OrderAtOurs, { facts }: Telling): readonly ToldLine[] {
  return (facts.lines ?? []).map(({ externalLineId, quantity }) => ({
    externalLineId,
    // What was ordered there, whatever is sent in its place.
    channelSku:
      lines.find((line) => line.externalLineId === externalLineId && !line.isSubstitute)?.channelSku ?? "",
    quantity,
  }));
}
