/** `create_fulfillment`: a person has picked and packed it by hand, where that is possible now. */
import { readPart } from "../../store/floor/fulfillment-changes.ts";
import type { OperationContext } from "../context.ts";
import { packByHand } from "../floor/pack-by-hand.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { refuseUnsupported } from "./change-part.ts";

export async function createFulfillment(
  context: OperationContext,
  input: Parameters<typeof packByHand>[1],
): Promise<Awaited<ReturnType<typeof packByHand>> | Refusal> {
  const found = await readPart(context.database, input.fulfillmentOrderId);
  if (found === undefined)
    return refuse(
      "fulfillment_order_not_found",
      `There is no fulfillment order ${input.fulfillmentOrderId}.`,
    );
  const { part, others, order } = found;
  return refuseUnsupported("create_fulfillment", part, others, order) ?? packByHand(context, input);
}
