/**
 * The units of a fulfillment order are not wanted any more: they are cancelled in the order, which becomes
 * its next revision with it, as where a line is cancelled. What is to come another way is moved, or marked as
 * done elsewhere, instead.
 *
 * Where nothing of the order would be left, its saga is asked to cancel the whole of it.
 */

import { planChange } from "../../orders/change/order-change.ts";
import { isEnded, notBegun } from "../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { unitsText } from "../../orders/units-text.ts";
import { readCancelRequest } from "../../store/orders/orders.ts";
import type { OperationContext } from "../context.ts";
import { changePart, type PartAction, type PartChanged } from "../fulfillment/change-part.ts";
import { recordCancellationRequest } from "../holds/cancel-order.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { documentWithout } from "./edit-order.ts";
import { writeChange } from "./write-change.ts";

export function cancelPart(
  context: OperationContext,
  input: PartAction & { readonly reason: string },
): Promise<PartChanged | Refusal> {
  const { reason, by } = input;
  const { parcelLimit, now } = context;
  return changePart(context, "cancel_fulfillment_order", input, async (client, locked) => {
    const { part, others, order, changeId } = locked;
    if ((await readCancelRequest(client, order.orderId)) !== null)
      return refuse("order_being_cancelled", `Order ${order.orderId} is being cancelled.`);
    const lines = wholeUnits(part.lines);
    const begun = others.filter((other) => !isEnded(other.status) && !notBegun(other));
    const plan = planChange({ ...order, begun }, documentWithout(order, lines));
    if (plan.status === "refused") return refuse(plan.code, plan.detail);
    const units = unitsText(lines.reduce((sum, { quantity }) => sum + quantity, 0));
    const entry = { type: "fulfillment.cancelled", data: { lines, reason } };
    if (plan.isCancelled) {
      const asked = await recordCancellationRequest(client, {
        orderId: order.orderId,
        reason,
        by,
        key: changeId,
      });
      const summary = `${part.id} is all that is left of the order, which is cancelled: ${reason}`;
      return asked.status === "refused" ? asked : { ...entry, summary };
    }
    const change = { key: changeId, by, reserved: null, parcelLimit, now, ends: part };
    await writeChange(client, { order, parts: [part, ...others] }, plan, change);
    return { ...entry, summary: `${part.id} is cancelled, ${units}: ${reason}` };
  });
}
