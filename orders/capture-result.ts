import type { HoldReason } from "./order.ts";

export type CaptureOutcome = "accepted" | "duplicate" | "held" | "refused";

/** The answer to one captured order, over every transport. */
export type CaptureResult = {
  /** Holdfast's order id; null where refused. */
  readonly order: string | null;
  readonly channel: string;
  readonly externalId: string | null;
  readonly outcome: CaptureOutcome;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string | null;
    readonly channelSku: string;
    readonly quantity: number;
  }[];
  readonly promise: { readonly shipBy: string; readonly deliverBy: string } | null;
  readonly holdReasons?: readonly HoldReason[];
  /** Only where refused. */
  readonly code?: string;
  readonly detail?: string;
};
