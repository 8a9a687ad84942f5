/**
 * Products of a Magento shop, and how many of each may be sold (multi-source inventory).
 *
 * What may be sold there is what its sources have less what open orders have reserved, and a source's quantity
 * is all that can be set. So the reserved units are read and put on top.
 *
 * L1 After a level is told, as many units may be sold as it says, with any number of open orders.
 */
import type {
  ListingsPage,
  PageToken,
  StockLevel,
  StockTold,
  Told,
} from "../../../ports/channel-connection.ts";
import { readPage, writePage } from "../../vendor-kit/page-token.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { countAt, listAt, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { type Filter, found, refusalOf, SERVICE, searchOf } from "./api.ts";

const PAGE_SIZE = 100;
/** Kinds of products that have stock of their own. */
const STOCKED = "simple,virtual,downloadable";

export async function readListings(
  call: RestClient,
  token: PageToken | null,
  sourceCode: string,
): Promise<ListingsPage> {
  const { lastId } = readPage(SERVICE, token, { lastId: 0 });
  const filters: Filter[] = [
    ["entity_id", "gt", lastId],
    ["type_id", "in", STOCKED],
  ];
  const reply = await call({
    method: "GET",
    path: "/V1/products",
    query: searchOf(filters, "entity_id", PAGE_SIZE),
  });
  const products = listAt(found(reply, "list products"), "items");
  const quantities = await quantitiesOf(
    call,
    products.map((product) => textAt(product, "sku")),
    sourceCode,
  );
  return {
    listings: products.map((product) => {
      const sku = textAt(product, "sku");
      return {
        channelSku: sku,
        title: textAt(product, "name"),
        gtin: null,
        ids: { productId: textAt(product, "id") },
        quantity: quantities.get(sku) ?? null,
      };
    }),
    next:
      products.length < PAGE_SIZE ? null : writePage({ lastId: countAt(products.at(-1), "id") || lastId }),
  };
}

/** What a source has of SKUs; those that it has no entry of are left out. */
async function quantitiesOf(
  call: RestClient,
  skus: readonly string[],
  sourceCode: string,
): Promise<ReadonlyMap<string, number>> {
  if (skus.length === 0) return new Map();
  const filters: Filter[] = [
    ["sku", "in", skus.join(",")],
    ["source_code", "eq", sourceCode],
  ];
  const reply = await call({
    method: "GET",
    path: "/V1/inventory/source-items",
    query: searchOf(filters, "sku", Math.max(PAGE_SIZE, skus.length)),
  });
  const items = listAt(found(reply, "read source items"), "items");
  return new Map(items.map((item) => [textAt(item, "sku"), numberAt(item, "quantity") ?? 0]));
}

export async function tellStock(
  call: RestClient,
  levels: readonly StockLevel[],
  source: { readonly code: string; readonly stockId: string },
): Promise<readonly StockTold[]> {
  // A comma would be two SKUs to a search.
  const askable = levels.filter(({ channelSku }) => !channelSku.includes(","));
  const has = await quantitiesOf(
    call,
    askable.map(({ channelSku }) => channelSku),
    source.code,
  );
  const known = levels.filter(({ channelSku }) => has.has(channelSku));
  const items = await Promise.all(
    known.map(async ({ channelSku, quantity }) => {
      const reserved = await reservedOf(call, channelSku, has.get(channelSku) ?? 0, source.stockId);
      return {
        sku: channelSku,
        source_code: source.code,
        quantity: quantity + reserved,
        status: quantity > 0 ? 1 : 0,
      };
    }),
  );
  let outcome: Told = { status: "told", reference: null };
  if (items.length > 0) {
    const reply = await call({
      method: "POST",
      path: "/V1/inventory/source-items",
      json: { sourceItems: items },
    });
    if (reply.status !== 200) outcome = refusalOf(reply);
  }
  return levels.map(({ channelSku }) => ({
    channelSku,
    outcome: has.has(channelSku)
      ? outcome
      : {
          status: "refused",
          code: "listing_unknown",
          message: `The source ${source.code} has nothing with the SKU ${channelSku}.`,
        },
  }));
}

/** Units that open orders hold. A product that may not be sold at all says nothing of them. */
async function reservedOf(call: RestClient, sku: string, has: number, stockId: string): Promise<number> {
  const path = `/V1/inventory/get-product-salable-quantity/${encodeURIComponent(sku)}/${stockId}`;
  const reply = await call({ method: "GET", path });
  const salable = reply.status === 200 ? numberAt({ salable: reply.json }, "salable") : undefined;
  return salable === undefined ? 0 : Math.max(0, Math.round(has - salable));
}
