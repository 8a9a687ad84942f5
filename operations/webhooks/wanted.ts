/** Which events a webhook is told of. Pure. */
import type { WebhookEvent } from "../../store/webhooks/webhook-events.ts";

export type WantedEvents = {
  readonly events: readonly string[] | null;
  readonly channelId: string | null;
  readonly locations: readonly string[] | null;
};

export function isWanted(
  { events, channelId, locations }: WantedEvents,
  event: Pick<WebhookEvent, "type" | "channelId" | "locationId">,
): boolean {
  if (channelId !== null && channelId !== event.channelId) return false;
  if (locations !== null && event.locationId !== null && !locations.includes(event.locationId)) return false;
  return isOneOf(events, event.type);
}

/** @param patterns types, and areas such as `shipment.*`; null: all */
export function isOneOf(patterns: readonly string[] | null, type: string): boolean {
  if (patterns === null) return true;
  return patterns.some((pattern) =>
    pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : pattern === type,
  );
}
