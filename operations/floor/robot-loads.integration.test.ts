/** Units that robots have and no order wants, over a real PostgreSQL and the real engine. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Engine } from "../../engine/engine.ts";
import { handlingUnitNumber } from "../../orders/handling-unit.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";
import { assignTasks, findTote, finishTasks, requeueTask } from "../../store/floor/floor-tasks.ts";
import { listLoads, type ReportedLoad, readLoad } from "../../store/floor/robot-loads.ts";
import {
  addDevices,
  LOCATION,
  OPENING_STOCK,
  PRODUCTS,
  releaseOrders,
  startStockedEngine,
  type TestOrder,
} from "../../test-support/floor.ts";
import { dyingAfter } from "../../test-support/servers/failing-database.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import type { SagaDependencies } from "../../workflows/activities/dependencies.ts";
import { createInventoryActivities } from "../../workflows/order/activities/inventory.ts";
import type { OperationContext } from "../context.ts";
import { confirmPack } from "./confirm-pack.ts";
import { confirmPick } from "./confirm-pick.ts";
import { packByHand } from "./pack-by-hand.ts";
import { loseTote, reportLoad, settleLoad, tellOfLoads } from "./robot-loads.ts";

let store: TestDatabase;
let engine: Engine;
let context: OperationContext;
let product = 0;
let sku = "";
let other = "";

beforeAll(async () => {
  store = await createTestDatabase();
  engine = await startStockedEngine(store);
  context = { database: store.database, allocator: engine.client, parcelLimit: () => null, now: Date.now };
  await addDevices(
    store,
    ["robot-1", "robot-2"].map((id) => ({
      id,
      locationId: LOCATION,
      kind: "robot",
      protocol: "vda5050-2.1",
      name: `Robot ${id.at(-1)}`,
    })),
  );
});

afterAll(async () => {
  await engine?.stop();
  await store?.close();
});

beforeEach(async () => {
  // What an earlier test has left to robots is no robot's any more.
  await store.database.query(
    "update floor_task set status = 'cancelled' where status in ('queued', 'assigned')",
  );
  await emptyRobots();
  sku = PRODUCTS[product]?.sku ?? "";
  other = PRODUCTS[product + 1]?.sku ?? "";
  product += 2;
  if (product >= PRODUCTS.length) product = 0;
});

/** Robots have set down what they carry: with goods on it none gets a task. */
async function emptyRobots(): Promise<void> {
  await store.database.query("update robot_load set set_down_at = now() where set_down_at is null");
}

type Assigned = { readonly order: TestOrder; readonly taskId: string; readonly attempt: number };

async function release(lines: TestOrder["lines"] | readonly { sku: string; quantity: number }[]) {
  const [order] = await releaseOrders(store, engine, 1, () => lines);
  if (order === undefined) throw new Error("no order");
  return order;
}

async function assignTo(deviceId: string, order: TestOrder): Promise<Assigned> {
  const [task] = await assignTasks(store.database, [{ deviceId, locationId: LOCATION }]);
  if (task?.orderId !== order.orderId) throw new Error("another task came first");
  return { order, taskId: task.taskId, attempt: task.attempt };
}

const says = (
  { taskId, attempt }: Assigned,
  deviceId: string,
  units: readonly number[],
  isSetDown = false,
): ReportedLoad => ({
  taskId,
  attempt,
  deviceId,
  units: units.map((line) => ({ line, quantity: null, serials: [] })),
  isSetDown,
});

/** The robot picks everything, and sets its tote down. */
async function deliver(task: Assigned, deviceId: string): Promise<void> {
  await reportLoad(context, says(task, deviceId, [...task.order.lines.keys()], true));
  await confirmPick(context, {
    fulfillmentOrderId: task.order.fulfillmentOrderId,
    picked: task.order.lines,
    cause: `device:${deviceId}`,
    key: `pick:${task.order.fulfillmentOrderId}`,
  });
  await finishTasks(store.database, [{ ...task, deviceId }]);
}

async function cancel({ orderId }: TestOrder): Promise<void> {
  const saga = createInventoryActivities({
    ...context,
    carriers: new VendorRoster("carriers", []),
  } as unknown as SagaDependencies);
  await saga.recallFromFloor({ orderId });
  await saga.releaseStock({ orderId });
}

