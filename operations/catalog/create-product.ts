import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { catalogOf, insertProduct, type NewProduct } from "../../store/catalog/catalog.ts";
import { companyId } from "../../store/catalog/companies.ts";
import { readSubstitutes, writeSubstitutes } from "../../store/catalog/substitutes.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { releaseWaiting, type WaitingOrdersLookedAt } from "./map-sku.ts";
import { checkedProduct } from "./product-rules.ts";
import { substitutesProblem } from "./set-substitutes.ts";

/**
 * Adds a product to the catalog, and lets the orders go on that waited for its SKU. Repeating it changes
 * nothing. The same SKU with other data is refused.
 */
export async function createProduct(
  context: OperationContext,
  product: NewProduct & { readonly substitutes?: readonly string[] },
  by: string,
): Promise<WaitingOrdersLookedAt | Refusal> {
  const checked = checkedProduct(product);
  if ("status" in checked) return checked;
  const company = await companyId(context.database);
  if (company === undefined) {
    return refuse("company_not_found", "There is no company to sell it.");
  }
  const { sku, substitutes = [] } = product;
  const outcome = await inTransaction(context.database, async (client) => {
    const wrong = await substitutesProblem(client, company, sku, substitutes);
    if (wrong !== null) return wrong;
    const inserted = await insertProduct(client, company, checked);
    if (inserted === "created") {
      await writeSubstitutes(client, sku, substitutes);
      await recordAudit(client, callerIn(context, by), {
        act: "product.created",
        subject: `product:${sku}`,
        after: checked,
      });
    }
    if (inserted !== "exists" || product.substitutes === undefined) return inserted;
    const stored = await readSubstitutes(client, sku);
    return stored.join(" ") === substitutes.join(" ") ? inserted : "differs";
  });
  if (typeof outcome !== "string") return outcome;
  if (outcome === "differs") {
    const detail = `There is a product ${product.sku} already, with other data.`;
    return refuse("product_exists", detail);
  }
  catalogOf(context.database).forgetSku(product.sku);
  return releaseWaiting(context, product.sku, null, by);
}
