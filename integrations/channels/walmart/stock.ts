/**
 * Tells Walmart how much of each listing may be sold, and reads what is listed. A few listings are set one by
 * one; many go as one feed, which is believed when Walmart says that it is done.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type {
  Listing,
  ListingsPage,
  StockLevel,
  StockTold,
  Told,
} from "../../../ports/channel-connection.ts";
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
import { type Ask, answerOf, errorOf, isUnknown, SERVICE } from "./api.ts";

const MOST_SINGLE = 20;
const AT_ONCE = 5;
const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 15_000;
const LONGEST_WAIT_MS = 180_000;
/** The most that Walmart shows of a feed at once. */
const DETAILS = 50;
const LISTINGS = 50;

export async function tellStock(
  ask: Ask,
  shipNode: string,
  levels: readonly StockLevel[],
): Promise<readonly StockTold[]> {
  const outcomes =
    levels.length > MOST_SINGLE ? await feed(ask, shipNode, levels) : await oneByOne(ask, shipNode, levels);
  return levels.map(({ channelSku }, index) => ({
    channelSku,
    outcome: outcomes[index] ?? { status: "told", reference: null },
  }));
}

function nodeQuery(shipNode: string): string {
  return shipNode === "" ? "" : `&shipNode=${encodeURIComponent(shipNode)}`;
}

async function oneByOne(ask: Ask, shipNode: string, levels: readonly StockLevel[]): Promise<readonly Told[]> {
  const outcomes: Told[] = [];
  for (let from = 0; from < levels.length; from += AT_ONCE) {
    const some = levels.slice(from, from + AT_ONCE);
    outcomes.push(...(await Promise.all(some.map((level) => setOne(ask, shipNode, level)))));
  }
  return outcomes;
}

async function setOne(ask: Ask, shipNode: string, { channelSku, quantity }: StockLevel): Promise<Told> {
  const reply = await ask({
    method: "PUT",
    path: "/v3/inventory",
    query: `?sku=${encodeURIComponent(channelSku)}${nodeQuery(shipNode)}`,
    body: { sku: channelSku, quantity: { unit: "EACH", amount: quantity } },
  });
  if (reply.status < 300) return { status: "told", reference: null };
  const { code, message } = errorOf(reply);
  return { status: "refused", code: isUnknown(reply) ? "unknown_listing" : code, message };
}

async function feed(ask: Ask, shipNode: string, levels: readonly StockLevel[]): Promise<readonly Told[]> {
  const content = JSON.stringify({
    InventoryHeader: { version: "1.4" },
    Inventory: levels.map(({ channelSku, quantity }) => ({
      sku: channelSku,
      quantity: { unit: "EACH", amount: quantity },
    })),
  });
  const boundary = `holdfast-${randomUUID()}`;
  const reply = await ask({
    method: "POST",
    path: "/v3/feeds",
    query: `?feedType=inventory${nodeQuery(shipNode)}`,
    raw: {
      contentType: `multipart/form-data; boundary=${boundary}`,
      text: [
        `--${boundary}`,
        'Content-Disposition: form-data; name="file"; filename="inventory.json"',
        "Content-Type: application/json",
        "",
        content,
        `--${boundary}--`,
        "",
      ].join("\r\n"),
    },
  });
  const feedId = textAt(answerOf(reply, "a feed of stock"), "feedId");
  const refusals = await resultOf(ask, feedId);
  return levels.map(({ channelSku }) => refusals.get(channelSku) ?? { status: "told", reference: feedId });
}

/** What Walmart did not take of a feed, by SKU. */
async function resultOf(ask: Ask, feedId: string): Promise<ReadonlyMap<string, Told>> {
  const path = `/v3/feeds/${encodeURIComponent(feedId)}`;
  const beganMs = performance.now();
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LONGEST_LOOK_MS, lookMs * 2)) {
    const found = answerOf(await ask({ path, query: "?includeDetails=false" }), "a feed's state");
    const status = textAt(found, "feedStatus");
    if (status === "ERROR") {
      throw new ServiceFault(`Walmart gave the feed ${feedId} up`, {
        service: SERVICE,
        code: "feed_failed",
        retryable: true,
        retryAfterMs: 60_000,
      });
    }
    if (status === "PROCESSED") {
      const failed = countAt(found, "itemsFailed") || 0;
      return failed === 0 ? new Map() : failuresOf(ask, path, countAt(found, "itemsReceived") || 0);
    }
    if (performance.now() - beganMs + lookMs > LONGEST_WAIT_MS) {
      throw new ServiceFault(`Walmart has not done the feed ${feedId} yet`, {
        service: SERVICE,
        code: "feed_under_way",
        retryable: true,
        retryAfterMs: 60_000,
      });
    }
    await pause(lookMs);
  }
}

async function failuresOf(ask: Ask, path: string, received: number): Promise<ReadonlyMap<string, Told>> {
  const failures = new Map<string, Told>();
  for (let offset = 0; offset < received; offset += DETAILS) {
    const query = `?includeDetails=true&offset=${offset}&limit=${DETAILS}`;
    const found = answerOf(await ask({ path, query }), "a feed's details");
    for (const item of listAt(found, "itemDetails", "itemIngestionStatus")) {
      const status = textAt(item, "ingestionStatus");
      if (status === "SUCCESS") continue;
      const [error] = listAt(item, "ingestionErrors", "ingestionError");
      const message = firstText(textAt(error, "description").slice(0, 500), `Walmart: ${status}.`);
      const isGone = /not found|does not exist/i.test(message);
      failures.set(textAt(item, "sku"), {
        status: "refused",
        code: isGone ? "unknown_listing" : firstText(textAt(error, "code"), status.toLowerCase()),
        message,
      });
    }
  }
  return failures;
}

/** Walmart's catalog knows titles and its stock knows quantities: a page is read from both. */
export async function readListings(ask: Ask, shipNode: string, page: string | null): Promise<ListingsPage> {
  const cursor = page === null ? "*" : textAt(parseJson(page), "cursor");
  const reply = await ask({
    path: "/v3/items",
    query: `?limit=${LISTINGS}&nextCursor=${encodeURIComponent(cursor)}`,
  });
  const found = reply.status === 404 ? {} : answerOf(reply, "the listings");
  const items = listAt(found, "ItemResponse");
  const listings: Listing[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    const some = items.slice(from, from + AT_ONCE);
    listings.push(...(await Promise.all(some.map((item) => listingOf(ask, shipNode, item)))));
  }
  const next = textAt(found, "nextCursor");
  return { listings, next: next === "" || items.length === 0 ? null : JSON.stringify({ cursor: next }) };
}

async function listingOf(ask: Ask, shipNode: string, item: unknown): Promise<Listing> {
  const channelSku = textAt(item, "sku");
  const reply = await ask({
    path: "/v3/inventory",
    query: `?sku=${encodeURIComponent(channelSku)}${nodeQuery(shipNode)}`,
  });
  const quantity = reply.status < 300 ? countAt(reply.json, "quantity", "amount") : Number.NaN;
  const gtin = firstText(textAt(item, "gtin"), textAt(item, "upc"));
  return {
    channelSku,
    title: firstText(textAt(item, "productName"), channelSku),
    gtin: /^\d{8,14}$/.test(gtin) ? gtin : null,
    ids: textRecord({ wpid: textAt(item, "wpid") }),
    quantity: Number.isNaN(quantity) || at(reply.json, "quantity") === undefined ? null : quantity,
  };
}
