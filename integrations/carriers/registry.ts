import type { CarrierVendor } from "../vendor.ts";
import { easypost } from "./easypost/vendor.ts";
import { ownFleet } from "./own-fleet/vendor.ts";

/** Every carrier that this program speaks to. */
export const carrierVendors: readonly CarrierVendor[] = [easypost, ownFleet];
