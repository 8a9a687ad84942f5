/**
 * The floor could not finish a fulfillment order, and the saga or a person has to decide. The timeline says
 * why, and the saga gets the signal `floor-exception`.
 *
 * What robots could not fetch comes from another place, where one has it; nobody has to decide then.
 *
 * There is one exception at a time. A second report changes nothing until the saga has halted the fulfillment
 * order and a person has released it again; the number in the key counts these rounds.
 */
import { pickupPlaceOf } from "../../orders/fulfillment/collection.ts";
import { readExceptions, readPickLines } from "../../store/floor/picking.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { recordEntry, recordQuote } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { FloorContext } from "../context.ts";
import { giveUp } from "../shortage/give-up.ts";
import { tellOrderSaga } from "../tell-saga.ts";

type FloorException = {
  readonly fulfillmentOrderId: string;
  readonly code: "verification_failed" | "device_failure" | "provider_refused";
  /** What is wrong, for a person: which SKU is missing, which device failed how, what a provider said. */
  readonly detail: string;
  /** `device:<id>` or `provider:<name>`. */
  readonly cause: string;
};

const FAILED = {
  verification_failed: "Verification failed",
  device_failure: "The floor failed",
  provider_refused: "Whoever runs the location does not send it",
} as const satisfies Record<FloorException["code"], string>;

export async function reportFloorException(
  context: FloorContext,
  input: FloorException,
): Promise<{ readonly status: "done" }> {
  if (input.code === "device_failure" && (await isElsewhere(context, input.fulfillmentOrderId))) {
    const { fulfillmentOrderId, cause: by } = input;
    if (await giveUp(context, { fulfillmentOrderId, reason: "robot_fault", by })) return { status: "done" };
  }
  return inTransaction(context.database, async (client) => {
    const order = await readExceptions(client, input.fulfillmentOrderId);
    if (order === undefined) return { status: "done" };
    const key = `floor-exception:${input.fulfillmentOrderId}:${order.settled + 1}`;
    // A provider's words may quote what it was sent.
    const record = input.code === "provider_refused" ? recordQuote : recordEntry;
    const isNew = await record(client, {
      orderId: order.orderId,
      key,
      type: "fulfillment.exception",
      summary: `${FAILED[input.code]}: ${input.detail}`,
      cause: input.cause,
      data: { fulfillmentOrderId: input.fulfillmentOrderId, code: input.code },
    });
    if (!isNew) return { status: "done" };
    await tellOrderSaga(client, order.orderId, {
      key,
      type: "floor-exception",
      fulfillmentOrderId: input.fulfillmentOrderId,
      code: input.code,
      detail: input.detail,
    });
    return { status: "done" };
  });
}

/** Whether other places have all that it asks for, and it may come from there. */
async function isElsewhere({ database, allocator }: FloorContext, id: string): Promise<boolean> {
  const lines = await readPickLines(database, id);
  const order = lines[0] === undefined ? undefined : await readOrderProgress(database, lines[0].orderId);
  if (order === undefined || pickupPlaceOf(order.document) !== null) return false;
  const enough = await Promise.all(
    lines.map(async ({ sku, locationId, quantity }) => {
      const others = (await allocator.availableByLocation(sku)).filter((at) => at.locationId !== locationId);
      return others.reduce((sum, { available }) => sum + Math.max(0, available), 0) >= quantity;
    }),
  );
  return enough.every(Boolean);
}
