/**
 * What happens to a parcel after its label was bought: the scans, in order, each some seconds after the last.
 * Pure.
 */
import { createHash } from "node:crypto";

export type ScanStatus = "pre_transit" | "in_transit" | "out_for_delivery" | "delivered";

export type Place = {
  readonly city: string;
  readonly state: string;
  readonly country: string;
  readonly zip: string;
};

type ScanPlan = {
  readonly status: ScanStatus;
  /** After the scan before was reported, at speed 1. */
  readonly afterMs: number;
  readonly message: string;
  readonly statusDetail: string;
  readonly place: Place;
};

/** At demo pace a parcel is delivered about half a minute after its label was bought. */
const PAUSES_MS: Readonly<Record<ScanStatus, number>> = {
  pre_transit: 1_000,
  in_transit: 9_000,
  out_for_delivery: 9_000,
  delivered: 9_000,
};

/** A shopper needs longer to pack than a warehouse that has packed already. */
const RETURN_DROP_OFF_MS = 15_000;

const ORDER: readonly ScanStatus[] = ["pre_transit", "in_transit", "out_for_delivery", "delivered"];

/** @returns the scan after `last`, or `null` where the parcel has arrived. */
export function nextScan(
  parcel: {
    /** Gives each parcel a pace of its own that never changes. */
    readonly id: string;
    readonly from: Place;
    readonly to: Place;
    readonly isReturn: boolean;
  },
  last: ScanStatus | null,
): ScanPlan | null {
  const status = ORDER[last === null ? 0 : ORDER.indexOf(last) + 1];
  if (status === undefined) return null;
  const pause = status === "in_transit" && parcel.isReturn ? RETURN_DROP_OFF_MS : PAUSES_MS[status];
  return {
    status,
    afterMs: Math.round(pause * paceOf(parcel.id, status)),
    ...WORDS[status],
    place: status === "pre_transit" || status === "in_transit" ? parcel.from : parcel.to,
  };
}

const WORDS: Readonly<Record<ScanStatus, { readonly message: string; readonly statusDetail: string }>> = {
  pre_transit: {
    message: "Shipping label created, carrier awaiting item",
    statusDetail: "label_created",
  },
  in_transit: { message: "Accepted at carrier facility", statusDetail: "received_at_origin_facility" },
  out_for_delivery: { message: "Out for delivery", statusDetail: "out_for_delivery" },
  delivered: { message: "Delivered, front door", statusDetail: "arrived_at_destination" },
};

/** Between 0.7 and 1.3. */
function paceOf(id: string, status: ScanStatus): number {
  const byte = createHash("sha256").update(`${id}:${status}`).digest()[0] ?? 0;
  return 0.7 + (byte / 255) * 0.6;
}
