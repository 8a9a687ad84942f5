/**
 * The floor could not finish a fulfillment order and the saga, or a person, has to decide: the timeline says why and
 * the saga gets the signal `floor-exception`.
 *
 * There is one exception at a time: reporting again changes nothing until the fulfillment order has moved since
 * (halted by the saga and released by a person), which is what the number in the key counts.
 */

import { recordEntry } from "../../store/orders/timeline.ts";
import { writeOutbox } from "../../store/outbox.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OrderMessage } from "../../workflows/messages.ts";
import type { OperationContext } from "../context.ts";

export type FloorException = {
  readonly fulfillmentOrderId: string;
  readonly code: "verification_failed" | "device_failure";
  /** What is wrong, for a person: which SKU is missing, which device failed how. */
  readonly detail: string;
  /** `device:<id>`. */
  readonly cause: string;
};

export async function reportFloorException(
  context: OperationContext,
  input: FloorException,
): Promise<{ readonly status: "done" }> {
  return inTransaction(context.database, async (client) => {
    const { rows } = await client.query<{ orderId: string; settled: number }>(
      `select f.order_id as "orderId",
         (select count(*)::integer from order_event e
          where e.order_id = f.order_id and e.type = 'fulfillment.exception'
            and e.data->>'fulfillmentOrderId' = f.id and e.at < f.updated_at) as settled
       from fulfillment_order f where f.id = $1 and f.status in ('open', 'in_progress')`,
      [input.fulfillmentOrderId],
    );
    const [order] = rows;
    if (order === undefined) return { status: "done" };
    const key = `floor-exception:${input.fulfillmentOrderId}:${order.settled + 1}`;
    const isNew = await recordEntry(client, {
      orderId: order.orderId,
      key,
      type: "fulfillment.exception",
      summary:
        input.code === "verification_failed"
          ? `Verification failed: ${input.detail}`
          : `The floor failed: ${input.detail}`,
      cause: input.cause,
      data: { fulfillmentOrderId: input.fulfillmentOrderId, code: input.code },
    });
    if (!isNew) return { status: "done" };
    const message: OrderMessage = {
      key,
      type: "floor-exception",
      fulfillmentOrderId: input.fulfillmentOrderId,
      code: input.code,
      detail: input.detail,
    };
    await writeOutbox(client, [
      {
        key,
        topic: "workflow.signal",
        payload: { workflowId: order.orderId, signal: "orderMessage", message },
      },
    ]);
    return { status: "done" };
  });
}
