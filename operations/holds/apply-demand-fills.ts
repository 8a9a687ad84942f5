/**
 * Tells orders about the units they were given while they waited: their holds, their timeline and, once they
 * have everything, their saga.
 *
 * The engine wrote each fill together with its units. Here fills are taken and applied in one transaction, so
 * that each one reaches its order exactly once, however often and wherever this runs.
 */
import { giveBack } from "../../actors/give-back.ts";
import { orderIdOfReservation } from "../../orders/order-identity.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { readOrderHolds } from "../../store/floor/fulfillment.ts";
import { changeOrder, lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { setPromise } from "../../store/orders/orders.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import {
  addToHolds,
  isQueued,
  isShort,
  type RecordedFill,
  reservationsWithFills,
  takeFills,
} from "../../store/stock/demand-fills.ts";
import type { OperationContext } from "../context.ts";
import { tellOrderSaga } from "../tell-saga.ts";
import { promiseFor } from "./reserve-stock.ts";

/** Reservations of one pass; the next one follows at once. */
const BATCH = 100;

/** @returns the orders that now have everything they waited for */
export async function applyDemandFills(context: OperationContext): Promise<readonly string[]> {
  const completed: string[] = [];
  for (;;) {
    const reservations = await reservationsWithFills(context.database, BATCH);
    for (const reservationId of reservations) {
      const orderId = await applyFills(context, reservationId);
      if (orderId !== null) completed.push(orderId);
    }
    if (reservations.length < BATCH) return completed;
  }
}

/**
 * Those of one reservation.
 *
 * @returns the order, where it now has everything it waited for
 */
export async function applyFills(context: OperationContext, reservationId: string): Promise<string | null> {
  const locations = await catalogOf(context.database).locations();
  return inTransaction(context.database, async (client) => {
    const orderId = orderIdOfReservation(reservationId);
    const order = await lockOrder(client, orderId);
    const fills = await takeFills(client, reservationId);
    if (fills.length === 0) return null;
    if (order === undefined || order.status === "cancelled") {
      // The order was undone, or cancelled while it got these units: they go back. This comes before the
      // commit, so that a crash repeats it.
      await context.allocator.execute(
        giveBack(fills, {
          type: "release",
          commandId: ({ holdId, locationId }) => `${holdId}@${locationId}:unwanted`,
          cause: reservationId,
          atMs: context.now(),
        }),
      );
      return null;
    }
    await addToHolds(client, orderId, fills);
    await recordEntry(client, {
      orderId,
      key: `stock.filled:${fills[0]?.id}`,
      type: "stock.filled",
      summary: `${sentence(fills)} from the queue.`,
      cause: "stock:queue",
      data: { fills },
    });
    // Where parcels leave as they can, these units do.
    await tellOrderSaga(client, orderId, {
      key: `filled:${orderId}:${fills[0]?.id}`,
      type: "fulfillment-changed",
    });
    const isWaiting = order.holdReasons.some((reason) => reason.code === "backordered");
    if (!isWaiting) return null;
    const short = await isShort(client, orderId);
    // What it still lacks without a place in the queue is another reason's to wait for.
    if (short && (await isQueued(client, orderId))) return null;
    await goOn(client, order, String(fills[0]?.id));
    if (short) return null;
    const promise = promiseFor(
      order.document,
      await readOrderHolds(client, orderId),
      locations,
      context.now(),
    );
    if (promise !== null) await setPromise(client, orderId, promise);
    return orderId;
  });
}

/** @param fill names what ended the wait: an order may wait in the queue more than once */
async function goOn(client: DatabaseClient, order: OrderProgress, fill: string): Promise<void> {
  const { orderId } = order;
  const left = order.holdReasons.filter((reason) => reason.code !== "backordered");
  await changeOrder(client, order, { holdReasons: left });
  await recordEntry(client, {
    orderId,
    key: `order.hold_released:backordered:${fill}`,
    type: "order.hold_released",
    summary: "No longer waiting for: backordered.",
    cause: "stock:queue",
    data: { codes: ["backordered"] },
  });
  if (left.length > 0) return;
  await tellOrderSaga(client, orderId, {
    key: `hold-released:${orderId}:backordered:${fill}`,
    type: "hold-released",
  });
}

function sentence(fills: readonly RecordedFill[]): string {
  return fills.map(({ quantity, sku, locationId }) => `${quantity} of ${sku} at ${locationId}`).join(", ");
}
