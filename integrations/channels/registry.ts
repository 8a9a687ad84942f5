import type { ChannelAdapter } from "../../ports/channels.ts";
import { amazonAdapter } from "./amazon.ts";
import { holdfastAdapter } from "./holdfast.ts";
import { shopifyAdapter } from "./shopify.ts";
import { walmartAdapter } from "./walmart.ts";
import { woocommerceAdapter } from "./woocommerce.ts";

/** Every channel adapter by its kind. */
export const channelAdapters: ReadonlyMap<string, ChannelAdapter> = new Map(
  [shopifyAdapter, amazonAdapter, walmartAdapter, woocommerceAdapter, holdfastAdapter].map((adapter) => [
    adapter.kind,
    adapter,
  ]),
);
