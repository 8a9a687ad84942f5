/**
 * A return is scanned in at the dock, with what was really in the parcel. A second scan changes nothing.
 */

import { unitsText } from "../../orders/units-text.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import {
  lockReturn,
  type ReturnRecord,
  readReturn,
  setReceived,
  setReturnStatus,
} from "../../store/returns/returns.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellReturnSaga } from "../tell-saga.ts";

type ReceiveReturnInput = {
  readonly returnId: string;
  /**
   * What was in the parcel; a line that is left out was not in it. Absent: everything that was announced.
   */
  readonly lines?: readonly { readonly lineId: string; readonly quantity: number }[];
  readonly by: string;
};

export async function receiveReturn(
  context: OperationContext,
  input: ReceiveReturnInput,
): Promise<{ readonly status: "done" } | Refusal> {
  const { returnId } = input;
  return inTransaction(context.database, async (client) => {
    const orderId = (await readReturn(client, returnId))?.orderId;
    if (orderId === undefined) return refuse("return_not_found", `There is no return ${returnId}.`);
    await lockOrder(client, orderId);
    const returned = (await lockReturn(client, returnId)) as ReturnRecord;
    if (["received", "inspected", "refunded"].includes(returned.status)) return { status: "done" };
    if (returned.status !== "approved" && returned.status !== "in_transit")
      return refuse("return_not_approved", `${returnId} is ${returned.status}.`);
    const received = receivedLines(returned, input.lines);
    if (!Array.isArray(received)) return received;

    await setReceived(client, returnId, received);
    await setReturnStatus(client, returnId, "received");
    const units = received.reduce((sum, line) => sum + line.quantity, 0);
    const key = `return-received:${returnId}`;
    await recordEntry(client, {
      orderId,
      key,
      type: "return.received",
      summary: `Return ${returnId} received with ${unitsText(units)}.`,
      cause: input.by,
      data: { returnId, units },
    });
    await tellReturnSaga(client, returnId, { key, type: "received" });
    return { status: "done" };
  });
}

function receivedLines(
  returned: ReturnRecord,
  counted: ReceiveReturnInput["lines"],
): { lineId: string; quantity: number }[] | Refusal {
  if (counted === undefined)
    return returned.lines.map((line) => ({ lineId: line.lineId, quantity: line.requested }));
  const quantities = new Map(returned.lines.map((line) => [line.lineId, 0]));
  for (const { lineId, quantity } of counted) {
    const line = returned.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined)
      return refuse("line_not_found", `Line ${lineId} is not part of ${returned.returnId}.`);
    const total = (quantities.get(lineId) ?? 0) + quantity;
    if (!Number.isSafeInteger(quantity) || quantity < 0 || total > line.requested)
      return refuse("invalid_quantity", `Line ${lineId}: ${quantity} received, ${line.requested} announced.`);
    quantities.set(lineId, total);
  }
  return [...quantities].map(([lineId, quantity]) => ({ lineId, quantity }));
}
