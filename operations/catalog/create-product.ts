import { countryCode } from "../../orders/geography.ts";
import { gtin14 } from "../../orders/gtin.ts";
import { currencyExponent } from "../../orders/money.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { catalogOf, firstCompanyId, insertProduct, type NewProduct } from "../../store/catalog/catalog.ts";
import { readSubstitutes, writeSubstitutes } from "../../store/catalog/substitutes.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { releaseWaiting, type WaitingOrdersLookedAt } from "./map-sku.ts";
import { substitutesProblem } from "./set-substitutes.ts";

/** The heaviest parcel that a carrier takes is 70 kg. Goods beyond a tonne are not parcels at all. */
const MAX_WEIGHT_GRAMS = 1_000_000;
const MAX_DIMENSION_MM = 10_000;

/**
 * Adds a product to the catalog, and lets the orders go on that waited for its SKU. Repeating it changes
 * nothing. The same SKU with other data is refused.
 */
export async function createProduct(
  context: OperationContext,
  product: NewProduct & { readonly substitutes?: readonly string[] },
  by: string,
): Promise<WaitingOrdersLookedAt | Refusal> {
  const problem = problemOf(product);
  if (problem !== null) return refuse("invalid_product", problem);
  const gtin = gtin14(product.gtin);
  const originCountry = countryCode(product.originCountry);
  const companyId = await firstCompanyId(context.database);
  if (gtin === undefined) {
    const detail = `"${product.gtin}" is not a GTIN: 8, 12, 13 or 14 digits of which the last checks the others.`;
    return refuse("invalid_product", detail);
  }
  if (originCountry === undefined) {
    const detail = `"${product.originCountry}" is not a country.`;
    return refuse("invalid_product", detail);
  }
  if (companyId === undefined) {
    return refuse("company_not_found", "There is no company to sell it.");
  }
  const { sku, substitutes = [] } = product;
  const checked = { ...product, currency: product.currency.toUpperCase(), originCountry, gtin };
  const outcome = await inTransaction(context.database, async (client) => {
    const wrong = await substitutesProblem(client, companyId, sku, substitutes);
    if (wrong !== null) return wrong;
    const inserted = await insertProduct(client, companyId, checked);
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

function problemOf(product: NewProduct): string | null {
  const isWhole = (value: number, from: number, to: number) =>
    Number.isSafeInteger(value) && value >= from && value <= to;
  if (!/^[\x21-\x7e]{1,64}$/.test(product.sku))
    return "A SKU has 1 to 64 printable ASCII characters, no spaces.";
  if (product.name.trim() === "" || product.name.length > 500) return "A product needs a name.";
  if (!isWhole(product.weightGrams, 1, MAX_WEIGHT_GRAMS)) return "Weight is in grams, 1 to 1,000,000.";
  const dimensions = [product.lengthMm ?? 200, product.widthMm ?? 150, product.heightMm ?? 100];
  if (!dimensions.every((mm) => isWhole(mm, 1, MAX_DIMENSION_MM)))
    return "Dimensions are in mm, 1 to 10,000.";
  if (!isWhole(product.priceMinor, 0, 1e12)) return "The price is in minor units, not negative.";
  if (currencyExponent(product.currency.toUpperCase()) === undefined) {
    return `"${product.currency}" is not an ISO 4217 currency.`;
  }
  if (!/^\d{6,10}$/.test(product.hsCode.replaceAll(".", ""))) return "An HS code has 6 to 10 digits.";
  return null;
}
