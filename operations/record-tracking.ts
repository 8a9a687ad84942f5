import type { TrackingReport } from "../ports/carriers.ts";
import type { OperationContext } from "./context.ts";

export type RecordedTracking = {
  readonly status: "done";
  /** Reports seen for the first time. */
  readonly recorded: number;
  /** Reports about parcels that are not ours. */
  readonly unknown: number;
};

export async function recordTracking(
  context: OperationContext,
  reports: readonly TrackingReport[],
): Promise<RecordedTracking> {
  throw new Error(`not recorded: ${reports.length} at ${context.now()}`);
}
