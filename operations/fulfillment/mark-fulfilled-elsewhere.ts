/**
 * Units that somebody else has handed over: the marketplace, another provider, the shop itself. They count as
 * done in the ledger (`fulfilledElsewhere`), and what we held for them is free for others.
 *
 * By order lines for whoever hears it from outside (`markFulfilledElsewhere`); by a fulfillment order for a
 * person who has sent its goods another way (`markPartFulfilledElsewhere`). Refused is what is being picked
 * here or has been: it would be sent twice.
 */
import { wholeUnits } from "../../orders/kit-units.ts";
import { type LedgerChange, unitsOf } from "../../orders/line-ledger.ts";
import type { HoldReason } from "../../orders/order.ts";
import { openUnits } from "../../orders/order-status.ts";
import { unitsText } from "../../orders/units-text.ts";
import { addDoneElsewhere, type Tracking } from "../../store/floor/done-elsewhere.ts";
import { type FulfillmentOrder, readUnsourced } from "../../store/floor/fulfillment.ts";
import {
  giveUpUnits,
  type LockedParts,
  lockParts,
  recallTasks,
  replaceFulfillmentOrderLines,
  updateFulfillmentOrder,
} from "../../store/floor/fulfillment-changes.ts";
import { changeOrder } from "../../store/orders/order-progress.ts";
import { readEntryData, recordEntry } from "../../store/orders/timeline.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";
import { changeIdOf, changePart, type PartAction, type PartChanged } from "./change-part.ts";
import { unitsToFree } from "./units-to-free.ts";

type LineUnits = { readonly lineId: string; readonly quantity: number };

export function markPartFulfilledElsewhere(
  context: OperationContext,
  input: PartAction & { readonly tracking: Tracking },
): Promise<PartChanged | Refusal> {
  const { by, tracking } = input;
  return changePart(context, "mark_fulfilled_elsewhere", input, async (client, { part, order, changeId }) => {
    const { orderId } = order;
    const lines = wholeUnits(part.lines);
    await recallTasks(client, [part.id]);
    await updateFulfillmentOrder(client, part.id, { status: "closed", releaseOn: null });
    await giveUpUnits(client, orderId, changeId, atPlaceOf(part));
    await addDoneElsewhere(client, { orderId, key: changeId, lines, tracking, by });
    return {
      type: "fulfillment.done_elsewhere",
      summary: `${part.id} is closed: ${sentence(lines, tracking)}`,
      data: { lines, ...tracking },
      change: {
        ledger: ({ lineId }) => handedOver(unitsOf(lines, lineId), unitsOf(lines, lineId)),
        holdReasons: order.holdReasons.filter(({ fulfillmentOrderId }) => fulfillmentOrderId !== part.id),
      },
    };
  });
}

type ElsewhereRequest = {
  readonly orderId: string;
  /** Units of each line that are done elsewhere now, those that were known before included. */
  readonly units: readonly LineUnits[];
  readonly tracking?: Tracking;
  /** `channel:…`, `staff:…`. */
  readonly by: string;
  /** Repeating it under its key changes nothing. */
  readonly key: string;
};

/** `units`: those that were not known before. */
type MarkedElsewhere = { readonly status: "done"; readonly units: readonly LineUnits[] };

/** Marks units of an order as handed over by somebody else, whether or not we were to send them. */
export function markFulfilledElsewhere(
  context: OperationContext,
  request: ElsewhereRequest,
): Promise<MarkedElsewhere | Refusal> {
  return inTransaction(context.database, (client) => recordFulfilledElsewhere(client, request));
}

