/**
 * A return from the shopper's request to the refund. Refunds follow what was received, never what was
 * announced.
 */
export type ReturnAuthorizationStatus =
  | "requested"
  | "approved"
  | "in_transit"
  | "received"
  | "inspected"
  | "refunded"
  | "declined"
  | "cancelled";

/** What the inspection of a returned unit comes to; only `restocked` makes it sellable again. */
export const INSPECTION_RESULTS = ["restocked", "damaged", "missing"] as const;

export type InspectionResult = (typeof INSPECTION_RESULTS)[number];

export const RETURN_REASONS = [
  "too_small",
  "too_large",
  "not_as_described",
  "defective",
  "wrong_item",
  "changed_mind",
] as const;

export type ReturnReason = (typeof RETURN_REASONS)[number];
