/**
 * What an Ecwid store offers: products, and of those with options each combination that has an SKU of its
 * own. Figures are set one by one: Ecwid's batch calls answer only later.
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
import { countAt, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { found, refusalOf, SERVICE } from "./api.ts";

const PAGE_SIZE = 100;
const AT_ONCE = 4;

export async function readListings(call: RestClient, page: PageToken | null): Promise<ListingsPage> {
  const { offset } = readPage(SERVICE, page, { offset: 0 });
  const query = { limit: PAGE_SIZE, offset, sortBy: "ADDED_TIME_ASC" };
  const reply = await call({ method: "GET", path: "/products", query });
  const rows = listAt(found(reply, "list products"), "items");
  return {
    listings: rows.flatMap(listingsOf).filter(({ channelSku }) => channelSku !== ""),
    next: rows.length < PAGE_SIZE ? null : writePage({ offset: offset + rows.length }),
  };
}

function listingsOf(product: unknown): readonly Listing[] {
  const productId = textAt(product, "id");
  const title = textAt(product, "name");
  const combinations = listAt(product, "combinations");
  if (combinations.length === 0) return [listingOf(product, title, { productId })];
  return combinations.map((combination) => {
    const options = listAt(combination, "options").map((option) => textAt(option, "value"));
    const ids = { productId, combinationId: textAt(combination, "id") };
    return listingOf(combination, `${title} ${options.join(" ")}`.trim(), ids);
  });
}

function listingOf(row: unknown, title: string, ids: Readonly<Record<string, string>>): Listing {
  const quantity = countAt(row, "quantity");
  const code = listAt(row, "attributes").find((one) => textAt(one, "type") === "UPC");
  const gtin = textAt(code, "value");
  return {
    channelSku: textAt(row, "sku"),
    title,
    gtin: /^\d{8,14}$/.test(gtin) ? gtin : null,
    ids,
    quantity: textAt(row, "unlimited") === "true" || Number.isNaN(quantity) ? null : quantity,
  };
}

export async function tellStock(
  call: RestClient,
  levels: readonly StockLevel[],
): Promise<readonly StockTold[]> {
  const told: StockTold[] = [];
  for (let from = 0; from < levels.length; from += AT_ONCE) {
    const some = levels.slice(from, from + AT_ONCE);
    const outcomes = await Promise.all(some.map((level) => setOne(call, level)));
    told.push(...outcomes.map((outcome, index) => ({ channelSku: some[index]?.channelSku ?? "", outcome })));
  }
  return told;
}

async function setOne(call: RestClient, { channelSku, listing, quantity }: StockLevel): Promise<Told> {
  const { productId = "", combinationId } = listing;
  if (!/^\d{1,18}$/.test(productId) || !/^\d{0,18}$/.test(combinationId ?? ""))
    return { status: "refused", code: "listing_unknown", message: `The store has no ${channelSku}.` };
  const path = `/products/${productId}${combinationId === undefined ? "" : `/combinations/${combinationId}`}`;
  const reply = await call({ method: "PUT", path, json: { quantity, unlimited: false } });
  return reply.status === 200 ? { status: "told", reference: null } : refusalOf(reply);
}
