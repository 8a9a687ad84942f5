/**
 * What a shopper may change himself, on the page of his order: he cancels it, or corrects where it goes.
 * Within the channel's window after capture, and as long as nobody has begun to pick it.
 */
import type { Address } from "../../orders/address.ts";
import { notBegun } from "../../orders/fulfillment-order.ts";
import { readParts } from "../../store/floor/fulfillment-changes.ts";
import { shopperWindowEndsAt } from "../../store/orders/orders.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { cancelOrder } from "./cancel-order.ts";
import { type Edited, editOrder } from "./edit-order.ts";

type ShopperRequest = {
  readonly orderId: string;
  readonly key: string;
} & (
  | {
      readonly action: "cancel";
      readonly lines?: readonly { readonly lineId: string; readonly quantity?: number }[];
      readonly reason: string;
    }
  | { readonly action: "address"; readonly address: Address }
);

export async function shopperChange(
  context: OperationContext,
  request: ShopperRequest,
): Promise<Edited | Refusal> {
  const { orderId, key } = request;
  const found = await readParts(context.database, orderId);
  const endsAt = await shopperWindowEndsAt(context.database, orderId);
  if (found === undefined || endsAt === undefined)
    return refuse("order_not_found", "There is no such order.");
  if (context.now() > endsAt.getTime())
    return refuse("change_window_closed", `The order could be changed until ${endsAt.toISOString()}.`);
  if (!found.parts.every(notBegun))
    return refuse("change_too_late", "The order is being packed: it can only be returned.");
  const by = "shopper";
  if (request.action === "address")
    return editOrder(context, {
      orderId,
      key,
      by,
      edits: [{ kind: "address", address: request.address }],
      giver: null,
    });
  const { lines, reason } = request;
  return cancelOrder(context, { orderId, key, by, reason, ...(lines === undefined ? {} : { lines }) });
}
