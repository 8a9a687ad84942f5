/**
 * A person halts a fulfillment order, and lets it go on. Several may hold it at once, each for a reason of
 * its own. The reasons are the order's (`HoldReason.fulfillmentOrderId`); they halt this fulfillment order
 * only.
 */
import { holds } from "../../orders/fulfillment-order.ts";
import type { HoldReason } from "../../orders/order.ts";
import { recallTasks, updateFulfillmentOrder } from "../../store/floor/fulfillment-changes.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changePart, type PartAction, type PartChanged } from "./change-part.ts";

export function holdPart(
  context: OperationContext,
  input: PartAction & { readonly reason: string },
): Promise<PartChanged | Refusal> {
  return changePart(context, "hold", input, async (client, { part, order, changeId }) => {
    const held: HoldReason = {
      code: "put_by_staff",
      detail: input.reason,
      id: changeId.slice(0, 12),
      fulfillmentOrderId: part.id,
      by: input.by,
    };
    await recallTasks(client, [part.id]);
    await updateFulfillmentOrder(client, part.id, { status: "on_hold" });
    return {
      type: "fulfillment.held",
      summary: `${part.id} is on hold: ${input.reason}`,
      data: { holdId: held.id },
      change: { holdReasons: [...order.holdReasons, held] },
    };
  });
}

/** @param input.holds ids of the reasons that go; absent: all that hold it */
export function releasePart(
  context: OperationContext,
  input: PartAction & { readonly holds?: readonly string[] },
): Promise<PartChanged | Refusal> {
  return changePart(context, "release_hold", input, async (client, { part, order }) => {
    const own = order.holdReasons.filter((reason) => holds(reason, part.id));
    const gone = own.filter(
      ({ id }) => input.holds === undefined || (id !== undefined && input.holds.includes(id)),
    );
    if (gone.length === 0)
      return refuse("hold_not_cleared", `${part.id} has no hold ${input.holds?.join(", ")}.`);
    const left = order.holdReasons.filter((reason) => !gone.includes(reason));
    if (gone.length === own.length)
      await updateFulfillmentOrder(client, part.id, {
        status: part.releaseOn === null ? "open" : "scheduled",
      });
    return {
      type: "fulfillment.hold_released",
      summary: `${part.id} no longer waits for: ${gone.map(({ detail }) => detail).join(" ")}`,
      change: { holdReasons: left },
    };
  });
}
