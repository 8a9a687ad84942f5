import type { CarrierVendor } from "../../vendor.ts";

export const easypost: CarrierVendor = {
  provider: "easypost",
  variables: [
    {
      name: "EASYPOST_API_KEY",
      meaning: "API key of the carrier aggregator",
      standard: "sandbox simulator",
      requiredToServe: true,
      isSecret: true,
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
    {
      name: "EASYPOST_MAX_PARCEL_GRAMS",
      meaning:
        "The heaviest parcel that a carrier of the account takes, in grams, e.g. 31751 with USPS alone",
      standard: "68038: 150 lb, as UPS and FedEx take",
      requiredToServe: false,
      problemOf: (value) =>
        /^[1-9]\d{0,6}$/.test(value) ? null : "must be grams, a whole number from 1 to 9999999",
      fallback: () => "68038",
    },
  ],
  create: async ({ values }) => {
    const { createEasypostCarrier } = await import("./carrier.ts");
    return createEasypostCarrier({
      baseUrl: values["EASYPOST_BASE_URL"] ?? "",
      apiKey: values["EASYPOST_API_KEY"] ?? "",
      webhookSecret: values["EASYPOST_WEBHOOK_SECRET"] ?? "",
      maxParcelGrams: Number(values["EASYPOST_MAX_PARCEL_GRAMS"]),
    });
  },
  simulator: async () => (await import("./simulator/simulator.ts")).easypostSimulator,
};
