/**
 * A tote went through a portal and did not come out right: the timeline says what was read, and what happens
 * to the tote. One entry a passage, however often it is reported; the order itself does not change.
 */
import { recordEntry } from "../../store/orders/timeline.ts";
import type { FloorContext } from "../context.ts";

export type ToteNotVerified = {
  readonly orderId: string;
  readonly fulfillmentOrderId: string;
  /** Names the passage: the portal, and when the tote entered it. */
  readonly passage: string;
  /** What is missing, extra or in the way, for a person. */
  readonly detail: string;
  /** Whether a conveyor takes it to the portal again; else a person has to. */
  readonly isSentRound: boolean;
  /** `device:<id>`. */
  readonly cause: string;
};

export async function toteNotVerified(context: FloorContext, input: ToteNotVerified): Promise<void> {
  const next = input.isSentRound
    ? "sent round to be read again"
    : "no conveyor can send it round: it has to be taken through again";
  await recordEntry(context.database, {
    orderId: input.orderId,
    key: `not-verified:${input.fulfillmentOrderId}:${input.passage}`,
    type: "fulfillment.not_verified",
    summary: `Not verified: ${input.detail}; ${next}`,
    cause: input.cause,
    data: { fulfillmentOrderId: input.fulfillmentOrderId, detail: input.detail },
  });
}

/** Its tags are what was picked. It has goods without tags as well, which whoever packs it has to check. */
export async function toteLeftToPerson(
  context: FloorContext,
  input: Pick<ToteNotVerified, "orderId" | "fulfillmentOrderId" | "detail" | "cause">,
): Promise<void> {
  const { orderId, fulfillmentOrderId, detail, cause } = input;
  await recordEntry(context.database, {
    orderId,
    key: `left-to-person:${fulfillmentOrderId}`,
    type: "fulfillment.left_to_person",
    summary: `Its tags are right. Goods without tags are checked by whoever packs it: ${detail}.`,
    cause,
    data: { fulfillmentOrderId, detail },
  });
}
