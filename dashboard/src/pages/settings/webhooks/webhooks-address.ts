/** What of the page is in its address: which webhook is looked at, and how its messages are narrowed. */
import { type ListAddress, useListAddress } from "../../../lists/list-address.ts";

export type WebhooksAddress = ListAddress<"view" | "webhook" | "by" | "state" | "about" | "sort" | "replays">;

export function useWebhooksAddress(): WebhooksAddress {
  return useListAddress("/settings", ["view", "webhook", "by", "state", "about", "sort", "replays"]);
}
