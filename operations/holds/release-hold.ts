/**
 * Lets orders on hold go on, as far as the reason for the hold is gone.
 *
 * Some reasons are facts that are checked again: an unknown SKU is no reason any more once every line is
 * mapped, nor is missing stock once it can be reserved, nor a weight that is within today's limits. The
 * others are for a person to clear. While any reason is left, the order reserves nothing. When the last one
 * is cleared, the reservation, the cleared reasons and the message to the saga are committed together.
 */

import type { OrderReservation, ReservationLine } from "../../engine/allocator-client.ts";
import { unknownSkuReason } from "../../orders/capture.ts";
import { fieldsMissingOf } from "../../orders/custom-fields/fields-of-order.ts";
import { pickupPlaceOf } from "../../orders/fulfillment/collection.ts";
import { HOLD_CODES, type HoldCode, type HoldReason, type OrderDocument } from "../../orders/order.ts";
import { awaitsPaymentMethod } from "../../orders/payment/order-completion.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import {
  type HeldOrder,
  type HeldOrderChange,
  type HeldOrderRecord,
  heldOrderWriter,
  ordersWaitingForStock,
  readHeldOrder,
} from "../../store/orders/held-orders.ts";
import { isPaidWhole } from "../../store/orders/money-facts.ts";
import { askForPaymentRow } from "../../store/orders/notices.ts";
import { changeOrder, lockOrder, readOrderProgress } from "../../store/orders/order-progress.ts";
import { recordEntry, type TimelineEntry } from "../../store/orders/timeline.ts";
import { sealerOf } from "../../store/personal-data/vault.ts";
import { reasonsBarredFrom } from "../../store/settings/hold-reasons.ts";
import { inTransaction, type Queryable } from "../../store/sql/database.ts";
import { signalRow } from "../../workflows/messages.ts";
import { atEngine } from "../at-engine.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";
import { poolOf } from "./channel-pool.ts";
import { giveBackInVain } from "./give-back-in-vain.ts";
import { heldByRule, isByRule, lookedAt } from "./hold-by-rule.ts";
import { stillTooHeavy } from "./look-at-weights.ts";
import { MAX_TRIES, oneAtATime, untilUnlocked } from "./one-at-a-time.ts";
import {
  linesToReserve,
  promiseFor,
  type Reserved,
  reservationRequest,
  reservedEntry,
  shortageReasons,
} from "./reserve-stock.ts";

type ReleaseHoldRequest = {
  readonly orderId: string;
  /** Absent: every reason that can be cleared. */
  readonly codes?: readonly HoldCode[];
  /** Whether what is there is to be reserved, also where the order is to leave whole. */
  readonly shipsParts?: true;
  /** Only the reasons with these ids. */
  readonly ids?: readonly string[];
  /** `staff:…`, `catalog:…`. */
  readonly by: string;
  /**
   * The role of a person, or a key, who asks: reasons of the company's own that it may not release stay.
   * Absent: what is checked has gone by itself.
   */
  readonly role?: string;
};

type HoldReleased = {
  readonly status: "done";
  /** What the order still waits for; empty where it goes on. */
  readonly holdReasons: readonly HoldReason[];
};

/** Reasons that a person decides. */
const CLEARED_BY_PERSON: readonly HoldCode[] = [
  "cancelled_at_channel",
  "address_unusable",
  "email_unusable",
  "refunded_at_channel",
  "changed_at_channel",
  "held_at_channel",
  "fulfilled_at_channel",
  "partly_fulfilled_at_channel",
  "sum_mismatch",
  "payment_pending",
  "payment_failed",
  "payment_unconfirmed",
  "payment_disputed",
  "floor_exception",
  "put_by_staff",
  "held_by_rule",
  "awaiting_return",
];
const ALL_CODES = Object.keys(HOLD_CODES) as readonly HoldCode[];

export const releaseHold = atEngine(
  "release-hold",
  ({ orderId }) => orderId,
  (context: OperationContext, request: ReleaseHoldRequest): Promise<HoldReleased | Refusal> =>
    oneAtATime(context.database, request.orderId, async () => {
      const { ids } = request;
      if (ids === undefined) return release(context, request);
      const others = await releaseNamed(context, { ...request, ids });
      return others ?? release(context, request);
    }),
);

