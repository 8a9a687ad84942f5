/**
 * What of an order nobody has begun to pick goes back to the stock while the order waits: its fulfillment
 * orders end, and nothing of them is held any more. When the order goes on it is reserved anew, as far as the
 * stock still has it, and the saga makes fulfillment orders of what it gets.
 *
 * What has begun stays where it is, and with it what it holds.
 */
import { isEnded, notBegun } from "../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { readUnsourced } from "../../store/floor/fulfillment.ts";
import {
  giveUpUnits,
  type LockedParts,
  recallTasks,
  replaceFulfillmentOrderLines,
  updateFulfillmentOrder,
} from "../../store/floor/fulfillment-changes.ts";
import type { Queryable } from "../../store/sql/database.ts";

/**
 * @param changeId unique among all that gives up units of the order
 * @returns units of lines that were in fulfillment orders, for the ledger
 */
export async function freeUnbegun(client: Queryable, { order, parts }: LockedParts, changeId: string) {
  const unplaced = (await readUnsourced(client, order.orderId)).map((hold) => ({ ...hold, picked: 0 }));
  const waiting = parts.filter((part) => !isEnded(part.status) && notBegun(part));
  const taken = waiting.flatMap((part) =>
    part.lines.map((line) => ({ ...line, locationId: part.locationId })),
  );
  await giveUpUnits(client, order.orderId, changeId, [...unplaced, ...taken]);
  for (const { id } of waiting) {
    await replaceFulfillmentOrderLines(client, id, []);
    await recallTasks(client, [id]);
    await updateFulfillmentOrder(client, id, { status: "cancelled", releaseOn: null });
  }
  return wholeUnits(taken);
}
