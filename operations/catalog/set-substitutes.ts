import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { companyOfProduct, lockProduct } from "../../store/catalog/catalog.ts";
import {
  kitsContaining,
  readSubstitutes,
  unknownProducts,
  writeSubstitutes,
} from "../../store/catalog/substitutes.ts";
import { lockSetting } from "../../store/settings/setting-changes.ts";
import { inTransaction, type Queryable } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/**
 * Says what may be sent in the product's place where no place has it, the first choice first: the whole list
 * from now on. It counts for orders that are short from now on, open ones included. Whether an order takes a
 * substitute at all is its line's, or its channel's, to say.
 *
 * A kit may have substitutes and be one, as a whole; not one that contains the very product that is missing.
 */
export async function setSubstitutes(
  context: OperationContext,
  sku: string,
  substitutes: readonly string[],
  by: string,
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const companyId = await companyOfProduct(client, sku);
    if (companyId === undefined) return refuse("product_not_found", `There is no product "${sku}".`);
    const wrong = await substitutesProblem(client, companyId, sku, substitutes);
    if (wrong !== null) return wrong;
    await lockProduct(client, sku);
    const before = await readSubstitutes(client, sku);
    if (JSON.stringify(before) === JSON.stringify(substitutes)) return { status: "done" };
    await writeSubstitutes(client, sku, substitutes);
    await recordAudit(client, callerIn(context, by), {
      act: "product.changed",
      subject: `product:${sku}`,
      before: { substitutes: before },
      after: { substitutes },
    });
    return { status: "done" };
  });
}

/** Why the list cannot be the product's; `null` where it can, until this transaction ends. */
export async function substitutesProblem(
  client: Queryable,
  companyId: string,
  sku: string,
  substitutes: readonly string[],
): Promise<Refusal | null> {
  if (substitutes.length === 0) return null;
  // No kit changes between this look and the commit (`set-components.ts`).
  await lockSetting(client, "kits");
  if (substitutes.includes(sku))
    return refuse("invalid_substitutes", `"${sku}" cannot be its own substitute.`);
  const twice = substitutes.find((one, index) => substitutes.indexOf(one) !== index);
  if (twice !== undefined) return refuse("invalid_substitutes", `"${twice}" is named twice.`);
  const [unknown] = await unknownProducts(client, companyId, substitutes);
  if (unknown !== undefined) return refuse("product_not_found", `There is no product "${unknown}".`);
  const [kit] = await kitsContaining(client, sku, substitutes);
  return kit === undefined
    ? null
    : refuse("invalid_substitutes", `The kit "${kit}" contains "${sku}", which is what would be missing.`);
}
