import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { edifactAdapter } from "./adapter.ts";
import { edifactVariables } from "./partner.ts";

const api: ChannelApi = {
  variables: edifactVariables,
  connect: async (values, options) =>
    (await import("./connection.ts")).createEdifactConnection(values, options),
  simulator: async () => (await import("./simulator.ts")).edifactSimulator,
};

export const edifact: ChannelVendor = {
  adapter: edifactAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).edifactWriter,
  api,
};
