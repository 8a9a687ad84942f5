/**
 * What moves the units of a return: they are announced, come, are inspected, or are no longer awaited. Each
 * move writes the return's lines, its order's ledger, what the units are worth and the status that follows,
 * in one go.
 *
 * Decides nothing: the operations say whether a move may be made; `orders/return-authorization.ts` says what
 * status follows. The caller holds the locks of the order and of the return, and makes one move in its
 * transaction.
 */
import { adding, type LedgerChange } from "../../orders/line-ledger.ts";
import { valueOfUnits } from "../../orders/line-value.ts";
import {
  awaitedUnits,
  hasBegun,
  type ReturnAuthorizationStatus,
  type ReturnPiece,
  returnStatus,
} from "../../orders/return-authorization.ts";
import { changeOrder, type OrderProgress } from "../orders/order-progress.ts";
import type { Queryable } from "../sql/database.ts";
import {
  addInspection,
  addReturnLines,
  type LineMove,
  markReopened,
  moveLines,
  type NewPiece,
  type NewReturn,
  type ReturnRecord,
  readReturn,
  setReturnStatus,
  setReturnValue,
  touchReturn,
} from "./returns.ts";

type Units = { readonly lineId: string; readonly quantity: number };

/** Writes the status that follows from what the return has come to, and says what the return is now. */
export async function settleStatus(client: Queryable, returnId: string): Promise<ReturnRecord> {
  const now = (await readReturn(client, returnId)) as ReturnRecord;
  const status = returnStatus(now);
  if (status !== now.status) await setReturnStatus(client, returnId, status);
  return { ...now, status };
}

/** Units came in; those that were no longer awaited are `late`. */
export async function receiveUnits(
  client: Queryable,
  order: OrderProgress,
  returned: ReturnRecord,
  units: readonly (Units & { readonly late: number })[],
): Promise<ReturnRecord> {
  await moveLines(
    client,
    returned.returnId,
    units.map(({ lineId, quantity, late }) => ({ lineId, received: quantity, dismissed: -late })),
  );
  await touchReturn(client, returned.returnId);
  const late = units.map((unit) => ({ lineId: unit.lineId, quantity: -unit.late }));
  if (late.some(({ quantity }) => quantity < 0))
    await changeOrder(client, order, { ledger: adding(late, "returnDismissed") });
  return settleStatus(client, returned.returnId);
}

/** More of the order is announced with the return. */
export async function announceMore(
  client: Queryable,
  order: OrderProgress,
  returned: ReturnRecord,
  lines: NewReturn["lines"],
): Promise<void> {
  await addReturnLines(client, returned.returnId, lines);
  await changeOrder(client, order, { ledger: adding(lines, "returnRequested") });
}

export type Inspected = { readonly inspectionId: string; readonly returned: ReturnRecord };

/**
 * A person has found this.
 *
 * @param moves of the lines: what was missing has not come
 */
export async function recordInspection(
  client: Queryable,
  order: OrderProgress,
  returned: ReturnRecord,
  found: {
    readonly key: string;
    readonly by: string;
    readonly note: string;
    readonly pieces: readonly NewPiece[];
    readonly moves: readonly LineMove[];
  },
): Promise<Inspected> {
  const { returnId } = returned;
  const inspectionId = await addInspection(client, { returnId, ...found });
  await moveLines(client, returnId, found.moves);
  await count(client, order, returned, found.pieces, 1);
  return { inspectionId, returned: await settleStatus(client, returnId) };
}

/**
 * What was found is taken back: its units wait for an inspection again. The saga takes them out of the stock.
 */
export async function reopenInspection(
  client: Queryable,
  order: OrderProgress,
  returned: ReturnRecord,
  reopened: { readonly inspectionId: string; readonly pieces: readonly ReturnPiece[]; readonly by: string },
): Promise<ReturnRecord> {
  const { returnId } = returned;
  await markReopened(client, reopened.inspectionId, reopened.by);
  const missing = reopened.pieces.filter(({ disposition }) => disposition === "missing");
  await moveLines(
    client,
    returnId,
    missing.map(({ lineId, quantity }) => ({ lineId, received: quantity, dismissed: -quantity })),
  );
  await count(client, order, returned, reopened.pieces, -1);
  return settleStatus(client, returnId);
}

/** What has not come is no longer awaited. */
export async function dismissRest(
  client: Queryable,
  order: OrderProgress,
  returned: ReturnRecord,
): Promise<ReturnRecord> {
  if (!hasBegun(returned)) return withdrawReturn(client, order, returned, "cancelled");
  const rest = returned.lines.map((line) => ({ lineId: line.lineId, quantity: awaitedUnits(line) }));
  await moveLines(
    client,
    returned.returnId,
    rest.map(({ lineId, quantity }) => ({ lineId, dismissed: quantity })),
  );
  await changeOrder(client, order, { ledger: adding(rest, "returnDismissed") });
  return settleStatus(client, returned.returnId);
}

/** Nothing of the return has come, nor will: its units can be announced again. */
export async function withdrawReturn(
  client: Queryable,
  order: OrderProgress,
  returned: ReturnRecord,
  status: Extract<ReturnAuthorizationStatus, "cancelled" | "declined">,
): Promise<ReturnRecord> {
  await setReturnStatus(client, returned.returnId, status);
  await changeOrder(client, order, { ledger: adding(announced(returned, -1), "returnRequested") });
  return { ...returned, status };
}

/** A person overrules that the return was declined: its units are announced again. */
export async function announceAgain(
  client: Queryable,
  order: OrderProgress,
  returned: ReturnRecord,
): Promise<void> {
  await changeOrder(client, order, { ledger: adding(announced(returned, 1), "returnRequested") });
}

function announced({ lines }: ReturnRecord, sign: 1 | -1): readonly Units[] {
  return lines.map((line) => ({ lineId: line.lineId, quantity: sign * line.requested }));
}

/**
 * Counts the pieces of an inspection in the order's ledger and in the return's value, or takes them back out.
 * Values are differences of cumulative ones, so that all pieces of a line add up to the line.
 */
async function count(
  client: Queryable,
  order: OrderProgress,
  returned: ReturnRecord,
  pieces: readonly Pick<NewPiece, "lineId" | "quantity" | "disposition">[],
  sign: 1 | -1,
): Promise<void> {
  const changes = new Map<string, { returnReceived: number; returnDismissed: number }>();
  for (const { lineId, quantity, disposition } of pieces) {
    const change = changes.get(lineId) ?? { returnReceived: 0, returnDismissed: 0 };
    if (disposition === "missing") change.returnDismissed += sign * quantity;
    else change.returnReceived += sign * quantity;
    changes.set(lineId, change);
  }
  const ledger = ({ lineId }: { readonly lineId: string }): LedgerChange => changes.get(lineId) ?? {};
  if (returned.valueMinor !== null) {
    const brought = order.lines.reduce((sum, line) => {
      const units = ledger(line).returnReceived ?? 0;
      const before = line.returnReceived;
      return sum + valueOfUnits(line, before, before + units, order.currency, order.exponent);
    }, 0);
    await setReturnValue(client, returned.returnId, returned.valueMinor + brought);
  }
  await changeOrder(client, order, { ledger });
}