/** The same within the caller's transaction. Refuses before it writes anything. */
export async function recordFulfilledElsewhere(
  client: DatabaseClient,
  request: ElsewhereRequest,
): Promise<MarkedElsewhere | Refusal> {
  const { orderId, by, tracking = {} } = request;
  const locked = await lockParts(client, orderId);
  if (locked === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
  const changeId = changeIdOf("fulfilled-elsewhere", { fulfillmentOrderId: orderId, key: request.key });
  const entryKey = `fulfilled-elsewhere:${changeId}`;
  const earlier = await readEntryData(client, orderId, entryKey);
  if (earlier !== null) return { status: "done", units: earlier["lines"] as readonly LineUnits[] };

  const units = newUnits(locked, request.units);
  if (!Array.isArray(units)) return units;
  if (units.length === 0) return { status: "done", units };
  const freed = unitsToFree(locked, await readUnsourced(client, orderId), units);
  if ("status" in freed) return freed;

  await giveUpUnits(client, orderId, changeId, [
    ...freed.unplaced,
    ...freed.parts.flatMap(({ taken }) => taken),
  ]);
  for (const { part, left } of freed.parts) {
    await replaceFulfillmentOrderLines(client, part.id, left);
    if (left.length > 0) continue;
    await recallTasks(client, [part.id]);
    await updateFulfillmentOrder(client, part.id, { status: "closed", releaseOn: null });
  }
  await addDoneElsewhere(client, { orderId, key: changeId, lines: units, tracking, by });
  const placed = wholeUnits(freed.parts.flatMap(({ taken }) => taken));
  await settle(client, locked, entryKey, units, placed);
  await recordEntry(client, {
    orderId,
    key: entryKey,
    type: "order.fulfilled_elsewhere",
    summary: sentence(units, tracking),
    cause: by,
    data: { lines: units, ...tracking },
  });
  return { status: "done", units };
}

/** What of the units is not in the ledger yet. */
function newUnits({ order }: LockedParts, asked: readonly LineUnits[]): LineUnits[] | Refusal {
  const units: LineUnits[] = [];
  for (const { lineId, quantity } of asked) {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined) return refuse("line_not_found", `The order has no line ${lineId}.`);
    const more = quantity - line.fulfilledElsewhere;
    const unsent = line.ordered - line.cancelled - line.shipped - line.fulfilledElsewhere;
    if (more > unsent)
      return refuse("quantity_exceeds_line", `Of line ${lineId}, ${unsent} are unsent, not ${more}.`);
    if (more > 0) units.push({ lineId, quantity: more });
  }
  return units;
}

/** What the order waits for afterwards; an order of which nothing is left waits for nothing. */
async function settle(
  client: DatabaseClient,
  { order }: LockedParts,
  entryKey: string,
  units: readonly LineUnits[],
  placed: readonly LineUnits[],
): Promise<void> {
  const { orderId } = order;
  const isDone = order.lines.every((line) => openUnits(line) === unitsOf(units, line.lineId));
  const holdReasons: readonly HoldReason[] = isDone ? [] : order.holdReasons;
  await changeOrder(client, order, {
    ledger: ({ lineId }) => handedOver(unitsOf(units, lineId), unitsOf(placed, lineId)),
    holdReasons,
  });
  const isReleased = order.holdReasons.length > 0 && isDone;
  await tellOrderSaga(
    client,
    orderId,
    isReleased
      ? { key: `hold-released:${orderId}:${entryKey}`, type: "hold-released" }
      : { key: `fulfillment-changed:${entryKey}`, type: "fulfillment-changed" },
  );
}

function handedOver(units: number, allocated: number): LedgerChange {
  return { fulfilledElsewhere: units, allocated: -allocated };
}

function atPlaceOf({ locationId, lines }: FulfillmentOrder) {
  return lines.map((line) => ({ ...line, locationId }));
}

function sentence(lines: readonly LineUnits[], { carrier, trackingNumber }: Tracking): string {
  const units = unitsText(lines.reduce((sum, { quantity }) => sum + quantity, 0));
  const way = [carrier, trackingNumber].filter((part) => part !== undefined).join(", ");
  return `${units} handed over elsewhere${way === "" ? "" : ` (${way})`}.`;
}
