import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { ecwidAdapter } from "./adapter.ts";

const api: ChannelApi = {
  variables: [
    {
      name: "ECWID_API_URL",
      meaning: "where Ecwid's API is",
      standard: "https://app.ecwid.com",
      requiredToServe: false,
      protocols: ["https:", "http:"],
      fallback: () => "https://app.ecwid.com",
    },
    {
      name: "ECWID_STORE_ID",
      meaning: "the store's number",
      standard: "none",
      requiredToServe: true,
      problemOf: (value) => (/^\d{1,18}$/.test(value) ? null : "must be a number"),
      fallback: () => "",
    },
    {
      name: "ECWID_TOKEN",
      meaning: "the secret token of a custom app, with read and update access to orders and catalog",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      fallback: () => "",
    },
  ],
  connect: async (values, options) =>
    (await import("./connection.ts")).createEcwidConnection(values, options),
  simulator: async () => (await import("./simulator/simulator.ts")).ecwidSimulator,
};

export const ecwid: ChannelVendor = {
  adapter: ecwidAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).ecwidWriter,
  api,
};