async function lose({ order }: Assigned, within: OperationContext = context) {
  const { rows } = await store.database.query<{ plate: string }>(
    "select handling_unit as plate from fulfillment_order where id = $1",
    [order.fulfillmentOrderId],
  );
  const tote = await findTote(store.database, rows[0]?.plate ?? "");
  if (tote === undefined) throw new Error("no tote");
  return loseTote(within, { tote, why: "the conveyor does not know it", at: "conveyor-2", attempts: 4 });
}

const adrift = async ({ orderId }: TestOrder) =>
  (await listLoads(store.database, { orderId, status: "adrift", limit: 50 })).items;

const stock = async (of = sku) => {
  const [position] = await engine.client.positions([of]);
  const { onHand = 0, allocated = 0, picked = 0, unavailable = 0 } = position ?? {};
  return { gone: OPENING_STOCK - onHand, allocated, picked, unavailable };
};

const told = async ({ orderId }: TestOrder, type: string) => {
  const { rows } = await store.database.query<{ summary: string }>(
    "select summary from order_event where order_id = $1 and type = $2 order by id",
    [orderId, type],
  );
  return rows.map(({ summary }) => summary);
};

test("what rides on a robot when its order is cancelled is known, and is not promised again", async () => {
  const order = await release([
    { sku, quantity: 2 },
    { sku: other, quantity: 1 },
  ]);
  const task = await assignTo("robot-1", order);
  await reportLoad(context, says(task, "robot-1", [0]));
  await reportLoad(context, says(task, "robot-1", [0]));
  expect(await tellOfLoads(context)).toBe(0);
  await cancel(order);
  expect(await stock()).toEqual({ gone: 0, allocated: 0, picked: 0, unavailable: 2 });
  expect(await stock(other)).toEqual({ gone: 0, allocated: 0, picked: 0, unavailable: 0 });
  expect(await adrift(order)).toMatchObject([
    { sku, quantity: 2, place: "on Robot 1", cause: "cancelled", isSetApart: true, deviceId: "robot-1" },
  ]);
  expect(await told(order, "fulfillment.load_adrift")).toEqual([
    `2 units of ${sku} adrift, on Robot 1: nobody wants it any more.`,
  ]);

  // It had taken more before it heard of it.
  await reportLoad(context, says(task, "robot-1", [0, 1]));
  await store.database.query(
    "update fulfillment_order set updated_at = now() - interval '1 minute' where id = $1",
    [order.fulfillmentOrderId],
  );
  expect(await tellOfLoads(context)).toBe(1);
  expect(await stock(other)).toMatchObject({ unavailable: 1 });
  expect(await adrift(order)).toHaveLength(2);
});

test("goods that were picked, or packed, are adrift where they are once their order is cancelled", async () => {
  const picked = await release([{ sku, quantity: 2 }]);
  await deliver(await assignTo("robot-1", picked), "robot-1");
  await cancel(picked);
  expect(await stock()).toEqual({ gone: 0, allocated: 0, picked: 0, unavailable: 2 });
  expect(await adrift(picked)).toMatchObject([{ place: `tote of ${picked.fulfillmentOrderId}` }]);

  const packed = await release([{ sku: other, quantity: 1 }]);
  await deliver(await assignTo("robot-1", packed), "robot-1");
  await confirmPack(context, {
    fulfillmentOrderId: packed.fulfillmentOrderId,
    verified: "by-person",
    cause: "staff:1",
    key: "pack",
  });
  expect(await adrift(packed)).toEqual([]);
  await cancel(packed);
  expect(await stock(other)).toMatchObject({ picked: 0, unavailable: 1 });
  expect(await adrift(packed)).toMatchObject([{ place: `parcel of ${packed.fulfillmentOrderId}` }]);
});

test("a crash between any two steps of a cancel sets the units apart once", async () => {
  for (let calls = 0; ; calls += 1) {
    await emptyRobots();
    const before = (await stock()).unavailable;
    const order = await release([{ sku, quantity: 2 }]);
    const task = await assignTo("robot-1", order);
    await reportLoad(context, says(task, "robot-1", [0]));
    const dying = dyingAfter(context, calls);
    const saga = (within: OperationContext) =>
      createInventoryActivities({
        ...within,
        carriers: new VendorRoster("carriers", []),
      } as unknown as SagaDependencies).releaseStock({ orderId: order.orderId });
    await saga(dying.context).catch(() => undefined);
    // The job on the floor may be first to look again.
    if (calls % 2 === 0) await tellOfLoads(context);
    await saga(context);
    await tellOfLoads(context);
    expect(await stock(), `${calls} calls`).toMatchObject({ allocated: 0, unavailable: before + 2 });
    expect(await adrift(order)).toMatchObject([{ isSetApart: true }]);
    if (!dying.isDead()) break;
  }
});

