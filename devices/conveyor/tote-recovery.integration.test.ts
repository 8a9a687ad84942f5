/** Totes that a conveyor does not know, over a real PostgreSQL and the real engine. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../../engine/engine.ts";
import type { OperationContext } from "../../operations/context.ts";
import { confirmPick } from "../../operations/floor/confirm-pick.ts";
import { tellOfLoads } from "../../operations/floor/robot-loads.ts";
import { assignTasks, finishTasks } from "../../store/floor/floor-tasks.ts";
import { listLoads } from "../../store/floor/robot-loads.ts";
import {
  addDevices,
  LOCATION,
  releaseOrders,
  startStockedEngine,
  testLogger,
} from "../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { DeviceRegistry } from "../mqtt/device-registry.ts";
import { BRIDGE_TIMINGS } from "../mqtt/timings.ts";
import { ToteRecovery } from "./tote-recovery.ts";

let store: TestDatabase;
let engine: Engine;

beforeAll(async () => {
  store = await createTestDatabase();
  engine = await startStockedEngine(store);
});

afterAll(async () => {
  await engine?.stop();
  await store?.close();
});

test("a tote that its conveyor does not know is picked again twice, then a person looks; its units are missed", async () => {
  const { database } = store;
  await addDevices(store, [
    { id: "robot-1", locationId: LOCATION, kind: "robot", protocol: "vda5050-2.1", name: "Robot 1" },
  ]);
  const context: OperationContext = {
    database,
    allocator: engine.client,
    parcelLimit: () => null,
    now: Date.now,
  };
  let queued = 0;
  const recovery = new ToteRecovery({
    context,
    registry: new DeviceRegistry(database, { record: () => undefined }, testLogger),
    sendToConveyor: async () => {},
    site: null,
    queueChanged: () => {
      queued += 1;
    },
    timings: BRIDGE_TIMINGS,
    logger: testLogger,
  });
  const [order] = await releaseOrders(store, engine, 1, () => [{ sku: "SKU-1", quantity: 3 }]);
  const { fulfillmentOrderId = "", orderId = "", lines = [] } = order ?? {};
  const { rows } = await database.query<{ plate: string }>(
    "select handling_unit as plate from fulfillment_order where id = $1",
    [fulfillmentOrderId],
  );
  const plate = rows[0]?.plate ?? "";

  await recovery.lost("no tote of ours", "conveyor-2");
  for (let time = 1; time <= 3; time += 1) {
    const [task] = await assignTasks(database, [{ deviceId: "robot-1", locationId: LOCATION }]);
    if (task === undefined) throw new Error(`nothing to pick the ${time}. time`);
    await confirmPick(context, { fulfillmentOrderId, picked: lines, cause: "device:robot-1", key: "pick" });
    await finishTasks(database, [task]);
    await recovery.lost(plate, "conveyor-2");
    await recovery.lost(plate, "conveyor-2");
    expect(queued).toBe(Math.min(time, 2));
  }
  await tellOfLoads(context);
  const [position] = await engine.client.positions(["SKU-1"]);
  expect(position).toMatchObject({ picked: 3, unavailable: 9 });
  const { items } = await listLoads(database, { orderId, status: "adrift", limit: 10 });
  expect(items.map(({ place, quantity }) => `${quantity} ${place}`)).toEqual(
    Array(3).fill("3 tote lost at conveyor-2"),
  );
  const { rows: told } = await database.query<{ type: string; summary: string }>(
    `select type, summary from order_event where order_id = $1
       and type in ('fulfillment.tote_lost', 'fulfillment.exception') order by id`,
    [orderId],
  );
  expect(told.map(({ type }) => type)).toEqual([
    ...Array(3).fill("fulfillment.tote_lost"),
    "fulfillment.exception",
  ]);
  expect(told[3]?.summary).toContain(
    `Tote ${plate} is lost: the conveyor does not know it; 3 totes of it were lost`,
  );
});

test("of two conveyors, the one that does not know a tote does not make it lost", async () => {
  const { database } = store;
  await addDevices(
    store,
    ["belt-1", "belt-2"].map((id) => ({
      id,
      locationId: LOCATION,
      kind: "conveyor",
      protocol: "holdfast-conveyor",
      name: id,
    })),
  );
  await addDevices(store, [
    { id: "robot-2", locationId: LOCATION, kind: "robot", protocol: "vda5050-2.1", name: "Robot 2" },
  ]);
  const context = { database, allocator: engine.client, parcelLimit: () => null, now: Date.now };
  const registry = new DeviceRegistry(database, { record: () => undefined }, testLogger);
  await registry.refresh();
  for (const id of ["belt-1", "belt-2"]) {
    const device = registry.get(id);
    if (device !== undefined) registry.setConnection(device, "online");
  }
  const sent: string[] = [];
  let queued = 0;
  const recovery = new ToteRecovery({
    context,
    registry,
    sendToConveyor: async (id) => {
      sent.push(id);
    },
    site: null,
    queueChanged: () => {
      queued += 1;
    },
    timings: BRIDGE_TIMINGS,
    logger: testLogger,
  });
  const [order] = await releaseOrders(store, engine, 1, () => [{ sku: "SKU-2", quantity: 1 }]);
  const { fulfillmentOrderId = "", lines = [] } = order ?? {};
  const { rows } = await database.query<{ plate: string }>(
    "select handling_unit as plate from fulfillment_order where id = $1",
    [fulfillmentOrderId],
  );
  const plate = rows[0]?.plate ?? "";
  const [task] = await assignTasks(database, [{ deviceId: "robot-2", locationId: LOCATION }]);
  if (task === undefined) throw new Error("nothing to pick");
  await confirmPick(context, { fulfillmentOrderId, picked: lines, cause: "device:robot-2", key: "pick-2" });
  await finishTasks(database, [task]);

  // Asked before a restart: one does not know it, so both are asked again.
  await recovery.lost(plate, "belt-1");
  expect(sent.sort()).toEqual(["belt-1", "belt-2"]);
  await recovery.lost(plate, "belt-1");
  expect(queued).toBe(0);
  await recovery.lost(plate, "belt-2");
  expect(queued).toBe(1);
});
