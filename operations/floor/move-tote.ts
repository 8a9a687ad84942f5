/**
 * Totes move on conveyors: they are seen on the loop, and they leave by one of the exits. The stage of a
 * tote's fulfillment order moves with it, forward only, and the timeline says where it went.
 *
 * Runs in the transaction that marks the conveyors' messages as taken, so that each move is recorded once.
 * The caller has made sure that the totes are of the conveyor's own site.
 */
import { advanceStages, type ToteOnTheFloor } from "../../store/floor/floor-tasks.ts";
import { recordEntries } from "../../store/orders/timeline.ts";
import type { Queryable } from "../../store/sql/database.ts";

export type ToteMove = { readonly tote: ToteOnTheFloor; readonly cause: string } & (
  | { readonly kind: "seen" }
  | {
      readonly kind: "left";
      readonly exit: string;
      /** Whether a portal reads the tags there; else the tote waits for a person. */
      readonly isGuarded: boolean;
    }
  | {
      /** It has gone round so often that it is sent to another exit. */
      readonly kind: "went_round";
      readonly exit: string;
      readonly rounds: number;
    }
);

/** In the order in which they happened. */
export async function moveTotes(client: Queryable, moves: readonly ToteMove[]): Promise<void> {
  const stages = new Map<string, "conveying" | "verifying">();
  for (const move of moves) {
    const id = move.tote.fulfillmentOrderId;
    if (move.kind === "left" && move.isGuarded) stages.set(id, "verifying");
    else if (move.kind === "seen" && !stages.has(id)) stages.set(id, "conveying");
  }
  await advanceStages(client, stages);
  await recordEntries(
    client,
    moves.flatMap((move) => (move.kind === "seen" ? [] : [entryOf(move)])),
  );
}

function entryOf(move: Exclude<ToteMove, { readonly kind: "seen" }>) {
  const { tote, cause, exit } = move;
  const { orderId, fulfillmentOrderId, handlingUnit } = tote;
  const entry = {
    orderId,
    type: "fulfillment.diverted",
    cause,
    data: { fulfillmentOrderId, lane: exit },
  };
  if (move.kind === "left") {
    const where = move.isGuarded ? `pack-out ${exit}` : `exit ${exit}`;
    return {
      ...entry,
      key: `diverted:${fulfillmentOrderId}:${exit}`,
      summary: `Tote ${handlingUnit} at ${where}`,
    };
  }
  return {
    ...entry,
    key: `went-round:${fulfillmentOrderId}:${cause}:${exit}`,
    summary: `Tote ${handlingUnit} came round ${move.rounds} times without leaving; sent to exit ${exit}`,
  };
}
