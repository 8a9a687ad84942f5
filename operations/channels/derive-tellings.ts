/**
 * What a channel is to be told follows from the orders' feed: an entry says that something has happened, and
 * the order says what. It is written down with the place in the feed, in one transaction (T1).
 *
 * E1 What the channel has said itself is not told back to it: not what it cancelled, changed or handed over.
 * E2 An entry is read as the order is by then. Where several happened meanwhile, the first one's telling says
 *    all, and the others find nothing left.
 */
import { unitsGivenUp } from "../../orders/change/units-given-up.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { HOLD_CODES, type HoldCode } from "../../orders/order.ts";
import type { ChannelConnection, OrderWordKind } from "../../ports/channel-connection.ts";
import { recountListings } from "../../store/channels/listings.ts";
import { movePosition, readChannelProgress } from "../../store/channels/progress.ts";
import { addTellings, isToldOf, type NewTelling, settleGivenRefund } from "../../store/channels/tellings.ts";
import {
  isChannelsToShip,
  type LineAtOurs,
  type OrderAtOurs,
  readGivenUp,
  readOrderAtOurs,
  readParcelToTell,
  shipmentsOfOrder,
  writeGivenUp,
} from "../../store/channels/told-orders.ts";
import { type FeedEntry, readFeedOfChannel } from "../../store/orders/feed.ts";
import { type Database, inTransaction, type Queryable } from "../../store/sql/database.ts";
import { compareFeedCursors } from "../../store/sql/feed-cursor.ts";
import { invoiceTelling } from "./derive-invoice.ts";

/** Entries of all channels that are passed at a time. */
const BATCH = 1_000;

export type Derived = {
  /** Whether there is more to read at once. */
  readonly more: boolean;
  readonly tellings: number;
};

/** @param connection what it can be told of an order, and what people do there; the rest is not written down */
export async function deriveTellings(
  database: Database,
  channelId: string,
  connection: Pick<ChannelConnection, "tells" | "byHand" | "wantsInvoice">,
): Promise<Derived> {
  const { tells, byHand = {} } = connection;
  const progress = await readChannelProgress(database, channelId);
  if (progress === null) return { more: false, tellings: 0 };
  const { position } = progress;
  const page = await readFeedOfChannel(database, position, {
    channelId,
    types: HEEDED,
    prefix: SHORTAGES,
    limit: BATCH,
  });
  // The end of the feed moves on by itself: a place is written down only behind entries.
  if (page.passed === 0 || compareFeedCursors(page.cursor, position) === 0)
    return { more: false, tellings: 0 };
  const tellings = await inTransaction(database, async (client) => {
    if (!(await movePosition(client, channelId, position, page.cursor))) return 0;
    const made: NewTelling[] = [];
    for (const entry of page.entries) {
      made.push(...(await tellingsOf(client, channelId, entry)));
      if (tells.has("invoice")) made.push(...(await invoiceTelling(client, channelId, connection, entry)));
      if (entry.type === "refund.confirmed_by_channel")
        await settleGivenRefund(client, channelId, entry.orderId);
    }
    const wanted = made.filter(({ kind }) => tells.has(kind) || kind in byHand);
    await addTellings(client, wanted);
    return wanted.length;
  });
  return { more: page.more, tellings };
}

const HEEDED = [
  "order.captured",
  "order.held",
  "order.hold_released",
  "order.changed",
  "order.cancelled",
  "order.fulfilled_elsewhere",
  "fulfillment.done_elsewhere",
  "fulfillment.handed_over_without_parcel",
  "shipment.shipped",
  "refund.due_at_channel",
  "refund.confirmed_by_channel",
] as const;

/** The floor's shortages, as they are settled, have types of their own. */
const SHORTAGES = "shortage.";

/** Entries after which units may be missing for good. */
const MAY_GIVE_UP: ReadonlySet<string> = new Set(["order.changed", "order.cancelled"]);

async function tellingsOf(
  client: Queryable,
  channelId: string,
  entry: FeedEntry,
): Promise<readonly NewTelling[]> {
  const { orderId, key, data } = entry;
  const telling = (kind: OrderWordKind, ofWhat: string, facts: NewTelling["facts"] = {}): NewTelling => ({
    channelId,
    key: `${kind}:${ofWhat}`,
    orderId,
    kind,
    facts,
  });
  const isTheirs = entry.cause.startsWith("channel:");
  switch (entry.type) {
    case "order.captured": {
      await recountListings(client, channelId, orderId);
      // Marketplaces refuse to be told that we have what they ship themselves.
      return (await isChannelsToShip(client, orderId)) ? [] : [telling("acknowledge", orderId)];
    }
    case "shipment.shipped": {
      const order = await readOrderAtOurs(client, orderId);
      return order === undefined ? [] : parcelTelling(client, order, String(data["shipmentId"] ?? ""));
    }
    case "order.fulfilled_elsewhere":
    case "fulfillment.done_elsewhere": {
      const order = isTheirs ? undefined : await readOrderAtOurs(client, orderId);
      const units = (data["lines"] ?? []) as readonly { lineId: string; quantity: number }[];
      const lines = order === undefined ? [] : byChannelLine(order.lines, units);
      return lines.length === 0 ? [] : [telling("ship", `${orderId}:${key}`, { lines, ...trackingIn(data) })];
    }
    case "refund.due_at_channel": {
      const refundId = String(data["refundId"] ?? "");
      return [telling("refund", refundId, { refundId })];
    }
    case "order.held": {
      const reason = holdCodesIn(data).find((code) => !isChannelsOwn(code));
      return reason === undefined ? [] : [telling("hold", `${orderId}:${key}`, { reason })];
    }
    case "order.hold_released":
      return (await isToldOf(client, channelId, orderId, "hold"))
        ? [telling("release", `${orderId}:${key}`)]
        : [];
    default:
      return MAY_GIVE_UP.has(entry.type) || entry.type.startsWith(SHORTAGES)
        ? cancellations(client, entry, isTheirs, telling)
        : [];
  }
}

