/**
 * A fulfillment order is put off to a day, and begun before it after all. On that day it is opened by a
 * standing job (`openDueParts`); days are those of UTC.
 */

import { putOffNotice } from "../../orders/notices/notices.ts";
import {
  openDueFulfillmentOrders,
  recallTasks,
  updateFulfillmentOrder,
} from "../../store/floor/fulfillment-changes.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";
import { changePart, type PartAction, type PartChanged } from "./change-part.ts";

/** @param input.releaseOn calendar day, ISO 8601 */
export function reschedulePart(
  context: OperationContext,
  input: PartAction & { readonly releaseOn: string },
): Promise<PartChanged | Refusal> {
  const { releaseOn } = input;
  return changePart(context, "reschedule", input, async (client, { part, order, changeId }) => {
    if (!isDay(releaseOn) || releaseOn <= dayOf(context.now()))
      return refuse("invalid_release_date", `${releaseOn} is not a day to come.`);
    await recallTasks(client, [part.id]);
    await updateFulfillmentOrder(client, part.id, { status: "scheduled", stage: "waiting", releaseOn });
    // The shopper hears of it only where it breaks what they were promised.
    if (order.shipBy !== null && releaseOn > order.shipBy)
      await tellOrderSaga(client, order.orderId, {
        key: `put-off-told:${changeId}`,
        type: "tell-shopper",
        kind: "order_delayed",
        about: putOffNotice(part.id, releaseOn),
      });
    return {
      type: "fulfillment.rescheduled",
      summary: `${part.id} begins on ${releaseOn}.`,
      data: { releaseOn },
    };
  });
}

export function openPart(context: OperationContext, input: PartAction): Promise<PartChanged | Refusal> {
  return changePart(context, "mark_as_open", input, async (client, { part }) => {
    await updateFulfillmentOrder(client, part.id, { status: "open", releaseOn: null });
    return { type: "fulfillment.opened", summary: `${part.id} begins now.` };
  });
}

/** Opens what was put off to today or before. @returns how many */
export function openDueParts(context: OperationContext): Promise<number> {
  const today = dayOf(context.now());
  return inTransaction(context.database, async (client) => {
    const due = await openDueFulfillmentOrders(client, today);
    for (const { id, orderId, releaseOn } of due) {
      const key = `opened:${id}:${releaseOn}`;
      await recordEntry(client, {
        orderId,
        key,
        type: "fulfillment.opened",
        summary: `${id} begins: its day has come.`,
        cause: "standing:scheduled-parts",
        data: { fulfillmentOrderId: id, releaseOn },
      });
      await tellOrderSaga(client, orderId, {
        key: `fulfillment-changed:${key}`,
        type: "fulfillment-changed",
      });
    }
    return due.length;
  });
}

function isDay(text: string): boolean {
  const atMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(atMs) && dayOf(atMs) === text;
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
