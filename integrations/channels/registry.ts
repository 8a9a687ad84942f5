import type { ChannelAdapter } from "../../ports/channels.ts";
import { amazonAdapter } from "./amazon/adapter.ts";
import { holdfastAdapter } from "./holdfast/adapter.ts";
import { shopifyAdapter } from "./shopify/adapter.ts";
import { walmartAdapter } from "./walmart/adapter.ts";
import { woocommerceAdapter } from "./woocommerce/adapter.ts";

/** Every channel adapter by its kind. */
export const channelAdapters: ReadonlyMap<string, ChannelAdapter> = new Map(
  [shopifyAdapter, amazonAdapter, walmartAdapter, woocommerceAdapter, holdfastAdapter].map((adapter) => [
    adapter.kind,
    adapter,
  ]),
);
