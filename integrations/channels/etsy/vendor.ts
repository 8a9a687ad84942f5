import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { etsyAdapter } from "./adapter.ts";

const api: ChannelApi = {
  variables: [
    {
      name: "ETSY_API_URL",
      meaning: "where Etsy's API is",
      standard: "https://api.etsy.com",
      requiredToServe: false,
      protocols: ["https:", "http:"],
      fallback: () => "https://api.etsy.com",
    },
    {
      name: "ETSY_SHOP_ID",
      meaning: "the shop's number",
      standard: "none",
      requiredToServe: true,
      problemOf: (value) => (/^\d{1,18}$/.test(value) ? null : "must be a number"),
      fallback: () => "",
    },
    {
      name: "ETSY_KEYSTRING",
      meaning: "the app's keystring; of a newer app keystring:shared secret",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      fallback: () => "",
    },
    {
      name: "ETSY_REFRESH_TOKEN",
      meaning: "the refresh token that the shop's owner has granted; Holdfast replaces it",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      fallback: () => "",
    },
    {
      name: "ETSY_SOLD_OUT",
      meaning: "inactive: a listing without stock is taken off and put back; keep: it is left as it is",
      standard: "inactive",
      requiredToServe: false,
      problemOf: (value) => (["inactive", "keep"].includes(value) ? null : "must be inactive or keep"),
      fallback: () => "inactive",
    },
  ],
  connect: async (values, options) => (await import("./connection.ts")).createEtsyConnection(values, options),
  simulator: async () => (await import("./simulator/simulator.ts")).etsySimulator,
};

export const etsy: ChannelVendor = {
  adapter: etsyAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).etsyWriter,
  api,
};
