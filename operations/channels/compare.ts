/**
 * Holds a channel's books against ours: orders, what was sent and given up of them, money, and stock. Each
 * difference is written down with its cause. What a rule can repair is repaired at once by the ways that there
 * are anyway: the order is read once more, what was not told is told, a figure is told once more. What is
 * found again afterwards, or what no rule repairs, a person sees.
 *
 * K1 What is still under way is no difference: an order of which something is to be told is left out until it
 *    is.
 */
import type { Logger } from "pino";
import { decimalText, type Money, rescale } from "../../orders/money.ts";
import { orderIdOf } from "../../orders/order-identity.ts";
import type { ListingsPage, OrderAtChannel, OrdersPage } from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import {
  askForComparison,
  beginComparison,
  type ComparedOrder,
  type Difference,
  endComparison,
  isAccepted,
  listingsToCompare,
  nextComparison,
  noteDifference,
  ordersToCompare,
} from "../../store/channels/comparisons.ts";
import { forgetStockTold, writeListings } from "../../store/channels/listings.ts";
import { readChannelProgress } from "../../store/channels/progress.ts";
import { tellKindAgain } from "../../store/channels/tellings.ts";
import { isOrderKnown, type OrderAtOurs, readOrderAtOurs } from "../../store/channels/told-orders.ts";
import { tellParcels } from "./derive-tellings.ts";
import type { ChannelLane } from "./lane.ts";
import { take } from "./read-orders.ts";

/** Orders a call: what `readOrderStates` takes. */
const BATCH = 50;
/** How far back a comparison looks that nobody has asked for. */
const USUAL_DAYS = 7;
const DAY_MS = 86_400_000;

/** Makes the comparison that somebody has asked for, or whose hour has come. */
export async function compareIfDue(lane: ChannelLane, logger: Logger): Promise<void> {
  const { context, account } = lane;
  const { database } = context;
  const { channelId } = account;
  let next = await nextComparison(database, channelId);
  if (next === null && (await isHour(lane))) {
    const since = new Date(context.now() - USUAL_DAYS * DAY_MS);
    await askForComparison(database, { channelId, since, by: "schedule" });
    next = await nextComparison(database, channelId);
  }
  if (next === null) return;
  await beginComparison(database, next.id);
  const counts = { orders: 0, listings: 0 };
  try {
    await compareOrders(lane, next.id, next.since, counts);
    await compareStock(lane, next.id, counts);
    if (lane.isEnding()) return;
    await endComparison(database, channelId, next.id, { ...counts, problem: null });
    logger.info({ channel: channelId, ...counts }, "the channel's books were compared with ours");
  } catch (error) {
    // Where the channel cannot be asked now, it is begun anew later.
    if (!(error instanceof ServiceFault) || error.retryable) throw error;
    await endComparison(database, channelId, next.id, { ...counts, problem: error.message });
  }
}

async function isHour({ context, account }: ChannelLane): Promise<boolean> {
  if (account.comparesAt === null) return false;
  const progress = await readChannelProgress(context.database, account.channelId);
  const now = new Date(context.now());
  const due = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), account.comparesAt);
  const last = progress?.comparedAt?.getTime() ?? 0;
  return now.getTime() >= due && last < due;
}

async function compareOrders(
  lane: ChannelLane,
  comparisonId: string,
  since: Date,
  counts: { orders: number },
): Promise<void> {
  const { context, account, connection, budget } = lane;
  const note = (found: Difference) => noteUnlessAccepted(lane, comparisonId, found);
  await readMissed(lane, since, note);
  let after = "";
  for (;;) {
    if (lane.isEnding()) return;
    const ours = await ordersToCompare(context.database, account.channelId, since, after, BATCH);
    const last = ours.at(-1);
    if (last === undefined) return;
    after = last.orderId;
    counts.orders += ours.length;
    const ids = ours.map(({ externalId }) => externalId);
    const states = await budget.call("comparing", () => connection.readOrderStates(ids));
    const theirs = new Map(states.map((state) => [state.externalId, state]));
    for (const one of ours) {
      const order = await readOrderAtOurs(context.database, one.orderId);
      // K1
      if (order === undefined || one.waiting.length > 0) continue;
      const found = orderDifferences(one, order, theirs.get(one.externalId));
      const accepted = await Promise.all(
        found.map((each) => isAccepted(context.database, account.channelId, each)),
      );
      const open = found.filter((_, index) => accepted[index] === false);
      for (const each of open) await note(each);
      if (open.some(({ cause }) => cause === "late" || cause === "edited_at_channel"))
        await readAgain(lane, one.externalId);
      for (const each of open) if (isForgotten(each)) await tellOnceMore(lane, one.orderId, each.kind);
    }
  }
}

