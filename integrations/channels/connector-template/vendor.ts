/**
 * The start of a new connector: a small shop system that is made up, connected both ways. `npm run
 * connector:new -- NAME` copies this folder. It is in no registry, and its own contract tests keep it whole.
 *
 * What is the made-up shop's, and so has to become the vendor's, says `Fill in:`. In a copy one test is red
 * and lists those places until none is left.
 */
import type { ChannelApi, ChannelVendor } from "../../vendor.ts";
import { cornershopAdapter } from "./adapter.ts";

const api: ChannelApi = {
  // Fill in: what has to be set for an account there; whatever opens a door is a secret.
  variables: [
    {
      name: "CORNERSHOP_URL",
      meaning: "where the shop's API is, as https://shop.example.com",
      standard: "none",
      requiredToServe: true,
      protocols: ["https:", "http:"],
      fallback: () => "",
    },
    {
      name: "CORNERSHOP_API_KEY",
      meaning: "the API key of the shop, with the right to read and write orders and products",
      standard: "none",
      requiredToServe: true,
      isSecret: true,
      fallback: () => "",
    },
  ],
  connect: async (values, options) =>
    (await import("./connection.ts")).createCornershopConnection(values, options),
  simulator: async () => (await import("./simulator/simulator.ts")).cornershopSimulator,
};

export const cornershop: ChannelVendor = {
  adapter: cornershopAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).cornershopWriter,
  api,
};
