import type { PaymentVendor } from "../vendor.ts";
import { stripe } from "./stripe/vendor.ts";

/** Every payment provider that this program speaks to. */
export const paymentVendors: readonly PaymentVendor[] = [stripe];
