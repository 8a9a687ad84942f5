import type { ChannelVendor } from "../../vendor.ts";
import { woocommerceAdapter } from "./adapter.ts";

export const woocommerce: ChannelVendor = {
  adapter: woocommerceAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).woocommerceWriter,
};
