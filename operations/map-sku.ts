import type { OperationContext, Refusal } from "./context.ts";

export type SkuMappingRequest = {
  readonly channelId: string;
  readonly channelSku: string;
  readonly sku: string;
  readonly by: string;
};

export type WaitingOrdersLookedAt = {
  readonly status: "done";
  /** Orders that go on. */
  readonly released: readonly string[];
  /** Orders that waited for this and now wait for something else. */
  readonly stillOnHold: readonly string[];
};

export async function mapSku(
  context: OperationContext,
  request: SkuMappingRequest,
): Promise<WaitingOrdersLookedAt | Refusal> {
  throw new Error(`being built: ${request.sku} ${context.now()}`);
}
