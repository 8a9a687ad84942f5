/**
 * Tells Amazon how much of each listing may be sold, and reads what is listed.
 *
 * K1 A few listings are patched, each answered at once; many go as one feed (JSON_LISTINGS_FEED).
 * K2 Quantities are merged into the seller's own availability: a listing's lead time stays. Listings that
 *    Amazon fulfils have no quantity of ours, and would become ours by one: they are refused.
 */
import type { Listing, ListingsPage, StockLevel, StockTold } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import {
  at,
  countAt,
  firstText,
  listAt,
  parseJson,
  textAt,
  textRecord,
} from "../../vendor-kit/vendor-json.ts";
import { type AmazonApi, errorOf, SERVICE } from "./api.ts";
import { runFeed } from "./feeds.ts";

/** As many patches as take some four seconds at Amazon's usual pace. */
const MOST_PATCHES = 20;
const PATCHES_AT_ONCE = 5;
const OWN_STOCK = "DEFAULT";
/** Amazon's word for whatever a listing is, where it is not known. */
const ANY_PRODUCT = "PRODUCT";

type Refused = { readonly status: "refused"; readonly code: string; readonly message: string };

export async function tellStock(
  api: AmazonApi,
  levels: readonly StockLevel[],
): Promise<readonly StockTold[]> {
  const ours = levels.filter((level) => !isAmazons(level));
  const outcomes = ours.length > MOST_PATCHES ? await feedStock(api, ours) : await patchStock(api, ours);
  return levels.map((level) => ({
    channelSku: level.channelSku,
    outcome: outcomes.get(level.channelSku) ?? {
      status: "refused",
      code: "fulfilled_by_channel",
      message: `Amazon keeps the stock of ${level.channelSku} itself.`,
    },
  }));
}

function isAmazons({ listing }: StockLevel): boolean {
  return (listing["fulfillmentChannelCode"] ?? OWN_STOCK) !== OWN_STOCK;
}

function patchesFor(level: StockLevel) {
  return {
    productType: firstText(level.listing["productType"] ?? "", ANY_PRODUCT),
    patches: [
      {
        op: "merge",
        path: "/attributes/fulfillment_availability",
        value: [{ fulfillment_channel_code: OWN_STOCK, quantity: level.quantity }],
      },
    ],
  };
}

type Outcomes = ReadonlyMap<string, StockTold["outcome"]>;

async function patchStock(api: AmazonApi, levels: readonly StockLevel[]): Promise<Outcomes> {
  const outcomes = new Map<string, StockTold["outcome"]>();
  for (let from = 0; from < levels.length; from += PATCHES_AT_ONCE) {
    const some = levels.slice(from, from + PATCHES_AT_ONCE);
    const told = await Promise.all(some.map((level) => patchOne(api, level)));
    for (const [index, level] of some.entries()) {
      const outcome = told[index];
      if (outcome !== undefined) outcomes.set(level.channelSku, outcome);
    }
  }
  return outcomes;
}

async function patchOne(api: AmazonApi, level: StockLevel): Promise<StockTold["outcome"]> {
  const { sellerId, marketplaceIds } = api.account;
  const reply = await api.ask({
    operation: "patchListingsItem",
    method: "PATCH",
    path: `/listings/2021-08-01/items/${encodeURIComponent(sellerId)}/${encodeURIComponent(level.channelSku)}`,
    query: { marketplaceIds },
    body: patchesFor(level),
  });
  if (reply.status >= 400) {
    const { code, message } = errorOf(reply);
    return { status: "refused", code: isNotThere(reply.status, message) ? "unknown_listing" : code, message };
  }
  if (textAt(reply.json, "status") !== "INVALID")
    return { status: "told", reference: firstText(textAt(reply.json, "submissionId")) || null };
  return (
    issueIn(listAt(reply.json, "issues")) ?? {
      status: "refused",
      code: "invalid_listing",
      message: "Amazon refused the quantity and gave no reason.",
    }
  );
}

function isNotThere(status: number, message: string): boolean {
  return status === 404 || /not (be )?found|does not exist|invalid sku/i.test(message);
}

/** The first issue that is an error: warnings are about other things than the quantity. */
function issueIn(issues: readonly unknown[]): Refused | null {
  const issue = issues.find((one) => textAt(one, "severity") === "ERROR");
  if (issue === undefined) return null;
  const message = textAt(issue, "message").slice(0, 500);
  const code = isNotThere(200, message)
    ? "unknown_listing"
    : firstText(textAt(issue, "code"), "invalid_listing");
  return { status: "refused", code, message };
}

