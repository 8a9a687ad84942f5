/**
 * A person says that a fulfillment order is picked and packed: one fact, written in one transaction.
 *
 * First come the stock commands, which may be repeated (`confirm-pick.ts`), then pick and pack together. A
 * crash in between leaves the work on the list of waiting work. If the pick were written alone, the work
 * would leave that list and nobody would pack it.
 *
 * What was picked short waits for the order's saga and for a person's decision; once it has been released to
 * the floor again, it is packed as it is. A person may also vouch for what a robot has picked, whose tote
 * waits at the manual station.
 */
import { isShortUndecided } from "../../store/floor/picking.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { recordPack } from "./confirm-pack.ts";
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

/** `short`: units were missing; nothing is packed before a person has decided. */
type HandPacked = { readonly status: "done"; readonly short: boolean };

export async function packByHand(
  context: OperationContext,
  input: HandPacking,
): Promise<HandPacked | Refusal> {
  const { fulfillmentOrderId, picked, holds, ...by } = input;
  const key = `${fulfillmentOrderId}:by-person`;
  const pick = { ...by, fulfillmentOrderId, picked: picked ?? holds, key: `${key}:pick` };
  const taken = await takePick(context, pick);
  const isVouchedFor = taken.status === "refused" && taken.code === "already_picked" && picked === null;
  if (taken.status === "refused" && !isVouchedFor) return taken;

  return inTransaction(context.database, async (client) => {
    if (taken.status === "taken") await recordPick(client, pick, taken.lines);
    if (!isVouchedFor && (await isShortUndecided(client, fulfillmentOrderId)))
      return { status: "done", short: true };
    const packed = await recordPack(client, {
      fulfillmentOrderId,
      verified: "by-person",
      cause: input.cause,
      key: `${key}:pack`,
    });
    return packed.status === "refused" ? packed : { status: "done", short: false };
  });
}
