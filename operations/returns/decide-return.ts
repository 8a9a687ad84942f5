/**
 * A person decides about a return: one that the rules leave to a person, or one that they have declined. What
 * was approved is no longer declined, but closed or cancelled.
 */
import { returnable } from "../../orders/line-ledger.ts";
import type { WantedWay } from "../../orders/returns/refund-way.ts";
import { recordQuote } from "../../store/orders/timeline.ts";
import { announceAgain, withdrawReturn } from "../../store/returns/return-progress.ts";
import { setDecision } from "../../store/returns/returns.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellReturnSaga } from "../tell-saga.ts";
import { chooseRefundWay, writeRefundWay } from "./choose-refund-way.ts";
import { type LockedReturn, withReturn } from "./with-return.ts";

type DecisionInput = { readonly returnId: string; readonly why: string; readonly by: string };

type Decided = { readonly status: "done" };

export async function approveReturn(
  context: OperationContext,
  { returnId, why, by, ...wanted }: DecisionInput & WantedWay,
): Promise<Decided | Refusal> {
  return withReturn(context, returnId, async (locked) => {
    const { client, order, returned } = locked;
    if (returned.status === "cancelled")
      return refuse("return_already_decided", `${returnId} is ${returned.status}.`);
    const way = await chooseRefundWay(client, order, { ...wanted, by });
    if (way !== null && "code" in way) return way;
    if (returned.status !== "requested" && returned.status !== "declined") {
      // The rules may have approved it before: what was said of the money counts all the same.
      await writeRefundWay(client, order, returned, way, by);
      return { status: "done" };
    }
    if (returned.status === "declined") {
      const gone = returned.lines.find((line) => {
        const ordered = order.lines.find(({ lineId }) => lineId === line.lineId);
        return ordered === undefined || returnable(ordered) < line.requested;
      });
      if (gone !== undefined)
        return refuse("not_returnable", `Line ${gone.lineId} was announced with another return meanwhile.`);
      await announceAgain(client, order, returned);
    }
    await writeRefundWay(client, order, returned, way, by);
    await decided(locked, "approved", why === "" ? "Approved by a person." : why, by);
    return { status: "done" };
  });
}

export async function declineReturn(
  context: OperationContext,
  { returnId, why, by }: DecisionInput,
): Promise<Decided | Refusal> {
  return withReturn(context, returnId, async (locked) => {
    const { client, order, returned } = locked;
    if (returned.status === "declined") return { status: "done" };
    if (returned.status !== "requested")
      return refuse("return_already_decided", `${returnId} is ${returned.status}.`);
    await withdrawReturn(client, order, returned, "declined");
    await decided(locked, "declined", why, by);
    return { status: "done" };
  });
}

async function decided(
  { client, order, returned }: LockedReturn,
  status: "approved" | "declined",
  why: string,
  by: string,
): Promise<void> {
  const { returnId, orderId } = returned;
  await setDecision(client, returnId, { status, detail: why, waitsForPerson: false });
  // What was declined can be approved afterwards: one entry for each.
  const key = `return-${status}:${returnId}:${order.version}`;
  await recordQuote(client, {
    orderId,
    key,
    type: `return.${status}`,
    summary: `Return ${returnId} ${status}: ${why}`,
    cause: by,
    data: { returnId },
  });
  await tellReturnSaga(client, returned, { key, type: "decided" });
}
