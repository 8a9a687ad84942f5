/**
 * Kits are what the file says that they are picked as, as a whole; those that are so already are left alone.
 */
import { readUnitWeights } from "../../../store/catalog/catalog.ts";
import { kitsAmong } from "../../../store/stock/kits.ts";
import { setKits } from "../../catalog/set-components.ts";
import type { KitItem } from "../../tables/entry.ts";
import { type Booker, type Decision, faultOf, turnedAway } from "../booker.ts";

export const kits: Booker<KitItem> = {
  kind: "kits",
  decide: async ({ context }, entries) => {
    const named = [
      ...new Set(entries.flatMap(({ item }) => [item.sku, ...item.components.map(({ sku }) => sku)])),
    ];
    const [there, products, positions] = await Promise.all([
      kitsAmong(context.database, named),
      readUnitWeights(context.database, named),
      context.allocator.positions([...new Set(entries.map(({ item }) => item.sku))]),
    ]);
    const inStock = new Set(positions.filter(({ onHand }) => onHand > 0).map(({ sku }) => sku));
    return entries.map((entry): Decision => {
      const { sku, components } = entry.item;
      if (!products.has(sku) || components.some((each) => !products.has(each.sku)))
        return turnedAway(entry, null, "product_not_found", "SKUs of the catalog: import the products first");
      if (components.some((each) => there.has(each.sku)))
        return turnedAway(entry, "component", "invalid_kit", "a product that is no kit itself");
      if (inStock.has(sku))
        return turnedAway(entry, "kit", "invalid_kit", "a product without stock of its own");
      const known = there.get(sku);
      const isSame =
        known?.length === components.length &&
        components.every((each, index) => {
          const other = known[index];
          return other?.sku === each.sku && other.quantity === each.quantity;
        });
      return { do: isSame ? "skip" : "book" };
    });
  },
  book: async ({ context, starter }, entries) => {
    const results = await setKits(
      context,
      entries.map(({ item }) => item),
      starter.by,
    );
    return entries.map((entry, index) => {
      const result = results[index];
      return result?.status === "refused" ? faultOf(entry, result) : null;
    });
  },
};
