/**
 * One fulfillment order becomes two, or two become one. No stock moves: the parts of a split share the holds
 * of the units that they have, and each tells the stock of its own.
 *
 * What was packed stays packed: a parcel that is too heavy is split into two. The person who says so has
 * packed both.
 */
import { overweightText } from "../../orders/fulfillment/parcels.ts";
import { canJoin, isPacked } from "../../orders/fulfillment-order.ts";
import { splitUnits } from "../../orders/split-units.ts";
import { unitsText } from "../../orders/units-text.ts";
import {
  type FulfillmentOrder,
  insertFulfillmentOrders,
  nextFulfillmentOrderNumber,
} from "../../store/floor/fulfillment.ts";
import {
  recallTasks,
  replaceFulfillmentOrderLines,
  updateFulfillmentOrder,
} from "../../store/floor/fulfillment-changes.ts";
import { packedKey, pickedKey } from "../../store/floor/picking.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import type { DatabaseClient } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changePart, type PartAction, type PartChanged } from "./change-part.ts";
import { parcelRoom } from "./parcel-room.ts";

/** @param input.lines units of order lines that get a fulfillment order of their own */
export function splitPart(
  context: OperationContext,
  input: PartAction & {
    readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
  },
): Promise<PartChanged | Refusal> {
  return changePart(context, "split", input, async (client, { part, others, order }) => {
    const { taken, left, missing } = splitUnits(part.lines, input.lines);
    const [lacking] = missing;
    if (lacking !== undefined)
      return refuse(
        "quantity_exceeds_line",
        `${part.id} does not have ${lacking.quantity} more of line ${lacking.lineId}.`,
      );
    if (left.length === 0)
      return refuse("nothing_left_to_split", `These are all units of ${part.id}: leave at least one.`);
    const isPicked = part.stage !== "waiting" && part.stage !== "picking";
    const picked = (lines: FulfillmentOrder["lines"]) =>
      lines.map((line) => ({ ...line, picked: isPicked ? line.quantity : 0 }));
    const id = `${order.orderId}-F${nextFulfillmentOrderNumber([part, ...others])}`;
    await replaceFulfillmentOrderLines(client, part.id, picked(left));
    await insertFulfillmentOrders(client, [
      {
        ...part,
        id,
        // What the floor has begun, it has begun with the other one.
        status: part.status === "in_progress" && !isPicked ? "open" : part.status,
        stage: isPicked ? part.stage : "waiting",
        lines: picked(taken).map((line) => ({ ...line, splitOff: true })),
      },
    ]);
    if (isPicked) await recordBegun(client, part, id, input);
    const units = taken.reduce((sum, { quantity }) => sum + quantity, 0);
    return {
      type: "fulfillment.split",
      summary: `${unitsText(units)} of ${part.id} are ${id} now.`,
      fulfillmentOrders: [part.id, id],
      // What holds the one holds the other.
      change: {
        holdReasons: order.holdReasons.flatMap((reason) =>
          reason.fulfillmentOrderId === part.id ? [reason, { ...reason, fulfillmentOrderId: id }] : [reason],
        ),
      },
    };
  });
}

/** What has happened to the one has happened to the other: these entries are the marks of it. */
async function recordBegun(
  client: DatabaseClient,
  part: FulfillmentOrder,
  id: string,
  { by, key }: PartAction,
): Promise<void> {
  const data = { fulfillmentOrderId: id, key, short: false, splitFrom: part.id };
  const entry = { orderId: part.orderId, cause: by, data };
  await recordEntry(client, {
    ...entry,
    key: pickedKey(id),
    type: "fulfillment.picked",
    summary: `Picked with ${part.id}.`,
  });
  if (isPacked(part.stage))
    await recordEntry(client, {
      ...entry,
      key: packedKey(id),
      type: "fulfillment.packed",
      summary: `Packed with ${part.id}, in a parcel of its own.`,
    });
}

/**
 * Refused where one parcel would be too heavy.
 *
 * @param input.others fulfillment orders that become part of this one; absent: all that can, as many as one
 * parcel has room for
 */
export function mergeParts(
  context: OperationContext,
  input: PartAction & { readonly others?: readonly string[] },
): Promise<PartChanged | Refusal> {
  return changePart(context, "merge", input, async (client, { part, others, order }) => {
    const joinable = others.filter((other) => canJoin(part, other));
    const unfit = input.others?.find((id) => !joinable.some((other) => other.id === id));
    if (unfit !== undefined)
      return refuse(
        "not_mergeable",
        `${unfit} is not of this order and place, or its pick has begun: ${part.id} cannot take it in.`,
      );
    const wanted = joinable.filter(({ id }) => input.others === undefined || input.others.includes(id));
    const linesOf = (parts: readonly FulfillmentOrder[]) => parts.flatMap(({ lines }) => lines);
    const carriersGrams = context.parcelLimit(order.document);
    const room = await parcelRoom(client, carriersGrams, part.locationId, linesOf([part, ...wanted]));
    const merged: FulfillmentOrder[] = [];
    for (const other of wanted) if (room.fits(linesOf([part, ...merged, other]))) merged.push(other);
    const tooMuch = wanted.find((other) => !merged.includes(other));
    if (
      room.maxGrams !== null &&
      tooMuch !== undefined &&
      (input.others !== undefined || merged.length === 0)
    ) {
      const weight = overweightText(room.grams(linesOf([part, ...merged, tooMuch])), room.maxGrams);
      return refuse("parcel_too_heavy", `With ${tooMuch.id}, ${part.id} would weigh ${weight}.`);
    }
    const ids = merged.map(({ id }) => id);
    await recallTasks(client, ids);
    for (const id of ids) {
      await updateFulfillmentOrder(client, id, { status: "cancelled" });
      await replaceFulfillmentOrderLines(client, id, []);
    }
    await replaceFulfillmentOrderLines(client, part.id, joined(linesOf([part, ...merged])));
    // The reasons that held them hold what they are now.
    const isHeld = order.holdReasons.some(({ fulfillmentOrderId }) => ids.includes(fulfillmentOrderId ?? ""));
    if (isHeld) {
      await recallTasks(client, [part.id]);
      await updateFulfillmentOrder(client, part.id, { status: "on_hold" });
    }
    return {
      type: "fulfillment.merged",
      summary: `${ids.join(", ")} ${ids.length === 1 ? "is" : "are"} part of ${part.id} now.`,
      fulfillmentOrders: [part.id, ...ids],
      change: {
        holdReasons: order.holdReasons.map((reason) =>
          ids.includes(reason.fulfillmentOrderId ?? "") ? { ...reason, fulfillmentOrderId: part.id } : reason,
        ),
      },
    };
  });
}

/** One row a hold. */
function joined(lines: FulfillmentOrder["lines"]): FulfillmentOrder["lines"] {
  const byHold = new Map<string, FulfillmentOrder["lines"][number]>();
  for (const line of lines) {
    const known = byHold.get(line.holdId);
    byHold.set(
      line.holdId,
      known === undefined ? line : { ...known, quantity: known.quantity + line.quantity },
    );
  }
  return [...byHold.values()];
}
