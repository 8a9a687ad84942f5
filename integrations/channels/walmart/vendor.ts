import type { ChannelVendor } from "../../vendor.ts";
import { walmartAdapter } from "./adapter.ts";

export const walmart: ChannelVendor = {
  adapter: walmartAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).walmartWriter,
};
