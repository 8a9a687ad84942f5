import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { x12Adapter } from "./adapter.ts";
import { x12Variables } from "./partner.ts";

const api: ChannelApi = {
  variables: x12Variables,
  connect: async (values, options) => (await import("./connection.ts")).createX12Connection(values, options),
  simulator: async () => (await import("./simulator.ts")).x12Simulator,
};

export const x12: ChannelVendor = {
  adapter: x12Adapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).x12Writer,
  api,
};
