import { setTagged } from "../../store/catalog/catalog.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/**
 * Says whether a product's units bear RFID tags. It holds for every tote that goes through a portal from now
 * on; repeating it changes nothing.
 */
export async function tagProduct(
  context: OperationContext,
  sku: string,
  tagged: boolean,
): Promise<{ readonly status: "done" } | Refusal> {
  const isThere = await setTagged(context.database, sku, tagged);
  return isThere ? { status: "done" } : refuse("product_not_found", `There is no product "${sku}".`);
}