test("a robot whose task another one does keeps what it took, and its tote is the second one", async () => {
  const order = await release([{ sku, quantity: 3 }]);
  const first = await assignTo("robot-1", order);
  await reportLoad(context, says(first, "robot-1", [0]));
  await requeueTask(store.database, { ...first, deviceId: "robot-1" }, "robot-1 has been away for 11 s");
  expect(await tellOfLoads(context)).toBe(1);
  expect(await adrift(order)).toMatchObject([{ quantity: 3, place: "on Robot 1", cause: "given_away" }]);
  expect(await stock()).toMatchObject({ allocated: 3, unavailable: 3 });

  const second = await assignTo("robot-2", order);
  // An attempt that was never made, and one that is another robot's.
  await reportLoad(context, { ...says(second, "robot-1", [0]), attempt: 7 });
  await reportLoad(context, says(second, "robot-1", [0]));
  await reportLoad(context, says(first, "robot-2", [0], true));
  expect(await adrift(order)).toMatchObject([{ place: "on Robot 1" }]);
  await deliver(second, "robot-2");
  await reportLoad(context, says(first, "robot-1", [0], true));
  await confirmPack(context, {
    fulfillmentOrderId: order.fulfillmentOrderId,
    verified: [{ sku, quantity: 3 }],
    cause: "device:portal",
    key: "pack",
  });
  await tellOfLoads(context);
  expect(await adrift(order)).toMatchObject([
    { quantity: 3, place: `second tote of ${order.fulfillmentOrderId}`, isSetApart: true },
  ]);
  // Of 6 units that left the shelf, 3 are in the parcel and 3 in the second tote.
  expect(await stock()).toEqual({ gone: 0, allocated: 0, picked: 3, unavailable: 3 });
});

test("a person who picks and packs what a robot has begun leaves the robot's units adrift", async () => {
  const order = await release([{ sku, quantity: 2 }]);
  const task = await assignTo("robot-1", order);
  await reportLoad(context, says(task, "robot-1", [0]));
  const { fulfillmentOrderId, lines } = order;
  const packed = await packByHand(context, {
    fulfillmentOrderId,
    picked: null,
    holds: lines,
    cause: "staff:1",
  });
  expect(packed).toEqual({ status: "done", short: false });
  await tellOfLoads(context);
  expect(await adrift(order)).toMatchObject([{ quantity: 2, place: "on Robot 1", isSetApart: true }]);
  expect(await stock()).toMatchObject({ picked: 2, unavailable: 2 });
});

test("the units of a lost tote are missed, and others are picked in their place twice at most", async () => {
  const order = await release([{ sku, quantity: 3 }]);
  for (const [lost, robot] of ["robot-1", "robot-2", "robot-1"].entries()) {
    const task = await assignTo(robot, order);
    await deliver(task, robot);
    expect(await lose(task)).toMatchObject({ status: lost < 2 ? "picked_again" : "given_up" });
    expect(await lose(task)).toMatchObject({ status: lost < 2 ? "not_there" : "given_up" });
    await tellOfLoads(context);
    expect(await stock()).toEqual({ gone: 0, allocated: 0, picked: 3, unavailable: 3 * (lost + 1) });
  }
  expect((await adrift(order)).map(({ place, quantity }) => `${quantity} ${place}`)).toEqual(
    Array(3).fill("3 tote lost at conveyor-2"),
  );
  const summaries = await told(order, "fulfillment.tote_lost");
  expect(summaries).toHaveLength(3);
  expect(summaries[0]).toMatch(
    new RegExp(
      `is lost: the conveyor does not know it. 3 × ${sku} are picked again; the lost units are adrift.$`,
    ),
  );
});

