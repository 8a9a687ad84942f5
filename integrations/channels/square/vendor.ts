import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { squareAdapter } from "./adapter.ts";

const api: ChannelApi = {
  variables: [
    {
      name: "SQUARE_API_URL",
      meaning: "where Square's API is",
      standard: "https://connect.squareup.com",
      requiredToServe: false,
      protocols: ["https:", "http:"],
      fallback: () => "https://connect.squareup.com",
    },
    {
      name: "SQUARE_ACCESS_TOKEN",
      meaning: "the access token of the seller's application",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      fallback: () => "",
    },
    {
      name: "SQUARE_LOCATION_ID",
      meaning: "the location whose till this is",
      standard: "none",
      requiredToServe: true,
      problemOf: (value) => (/^\w{1,50}$/.test(value) ? null : "must be a location's id"),
      fallback: () => "",
    },
  ],
  connect: async (values, options) =>
    (await import("./connection.ts")).createSquareConnection(values, options),
  simulator: async () => (await import("./simulator/simulator.ts")).squareSimulator,
};

export const square: ChannelVendor = {
  adapter: squareAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).squareWriter,
  api,
};
