import type { ChannelVendor } from "../../vendor.ts";
import { ebayAdapter } from "./adapter.ts";

export const ebay: ChannelVendor = {
  adapter: ebayAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).ebayWriter,
  api: {
    variables: [
      {
        name: "EBAY_CLIENT_ID",
        meaning: "App ID (client id) of the keyset",
        standard: "none",
        requiredToServe: true,
        fallback: () => "",
      },
      {
        name: "EBAY_CLIENT_SECRET",
        meaning: "Cert ID (client secret) of the keyset",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "EBAY_REFRESH_TOKEN",
        meaning: "Refresh token of the seller's consent, which begins with v^1.1",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "EBAY_MARKETPLACE",
        meaning: "Marketplace of the listings, e.g. EBAY_US",
        standard: "EBAY_US",
        requiredToServe: false,
        problemOf: (value) =>
          /^EBAY_[A-Z_]{2,20}$/.test(value) ? null : "must be a marketplace, e.g. EBAY_DE",
        fallback: () => "EBAY_US",
      },
      {
        name: "EBAY_LANGUAGE",
        meaning: "Language of the listings, e.g. en-US",
        standard: "en-US",
        requiredToServe: false,
        problemOf: (value) => (/^[a-z]{2}-[A-Z]{2}$/.test(value) ? null : "must be a language, e.g. de-DE"),
        fallback: () => "en-US",
      },
      {
        name: "EBAY_URL",
        meaning: "Address of eBay's REST APIs",
        standard: "https://api.ebay.com",
        requiredToServe: false,
        protocols: ["http:", "https:"],
        fallback: () => "https://api.ebay.com",
      },
    ],
    connect: async (values, options) => {
      const { connectEbay } = await import("./connection.ts");
      const value = (name: string) => values[name] ?? "";
      return connectEbay(
        {
          baseUrl: value("EBAY_URL").replace(/\/+$/, ""),
          clientId: value("EBAY_CLIENT_ID"),
          clientSecret: value("EBAY_CLIENT_SECRET"),
          refreshToken: value("EBAY_REFRESH_TOKEN"),
          marketplace: value("EBAY_MARKETPLACE"),
          language: value("EBAY_LANGUAGE"),
        },
        options,
      );
    },
    simulator: async () => (await import("./simulator/simulator.ts")).ebaySimulator,
  },
};