test("a second pick that finds fewer than the first is told at once, with what it found", async () => {
  const order = await release([{ sku, quantity: 3 }]);
  const [line] = order.lines;
  const first = await assignTo("robot-1", order);
  await deliver(first, "robot-1");
  await lose(first);
  await assignTo("robot-2", order);
  const again = (quantity: number) =>
    confirmPick(context, {
      fulfillmentOrderId: order.fulfillmentOrderId,
      picked: [{ holdId: line?.holdId ?? "", quantity }],
      cause: "device:robot-2",
      key: `pick:${order.fulfillmentOrderId}`,
    });
  expect(await again(3)).toMatchObject({ status: "done" });
  expect(await told(order, "fulfillment.exception")).toEqual([]);
  for (let times = 0; times < 2; times += 1) expect(await again(1)).toMatchObject({ status: "done" });
  expect(await told(order, "fulfillment.exception")).toEqual([
    `Verification failed: picked again, and found only 1 of 3 × ${sku}`,
  ]);
  expect(await stock()).toMatchObject({ picked: 3 });
});

test("a second pick is held against what is booked by now, and not at all once the parcel is packed", async () => {
  const order = await release([{ sku, quantity: 3 }]);
  const { fulfillmentOrderId, lines } = order;
  const first = await assignTo("robot-1", order);
  await deliver(first, "robot-1");
  await lose(first);
  await assignTo("robot-2", order);
  const again = (quantity: number) =>
    confirmPick(context, {
      fulfillmentOrderId,
      picked: [{ holdId: lines[0]?.holdId ?? "", quantity }],
      cause: "device:robot-2",
      key: `pick:${fulfillmentOrderId}`,
    });
  // Of the three, the customer wants two by now.
  await store.database.query(
    "update fulfillment_order_line set quantity = 2, picked = 2 where fulfillment_order_id = $1",
    [fulfillmentOrderId],
  );
  await again(2);
  expect(await told(order, "fulfillment.exception")).toEqual([]);
  await confirmPack(context, {
    fulfillmentOrderId,
    verified: [{ sku, quantity: 2 }],
    cause: "device:portal",
    key: "pack",
  });
  await again(0);
  expect(await told(order, "fulfillment.exception")).toEqual([]);
});

test("a crash while a tote is given up for lost leaves it either lost or not", async () => {
  for (let calls = 0; ; calls += 1) {
    const order = await release([{ sku, quantity: 1 }]);
    const task = await assignTo("robot-1", order);
    await deliver(task, "robot-1");
    const dying = dyingAfter(context, calls);
    const before = await lose(task, dying.context).catch(() => null);
    if (before === null) expect(await adrift(order)).toEqual([]);
    if (before === null) expect(await lose(task)).toEqual({ status: "picked_again" });
    expect(await adrift(order)).toHaveLength(1);
    await cancel(order);
    if (!dying.isDead()) break;
  }
});

test("nothing is picked again that the shelf does not have: a person has to look", async () => {
  const order = await release([{ sku, quantity: 2 }]);
  const task = await assignTo("robot-1", order);
  await deliver(task, "robot-1");
  const free = OPENING_STOCK - (await stock()).unavailable - (await stock()).picked - 1;
  const common = { sku, locationId: LOCATION, atMs: 1, cause: "test", quantity: free, reason: "counted" };
  await engine.client.execute([{ ...common, type: "quarantine", commandId: `all:${sku}` }]);
  expect(await lose(task)).toMatchObject({
    status: "given_up",
    detail: expect.stringContaining("the shelf has 1 ×"),
  });
  await tellOfLoads(context);
  expect(await adrift(order)).toMatchObject([{ isSetApart: false, notSetApart: null }]);
  // As soon as there are enough, the books no longer promise them.
  await engine.client.execute([{ ...common, type: "release-quarantine", commandId: `none:${sku}` }]);
  await tellOfLoads(context);
  expect(await adrift(order)).toMatchObject([{ isSetApart: true }]);
});

