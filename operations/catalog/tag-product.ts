import type { PackingCheck } from "../../orders/fulfillment/packing-check.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { setTagged } from "../../store/catalog/catalog.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
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
  by: string,
): Promise<{ readonly status: "done"; readonly check: PackingCheck | null } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const set = await setTagged(client, sku, tagging);
    if (set === undefined) return refuse("product_not_found", `There is no product "${sku}".`);
    if (JSON.stringify(set.after) === JSON.stringify(set.before))
      return { status: "done", check: set.after.check };
    await recordAudit(client, callerIn(context, by), {
      act: "product.changed",
      subject: `product:${sku}`,
      ...set,
    });
    return { status: "done", check: set.after.check };
  });
}
