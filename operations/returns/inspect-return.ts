/**
 * A person has looked at goods that came back and says what becomes of them, all at once or piece by piece.
 * Each inspection stands by itself: its saga takes the goods into the stock and refunds what it brought. To
 * correct one, it is reopened (`reopen-inspection.ts`).
 *
 * A line without a quantity means all units of it that wait for an inspection. Units that are missing need
 * not have come: then they are no longer awaited.
 */

import {
  awaitedUnits,
  type ReturnLine,
  standingPieces,
  uninspectedUnits,
} from "../../orders/return-authorization.ts";
import type { WantedWay } from "../../orders/returns/refund-way.ts";
import { unitsText } from "../../orders/units-text.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { recordInspection } from "../../store/returns/return-progress.ts";
import {
  findInspection,
  type LineMove,
  type NewPiece,
  type ReturnRecord,
  usableLocations,
} from "../../store/returns/returns.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellReturnSaga } from "../tell-saga.ts";
import { chooseRefundWay, writeRefundWay } from "./choose-refund-way.ts";
import { type LockedReturn, refusedUnlessApproved, withReturn } from "./with-return.ts";

/** What a person says of some units of a line. */
export type FoundUnits = Omit<NewPiece, "sku" | "quantity"> & { readonly quantity?: number };

type InspectReturnInput = WantedWay & {
  readonly returnId: string;
  readonly lines: readonly FoundUnits[];
  readonly note?: string;
  /**
   * Makes the inspection happen once. Lines without quantities need none: nothing of them is left to inspect.
   */
  readonly key?: string;
  readonly by: string;
};

type Inspected = { readonly status: "done"; readonly inspectionId: string | null };

export async function inspectReturn(
  context: OperationContext,
  input: InspectReturnInput,
): Promise<Inspected | Refusal> {
  const { returnId } = input;
  return withReturn(context, returnId, async (locked) => {
    const { client, order, returned } = locked;
    if (refusedUnlessApproved(returned) !== null)
      return refuse("return_not_received", `${returnId} is ${returned.status}.`);
    const earlier = input.key === undefined ? undefined : await findInspection(client, returnId, input.key);
    if (earlier !== undefined) return { status: "done", inspectionId: earlier };
    const found = foundPieces(returned, input.lines);
    if ("code" in found) return found;
    if (found.pieces.length === 0) return { status: "done", inspectionId: null };
    const refusal = await refusedLocation(locked, found.pieces);
    if (refusal !== null) return refusal;
    const way = await chooseRefundWay(client, order, input);
    if (way !== null && "code" in way) return way;

    await writeRefundWay(client, order, returned, way, input.by);
    const { inspectionId } = await recordInspection(client, order, returned, {
      ...found,
      key: input.key ?? `number ${returned.inspections.length + 1}`,
      by: input.by,
      note: input.note ?? "",
    });
    const results = found.pieces.map(
      ({ quantity, sku, disposition }) => `${quantity} × ${sku} ${disposition.replaceAll("_", " ")}`,
    );
    await recordEntry(client, {
      orderId: returned.orderId,
      key: `return-inspected:${inspectionId}`,
      type: "return.inspected",
      summary: `Return ${returnId} inspected: ${results.join(", ")}.`,
      cause: input.by,
      data: { returnId, inspectionId },
    });
    await tellReturnSaga(client, returned, { key: inspectionId, type: "inspected" });
    return { status: "done", inspectionId };
  });
}

type Found = { readonly pieces: readonly NewPiece[]; readonly moves: readonly LineMove[] };

/** Pieces as they are written, once everything that was said makes sense. */
function foundPieces(returned: ReturnRecord, said: readonly FoundUnits[]): Found | Refusal {
  const pieces: NewPiece[] = [];
  const moves: LineMove[] = [];
  for (const lineId of new Set(said.map((one) => one.lineId))) {
    const line = returned.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined)
      return refuse("line_not_found", `Line ${lineId} is not part of ${returned.returnId}.`);
    const ofLine = said.filter((one) => one.lineId === lineId);
    const isTorn =
      ofLine.some(({ quantity }) => quantity === undefined) &&
      ofLine.some(({ disposition }) => disposition !== ofLine[0]?.disposition);
    if (isTorn) return refuse("contradictory_inspection", `Line ${lineId} is given more than one result.`);
    const counted = ofLine.every(({ quantity }) => quantity === undefined)
      ? wholeLine(returned, line, ofLine[0] as FoundUnits)
      : ofLine;
    if ("code" in counted) return counted;
    const refusal = addPieces(returned, line, counted, pieces, moves);
    if (refusal !== null) return refusal;
  }
  return { pieces, moves };
}

/** One result for all units of a line that wait for one. */
function wholeLine(
  returned: ReturnRecord,
  line: ReturnLine,
  said: FoundUnits,
): readonly FoundUnits[] | Refusal {
  const waiting = uninspectedUnits(returned, line);
  if (waiting > 0) return [{ ...said, quantity: waiting }];
  if (said.disposition === "missing" && awaitedUnits(line) > 0)
    return [{ ...said, quantity: awaitedUnits(line) }];
  const before = standingPieces(returned, line.lineId);
  if (before.length === 0 && returned.lines.every(({ received }) => received === 0))
    return refuse("return_not_received", `${returned.returnId} is ${returned.status}.`);
  if (before.every(({ disposition }) => disposition === said.disposition)) return [];
  return refuse(
    "already_inspected",
    `All units of line ${line.lineId} that came were inspected. Reopen that inspection to correct it.`,
  );
}

function addPieces(
  returned: ReturnRecord,
  line: ReturnLine,
  said: readonly FoundUnits[],
  pieces: NewPiece[],
  moves: LineMove[],
): Refusal | null {
  let waiting = uninspectedUnits(returned, line);
  let awaited = awaitedUnits(line);
  for (const one of said) {
    const { quantity, serials = [], disposition } = one;
    if (quantity === undefined)
      return refuse("invalid_quantity", `Line ${line.lineId}: how many units are ${disposition}?`);
    if (!Number.isSafeInteger(quantity) || quantity < 1)
      return refuse("invalid_quantity", `Line ${line.lineId}: ${quantity} is not a number of units.`);
    if (serials.length > 0 && new Set(serials).size !== quantity)
      return refuse(
        "invalid_quantity",
        `Line ${line.lineId}: ${unitsText(quantity)}, ${serials.length} serials.`,
      );
    const here = Math.min(quantity, waiting);
    const neverCame = quantity - here;
    if (neverCame > 0 && (disposition !== "missing" || neverCame > awaited))
      return refuse(
        returned.lines.every(({ received }) => received === 0)
          ? "return_not_received"
          : "quantity_exceeds_received",
        `Line ${line.lineId}: ${quantity} ${disposition}, but ${here} wait for an inspection.`,
      );
    waiting -= here;
    awaited -= neverCame;
    if (disposition === "missing") moves.push({ lineId: line.lineId, received: -here, dismissed: quantity });
    pieces.push({ ...one, sku: line.sku, quantity });
  }
  return null;
}

async function refusedLocation(
  { client, order }: LockedReturn,
  pieces: readonly NewPiece[],
): Promise<Refusal | null> {
  const named = pieces.flatMap(({ locationId }) => (locationId === undefined ? [] : [locationId]));
  if (named.length === 0) return null;
  const usable = await usableLocations(client, order.document.companyId, named);
  const other = named.find((locationId) => !usable.has(locationId));
  return other === undefined ? null : refuse("location_not_usable", `Returned goods cannot go to ${other}.`);
}