/** Every parcel of the order that has left and is not written down to be told yet. */
export async function tellParcels(database: Database, channelId: string, orderId: string): Promise<void> {
  const order = await readOrderAtOurs(database, orderId);
  if (order === undefined || order.channelId !== channelId) return;
  for (const shipmentId of await shipmentsOfOrder(database, orderId))
    await addTellings(database, await parcelTelling(database, order, shipmentId));
}

async function parcelTelling(
  client: Queryable,
  { channelId, orderId, lines: known }: OrderAtOurs,
  shipmentId: string,
): Promise<readonly NewTelling[]> {
  const parcel = await readParcelToTell(client, shipmentId);
  const lines = parcel === undefined ? [] : byChannelLine(known, wholeUnits(parcel.picked));
  const facts = { shipmentId, lines };
  return lines.length === 0 ? [] : [{ channelId, key: `ship:${shipmentId}`, orderId, kind: "ship", facts }];
}

async function cancellations(
  client: Queryable,
  { orderId, key }: FeedEntry,
  isTheirs: boolean,
  telling: (kind: OrderWordKind, ofWhat: string, facts?: NewTelling["facts"]) => NewTelling,
): Promise<readonly NewTelling[]> {
  const order = await readOrderAtOurs(client, orderId);
  if (order === undefined) return [];
  const [now, known] = [unitsGivenUp(order.lines), await readGivenUp(client, orderId)];
  await writeGivenUp(client, orderId, now);
  if (isTheirs || order.cancelledBy?.startsWith("channel:") === true) return [];
  const lines = [...now].flatMap(([externalLineId, quantity]) => {
    const more = quantity - (known.get(externalLineId) ?? 0);
    return more > 0 ? [{ externalLineId, quantity: more }] : [];
  });
  if (lines.length === 0) return [];
  const isWhole = order.status === "cancelled" && isUntouched(order, known);
  const reason = reasonOf(order, key);
  return [telling("cancel", `${orderId}:${key}`, { lines, isWhole, reason })];
}

/** Nothing of it was sent or given up before. */
function isUntouched({ lines }: OrderAtOurs, known: ReadonlyMap<string, number>): boolean {
  return (
    lines.every(({ shipped, fulfilledElsewhere }) => shipped + fulfilledElsewhere === 0) &&
    [...known.values()].every((quantity) => quantity === 0)
  );
}

/** In the words of `OrderWord`. */
function reasonOf({ cancelledBy }: OrderAtOurs, key: string): string {
  const by = cancelledBy ?? "";
  if (by.startsWith("shopper")) return "customer_request";
  return key.startsWith("shortage") || by.startsWith("operations:") || by.startsWith("system")
    ? "out_of_stock"
    : "other";
}

function byChannelLine(
  lines: readonly LineAtOurs[],
  units: readonly { readonly lineId: string; readonly quantity: number }[],
): { externalLineId: string; quantity: number }[] {
  const sums = new Map<string, number>();
  for (const { lineId, quantity } of units) {
    const line = lines.find((each) => each.lineId === lineId);
    if (line !== undefined && quantity > 0)
      sums.set(line.externalLineId, (sums.get(line.externalLineId) ?? 0) + quantity);
  }
  return [...sums].map(([externalLineId, quantity]) => ({ externalLineId, quantity }));
}

function trackingIn(data: FeedEntry["data"]): NewTelling["facts"] {
  const text = (name: string) => (typeof data[name] === "string" ? (data[name] as string) : undefined);
  const [carrier, trackingNumber, trackingUrl] = [
    text("carrier"),
    text("trackingNumber"),
    text("trackingUrl"),
  ];
  return {
    ...(carrier === undefined ? {} : { carrier }),
    ...(trackingNumber === undefined ? {} : { trackingNumber }),
    ...(trackingUrl === undefined ? {} : { trackingUrl }),
  };
}

function holdCodesIn(data: FeedEntry["data"]): readonly string[] {
  if (typeof data["code"] === "string") return [data["code"]];
  const reasons = Array.isArray(data["holdReasons"]) ? (data["holdReasons"] as { code?: string }[]) : [];
  return reasons.length === 0 ? ["other"] : reasons.map(({ code = "other" }) => code);
}

/** The channel has said so itself, or it is for the channel to say what comes next (E1). */
function isChannelsOwn(code: string): boolean {
  const known = HOLD_CODES[code as HoldCode];
  return known?.owner === "channel" || code.endsWith("_at_channel");
}
