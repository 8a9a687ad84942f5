/** Products that are not there are created, those that are other are changed, and the others are left alone. */
import { findProducts } from "../../../store/catalog/catalog-views.ts";
import { checkedProduct } from "../../catalog/product-rules.ts";
import { saveProducts } from "../../catalog/save-products.ts";
import type { Refusal } from "../../refusal.ts";
import type { ProductItem } from "../../tables/entry.ts";
import { type Booker, type Decision, faultOf } from "../booker.ts";

const COMPARED = [
  "name",
  "weightGrams",
  "lengthMm",
  "widthMm",
  "heightMm",
  "priceMinor",
  "currency",
  "hsCode",
  "originCountry",
  "gtin",
] as const;

function isRefusal(checked: ProductItem | Refusal): checked is Refusal {
  return "status" in checked;
}

export const products: Booker<ProductItem> = {
  kind: "products",
  decide: async ({ context }, entries) => {
    const there = await findProducts(
      context.database,
      entries.map(({ item }) => item.sku),
    );
    return entries.map((entry): Decision => {
      const checked = checkedProduct(entry.item);
      if (isRefusal(checked)) return { do: "refuse", faults: [faultOf(entry, checked)] };
      const known = there.get(entry.item.sku);
      if (known === undefined) return { do: "book" };
      const isSame = COMPARED.every(
        (field) => checked[field] === undefined || checked[field] === known[field],
      );
      return isSame ? { do: "skip" } : { do: "book" };
    });
  },
  book: async ({ context, starter }, entries) => {
    const results = await saveProducts(
      context,
      entries.map(({ item }) => item),
      starter.by,
    );
    return entries.map((entry, index) => {
      const refusal = results[index] ?? null;
      return refusal === null ? null : faultOf(entry, refusal);
    });
  },
};
