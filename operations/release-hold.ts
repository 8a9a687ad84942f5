import type { HoldCode, HoldReason } from "../orders/order.ts";
import type { OperationContext, Refusal } from "./context.ts";

export type ReleaseHoldRequest = {
  readonly orderId: string;
  /** Absent: every reason that can be cleared. */
  readonly codes?: readonly HoldCode[];
  readonly by: string;
};

export type HoldReleased = {
  readonly status: "done";
  /** What the order still waits for; empty: it goes on. */
  readonly holdReasons: readonly HoldReason[];
};

export async function releaseHold(
  context: OperationContext,
  request: ReleaseHoldRequest,
): Promise<HoldReleased | Refusal> {
  throw new Error(`being built: ${request.orderId} ${context.now()}`);
}

/** Gives orders that wait for stock of these SKUs another try, oldest first. */
export async function retryShortOrders(
  context: OperationContext,
  skus: readonly string[],
): Promise<readonly string[]> {
  throw new Error(`being built: ${skus.length} ${context.now()}`);
}
