/**
 * A fulfillment order is given up where it is, before anything of it was picked: its place has closed, its
 * robots have failed, nobody came for it. Its goods are where they were and come free; what the order lacks
 * from now on is a shortage like any other, and settled like one.
 */
import { isEnded } from "../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { shortPick, unitsOf } from "../../orders/line-ledger.ts";
import {
  cancelFulfillmentOrder,
  type FulfillmentOrder,
  readFulfillmentOrders,
} from "../../store/floor/fulfillment.ts";
import { lockForPacking, readPackState } from "../../store/floor/picking.ts";
import { addStockErrands, type StockErrand } from "../../store/floor/stock-errands.ts";
import { changeOrder, type OrderProgress, readOrderProgress } from "../../store/orders/order-progress.ts";
import { addShortages, takeOffHolds } from "../../store/orders/shortages.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { FloorContext } from "../context.ts";
import { tellOrderSaga } from "../tell-saga.ts";

type GivingUp = {
  readonly fulfillmentOrderId: string;
  /** As of a short pick: config/short-pick-reasons.ts. */
  readonly reason: string;
  readonly by: string;
};

/** @returns whether it was given up now; false where something of it has left the shelf, or it has ended */
export function giveUp(context: FloorContext, input: GivingUp): Promise<boolean> {
  return inTransaction(context.database, (client) => recordGivingUp(client, input));
}

/** The same within the caller's transaction. */
export async function recordGivingUp(client: DatabaseClient, input: GivingUp): Promise<boolean> {
  const { fulfillmentOrderId, reason, by } = input;
  const orderId = await lockForPacking(client, fulfillmentOrderId);
  if (orderId === undefined) return false;
  const { isPicked } = await readPackState(client, fulfillmentOrderId);
  const parts = await readFulfillmentOrders(client, orderId);
  const part = parts.find(({ id }) => id === fulfillmentOrderId);
  if (part === undefined || isEnded(part.status) || part.stage === "shipped") return false;
  // What is in a tote or a bag is put back by a person, except in a store, where it never left.
  if (isPicked && part.stage !== "ready") return false;
  const key = `given-up:${fulfillmentOrderId}`;
  await recordEntry(client, {
    orderId,
    key,
    type: "fulfillment.given_up",
    summary: `${fulfillmentOrderId} is given up at ${part.locationId}: ${reason.replaceAll("_", " ")}.`,
    cause: by,
    data: { fulfillmentOrderId, locationId: part.locationId, reason },
  });
  await cancelFulfillmentOrder(client, fulfillmentOrderId);
  const lines = part.lines.map((line) => ({ ...line, locationId: part.locationId }));
  await takeOffHolds(client, orderId, lines);
  await addStockErrands(
    client,
    orderId,
    lines.flatMap(({ holdId, sku, locationId, quantity, picked }): readonly StockErrand[] => {
      const commandId = `${holdId}:given-up:${fulfillmentOrderId.slice(orderId.length + 1)}`;
      const errand = { kind: "deallocate", commandId, holdId, sku, locationId } as const;
      // A crash may have lost the record of a pick that the stock knows of.
      if (part.stage === "picking" && !isShared(parts, part, holdId)) return [{ ...errand, quantity: null }];
      return [
        ...(quantity > picked ? [{ ...errand, quantity: quantity - picked }] : []),
        ...(picked > 0
          ? [{ ...errand, commandId: `${commandId}:picked`, quantity: picked, ofPicked: true }]
          : []),
      ];
    }),
  );
  const missing = wholeUnits(lines);
  const order = (await readOrderProgress(client, orderId)) as OrderProgress;
  await changeOrder(client, order, {
    ledger: (line) => {
      const units = unitsOf(missing, line.lineId);
      const packed = part.stage === "ready" ? Math.min(units, line.fulfilled - line.shipped) : 0;
      return { ...shortPick(line, units), fulfilled: -packed };
    },
  });
  await addShortages(
    client,
    missing
      .filter(({ quantity }) => quantity > 0)
      .map((units) => ({ ...units, orderId, fulfillmentOrderId, locationId: part.locationId, reason })),
  );
  await tellOrderSaga(client, orderId, { key, type: "fulfillment-changed" });
  return true;
}

/** Whether another fulfillment order that goes on was split off, and has units of the same hold. */
function isShared(parts: readonly FulfillmentOrder[], part: FulfillmentOrder, holdId: string): boolean {
  return parts.some(
    (other) =>
      other.id !== part.id && !isEnded(other.status) && other.lines.some((line) => line.holdId === holdId),
  );
}
