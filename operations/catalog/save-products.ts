/**
 * Brings many products of the catalog to what somebody says of them, in one commit: those that are not there
 * are created, those that are are changed. Orders that waited for one of them go on, as where it is created
 * alone (`create-product.ts`). Repeating it changes nothing.
 */
import { type Act, recordAudit } from "../../store/audit-log/record-audit.ts";
import {
  catalogOf,
  insertNewProducts,
  lockProducts,
  type NewProduct,
  updateProducts,
} from "../../store/catalog/catalog.ts";
import { companyId } from "../../store/catalog/companies.ts";
import { skusWaitedFor } from "../../store/orders/held-orders.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { releaseWaiting } from "./map-sku.ts";
import { checkedProduct } from "./product-rules.ts";

/**
 * @param products each SKU once; of one that is there, `tagged` stays as it is
 * @returns for each product why it was refused; null: it is as was said
 */
export async function saveProducts(
  context: OperationContext,
  products: readonly NewProduct[],
  by: string,
): Promise<readonly (Refusal | null)[]> {
  const company = await companyId(context.database);
  if (company === undefined)
    return products.map(() => refuse("company_not_found", "There is no company to sell it."));
  const results = products.map((product) => checkedProduct(product));
  const wanted = results.filter((result): result is NewProduct => !("status" in result));
  if (wanted.length > 0) {
    const created = await inTransaction(context.database, async (client) => {
      const inserted = new Set(await insertNewProducts(client, company, wanted));
      const others = wanted.filter(({ sku }) => !inserted.has(sku));
      const known = await lockProducts(
        client,
        others.map(({ sku }) => sku),
      );
      const changed: { before: object; after: ReturnType<typeof changedBy> }[] = [];
      for (const product of others) {
        const before = known.get(product.sku);
        if (before === undefined) continue;
        const after = changedBy(before, product);
        if (JSON.stringify(after) !== JSON.stringify(before)) changed.push({ before, after });
      }
      await updateProducts(
        client,
        changed.map(({ after }) => after),
      );
      const acts: readonly Act[] = [
        ...wanted
          .filter(({ sku }) => inserted.has(sku))
          .map((after) => ({ act: "product.created" as const, subject: `product:${after.sku}`, after })),
        ...changed.map(({ before, after }) => ({
          act: "product.changed" as const,
          subject: `product:${after.sku}`,
          before,
          after,
        })),
      ];
      if (acts.length > 0) await recordAudit(client, callerIn(context, by), ...acts);
      return inserted;
    });
    const catalog = catalogOf(context.database);
    for (const sku of created) catalog.forgetSku(sku);
    // Also of those that are there: whoever created them may have died before their orders were let go.
    const waitedFor = await skusWaitedFor(
      context.database,
      wanted.map(({ sku }) => sku),
    );
    for (const sku of waitedFor) await releaseWaiting(context, sku, null, by);
  }
  return results.map((result) => ("status" in result ? result : null));
}

type Changeable = Required<Omit<NewProduct, "tagged">>;

/** In the order of the fields that are stored, so that two of them can be compared as text. */
function changedBy(before: Changeable, { tagged: _, ...product }: NewProduct): Changeable {
  return { ...before, ...product };
}
