/**
 * Writes what comes of a planned change: holds, fulfillment orders, ledger, document, timeline, and the word
 * to the order's saga. For `reviseOrder`, in its transaction and under the order's lock.
 *
 * Units that are given up are taken where nothing has begun: first what nobody holds, then what is in no
 * fulfillment order, then from the youngest fulfillment order. Units that come join a fulfillment order of
 * their place that nobody has begun and whose parcel has room for them, or make one. The stock is told of
 * both afterwards, by the saga (`stock_errand`).
 *
 * What was promised follows the change (`promiseAnew`). The channel's hold rules are asked here, because
 * every change of a document passes here.
 */
import type { OrderReservation } from "../../engine/allocator-client.ts";
import { type ChangePlan, changesText } from "../../orders/change/order-change.ts";
import { isEnded, notBegun } from "../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { type LineLedger, unitsOf } from "../../orders/line-ledger.ts";
import { chargeableMinor } from "../../orders/money.ts";
import type { NoticeKind } from "../../orders/notices/notices.ts";
import { toldChanges } from "../../orders/notices/told-changes.ts";
import { type HoldReason, isOurs, type PaymentStatus } from "../../orders/order.ts";
import { isSettled } from "../../orders/order-status.ts";
import { costOf, priceOf } from "../../orders/payment/charging.ts";
import { minorText } from "../../orders/refund.ts";
import { unitsText } from "../../orders/units-text.ts";
import {
  type FulfillmentOrder,
  type OrderHold,
  readFulfillmentOrders,
  readOrderHolds,
  readUnsourced,
} from "../../store/floor/fulfillment.ts";
import {
  addOrderHolds,
  giveUpUnits,
  type LockedParts,
  recallTasks,
  replaceFulfillmentOrderLines,
  updateFulfillmentOrder,
} from "../../store/floor/fulfillment-changes.ts";
import { addStockErrands } from "../../store/floor/stock-errands.ts";
import { readMoneyFacts } from "../../store/orders/money-facts.ts";
import { changeOrder, type OrderProgress, readOrderProgress } from "../../store/orders/order-progress.ts";
import { writeRevision } from "../../store/orders/order-revisions.ts";
import { dropUnwantedShortages } from "../../store/orders/shortages.ts";
import { recordEntry, recordQuote } from "../../store/orders/timeline.ts";
import { sealerOf } from "../../store/personal-data/vault.ts";
import { oweAtChannel } from "../../store/refunds/settle-refund.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { parcelRoom } from "../fulfillment/parcel-room.ts";
import { type Freed, unitsToFree } from "../fulfillment/units-to-free.ts";
import { heldByRule, isByRule, lookedAt } from "../holds/hold-by-rule.ts";
import { promiseAnew, promiseBasis } from "../holds/promise-anew.ts";
import { haltParts } from "../holds/put-hold.ts";
import { tellOrderSaga } from "../tell-saga.ts";

export type Reserved = Extract<OrderReservation, { readonly status: "reserved" }>;

/** What has to be reserved for a change. */
export type StockNeed = ChangePlan["more"];

/**
 * An order that has its stock, has a place in the queue, or has gone to the floor, gets what a change adds at
 * once. One whose stock is reserved when it is released gets it with the rest.
 */
export async function stockNeed(
  client: Queryable,
  { order, parts }: LockedParts,
  { more }: ChangePlan,
): Promise<StockNeed> {
  const isQueued = order.holdReasons.some(({ code }) => code === "backordered");
  if (more.length === 0 || parts.length > 0 || isQueued) return more;
  const held = wholeUnits(await readOrderHolds(client, order.orderId));
  const isCovered = order.lines.filter(isOurs).every((line) => {
    const wanted = line.ordered - line.cancelled - line.fulfilledElsewhere;
    return unitsOf(held, line.lineId) >= wanted;
  });
  return isCovered ? more : [];
}

