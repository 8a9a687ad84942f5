/** What the sandbox and tests do with a simulated shop, over its books. */
import type { ChannelServer } from "./channel-server.ts";
import type { ChannelSimulator } from "./channel-simulator.ts";
import type { ChannelWebhooks } from "./channel-webhooks.ts";
import type { ShopBooks } from "./shop-books.ts";
import type { SimulatedTokens } from "./simulated-tokens.ts";

export function simulatedShop(parts: {
  readonly server: ChannelServer;
  readonly books: ShopBooks;
  readonly account: Readonly<Record<string, string>>;
  /** Absent: the vendor sends none. */
  readonly webhooks?: ChannelWebhooks;
  /** Absent: what it is called with does not expire. */
  readonly tokens?: SimulatedTokens;
  /** False where the vendor's orders cannot be edited. */
  readonly isEditable?: boolean;
}): ChannelSimulator {
  const { server, books, webhooks, tokens } = parts;
  return {
    url: server.url,
    account: parts.account,
    faults: server.faults,
    list: (listing) => books.list(listing),
    place: (order) => books.place(order)?.id ?? null,
    cancel: (externalId) => books.cancel(externalId),
    edit: (externalId, line, quantity) =>
      parts.isEditable !== false && quantity > 0 && books.edit(externalId, line, quantity),
    refund(externalId, minor) {
      const order = books.find(externalId);
      return order !== undefined && books.refund(order, { minor, reason: "goodwill" }) !== null;
    },
    books: () => books.books(),
    levels: () => books.levels(),
    expireTokens: () => tokens?.expireAll(),
    async close() {
      await webhooks?.stop();
      await server.close();
    },
  };
}
