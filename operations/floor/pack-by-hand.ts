/**
 * A person says that a fulfillment order is picked and packed: one fact, written in one transaction.
 *
 * First come the stock commands, which may be repeated (`confirm-pick.ts`), then pick and pack together. A
 * crash in between leaves the work on the list of waiting work. If the pick were written alone, the work
 * would leave that list and nobody would pack it.
 *
 * Where units are missing, what was found is packed all the same. A person may also vouch for what a robot
 * has picked, whose tote waits at the manual station.
 */
import { readPackState } from "../../store/floor/picking.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { recordPack, refuseHalted } from "./confirm-pack.ts";
import { type PickedUnits, recordPick, takePick } from "./confirm-pick.ts";

type HandPacking = {
  readonly fulfillmentOrderId: string;
  /** Units taken per hold; `null`: all of them, or what was picked before. */
  readonly picked: readonly PickedUnits[] | null;
  /** Every hold of the fulfillment order, with what is asked for. */
  readonly holds: readonly PickedUnits[];
  /** As in `PickConfirmation`. */
  readonly shortReason?: string;
  /** `staff:<id>`. */
  readonly cause: string;
};

/** `short`: units were missing; what was found is packed, where anything was. */
type HandPacked = { readonly status: "done"; readonly short: boolean };

export async function packByHand(
  context: OperationContext,
  input: HandPacking,
): Promise<HandPacked | Refusal> {
  const { fulfillmentOrderId, picked, holds, ...by } = input;
  const state = await readPackState(context.database, fulfillmentOrderId);
  const halted = state === undefined ? null : refuseHalted(fulfillmentOrderId, state);
  if (halted !== null) return halted;
  const key = `${fulfillmentOrderId}:by-person`;
  const pick = { ...by, fulfillmentOrderId, picked: picked ?? holds, key: `${key}:pick` };
  const taken = await takePick(context, pick);
  const isVouchedFor = taken.status === "refused" && taken.code === "already_picked" && picked === null;
  if (taken.status === "refused" && !isVouchedFor) return taken;

  return inTransaction(context.database, async (client) => {
    const recorded = taken.status === "taken" ? await recordPick(client, pick, taken.lines) : taken;
    if (recorded.status === "refused" && !isVouchedFor) return recorded;
    const short = recorded.status === "done" && recorded.short;
    if (taken.status === "taken" && taken.lines.every((line) => line.picked === 0))
      return { status: "done", short };
    const packed = await recordPack(client, {
      fulfillmentOrderId,
      verified: "by-person",
      cause: input.cause,
      key: `${key}:pack`,
    });
    // A repeat finds nothing to pack where nothing was found.
    const isOver = packed.status === "refused" && packed.code === "fulfillment_order_closed" && short;
    return packed.status === "refused" && !isOver ? packed : { status: "done", short };
  });
}
