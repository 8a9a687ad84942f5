/**
 * Things in a return's parcel that nobody announced: they are put aside under a number, and belong to a
 * return once somebody knows to which. Then they are announced with it where that is needed, and have come.
 */
import { returnable } from "../../orders/line-ledger.ts";
import { awaitedUnits } from "../../orders/return-authorization.ts";
import { unitsText } from "../../orders/units-text.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { announceMore } from "../../store/returns/return-progress.ts";
import { readReturn } from "../../store/returns/returns.ts";
import { addUnknownItem, lockUnknownItem, settleUnknownItem } from "../../store/returns/unknown-items.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { takeIn } from "./receive-return.ts";
import { refusedUnlessApproved, withReturn } from "./with-return.ts";

export async function putAside(
  context: OperationContext,
  item: {
    /** With whose parcel it came; null: nobody knows. */
    readonly returnId: string | null;
    /** What was read or seen on it. */
    readonly code: string;
    readonly quantity: number;
    readonly note: string;
    readonly key: string;
    readonly by: string;
  },
): Promise<{ readonly status: "done"; readonly itemId: string } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const returned = item.returnId === null ? null : await readReturn(client, item.returnId);
    if (returned === undefined) return refuse("return_not_found", `There is no return ${item.returnId}.`);
    const { id, isNew } = await addUnknownItem(client, item);
    if (isNew && returned !== null)
      await recordEntry(client, {
        orderId: returned.orderId,
        key: `return-unknown-item:${id}`,
        type: "return.unknown_item",
        summary: `${unitsText(item.quantity)} of "${item.code}" came with return ${returned.returnId} and were put aside (${id}).`,
        cause: item.by,
        data: { returnId: returned.returnId, itemId: id },
      });
    return { status: "done", itemId: id };
  });
}

/** The item is a unit of this line. It is announced with the return where nothing of it is awaited. */
export async function attachItem(
  context: OperationContext,
  input: { readonly itemId: string; readonly returnId: string; readonly lineId: string; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  const { itemId, returnId, lineId, by } = input;
  return withReturn(context, returnId, async (locked) => {
    const { client, order, returned } = locked;
    const item = await lockUnknownItem(client, itemId);
    if (item === undefined) return refuse("unknown_item_not_found", `There is no item ${itemId}.`);
    if (item.status === "attached" && item.attachedReturnId === returnId && item.attachedLineId === lineId)
      return { status: "done" };
    if (item.status !== "aside") return refuse("unknown_item_settled", `${itemId} is ${item.status}.`);
    const refusal = refusedUnlessApproved(returned);
    if (refusal !== null) return refusal;
    const ordered = order.lines.find((line) => line.lineId === lineId);
    if (ordered === undefined || ordered.sku === null)
      return refuse("line_not_found", `The order has no line ${lineId}.`);

    const line = returned.lines.find((one) => one.lineId === lineId);
    const more = Math.max(0, item.quantity - (line === undefined ? 0 : awaitedUnits(line)));
    if (returnable(ordered) < more)
      return refuse(
        "not_returnable",
        `Of "${ordered.title}", ${returnable(ordered)} more can be returned, not ${more}.`,
      );
    if (more > 0) await announceMore(client, order, returned, [{ lineId, sku: ordered.sku, quantity: more }]);
    const after = { ...locked, returned: (await readReturn(client, returnId)) ?? returned };
    const units = [{ lineId, quantity: item.quantity }];
    const taken = await takeIn(after, { units, key: `item ${itemId}`, by });
    if (taken.status === "refused") throw new Error(`${itemId} was announced and not taken: ${taken.detail}`);
    await settleUnknownItem(client, itemId, { status: "attached", returnId, lineId, by });
    return { status: "done" };
  });
}

/** Nobody wants it, or it went back to whoever it belongs to. */
export async function discardItem(
  context: OperationContext,
  { itemId, by }: { readonly itemId: string; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const item = await lockUnknownItem(client, itemId);
    if (item === undefined) return refuse("unknown_item_not_found", `There is no item ${itemId}.`);
    if (item.status === "discarded") return { status: "done" };
    if (item.status !== "aside") return refuse("unknown_item_settled", `${itemId} is ${item.status}.`);
    await settleUnknownItem(client, itemId, { status: "discarded", by });
    return { status: "done" };
  });
}
