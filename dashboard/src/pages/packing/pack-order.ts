import type { PackBody } from "../../../../contract/fulfillment.ts";
import { pathOf, post } from "../../api/client.ts";
import { RequestError } from "../../api/problem.ts";

/**
 * Confirms the parcel of the revision that the packer has seen. `changed`: the order has a newer one; nothing
 * was packed, and the packer has to look again.
 */
export async function packOrder(
  fulfillmentOrderId: string,
  body: PackBody & { readonly revision: number },
  key?: string,
): Promise<"packed" | "changed"> {
  try {
    await post(`${pathOf("fulfillment-orders", fulfillmentOrderId)}/pack`, body, key);
    return "packed";
  } catch (error) {
    if (error instanceof RequestError && error.code === "stale_revision") return "changed";
    throw error;
  }
}
