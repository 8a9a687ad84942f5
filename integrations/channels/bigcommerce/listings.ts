/**
 * Products of a BigCommerce store by variant, and how many of each may be sold.
 *
 * Stock is set by absolute adjustments, of which the store takes all or none. Where it takes none, we ask which
 * of the SKUs it has, and set those.
 */
import type {
  Listing,
  ListingsPage,
  PageToken,
  StockLevel,
  StockTold,
  Told,
} from "../../../ports/channel-connection.ts";
import { readPage, writePage } from "../../vendor-kit/page-token.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { countAt, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { found, refusalOf, SERVICE } from "./api.ts";

const PAGE_SIZE = 100;

export async function readListings(call: RestClient, token: PageToken | null): Promise<ListingsPage> {
  const { page } = readPage(SERVICE, token, { page: 1 });
  const reply = await call({
    method: "GET",
    path: "/v3/catalog/products",
    query: { include: "variants", sort: "id", direction: "asc", limit: PAGE_SIZE, page },
  });
  const products = listAt(found(reply, "list products"), "data");
  return {
    listings: products.flatMap(listingsOf).filter(({ channelSku }) => channelSku !== ""),
    next: products.length < PAGE_SIZE ? null : writePage({ page: page + 1 }),
  };
}

function listingsOf(product: unknown): readonly Listing[] {
  const isCounted = textAt(product, "inventory_tracking") !== "none";
  return listAt(product, "variants").map((variant) => {
    const options = listAt(variant, "option_values").map((option) => textAt(option, "label"));
    const gtin = firstText(textAt(variant, "gtin"), textAt(variant, "upc"));
    const quantity = countAt(variant, "inventory_level");
    return {
      channelSku: firstText(textAt(variant, "sku"), textAt(product, "sku")),
      title: `${textAt(product, "name")} ${options.join(" ")}`.trim(),
      gtin: /^\d{8,14}$/.test(gtin) ? gtin : null,
      ids: { productId: textAt(product, "id"), variantId: textAt(variant, "id") },
      quantity: isCounted && !Number.isNaN(quantity) ? quantity : null,
    };
  });
}

export async function tellStock(
  call: RestClient,
  levels: readonly StockLevel[],
  locationId: number,
): Promise<readonly StockTold[]> {
  const all = await adjust(call, levels, locationId);
  if (all.status !== "refused") return levels.map(({ channelSku }) => ({ channelSku, outcome: all }));
  const known = await skusOf(call, levels);
  const those = levels.filter(({ channelSku }) => known.has(channelSku));
  // Where it has them all, something else is wrong with the whole.
  const rest =
    those.length === 0 || those.length === levels.length ? all : await adjust(call, those, locationId);
  return levels.map(({ channelSku }) => ({
    channelSku,
    outcome: known.has(channelSku)
      ? rest
      : {
          status: "refused",
          code: "listing_unknown",
          message: `The store has nothing with the SKU ${channelSku}.`,
        },
  }));
}

async function adjust(call: RestClient, levels: readonly StockLevel[], locationId: number): Promise<Told> {
  const reply = await call({
    method: "PUT",
    path: "/v3/inventory/adjustments/absolute",
    json: {
      reason: "Holdfast",
      items: levels.map(({ channelSku, quantity }) => ({
        location_id: locationId,
        sku: channelSku,
        quantity,
      })),
    },
  });
  if (reply.status !== 200) return refusalOf(reply);
  return { status: "told", reference: textAt(reply.json, "transaction_id") };
}

async function skusOf(call: RestClient, levels: readonly StockLevel[]): Promise<ReadonlySet<string>> {
  const query = { "sku:in": levels.map(({ channelSku }) => channelSku).join(","), limit: 1_000 };
  const reply = await call({ method: "GET", path: "/v3/inventory/items", query });
  return new Set(
    listAt(found(reply, "look for products"), "data").map((item) => textAt(item, "identity", "sku")),
  );
}
