/**
 * A return from the request to the refund: what was announced, what has come of it, what the inspections
 * found.
 *
 * Owns the words, the sums that follow from a return's records, its status and its next step. Leaves to its
 * neighbours what the rules say of a request (`returns/return-rules.ts`) and writing it down
 * (`store/returns/`).
 *
 * Invariants of one line:
 *   R1 received + dismissed <= requested: what is neither is awaited
 *   R2 the units of inspections that stand, without those that were missing, are <= received
 * Refunds follow what was received, never what was announced.
 */

export const RETURN_STATUSES = [
  /** The rules look at it, or a person has to decide. */
  "requested",
  "approved",
  "in_transit",
  /** Something is here that nobody has inspected yet. */
  "received",
  /** Everything that is here is inspected; its refund is on its way. */
  "inspected",
  /** What has come is settled; more is awaited. */
  "partially_refunded",
  /** Nothing more is awaited, and everything is settled. */
  "refunded",
  "declined",
  "cancelled",
] as const;

export type ReturnAuthorizationStatus = (typeof RETURN_STATUSES)[number];

/**
 * What the inspection of a returned unit comes to. Only `restocked` makes it sellable again; `damaged`,
 * `refurbish` and `quarantine` set it apart; `write_off` and `missing` bring nothing into the stock.
 */
export const INSPECTION_RESULTS = [
  "restocked",
  "damaged",
  "refurbish",
  "quarantine",
  "write_off",
  "missing",
] as const;

/**
 * `kept`: the customer keeps it, and is refunded all the same. Decided by the rules, not by an inspection.
 */
export type InspectionResult = (typeof INSPECTION_RESULTS)[number] | "kept";

export const RETURN_REASONS = [
  "too_small",
  "too_large",
  "not_as_described",
  "defective",
  "wrong_item",
  "changed_mind",
] as const;

export type ReturnReason = (typeof RETURN_REASONS)[number];

/** How goods come back: with a label, with a code for the counter, in the customer's own way, to a store. */
export const RETURN_METHODS = ["label", "qr_code", "none", "store"] as const;

export type ReturnMethod = (typeof RETURN_METHODS)[number];

export type ReturnLine = {
  readonly lineId: string;
  readonly sku: string;
  readonly requested: number;
  readonly received: number;
  /** Announced units that will not come, or were not in the parcel. They may come late. */
  readonly dismissed: number;
};

export type ReturnPiece = {
  readonly pieceId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly disposition: InspectionResult;
  /** Where it goes; null: where the return goes. */
  readonly locationId: string | null;
  readonly lot: string | null;
  readonly lotExpiresAtMs: number | null;
  readonly serials: readonly string[];
  /** Whether the stock has taken it. */
  readonly isStocked: boolean;
};

export type ReturnInspection = {
  readonly inspectionId: string;
  /** Counts from 1 in its return. */
  readonly number: number;
  readonly isStocked: boolean;
  readonly isRefunded: boolean;
  readonly isReopened: boolean;
  /** Its goods have left the stock again. */
  readonly isUndone: boolean;
  readonly pieces: readonly ReturnPiece[];
};

export type ReturnState = {
  readonly status: ReturnAuthorizationStatus;
  readonly waitsForPerson: boolean;
  readonly method: ReturnMethod;
  readonly hasLabel: boolean;
  readonly lines: readonly ReturnLine[];
  /** By number. */
  readonly inspections: readonly ReturnInspection[];
};

/** Units that were announced and of which nothing is known yet. */
export function awaitedUnits(line: ReturnLine): number {
  return line.requested - line.received - line.dismissed;
}

/** Units of a line that are here and that no inspection which stands has looked at. */
export function uninspectedUnits(state: Pick<ReturnState, "inspections">, line: ReturnLine): number {
  return (
    line.received -
    standingPieces(state, line.lineId).reduce(
      (sum, piece) => (piece.disposition === "missing" ? sum : sum + piece.quantity),
      0,
    )
  );
}

/** What inspections found of a line, without those that were reopened. */
export function standingPieces(
  { inspections }: Pick<ReturnState, "inspections">,
  lineId: string,
): readonly ReturnPiece[] {
  return inspections
    .filter((inspection) => !inspection.isReopened)
    .flatMap(({ pieces }) => pieces.filter((piece) => piece.lineId === lineId));
}

/** Whether goods of the return have come, or were counted as if they had. */
export function hasBegun({ lines, inspections }: Pick<ReturnState, "lines" | "inspections">): boolean {
  return inspections.length > 0 || lines.some((line) => line.received > 0);
}

/** The status that follows from what has come and what was found. */
export function returnStatus(state: Omit<ReturnState, "hasLabel" | "method">): ReturnAuthorizationStatus {
  const { status, lines, inspections } = state;
  if (status === "requested" || status === "declined" || status === "cancelled") return status;
  if (lines.some((line) => uninspectedUnits(state, line) > 0)) return "received";
  if (inspections.some((inspection) => !isSettled(inspection))) return "inspected";
  if (lines.every((line) => awaitedUnits(line) === 0)) return "refunded";
  if (inspections.length > 0) return "partially_refunded";
  return status === "in_transit" ? "in_transit" : "approved";
}

/** What is to be done next about a return. */
export type ReturnStep =
  | { readonly do: "decide" | "buy-label" }
  | { readonly do: "stock" | "undo-stock" | "refund"; readonly inspectionId: string }
  | { readonly do: "wait"; readonly for: "decision" | "goods" | "inspection" }
  | { readonly do: "end" };

/**
 * Inspections are settled one after the other: what one brought into the stock is there before the next one
 * is looked at.
 */
export function nextReturnStep(state: ReturnState): ReturnStep {
  const { status, lines, inspections } = state;
  if (status === "requested")
    return state.waitsForPerson ? { do: "wait", for: "decision" } : { do: "decide" };
  if (status === "declined" || status === "cancelled") return { do: "end" };
  const needsLabel = state.method === "label" || state.method === "qr_code";
  if (needsLabel && !state.hasLabel && !hasBegun(state)) return { do: "buy-label" };
  const open = inspections.find((inspection) => !isSettled(inspection));
  if (open !== undefined) return { do: stepOf(open), inspectionId: open.inspectionId };
  if (lines.some((line) => uninspectedUnits(state, line) > 0)) return { do: "wait", for: "inspection" };
  if (lines.some((line) => awaitedUnits(line) > 0)) return { do: "wait", for: "goods" };
  return { do: "end" };
}

/** What a reopened inspection brought is settled with the one that corrects it. */
function isSettled(inspection: ReturnInspection): boolean {
  return inspection.isStocked && (inspection.isReopened ? inspection.isUndone : inspection.isRefunded);
}

function stepOf(inspection: ReturnInspection): "stock" | "undo-stock" | "refund" {
  if (!inspection.isStocked) return "stock";
  return inspection.isReopened ? "undo-stock" : "refund";
}
