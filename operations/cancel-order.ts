import type { OperationContext, Refusal } from "./context.ts";

export type CancellationRequest = {
  readonly orderId: string;
  readonly reason: string;
  readonly by: string;
};

export async function requestCancellation(
  context: OperationContext,
  request: CancellationRequest,
): Promise<{ readonly status: "done" } | Refusal> {
  throw new Error(`being built: ${request.orderId} ${context.now()}`);
}