type NewRevision = {
  readonly key: string;
  readonly fingerprint?: string | undefined;
  readonly by: string;
  readonly reserved: Reserved | null;
  readonly parcelLimit: OperationContext["parcelLimit"];
  readonly now: OperationContext["now"];
  /** The mail that tells the shopper of it, and its subject. Default: `order_changed`, and the revision. */
  readonly notice?: { readonly kind: NoticeKind; readonly about?: string };
  /** All units of this fulfillment order are given up, and no others. Absent: see this file's header. */
  readonly ends?: FulfillmentOrder;
};

/** @returns the revision that the order is at now */
export async function writeChange(
  client: Queryable,
  locked: LockedParts,
  plan: ChangePlan,
  { key, fingerprint, by, reserved, parcelLimit, now, ends, notice = { kind: "order_changed" } }: NewRevision,
): Promise<number> {
  const { order } = locked;
  const { orderId } = order;
  const revision = order.revision + 1;
  const changeId = `${orderId}:r${revision}`;
  const carriersGrams = parcelLimit(plan.document);
  const promised = await promiseBasis(client, order);
  const takenBack = await giveUp(client, locked, plan, changeId, ends);
  const placed = reserved === null ? [] : await takeUp(client, orderId, reserved, carriersGrams);
  const { document, exponent, amounts, changes, ledger } = plan;
  const ruled = await ruledBy(client, locked, plan);
  const absorbedMinor = await absorbedBy(client, order);
  const revised = await writeRevision(client, order, {
    document,
    exponent,
    amounts,
    key,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    changes,
    by,
    absorbedMinor,
  });
  await changeOrder(client, revised, {
    paymentStatus: await oweWhatIsLess(client, locked, revised, { by, absorbedMinor }),
    ledger: (line) => ({
      ...ledger.get(line.lineId),
      allocated: unitsOf(placed, line.lineId) - unitsOf(takenBack, line.lineId),
    }),
    holdReasons: [
      ...order.holdReasons.filter(
        (reason) =>
          (reason.fulfillmentOrderId === undefined || reason.fulfillmentOrderId !== ends?.id) &&
          !(ruled !== null && isByRule(reason)),
      ),
      ...(ruled === null ? [] : [ruled]),
    ],
  });
  if (ruled !== null) await haltForRule(client, orderId, revision, ruled, by);
  const held = wholeUnits(await readOrderHolds(client, orderId));
  const lines = (await readOrderProgress(client, orderId))?.lines ?? [];
  const lacking = new Map(lines.map((line) => [line.lineId, lackingOf(line, held)]));
  if (hasFewer(ledger)) await dropUnwantedShortages(client, orderId, lacking);
  await promiseAnew(client, revised, {
    before: promised,
    isWhole: lines.every((line) => !isOurs(line) || lacking.get(line.lineId) === 0),
    atMs: now(),
  });
  const sealer = await sealerOf(client, orderId);
  await recordEntry(client, {
    orderId,
    key: `order.changed:${revision}`,
    type: "order.changed",
    summary: `Changed: ${changesText(changes)}${totalText(locked, plan)}.`,
    cause: by,
    data: { revision, changes: sealer.value(changes) },
  });
  if (reserved !== null)
    await recordEntry(client, {
      orderId,
      key: `stock.reserved:r${revision}`,
      type: "stock.reserved",
      summary: `${unitsText(sum(reserved.holds))} more reserved at ${placesOf(reserved.holds)}.`,
      cause: by,
      data: { holds: reserved.holds },
    });
  // First: the order may be at its end with the change, and the saga ends when what it has is told.
  if (toldChanges(locked.order.document, document, (locationId) => locationId).length > 0)
    await tellOrderSaga(client, orderId, {
      key: `order-changed-told:${orderId}:${revision}`,
      type: "tell-shopper",
      kind: notice.kind,
      about: notice.about ?? changeId,
    });
  await tellOrderSaga(client, orderId, {
    key: `order-changed:${orderId}:${revision}`,
    type: "order-changed",
  });
  return revision;
}

