/**
 * Another location ships a fulfillment order of which nothing has been picked.
 *
 *   1. write down that the units of the new place are to be given back
 *   2. take them there, firmly
 *   3. in one transaction: the fulfillment order gets them, the order is promised anew, what was written
 *      down is taken back, and the units of the old place are to be given back instead
 *   4. the order's saga gives those back, and releases it at its new place
 *
 * A crash after any of these leaves no unit held for nobody and none lost: what is written down is done by
 * the saga (`stock_errand`), at the latest when it is reminded. Ids follow from the key, so that a repeat
 * goes on where the first try ended.
 */
import type { StockCommand } from "../../actors/commands.ts";
import type { FulfillmentOrder } from "../../store/floor/fulfillment.ts";
import {
  addOrderHolds,
  giveUpUnits,
  isOpenLocation,
  readPart,
  recallTasks,
  replaceFulfillmentOrderLines,
  updateFulfillmentOrder,
} from "../../store/floor/fulfillment-changes.ts";
import {
  addStockErrands,
  markErrandsDone,
  type StockErrand,
  withdrawStockErrands,
} from "../../store/floor/stock-errands.ts";
import type { OrderProgress } from "../../store/orders/order-progress.ts";
import { readEntryData } from "../../store/orders/timeline.ts";
import type { OperationContext } from "../context.ts";
import { poolOf } from "../holds/channel-pool.ts";
import { promiseAnew, promiseBasis } from "../holds/promise-anew.ts";
import { type Refusal, refuse } from "../refusal.ts";
import {
  changeIdOf,
  changePart,
  type PartAction,
  type PartChanged,
  refuseUnsupported,
} from "./change-part.ts";

/** A move takes seconds. After this time it has died, and what it has taken goes back. */
const GIVE_BACK_AFTER_MS = 120_000;

type NewLine = FulfillmentOrder["lines"][number];

export async function movePart(
  context: OperationContext,
  input: PartAction & { readonly locationId: string },
): Promise<PartChanged | Refusal> {
  const { database } = context;
  const found = await readPart(database, input.fulfillmentOrderId);
  if (found === undefined)
    return refuse(
      "fulfillment_order_not_found",
      `There is no fulfillment order ${input.fulfillmentOrderId}.`,
    );
  const { part, others, order } = found;
  const changeId = changeIdOf("move", input);
  const earlier = await readEntryData(database, order.orderId, `move:${changeId}`);
  if (earlier !== null)
    return { status: "done", fulfillmentOrders: earlier["fulfillmentOrders"] as readonly string[] };
  const refusal =
    refuseUnsupported("move", part, others, order) ?? (await refusePlace(context, part, input.locationId));
  if (refusal !== null) return refusal;
  const lines = part.lines.map((line, index) => ({
    ...line,
    holdId: `${changeId}:${index + 1}:${input.locationId}`,
    picked: 0,
    splitOff: false,
  }));
  const undo = undoOf(changeId, lines, input.locationId);
  await addStockErrands(database, order.orderId, undo, GIVE_BACK_AFTER_MS);
  const taken = await take(context, order, lines, input.locationId);
  const moved = taken ?? (await settle(context, input, part, lines, undo));
  if (moved.status === "refused") await giveBack(context, order.orderId, changeId, undo);
  // The same request may have been under way twice.
  else await withdrawStockErrands(database, undo);
  return moved;
}

async function refusePlace(
  context: OperationContext,
  part: FulfillmentOrder,
  locationId: string,
): Promise<Refusal | null> {
  if (locationId === part.locationId)
    return refuse("action_not_supported", `${part.id} is at ${locationId} already.`);
  return (await isOpenLocation(context.database, locationId))
    ? null
    : refuse("location_not_found", `There is no open location ${locationId}.`);
}

/** @returns why it cannot be had there; `null`: it is held */
async function take(
  context: OperationContext,
  { orderId, channelId }: Pick<OrderProgress, "orderId" | "channelId">,
  lines: readonly NewLine[],
  locationId: string,
): Promise<Refusal | null> {
  const about = (step: string, { holdId, sku }: NewLine) => ({
    commandId: `${holdId}:${step}`,
    holdId,
    sku,
    locationId,
    atMs: context.now(),
    cause: `order ${orderId}`,
  });
  const ofPool = await poolOf(context, channelId);
  const reserve = lines.map(
    (line): StockCommand => ({
      type: "reserve",
      ...about("reserve", line),
      ...ofPool,
      quantity: line.quantity,
      expiresAtMs: 0,
    }),
  );
  const outcomes = await context.allocator.execute(reserve);
  for (const [index, outcome] of outcomes.entries())
    if (outcome.status === "refused")
      return refuse(outcome.code, `${lines[index]?.sku} at ${locationId}: ${outcome.detail}.`);
  await context.allocator.execute(lines.map((line) => ({ type: "allocate", ...about("allocate", line) })));
  return null;
}

/** The third step. */
function settle(
  context: OperationContext,
  input: PartAction & { readonly locationId: string },
  planned: FulfillmentOrder,
  lines: readonly NewLine[],
  undo: readonly StockErrand[],
): Promise<PartChanged | Refusal> {
  const { locationId } = input;
  return changePart(context, "move", input, async (client, { part, order, changeId }) => {
    const isAsPlanned = JSON.stringify(part.lines) === JSON.stringify(planned.lines);
    if (!isAsPlanned || !(await withdrawStockErrands(client, undo)))
      return refuse(
        "fulfillment_order_changed",
        `${part.id} was changed meanwhile: look again, and ask anew.`,
      );
    const before = await promiseBasis(client, order);
    await recallTasks(client, [part.id]);
    await giveUpUnits(
      client,
      order.orderId,
      changeId,
      part.lines.map((line) => ({ ...line, locationId: part.locationId })),
    );
    await addOrderHolds(
      client,
      order.orderId,
      lines.map((line) => ({ ...line, locationId })),
    );
    await replaceFulfillmentOrderLines(client, part.id, lines);
    await updateFulfillmentOrder(client, part.id, {
      locationId,
      stage: "waiting",
      status: part.status === "in_progress" ? "open" : part.status,
    });
    await promiseAnew(client, order, { before, isWhole: false, atMs: context.now() });
    return {
      type: "fulfillment.moved",
      summary: `${part.id} ships from ${locationId}, no longer from ${part.locationId}.`,
      data: { from: part.locationId, to: locationId },
    };
  });
}

function undoOf(changeId: string, lines: readonly NewLine[], locationId: string): readonly StockErrand[] {
  return lines.map(({ holdId, sku }, index) => ({
    kind: "deallocate",
    commandId: `move-undo:${changeId}:${index + 1}`,
    holdId,
    sku,
    locationId,
    quantity: null,
  }));
}

async function giveBack(
  context: OperationContext,
  orderId: string,
  changeId: string,
  undo: readonly StockErrand[],
): Promise<void> {
  await context.allocator.execute(
    undo.map(({ holdId, sku, locationId }, index) => ({
      type: "deallocate",
      // Not the errand's: that may have been done before the units were taken.
      commandId: `move-refused:${changeId}:${index + 1}`,
      holdId,
      sku,
      locationId,
      atMs: context.now(),
      cause: `order ${orderId}`,
    })),
  );
  await markErrandsDone(
    context.database,
    undo.map(({ commandId }) => commandId),
  );
}
