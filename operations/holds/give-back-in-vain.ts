/** Units that were reserved for an order, whose commit then could not write them down as its own. */
import { ANY_LOCATION } from "../../actors/commands.ts";
import { giveBack } from "../../actors/give-back.ts";
import { markErrandsDone } from "../../store/floor/stock-errands.ts";
import { recordedHolds } from "../../store/orders/held-orders.ts";
import { readQueuedDemand } from "../../store/stock/demand-fills.ts";
import type { OperationContext } from "../context.ts";
import type { Reserved } from "./reserve-stock.ts";

/**
 * The order was locked or cancelled, or another process was faster, while stock was being reserved for it.
 * That the units go back is written down already; here it is done at once, under the same ids.
 *
 * @returns whether nothing was reserved in vain
 */
export async function giveBackInVain(
  context: OperationContext,
  orderId: string,
  { holds, queued = [] }: Reserved,
  atMs: number,
): Promise<boolean> {
  const recorded = await recordedHolds(
    context.database,
    orderId,
    holds.map((hold) => hold.holdId),
  );
  const lost = holds.filter((hold) => !recorded.has(hold.holdId));
  const isQueuedInVain = queued.length > 0 && !(await isDemandRecorded(context, orderId, queued));
  if (isQueuedInVain)
    await context.allocator.execute(
      queued.map(({ holdId, sku }) => ({
        type: "cancel-demand",
        commandId: `${holdId}:in-vain`,
        holdId,
        sku,
        locationId: ANY_LOCATION,
        atMs,
        cause: orderId,
      })),
    );
  if (lost.length > 0) {
    const commands = giveBack(lost, {
      type: "deallocate",
      commandId: ({ holdId }) => `${holdId}:in-vain`,
      cause: orderId,
      atMs,
    });
    await context.allocator.execute(commands);
    // The order's saga may have ended: it would be reminded of them for ever.
    await markErrandsDone(
      context.database,
      commands.map(({ commandId }) => commandId),
    );
  }
  return lost.length === 0 && !isQueuedInVain;
}

async function isDemandRecorded(
  { database }: OperationContext,
  orderId: string,
  queued: readonly { readonly holdId: string }[],
): Promise<boolean> {
  const known = new Set((await readQueuedDemand(database, orderId)).map(({ holdId }) => holdId));
  return queued.every(({ holdId }) => known.has(holdId));
}
