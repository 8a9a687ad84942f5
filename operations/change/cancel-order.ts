/**
 * Cancels lines of an order, or what can still be cancelled of it: one door for channel, staff, API and
 * shopper.
 *
 * An order of which nothing has been sent is cancelled as a whole by its saga, which undoes what has been
 * done, also a pick under way. Of one that has been sent in part, and of single lines, the units are given up
 * that are neither sent nor being picked (`reviseOrder`).
 */
import type { OrderEditBody } from "../../contract/order-changes.ts";
import { maskCardNumbers } from "../../orders/card-number.ts";
import { isEnded, notBegun } from "../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { unitsOf } from "../../orders/line-ledger.ts";
import { type LockedParts, readParts } from "../../store/floor/fulfillment-changes.ts";
import type { OperationContext } from "../context.ts";
import { requestCancellation } from "../holds/cancel-order.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeFingerprint } from "./change-fingerprint.ts";
import { documentAsItStands, type Edited, editOrder } from "./edit-order.ts";

type CancelRequest = {
  readonly orderId: string;
  /** Absent: everything. A line without a quantity: all that is still wanted of it. */
  readonly lines?: readonly { readonly lineId: string; readonly quantity?: number }[];
  readonly reason: string;
  readonly by: string;
  readonly key: string;
};

export async function cancelOrder(
  context: OperationContext,
  { lines, ...asked }: CancelRequest,
): Promise<Edited | Refusal> {
  const request = { ...asked, reason: maskCardNumbers(asked.reason) };
  if (lines !== undefined)
    return editOrder(context, {
      ...request,
      giver: null,
      edits: lines.map((line) => ({ kind: "cancel_line", ...line })),
    });
  // What is left depends on when it is asked, and a channel may word its reason anew: it is a repeat all the
  // same.
  const whole = { ...request, fingerprint: changeFingerprint({ cancels: "all" }) };
  const found = await readParts(context.database, request.orderId);
  if (found === undefined) return refuse("order_not_found", `There is no order ${request.orderId}.`);
  if (found.order.lines.every(({ shipped }) => shipped === 0)) {
    const outcome = await requestCancellation(context, whole);
    return outcome.status === "refused" ? outcome : { status: "cancelling" };
  }
  const edits = remainders(found);
  if (edits.length === 0)
    return refuse(
      "order_already_shipped",
      `Everything of ${request.orderId} has been sent, or is being picked: it can only be returned.`,
    );
  return editOrder(context, { ...whole, edits, giver: null });
}

/** Gives up what is neither sent nor begun. */
function remainders({ order, parts }: LockedParts): readonly OrderEditBody[] {
  const begun = parts
    .filter((part) => !isEnded(part.status) && !notBegun(part))
    .flatMap((part) => wholeUnits(part.lines));
  return documentAsItStands(order).lines.flatMap(({ lineId, quantity }): readonly OrderEditBody[] => {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    const kept = (line?.shipped ?? 0) + (line?.fulfilledElsewhere ?? 0) + unitsOf(begun, lineId);
    return kept < quantity ? [{ kind: "quantity", lineId, quantity: kept }] : [];
  });
}
