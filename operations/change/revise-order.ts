/**
 * Makes an order its next revision: the one door for every change after capture, whoever asks for it.
 *
 *   1. plan it; find out what stock it needs more
 *   2. under the order's lock plan it again, and write everything that comes of it in one transaction
 *
 * A change that needs stock does 2 in the engine's commit: the units are reserved, and the change is made,
 * together or not at all. Where the order has moved between 1 and 2 so that it needs something else, the
 * units that came are given back in that very commit (`stock_errand`), and the change is planned anew.
 *
 * Invariants: V1 a change is made once, by its key, and only from the revision that whoever asks has seen;
 * another request under the same key is refused. V2 whatever is picked, packed and labelled takes the order's
 * lock, as this does: of a change and a pick one is first, and the other sees it. V3 the ledger, the
 * fulfillment orders, the holds and the document of a revision are written together.
 */
import { randomUUID } from "node:crypto";
import { type ChangedField, type ChangePlan, planChange } from "../../orders/change/order-change.ts";
import type { PriceGift } from "../../orders/change/price-gift.ts";
import { isEnded, notBegun } from "../../orders/fulfillment-order.ts";
import { placeOf } from "../../orders/geography.ts";
import { chargeableMinor } from "../../orders/money.ts";
import type { HoldCode, OrderDocument } from "../../orders/order.ts";
import { type LockedParts, lockParts, readParts } from "../../store/floor/fulfillment-changes.ts";
import { markErrandsDone, readStockErrands } from "../../store/floor/stock-errands.ts";
import { type OrderProgress, tryLockOrder } from "../../store/orders/order-progress.ts";
import { findRevision } from "../../store/orders/order-revisions.ts";
import { readCancelRequest } from "../../store/orders/orders.ts";
import { writeGift } from "../../store/refunds/gifts.ts";
import { inTransaction, type Queryable, queryable, type Transaction } from "../../store/sql/database.ts";
import { readQueuedDemand } from "../../store/stock/demand-fills.ts";
import type { OperationContext } from "../context.ts";
import { poolOf } from "../holds/channel-pool.ts";
import { MAX_TRIES, oneAtATime, untilUnlocked } from "../holds/one-at-a-time.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { shortageReason } from "../holds/reserve-stock.ts";
import { type Giver, refuseGift, refuseIncomparable } from "../refunds/gift-limit.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { giveBackReserved, type Reserved, type StockNeed, stockNeed, writeChange } from "./write-change.ts";

export type RevisionRequest = {
  readonly orderId: string;
  /** Repeating a change under its key changes nothing. */
  readonly key: string;
  /**
   * Of what was asked for (`change-fingerprint.ts`); absent: nobody can ask for anything else under the key.
   */
  readonly fingerprint?: string;
  /** That whoever asks has seen; absent: whichever there is. */
  readonly revision?: number;
  /**
   * The document as it is to be. Called again under the lock: it depends on the order, and on its fulfillment
   * orders that have begun, and on nothing else.
   */
  readonly next: (order: OrderProgress, begun: LockedParts["parts"]) => OrderDocument | Refusal;
  /** `staff:…`, `channel:…`, `api-key:…`, `shopper`. */
  readonly by: string;
  /**
   * Who makes the change of their own decision, and what they give away with it: refused beyond the limit of
   * their role, and written with the change. Absent: nothing is given away.
   */
  readonly gives?: {
    readonly giver: Giver;
    readonly gift: (client: Queryable, order: OrderProgress) => Promise<PriceGift>;
  };
  /** The units that it gives up were looked for and not found: none of them waits in the demand queue. */
  readonly givesUpMissing?: true;
};

export type Revised = {
  readonly status: "done";
  readonly revision: number;
  readonly changes: readonly ChangedField[];
};

/** Nothing would be left of the order: it is to be cancelled as a whole. */
export type NothingLeft = { readonly status: "nothing_left" };

/** Reasons to wait that a change may have cleared. */
const CLEARED_BY_CHANGE: readonly HoldCode[] = [
  "unknown_sku",
  "address_missing",
  "pickup_place_unknown",
  "insufficient_stock",
];

export async function reviseOrder(
  context: OperationContext,
  request: RevisionRequest,
): Promise<Revised | NothingLeft | Refusal> {
  const { orderId, by } = request;
  const revised = await oneAtATime(context.database, orderId, () => revise(context, request));
  if (revised.status !== "done") return revised;
  const { status, revision, changes, wasOnHold } = revised;
  await firmUp(context, orderId);
  if (wasOnHold) {
    const isReaddressed = changes.some(({ what }) => what === "address");
    const isFilledIn = changes.some(({ what }) => what === "custom_fields");
    const codes = [
      ...CLEARED_BY_CHANGE,
      ...(isReaddressed ? (["address_unusable"] as const) : []),
      ...(isFilledIn ? (["custom_field_unusable"] as const) : []),
    ];
    // Where nothing is cleared, the order waits on.
    await releaseHold(context, { orderId, codes, by });
  }
  return { status, revision, changes };
}

