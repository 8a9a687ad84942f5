import type { Disposition } from "../orders/return-authorization.ts";
import type { OperationContext, Refusal } from "./context.ts";

export type InspectReturnInput = {
  readonly returnId: string;
  readonly lines: readonly { readonly lineId: string; readonly disposition: Disposition }[];
  readonly by: string;
};

export async function inspectReturn(
  context: OperationContext,
  input: InspectReturnInput,
): Promise<{ readonly status: "done" } | Refusal> {
  throw new Error(`not inspected: ${input.returnId} at ${context.now()}`);
}
