/**
 * A return goes no further: staff no longer wait for what has not come (`closeReturn`), or the customer sends
 * nothing back after all (`cancelReturn`).
 */
import { awaitedUnits, hasBegun } from "../../orders/return-authorization.ts";
import { unitsText } from "../../orders/units-text.ts";
import { recordEntry, recordQuote } from "../../store/orders/timeline.ts";
import { dismissRest, withdrawReturn } from "../../store/returns/return-progress.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellReturnSaga } from "../tell-saga.ts";
import { refusedUnlessApproved, withReturn } from "./with-return.ts";

type EndReturnInput = { readonly returnId: string; readonly why?: string; readonly by: string };

type Ended = { readonly status: "done" };

/** Where nothing has come at all, the return is cancelled. What comes late is taken all the same. */
export async function closeReturn(
  context: OperationContext,
  { returnId, why = "", by }: EndReturnInput,
): Promise<Ended | Refusal> {
  return withReturn(context, returnId, async ({ client, order, returned }) => {
    const refusal = returned.status === "cancelled" ? null : refusedUnlessApproved(returned);
    if (refusal !== null) return refusal;
    const rest = returned.lines.reduce((sum, line) => sum + awaitedUnits(line), 0);
    if (rest === 0 || returned.status === "cancelled") return { status: "done" };
    await dismissRest(client, order, returned);
    // A return can be closed again, when late units were announced with it.
    const key = `return-closed:${returnId}:${order.version}`;
    await recordQuote(client, {
      orderId: returned.orderId,
      key,
      type: "return.closed",
      summary: `${unitsText(rest)} of return ${returnId} are no longer awaited${why === "" ? "" : `: ${why}`}.`,
      cause: by,
      data: { returnId, units: rest },
    });
    await tellReturnSaga(client, returned, { key, type: "closed" });
    return { status: "done" };
  });
}

export async function cancelReturn(
  context: OperationContext,
  { returnId, by }: EndReturnInput,
): Promise<Ended | Refusal> {
  return withReturn(context, returnId, async ({ client, order, returned }) => {
    if (returned.status === "cancelled") return { status: "done" };
    if (returned.status === "declined")
      return refuse("return_already_decided", `${returnId} is ${returned.status}.`);
    if (hasBegun(returned))
      return refuse("return_already_received", `${returnId} is ${returned.status}: goods of it have come.`);
    await withdrawReturn(client, order, returned, "cancelled");
    const key = `return-cancelled:${returnId}`;
    await recordEntry(client, {
      orderId: returned.orderId,
      key,
      type: "return.cancelled",
      summary: `Return ${returnId} was withdrawn.`,
      cause: by,
      data: { returnId },
    });
    await tellReturnSaga(client, returned, { key, type: "cancelled" });
    return { status: "done" };
  });
}
