import type { CarrierVendor } from "../../vendor.ts";

export const easypost: CarrierVendor = {
  provider: "easypost",
  variables: [
    {
      name: "EASYPOST_API_KEY",
      meaning: "API key of the carrier aggregator",
      standard: "sandbox simulator",
      requiredToServe: true,
      fallback: () => "EZTK_sandbox",
    },
    {
      name: "EASYPOST_WEBHOOK_SECRET",
      meaning: "Secret that signs the carrier's webhooks",
      standard: "made at random",
      requiredToServe: true,
      isMadeUp: true,
      fallback: () => "",
    },
    {
      name: "EASYPOST_BASE_URL",
      meaning: "Carrier aggregator's API",
      standard: "sandbox simulator; serve: https://api.easypost.com",
      requiredToServe: false,
      protocols: ["http:", "https:"],
      fallback: ({ isProduction, simulators }) =>
        isProduction ? "https://api.easypost.com" : simulators.http,
    },
  ],
  create: async ({ values }) => {
    const { createEasypostCarrier } = await import("./carrier.ts");
    return createEasypostCarrier({
      baseUrl: values["EASYPOST_BASE_URL"] ?? "",
      apiKey: values["EASYPOST_API_KEY"] ?? "",
      webhookSecret: values["EASYPOST_WEBHOOK_SECRET"] ?? "",
    });
  },
  simulator: async () => (await import("./simulator/simulator.ts")).easypostSimulator,
};
