/** What works with whoever runs a location for us: a connected channel's vendor, asked by its account. */
import type { FulfillmentProvider } from "../../ports/fulfillment-provider.ts";
import type { ChannelLane } from "../channels/lane.ts";

export type ProviderLane = Pick<ChannelLane, "context" | "budget" | "isEnding"> & {
  readonly channelId: string;
  readonly provider: FulfillmentProvider;
  /** The location of ours that it runs. */
  readonly locationId: string;
};

export const causeOf = ({ provider }: Pick<ProviderLane, "provider">): string => `provider:${provider.name}`;
