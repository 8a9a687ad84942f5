/**
 * A package that a provider has sent, in our books: its units leave the shelf and the stock, its shipment has
 * the provider's number, and the order's saga goes on as with any parcel.
 *
 * B1 A fulfillment order leaves in one package. Where the provider makes several, each beyond the last gets a
 *    fulfillment order of its own, in the transaction that first hears of it.
 * B2 Booking is idempotent by the fulfillment order: taking, packing and the shipment each have their key.
 */
import type { ProviderPackage } from "../../ports/fulfillment-provider.ts";
import {
  addLeavingRequest,
  changeRequest,
  postponeRequest,
  type RequestItem,
  requestsOf,
  type StoredRequest,
} from "../../store/channels/provider-requests.ts";
import {
  type FulfillmentOrder,
  insertFulfillmentOrders,
  markLabelled,
  nextFulfillmentOrderNumber,
  readFulfillmentOrders,
} from "../../store/floor/fulfillment.ts";
import { lockParts, replaceFulfillmentOrderLines } from "../../store/floor/fulfillment-changes.ts";
import { addShipment, outboundShipmentId } from "../../store/floor/shipments.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { recordPack } from "../floor/confirm-pack.ts";
import { recordPick, takePick } from "../floor/confirm-pick.ts";
import type { Refusal } from "../refusal.ts";
import { causeOf, type ProviderLane } from "./provider-lane.ts";

const TRY_AGAIN_MS = 60_000;
/** The parcel has left; how it travels is asked for from now on. */
const FIRST_JOURNEY_MS = 30_000;

/**
 * Packages that are new get their fulfillment orders.
 *
 * @returns whether nothing more is to be done now: all that was asked for is in packages, or somebody else is
 *   to look at it first
 */
export async function cutPackages(
  lane: ProviderLane,
  request: StoredRequest,
  packages: readonly ProviderPackage[],
): Promise<boolean> {
  if (packages.length === 0) return false;
  const { orderId, fulfillmentOrderId } = request;
  return inTransaction(lane.context.database, async (client) => {
    const locked = await lockParts(client, orderId);
    const rows = await requestsOf(client, orderId);
    const current = rows.find((row) => row.fulfillmentOrderId === fulfillmentOrderId);
    if (locked === undefined || current?.state !== "asked") return current?.state !== "asked";
    // Somebody wants it called off since it was looked at: that is answered first.
    if (current.callOff !== null && current.callOffAnswer === null) return true;
    const known = new Set(rows.filter(({ key }) => key === current.key).map(({ packageId }) => packageId));
    const parts = [...locked.parts];
    let part = parts.find(({ id }) => id === fulfillmentOrderId);
    for (const one of packages.filter(({ id }) => !known.has(id))) {
      if (part === undefined) return false;
      const left = {
        id: one.id,
        carrier: one.carrier,
        trackingNumber: one.trackingNumber,
        // A moment that is none is left out.
        shippedAt: Number.isNaN(Date.parse(one.shippedAt)) ? "" : one.shippedAt,
      };
      const inIt = linesIn(current.items, part, one);
      if (inIt.length === 0) continue;
      const rest = without(part.lines, inIt);
      if (rest.length === 0) {
        await changeRequest(client, fulfillmentOrderId, { state: "leaving", package: left });
        return true;
      }
      const id = `${orderId}-F${nextFulfillmentOrderNumber(parts)}`;
      const made: FulfillmentOrder = {
        ...part,
        id,
        lines: inIt.map((line) => ({ ...line, splitOff: true })),
      };
      await replaceFulfillmentOrderLines(client, fulfillmentOrderId, rest);
      await insertFulfillmentOrders(client, [made]);
      await addLeavingRequest(client, current, id, left, itemsOf(current.items, inIt));
      await recordEntry(client, {
        orderId,
        key: `package:${current.key}:${one.id}`,
        type: "fulfillment.split",
        summary: `${lane.provider.shownName} sends a part of ${fulfillmentOrderId} in a package of its own, ${id}.`,
        cause: causeOf(lane),
        data: { fulfillmentOrderId, fulfillmentOrders: [fulfillmentOrderId, id] },
      });
      parts.push(made);
      part = { ...part, lines: rest };
    }
    return false;
  });
}

type Lines = FulfillmentOrder["lines"];

