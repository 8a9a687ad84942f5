/** Fulfillment orders at a packing table, as an order's saga leaves them, and what happened to them. */
import { expect } from "vitest";
import type { OperationContext } from "../../operations/context.ts";
import { confirmPick } from "../../operations/floor/confirm-pick.ts";
import { adding } from "../../orders/line-ledger.ts";
import type { TrackingReport, TrackingStatus } from "../../ports/carriers.ts";
import { addShipment, markShipped } from "../../store/floor/shipments.ts";
import { changeOrder, lockOrder } from "../../store/orders/order-progress.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { canonicalOrder, type GatewayWorld } from "../gateway.ts";
import { TEST_CARRIER } from "../vendors/outside-world.ts";

export type PackingTable = {
  readonly orderId: string;
  /** A fulfillment order for three shirts. */
  readonly id: string;
  readonly holdId: string;
  readonly context: OperationContext;
  /** Writes only a pick, as a robot's is written. */
  pick(cause: string, key: string): Promise<void>;
  stage(): Promise<string | undefined>;
  /** Units of its hold that have left the shelf. */
  pickedUnits(): Promise<number | undefined>;
  /** A parcel of it has left, under a label of the test's carrier. @returns the shipment's id */
  leave(name?: string): Promise<string>;
  /** Keys of the messages to the order's saga. */
  told(): Promise<readonly string[]>;
  /** Keys of the mails that were queued about the order, in their order. */
  mailed(): Promise<readonly string[]>;
};

/** What the carrier says of a parcel that has left so. */
export function reportOf(
  shipmentId: string,
  status: TrackingStatus,
  at: string = new Date().toISOString(),
): TrackingReport {
  return {
    reportId: `${shipmentId}:${status}`,
    trackingNumber: `T-${shipmentId}`,
    status,
    message: "said by the carrier",
    at,
    place: "Reno",
  };
}

/** @param name distinguishes the orders of a test */
export async function packingTable(world: GatewayWorld, name: string): Promise<PackingTable> {
  const { database, engine } = world;
  const order = await world.call("POST", "/v1/orders", {
    json: canonicalOrder(name, { lines: [{ sku: "TEE-1", quantity: 3, unitPrice: "19.99" }] }),
    headers: { "idempotency-key": name },
  });
  expect(order.status, order.text).toBe(201);
  const orderId = `web-${name}`;
  const id = `${orderId}-F1`;
  await database.query(
    `insert into fulfillment_order (id, order_id, location_id, status, stage)
     values ($1, $2, 'east', 'in_progress', 'waiting')`,
    [id, orderId],
  );
  const { rows } = await database.query<{ holdId: string }>(
    `insert into fulfillment_order_line (fulfillment_order_id, line_id, hold_id, sku, quantity)
     select $1, line_id, hold_id, sku, quantity from order_hold where order_id = $2
     returning hold_id as "holdId"`,
    [id, orderId],
  );
  const holdId = rows[0]?.holdId ?? expect.fail("the order holds nothing");
  const hold = { holdId, sku: "TEE-1", locationId: "east" };
  const [allocated] = await engine.client.execute([
    { type: "allocate", commandId: `firm:${holdId}`, atMs: Date.now(), cause: orderId, ...hold },
  ]);
  expect(allocated).toMatchObject({ status: "applied" });
  await inTransaction(database, async (client) => {
    const locked = (await lockOrder(client, orderId)) ?? expect.fail("there is no order");
    await changeOrder(client, locked, { ledger: adding([{ lineId: "1", quantity: 3 }], "allocated") });
  });
  const context = { database, allocator: engine.client, parcelLimit: () => null, now: Date.now };
  return {
    orderId,
    id,
    holdId,
    context,
    pick: async (cause, key) => {
      const picked = [{ holdId, quantity: 3 }];
      const result = await confirmPick(context, { fulfillmentOrderId: id, picked, cause, key });
      expect(result).toEqual({ status: "done", short: false });
    },
    stage: async () => {
      const found = await database.query("select stage from fulfillment_order where id = $1", [id]);
      return found.rows[0]?.stage;
    },
    pickedUnits: async () => {
      const holds = await engine.client.holds({ sku: "TEE-1", locationId: "east" });
      return holds.find((each) => each.holdId === holdId && each.state === "picked")?.quantity;
    },
    leave: async (name = "S1") => {
      const shipmentId = `${id}-${name}`;
      await addShipment(
        database,
        { id: shipmentId, orderId, fulfillmentOrderId: id, returnId: null, ...TEST_CARRIER, weightGrams: 1 },
        {
          carrierShipmentId: shipmentId,
          carrier: "Test Post",
          service: "Ground",
          trackingNumber: `T-${shipmentId}`,
          costMinor: 1,
          currency: "USD",
          zpl: "",
          pdf: new Uint8Array(),
        },
      );
      await markShipped(database, shipmentId);
      return shipmentId;
    },
    told: async () => {
      const found = await database.query<{ key: string }>(
        "select key from outbox where payload->>'workflowId' = $1 and topic = 'workflow.signal' order by id",
        [orderId],
      );
      return found.rows.map((row) => row.key);
    },
    mailed: async () => {
      const found = await database.query<{ key: string }>(
        "select key from outbox where payload->>'orderId' = $1 and topic = 'mail.send' order by id",
        [orderId],
      );
      return found.rows.map((row) => row.key);
    },
  };
}