/** The hold of a channel's rule that the change makes necessary, as long as anything is still to be sent. */
async function ruledBy(
  client: Queryable,
  { order }: LockedParts,
  plan: ChangePlan,
): Promise<HoldReason | null> {
  const { ledger, added } = plan;
  const isLeft = order.lines.some(({ lineId, ordered, cancelled, shipped, fulfilledElsewhere }) => {
    const change = ledger.get(lineId);
    const wanted = ordered - cancelled + (change?.ordered ?? 0) - (change?.cancelled ?? 0);
    return wanted > shipped + fulfilledElsewhere;
  });
  if (!isLeft && added.length === 0) return null;
  const before = lookedAt(order.document, order.lines);
  return heldByRule(client, order, before, lookedAt(plan.document, order.lines));
}

async function haltForRule(
  client: Queryable,
  orderId: string,
  revision: number,
  { code, detail }: HoldReason,
  by: string,
): Promise<void> {
  // As they are now: the change may have made one, or put units into one.
  await haltParts(client, await readFulfillmentOrders(client, orderId));
  await recordQuote(client, {
    orderId,
    key: `order.held:rule:r${revision}`,
    type: "order.held",
    summary: `On hold: ${detail}`,
    cause: by,
    data: { code, revision },
  });
}

/** Whether some line wants fewer units than before. */
function hasFewer(ledger: ChangePlan["ledger"]): boolean {
  return [...ledger.values()].some(({ cancelled = 0 }) => cancelled > 0);
}

/** Units that the line wants and that the order does not hold. */
function lackingOf(
  line: LineLedger & { readonly lineId: string },
  held: readonly { readonly lineId: string; readonly quantity: number }[],
): number {
  const wanted = line.ordered - line.cancelled - line.fulfilledElsewhere;
  return Math.max(0, wanted - unitsOf(held, line.lineId));
}

/**
 * Units that were cancelled on the floor stay in the document until its next revision, which has them no
 * more: what of them is on the channel's list then stands there, and is not part of what the revision makes
 * less.
 */
async function absorbedBy(client: Queryable, order: OrderProgress): Promise<number> {
  if (order.document.paymentBy !== "channel") return 0;
  const { cancelledAtChannel } = await readMoneyFacts(client, order);
  return Math.max(0, Math.min(cancelledAtChannel, priceOf(order) - costOf(order)));
}

/**
 * What a channel has been paid too much is due there, unless it is the channel that makes the order cheaper.
 */
async function oweWhatIsLess(
  client: Queryable,
  { order }: LockedParts,
  revised: OrderProgress,
  { by, absorbedMinor }: { readonly by: string; readonly absorbedMinor: number },
): Promise<PaymentStatus> {
  const { orderId, currency, paymentStatus, document, revision } = revised;
  const cheaper = chargeableMinor(order.document.total) - chargeableMinor(document.total);
  const less = cheaper - absorbedMinor;
  const isPaidThere = document.paymentBy === "channel" && isSettled(paymentStatus);
  if (!isPaidThere || less <= 0 || by.startsWith("channel:")) return paymentStatus;
  return oweAtChannel(client, revised, {
    orderId,
    key: `${orderId}:r${revision}`,
    // Not a cancellation: what the order costs now has it taken off already.
    reason: "overpayment",
    currency,
    askedMinor: less,
    requestedBy: by,
  });
}

/**
 * Takes the units out of holds and fulfillment orders. @returns those that were in fulfillment orders, by
 * line
 */
async function giveUp(
  client: Queryable,
  locked: LockedParts,
  plan: ChangePlan,
  changeId: string,
  ends: FulfillmentOrder | undefined,
) {
  if (plan.less.length === 0) return [];
  const { orderId } = locked.order;
  const freed =
    ends === undefined ? unitsToFree(locked, await readUnsourced(client, orderId), plan.less) : allOf(ends);
  // The plan was made under the same lock, from the same fulfillment orders.
  if ("status" in freed) throw new Error(`${orderId} cannot give up what was planned: ${freed.detail}`);
  const taken = freed.parts.flatMap((part) => part.taken);
  await giveUpUnits(client, orderId, changeId, [...freed.unplaced, ...taken]);
  for (const { part, left } of freed.parts) {
    await replaceFulfillmentOrderLines(client, part.id, left);
    if (left.length > 0) continue;
    await recallTasks(client, [part.id]);
    await updateFulfillmentOrder(client, part.id, { status: "cancelled", releaseOn: null });
  }
  return wholeUnits(taken);
}

