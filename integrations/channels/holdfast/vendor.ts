import type { ChannelVendor } from "../../vendor.ts";
import { holdfastAdapter } from "./adapter.ts";

export const holdfast: ChannelVendor = {
  adapter: holdfastAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).holdfastWriter,
};
