import type { ChannelVendor } from "../../vendor.ts";
import { walmartAdapter } from "./adapter.ts";

const NODE_TYPES: readonly string[] = ["SellerFulfilled", "WFSFulfilled", "3PLFulfilled"];

export const walmart: ChannelVendor = {
  adapter: walmartAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).walmartWriter,
  api: {
    variables: [
      {
        name: "WALMART_CLIENT_ID",
        meaning: "Client id of the marketplace API",
        standard: "none",
        requiredToServe: true,
        fallback: () => "",
      },
      {
        name: "WALMART_CLIENT_SECRET",
        meaning: "Client secret of the marketplace API",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "WALMART_MARKET",
        meaning: "The country of the account: us, mx or ca",
        standard: "us",
        requiredToServe: false,
        problemOf: (value) => (/^(us|mx|ca)$/.test(value) ? null : "must be us, mx or ca"),
        fallback: () => "us",
      },
      {
        name: "WALMART_SHIP_NODE",
        meaning: "Id of the fulfillment center whose stock is told, where there are several",
        standard: "the account's only one",
        requiredToServe: false,
        fallback: () => "",
      },
      {
        name: "WALMART_NODE_TYPES",
        meaning: "Whose orders are read, with commas between: SellerFulfilled, WFSFulfilled, 3PLFulfilled",
        standard: "SellerFulfilled",
        requiredToServe: false,
        problemOf: (value) =>
          value.split(",").every((one) => NODE_TYPES.includes(one))
            ? null
            : `must be of ${NODE_TYPES.join(", ")}, with commas between`,
        fallback: () => "SellerFulfilled",
      },
      {
        name: "WALMART_ORDER_CHANNEL",
        meaning: "Id of the sales channel whose orders Walmart's fulfillment centers send (WFS Multichannel)",
        standard: "they send none",
        requiredToServe: false,
        fallback: () => "",
      },
      {
        name: "WALMART_URL",
        meaning: "Address of the marketplace API",
        standard: "https://marketplace.walmartapis.com",
        requiredToServe: false,
        protocols: ["http:", "https:"],
        fallback: () => "https://marketplace.walmartapis.com",
      },
    ],
    connect: async (values, options) => {
      const { connectWalmart } = await import("./connection.ts");
      const value = (name: string) => values[name] ?? "";
      const market = value("WALMART_MARKET");
      return connectWalmart(
        {
          baseUrl: value("WALMART_URL").replace(/\/+$/, ""),
          clientId: value("WALMART_CLIENT_ID"),
          clientSecret: value("WALMART_CLIENT_SECRET"),
          market: market === "mx" || market === "ca" ? market : "us",
          shipNode: value("WALMART_SHIP_NODE"),
          nodeTypes: value("WALMART_NODE_TYPES").split(","),
          orderChannel: value("WALMART_ORDER_CHANNEL"),
        },
        options,
      );
    },
    keepsGoods: {
      where: "Walmart's fulfillment centers (WFS)",
      needs: "WALMART_MARKET us and a WALMART_ORDER_CHANNEL",
    },
    simulator: async () => (await import("./simulator/simulator.ts")).walmartSimulator,
  },
};