/**
 * Takes reasons off that people have put, one by one. The last reason of an order is left to `release`: the
 * order may have to reserve its stock before it goes on.
 */
function releaseNamed(
  context: OperationContext,
  { orderId, ids, by, role }: ReleaseHoldRequest & { readonly ids: readonly string[] },
): Promise<HoldReleased | Refusal | null> {
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    const isNamed = ({ id }: HoldReason) => id !== undefined && ids.includes(id);
    const barred = await barredFrom(client, orderId, role);
    const [notTheirs] = order.holdReasons.filter((reason) => isNamed(reason) && barred(reason));
    if (notTheirs !== undefined) return notYours(notTheirs);
    const left = order.holdReasons.filter((reason) => !isNamed(reason));
    if (left.length === order.holdReasons.length)
      return refuse("hold_not_cleared", `Order ${orderId} has no hold ${ids.join(", ")}.`);
    if (left.length === 0) return null;
    await changeOrder(client, order, { holdReasons: left });
    const key = `order.hold_released:v${order.version}`;
    await recordEntry(client, {
      orderId,
      key,
      type: "order.hold_released",
      summary: `No longer waiting for: ${order.holdReasons
        .filter(isNamed)
        .map(({ detail }) => detail)
        .join(" ")}`,
      cause: by,
      data: { ids },
    });
    await tellOrderSaga(client, orderId, { key: `fulfillment-changed:${key}`, type: "fulfillment-changed" });
    return { status: "done", holdReasons: left };
  });
}

/**
 * Tries the orders again, oldest first, that wait for stock of these SKUs and for nothing else. Returns those
 * that go on.
 */
export async function retryShortOrders(
  context: OperationContext,
  skus: readonly string[],
): Promise<readonly string[]> {
  const released: string[] = [];
  let isAnyLeft = await hasStock(context, skus);
  for (const orderId of await ordersWaitingForStock(context.database, skus)) {
    if (!isAnyLeft) break;
    // One after the other, so that the oldest order gets the stock.
    const outcome = await releaseHold(context, {
      orderId,
      codes: ["insufficient_stock"],
      by: "stock:received",
    });
    if (outcome.status === "refused") continue;
    if (outcome.holdReasons.length === 0) released.push(orderId);
    isAnyLeft = await hasStock(context, skus);
  }
  return released;
}

async function hasStock(context: OperationContext, skus: readonly string[]): Promise<boolean> {
  const positions = await context.allocator.positions(skus);
  // What is kept for a channel's pool is for its orders.
  return positions.some(({ availableToPromise, fenced }) => availableToPromise + fenced > 0);
}

/** What a change of a held order starts from. */
type Decision = {
  readonly order: HeldOrder;
  readonly document: OrderDocument;
  /** Reasons that stay, whatever stock says. */
  readonly left: readonly HoldReason[];
  readonly cleared: readonly HoldCode[];
  readonly lineSkus: HeldOrderChange["lineSkus"];
  readonly lines: readonly ReservationLine[];
  readonly replacement: HeldOrderChange["replacement"];
  readonly shipsParts: boolean;
  readonly by: string;
};

async function release(
  context: OperationContext,
  request: ReleaseHoldRequest,
): Promise<HoldReleased | Refusal> {
  const { orderId } = request;
  for (let tried = 0; tried < MAX_TRIES; tried += 1) {
    if (tried > 0) await untilUnlocked(context.database, orderId);
    const outcome = await tryRelease(context, request);
    if (outcome !== "moved") return outcome;
  }
  return refuse("order_busy", `Order ${orderId} is being changed by others: try again.`);
}

