/**
 * Products and variations of a WooCommerce shop, and how many of each may be sold.
 *
 * A product's stock is set by `products/batch`, a variation's by the batch of its own product alone: the
 * former refuses variations. Both answer 200, with an error for each item that was not taken.
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
import { at, countAt, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { found, refusalOf, SERVICE } from "./api.ts";
import { wordsAt } from "./text.ts";

const PAGE_SIZE = 100;

type Page = {
  /** The next page of products, from 1. */
  readonly page: number;
  /** Products whose variations are still to be read, with their names. */
  readonly parents: readonly (readonly [id: string, name: string])[];
  readonly variationsPage: number;
};

/** Products page by page, and between them the variations of those that have some. */
export async function readListings(call: RestClient, token: PageToken | null): Promise<ListingsPage> {
  const from = readPage<Page>(SERVICE, token, { page: 1, parents: [], variationsPage: 1 });
  const [parent, ...others] = from.parents;
  const query = { orderby: "id", order: "asc", per_page: PAGE_SIZE };
  if (parent !== undefined) {
    const [id, name] = parent;
    const reply = await call({
      method: "GET",
      path: `/products/${id}/variations`,
      query: { ...query, page: from.variationsPage },
    });
    const rows = listAt({ list: found(reply, "list variations") }, "list");
    const next: Page =
      rows.length < PAGE_SIZE
        ? { ...from, parents: others, variationsPage: 1 }
        : { ...from, variationsPage: from.variationsPage + 1 };
    return pageOf(
      rows.map((row) => listingOf(row, id, name)),
      next,
    );
  }
  const reply = await call({ method: "GET", path: "/products", query: { ...query, page: from.page } });
  const rows = listAt({ list: found(reply, "list products") }, "list");
  const isLast = rows.length < PAGE_SIZE;
  const parents = rows
    .filter((row) => textAt(row, "type") === "variable")
    .map((row) => [textAt(row, "id"), wordsAt(row, "name")] as const);
  const single = rows.filter((row) => ["simple", "subscription"].includes(textAt(row, "type")));
  return pageOf(
    single.map((row) => listingOf(row, null, "")),
    { page: isLast ? 0 : from.page + 1, parents, variationsPage: 1 },
  );
}

function pageOf(listings: readonly Listing[], next: Page): ListingsPage {
  const isEnd = next.page === 0 && next.parents.length === 0;
  // What has no SKU cannot be sold by us.
  return {
    listings: listings.filter(({ channelSku }) => channelSku !== ""),
    next: isEnd ? null : writePage(next),
  };
}

function listingOf(row: unknown, parentId: string | null, parentName: string): Listing {
  const id = textAt(row, "id");
  const options = listAt(row, "attributes").map((option) => wordsAt(option, "option"));
  const quantity = countAt(row, "stock_quantity");
  const gtin = textAt(row, "global_unique_id");
  return {
    channelSku: textAt(row, "sku"),
    title:
      parentId === null
        ? wordsAt(row, "name")
        : firstText(wordsAt(row, "name"), `${parentName} ${options.join(" ")}`.trim()),
    gtin: /^\d{8,14}$/.test(gtin) ? gtin : null,
    ids: parentId === null ? { productId: id } : { productId: parentId, variationId: id },
    quantity: at(row, "manage_stock") === true && !Number.isNaN(quantity) ? quantity : null,
  };
}

export async function tellStock(
  call: RestClient,
  levels: readonly StockLevel[],
): Promise<readonly StockTold[]> {
  const known = await withIds(call, levels);
  const outcomes = new Map<StockLevel, Told>();
  const byParent = new Map<string, StockLevel[]>();
  for (const level of levels) {
    const ids = known.get(level);
    if (ids === undefined) {
      const message = `The shop has nothing with the SKU ${level.channelSku}.`;
      outcomes.set(level, { status: "refused", code: "listing_unknown", message });
      continue;
    }
    const parent = ids.variationId === undefined ? "" : ids.productId;
    byParent.set(parent, [...(byParent.get(parent) ?? []), level]);
  }
  for (const [parent, group] of byParent) {
    const path = parent === "" ? "/products/batch" : `/products/${parent}/variations/batch`;
    const update = group.map((level) => ({
      id: Number(known.get(level)?.variationId ?? known.get(level)?.productId),
      manage_stock: true,
      stock_quantity: level.quantity,
    }));
    const reply = await call({ method: "POST", path, json: { update } });
    const items = listAt(reply.json, "update");
    group.forEach((level, index) => {
      outcomes.set(level, reply.status === 200 ? outcomeOf(items[index]) : refusalOf(reply));
    });
  }
  return levels.map((level) => ({
    channelSku: level.channelSku,
    outcome: outcomes.get(level) ?? { status: "refused", code: "unanswered", message: "No answer came." },
  }));
}

function outcomeOf(item: unknown): Told {
  const code = textAt(item, "error", "code").replace(/^woocommerce_rest_/, "");
  if (code !== "") return { status: "refused", code, message: textAt(item, "error", "message") };
  if (textAt(item, "id") === "")
    return { status: "refused", code: "unanswered", message: "The shop did not say what became of it." };
  return { status: "told", reference: null };
}

type Ids = { readonly productId: string; readonly variationId?: string };

/** Ids as the listings gave them; of others the shop is asked by their SKUs, all at once. */
async function withIds(
  call: RestClient,
  levels: readonly StockLevel[],
): Promise<ReadonlyMap<StockLevel, Ids>> {
  const isId = (text: string | undefined) => text !== undefined && /^\d{1,18}$/.test(text);
  const known = new Map<StockLevel, Ids>();
  for (const level of levels) {
    const { productId = "", variationId } = level.listing;
    if (isId(productId) && (variationId === undefined || isId(variationId)))
      known.set(level, variationId === undefined ? { productId } : { productId, variationId });
  }
  const unknown = levels.filter((level) => !known.has(level) && !level.channelSku.includes(","));
  if (unknown.length === 0) return known;
  const sku = unknown.map(({ channelSku }) => channelSku).join(",");
  const reply = await call({ method: "GET", path: "/products", query: { sku, per_page: PAGE_SIZE } });
  const bySku = new Map<string, Ids>();
  for (const row of listAt({ list: found(reply, "find products") }, "list")) {
    const id = textAt(row, "id");
    const isVariation = textAt(row, "type") === "variation";
    bySku.set(
      textAt(row, "sku"),
      isVariation ? { productId: textAt(row, "parent_id"), variationId: id } : { productId: id },
    );
  }
  for (const level of unknown) {
    const ids = bySku.get(level.channelSku);
    if (ids !== undefined) known.set(level, ids);
  }
  return known;
}
