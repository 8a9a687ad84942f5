/**
 * A second pick finds fewer units than the first one. The units of a lost tote are picked again, and the
 * shelf may have fewer than its books say. What was booked for the first pick stays booked, since the lost
 * units are accounted for as adrift; so the parcel would be short of what is missing now, and a person looks.
 */
import { pickedKey, readPickLines } from "../../store/floor/picking.ts";
import { readEntryData } from "../../store/orders/timeline.ts";
import type { OperationContext } from "../context.ts";
import { reportFloorException } from "./report-floor-exception.ts";

/** Compares a report with what was booked. One that says the same, or more, changes nothing. */
export async function noticeFewer(
  context: OperationContext,
  report: {
    readonly fulfillmentOrderId: string;
    readonly picked: readonly { readonly holdId: string; readonly quantity: number }[];
    readonly cause: string;
  },
): Promise<void> {
  const { fulfillmentOrderId, picked, cause } = report;
  const lines = await readPickLines(context.database, fulfillmentOrderId);
  const [head] = lines;
  if (head === undefined) return;
  const entry = await readEntryData(context.database, head.orderId, pickedKey(fulfillmentOrderId));
  const booked = unitsBySku((entry?.["lines"] ?? []) as readonly { sku: string; picked: number }[]);
  const skuOf = new Map(lines.map(({ holdId, sku }) => [holdId, sku]));
  const found = unitsBySku(
    picked.map(({ holdId, quantity }) => ({ sku: skuOf.get(holdId) ?? "", picked: quantity })),
  );
  const fewer = [...booked].filter(([sku, units]) => (found.get(sku) ?? 0) < units);
  if (fewer.length === 0) return;
  const detail = fewer.map(([sku, units]) => `${found.get(sku) ?? 0} of ${units} × ${sku}`).join(", ");
  await reportFloorException(context, {
    fulfillmentOrderId,
    code: "verification_failed",
    detail: `picked again, and found only ${detail}`,
    cause,
  });
}

function unitsBySku(
  lines: readonly { readonly sku: string; readonly picked: number }[],
): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const { sku, picked } of lines) units.set(sku, (units.get(sku) ?? 0) + picked);
  return units;
}