/** Everything that the channel has of that time is read once more: what we have changes nothing. */
async function readMissed(
  lane: ChannelLane,
  since: Date,
  note: (found: Difference) => Promise<void>,
): Promise<void> {
  const { context, account, connection, budget, adapters } = lane;
  const untilMs = context.now();
  let page: string | null = null;
  do {
    const asked: string | null = page;
    const read: OrdersPage = await budget.call("comparing", () =>
      connection.readOrders({ sinceMs: since.getTime(), untilMs, page: asked }),
    );
    for (const payload of read.payloads) {
      const known = await knownOrders(lane, payload);
      const { refused } = await take({ context, account, adapters }, [payload]);
      for (const externalId of known.missing) {
        const why = refused.find((each) => each.externalId === externalId);
        await note({
          kind: "order",
          subject: externalId,
          line: "",
          orderId: why === undefined ? (orderIdOf(account.channelId, externalId) ?? null) : null,
          ours: why === undefined ? "none" : `refused: ${why.code ?? ""}`,
          theirs: "there",
          cause: why === undefined ? "late" : "refused",
          isRepaired: why === undefined,
        });
      }
    }
    page = read.next;
  } while (page !== null && !lane.isEnding());
}

async function knownOrders({ context, account, adapters }: ChannelLane, payload: string) {
  const missing: string[] = [];
  for (const reading of adapters.get(account.kind)?.read(payload, null) ?? []) {
    if (reading.kind !== "order") continue;
    const { externalId } = reading.order;
    const orderId = orderIdOf(account.channelId, externalId);
    if (orderId === undefined || !(await isOrderKnown(context.database, orderId))) missing.push(externalId);
  }
  return { missing };
}

/** The channel has not what we said, or were to say. */
function isForgotten({ kind, cause }: Difference): boolean {
  return kind !== "order" && (cause === "drift" || cause === "not_told");
}

const TOLD_AS = { shipment: "ship", cancellation: "cancel", money: "refund" } as const;

/** What is told twice counts once there (N1 in ports/channel-connection.ts). */
async function tellOnceMore(
  { context, account }: ChannelLane,
  orderId: string,
  kind: Difference["kind"],
): Promise<void> {
  if (kind === "order" || kind === "stock") return;
  await tellKindAgain(context.database, account.channelId, orderId, TOLD_AS[kind]);
  if (kind === "shipment") await tellParcels(context.database, account.channelId, orderId);
}

async function readAgain(lane: ChannelLane, externalId: string): Promise<void> {
  const payload = await lane.budget.call("comparing", () => lane.connection.readOrder(externalId));
  if (payload !== null) await take(lane, [payload]);
}

