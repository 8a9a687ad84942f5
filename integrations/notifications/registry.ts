import type { NotificationVendor } from "../vendor.ts";
import { smtp } from "./smtp/vendor.ts";

/** Every way in which this program writes to shoppers. */
export const notificationVendors: readonly NotificationVendor[] = [smtp];
