import type { ChangeProductBody } from "../../contract/catalog.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { lockProduct, updateProducts } from "../../store/catalog/catalog.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { checkedProduct } from "./product-rules.ts";

/**
 * Changes what the catalog says of a product; what is left out stays as it is. It holds from now on: parcels that
 * are packed, customs papers, tags at a portal. What an order costs is in the order and stays. Repeating it
 * changes nothing.
 */
export async function changeProduct(
  context: OperationContext,
  sku: string,
  changes: ChangeProductBody,
  by: string,
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const before = await lockProduct(client, sku);
    if (before === undefined) return refuse("product_not_found", `There is no product "${sku}".`);
    const after = checkedProduct({ ...before, ...changes });
    if ("status" in after) return after;
    if (JSON.stringify(after) === JSON.stringify(before)) return { status: "done" };
    await updateProducts(client, [after]);
    await recordAudit(client, callerIn(context, by), {
      act: "product.changed",
      subject: `product:${sku}`,
      before,
      after,
    });
    return { status: "done" };
  });
}
