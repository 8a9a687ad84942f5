/**
 * The merchant's own drivers, who deliver within the merchant's area. The driver app is the outside system:
 * it keeps the deliveries and reports them by webhook; `carrier.ts` describes how we speak to it.
 */
import type { CarrierVendor } from "../../vendor.ts";
import { readZones, zonesProblem } from "./zones.ts";

export const ownFleet: CarrierVendor = {
  provider: "own-fleet",
  variables: [
    {
      name: "OWN_FLEET_ZONES",
      meaning: "Where own drivers deliver: postal prefixes=price/days;…, e.g. 894,895=6.90/1;89=9.90/2",
      standard: "the sandbox's area",
      requiredToServe: true,
      problemOf: zonesProblem,
      fallback: () => "894,895,431,432,972,841=6.90/1;8,9=11.90/2",
    },
    {
      name: "OWN_FLEET_COUNTRY",
      meaning: "Country of the own drivers' area, ISO 3166-1 alpha-2",
      standard: "US",
      requiredToServe: false,
      fallback: () => "US",
    },
    {
      name: "OWN_FLEET_CURRENCY",
      meaning: "Currency of the own drivers' prices, ISO 4217",
      standard: "USD",
      requiredToServe: false,
      fallback: () => "USD",
    },
    {
      name: "OWN_FLEET_APP_URL",
      meaning: "Driver app's API",
      standard: "sandbox simulator",
      requiredToServe: true,
      protocols: ["http:", "https:"],
      fallback: ({ simulators }) => simulators.http,
    },
    {
      name: "OWN_FLEET_APP_KEY",
      meaning: "API key of the driver app",
      standard: "sandbox simulator",
      requiredToServe: true,
      isSecret: true,
      fallback: () => "fleet_sandbox",
    },
    {
      name: "OWN_FLEET_WEBHOOK_SECRET",
      meaning: "Secret that signs the driver app's webhooks",
      standard: "made at random",
      requiredToServe: true,
      isMadeUp: true,
      fallback: () => "",
    },
  ],
  create: async ({ values }) => {
    const { createOwnFleetCarrier } = await import("./carrier.ts");
    const currency = values["OWN_FLEET_CURRENCY"] ?? "";
    return createOwnFleetCarrier({
      zones: readZones(values["OWN_FLEET_ZONES"] ?? "", currency),
      country: values["OWN_FLEET_COUNTRY"] ?? "",
      currency,
      appUrl: values["OWN_FLEET_APP_URL"] ?? "",
      appKey: values["OWN_FLEET_APP_KEY"] ?? "",
      webhookSecret: values["OWN_FLEET_WEBHOOK_SECRET"] ?? "",
    });
  },
  simulator: async () => (await import("./simulator/simulator.ts")).ownFleetSimulator,
};
