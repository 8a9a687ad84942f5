import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { magentoAdapter } from "./adapter.ts";

const api: ChannelApi = {
  variables: [
    {
      name: "MAGENTO_URL",
      meaning: "the shop's address, as https://shop.example.com",
      standard: "none",
      requiredToServe: true,
      protocols: ["https:", "http:"],
      fallback: () => "",
    },
    {
      name: "MAGENTO_ACCESS_TOKEN",
      meaning: "the access token of an integration",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      fallback: () => "",
    },
    {
      name: "MAGENTO_SOURCE_CODE",
      meaning: "the source whose stock Holdfast sets, and from which it ships",
      standard: "default",
      requiredToServe: false,
      problemOf: (value) => (/^\w{1,64}$/.test(value) ? null : "must be letters, digits and underscores"),
      fallback: () => "default",
    },
    {
      name: "MAGENTO_STOCK_ID",
      meaning: "the stock that the source belongs to",
      standard: "1, the default stock",
      requiredToServe: false,
      problemOf: (value) => (/^\d{1,9}$/.test(value) ? null : "must be a number"),
      fallback: () => "1",
    },
    {
      name: "MAGENTO_REFUNDS",
      meaning:
        "online: the payment gateway of the order's invoice gives the money back; offline: it is written down",
      standard: "online",
      requiredToServe: false,
      problemOf: (value) => (["online", "offline"].includes(value) ? null : "must be online or offline"),
      fallback: () => "online",
    },
    {
      name: "MAGENTO_INVOICES",
      meaning:
        "shop: the shop makes its invoices; holdfast: each parcel is invoiced at the shop, which captures its payment",
      standard: "shop",
      requiredToServe: false,
      problemOf: (value) => (["shop", "holdfast"].includes(value) ? null : "must be shop or holdfast"),
      fallback: () => "shop",
    },
  ],
  connect: async (values, options) =>
    (await import("./connection.ts")).createMagentoConnection(values, options),
  simulator: async () => (await import("./simulator/simulator.ts")).magentoSimulator,
};

export const magento: ChannelVendor = {
  adapter: magentoAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).magentoWriter,
  api,
};
