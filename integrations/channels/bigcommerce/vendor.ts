import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { bigcommerceAdapter } from "./adapter.ts";

const api: ChannelApi = {
  variables: [
    {
      name: "BIGCOMMERCE_API_URL",
      meaning: "where BigCommerce's API is",
      standard: "https://api.bigcommerce.com",
      requiredToServe: false,
      protocols: ["https:", "http:"],
      fallback: () => "https://api.bigcommerce.com",
    },
    {
      name: "BIGCOMMERCE_STORE_HASH",
      meaning: "the store's hash: in its API path, behind /stores/",
      standard: "none",
      requiredToServe: true,
      problemOf: (value) => (/^[a-z0-9]+$/.test(value) ? null : "must be small letters and digits only"),
      fallback: () => "",
    },
    {
      name: "BIGCOMMERCE_ACCESS_TOKEN",
      meaning: "the access token of a store-level API account",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      fallback: () => "",
    },
    {
      name: "BIGCOMMERCE_LOCATION_ID",
      meaning: "the inventory location whose stock Holdfast sets",
      standard: "1, the default location",
      requiredToServe: false,
      problemOf: (value) => (/^\d{1,9}$/.test(value) ? null : "must be a number"),
      fallback: () => "1",
    },
  ],
  connect: async (values, options) =>
    (await import("./connection.ts")).createBigcommerceConnection(values, options),
  simulator: async () => (await import("./simulator/simulator.ts")).bigcommerceSimulator,
};

export const bigcommerce: ChannelVendor = {
  adapter: bigcommerceAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).bigcommerceWriter,
  api,
};