async function tryRelease(
  context: OperationContext,
  request: ReleaseHoldRequest,
): Promise<HoldReleased | Refusal | "moved"> {
  const order = await readHeldOrder(context.database, request.orderId);
  if (order === undefined) {
    return refuse("order_not_found", `There is no order ${request.orderId}.`);
  }
  if (order.status !== "on_hold") {
    return refuse("order_not_on_hold", `Order ${order.orderId} is ${order.status}.`);
  }
  const catalog = catalogOf(context.database);
  const lines = await Promise.all(
    order.lines.map(async (line) => ({
      ...line,
      sku: line.sku ?? (await catalog.skuFor(order.channelId, line.channelSku)),
    })),
  );
  const isAsked = (code: HoldCode) => request.codes === undefined || request.codes.includes(code);
  const heavy = await stillTooHeavy(context, order);
  const fields = await catalog.customFields(order.document.companyId);
  const barred = await barredFrom(context.database, order.orderId, request.role);
  const isPayable = order.paymentMethod !== null || (await needsNoPayment(context, order));
  const others = order.holdReasons.flatMap((reason): readonly HoldReason[] => {
    // Stock is looked at last, when no other reason is left.
    if (reason.code === "insufficient_stock") return [];
    if (!isAsked(reason.code) || barred(reason)) return [reason];
    switch (reason.code) {
      case "unknown_sku": {
        const unknown = unknownSkuReason(lines);
        return unknown === null ? [] : [unknown];
      }
      case "address_missing":
        return order.document.shippingAddress === null ? [reason] : [];
      case "pickup_place_unknown":
        return pickupPlaceOf(order.document) === null ? [reason] : [];
      case "parcel_too_heavy":
        return heavy.filter(({ fulfillmentOrderId }) => fulfillmentOrderId === reason.fulfillmentOrderId);
      case "custom_field_unusable": {
        // What came and could not be kept was optional: whoever lets the order go has decided.
        const detail = fieldsMissingOf(fields, order.document)
          .map((missing) => missing.detail)
          .join(" ");
        return detail === "" ? [] : [{ ...reason, detail }];
      }
      case "lines_missing":
        return [reason];
      case "payment_missing":
        return isPayable ? [] : [reason];
      default:
        return CLEARED_BY_PERSON.includes(reason.code) ? [] : [reason];
    }
  });
  const lineSkus = lines.flatMap(({ lineId, sku }, index) =>
    sku !== null && order.lines[index]?.sku === null ? [{ lineId, sku }] : [],
  );
  const ruled = await ruledByMapping(context, order, lineSkus);
  const stay = ruled === null ? others : [...others.filter((reason) => !isByRule(reason)), ruled];
  const shortage = order.holdReasons.filter((reason) => reason.code === "insufficient_stock");
  const left = stay.length > 0 ? [...stay, ...shortage] : [];
  const cleared = order.holdReasons
    .map((reason) => reason.code)
    .filter((code) => !left.some((reason) => reason.code === code));
  if (cleared.length === 0 && lineSkus.length === 0 && moved(order.holdReasons, left).size === 0) {
    const notTheirs = left.find((reason) => isAsked(reason.code) && barred(reason));
    if (notTheirs !== undefined) return notYours(notTheirs);
    return refuse("hold_not_cleared", left.map((reason) => reason.detail).join(" "));
  }
  return change(context, {
    order,
    document: order.document,
    left,
    cleared,
    lineSkus,
    lines: lines.flatMap(({ lineId, sku, wanted, held, short }) =>
      sku !== null && wanted > held + short ? [{ lineId, sku, quantity: wanted - held - short }] : [],
    ),
    replacement: null,
    shipsParts: request.shipsParts === true,
    by: request.by,
  });
}

/** Whether a reason is the company's own and the role may not release it. */
async function barredFrom(
  client: Queryable,
  orderId: string,
  role: string | undefined,
): Promise<(reason: HoldReason) => boolean> {
  const barred = role === undefined ? null : await reasonsBarredFrom(client, orderId, role);
  return ({ ownReason }) => ownReason !== undefined && barred?.has(ownReason) === true;
}

function notYours({ ownReason }: HoldReason): Refusal {
  return refuse("hold_not_yours", `"${ownReason}" is for others to release: its hold reason says who.`);
}

/** Whether nothing is left to be charged: then no means of payment is missing. */
async function needsNoPayment({ database }: OperationContext, held: HeldOrder): Promise<boolean> {
  if (held.holdReasons.every(({ code }) => code !== "payment_missing")) return false;
  const order = await readOrderProgress(database, held.orderId);
  return order !== undefined && isPaidWhole(database, order);
}

