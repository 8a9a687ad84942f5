/**
 * A tote moves on a conveyor: it is seen on the loop, and it leaves by one of the exits. The stage of its
 * fulfillment order moves with it, forward only, and the timeline says where it went.
 *
 * Runs in the transaction that marks the conveyor's message as taken, so that each move is recorded once. An
 * unknown tote changes nothing.
 * once. A tote that nobody knows changes nothing.
 */
import { advanceStage, findTote, type ToteOnTheFloor } from "../../store/floor/floor-tasks.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import type { Queryable } from "../../store/sql/database.ts";

/** The conveyor has read the tote's licence plate. */
export async function toteOnConveyor(client: Queryable, lpn: string): Promise<ToteOnTheFloor | undefined> {
  const tote = await findTote(client, lpn);
  if (tote !== undefined) await advanceStage(client, tote.fulfillmentOrderId, "conveying");
  return tote;
}

type ToteExit = {
  readonly lpn: string;
  readonly exit: string;
  /** Whether a portal reads the tags there; else the tote waits for a person. */
  readonly isGuarded: boolean;
  readonly cause: string;
};

export async function toteAtExit(
  client: Queryable,
  { lpn, exit, isGuarded, cause }: ToteExit,
): Promise<void> {
  const tote = await findTote(client, lpn);
  if (tote === undefined) return;
  if (isGuarded) await advanceStage(client, tote.fulfillmentOrderId, "verifying");
  await recordEntry(client, {
    orderId: tote.orderId,
    key: `diverted:${tote.fulfillmentOrderId}:${exit}`,
    type: "fulfillment.diverted",
    summary: `Tote ${tote.handlingUnit} at ${isGuarded ? `pack-out ${exit}` : `exit ${exit}`}`,
    cause,
    data: { fulfillmentOrderId: tote.fulfillmentOrderId, lane: exit },
  });
}
