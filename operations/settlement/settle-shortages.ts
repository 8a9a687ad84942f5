/**
 * Settles what was missing of orders: other units are reserved in its place at once, then units of its
 * substitutes where the order takes them, and what nobody has is queued, awaited or cancelled, by the rule of
 * the channel. Every unit is settled once, and said so on the timeline; the order's saga is told, and the
 * shopper where it matters to them.
 *
 * Owns the sequence. `orders/fulfillment/shortage.ts` decides where is looked and what remains,
 * `orders/fulfillment/substitutes.ts` what may be sent instead; the stock and the settlement are one commit
 * (`resourcedOrderWriter`, and for substitutes `operations/change/substitute-units.ts`). Anybody may run this
 * at any time and any number of times: what is settled is not open any more. A standing job does, as soon as
 * a shortage is noted.
 */

import { shortPickReason } from "../../config/short-pick-reasons.ts";
import type { OrderReservation } from "../../engine/allocator-client.ts";
import { pickupPlaceOf } from "../../orders/fulfillment/collection.ts";
import {
  NOT_COLLECTED,
  restOf,
  type Search,
  searchesFor,
  shareOut,
} from "../../orders/fulfillment/shortage.ts";
import { substitutesToTry } from "../../orders/fulfillment/substitutes.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { adding, unitsOf } from "../../orders/line-ledger.ts";
import { valueOfUnits } from "../../orders/line-value.ts";
import type { HoldReason, PaymentStatus } from "../../orders/order.ts";
import { isSettled } from "../../orders/order-status.ts";
import { unitsText } from "../../orders/units-text.ts";
import { type LockedParts, lockParts } from "../../store/floor/fulfillment-changes.ts";
import { changeOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import {
  lockShortages,
  ordersWithShortages,
  type ResourcedOrder,
  readShortOrder,
  resourcedOrderWriter,
  type Shortage,
  type ShortOrder,
  settleShortages as settleRows,
  withdrawShortages,
} from "../../store/orders/shortages.ts";
import { recordEntry, type TimelineEntry } from "../../store/orders/timeline.ts";
import { oweAtChannel } from "../../store/refunds/settle-refund.ts";
import { inTransaction, type Queryable } from "../../store/sql/database.ts";
import { type OrderMessage, signalRow } from "../../workflows/messages.ts";
import { atEngine } from "../at-engine.ts";
import { documentWithout } from "../change/edit-order.ts";
import { decideChange } from "../change/revise-order.ts";
import { substituteUnits } from "../change/substitute-units.ts";
import { writeChange } from "../change/write-change.ts";
import type { OperationContext } from "../context.ts";
import { poolOf } from "../holds/channel-pool.ts";
import { giveBackInVain } from "../holds/give-back-in-vain.ts";
import { oneAtATime } from "../holds/one-at-a-time.ts";
import { reservationRequest, reservedEntry, shortageReasons } from "../holds/reserve-stock.ts";
import { tellOrderSaga } from "../tell-saga.ts";

/** Orders of one pass; the next one follows at once. */
const BATCH = 100;

/** `postponed`: orders that somebody else was busy with; their turn comes again. */
export async function settleShortages(context: OperationContext): Promise<{
  readonly settled: readonly string[];
  readonly postponed: readonly string[];
  readonly faults: readonly unknown[];
  readonly isMore: boolean;
}> {
  const orders = await ordersWithShortages(context.database, BATCH);
  const settled: string[] = [];
  const postponed: string[] = [];
  const faults: unknown[] = [];
  for (const orderId of orders) {
    // One order's trouble is not the others'.
    try {
      const isSettled = await settleInTurn(context, { orderId });
      (isSettled ? settled : postponed).push(orderId);
    } catch (error) {
      faults.push(error);
    }
  }
  return { settled, postponed, faults, isMore: orders.length === BATCH && settled.length > 0 };
}

const settleInTurn = atEngine(
  "settle-shortages",
  ({ orderId }) => orderId,
  (context: OperationContext, { orderId }: { readonly orderId: string }): Promise<boolean> =>
    oneAtATime(context.database, orderId, () => settleOrder(context, orderId)),
);

/**
 * Those of one order that are open now. What it falls short of meanwhile was not looked for everywhere, and
 * gets its turn next.
 *
 * @returns whether they are settled
 */
export async function settleOrder(context: OperationContext, orderId: string): Promise<boolean> {
  const first = await readShortOrder(context.database, orderId);
  if (first === undefined || first.shortages.length === 0) return true;
  const turn = new Set(first.shortages.map(({ id }) => id));
  if (first.status === "cancelled" || first.status === "completed") {
    await withdrawShortages(context.database, orderId);
    return true;
  }
  for (const search of searchesOf(first)) {
    const order = await openShortages(context, orderId, turn);
    if (order === undefined) return true;
    if (!(await look(context, order, search, "ship_available"))) return false;
  }
  if (!(await substitute(context, orderId, turn))) return false;
  const order = await openShortages(context, orderId, turn);
  if (order === undefined) return true;
  const rest = restOf({
    ...order,
    onlyAt: pickupPlaceOf(order.document),
    reasons: order.shortages.map(({ reason }) => reason),
  });
  if (rest === "backorder") {
    const all = order.shortages.map(({ id }) => id);
    const anywhere = { shortageIds: all, locations: undefined };
    if (!(await look(context, order, anywhere, "ship_available_backorder_rest"))) return false;
  }
  await settleRest(context, orderId, turn, rest === "cancel");
  return true;
}

/**
 * Sends substitutes where the order takes them, of each line as many as there are, the first choice first.
 *
 * @returns false where somebody else was faster: it is looked at again
 */
async function substitute(context: OperationContext, orderId: string, turn: Turn): Promise<boolean> {
  const first = await openShortages(context, orderId, turn);
  for (const lineId of new Set(first?.shortages.map((shortage) => shortage.lineId))) {
    for (const sku of first === undefined ? [] : substitutesOf(first, lineId)) {
      const order = await openShortages(context, orderId, turn);
      const missing = (order?.shortages ?? []).filter((shortage) => shortage.lineId === lineId);
      if (order === undefined || missing.length === 0) break;
      const except = [...new Set(order.fellShort.flatMap((at) => (at.sku === sku ? [at.locationId] : [])))];
      const onlyAt = pickupPlaceOf(order.document);
      if (onlyAt !== null && except.includes(onlyAt)) continue;
      const outcome = await substituteUnits(context, { orderId, missing, sku, except, cause: CAUSE });
      if (outcome === "moved") return false;
    }
  }
  return true;
}

function substitutesOf(order: ShortOrder, lineId: string): readonly string[] {
  const missing = order.shortages.filter((shortage) => shortage.lineId === lineId);
  const [first] = missing;
  // The customer has not come for them: they want nothing in their place.
  if (first === undefined || missing.every(({ reason }) => reason === NOT_COLLECTED)) return [];
  const line = order.document.lines.find((candidate) => candidate.lineId === lineId);
  return substitutesToTry({
    allowSubstitutes: line?.allowSubstitutes,
    channelAllows: order.channelAllowsSubstitutes,
    substitutes: first.substitutes,
    fellShort: order.fellShort.flatMap(({ orderedLineId, sku }) =>
      orderedLineId === first.orderedLineId ? [sku] : [],
    ),
  });
}

/** Ids of the shortages that a turn settles. */
type Turn = ReadonlySet<string>;

/** The order with those of the turn that are not settled yet; `undefined`: all of them are. */
async function openShortages(
  context: OperationContext,
  orderId: string,
  turn: Turn,
): Promise<ShortOrder | undefined> {
  const order = await readShortOrder(context.database, orderId);
  const shortages = order?.shortages.filter(({ id }) => turn.has(id)) ?? [];
  return order === undefined || shortages.length === 0 ? undefined : { ...order, shortages };
}

function searchesOf({ shortages, fellShort, document }: ShortOrder): readonly Search[] {
  return searchesFor({
    missing: shortages.map((shortage) => ({
      ...shortage,
      othersAreGood: shortPickReason(shortage.reason).othersAreGood,
    })),
    fellShort,
    onlyAt: pickupPlaceOf(document),
  });
}

/**
 * Reserves what there is for the missing units, in one commit with their settlement.
 *
 * @returns false where that came to nothing although there are units: somebody else is busy with the order
 */
async function look(
  context: OperationContext,
  order: ShortOrder,
  search: Pick<Search, "shortageIds"> & { readonly locations: Search["locations"] | undefined },
  policy: "ship_available" | "ship_available_backorder_rest",
): Promise<boolean> {
  const wanted = order.shortages.filter(({ id }) => search.shortageIds.includes(id));
  if (wanted.length === 0) return true;
  const atMs = context.now();
  const request = reservationRequest(order.document, linesOf(wanted), order.reservations, atMs, {
    policy,
    ...(await poolOf(context, order.document.channelId)),
    ...(search.locations === undefined ? {} : { locations: search.locations }),
  });
  const reservation = await context.allocator.reserveOrder(request, {
    writer: resourcedOrderWriter,
    record: (outcome) => recordOf(order, wanted, outcome),
  });
  if (reservation.status === "refused") return true;
  return giveBackInVain(context, order.orderId, reservation, atMs);
}

function linesOf(shortages: readonly Shortage[]) {
  const lines = new Map<
    string,
    { readonly lineId: string; readonly sku: string; readonly quantity: number }
  >();
  for (const { lineId, sku, left } of shortages)
    lines.set(lineId, { lineId, sku, quantity: (lines.get(lineId)?.quantity ?? 0) + left });
  return [...lines.values()];
}

function recordOf(
  order: ShortOrder,
  wanted: readonly Shortage[],
  outcome: OrderReservation,
): ResourcedOrder | null {
  if (outcome.status === "refused") return null;
  const { orderId, reservations } = order;
  const reserved = shareOut(
    wholeUnits(outcome.holds.map((hold) => ({ ...hold, perUnit: hold.perUnit ?? 1 }))),
    wanted,
  );
  const queued = shareOut(outcome.queued ?? [], wanted);
  if (reserved.length + queued.length === 0) return null;
  const key = `resourced:${orderId}:${reservations + 1}`;
  const entries: TimelineEntry[] = [reservedEntry(outcome, reservations, CAUSE)];
  if (reserved.length > 0) entries.push(resourcedEntry(key, reserved, outcome.holds));
  return {
    orderId,
    settlements: [
      ...reserved.map(({ shortageId, quantity }) => ({ shortageId, resourced: quantity })),
      ...queued.map(({ shortageId, quantity }) => ({ shortageId, awaited: quantity })),
    ],
    holds: outcome.holds,
    sourcing: outcome.explanation,
    // What is neither here nor queued is settled by itself.
    added: shortageReasons({ ...outcome, short: [] }),
    entries,
    messages: [
      ...(queued.length === 0 ? [] : [messageTo(orderId, toldOf(key, "order_delayed", queued))]),
      messageTo(orderId, { key, type: "fulfillment-changed" }),
    ],
  };
}

function resourcedEntry(
  key: string,
  reserved: readonly { readonly shortageId: string; readonly quantity: number }[],
  holds: readonly { readonly locationId: string }[],
): TimelineEntry {
  const units = reserved.reduce((sum, each) => sum + each.quantity, 0);
  const places = [...new Set(holds.map((hold) => hold.locationId))];
  const come = units === 1 ? "was missing now comes" : "were missing now come";
  return {
    key,
    type: "order.resourced",
    summary: `${unitsText(units)} that ${come} from ${places.join(", ")}.`,
    cause: CAUSE,
    data: { units: reserved, locations: places },
  };
}

/** The shopper is told what becomes of units that they do not get as promised. */
function toldOf(
  key: string,
  kind: "order_delayed" | "units_cancelled",
  units: readonly { readonly shortageId: string; readonly quantity: number }[],
): OrderMessage {
  return {
    key: `${key}:told`,
    type: "tell-shopper",
    kind,
    about: units.map((each) => each.shortageId).join(","),
  };
}

const CAUSE = "stock:shortage";

function messageTo(orderId: string, message: OrderMessage) {
  return signalRow({ workflowId: orderId, signal: "orderMessage", message });
}

/** What no place has, and what cannot be queued. */
async function settleRest(
  context: OperationContext,
  orderId: string,
  turn: Turn,
  isCancelled: boolean,
): Promise<void> {
  await inTransaction(context.database, async (client) => {
    const locked = await lockParts(client, orderId);
    const left = (await lockShortages(client, orderId)).filter(({ id }) => turn.has(id));
    if (locked === undefined || left.length === 0) return;
    if (isCancelled) await cancelUnits(context, client, locked, left);
    else await awaitUnits(client, locked.order, left);
  });
}

async function awaitUnits(client: Queryable, order: OrderProgress, left: readonly Shortage[]): Promise<void> {
  const { orderId } = order;
  await settleRows(
    client,
    left.map(({ id, left: awaited }) => ({ shortageId: id, awaited })),
  );
  await changeOrder(client, order, { holdReasons: withAwaited(order.holdReasons, left) });
  const entry = restEntry(left, false);
  await recordEntry(client, { orderId, ...entry });
  await tellOrderSaga(client, orderId, toldOf(entry.key, "order_delayed", unitsOfShortages(left)));
  // Last: the order may be at its end with it.
  await tellOrderSaga(client, orderId, { key: entry.key, type: "order-changed" });
}

/**
 * The order goes on without them: that is a change of it, as any other. Where nothing is left of it, its saga
 * cancels the whole of it.
 */
async function cancelUnits(
  { parcelLimit, now: clock }: OperationContext,
  client: Queryable,
  locked: LockedParts,
  left: readonly Shortage[],
): Promise<void> {
  const { order } = locked;
  const { orderId } = order;
  const units = left.map(({ lineId, left: quantity }) => ({ lineId, quantity }));
  const entry = restEntry(left, true);
  const { key } = entry;
  const next = (now: OrderProgress) => documentWithout(now, units);
  const plan = await decideChange(client, { orderId, key, by: CAUSE, givesUpMissing: true, next }, locked);
  // Whoever cancels the order withdraws its shortages; where that comes too late, they are settled then.
  if (plan.status === "refused" && plan.code === "order_being_cancelled") return;
  if (plan.status === "refused" && plan.code === "order_ended") return withdrawShortages(client, orderId);
  if (plan.status === "refused") throw new Error(`${orderId} cannot go on without units: ${plan.detail}`);
  await settleRows(
    client,
    left.map(({ id, left: cancelled }) => ({ shortageId: id, cancelled })),
  );
  if (plan.status === "planned") {
    await recordEntry(client, { orderId, ...entry });
    const about = left.map(({ id }) => id).join(",");
    const notice = { kind: "units_cancelled" as const, about };
    await writeChange(client, locked, plan, {
      key,
      by: CAUSE,
      reserved: null,
      parcelLimit,
      now: clock,
      notice,
    });
    return;
  }
  await changeOrder(client, order, {
    ledger: adding(units, "cancelled"),
    paymentStatus: await oweForCancelled(client, order, units, `${orderId}:${left[0]?.id}`),
  });
  await recordEntry(client, { orderId, ...entry });
  await tellOrderSaga(client, orderId, toldOf(key, "units_cancelled", unitsOfShortages(left)));
  await tellOrderSaga(client, orderId, { key, type: "order-changed" });
}

function unitsOfShortages(left: readonly Shortage[]) {
  return left.map(({ id, left: quantity }) => ({ shortageId: id, quantity }));
}

/**
 * What the channel was paid for units that are cancelled is due there. What we charge, we charge as it is
 * shipped.
 */
async function oweForCancelled(
  client: Queryable,
  order: OrderProgress,
  units: readonly { readonly lineId: string; readonly quantity: number }[],
  key: string,
): Promise<PaymentStatus> {
  const { orderId, currency, exponent, lines, paymentStatus } = order;
  if (order.document.paymentBy !== "channel" || !isSettled(paymentStatus)) return paymentStatus;
  const askedMinor = lines.reduce((sum, line) => {
    const wanted = line.ordered - line.cancelled;
    return sum + valueOfUnits(line, wanted - unitsOf(units, line.lineId), wanted, currency, exponent);
  }, 0);
  if (askedMinor === 0) return paymentStatus;
  const wanted = { orderId, key, reason: "cancellation" as const, currency, askedMinor, requestedBy: CAUSE };
  return oweAtChannel(client, order, wanted);
}

function withAwaited(reasons: readonly HoldReason[], left: readonly Shortage[]): readonly HoldReason[] {
  const known = reasons.find(({ code }) => code === "insufficient_stock");
  const detail = `Missing: ${inWords(left)}.`;
  return [
    ...reasons.filter((reason) => reason !== known),
    { code: "insufficient_stock", detail: known === undefined ? detail : `${known.detail} ${detail}` },
  ];
}

function inWords(shortages: readonly Shortage[]): string {
  return shortages.map(({ left, sku, lineId }) => `${left} of ${sku} (line ${lineId})`).join(", ");
}

function restEntry(left: readonly Shortage[], isCancelled: boolean): TimelineEntry {
  return {
    key: `short:${left[0]?.id}:${isCancelled ? "cancelled" : "awaited"}`,
    type: isCancelled ? "order.units_cancelled" : "order.units_awaited",
    summary: isCancelled
      ? `Cancelled, because no place has them: ${inWords(left)}.`
      : `Awaited, because no place has them: ${inWords(left)}.`,
    cause: CAUSE,
    data: {
      units: left.map(({ id, lineId, sku, left: quantity }) => ({ shortageId: id, lineId, sku, quantity })),
    },
  };
}
