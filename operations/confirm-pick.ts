import type { OperationContext, Refusal } from "./context.ts";

export type PickConfirmation = {
  readonly fulfillmentOrderId: string;
  /** Units taken per hold; a hold that is left out counts as 0 taken. */
  readonly picked: readonly { readonly holdId: string; readonly quantity: number }[];
  /** Why fewer were taken than asked for; required where that is so. `damaged` quarantines, anything else writes off. */
  readonly shortReason?: string;
  /** `device:<id>` or `staff:<id>`. */
  readonly cause: string;
  /** Idempotency key, unique to this confirmation. */
  readonly key: string;
};

export async function confirmPick(
  _context: OperationContext,
  _input: PickConfirmation,
): Promise<{ readonly status: "done"; readonly short: boolean } | Refusal> {
  throw new Error("being built");
}
