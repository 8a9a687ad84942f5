import type { OperationContext, Refusal } from "./context.ts";

export type ReceiveReturnInput = {
  readonly returnId: string;
  /** What was in the parcel; absent: everything that was announced. */
  readonly lines?: readonly { readonly lineId: string; readonly quantity: number }[];
  readonly by: string;
};

export async function receiveReturn(
  context: OperationContext,
  input: ReceiveReturnInput,
): Promise<{ readonly status: "done" } | Refusal> {
  throw new Error(`not received: ${input.returnId} at ${context.now()}`);
}