test("a lost tote that comes before its replacement is packed after all, and nobody picks again", async () => {
  const order = await release([{ sku, quantity: 2 }]);
  const { unavailable } = await stock();
  const first = await assignTo("robot-1", order);
  await deliver(first, "robot-1");
  await lose(first);
  await tellOfLoads(context);
  const second = await assignTo("robot-2", order);
  expect(second.attempt).toBe(2);
  await confirmPack(context, {
    fulfillmentOrderId: order.fulfillmentOrderId,
    verified: [{ sku, quantity: 2 }],
    cause: "device:portal",
    key: "pack",
  });
  await tellOfLoads(context);
  expect(await stock()).toMatchObject({ unavailable });
  expect(await adrift(order)).toEqual([]);
  expect(await told(order, "fulfillment.load_settled")).toEqual([
    `2 units of ${sku} that were adrift: packed after all.`,
  ]);
  const { rows } = await store.database.query("select status from floor_task where id = $1", [second.taskId]);
  expect(rows).toEqual([{ status: "cancelled" }]);
});

async function oneAdrift(): Promise<{ readonly order: TestOrder; readonly loadId: string }> {
  const order = await release([{ sku, quantity: 2 }]);
  const task = await assignTo("robot-1", order);
  await reportLoad(context, says(task, "robot-1", [0]));
  await cancel(order);
  return { order, loadId: (await adrift(order))[0]?.id ?? "" };
}

test.each([
  { as: "put_back", gone: 0, words: "back on the shelf" },
  { as: "packed", gone: 0, words: "packed after all" },
  { as: "written_off", gone: 2, words: "written off" },
] as const)("a person says once that units are $as", async ({ as, gone, words }) => {
  const before = await stock();
  const { order, loadId } = await oneAdrift();
  const by = "staff:7";
  expect(await settleLoad(context, { loadId, as, by })).toEqual({ status: "done" });
  expect(await settleLoad(context, { loadId, as, by: "staff:8" })).toEqual({ status: "done" });
  const another = as === "packed" ? "put_back" : "packed";
  expect(await settleLoad(context, { loadId, as: another, by })).toMatchObject({ code: "load_settled" });
  expect(await stock()).toEqual({ ...before, gone: before.gone + gone });
  expect(await told(order, "fulfillment.load_settled")).toEqual([
    `2 units of ${sku} that were adrift: ${words}.`,
  ]);
  expect(await readLoad(store.database, loadId)).toMatchObject({ status: as, settledBy: by });
});

test("a crash between any two steps of settling changes the books once", async () => {
  for (let calls = 0; ; calls += 1) {
    const before = await stock();
    const { loadId } = await oneAdrift();
    const dying = dyingAfter(context, calls);
    const said = { loadId, as: "written_off", by: "staff:7" } as const;
    await settleLoad(dying.context, said).catch(() => undefined);
    if (calls % 2 === 0) await tellOfLoads(context);
    await settleLoad(context, said);
    expect(await stock(), `${calls} calls`).toEqual({ ...before, gone: before.gone + 2 });
    if (!dying.isDead()) break;
  }
});

test("what the stock refuses to write off stays adrift", async () => {
  const { loadId } = await oneAdrift();
  const common = { sku, locationId: LOCATION, atMs: 1, cause: "test", quantity: 2, reason: "adrift" };
  await engine.client.execute([{ ...common, type: "release-quarantine", commandId: `found:${loadId}` }]);
  const { unavailable } = await stock();
  await engine.client.execute([
    {
      ...common,
      type: "release-quarantine",
      commandId: `rest:${loadId}`,
      quantity: Math.max(1, unavailable),
    },
  ]);
  const said = { loadId, as: "written_off", by: "staff:7" } as const;
  expect(await settleLoad(context, said)).toMatchObject({ code: "quantity_exceeds_unavailable" });
  expect(await readLoad(store.database, loadId)).toMatchObject({ status: "adrift", settledBy: null });
  await engine.client.execute([{ ...common, type: "quarantine", commandId: `again:${loadId}` }]);
  expect(await settleLoad(context, said)).toEqual({ status: "done" });
});

test("what was never adrift cannot be settled", async () => {
  const said = { loadId: "L0", as: "put_back", by: "staff:7" } as const;
  expect(await settleLoad(context, said)).toMatchObject({ status: "refused", code: "load_not_found" });
});