/**
 * Makes firm what has joined a fulfillment order, so that who picks it at once finds it so. The saga would do
 * it a moment later, and does it where this dies on the way.
 */
export async function firmUp(context: OperationContext, orderId: string): Promise<void> {
  const { database, allocator } = context;
  const errands = (await readStockErrands(database, orderId)).filter(({ kind }) => kind === "allocate");
  if (errands.length === 0) return;
  await allocator.execute(
    errands.map(({ commandId, holdId, sku, locationId }) => ({
      type: "allocate",
      commandId,
      holdId,
      sku,
      locationId,
      atMs: context.now(),
      cause: `order ${orderId}`,
    })),
  );
  await markErrandsDone(
    database,
    errands.map(({ commandId }) => commandId),
  );
}

type Outcome = (Revised & { readonly wasOnHold: boolean }) | NothingLeft | Refusal;

async function revise(context: OperationContext, request: RevisionRequest): Promise<Outcome> {
  const { database, parcelLimit, now } = context;
  for (let tried = 0; tried < MAX_TRIES; tried += 1) {
    if (tried > 0) await untilUnlocked(database, request.orderId);
    const found = await readParts(database, request.orderId);
    if (found === undefined) return noOrder(request.orderId);
    const decided = await decideChange(database, request, found);
    if (decided.status !== "planned") return decided;
    const need = await stockNeed(database, found, decided);
    const outcome =
      need.length === 0
        ? await inTransaction(database, (client) =>
            commitChange(client, { request, parcelLimit, now, need, reserved: null }),
          )
        : await reserveAndCommit(context, request, found, need);
    if (outcome !== "moved") return outcome;
  }
  return refuse("order_busy", `Order ${request.orderId} is being changed by others: try again.`);
}

/** In ISO 4217 minor units, what whoever asks gives away with the change. */
type DecidedChange = ChangePlan & { readonly givenMinor: number };

/** What comes of the request, as the order is. */
export async function decideChange(
  client: Queryable,
  request: RevisionRequest,
  locked: LockedParts,
): Promise<DecidedChange | Outcome> {
  const { orderId, key, next } = request;
  const { order, parts } = locked;
  const earlier = await findRevision(client, orderId, key);
  if (earlier !== null) {
    const { revision, changes } = earlier;
    return refuseReused(request, earlier) ?? { status: "done", wasOnHold: false, revision, changes };
  }
  const cancellation = await readCancelRequest(client, orderId);
  if (cancellation?.key === key) return refuseReused(request, cancellation) ?? { status: "nothing_left" };
  if (cancellation !== null) return refuse("order_being_cancelled", `Order ${orderId} is being cancelled.`);
  const begun = begunOf(parts);
  const document = next(order, begun);
  if (isRefusal(document)) return document;
  const plan = planChange({ ...order, begun }, document, request.revision);
  if (plan.status === "refused") return refuse(plan.code, plan.detail);
  if (plan.isCancelled) return { status: "nothing_left" };
  const isDearer = chargeableMinor(plan.document.total) > chargeableMinor(order.document.total);
  if (isDearer && document.paymentBy === "channel" && !request.by.startsWith("channel:"))
    return refuse(
      "change_not_supported",
      "The channel has taken the money: only there can the order become dearer.",
    );
  const givenMinor = await giftOf(client, order, request);
  if (typeof givenMinor !== "number") return givenMinor;
  const decided = { ...plan, givenMinor };
  return request.givesUpMissing === true ? decided : ((await refuseQueued(client, order, plan)) ?? decided);
}

/** Changes of former versions have no fingerprint: whatever comes under their key is taken for a repeat. */
function refuseReused(
  { key, fingerprint }: RevisionRequest,
  made: { readonly fingerprint: string | null },
): Refusal | null {
  if (fingerprint === undefined || made.fingerprint === null || made.fingerprint === fingerprint) return null;
  return refuse("idempotency_key_reused", `The key ${key} was sent with another request.`);
}

function begunOf(parts: LockedParts["parts"]): LockedParts["parts"] {
  return parts.filter((part) => !isEnded(part.status) && !notBegun(part));
}

/** What is given away with the change, or why so much may not be given. */
async function giftOf(
  client: Queryable,
  order: OrderProgress,
  { gives }: RevisionRequest,
): Promise<number | Refusal> {
  if (gives === undefined) return 0;
  const { giver } = gives;
  const { minor, incomparable } = await gives.gift(client, order);
  const { orderId, currency, document } = order;
  return (
    refuseIncomparable(giver, incomparable, currency) ??
    (await refuseGift(client, giver, { orderId, companyId: document.companyId, currency, minor })) ??
    minor
  );
}

/** With the change, in its transaction. */
async function writeGiven(
  client: Queryable,
  { orderId, currency }: OrderProgress,
  { gives, key }: RevisionRequest,
  minor: number,
): Promise<void> {
  if (gives === undefined) return;
  const { role, by } = gives.giver;
  await writeGift(client, {
    key: `${orderId}:change:${key}`,
    orderId,
    kind: "price",
    minor,
    currency,
    role,
    by,
  });
}

