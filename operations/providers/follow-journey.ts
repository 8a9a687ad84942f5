/**
 * How a package travels that a provider has sent: asked for until it has arrived, and taken as a carrier's
 * report.
 */
import { changeRequest, type StoredRequest } from "../../store/channels/provider-requests.ts";
import { forgetShipment, outboundShipmentId } from "../../store/floor/shipments.ts";
import { recordTracking } from "../shipping/record-tracking.ts";
import type { ProviderLane } from "./provider-lane.ts";

const DAY_MS = 86_400_000;
/** A package that has not arrived by then is left to people. */
const FORGOTTEN_MS = 60 * DAY_MS;
const SOONEST_MS = 30_000;
const MOST_MS = 6 * 3_600_000;

export async function followJourney(lane: ProviderLane, request: StoredRequest): Promise<void> {
  const { context, provider, budget, channelId } = lane;
  const { fulfillmentOrderId, packageId, trackingNumber } = request;
  const id = packageId ?? "";
  const journey = await budget.call("orders", () => provider.readJourney(id));
  const at = Number.isNaN(Date.parse(journey.at)) ? null : journey.at;
  const number = trackingNumber === null || trackingNumber === "" ? id : trackingNumber;
  if (journey.status !== "unknown" && at !== null)
    await recordTracking(context, { provider: provider.name, account: channelId }, [
      {
        reportId: `${id}:${journey.status}:${at}`,
        trackingNumber: number,
        status: journey.status,
        message: journey.detail,
        place: "",
        at,
      },
    ]);
  const sinceMs = context.now() - (request.shippedAt?.getTime() ?? context.now());
  if (journey.status === "delivered")
    return changeRequest(context.database, fulfillmentOrderId, { state: "ended", outcome: "delivered" });
  if (sinceMs > FORGOTTEN_MS) {
    await forgetShipment(context.database, outboundShipmentId(fulfillmentOrderId));
    return changeRequest(context.database, fulfillmentOrderId, { state: "ended", outcome: "forgotten" });
  }
  const dueInMs = Math.min(MOST_MS, Math.max(SOONEST_MS, Math.round(sinceMs / 10)));
  await changeRequest(context.database, fulfillmentOrderId, { dueInMs });
}
