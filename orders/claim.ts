/**
 * A claim: a parcel that did not arrive as it should have. What happened to which units, what was decided,
 * and what we ask of the carrier for it.
 */
export const CLAIM_KINDS = [
  /** The carrier brings the parcel back to us. */
  "return_to_sender",
  "lost",
  "damaged",
] as const;

export type ClaimKind = (typeof CLAIM_KINDS)[number];

export const CLAIM_STATUSES = [
  "open",
  /** A parcel that came back was taken in at the dock; what becomes of the order is to be decided. */
  "received",
  "refunded",
  "reshipped",
  "rejected",
] as const;

export type ClaimStatus = (typeof CLAIM_STATUSES)[number];

/** Whether somebody still has to decide. */
export function isUndecided(status: ClaimStatus): boolean {
  return status === "open" || status === "received";
}

/** What we ask of the carrier. */
export const CARRIER_STATUSES = ["none", "to_file", "filed", "paid", "refused"] as const;

export type CarrierStatus = (typeof CARRIER_STATUSES)[number];

/** Where a claim against the carrier can go from here. */
export const CARRIER_STEPS: Readonly<Record<CarrierStatus, readonly CarrierStatus[]>> = {
  none: [],
  to_file: ["filed", "refused"],
  filed: ["paid", "refused"],
  paid: [],
  refused: ["filed"],
};
