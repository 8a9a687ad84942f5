/**
 * Units that an order lacks become units of another product: reserved, and written as a change of the order,
 * in one commit of the engine.
 *
 * Owns that commit. What the units cost is decided in `orders/change/substitution.ts`, which product they are
 * of by whoever settles the shortage. As many are sent as there are: the reservation says how many, so the
 * change is made for what it has brought.
 *
 * Invariants: W1 the shortage is settled by the transaction that changes the order, so that a unit is sent
 * once: as itself, or as a substitute. W2 of this and a cancellation, a change or a pick one is first, under
 * the order's lock; where this comes second and something has moved, the units that came go back, which is
 * written down in the very commit that has reserved them.
 */
import { randomUUID } from "node:crypto";
import { withSubstitute } from "../../orders/change/substitution.ts";
import { pickupPlaceOf } from "../../orders/fulfillment/collection.ts";
import { shareOut } from "../../orders/fulfillment/shortage.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { unitsOf } from "../../orders/line-ledger.ts";
import { chargeableMinor, type Money, zeroMoney } from "../../orders/money.ts";
import { minorText } from "../../orders/refund.ts";
import { type ProductPrice, readProductPrices } from "../../store/catalog/catalog.ts";
import { type LockedParts, lockParts, readParts } from "../../store/floor/fulfillment-changes.ts";
import { tryLockOrder } from "../../store/orders/order-progress.ts";
import { lockShortages, type Shortage, settleShortages } from "../../store/orders/shortages.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { type Queryable, queryable, type Transaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { poolOf } from "../holds/channel-pool.ts";
import { reservationRequest } from "../holds/reserve-stock.ts";
import { documentAsItStands, nextLineNumber } from "./edit-order.ts";
import { decideChange, firmUp, openedPlaces } from "./revise-order.ts";
import { giveBackReserved, type Reserved, writeChange } from "./write-change.ts";

export type UnitsToSubstitute = {
  readonly orderId: string;
  /** What is missing of one line. */
  readonly missing: readonly Shortage[];
  /** Of the substitute. */
  readonly sku: string;
  /** Places that have fallen short of the substitute. */
  readonly except: readonly string[];
  readonly cause: string;
};

/** `none`: nothing came of it. `moved`: somebody was faster, and it has to be looked at anew. */
type Substituted = "done" | "none" | "moved";

/** A substitution on its way through the engine's commit. */
type SubstituteRecord = {
  readonly units: UnitsToSubstitute;
  readonly product: ProductPrice;
  readonly lineNumber: number;
  readonly parcelLimit: OperationContext["parcelLimit"];
  readonly now: OperationContext["now"];
  reserved: Reserved | null;
  /** What the commit has made of it. */
  outcome: Substituted;
};

/** Sends what there is of the substitute in the place of the missing units. */
export async function substituteUnits(
  context: OperationContext,
  units: UnitsToSubstitute,
): Promise<Substituted> {
  const { database, allocator, parcelLimit, now } = context;
  const { orderId, missing, sku, except } = units;
  const found = await readParts(database, orderId);
  if (found === undefined) return "none";
  const { document } = found.order;
  const product = (await readProductPrices(database, document.companyId, [sku])).get(sku);
  if (product === undefined) return "none";
  const lineNumber = nextLineNumber(found.order);
  const quantity = missing.reduce((sum, { left }) => sum + left, 0);
  const record: SubstituteRecord = {
    units,
    product,
    lineNumber,
    parcelLimit,
    now,
    reserved: null,
    outcome: "none",
  };
  const request = reservationRequest(
    document,
    [{ lineId: String(lineNumber), sku, quantity }],
    0,
    context.now(),
    { policy: "ship_available", locations: { except }, ...(await poolOf(context, document.channelId)) },
  );
  await allocator.reserveOrder(
    {
      ...request,
      // Never the same twice: what was given back under it would be taken for a reservation.
      orderId: `${orderId}#${randomUUID().slice(0, 8)}`,
      ...(pickupPlaceOf(document) === null ? { opened: openedPlaces(found.parts) } : {}),
    },
    {
      writer: substitutionWriter,
      record: (outcome) => {
        if (outcome.status === "refused" || outcome.holds.length === 0) return null;
        record.reserved = outcome;
        return record;
      },
    },
  );
  if (record.outcome === "done") await firmUp(context, orderId);
  return record.outcome;
}

