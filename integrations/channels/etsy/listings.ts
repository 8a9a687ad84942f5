/**
 * Listings of an Etsy shop and the stock of their products.
 *
 * A listing's stock is set by writing its whole matrix of products again, with prices and properties: it is
 * read, changed and written. Etsy takes no matrix without any unit; a listing that is sold out is made
 * inactive, and active again when it has units. A quantity is at most 999 there.
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
import { at, countAt, listAt, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { type EtsyClient, found, refusalOf, SERVICE } from "./api.ts";

const PAGE_SIZE = 100;
const MOST_UNITS = 999;
/** Of listings, in the order in which they are read. */
const STATES = ["active", "sold_out", "inactive"] as const;

export async function readListings(client: EtsyClient, token: PageToken | null): Promise<ListingsPage> {
  const from = readPage(SERVICE, token, { state: 0, offset: 0 });
  const reply = await client.call({
    method: "GET",
    path: `${client.shop}/listings`,
    query: {
      state: STATES[from.state],
      includes: "Inventory",
      sort_on: "created",
      sort_order: "asc",
      limit: PAGE_SIZE,
      offset: from.offset,
    },
  });
  const rows = listAt(found(reply, "list listings"), "results");
  const isEnd = rows.length < PAGE_SIZE;
  const next = isEnd ? { state: from.state + 1, offset: 0 } : { ...from, offset: from.offset + rows.length };
  return {
    listings: rows.flatMap(listingsOf),
    next: next.state >= STATES.length ? null : writePage(next),
  };
}

function listingsOf(row: unknown): readonly Listing[] {
  const isOnSale = textAt(row, "state") === "active";
  return listAt(row, "inventory", "products")
    .filter((product) => textAt(product, "sku") !== "")
    .map((product) => {
      const options = listAt(product, "property_values").flatMap((property) => listAt(property, "values"));
      const quantity = unitsOf(product);
      return {
        channelSku: textAt(product, "sku"),
        title: `${textAt(row, "title")} ${options.join(" ")}`.trim(),
        gtin: null,
        ids: { listingId: textAt(row, "listing_id"), productId: textAt(product, "product_id") },
        quantity: isOnSale ? quantity : 0,
      };
    });
}

function unitsOf(product: unknown): number {
  return listAt(product, "offerings").reduce(
    (units: number, offering) => units + (countAt(offering, "quantity") || 0),
    0,
  );
}

export async function tellStock(
  client: EtsyClient,
  levels: readonly StockLevel[],
): Promise<readonly StockTold[]> {
  const byListing = new Map<string, StockLevel[]>();
  for (const level of levels) {
    const id = level.listing["listingId"] ?? "";
    byListing.set(id, [...(byListing.get(id) ?? []), level]);
  }
  const outcomes = new Map<StockLevel, Told>();
  for (const [listingId, group] of byListing)
    for (const [level, outcome] of await setListing(client, listingId, group)) outcomes.set(level, outcome);
  return levels.map((level) => ({
    channelSku: level.channelSku,
    outcome: outcomes.get(level) ?? unknown(level),
  }));
}

async function setListing(
  client: EtsyClient,
  listingId: string,
  levels: readonly StockLevel[],
): Promise<ReadonlyMap<StockLevel, Told>> {
  const outcomes = new Map<StockLevel, Told>();
  const isId = /^\d{1,18}$/.test(listingId);
  const path = `/v3/application/listings/${listingId}`;
  const inventory = isId
    ? found(await client.call({ method: "GET", path: `${path}/inventory` }), "read a listing's inventory")
    : null;
  const products = listAt(inventory, "products").filter(
    (product) => textAt(product, "is_deleted") !== "true",
  );
  const wanted = new Map<string, number>();
  for (const level of levels)
    if (products.some((product) => textAt(product, "sku") === level.channelSku))
      wanted.set(level.channelSku, Math.min(MOST_UNITS, level.quantity));
    else outcomes.set(level, unknown(level));
  if (wanted.size === 0) return outcomes;
  const matrix = products.map((product) => productOf(product, wanted));
  const outcome = matrix.some((product) => product.offerings.some((one) => one.quantity > 0))
    ? await writeMatrix(client, listingId, inventory, matrix)
    : await setState(client, listingId, "inactive");
  for (const level of levels) if (wanted.has(level.channelSku)) outcomes.set(level, outcome);
  return outcomes;
}

type Product = {
  readonly sku: string;
  readonly property_values: readonly unknown[];
  readonly offerings: readonly { readonly quantity: number }[];
};

/** As Etsy takes it back: without ids and marks, and a price as a number. */
function productOf(product: unknown, wanted: ReadonlyMap<string, number>): Product {
  const sku = textAt(product, "sku");
  return {
    sku,
    property_values: listAt(product, "property_values").map((property) => ({
      property_id: numberAt(property, "property_id"),
      property_name: textAt(property, "property_name"),
      scale_id: at(property, "scale_id") ?? null,
      value_ids: listAt(property, "value_ids"),
      values: listAt(property, "values"),
    })),
    offerings: listAt(product, "offerings")
      .filter((offering) => textAt(offering, "is_deleted") !== "true")
      .map((offering) => ({
        price: (numberAt(offering, "price", "amount") ?? 0) / (numberAt(offering, "price", "divisor") ?? 100),
        quantity: wanted.get(sku) ?? (countAt(offering, "quantity") || 0),
        is_enabled: at(offering, "is_enabled") === true,
        readiness_state_id: at(offering, "readiness_state_id") ?? null,
      })),
  };
}

async function writeMatrix(
  client: EtsyClient,
  listingId: string,
  inventory: unknown,
  products: readonly Product[],
): Promise<Told> {
  const path = `/v3/application/listings/${listingId}`;
  const reply = await client.call({
    method: "PUT",
    path: `${path}/inventory`,
    json: {
      products,
      price_on_property: listAt(inventory, "price_on_property"),
      quantity_on_property: listAt(inventory, "quantity_on_property"),
      sku_on_property: listAt(inventory, "sku_on_property"),
    },
  });
  if (reply.status !== 200) return refusalOf(reply);
  if (!client.takesOffline) return { status: "told", reference: null };
  const listing = found(await client.call({ method: "GET", path }), "read a listing");
  return textAt(listing, "state") === "inactive"
    ? setState(client, listingId, "active")
    : { status: "told", reference: null };
}

async function setState(client: EtsyClient, listingId: string, state: "active" | "inactive"): Promise<Told> {
  if (!client.takesOffline) {
    const message = "Etsy takes no listing without any unit, and Holdfast may not take it off.";
    return { status: "refused", code: "sold_out_not_taken", message };
  }
  const path = `${client.shop}/listings/${listingId}`;
  const reply = await client.call({ method: "PATCH", path, form: { state } });
  return reply.status === 200 ? { status: "told", reference: null } : refusalOf(reply);
}

function unknown(level: StockLevel): Told {
  const message = `The shop has nothing with the SKU ${level.channelSku} in this listing.`;
  return { status: "refused", code: "listing_unknown", message };
}
