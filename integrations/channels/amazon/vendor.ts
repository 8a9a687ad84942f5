import type { ChannelVendor } from "../../vendor.ts";
import { amazonAdapter } from "./adapter.ts";

export const amazon: ChannelVendor = {
  adapter: amazonAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).amazonWriter,
};