function allOf(part: FulfillmentOrder): Freed {
  const taken = part.lines.map((line) => ({ ...line, locationId: part.locationId }));
  return { unplaced: [], parts: [{ part, taken, left: [] }] };
}

/**
 * Adds the units to what the order holds. Those of a place where a fulfillment order has not begun join it, a
 * line's together, where its parcel has room; the saga makes one for the others.
 *
 * @returns those that have joined one, by line
 */
async function takeUp(client: Queryable, orderId: string, reserved: Reserved, carriersGrams: number | null) {
  const holds: readonly OrderHold[] = reserved.holds.map((hold) => ({ ...hold, perUnit: hold.perUnit ?? 1 }));
  await addOrderHolds(client, orderId, holds);
  const joined: OrderHold[] = [];
  // As they are now: the same change may have taken units out of them.
  const parts = (await readFulfillmentOrders(client, orderId)).filter(isOpenPart);
  for (const part of parts) {
    const room = await parcelRoom(client, carriersGrams, part.locationId, [...holds, ...part.lines]);
    const joining: OrderHold[] = [];
    const here = holds.filter((hold) => hold.locationId === part.locationId && !joined.includes(hold));
    for (const lineId of new Set(here.map((hold) => hold.lineId))) {
      const ofLine = here.filter((hold) => hold.lineId === lineId);
      if (room.fits([...part.lines, ...joining, ...ofLine])) joining.push(...ofLine);
    }
    if (joining.length > 0) await join(client, part, joining);
    joined.push(...joining);
  }
  await addStockErrands(
    client,
    orderId,
    joined.map(({ holdId, sku, locationId }) => ({
      kind: "allocate",
      commandId: `allocate:${holdId}`,
      holdId,
      sku,
      locationId,
      quantity: null,
    })),
  );
  return wholeUnits(joined);
}

function isOpenPart(part: FulfillmentOrder): boolean {
  return !isEnded(part.status) && notBegun(part);
}

async function join(client: Queryable, part: FulfillmentOrder, holds: readonly OrderHold[]): Promise<void> {
  const lines = holds.map(({ locationId: _, ...hold }) => ({ ...hold, picked: 0, splitOff: false }));
  await replaceFulfillmentOrderLines(client, part.id, [...part.lines, ...lines]);
}

/**
 * The change is not made: its units go back. The errands are written in the commit that has reserved them.
 */
export async function giveBackReserved(
  client: Queryable,
  orderId: string,
  reserved: Reserved,
): Promise<void> {
  const errands = reserved.holds.map(({ holdId, sku, locationId, quantity }) => ({
    kind: "deallocate" as const,
    commandId: `unused:${holdId}`,
    holdId,
    sku,
    locationId,
    quantity,
  }));
  await addStockErrands(client, orderId, errands);
  const [first] = errands;
  if (first !== undefined)
    await tellOrderSaga(client, orderId, {
      key: `fulfillment-changed:${first.commandId}`,
      type: "fulfillment-changed",
    });
}

function totalText({ order }: LockedParts, { document }: ChangePlan): string {
  const [before, after] = [order.document.total, document.total];
  if (before.minor * 10 ** (after.exponent - before.exponent) === after.minor) return "";
  return `; the total is ${minorText(chargeableMinor(after), after.currency)}`;
}

function sum(holds: readonly { readonly quantity: number }[]): number {
  return holds.reduce((total, { quantity }) => total + quantity, 0);
}

function placesOf(holds: readonly { readonly locationId: string }[]): string {
  return [...new Set(holds.map(({ locationId }) => locationId))].join(", ");
}