/** What the two books say differently of one order. */
export function orderDifferences(
  one: ComparedOrder,
  order: OrderAtOurs,
  theirs: OrderAtChannel | undefined,
): readonly Difference[] {
  const difference = (
    kind: Difference["kind"],
    line: string,
    [ours, at]: readonly [string | number, string | number],
    cause: Difference["cause"],
  ): Difference => ({
    kind,
    subject: one.externalId,
    line,
    orderId: one.orderId,
    ours: String(ours),
    theirs: String(at),
    cause,
    // What the channel says is read once more, and what it does not have is told once more. What it has
    // refused, and an order that it does not know, is a person's.
    isRepaired: cause !== "refused" && kind !== "order",
  });
  if (theirs === undefined) return [difference("order", "", [order.status, "none"], "drift")];
  const causeOf = (kind: string): Difference["cause"] =>
    one.dead.includes(kind) ? "refused" : one.told.includes(kind) ? "drift" : "not_told";
  const found: Difference[] = [];
  const isOurs = order.status !== "cancelled";
  const sent = order.lines.some(({ shipped, fulfilledElsewhere }) => shipped + fulfilledElsewhere > 0);
  if (theirs.state === "cancelled" && isOurs && !sent)
    found.push(difference("cancellation", "", [order.status, "cancelled"], "late"));
  if (theirs.state !== "cancelled" && !isOurs) {
    const isTheirs = order.cancelledBy?.startsWith("channel:") === true;
    found.push(
      difference(
        "cancellation",
        "",
        ["cancelled", theirs.state],
        isTheirs ? "edited_at_channel" : causeOf("cancel"),
      ),
    );
  }
  // Of an order that is cancelled on either side, lines say nothing more.
  if (theirs.state !== "cancelled" && isOurs)
    found.push(...lineDifferences(order, theirs, difference, causeOf));
  const refunded: Money = {
    minor: one.refundedMinor,
    currency: one.currency,
    exponent: theirs.refunded.exponent,
  };
  const theirsMinor = rescale(theirs.refunded, theirs.refunded.exponent);
  if (theirsMinor !== one.refundedMinor)
    found.push(
      difference(
        "money",
        "refunded",
        [decimalText(refunded), decimalText(theirs.refunded)],
        theirsMinor > one.refundedMinor ? "late" : causeOf("refund"),
      ),
    );
  return found;
}

function lineDifferences(
  order: OrderAtOurs,
  theirs: OrderAtChannel,
  difference: (
    kind: Difference["kind"],
    line: string,
    figures: readonly [number, number],
    cause: Difference["cause"],
  ) => Difference,
  causeOf: (kind: string) => Difference["cause"],
): readonly Difference[] {
  const found: Difference[] = [];
  for (const line of theirs.lines) {
    const ours = order.lines.filter(({ externalLineId }) => externalLineId === line.externalLineId);
    if (ours.length === 0) continue;
    const sent = ours.reduce((sum, each) => sum + each.shipped + each.fulfilledElsewhere, 0);
    if (sent !== line.shipped)
      found.push(
        difference(
          "shipment",
          line.externalLineId,
          [sent, line.shipped],
          line.shipped > sent ? "edited_at_channel" : causeOf("ship"),
        ),
      );
    // Units that are still to come or have come: an edit makes them fewer at some channels, a cancellation at
    // others.
    const ordered = ours.reduce((sum, each) => sum + each.ordered - each.cancelled, 0);
    const wanted = line.quantity - line.cancelled;
    if (ordered !== wanted)
      found.push(
        difference(
          "cancellation",
          line.externalLineId,
          [ordered, wanted],
          wanted < ordered ? "edited_at_channel" : causeOf("cancel"),
        ),
      );
  }
  return found;
}

async function compareStock(
  lane: ChannelLane,
  comparisonId: string,
  counts: { listings: number },
): Promise<void> {
  const { context, account, connection, budget } = lane;
  const { database } = context;
  const { channelId } = account;
  let page: string | null = null;
  do {
    if (lane.isEnding()) return;
    const asked: string | null = page;
    const { listings, next }: ListingsPage = await budget.call("comparing", () =>
      connection.readListings(asked),
    );
    await writeListings(database, channelId, listings, new Date(context.now()));
    const told = await listingsToCompare(
      database,
      channelId,
      listings.map(({ channelSku }) => channelSku),
    );
    const wrong: string[] = [];
    for (const { channelSku, quantity } of listings) {
      const ours = told.get(channelSku);
      if (ours === undefined || quantity === null || quantity === ours) continue;
      wrong.push(channelSku);
      await noteUnlessAccepted(lane, comparisonId, {
        kind: "stock",
        subject: channelSku,
        line: "",
        orderId: null,
        ours: String(ours),
        theirs: String(quantity),
        cause: "drift",
        isRepaired: true,
      });
    }
    if (wrong.length > 0) await forgetStockTold(database, channelId, wrong);
    counts.listings += listings.length;
    page = next;
  } while (page !== null);
}

async function noteUnlessAccepted(
  { context, account }: ChannelLane,
  comparisonId: string,
  found: Difference,
): Promise<void> {
  if (await isAccepted(context.database, account.channelId, found)) return;
  await noteDifference(context.database, account.channelId, comparisonId, found);
}
