import type { ChannelAdapter } from "../../ports/channels.ts";
import type { ChannelVendor } from "../vendor.ts";
import { amazon } from "./amazon/vendor.ts";
import { bigcommerce } from "./bigcommerce/vendor.ts";
import { ebay } from "./ebay/vendor.ts";
import { ecwid } from "./ecwid/vendor.ts";
import { edifact } from "./edifact/vendor.ts";
import { etsy } from "./etsy/vendor.ts";
import { filesVendor } from "./files/vendor.ts";
import { holdfast } from "./holdfast/vendor.ts";
import { magento } from "./magento/vendor.ts";
import { shopify } from "./shopify/vendor.ts";
import { square } from "./square/vendor.ts";
import { tiktok } from "./tiktok/vendor.ts";
import { walmart } from "./walmart/vendor.ts";
import { woocommerce } from "./woocommerce/vendor.ts";
import { x12 } from "./x12/vendor.ts";

/** Every channel that this program reads. */
export const channelVendors: readonly ChannelVendor[] = [
  shopify,
  amazon,
  walmart,
  ebay,
  tiktok,
  woocommerce,
  bigcommerce,
  etsy,
  square,
  magento,
  x12,
  edifact,
  filesVendor(holdfast.adapter),
  holdfast,
  ecwid,
];

/** Their adapters, by the kind that a channel's row names. */
export const channelAdapters: ReadonlyMap<string, ChannelAdapter> = new Map(
  channelVendors.map(({ adapter }) => [adapter.kind, adapter]),
);
