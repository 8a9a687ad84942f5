import type { OperationContext, Refusal } from "./context.ts";

export type PackConfirmation = {
  readonly fulfillmentOrderId: string;
  /** What was counted, by SKU; `by-person`: somebody vouches that the parcel holds what was picked. */
  readonly verified: readonly { readonly sku: string; readonly quantity: number }[] | "by-person";
  readonly cause: string;
  readonly key: string;
};

export async function confirmPack(
  _context: OperationContext,
  _input: PackConfirmation,
): Promise<{ readonly status: "done" } | Refusal> {
  throw new Error("being built");
}
