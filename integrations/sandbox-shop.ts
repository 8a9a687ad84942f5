/**
 * The shop of a sandbox: a simulated Shopify store that the sandbox's system is connected to over its real
 * wire format. Goods of the sandbox are on sale there, and whoever tries the sandbox buys by
 * `POST /simulation/shop`.
 */
import { join } from "node:path";
import type { Logger } from "pino";
import { shopifySimulator } from "./channels/shopify/simulator/simulator.ts";
import type { ChannelSimulator } from "./simulator-kit/channel-simulator.ts";
import type { SimulatedReply } from "./simulator-kit/exchange.ts";
import { jsonReply } from "./simulator-kit/exchange.ts";
import { numberAt, optionalTextAt } from "./vendor-kit/vendor-json.ts";

export type ShopGoods = {
  readonly sku: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly weightGrams: number;
};

export type SandboxShop = {
  /** What reaches it, by the names of the vendor's variables. */
  readonly account: Readonly<Record<string, string>>;
  /** Orders, and what may be sold of each listing, as the shop has them. */
  state(): SimulatedReply;
  /** @param body `{sku, quantity?}` */
  buy(body: unknown): SimulatedReply;
  stop(): Promise<void>;
};

export async function startSandboxShop(options: {
  readonly goods: readonly ShopGoods[];
  readonly dataFolder: string;
  readonly logger: Logger;
}): Promise<SandboxShop> {
  const shop: ChannelSimulator = await shopifySimulator.start({
    webhookUrl: null,
    webhookSecret: "none",
    now: Date.now,
    logger: options.logger,
    keptIn: join(options.dataFolder, "shop.json"),
  });
  const known = new Set(shop.levels().keys());
  for (const { sku, name } of options.goods)
    if (!known.has(sku)) shop.list({ channelSku: sku, title: name, gtin: null, quantity: 0 });
  return {
    account: shop.account,
    state: () => jsonReply(200, { orders: shop.books(), levels: Object.fromEntries(shop.levels()) }),
    buy: (body) => {
      const sku = optionalTextAt(body, "sku") ?? "";
      const quantity = numberAt(body, "quantity") ?? 1;
      const goods = options.goods.find((one) => one.sku === sku);
      if (goods === undefined)
        return jsonReply(400, {
          error: `sku must be one of the shop's: ${options.goods.map((one) => one.sku).join(", ")}`,
        });
      if (!Number.isInteger(quantity) || quantity < 1 || quantity > 1_000)
        return jsonReply(400, { error: "quantity must be a whole number from 1 to 1000" });
      const order = shop.place(orderOf(goods, quantity, shop.books().length + 1));
      return order === null
        ? jsonReply(409, { error: `the shop has less than ${quantity} of ${sku} to sell` })
        : jsonReply(200, { order });
    },
    stop: () => shop.close(),
  };
}

function orderOf({ sku, name, priceMinor, weightGrams }: ShopGoods, quantity: number, number: number) {
  return {
    channel: "store",
    number,
    placedAt: new Date(),
    shopper: {
      firstName: "Robin",
      lastName: "Ridge",
      email: "robin.ridge@example.com",
      phone: "+12065550142",
      line1: "1420 Pike St",
      line2: "",
      city: "Seattle",
      region: "WA",
      regionName: "Washington",
      postalCode: "98101",
    },
    lines: [{ channelSku: sku, title: name, quantity, priceMinor, weightGrams }],
    shippingMinor: 499,
    service: "standard" as const,
    taxPercent: 0,
  };
}
