/** What of the page is in its address: the channel, which of its lists, and how that is narrowed and sorted. */
import { type ListAddress, useListAddress } from "../../lists/list-address.ts";

export type ChannelsAddress = ListAddress<"channel" | "view" | "state" | "q" | "sort" | "by">;

/** What a list of one channel is given. */
export type ChannelListProps = {
  /** Of the channel at the API. */
  readonly path: string;
  readonly address: ChannelsAddress;
  /** Something was changed that the channel's figures tell of. */
  readonly onChange: () => void;
};

export function useChannelsAddress(): ChannelsAddress {
  return useListAddress("/channels", ["channel", "by", "view", "state", "q", "sort"]);
}
