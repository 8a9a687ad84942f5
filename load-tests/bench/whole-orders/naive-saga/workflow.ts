/**
 * The saga as Temporal's own samples of orders have it, which is what one would write first: each step is one
 * regular activity, one after the other, with the SDK's defaults. It waits for nobody.
 */
import { proxyActivities } from "@temporalio/workflow";
import type { NaiveActivities } from "./activities.ts";

const { writeStep } = proxyActivities<NaiveActivities>({ startToCloseTimeout: "1 minute" });

/** @param steps how many activities an order takes */
export async function naiveOrder(orderId: string, steps: number): Promise<void> {
  for (let step = 1; step <= steps; step += 1) await writeStep(orderId, step);
}
