import type { ChannelVendor } from "../../vendor.ts";
import { x12Adapter } from "./adapter.ts";

export const x12: ChannelVendor = {
  adapter: x12Adapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).x12Writer,
};