/** Units of a line that wait in the demand queue could come after the line has been made smaller. */
async function refuseQueued(
  client: Queryable,
  order: OrderProgress,
  plan: ChangePlan,
): Promise<Refusal | null> {
  if (!order.holdReasons.some(({ code }) => code === "backordered")) return null;
  const queued = await readQueuedDemand(client, order.orderId);
  const line = plan.less.find(({ lineId }) => queued.some((demand) => demand.lineId === lineId));
  return line === undefined
    ? null
    : refuse(
        "change_not_supported",
        `Line ${line.lineId} waits for the next stock: it cannot become smaller.`,
      );
}

/** @returns `moved` where the order needs other stock than `need` by now */
async function commitChange(
  client: Queryable,
  { request, parcelLimit, now, need, reserved }: PlannedChange,
): Promise<Outcome | "moved"> {
  const { orderId, key, fingerprint, by } = request;
  // The engine's commit must not wait: whoever has the lock may be waiting for that very commit.
  if (reserved !== null && !(await tryLockOrder(client, orderId))) {
    await giveBackReserved(client, orderId, reserved);
    return "moved";
  }
  const locked = await lockParts(client, orderId);
  if (locked === undefined) return noOrder(orderId);
  const decided = await decideChange(client, request, locked);
  const isAsReserved =
    decided.status === "planned" && isSameNeed(need, await stockNeed(client, locked, decided));
  if (isAsReserved) {
    await writeGiven(client, locked.order, request, decided.givenMinor);
    const revision = await writeChange(client, locked, decided, {
      key,
      fingerprint,
      by,
      reserved,
      parcelLimit,
      now,
    });
    const wasOnHold = locked.order.status === "on_hold";
    return { status: "done", wasOnHold, revision, changes: decided.changes };
  }
  if (reserved !== null) await giveBackReserved(client, orderId, reserved);
  return decided.status === "planned" ? "moved" : decided;
}

async function reserveAndCommit(
  context: OperationContext,
  request: RevisionRequest,
  { order, parts }: LockedParts,
  need: StockNeed,
): Promise<Outcome | "moved"> {
  const { orderId } = request;
  const document = request.next(order, begunOf(parts));
  if (isRefusal(document)) return document;
  const { shippingAddress, delivery } = document;
  const { parcelLimit, now } = context;
  const record: ChangeRecord = { request, parcelLimit, now, need, reserved: null, outcome: "moved" };
  const reservation = await context.allocator.reserveOrder(
    {
      // Never the same twice: what was given back under it would be taken for a reservation.
      orderId: `${orderId}#${randomUUID().slice(0, 8)}`,
      ofOrder: orderId,
      lines: need,
      policy: "all_or_nothing",
      ...(await poolOf(context, document.channelId)),
      opened: openedPlaces(parts),
      ...(delivery?.locationId === undefined ? {} : { locations: { only: [delivery.locationId] } }),
      destination: shippingAddress === null ? null : placeOf(shippingAddress),
      expiresAtMs: 0,
      atMs: context.now(),
      cause: orderId,
    },
    {
      writer: changeWriter,
      record: (outcome) => {
        if (outcome.status === "refused") return null;
        record.reserved = outcome;
        return record;
      },
    },
  );
  return reservation.status === "refused"
    ? refuse("insufficient_stock", shortageReason(reservation.short).detail)
    : record.outcome;
}

/** A change that is about to be written. */
type PlannedChange = {
  readonly request: RevisionRequest;
  readonly parcelLimit: OperationContext["parcelLimit"];
  readonly now: OperationContext["now"];
  readonly need: StockNeed;
  /** What was reserved for `need` in the same transaction: it goes back where nothing is written. */
  readonly reserved: Reserved | null;
};

/** The same on its way through the engine's commit. */
type ChangeRecord = Omit<PlannedChange, "reserved"> & {
  reserved: Reserved | null;
  /** What the commit has made of it. */
  outcome: Outcome | "moved";
};

const changeWriter = {
  name: "order-change",
  async write(transaction: Transaction, records: readonly ChangeRecord[]): Promise<void> {
    const client = queryable(transaction);
    for (const record of records) record.outcome = await commitChange(client, record);
  },
};

/** Places that ship a parcel of the order anyway, which more units can join. */
export function openedPlaces(parts: LockedParts["parts"]): readonly string[] {
  const open = parts.filter((part) => !isEnded(part.status) && notBegun(part));
  return [...new Set(open.map(({ locationId }) => locationId))];
}

function isSameNeed(a: StockNeed, b: StockNeed): boolean {
  return (
    a.length === b.length &&
    a.every(({ lineId, sku, quantity }, index) => {
      const other = b[index];
      return other?.lineId === lineId && other.sku === sku && other.quantity === quantity;
    })
  );
}

function isRefusal(value: OrderDocument | Refusal): value is Refusal {
  return "status" in value && value.status === "refused";
}

function noOrder(orderId: string): Refusal {
  return refuse("order_not_found", `There is no order ${orderId}.`);
}
