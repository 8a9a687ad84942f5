/**
 * Variations of Square's catalog, and how many units of each a location has.
 *
 * Stock is set by physical counts, a hundred at a time; Square takes all or none. Where it takes none, we ask
 * which variations it has, and count those.
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
import { found, isId, refusalOf, SERVICE } from "./api.ts";
import { keyOf } from "./words.ts";

/** Objects that one call may name. */
const MOST_OBJECTS = 1_000;

export async function readListings(
  call: RestClient,
  token: PageToken | null,
  locationId: string,
): Promise<ListingsPage> {
  const { cursor } = readPage(SERVICE, token, { cursor: "" });
  const reply = await call({
    method: "GET",
    path: "/v2/catalog/list",
    query: { types: "ITEM", cursor: cursor === "" ? undefined : cursor },
  });
  const page = found(reply, "list the catalog");
  const variations = listAt(page, "objects")
    .filter((item) => textAt(item, "is_deleted") !== "true")
    .flatMap((item) =>
      listAt(item, "item_data", "variations").map((variation) => ({
        variation,
        name: textAt(item, "item_data", "name"),
      })),
    );
  const counts = await countsOf(
    call,
    variations.map(({ variation }) => textAt(variation, "id")),
    locationId,
  );
  const next = textAt(page, "cursor");
  return {
    listings: variations
      .map(({ variation, name }) => listingOf(variation, name, counts))
      .filter(({ channelSku }) => channelSku !== ""),
    next: next === "" ? null : writePage({ cursor: next }),
  };
}

function listingOf(variation: unknown, name: string, counts: ReadonlyMap<string, number>): Listing {
  const id = textAt(variation, "id");
  const gtin = textAt(variation, "item_variation_data", "upc");
  return {
    channelSku: textAt(variation, "item_variation_data", "sku"),
    title: `${name} ${textAt(variation, "item_variation_data", "name")}`.trim(),
    gtin: /^\d{8,14}$/.test(gtin) ? gtin : null,
    ids: { variationId: id },
    quantity: counts.get(id) ?? null,
  };
}

async function countsOf(
  call: RestClient,
  ids: readonly string[],
  locationId: string,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let from = 0; from < ids.length; from += MOST_OBJECTS) {
    let cursor = "";
    do {
      const reply = await call({
        method: "POST",
        path: "/v2/inventory/counts/batch-retrieve",
        json: {
          catalog_object_ids: ids.slice(from, from + MOST_OBJECTS),
          location_ids: [locationId],
          states: ["IN_STOCK"],
          ...(cursor === "" ? {} : { cursor }),
        },
      });
      const page = found(reply, "read counts");
      for (const count of listAt(page, "counts"))
        counts.set(textAt(count, "catalog_object_id"), countAt(count, "quantity") || 0);
      cursor = textAt(page, "cursor");
    } while (cursor !== "");
  }
  return counts;
}

/** SKUs of variations, by their ids. */
export async function skusOf(call: RestClient, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const skus = new Map<string, string>();
  for (let from = 0; from < ids.length; from += MOST_OBJECTS) {
    const reply = await call({
      method: "POST",
      path: "/v2/catalog/batch-retrieve",
      json: { object_ids: ids.slice(from, from + MOST_OBJECTS) },
    });
    for (const object of listAt(found(reply, "read the catalog"), "objects"))
      skus.set(textAt(object, "id"), textAt(object, "item_variation_data", "sku"));
  }
  return skus;
}

export async function tellStock(
  call: RestClient,
  levels: readonly StockLevel[],
  of: { readonly key: string; readonly locationId: string; readonly now: () => number },
): Promise<readonly StockTold[]> {
  const named = levels.filter((level) => isId(level.listing["variationId"] ?? ""));
  let outcome: Told = await count(call, named, of);
  let counted: ReadonlySet<StockLevel> = new Set(named);
  if (outcome.status === "refused" && named.length > 0) {
    const known = await skusOf(
      call,
      named.map((level) => level.listing["variationId"] ?? ""),
    );
    const there = named.filter((level) => known.has(level.listing["variationId"] ?? ""));
    counted = new Set(there);
    if (there.length < named.length && there.length > 0) outcome = await count(call, there, of);
  }
  return levels.map((level) => ({
    channelSku: level.channelSku,
    outcome: counted.has(level) ? outcome : unknown(level),
  }));
}

async function count(
  call: RestClient,
  levels: readonly StockLevel[],
  of: { readonly key: string; readonly locationId: string; readonly now: () => number },
): Promise<Told> {
  if (levels.length === 0) return { status: "told", reference: null };
  const counts = levels.map((level) => ({
    catalog_object_id: level.listing["variationId"] ?? "",
    state: "IN_STOCK",
    location_id: of.locationId,
    quantity: String(level.quantity),
    occurred_at: new Date(of.now()).toISOString(),
  }));
  const reply = await call({
    method: "POST",
    path: "/v2/inventory/changes/batch-create",
    json: {
      // With what is counted and when: Square refuses a key that comes again with another body, and a count
      // that is taken twice is the same.
      idempotency_key: keyOf(`${of.key}:${JSON.stringify(counts)}`),
      changes: counts.map((physical_count) => ({ type: "PHYSICAL_COUNT", physical_count })),
      ignore_unchanged_counts: true,
    },
  });
  return reply.status === 200 ? { status: "told", reference: null } : refusalOf(reply);
}

function unknown(level: StockLevel): Told {
  const message = `Square has no such variation for the SKU ${level.channelSku}.`;
  return { status: "refused", code: "listing_unknown", message };
}