/** A product that a line turns out to be is one that a rule may look for. */
async function ruledByMapping(
  { database }: OperationContext,
  order: HeldOrder,
  lineSkus: HeldOrderChange["lineSkus"],
): Promise<HoldReason | null> {
  if (lineSkus.length === 0) return null;
  const before = lookedAt(order.document, order.lines);
  return heldByRule(database, order, before, lookedAt(order.document, [...lineSkus, ...order.lines]));
}

/**
 * What the order waits for as its channel sends it now: a look that a person has had is not asked for again.
 */
async function reasonsNow(
  { database }: OperationContext,
  order: HeldOrder,
  fuller: Pick<Fuller, "document" | "holdReasons" | "silentOn">,
): Promise<readonly HoldReason[]> {
  const { silentOn = [] } = fuller;
  const unsaid = order.holdReasons.filter(
    ({ code }) => silentOn.includes(code) && fuller.holdReasons.every((reason) => reason.code !== code),
  );
  const said = [...fuller.holdReasons, ...unsaid];
  if (order.holdReasons.some(isByRule)) return said;
  const before = lookedAt(order.document, order.lines);
  const ruled = await heldByRule(database, order, before, lookedAt(fuller.document, []));
  return [...said.filter((reason) => !isByRule(reason)), ...(ruled === null ? [] : [ruled])];
}

type Fuller = {
  readonly document: OrderDocument;
  readonly holdReasons: readonly HoldReason[];
  /** Codes of reasons that it does not speak of: those that are there stay. */
  readonly silentOn?: readonly HoldCode[] | undefined;
  readonly rawPayload: string;
  readonly contentHash: string;
  readonly cause: string;
};

/**
 * Replaces a held order by what the channel has sent since, and lets it go on if no reason is left. For
 * `captureOrders`, in whose turn on the order this runs.
 */
export async function completeHeldOrder(
  context: OperationContext,
  order: HeldOrder,
  fuller: Fuller,
): Promise<void> {
  const { document, rawPayload, contentHash } = fuller;
  const { orderId } = order;
  const sealer = await sealerOf(context.database, orderId);
  let now: HeldOrder | undefined = order;
  for (let tried = 0; tried < MAX_TRIES; tried += 1) {
    // Whoever has let it go or cancelled it has done so with what the channel had sent before.
    if (now === undefined || now.status !== "on_hold") return;
    const outcome = await change(context, {
      order: now,
      document,
      left: await reasonsNow(context, now, fuller),
      // What a person has put, a person takes off.
      cleared: ALL_CODES.filter((code) => code !== "put_by_staff"),
      lineSkus: [],
      lines: linesToReserve(document),
      replacement: { document, rawPayload, contentHash, sealer },
      shipsParts: false,
      by: fuller.cause,
    });
    if (outcome !== "moved") return;
    await untilUnlocked(context.database, orderId);
    now = await readHeldOrder(context.database, orderId);
  }
  throw new Error(`order ${orderId} is being changed by others`);
}

/**
 * Commits the decision. Reserves in the same commit where no reason is left and units are still needed.
 *
 * @returns `moved` where somebody else holds the order, or has moved it: it is to be decided anew
 */
async function change(
  context: OperationContext,
  decision: Decision,
): Promise<HoldReleased | Refusal | "moved"> {
  const { order, document, left, lines } = decision;
  if (left.length > 0 || lines.length === 0) {
    const record = recordOf(changeFor(decision, left, null, null));
    await context.allocator.commit(heldOrderWriter, record);
    return record.outcome === "written" ? { status: "done", holdReasons: left } : "moved";
  }
  const locations = await catalogOf(context.database).locations();
  const atMs = context.now();
  const wasShort = order.holdReasons.some((reason) => reason.code === "insufficient_stock");
  // A retry that is still short changes nothing.
  const isRetry = wasShort && decision.replacement === null && decision.cleared.length === 1;
  let after: readonly HoldReason[] = [];
  let record: HeldOrderRecord | null = null;
  const reservation = await context.allocator.reserveOrder(
    reservationRequest(document, lines, order.reservations, atMs, {
      ...(decision.shipsParts ? { policy: "ship_available" } : {}),
      ...(await poolOf(context, order.channelId)),
    }),
    {
      writer: heldOrderWriter,
      record: (outcome: OrderReservation): HeldOrderRecord | null => {
        after = shortageReasons(outcome, document);
        if (outcome.status === "refused") {
          record = isRetry ? null : recordOf(changeFor(decision, after, null, null));
          return record;
        }
        const promise = after.length > 0 ? null : promiseFor(document, outcome.holds, locations, atMs);
        record = recordOf(changeFor(decision, after, outcome, promise));
        return record;
      },
    },
  );
  if (reservation.status === "refused" && isRetry) {
    return refuse("insufficient_stock", after.map((reason) => reason.detail).join(" "));
  }
  if (outcomeOf(record) === "written") return { status: "done", holdReasons: after };
  if (reservation.status === "reserved") await giveBackInVain(context, order.orderId, reservation, atMs);
  return "moved";
}

