/**
 * The floor could not finish a fulfillment order and a person or the saga has to decide: the timeline says why and the
 * saga gets the signal `floor-exception`. Repeating a key changes nothing.
 */
import { inTransaction } from "../store/database.ts";
import { writeOutbox } from "../store/outbox.ts";
import type { OrderMessage } from "../workflows/messages.ts";
import type { OperationContext } from "./context.ts";

export type FloorException = {
  readonly fulfillmentOrderId: string;
  readonly code: "verification_failed" | "device_failure";
  /** What is wrong, for a person: which SKU is missing, which device failed how. */
  readonly detail: string;
  readonly cause: string;
  readonly key: string;
};

export async function reportFloorException(
  context: OperationContext,
  input: FloorException,
): Promise<{ readonly status: "done" }> {
  return inTransaction(context.database, async (client) => {
    const entry = await client.query<{ orderId: string }>(
      `insert into order_event (order_id, key, type, summary, cause, data)
       select order_id, $2, 'fulfillment.exception', $3, $4, $5 from fulfillment_order where id = $1
       on conflict do nothing returning order_id as "orderId"`,
      [
        input.fulfillmentOrderId,
        input.key,
        input.code === "verification_failed"
          ? `Verification failed: ${input.detail}`
          : `The floor failed: ${input.detail}`,
        input.cause,
        JSON.stringify({ fulfillmentOrderId: input.fulfillmentOrderId, code: input.code }),
      ],
    );
    const orderId = entry.rows[0]?.orderId;
    if (orderId === undefined) return { status: "done" };
    const message: OrderMessage = {
      key: input.key,
      type: "floor-exception",
      fulfillmentOrderId: input.fulfillmentOrderId,
      code: input.code,
      detail: input.detail,
    };
    await writeOutbox(client, [
      {
        key: input.key,
        topic: "workflow.signal",
        payload: { workflowId: orderId, signal: "orderMessage", message },
      },
    ]);
    return { status: "done" };
  });
}
