/**
 * A person says that a fulfillment order is picked and packed: one fact, written in one transaction.
 *
 * First come the stock commands, which may be repeated (`confirm-pick.ts`), then pick and pack together. A
 * crash in between leaves the work on the list of waiting work. If the pick were written alone, the work
 * would leave that list and nobody would pack it.
 *
 * Who packs may say which revision of the order they have seen. Another one is refused, with the number of
 * the newest: before a unit is taken, and again where they are packed. In between the order may still have
 * been readdressed; the units stay off the shelf, and packing again with the newest revision books them once.
 *
 * Where units are missing, what was found is packed all the same. A person may also vouch for what a robot
 * has picked, whose tote waits at the manual station.
 */

import type { PackingFindings } from "../../orders/fulfillment/packing-check.ts";
import { lockForPacking, type PackState, readPackState } from "../../store/floor/picking.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { recordPack, refuseHalted, refuseUnchecked } from "./confirm-pack.ts";
import { type PickedUnits, recordPick, refuseStale, takePick } from "./confirm-pick.ts";

type HandPacking = {
  readonly fulfillmentOrderId: string;
  /** Units taken per hold; `null`: all of them, or what was picked before. */
  readonly picked: readonly PickedUnits[] | null;
  /** Every hold of the fulfillment order, with what is asked for. */
  readonly holds: readonly PickedUnits[];
  /** As in `PackConfirmation`. */
  readonly findings?: PackingFindings;
  /** As in `PickConfirmation`. */
  readonly shortReason?: string;
  /** As in `PickConfirmation`; looked at again in the transaction that packs. */
  readonly revision?: number;
  /** `staff:<id>`. */
  readonly cause: string;
};

/** `short`: units were missing; what was found is packed, where anything was. */
type HandPacked = { readonly status: "done"; readonly short: boolean };

/** For whoever reads a count against the order: a count of another revision is no wrong count. */
export async function refuseStaleCount(
  { database }: OperationContext,
  fulfillmentOrderId: string,
  revision: number | undefined,
): Promise<Refusal | null> {
  return refuseStale(await readPackState(database, fulfillmentOrderId), revision);
}

export async function packByHand(
  context: OperationContext,
  input: HandPacking,
): Promise<HandPacked | Refusal> {
  const { fulfillmentOrderId, picked, holds, findings, ...by } = input;
  const state = await readPackState(context.database, fulfillmentOrderId);
  const halted = state === undefined ? null : refuseHalted(fulfillmentOrderId, state);
  if (halted !== null) return halted;
  // Before a unit is taken: whoever has forgotten the check does it, and says all of it again.
  const unchecked =
    state === undefined || state.packedUnder !== null
      ? null
      : refuseUnchecked(asSaid(state, picked), findings);
  if (unchecked !== null) return unchecked;
  const key = `${fulfillmentOrderId}:by-person`;
  const pick = { ...by, fulfillmentOrderId, picked: picked ?? holds, key: `${key}:pick` };
  const taken = await takePick(context, pick);
  const isVouchedFor = taken.status === "refused" && taken.code === "already_picked" && picked === null;
  if (taken.status === "refused" && !isVouchedFor) return taken;

  return inTransaction(context.database, async (client) => {
    await lockForPacking(client, fulfillmentOrderId);
    const stale = refuseStale(await readPackState(client, fulfillmentOrderId), input.revision);
    if (stale !== null) return stale;
    const recorded = taken.status === "taken" ? await recordPick(client, pick, taken.lines) : taken;
    if (recorded.status === "refused" && !isVouchedFor) return recorded;
    const short = recorded.status === "done" && recorded.short;
    if (taken.status === "taken" && taken.lines.every((line) => line.picked === 0))
      return { status: "done", short };
    const packed = await recordPack(client, {
      fulfillmentOrderId,
      verified: "by-person",
      ...(findings === undefined ? {} : { findings }),
      cause: input.cause,
      key: `${key}:pack`,
    });
    // A repeat finds nothing to pack where nothing was found.
    const isOver = packed.status === "refused" && packed.code === "fulfillment_order_closed" && short;
    return packed.status === "refused" && !isOver ? packed : { status: "done", short };
  });
}

/**
 * The lines with what the parcel will hold: what was picked before, or what the person says to have taken.
 */
function asSaid({ lines, isPicked }: PackState, picked: HandPacking["picked"]): PackState["lines"] {
  if (isPicked) return lines;
  const taken = (holdId: string) =>
    picked?.filter((one) => one.holdId === holdId).reduce((sum, one) => sum + one.quantity, 0);
  return lines.map((line) => ({ ...line, picked: taken(line.holdId) ?? line.quantity }));
}
