import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { woocommerceAdapter } from "./adapter.ts";

const api: ChannelApi = {
  variables: [
    {
      name: "WOOCOMMERCE_URL",
      meaning: "the shop's address, as https://shop.example.com",
      standard: "none",
      requiredToServe: true,
      protocols: ["https:", "http:"],
      fallback: () => "",
    },
    {
      name: "WOOCOMMERCE_CONSUMER_KEY",
      meaning: "the consumer key of its REST API, with read and write access",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      problemOf: (value) => (value.startsWith("ck_") ? null : "must begin with ck_"),
      fallback: () => "",
    },
    {
      name: "WOOCOMMERCE_CONSUMER_SECRET",
      meaning: "the consumer secret that belongs to the key",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      problemOf: (value) => (value.startsWith("cs_") ? null : "must begin with cs_"),
      fallback: () => "",
    },
    {
      name: "WOOCOMMERCE_REFUNDS",
      meaning:
        "gateway: the shop's payment gateway gives the money back; record: the shop only writes it down",
      standard: "gateway",
      requiredToServe: false,
      problemOf: (value) => (["gateway", "record"].includes(value) ? null : "must be gateway or record"),
      fallback: () => "gateway",
    },
  ],
  connect: async (values, options) =>
    (await import("./connection.ts")).createWoocommerceConnection(values, options),
  simulator: async () => (await import("./simulator/simulator.ts")).woocommerceSimulator,
};

export const woocommerce: ChannelVendor = {
  adapter: woocommerceAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).woocommerceWriter,
  api,
};
