/**
 * Reminds customers of what waits for them, and ends what nobody has collected in time: what was kept too
 * long is given up, and its units are cancelled. Where nothing else of the order is wanted, it is cancelled
 * as a whole, and its saga puts the goods back and the money right.
 */
import { NOT_COLLECTED } from "../../orders/fulfillment/shortage.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { unitsOf } from "../../orders/line-ledger.ts";
import {
  type DueCollection,
  markExpired,
  overdueCollections,
  overdueOf,
  readCollection,
  takeReminders,
} from "../../store/floor/collections.ts";
import { type LockedParts, lockParts } from "../../store/floor/fulfillment-changes.ts";
import { isCancelRequested } from "../../store/orders/orders.ts";
import { readShortOrder } from "../../store/orders/shortages.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { recordCancellationRequest } from "../holds/cancel-order.ts";
import { recordGivingUp } from "../shortage/give-up.ts";
import { tellOrderSaga } from "../tell-saga.ts";

/** Of one pass; the next one follows at once. */
const BATCH = 100;

const BY = "store:expiry";

export async function remindCustomers(context: OperationContext): Promise<number> {
  return inTransaction(context.database, async (client) => {
    const due = await takeReminders(client, BATCH);
    for (const { fulfillmentOrderId, orderId } of due)
      await tellOrderSaga(client, orderId, {
        key: `pickup-reminder:${fulfillmentOrderId}`,
        type: "tell-shopper",
        kind: "pickup_reminder",
        about: fulfillmentOrderId,
      });
    return due.length;
  });
}

/** @returns the fulfillment orders that have expired */
export async function expireCollections(context: OperationContext): Promise<readonly string[]> {
  const expired: string[] = [];
  for (const due of await overdueCollections(context.database, BATCH))
    expired.push(...(await inTransaction(context.database, (client) => expire(client, due))));
  return expired;
}

/**
 * Decides under the order's lock, and writes all that comes of it at once: a crash leaves nothing half done.
 */
async function expire(
  client: DatabaseClient,
  { fulfillmentOrderId, orderId }: DueCollection,
): Promise<readonly string[]> {
  const locked = await lockParts(client, orderId);
  const overdue = await overdueOf(client, orderId);
  // It was collected meanwhile, or is being cancelled.
  if (locked === undefined || !overdue.includes(fulfillmentOrderId)) return [];
  if (await isCancelRequested(client, orderId)) return [];
  if (await isAllThatIsWanted(client, locked, overdue)) {
    const collection = await readCollection(client, fulfillmentOrderId);
    const reason = `not collected until ${collection?.until}`;
    const asked = await recordCancellationRequest(client, { orderId, reason, by: BY });
    if (asked.status === "done") {
      await markExpired(client, overdue);
      return overdue;
    }
  }
  await recordGivingUp(client, { fulfillmentOrderId, reason: NOT_COLLECTED, by: BY });
  await markExpired(client, [fulfillmentOrderId]);
  return [fulfillmentOrderId];
}

/** Whether whoever ordered would get nothing of the order without what is overdue or was given up before. */
async function isAllThatIsWanted(
  client: DatabaseClient,
  { order, parts }: LockedParts,
  overdue: readonly string[],
): Promise<boolean> {
  const open = (await readShortOrder(client, order.orderId))?.shortages ?? [];
  const notCollected = [
    ...parts.filter(({ id }) => overdue.includes(id)).flatMap(({ lines }) => wholeUnits(lines)),
    ...open
      .filter(({ reason }) => reason === NOT_COLLECTED)
      .map(({ lineId, left }) => ({ lineId, quantity: left })),
  ];
  return order.lines.every(
    ({ lineId, ordered, cancelled }) => unitsOf(notCollected, lineId) >= ordered - cancelled,
  );
}
