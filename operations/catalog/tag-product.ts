import type { PackingCheck } from "../../orders/fulfillment/packing-check.ts";
import { setTagged } from "../../store/catalog/catalog.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/**
 * Says whether a product's units bear RFID tags, and how those without are verified where they are packed
 * (`check`; absent: as before). It holds for every tote that goes through a portal, and every parcel that
 * is packed, from now on; repeating it changes nothing.
 */
export async function tagProduct(
  context: OperationContext,
  sku: string,
  tagging: { readonly tagged: boolean; readonly check?: PackingCheck | null | undefined },
): Promise<{ readonly status: "done"; readonly check: PackingCheck | null } | Refusal> {
  const set = await setTagged(context.database, sku, tagging);
  if (set === undefined) return refuse("product_not_found", `There is no product "${sku}".`);
  return { status: "done", check: set.check };
}
