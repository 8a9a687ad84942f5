/**
 * The units of a fulfillment order are not wanted any more: they are cancelled in the order, and what was
 * held for them is free. What is to come another way is moved, or marked as done elsewhere, instead.
 */
import { wholeUnits } from "../../orders/kit-units.ts";
import { unitsOf } from "../../orders/line-ledger.ts";
import { unitsText } from "../../orders/units-text.ts";
import { giveUpUnits, recallTasks, updateFulfillmentOrder } from "../../store/floor/fulfillment-changes.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { changePart, type PartAction, type PartChanged } from "./change-part.ts";

export function cancelPart(
  context: OperationContext,
  input: PartAction & { readonly reason: string },
): Promise<PartChanged | Refusal> {
  return changePart(context, "cancel_fulfillment_order", input, async (client, locked) => {
    const { part, order, changeId } = locked;
    const lines = wholeUnits(part.lines);
    await recallTasks(client, [part.id]);
    await updateFulfillmentOrder(client, part.id, { status: "cancelled", releaseOn: null });
    await giveUpUnits(
      client,
      order.orderId,
      changeId,
      part.lines.map((line) => ({ ...line, locationId: part.locationId })),
    );
    const units = lines.reduce((sum, { quantity }) => sum + quantity, 0);
    return {
      type: "fulfillment.cancelled",
      summary: `${part.id} is cancelled, ${unitsText(units)}: ${input.reason}`,
      data: { lines, reason: input.reason },
      change: {
        ledger: ({ lineId }) => ({
          cancelled: unitsOf(lines, lineId),
          allocated: -unitsOf(lines, lineId),
        }),
        holdReasons: order.holdReasons.filter(({ fulfillmentOrderId }) => fulfillmentOrderId !== part.id),
      },
    };
  });
}
