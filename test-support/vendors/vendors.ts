import { readSettings } from "../../config/load.ts";
import type { ConfiguredVendors } from "../../config/vendor-settings.ts";
import { vendorKinds } from "../../integrations/vendor-kinds.ts";

/** The vendors that a sandbox is configured with by these variables. */
export function vendorsOf(environment: Readonly<Record<string, string>>): ConfiguredVendors {
  const reading = readSettings(environment, "start", "/", vendorKinds);
  if (reading.status === "invalid") throw new Error(JSON.stringify(reading.problems));
  return reading.settings.vendors;
}