test.each([
  { tracking: "serial" as const, arriving: { serials: ["A", "B", "C"] }, taken: ["A", "B"] },
  { tracking: "lot" as const, arriving: { lot: "L7" }, taken: [] },
])(
  "units told apart by $tracking are set apart and put back as they are",
  async ({ tracking, arriving, taken }) => {
    const tracked = `BY-${tracking.toUpperCase()}`;
    await store.database.query(
      `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select $1, company_id, $1, 100, 100, 'EUR', '610910', 'PT', gtin from product where sku = 'SKU-1'`,
      [tracked],
    );
    const at = { sku: tracked, locationId: LOCATION, atMs: Date.now(), cause: "test" };
    const outcomes = await engine.client.execute([
      { ...at, type: "set-tracking", commandId: `track:${tracked}`, tracking },
      { ...at, type: "receive", commandId: `receive:${tracked}`, quantity: 3, ...arriving },
    ]);
    expect(outcomes).toMatchObject([{ status: "applied" }, { status: "applied" }]);
    const order = await release([{ sku: tracked, quantity: 2 }]);
    const task = await assignTo("robot-1", order);
    await reportLoad(context, {
      ...says(task, "robot-1", []),
      units: [{ line: 0, quantity: null, serials: taken }],
    });
    await cancel(order);
    const [load] = await adrift(order);
    expect(load).toMatchObject({ isSetApart: true, serials: taken });
    expect((await engine.client.positions([tracked]))[0]).toMatchObject({ allocated: 0, unavailable: 2 });
    expect(await settleLoad(context, { loadId: load?.id ?? "", as: "put_back", by: "staff:1" })).toEqual({
      status: "done",
    });
    expect((await engine.client.positions([tracked]))[0]).toMatchObject({ onHand: 3, unavailable: 0 });

    // Where its hold is needed for the units that are picked in their place, free ones are set apart; a robot
    // names no lot, so it counts as having taken what expires first.
    const again = await release([{ sku: tracked, quantity: 1 }]);
    const first = await assignTo("robot-1", again);
    const units = [{ line: 0, quantity: null, serials: taken.slice(0, 1) }];
    await reportLoad(context, { ...says(first, "robot-1", []), units });
    await requeueTask(store.database, { ...first, deviceId: "robot-1" }, "away");
    await tellOfLoads(context);
    const [second] = await adrift(again);
    expect(second).toMatchObject({ isSetApart: true, notSetApart: null });
    expect(await settleLoad(context, { loadId: second?.id ?? "", as: "written_off", by: "staff:1" })).toEqual(
      { status: "done" },
    );
    expect((await engine.client.positions([tracked]))[0]).toMatchObject({ onHand: 2, unavailable: 0 });
  },
);

test("plates are under the company's own GS1 prefix, and no two totes have one though serials begin anew", async () => {
  const prefix = "061414112345";
  const plateOf = async (orderId: string) => {
    const { rows } = await store.database.query<{ plate: string }>(
      "select handling_unit as plate from fulfillment_order where order_id = $1",
      [orderId],
    );
    return rows[0]?.plate;
  };
  const first = await release([{ sku, quantity: 1 }]);
  expect((await plateOf(first.orderId))?.startsWith("9521234", 1)).toBe(true);
  await store.database.query("update company set gs1_prefix = $1", [prefix]);
  try {
    // Of twelve digits, five are left: the next serial is 7 in the third round, and that plate is taken.
    await store.database.query("select setval('handling_unit_serial', 200006)");
    await store.database.query("update fulfillment_order set handling_unit = $2 where order_id = $1", [
      first.orderId,
      handlingUnitNumber(7, prefix),
    ]);
    const second = await release([{ sku, quantity: 1 }]);
    expect(await plateOf(second.orderId)).toBe(handlingUnitNumber(8, prefix));
    // A prefix whose numbers are all taken stops no parcel: its plate is told to nobody outside.
    await store.database.query(
      `insert into fulfillment_order (id, order_id, location_id, status, stage, handling_unit)
       select 'taken-' || number, order_id, location_id, 'fulfilled', stage, number
         from fulfillment_order, unnest($2::text[]) as taken(number) where order_id = $1`,
      [second.orderId, Array.from({ length: 100 }, (_, at) => handlingUnitNumber(9 + at, prefix))],
    );
    const third = await release([{ sku, quantity: 1 }]);
    expect((await plateOf(third.orderId))?.startsWith("9521234", 1)).toBe(true);
  } finally {
    await store.database.query("update company set gs1_prefix = null");
    await store.database.query("delete from fulfillment_order where id like 'taken-%'");
  }
});
