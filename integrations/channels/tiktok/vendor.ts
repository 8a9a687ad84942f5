import type { ChannelVendor } from "../../vendor.ts";
import { tiktokAdapter } from "./adapter.ts";

export const tiktok: ChannelVendor = {
  adapter: tiktokAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).tiktokWriter,
  api: {
    variables: [
      {
        name: "TIKTOK_APP_KEY",
        meaning: "App key of the application in the Partner Center",
        standard: "none",
        requiredToServe: true,
        fallback: () => "",
      },
      {
        name: "TIKTOK_APP_SECRET",
        meaning: "App secret of the application",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "TIKTOK_REFRESH_TOKEN",
        meaning: "Refresh token of the seller's authorization",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "TIKTOK_SHOP_CIPHER",
        meaning: "shop_cipher of the shop, as Get Authorized Shops tells it",
        standard: "none",
        requiredToServe: true,
        fallback: () => "",
      },
      {
        name: "TIKTOK_URL",
        meaning: "Address of the open API",
        standard: "https://open-api.tiktokglobalshop.com",
        requiredToServe: false,
        protocols: ["http:", "https:"],
        fallback: () => "https://open-api.tiktokglobalshop.com",
      },
      {
        name: "TIKTOK_AUTH_URL",
        meaning: "Address for tokens",
        standard: "https://auth.tiktok-shops.com",
        requiredToServe: false,
        protocols: ["http:", "https:"],
        fallback: () => "https://auth.tiktok-shops.com",
      },
    ],
    connect: async (values, options) => {
      const { connectTiktok } = await import("./connection.ts");
      const value = (name: string) => values[name] ?? "";
      return connectTiktok(
        {
          baseUrl: value("TIKTOK_URL").replace(/\/+$/, ""),
          authUrl: value("TIKTOK_AUTH_URL").replace(/\/+$/, ""),
          appKey: value("TIKTOK_APP_KEY"),
          appSecret: value("TIKTOK_APP_SECRET"),
          refreshToken: value("TIKTOK_REFRESH_TOKEN"),
          shopCipher: value("TIKTOK_SHOP_CIPHER"),
        },
        options,
      );
    },
    simulator: async () => (await import("./simulator/simulator.ts")).tiktokSimulator,
  },
};
