import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayWorld, startGatewayWorld } from "../../test-support/gateway.ts";
import { packingTable } from "../../test-support/orders/packing-table.ts";
import { readReleaseTimes, readStageTimes, readStuck } from "./order-statistics.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world?.close());

test("a stuck order is named with what it waits for, whatever was written about it last", async () => {
  const { orderId, id, pick } = await packingTable(world, "stuck");
  await pick("staff:ann", "pick:1");
  const { database } = world;
  const parcel = (name: string, shipped: string, delivered: string) =>
    database.query(
      `insert into shipment (id, order_id, carrier_provider, carrier_shipment_id, carrier, service, tracking_number,
         cost_minor, currency, weight_grams, label_zpl, label_pdf, tracking_status, shipped_at, delivered_at)
       values ($1, $2, 'easypost', $1, 'USPS', 'Ground', $1, 1, 'USD', 1, '', '', $3, ${shipped}, ${delivered})`,
      [name, orderId, delivered === "null" ? "out_for_delivery" : "delivered"],
    );
  await parcel("S-arrived", "now()", "now()");
  await parcel("S-late", "now()", "null");
  await database.query(
    `insert into order_event (order_id, key, type, summary, cause, at)
     values ($1, 'mail', 'notification.sent', 'Your order arrives today', 'saga:send-mail', now() + interval '1 hour')`,
    [orderId],
  );
  const stuck = async () => (await readStuck(database, [orderId])).map(({ text }) => text);
  expect(await stuck()).toEqual([
    `${orderId} (waits for: S-late out_for_delivery, ${id} picked at east; last: notification.sent)`,
  ]);
  await database.query("update fulfillment_order set status = 'closed' where id = $1", [id]);
  await database.query("update shipment set delivered_at = now() where id = 'S-late'");
  expect(await stuck()).toEqual([`${orderId} (waits for: its saga; last: notification.sent)`]);
});

test("an order is on the floor when the last of its parts is, and one that is not there has no time", async () => {
  const { orderId } = await packingTable(world, "parts");
  const { database } = world;
  await database.query("delete from order_event where order_id = $1 and type = 'fulfillment.released'", [
    orderId,
  ]);
  expect(await readReleaseTimes(database, [orderId])).toEqual(new Map());
  const { rows } = await database.query<{ at: Date }>(
    "select at from order_event where order_id = $1 and type = 'order.captured'",
    [orderId],
  );
  const capturedMs = rows[0]?.at.getTime() ?? 0;
  const releaseAfter = (part: string, milliseconds: number) =>
    database.query(
      `insert into order_event (order_id, key, type, summary, cause, at)
       select order_id, $2, 'fulfillment.released', 'Released', 'saga', at + $3 * interval '1 millisecond'
         from order_event where order_id = $1 and type = 'order.captured'`,
      [orderId, `released:${part}`, milliseconds],
    );
  await releaseAfter("second", 900);
  await releaseAfter("first", 250);
  expect(await readReleaseTimes(database, [orderId, "nobody"])).toEqual(
    new Map([[orderId, capturedMs + 900]]),
  );
  const stages = await readStageTimes(database, [orderId]);
  const floor = stages.find(({ stage }) => stage === "captured → on the floor");
  expect(floor).toMatchObject({ orders: 1, p50Ms: 900, p95Ms: 900 });
});
