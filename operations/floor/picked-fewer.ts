/**
 * A second pick finds fewer units than the first one. The units of a lost tote are picked again, and the
 * shelf may have fewer than its books say. What was booked for the first pick stays booked, since the lost
 * units are accounted for as adrift; so the parcel would be short of what is missing now, and a person looks.
 */
import { isEnded, isPacked } from "../../orders/fulfillment-order.ts";
import { readPackState } from "../../store/floor/picking.ts";
import type { FloorContext } from "../context.ts";
import { reportFloorException } from "./report-floor-exception.ts";

/**
 * Holds a pick against what is booked by now. One that says the same, or more, changes nothing; nor does one
 * that comes when the tote that was lost has been packed after all.
 */
export async function reportFewer(
  context: FloorContext,
  pick: {
    readonly fulfillmentOrderId: string;
    readonly picked: readonly { readonly holdId: string; readonly quantity: number }[];
    readonly cause: string;
  },
): Promise<void> {
  const { fulfillmentOrderId, picked, cause } = pick;
  const { lines, stage, status } = await readPackState(context.database, fulfillmentOrderId);
  if (isPacked(stage) || isEnded(status)) return;
  const found = new Map<string, number>();
  for (const { holdId, quantity } of picked) found.set(holdId, (found.get(holdId) ?? 0) + quantity);
  const fewer = lines.flatMap((line) => {
    const units = found.get(line.holdId) ?? 0;
    return units < line.picked ? [`${units} of ${line.picked} × ${line.sku}`] : [];
  });
  if (fewer.length === 0) return;
  await reportFloorException(context, {
    fulfillmentOrderId,
    code: "verification_failed",
    detail: `picked again, and found only ${fewer.join(", ")}`,
    cause,
  });
}
