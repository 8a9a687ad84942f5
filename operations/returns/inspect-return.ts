/**
 * A person has looked at received goods and gives each line its inspection result. Once every received line
 * has one, the saga puts the goods back into the stock and refunds them. Until then results may be changed.
 */
import type { InspectionResult } from "../../orders/return-authorization.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import {
  lockReturn,
  type ReturnRecord,
  readReturn,
  setInspectionResults,
  setReturnStatus,
} from "../../store/returns/returns.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellReturnSaga } from "../tell-saga.ts";

type InspectReturnInput = {
  readonly returnId: string;
  readonly lines: readonly { readonly lineId: string; readonly disposition: InspectionResult }[];
  readonly by: string;
};

export async function inspectReturn(
  context: OperationContext,
  input: InspectReturnInput,
): Promise<{ readonly status: "done" } | Refusal> {
  const { returnId } = input;
  return inTransaction(context.database, async (client) => {
    const orderId = (await readReturn(client, returnId))?.orderId;
    if (orderId === undefined) return refuse("return_not_found", `There is no return ${returnId}.`);
    await lockOrder(client, orderId);
    const returned = (await lockReturn(client, returnId)) as ReturnRecord;
    if (returned.status === "inspected" || returned.status === "refunded") {
      return agrees(returned, input)
        ? { status: "done" }
        : refuse("already_inspected", `${returnId} is ${returned.status}.`);
    }
    if (returned.status !== "received")
      return refuse("return_not_received", `${returnId} is ${returned.status}.`);
    const stranger = input.lines.find(({ lineId }) => !returned.lines.some((line) => line.lineId === lineId));
    if (stranger !== undefined)
      return refuse("line_not_found", `Line ${stranger.lineId} is not part of ${returnId}.`);

    const torn = input.lines.find(({ lineId, disposition }) =>
      input.lines.some((other) => other.lineId === lineId && other.disposition !== disposition),
    );
    if (torn !== undefined)
      return refuse("contradictory_inspection", `Line ${torn.lineId} is given more than one result.`);

    await setInspectionResults(client, returnId, input.lines);
    const after = (await readReturn(client, returnId)) as ReturnRecord;
    if (after.lines.some((line) => line.received > 0 && line.disposition === null)) return { status: "done" };
    await setReturnStatus(client, returnId, "inspected");
    const key = `return-inspected:${returnId}`;
    const results = after.lines.map(
      (line) => `${line.received} × ${line.sku} ${line.disposition ?? "not received"}`,
    );
    await recordEntry(client, {
      orderId,
      key,
      type: "return.inspected",
      summary: `Return ${returnId} inspected: ${results.join(", ")}.`,
      cause: input.by,
      data: { returnId },
    });
    await tellReturnSaga(client, returnId, { key, type: "inspected" });
    return { status: "done" };
  });
}

function agrees(returned: ReturnRecord, input: InspectReturnInput): boolean {
  return input.lines.every((asked) =>
    returned.lines.some((line) => line.lineId === asked.lineId && line.disposition === asked.disposition),
  );
}