/** What of the part is in the package; never more than it has. */
function linesIn(items: readonly RequestItem[], part: FulfillmentOrder, one: ProviderPackage): Lines {
  return part.lines.flatMap((line) => {
    const item = items.find(({ holdId }) => holdId === line.holdId)?.item;
    const units = one.items
      .filter((each) => each.item === item)
      .reduce((sum, { quantity }) => sum + quantity, 0);
    const quantity = Math.min(units, line.quantity);
    return quantity > 0 ? [{ ...line, quantity }] : [];
  });
}

function without(lines: Lines, taken: Lines): Lines {
  return lines.flatMap((line) => {
    const gone = taken.find(({ holdId }) => holdId === line.holdId)?.quantity ?? 0;
    return gone < line.quantity ? [{ ...line, quantity: line.quantity - gone }] : [];
  });
}

function itemsOf(items: readonly RequestItem[], lines: Lines): readonly RequestItem[] {
  return lines.flatMap((line) => {
    const item = items.find(({ holdId }) => holdId === line.holdId);
    return item === undefined ? [] : [{ ...item, quantity: line.quantity }];
  });
}

/** Picked, packed and labelled at once; the saga hears that it is packed and hands it over. */
export async function bookPackage(lane: ProviderLane, request: StoredRequest): Promise<void> {
  const { context, provider, channelId } = lane;
  const { fulfillmentOrderId, orderId } = request;
  const part = (await readFulfillmentOrders(context.database, orderId)).find(
    ({ id }) => id === fulfillmentOrderId,
  );
  if (part === undefined) return;
  const cause = causeOf(lane);
  const key = `${fulfillmentOrderId}:by-provider`;
  const pick = {
    fulfillmentOrderId,
    picked: part.lines.map(({ holdId, quantity }) => ({ holdId, quantity })),
    cause,
    key: `${key}:pick`,
  };
  const taken = await takePick(context, pick);
  if (taken.status === "refused") return postpone(lane, request, taken);
  const refusal = await inTransaction(context.database, async (client): Promise<Refusal | null> => {
    await lockParts(client, orderId);
    if (taken.status === "taken") {
      const picked = await recordPick(client, pick, taken.lines);
      if (picked.status === "refused") return picked;
    }
    const order = await readOrderProgress(client, orderId);
    const packed = await recordPack(client, {
      fulfillmentOrderId,
      verified: "by-provider",
      cause,
      key: `${key}:pack`,
    });
    if (packed.status === "refused") return packed;
    const shipmentId = outboundShipmentId(fulfillmentOrderId);
    const number = request.trackingNumber ?? "";
    await addShipment(
      client,
      {
        id: shipmentId,
        orderId,
        fulfillmentOrderId,
        returnId: null,
        provider: provider.name,
        account: channelId,
        weightGrams: 0,
      },
      {
        carrierShipmentId: `${request.key}:${request.packageId}`,
        carrier: request.carrier ?? provider.shownName,
        service: provider.shownName,
        // Some vans give no number; the package's own is one.
        trackingNumber: number === "" ? `${request.packageId}` : number,
        costMinor: 0,
        currency: order?.currency ?? "XXX",
        zpl: "",
        pdf: new Uint8Array(),
      },
    );
    await markLabelled(client, fulfillmentOrderId);
    await changeRequest(client, fulfillmentOrderId, { state: "left", dueInMs: FIRST_JOURNEY_MS });
    return null;
  });
  if (refusal !== null) await postpone(lane, request, refusal);
}

/**
 * What has left has left: it is tried again until our books can take it, and a person can see why they do
 * not.
 */
async function postpone(lane: ProviderLane, request: StoredRequest, refusal: Refusal): Promise<void> {
  const { database } = lane.context;
  const { fulfillmentOrderId, orderId } = request;
  await postponeRequest(database, fulfillmentOrderId, refusal, TRY_AGAIN_MS);
  await recordEntry(database, {
    orderId,
    key: `not-booked:${fulfillmentOrderId}:${refusal.code}`,
    type: "fulfillment.exception",
    summary: `${lane.provider.shownName} has sent ${fulfillmentOrderId}, and it cannot be booked: ${refusal.detail}.`,
    cause: causeOf(lane),
    data: { fulfillmentOrderId, code: refusal.code },
  });
}