const substitutionWriter = {
  name: "substituted-units",
  async write(transaction: Transaction, records: readonly SubstituteRecord[]): Promise<void> {
    const client = queryable(transaction);
    for (const record of records) {
      if (record.reserved === null) continue;
      const { orderId } = record.units;
      // The engine's commit must not wait: whoever has the lock may be waiting for that very commit.
      const isLocked = await tryLockOrder(client, orderId);
      record.outcome = isLocked ? await commit(client, record, record.reserved) : "moved";
      if (record.outcome !== "done") await giveBackReserved(client, orderId, record.reserved);
    }
  },
};

async function commit(
  client: Queryable,
  { units, product, lineNumber, parcelLimit, now }: SubstituteRecord,
  reserved: Reserved,
): Promise<Substituted> {
  const { orderId, missing, sku, cause } = units;
  const locked = await lockParts(client, orderId);
  if (locked === undefined || nextLineNumber(locked.order) !== lineNumber) return "moved";
  const lineId = String(lineNumber);
  const quantity = unitsOf(wholeUnits(holdsOf(reserved)), lineId);
  const [first] = missing;
  const open = await stillOpen(client, orderId, missing);
  if (first === undefined || open === null) return "moved";
  const document = withSubstitute(documentAsItStands(locked.order), {
    lineId: first.lineId,
    quantity,
    sku,
    title: product.name,
    price: priceIn(locked.order.document.currency, product),
    lineNumber,
  });
  if (document === null) return "none";
  // What is left goes down with every substitution of it.
  const key = `substituted:${first.id}:${first.left}:${sku}`;
  const request = { orderId, key, by: cause, givesUpMissing: true, next: () => document } as const;
  const plan = await decideChange(client, request, locked);
  if (plan.status !== "planned") return "none";
  const shares = shareOut([{ lineId: first.lineId, quantity }], open);
  await settleShortages(
    client,
    shares.map(({ shortageId, quantity: substituted }) => ({ shortageId, substituted })),
  );
  await writeChange(client, locked, plan, {
    key,
    by: cause,
    reserved,
    parcelLimit,
    now,
    notice: { kind: "units_substituted" },
  });
  await recordEntry(client, {
    orderId,
    ...substitutedEntry(key, locked, plan.document, lineId, first, cause),
  });
  return "done";
}

/** The shortages as they are now; `null` where somebody has settled some of them meanwhile. */
async function stillOpen(
  client: Queryable,
  orderId: string,
  missing: readonly Shortage[],
): Promise<readonly Shortage[] | null> {
  const open = await lockShortages(client, orderId);
  const same = missing.filter(({ id, left }) => open.some((one) => one.id === id && one.left === left));
  return same.length === missing.length ? missing : null;
}

function holdsOf({ holds }: Reserved) {
  return holds.map((hold) => ({ ...hold, perUnit: hold.perUnit ?? 1 }));
}

function priceIn(currency: string, product: ProductPrice): Money | null {
  return product.currency === currency ? { ...zeroMoney(currency), minor: product.priceMinor } : null;
}

function substitutedEntry(
  key: string,
  { order }: LockedParts,
  document: LockedParts["order"]["document"],
  lineId: string,
  short: Shortage,
  cause: string,
) {
  const line = document.lines.find((candidate) => candidate.lineId === lineId);
  if (line === undefined) throw new Error(`${order.orderId} has no line ${lineId} after its substitution`);
  const { quantity, sku, unitPrice, substituteFor = short.lineId } = line;
  const ordered = order.lines.find((candidate) => candidate.lineId === substituteFor);
  return {
    key,
    type: "order.substituted",
    summary: `Sent instead of ${quantity} of ${ordered?.sku ?? short.sku} (line ${substituteFor}): ${quantity} of ${sku} (line ${lineId}), at ${minorText(chargeableMinor(unitPrice), unitPrice.currency)} each.`,
    cause,
    data: {
      quantity,
      shortLineId: short.lineId,
      ordered: { lineId: substituteFor, sku: ordered?.sku ?? short.sku },
      substitute: { lineId, sku, externalLineId: line.externalLineId, unitPrice },
    },
  };
}
