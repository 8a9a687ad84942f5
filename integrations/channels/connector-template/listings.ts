/** What a Cornershop offers, and how many of it may be sold. */
import type { ListingsPage, PageToken, StockLevel, StockTold } from "../../../ports/channel-connection.ts";
import { readPage, writePage } from "../../vendor-kit/page-token.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { countAt, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { found, refusalOf, SERVICE } from "./api.ts";

const PAGE_SIZE = 100;

export async function readListings(call: RestClient, page: PageToken | null): Promise<ListingsPage> {
  const { offset } = readPage(SERVICE, page, { offset: 0 });
  // Fill in: the list of products, a row for each thing that can be bought (a variant, not its product).
  const query = { limit: PAGE_SIZE, offset };
  const reply = await call({ method: "GET", path: "/products", query });
  const rows = listAt(found(reply, "list products"), "products");
  return {
    listings: rows.map((row) => {
      const quantity = countAt(row, "quantity");
      const gtin = textAt(row, "gtin");
      return {
        channelSku: textAt(row, "sku"),
        title: textAt(row, "title"),
        gtin: /^\d{8,14}$/.test(gtin) ? gtin : null,
        ids: { productId: textAt(row, "id") },
        quantity: Number.isNaN(quantity) ? null : quantity,
      };
    }),
    next: rows.length < PAGE_SIZE ? null : writePage({ offset: offset + rows.length }),
  };
}

/** Figures are set, never added: whatever is told twice, or overtaken, the newest stands. */
export async function tellStock(
  call: RestClient,
  levels: readonly StockLevel[],
): Promise<readonly StockTold[]> {
  // Fill in: the vendor's bulk call; without one, a call for each level, few at once.
  const items = levels.map(({ listing, quantity }) => ({ id: listing["productId"] ?? "", quantity }));
  const reply = await call({ method: "PUT", path: "/products/stock", json: { items } });
  const outcomes = listAt(reply.json, "items");
  return levels.map(({ channelSku }, index) => {
    if (reply.status !== 200) return { channelSku, outcome: refusalOf(reply) };
    const code = textAt(outcomes[index], "error", "code");
    return code === ""
      ? { channelSku, outcome: { status: "told", reference: null } }
      : {
          channelSku,
          outcome: { status: "refused", code, message: textAt(outcomes[index], "error", "message") },
        };
  });
}
