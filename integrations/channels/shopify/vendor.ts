import type { ChannelVendor } from "../../vendor.ts";
import { shopifyAdapter } from "./adapter.ts";
import { shopifyVariables } from "./api/variables.ts";

export const shopify: ChannelVendor = {
  adapter: shopifyAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).shopifyWriter,
  api: {
    variables: shopifyVariables,
    connect: async (values, options) => (await import("./api/connection.ts")).connectShopify(values, options),
    simulator: async () => (await import("./simulator/simulator.ts")).shopifySimulator,
  },
};
