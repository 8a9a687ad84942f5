import type { ReturnReason } from "../orders/return-authorization.ts";
import type { OperationContext, Refusal } from "./context.ts";

export type ReturnRequestInput = {
  readonly orderId: string;
  readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
  readonly reason: ReturnReason;
  readonly comment?: string;
  /** Who asks: `shopper` or `staff:<id>`. */
  readonly by: string;
  /** Repeating a request with the same key returns the first return. Absent: every request is new. */
  readonly key?: string;
};

export async function requestReturn(
  context: OperationContext,
  input: ReturnRequestInput,
): Promise<{ readonly status: "done"; readonly returnId: string } | Refusal> {
  throw new Error(`not requested: ${input.orderId} at ${context.now()}`);
}
