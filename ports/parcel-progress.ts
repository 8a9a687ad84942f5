/** What reports about a parcel make of it. Carriers repeat reports and send them out of order. */
import type { TrackingReport, TrackingStatus } from "./carriers.ts";

/** How far a parcel is. A status only replaces one of lower rank. */
const RANK: Readonly<Record<TrackingStatus, number>> = {
  unknown: 0,
  pre_transit: 1,
  in_transit: 2,
  available_for_pickup: 3,
  out_for_delivery: 3,
  failure: 4,
  return_to_sender: 5,
  delivered: 6,
};

const SENTENCES: Readonly<Record<TrackingStatus, string>> = {
  unknown: "The carrier reports",
  pre_transit: "The carrier expects the parcel",
  in_transit: "On its way",
  available_for_pickup: "Waiting to be picked up",
  out_for_delivery: "Out for delivery",
  failure: "The carrier could not deliver",
  return_to_sender: "Going back to the sender",
  delivered: "Delivered",
};

/**
 * The reports that move a parcel on from `status`, in their order of time: its status never goes backwards.
 */
export function progressOf<R extends Pick<TrackingReport, "status" | "at">>(
  status: TrackingStatus,
  reports: readonly R[],
): readonly R[] {
  let rank = RANK[status];
  return [...reports]
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .filter((report) => {
      if (RANK[report.status] <= rank) return false;
      rank = RANK[report.status];
      return true;
    });
}

/** Whether the report may come before the parcel has left: the carrier only expects it. */
export function isBeforeLeaving({ status }: Pick<TrackingReport, "status">): boolean {
  return RANK[status] <= RANK.pre_transit;
}

/** One sentence for a person. */
export function reportInWords({
  status,
  message,
  place,
}: Pick<TrackingReport, "status" | "message" | "place">): string {
  return `${SENTENCES[status]}: ${[message, place].filter((part) => part !== "").join(", ")}`;
}
