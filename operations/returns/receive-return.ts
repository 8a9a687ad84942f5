/**
 * Goods of a return come in at the dock: all at once, parcel by parcel, or late, when they were no longer
 * awaited. What is counted is what was really in the parcel, and each parcel is counted once, by its key.
 *
 * A caller that gives no key means: this is the first time, or a repeat from before anything more was
 * inspected. Then the same units are the same parcel.
 */
import { returnable } from "../../orders/line-ledger.ts";
import { awaitedUnits } from "../../orders/return-authorization.ts";
import { unitsText } from "../../orders/units-text.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { receiveUnits } from "../../store/returns/return-progress.ts";
import { addReceipt, hasReceipt, type ReturnRecord } from "../../store/returns/returns.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellReturnSaga } from "../tell-saga.ts";
import { type LockedReturn, refusedUnlessApproved, withReturn } from "./with-return.ts";

type Units = readonly { readonly lineId: string; readonly quantity: number }[];

type ReceiveReturnInput = {
  readonly returnId: string;
  /** What was in this parcel; a line that is left out was not in it. Absent: everything that is awaited. */
  readonly lines?: Units;
  readonly key?: string;
  readonly by: string;
};

type Received = { readonly status: "done" };

export async function receiveReturn(
  context: OperationContext,
  input: ReceiveReturnInput,
): Promise<Received | Refusal> {
  return withReturn(context, input.returnId, async (locked) => {
    const refusal = refusedUnlessApproved(locked.returned);
    if (refusal !== null) return refusal;
    const units = input.lines === undefined ? allAwaited(locked.returned) : summed(input.lines);
    if (input.lines === undefined && units.length === 0) return { status: "done" };
    return takeIn(locked, { units, key: input.key ?? keyOf(locked.returned, units), by: input.by });
  });
}

/** Counts a parcel. Everything is looked at before anything is written. */
export async function takeIn(
  locked: LockedReturn,
  parcel: { readonly units: Units; readonly key: string; readonly by: string },
): Promise<Received | Refusal> {
  const { client, order, returned } = locked;
  const { returnId, orderId } = returned;
  if (await hasReceipt(client, returnId, parcel.key)) return { status: "done" };
  const counted = split(locked, parcel.units);
  if (!Array.isArray(counted)) return counted;
  await addReceipt(client, { returnId, ...parcel });
  await receiveUnits(client, order, returned, counted);
  const units = counted.reduce((sum, { quantity }) => sum + quantity, 0);
  const late = counted.reduce((sum, unit) => sum + unit.late, 0);
  const key = `return-received:${returnId}:${parcel.key}`;
  await recordEntry(client, {
    orderId,
    key,
    type: "return.received",
    summary:
      units === 0
        ? `A parcel of return ${returnId} was empty.`
        : `Return ${returnId} received with ${unitsText(units)}${late > 0 ? `, ${late} of them late` : ""}.`,
    cause: parcel.by,
    data: { returnId, units },
  });
  await tellReturnSaga(client, returned, { key, type: "received" });
  return { status: "done" };
}

/** How many units of each line come late. Those that are awaited come first. */
function split(
  { order, returned }: LockedReturn,
  units: Units,
): { lineId: string; quantity: number; late: number }[] | Refusal {
  const counted: { lineId: string; quantity: number; late: number }[] = [];
  for (const { lineId, quantity } of units) {
    const line = returned.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined)
      return refuse(
        "line_not_found",
        `Line ${lineId} is not part of ${returned.returnId}. Put its units aside as unknown.`,
      );
    const awaited = awaitedUnits(line);
    const late = Math.max(0, quantity - awaited);
    if (!Number.isSafeInteger(quantity) || quantity < 0 || late > line.dismissed)
      return refuse(
        "invalid_quantity",
        `Line ${lineId}: ${quantity} came, ${awaited + line.dismissed} can still come. Put the others aside as unknown.`,
      );
    const ordered = order.lines.find((candidate) => candidate.lineId === lineId);
    if (late > 0 && (ordered === undefined || returnable(ordered) < late))
      return refuse("not_returnable", `Line ${lineId}: ${late} late, but announced with another return.`);
    counted.push({ lineId, quantity, late });
  }
  return counted;
}

function allAwaited({ lines }: ReturnRecord): Units {
  return lines
    .map((line) => ({ lineId: line.lineId, quantity: awaitedUnits(line) }))
    .filter(({ quantity }) => quantity > 0);
}

function summed(units: Units): Units {
  const sums = new Map<string, number>();
  for (const { lineId, quantity } of units) sums.set(lineId, (sums.get(lineId) ?? 0) + quantity);
  return [...sums].map(([lineId, quantity]) => ({ lineId, quantity }));
}

function keyOf({ inspections }: ReturnRecord, units: Units): string {
  const named = [...units]
    .sort((a, b) => (a.lineId < b.lineId ? -1 : 1))
    .map(({ lineId, quantity }) => [lineId, quantity]);
  return `after ${inspections.length}: ${JSON.stringify(named)}`.slice(0, 2_000);
}
