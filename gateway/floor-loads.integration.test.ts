/** What robots have left to people, over the public API: units adrift, and totes that are stuck. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { reportLoad, tellOfLoads } from "../operations/floor/robot-loads.ts";
import { cancelFulfillmentOrders } from "../store/floor/fulfillment.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { type PackingTable, packingTable } from "../test-support/orders/packing-table.ts";

let world: GatewayWorld;
let table: PackingTable;
let round = 0;

beforeAll(async () => {
  world = await startGatewayWorld();
  await world.database.query(
    `insert into device (id, location_id, kind, protocol, name)
     values ('robot-1', 'east', 'robot', 'vda5050-2.1', 'Robot 1')`,
  );
});
afterAll(() => world?.close());
beforeEach(async () => {
  round += 1;
  table = await packingTable(world, `load-${round}`);
  await world.database.query("update floor_task set status = 'finished' where status = 'assigned'");
  await world.database.query(
    `insert into floor_task (id, kind, fulfillment_order_id, location_id, status, device_id, assigned_at)
     values ($1 || ':pick:1', 'pick', $1, 'east', 'assigned', 'robot-1', now())`,
    [table.id],
  );
});

/** The robot has taken everything; then its order is cancelled. */
async function leaveAdrift(): Promise<string> {
  await reportLoad(table.context, {
    taskId: `${table.id}:pick:1`,
    attempt: 1,
    deviceId: "robot-1",
    units: [{ line: 0, quantity: 2, serials: [] }],
    isSetDown: false,
  });
  await cancelFulfillmentOrders(world.database, table.orderId);
  await world.database.query(
    "update fulfillment_order set updated_at = now() - interval '1 minute' where id = $1",
    [table.id],
  );
  await tellOfLoads(table.context);
  const { json } = await world.call("GET", `/v1/floor/loads?status=adrift&order=${table.orderId}`);
  return json.items[0]?.id ?? expect.fail("nothing is adrift");
}

const settle = (id: string, json: unknown, headers?: Readonly<Record<string, string>>) =>
  world.call("POST", `/v1/floor/loads/${id}/settle`, headers === undefined ? { json } : { json, headers });

describe("units adrift", () => {
  test("are listed with their place and cause until a person has settled them", async () => {
    const id = await leaveAdrift();
    const { json } = await world.call("GET", "/v1/floor/loads?status=adrift&location=east");
    const listed = json.items.find((load: { id: string }) => load.id === id);
    expect((await world.call("GET", `/v1/floor/loads/${id}`)).json).toEqual(listed);
    expect((await world.call("GET", "/v1/floor/loads/none")).status).toBe(404);
    expect(listed).toMatchObject({
      fulfillmentOrderId: table.id,
      sku: "TEE-1",
      quantity: 2,
      place: "on Robot 1",
      cause: "cancelled",
      status: "adrift",
      isSetApart: true,
      settledBy: null,
    });
    const settled = await settle(id, { as: "put_back" });
    expect([settled.status, settled.json.status], settled.text).toEqual([200, "put_back"]);
    expect(settled.json.settledBy).toMatch(/^api-key:/);
    const left = await world.call("GET", `/v1/floor/loads?status=adrift&order=${table.orderId}`);
    expect(left.json.items).toEqual([]);
    const order = await world.call("GET", `/v1/orders/${table.orderId}/timeline`);
    expect(order.text).toContain("2 units of TEE-1 adrift, on Robot 1: nobody wants it any more.");
    expect(order.text).toContain("2 units of TEE-1 that were adrift: back on the shelf.");
  });

  test("are refused a second, other end, an end that there is not, and whoever may not pack", async () => {
    const id = await leaveAdrift();
    const reader = { authorization: `Bearer ${await world.key(["orders:write"])}` };
    expect((await settle(id, { as: "put_back" }, reader)).status).toBe(403);
    expect((await settle(id, { as: "lost" })).status).toBe(400);
    expect((await settle("L0", { as: "put_back" })).json.code).toBe("load_not_found");
    expect((await settle(id, { as: "written_off" })).status).toBe(200);
    expect((await settle(id, { as: "written_off" })).status).toBe(200);
    const other = await settle(id, { as: "packed" });
    expect([other.status, other.json.code]).toEqual([409, "load_settled"]);
  });
});

describe("where robots work", () => {
  const forPeople = async (): Promise<boolean> => {
    const { json } = await world.call("GET", "/v1/fulfillment-orders?for=people&location=east&limit=200");
    return json.items.some((item: { id: string }) => item.id === table.id);
  };
  const lately = (time: string) =>
    world.database.query(
      `update fulfillment_order set updated_at = now() - interval '${time}', handling_unit = $1 where id = $1`,
      [table.id],
    );

  test("a tote that is stuck is on people's list, and they pack it", async () => {
    await lately("1 hour");
    expect(await forPeople()).toBe(false);
    await table.pick("device:robot-1", "pick:1");
    expect(await forPeople()).toBe(false);
    await lately("4 minutes");
    expect(await forPeople()).toBe(true);
    const packed = await world.call("POST", `/v1/fulfillment-orders/${table.id}/pack`, { json: {} });
    expect(packed.status, packed.text).toBe(200);
    expect(await table.stage()).toBe("packed");
    await lately("4 minutes");
    expect(await forPeople()).toBe(false);
  });

  test("so is one that the floor has given up", async () => {
    await table.pick("device:robot-1", "pick:1");
    await world.database.query("update fulfillment_order set status = 'on_hold' where id = $1", [table.id]);
    expect(await forPeople()).toBe(false);
    await world.database.query(
      `update orders set hold_reasons = jsonb_build_array(jsonb_build_object('code', 'floor_exception',
         'detail', 'Look.', 'fulfillmentOrderId', $2::text)) where id = $1`,
      [table.orderId, table.id],
    );
    expect(await forPeople()).toBe(true);
    const packed = await world.call("POST", `/v1/fulfillment-orders/${table.id}/pack`, { json: {} });
    expect(packed.status, packed.text).toBe(200);
  });
});
