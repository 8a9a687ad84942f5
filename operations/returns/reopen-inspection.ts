/**
 * An inspection was wrong: it is taken back, and its units wait for an inspection again. The saga takes its
 * goods out of the stock. Money follows with the inspection that corrects it: what it brings more is
 * refunded; what was refunded too much is for finance, never taken back here.
 */
import { returnable } from "../../orders/line-ledger.ts";
import { unitsText } from "../../orders/units-text.ts";
import { recordQuote } from "../../store/orders/timeline.ts";
import { reopenInspection as takeBack } from "../../store/returns/return-progress.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellReturnSaga } from "../tell-saga.ts";
import { type LockedReturn, withReturn } from "./with-return.ts";

type Inspection = LockedReturn["returned"]["inspections"][number];

export async function reopenInspection(
  context: OperationContext,
  input: {
    readonly returnId: string;
    readonly inspectionId: string;
    readonly why: string;
    readonly by: string;
  },
): Promise<{ readonly status: "done" } | Refusal> {
  const { returnId, inspectionId, why, by } = input;
  return withReturn(context, returnId, async (locked) => {
    const { client, order, returned } = locked;
    const inspection = returned.inspections.find((one) => one.inspectionId === inspectionId);
    if (inspection === undefined)
      return refuse("inspection_not_found", `${returnId} has no inspection ${inspectionId}.`);
    if (inspection.isReopened) return { status: "done" };
    const refusal = refusedReopening(locked, inspection);
    if (refusal !== null) return refusal;

    const { pieces } = inspection;
    await takeBack(client, order, returned, { inspectionId, pieces, by });
    const key = `return-reopened:${inspectionId}`;
    const units = pieces.reduce((sum, { quantity }) => sum + quantity, 0);
    await recordQuote(client, {
      orderId: returned.orderId,
      key,
      type: "return.reopened",
      summary: `Inspection ${inspectionId} of ${unitsText(units)} was reopened${why === "" ? "" : `: ${why}`}.`,
      cause: by,
      data: { returnId, inspectionId },
    });
    await tellReturnSaga(client, returned, { key, type: "reopened" });
    return { status: "done" };
  });
}

function refusedReopening({ order, returned }: LockedReturn, { pieces }: Inspection): Refusal | null {
  if (pieces.some(({ disposition }) => disposition === "kept"))
    return refuse("inspection_not_reopenable", "The customer was told to keep these units.");
  for (const line of returned.lines) {
    const missing = pieces
      .filter(({ lineId, disposition }) => lineId === line.lineId && disposition === "missing")
      .reduce((sum, { quantity }) => sum + quantity, 0);
    const ordered = order.lines.find(({ lineId }) => lineId === line.lineId);
    if (missing > line.dismissed)
      return refuse(
        "inspection_not_reopenable",
        `Line ${line.lineId}: units that were missing have come meanwhile. Inspect those.`,
      );
    if (missing > 0 && (ordered === undefined || returnable(ordered) < missing))
      return refuse("not_returnable", `Line ${line.lineId}: ${missing} were announced with another return.`);
  }
  return null;
}
