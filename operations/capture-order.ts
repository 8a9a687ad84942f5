import type { CaptureResult } from "../orders/capture-result.ts";
import type { ChannelAdapter } from "../ports/channels.ts";
import type { OperationContext } from "./context.ts";

export type CaptureRequest = {
  readonly channelId: string;
  readonly topic: string | null;
  readonly payload: string;
  readonly adapters: ReadonlyMap<string, ChannelAdapter>;
  /** Who sent it, for the timeline, e.g. `channel:shopify`. */
  readonly cause: string;
};

export async function captureOrders(
  context: OperationContext,
  request: CaptureRequest,
): Promise<readonly CaptureResult[]> {
  throw new Error(`being built: ${request.channelId} ${context.now()}`);
}
