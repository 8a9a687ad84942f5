/** What the simulation's clients ask of the engine, and how each request fares over all of its attempts. */
import type { PositionAddress, StockCommand, StockOutcome } from "../../../actors/commands.ts";
import type {
  AmendmentOutcome,
  CancellationOutcome,
  HoldView,
  OrderAmendment,
  OrderCancellation,
  OrderReservation,
  OrderReservationRequest,
  PositionView,
} from "../../allocator-client.ts";
import type { SimulatedRecord } from "../world/simulated-disk.ts";

/** One lane operation, with its position by name. */
export type LaneStep = PositionAddress & {
  readonly number: number;
  /** Of `LANE_KIND`. */
  readonly kind: number;
  readonly quantity: number;
  readonly expiresInMs: number;
};

export type Ask =
  | {
      readonly kind: "execute";
      readonly commands: readonly StockCommand[];
      /**
       * `invalid`: makes no sense. `impostor`: uses the id of another command, which has been acknowledged.
       */
      readonly flaw: "none" | "invalid" | "impostor";
    }
  | {
      readonly kind: "order";
      readonly request: OrderReservationRequest;
      /** Committed together with the order's holds; `null`: none. */
      readonly record: SimulatedRecord | null;
    }
  | { readonly kind: "amend"; readonly amendment: OrderAmendment }
  | { readonly kind: "cancel"; readonly cancellation: OrderCancellation }
  | { readonly kind: "lane"; readonly lane: string; readonly steps: readonly LaneStep[] }
  | { readonly kind: "record"; readonly record: SimulatedRecord }
  | { readonly kind: "positions"; readonly skus: readonly string[] }
  | { readonly kind: "holds"; readonly address: PositionAddress };

export type Answer =
  | { readonly kind: "execute"; readonly outcomes: readonly StockOutcome[] }
  | { readonly kind: "order"; readonly reservation: OrderReservation }
  | { readonly kind: "amend"; readonly outcome: AmendmentOutcome }
  | { readonly kind: "cancel"; readonly outcome: CancellationOutcome }
  /** One code for each step; `null` for one whose position is not there yet. */
  | { readonly kind: "lane"; readonly codes: readonly (number | null)[] }
  | { readonly kind: "record" }
  | { readonly kind: "positions"; readonly views: readonly PositionView[] }
  | { readonly kind: "holds"; readonly views: readonly HoldView[] };

export type Operation = {
  readonly number: number;
  readonly ask: Ask;
  /** Attempts that reached an owner and may still have an effect. */
  open: number;
  /** An owner has said that it is done. */
  isAcknowledged: boolean;
  /** The client that asked has its answer. */
  isAnswered: boolean;
};

/** The number of operations that it counts as: one for each command and each step of a lane. */
export function sizeOf(ask: Ask): number {
  if (ask.kind === "execute") return ask.commands.length;
  return ask.kind === "lane" ? ask.steps.length : 1;
}