function recordOf(change: HeldOrderChange): HeldOrderRecord {
  return { change, outcome: "moved" };
}

/** As the commit has left it. */
function outcomeOf(record: HeldOrderRecord | null): HeldOrderRecord["outcome"] {
  return record?.outcome ?? "moved";
}

function changeFor(
  decision: Decision,
  left: readonly HoldReason[],
  reservation: Reserved | null,
  promise: HeldOrderChange["promise"],
): HeldOrderChange {
  const { order, by } = decision;
  const { orderId } = order;
  // With the version in them, keys of different changes differ, and a change that is tried twice has the
  // same.
  const step = `v${order.version}`;
  const entries: TimelineEntry[] = [];
  if (reservation !== null) entries.push(reservedEntry(reservation, order.reservations, by));
  if (decision.replacement !== null) {
    entries.push({
      key: `order.completed_by_channel:${step}`,
      type: "channel.update_received",
      summary: `${order.channelId} sent more of the order.`,
      cause: by,
      data: { contentHash: decision.replacement.contentHash },
    });
  }
  const gone = order.holdReasons.filter((reason) => !left.some(({ code }) => code === reason.code));
  if (gone.length > 0) {
    entries.push({
      key: `order.hold_released:${step}`,
      type: "order.hold_released",
      summary: `No longer waiting for: ${gone.map((reason) => reason.code).join(", ")}.`,
      cause: by,
      data: { codes: gone.map((reason) => reason.code) },
    });
  }
  if (left.length > 0) {
    entries.push({
      key: `order.held:${step}`,
      type: "order.held",
      summary: `On hold: ${left.map((reason) => reason.detail).join(" ")}`,
      cause: by,
      data: { holdReasons: left },
    });
  }
  const [first] = entries;
  const changed = moved(order.holdReasons, left);
  return {
    orderId,
    version: reservation === null ? null : order.version,
    marker: first?.key ?? `order.hold_released:${step}`,
    cleared: decision.cleared,
    added: left.filter(({ code }) => decision.cleared.includes(code) || changed.has(code)),
    lineSkus: decision.lineSkus,
    holds: reservation?.holds ?? [],
    sourcing: reservation?.explanation ?? [],
    promise,
    entries,
    signal: signalRow({
      workflowId: orderId,
      signal: "orderMessage",
      message: { key: `hold-released:${orderId}:${step}`, type: "hold-released" },
    }),
    // What it costs is certain now, or it costs something now.
    ...(awaitsPaymentMethod(left) && !awaitsPaymentMethod(order.holdReasons)
      ? { ask: askForPaymentRow(orderId, step) }
      : {}),
    replacement: decision.replacement,
  };
}

/**
 * Codes that other reasons bear than before. The reasons of a code are replaced together, so that those of
 * them which stay are written again.
 */
function moved(before: readonly HoldReason[], after: readonly HoldReason[]): ReadonlySet<HoldCode> {
  const only = (reasons: readonly HoldReason[], others: readonly HoldReason[]) =>
    reasons.filter((reason) => !others.some((other) => sameReason(other, reason)));
  const gone = only(before, after).filter(({ code }) => after.some((reason) => reason.code === code));
  return new Set([...gone, ...only(after, before)].map(({ code }) => code));
}

function sameReason(a: HoldReason, b: HoldReason): boolean {
  return a.code === b.code && a.detail === b.detail && a.fulfillmentOrderId === b.fulfillmentOrderId;
}