async function feedStock(api: AmazonApi, levels: readonly StockLevel[]): Promise<Outcomes> {
  const content = JSON.stringify({
    header: { sellerId: api.account.sellerId, version: "2.0", issueLocale: "en_US" },
    messages: levels.map((level, index) => ({
      messageId: index + 1,
      sku: level.channelSku,
      operationType: "PATCH",
      ...patchesFor(level),
    })),
  });
  const { feedId, report } = await runFeed(api, {
    feedType: "JSON_LISTINGS_FEED",
    contentType: "application/json; charset=UTF-8",
    content,
  });
  const issues = listAt(readReport(report), "issues");
  return new Map(
    levels.map((level, index) => {
      const own = issues.filter((issue) => countAt(issue, "messageId") === index + 1);
      return [level.channelSku, issueIn(own) ?? { status: "told" as const, reference: feedId }];
    }),
  );
}

/** Without its report nobody knows what of a feed was taken. */
function readReport(report: string): unknown {
  try {
    return parseJson(report);
  } catch (cause) {
    throw new ServiceFault("Amazon's report of a feed cannot be read", {
      service: SERVICE,
      code: "feed_failed",
      retryable: true,
      retryAfterMs: 60_000,
      cause,
    });
  }
}

const LISTINGS_PAGE = 20;
/** What Amazon shows of one search, however many it finds. */
const MOST_FOUND = 1_000;

/**
 * A page goes on by Amazon's token and, where its thousand are told, from the day of the last one. Listings of
 * that day come twice.
 */
export async function readListings(api: AmazonApi, page: string | null): Promise<ListingsPage> {
  const known = page === null ? undefined : parseJson(page);
  const createdAfter = textAt(known, "createdAfter");
  const { sellerId, marketplaceIds } = api.account;
  const reply = await api.ask({
    operation: "searchListingsItems",
    path: `/listings/2021-08-01/items/${encodeURIComponent(sellerId)}`,
    query: {
      marketplaceIds: marketplaceIds.slice(0, 1),
      includedData: ["summaries", "attributes", "fulfillmentAvailability"],
      sortBy: "createdDate",
      sortOrder: "ASC",
      pageSize: String(LISTINGS_PAGE),
      createdAfter,
      pageToken: textAt(known, "pageToken"),
    },
  });
  if (reply.status >= 300) {
    const { code, message } = errorOf(reply);
    throw new ServiceFault(`Amazon refused searchListingsItems: ${code}: ${message}`, {
      service: SERVICE,
      code: "request_refused",
      retryable: false,
      status: reply.status,
    });
  }
  const items = listAt(reply.json, "items");
  return { listings: items.map(listingOf), next: nextOf(reply.json, items, createdAfter) };
}

function nextOf(found: unknown, items: readonly unknown[], createdAfter: string): string | null {
  const pageToken = textAt(found, "pagination", "nextToken");
  if (pageToken !== "") return JSON.stringify({ createdAfter, pageToken });
  const last = textAt(listAt(items.at(-1), "summaries")[0], "createdDate");
  const isAll = !(countAt(found, "numberOfResults") > MOST_FOUND);
  return isAll || last === "" || last === createdAfter ? null : JSON.stringify({ createdAfter: last });
}

function listingOf(item: unknown): Listing {
  const [summary] = listAt(item, "summaries");
  const stock = listAt(item, "fulfillmentAvailability");
  const own = stock.find((one) => textAt(one, "fulfillmentChannelCode") === OWN_STOCK);
  const other = stock.find((one) => textAt(one, "fulfillmentChannelCode") !== OWN_STOCK);
  const quantity = countAt(own, "quantity");
  const gtin = listAt(item, "attributes", "externally_assigned_product_identifier")
    .filter((one) => ["ean", "upc", "gtin"].includes(textAt(one, "type").toLowerCase()))
    .map((one) => textAt(one, "value"))
    .find((text) => /^\d{8,14}$/.test(text));
  const channelSku = textAt(item, "sku");
  return {
    channelSku,
    title: firstText(textAt(summary, "itemName"), channelSku),
    gtin: gtin ?? null,
    ids: textRecord({
      asin: textAt(summary, "asin"),
      productType: textAt(summary, "productType"),
      fulfillmentChannelCode:
        own === undefined && other !== undefined ? textAt(other, "fulfillmentChannelCode") : OWN_STOCK,
    }),
    quantity: own === undefined || Number.isNaN(quantity) || at(own, "quantity") === null ? null : quantity,
  };
}
