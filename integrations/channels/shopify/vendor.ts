import type { ChannelVendor } from "../../vendor.ts";
import { shopifyAdapter } from "./adapter.ts";

export const shopify: ChannelVendor = {
  adapter: shopifyAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).shopifyWriter,
};
