import type { ChannelVendor } from "../../vendor.ts";
import { amazonAdapter } from "./adapter.ts";

export const amazon: ChannelVendor = {
  adapter: amazonAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).amazonWriter,
  api: {
    variables: [
      {
        name: "AMAZON_SELLER_ID",
        meaning: "Seller's id (merchant token), as Seller Central shows it",
        standard: "none",
        requiredToServe: true,
        problemOf: (value) =>
          /^[A-Z0-9]{8,20}$/.test(value) ? null : "must be Amazon's id of the seller, e.g. A1B2C3D4E5F6G7",
        fallback: () => "",
      },
      {
        name: "AMAZON_MARKETPLACES",
        meaning: "Ids of the marketplaces of one region, with commas between",
        standard: "ATVPDKIKX0DER: the United States",
        requiredToServe: false,
        problemOf: (value) =>
          /^[A-Z0-9]{10,16}(,[A-Z0-9]{10,16}){0,19}$/.test(value)
            ? null
            : "must be marketplaces' ids with commas between, e.g. ATVPDKIKX0DER,A2EUQ1WTGCTBG2",
        fallback: () => "ATVPDKIKX0DER",
      },
      {
        name: "AMAZON_LWA_CLIENT_ID",
        meaning: "The application's id for Login with Amazon",
        standard: "none",
        requiredToServe: true,
        fallback: () => "",
      },
      {
        name: "AMAZON_LWA_CLIENT_SECRET",
        meaning: "The application's secret for Login with Amazon",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "AMAZON_REFRESH_TOKEN",
        meaning: "The refresh token of the seller's authorization, which begins with Atzr|",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "AMAZON_ENDPOINT",
        meaning: "Selling Partner API of the seller's region",
        standard: "https://sellingpartnerapi-na.amazon.com",
        requiredToServe: false,
        protocols: ["http:", "https:"],
        fallback: () => "https://sellingpartnerapi-na.amazon.com",
      },
      {
        name: "AMAZON_LWA_URL",
        meaning: "Login with Amazon's address for tokens",
        standard: "https://api.amazon.com/auth/o2/token",
        requiredToServe: false,
        protocols: ["http:", "https:"],
        fallback: () => "https://api.amazon.com/auth/o2/token",
      },
      {
        name: "AMAZON_ORDERS_API",
        meaning: "Which API orders are read by: 2026-01-01 or v0",
        standard: "2026-01-01",
        requiredToServe: false,
        problemOf: (value) => (value === "2026-01-01" || value === "v0" ? null : "must be 2026-01-01 or v0"),
        fallback: () => "2026-01-01",
      },
      {
        name: "AMAZON_PERSONAL_DATA",
        meaning: "Whether Amazon has granted the application buyers' names and addresses: yes or no",
        standard: "yes",
        requiredToServe: false,
        problemOf: (value) => (value === "yes" || value === "no" ? null : "must be yes or no"),
        fallback: () => "yes",
      },
      {
        name: "AMAZON_INVOICE_SELLER",
        meaning:
          "Who issues the invoices that are uploaded: name, lines of the address and the VAT number, with | between",
        standard: "none: no invoices are uploaded",
        requiredToServe: false,
        problemOf: (value) => {
          const lines = sellerLines(value);
          return lines.length >= 3 && lines.length <= 8 && value.length <= 400
            ? null
            : "must be 3 to 8 parts with | between, e.g. Northwind GmbH|Kai 12|20457 Hamburg|Germany|VAT DE123456789";
        },
        fallback: () => "",
      },
      {
        name: "AMAZON_QUEUE_URL",
        meaning: "The SQS queue that Amazon writes notifications to",
        standard: "none: changes are found by polling",
        requiredToServe: false,
        protocols: ["http:", "https:"],
        problemOf: (value) =>
          value.endsWith(".fifo")
            ? "must be a standard queue: Amazon writes no notification to a FIFO queue"
            : null,
        fallback: () => "",
      },
      {
        name: "AMAZON_QUEUE_ACCESS_KEY_ID",
        meaning: "Access key of the user at Amazon Web Services who may read that queue",
        standard: "none",
        requiredToServe: false,
        fallback: () => "",
      },
      {
        name: "AMAZON_QUEUE_SECRET_ACCESS_KEY",
        meaning: "Its secret",
        standard: "none",
        requiredToServe: false,
        isSecret: true,
        fallback: () => "",
      },
    ],
    connect: async (values, options) => {
      const { connectAmazon } = await import("./connection.ts");
      const value = (name: string) => values[name] ?? "";
      return connectAmazon(
        {
          endpoint: value("AMAZON_ENDPOINT").replace(/\/+$/, ""),
          tokenUrl: value("AMAZON_LWA_URL"),
          clientId: value("AMAZON_LWA_CLIENT_ID"),
          clientSecret: value("AMAZON_LWA_CLIENT_SECRET"),
          refreshToken: value("AMAZON_REFRESH_TOKEN"),
          sellerId: value("AMAZON_SELLER_ID"),
          marketplaceIds: value("AMAZON_MARKETPLACES").split(","),
          ordersApi: value("AMAZON_ORDERS_API") === "v0" ? "v0" : "2026-01-01",
          seesPeople: value("AMAZON_PERSONAL_DATA") !== "no",
          invoiceSeller: sellerLines(value("AMAZON_INVOICE_SELLER")),
          queue:
            value("AMAZON_QUEUE_URL") === ""
              ? null
              : {
                  url: value("AMAZON_QUEUE_URL"),
                  accessKeyId: value("AMAZON_QUEUE_ACCESS_KEY_ID"),
                  secretAccessKey: value("AMAZON_QUEUE_SECRET_ACCESS_KEY"),
                },
        },
        options,
      );
    },
    keepsGoods: { where: "Amazon's warehouses (Multi-Channel Fulfillment)" },
    simulator: async () => (await import("./simulator/simulator.ts")).amazonSimulator,
  },
};

function sellerLines(value: string): readonly string[] {
  return value
    .split("|")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
