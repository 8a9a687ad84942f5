/** What people, floor and carrier do to an order in a test. Each waits until the saga is ready for it. */
import { combineOrders } from "../operations/fulfillment/combine-orders.ts";
import { requestCancellation } from "../operations/holds/cancel-order.ts";
import { eventually, type SagaWorld } from "./saga-world.ts";

export async function onTheFloor(world: SagaWorld, fulfillmentOrderId: string): Promise<void> {
  await eventually(`${fulfillmentOrderId} on the floor`, async () => {
    const { rowCount } = await world.database.query(
      "select from fulfillment_order where id = $1 and status = 'in_progress'",
      [fulfillmentOrderId],
    );
    return rowCount === 1;
  });
}

export async function pack(world: SagaWorld, fulfillmentOrderId: string): Promise<void> {
  await onTheFloor(world, fulfillmentOrderId);
  await world.pack(fulfillmentOrderId);
}

export async function shipped(world: SagaWorld, shipmentId: string): Promise<void> {
  await eventually(`${shipmentId} shipped`, async () => {
    const { rowCount } = await world.database.query(
      "select from shipment where id = $1 and shipped_at is not null",
      [shipmentId],
    );
    return rowCount === 1;
  });
}

export async function deliver(world: SagaWorld, shipmentId: string): Promise<void> {
  await shipped(world, shipmentId);
  await world.track(shipmentId, "delivered");
}

/** Waits until the payment provider has recorded this charge, whether or not we know of it. */
export async function charged(world: SagaWorld, key: string): Promise<void> {
  await eventually(`the charge ${key}`, async () => world.outside.charges.has(key));
}

/** Waits until the order is on hold, for this reason where one is given. */
export async function held(world: SagaWorld, orderId: string, code?: string): Promise<void> {
  await eventually(`${orderId} on hold`, async () => {
    const { rows } = await world.database.query<{ codes: string[] }>(
      `select array(select jsonb_array_elements(hold_reasons)->>'code') as codes from orders
       where id = $1 and status = 'on_hold'`,
      [orderId],
    );
    return rows.length === 1 && (code === undefined || (rows[0]?.codes.includes(code) ?? false));
  });
}

/** A person clears every hold reason. */
export async function release(world: SagaWorld, orderId: string): Promise<void> {
  await world.database.query("update orders set hold_reasons = '[]' where id = $1", [orderId]);
  await world.tell(orderId, { key: `release-${performance.now()}`, type: "hold-released" });
}

export async function cancel(world: SagaWorld, orderId: string): Promise<void> {
  const reason = "Changed my mind.";
  await world.tell(orderId, { key: "cancel-1", type: "cancel-requested", reason, by: "shopper" });
}

/** The result of a saga, once it has ended. */
export async function outcomeOf(world: SagaWorld, workflowId: string): Promise<unknown> {
  const handle = world.client.workflow.getHandle(workflowId);
  return eventually(`${workflowId} ends`, async () => {
    const description = await handle.describe().catch(() => undefined);
    if (description === undefined || description.status.name === "RUNNING") return undefined;
    return handle.result();
  });
}

/** Types of the timeline's entries in order, without the mails, which go out beside the steps. */
export async function timeline(world: SagaWorld, orderId: string): Promise<readonly string[]> {
  const { rows } = await world.database.query<{ type: string }>(
    "select type from order_event where order_id = $1 and type <> 'notification.sent' order by tx, id",
    [orderId],
  );
  return rows.map((row) => row.type);
}

/** Waits until no mail about the order is to be sent any more. */
export async function mailsSent(world: SagaWorld, orderId: string): Promise<void> {
  await eventually(`the mails of ${orderId}`, async () => {
    const { rowCount } = await world.database.query(
      "select from outbox where topic = 'mail.send' and payload->>'orderId' = $1 and done_at is null",
      [orderId],
    );
    return rowCount === 0;
  });
}

/** Kinds of the mails that were sent, once all are out that the saga has queued. */
export async function mailKinds(world: SagaWorld, orderId: string): Promise<readonly string[]> {
  await mailsSent(world, orderId);
  const { rows } = await world.database.query<{ kind: string }>(
    "select kind from notification where order_id = $1 order by kind",
    [orderId],
  );
  return rows.map((row) => row.kind);
}

/**
 * Two orders share a parcel, and the second is cancelled in the moment in which it leaves: its saga has been
 * asked to cancel and is about to recall it, while the first one's saga writes that both leave.
 *
 * @returns the two orders; the saga of the second has found out by its next step
 */
export async function cancelledWhileLeaving(world: SagaWorld): Promise<readonly [string, string]> {
  const [a, b] = [await world.placeOrder(), await world.placeOrder()].sort() as [string, string];
  for (const orderId of [a, b]) await onTheFloor(world, `${orderId}-F1`);
  const combined = await combineOrders(world.context, {
    fulfillmentOrders: [`${a}-F1`, `${b}-F1`],
    by: "staff:tester",
    key: "share",
  });
  if (combined.status === "refused") throw new Error(combined.detail);
  await pack(world, `${b}-F1`);
  const recall = world.haltNext("recallUnlessLeaving");
  const cancelled = await requestCancellation(world.context, { orderId: b, reason: "No.", by: "staff:ann" });
  if (cancelled.status === "refused") throw new Error(cancelled.detail);
  await recall.begun;
  await pack(world, `${a}-F1`);
  await shipped(world, `${a}-F1-S1`);
  recall.goOn();
  return [a, b];
}
