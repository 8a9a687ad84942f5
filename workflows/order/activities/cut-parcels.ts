/**
 * What goes to the floor goes in parcels that a carrier takes: a fulfillment order that is too heavy for one
 * becomes several, each with its own label, tracking and capture. One unit that is too heavy alone waits for
 * a person.
 *
 * Here, and not where fulfillment orders are made, because everything passes here: what was sourced, moved,
 * merged, or made before an upgrade. Within the caller's transaction and under the order's lock, so that a
 * repeat finds either nothing done or all of it.
 */
import { randomUUID } from "node:crypto";
import {
  cutIntoParcels,
  gramsOf,
  overweightText,
  tooHeavyText,
  type UnitWeights,
} from "../../../orders/fulfillment/parcels.ts";
import { isEnded, notBegun } from "../../../orders/fulfillment-order.ts";
import type { HoldReason } from "../../../orders/order.ts";
import { readUnitWeights } from "../../../store/catalog/catalog.ts";
import { parcelLimitAt } from "../../../store/catalog/parcel-limit.ts";
import {
  type FulfillmentOrder,
  haltFulfillmentOrder,
  insertFulfillmentOrders,
  nextFulfillmentOrderNumber,
} from "../../../store/floor/fulfillment.ts";
import { type LockedParts, replaceFulfillmentOrderLines } from "../../../store/floor/fulfillment-changes.ts";
import { changeOrder } from "../../../store/orders/order-progress.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import type { DatabaseClient } from "../../../store/sql/database.ts";

const CAUSE = "saga:release-to-floor";

/**
 * @param ids of those that are to be released
 * @param carriersGrams that a carrier takes in one parcel; `null`: any weight
 * @returns of those that can be: new ones too, without what is too heavy
 */
export async function cutParcels(
  client: DatabaseClient,
  { order, parts }: LockedParts,
  ids: readonly string[],
  carriersGrams: number | null,
): Promise<readonly string[]> {
  const asked = parts.filter(
    (part) =>
      ids.includes(part.id) && !isEnded(part.status) && part.status !== "in_progress" && notBegun(part),
  );
  if (carriersGrams === null || asked.length === 0) return ids;
  const limits = new Map<string, number>();
  for (const { locationId } of asked)
    limits.set(locationId, (await parcelLimitAt(client, carriersGrams, [locationId])) ?? carriersGrams);
  const limitOf = ({ locationId }: FulfillmentOrder) => limits.get(locationId) ?? carriersGrams;
  const skus = new Set(asked.flatMap(({ lines }) => lines.map(({ sku }) => sku)));
  const weights = await readUnitWeights(client, [...skus]);
  const parcels: FulfillmentOrder[] = [];
  for (const part of asked) {
    const [kept = [], ...others] = cutIntoParcels(part.lines, weights, limitOf(part));
    if (others.length === 0) {
      parcels.push(part);
      continue;
    }
    const next = nextFulfillmentOrderNumber([...parts, ...parcels]);
    const made = others.map((lines, index) => ({
      ...part,
      id: `${order.orderId}-F${next + index}`,
      status: "open" as const,
      stage: "waiting" as const,
      lines: lines.map((line) => ({ ...line, splitOff: true })),
    }));
    await replaceFulfillmentOrderLines(client, part.id, kept);
    await insertFulfillmentOrders(client, made);
    parcels.push({ ...part, lines: kept }, ...made);
    const weight = overweightText(gramsOf(part.lines, weights), limitOf(part));
    await recordEntry(client, {
      orderId: order.orderId,
      key: `cut:${part.id}:${next}`,
      type: "fulfillment.split",
      summary: `${part.id} leaves in ${others.length + 1} parcels: it weighs ${weight}.`,
      cause: CAUSE,
      data: { fulfillmentOrderId: part.id, fulfillmentOrders: [part.id, ...made.map(({ id }) => id)] },
    });
  }
  const heavy = parcels.filter((part) => gramsOf(part.lines, weights) > limitOf(part));
  await holdTooHeavy(client, order, heavy, weights, limitOf);
  const released = new Set([...ids, ...parcels.map(({ id }) => id)]);
  for (const { id } of heavy) released.delete(id);
  return [...released];
}

async function holdTooHeavy(
  client: DatabaseClient,
  order: LockedParts["order"],
  heavy: readonly FulfillmentOrder[],
  weights: UnitWeights,
  limitOf: (part: FulfillmentOrder) => number,
): Promise<void> {
  const isHeld = ({ id }: FulfillmentOrder) =>
    order.holdReasons.some(
      (reason) => reason.code === "parcel_too_heavy" && reason.fulfillmentOrderId === id,
    );
  const fresh = heavy.filter((part) => !isHeld(part));
  if (fresh.length === 0) return;
  const reasons = fresh.map((part): HoldReason => {
    const detail = tooHeavyText(part.lines, weights, limitOf(part)) ?? "";
    return { code: "parcel_too_heavy", detail, fulfillmentOrderId: part.id };
  });
  for (const [index, { id }] of fresh.entries()) {
    await haltFulfillmentOrder(client, id);
    await recordEntry(client, {
      orderId: order.orderId,
      // Who lets it go on unchanged is told again.
      key: `too-heavy:${id}:${randomUUID()}`,
      type: "order.held",
      summary: `On hold: ${reasons[index]?.detail}`,
      cause: CAUSE,
      data: { code: "parcel_too_heavy", fulfillmentOrderId: id },
    });
  }
  await changeOrder(client, order, { holdReasons: [...order.holdReasons, ...reasons] });
}
