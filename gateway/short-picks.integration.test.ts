/**
 * What is missing of an order comes from elsewhere, waits, or is cancelled by rule: over the real gateway,
 * engine and database, with the steps of the order's saga called one by one.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { editOrder } from "../operations/change/edit-order.ts";
import { markPartFulfilledElsewhere } from "../operations/fulfillment/mark-fulfilled-elsewhere.ts";
import { applyDemandFills } from "../operations/holds/apply-demand-fills.ts";
import { retryShortOrders } from "../operations/holds/release-hold.ts";
import { settleShortages } from "../operations/settlement/settle-shortages.ts";
import { giveUp } from "../operations/shortage/give-up.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { demandFillWriter } from "../store/stock/demand-fills.ts";
import { insertKits, readKits } from "../store/stock/kits.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { createInventoryActivities } from "../workflows/order/activities/inventory.ts";
import { createOrderStateActivities } from "../workflows/order/activities/order-state.ts";

const PLACES = ["east", "west"] as const;

let world: GatewayWorld;
let number = 0;
let sku = "";

beforeAll(async () => {
  world = await startGatewayWorld();
  const { database, engine } = world;
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude) select 'west', 'acme', 'West',
       'fulfillment_center', address, 39.5, -119.8 from location where id = 'east'`,
  );
  engine.client.setLocations(
    PLACES.map((locationId, index) => ({
      locationId,
      kind: "fulfillment_center",
      priority: index + 1,
      latitude: index === 0 ? 40.7 : 39.5,
      longitude: index === 0 ? -74 : -119.8,
      country: "US",
    })),
  );
  engine.client.recordFills(demandFillWriter);
  await database.query("update channel set on_shortage = 'hold' where id = 'web'");
});

afterAll(() => world?.close());

/** Each test has a product of its own. */
beforeEach(async () => {
  sku = await product();
});

const context = () => ({
  database: world.database,
  allocator: world.engine.client,
  parcelLimit: () => null,
  now: Date.now,
});
// The steps under test use nothing else.
const dependencies = () =>
  ({
    ...context(),
    payments: {},
    carriers: new VendorRoster("carriers", []),
    mailer: {},
    publicUrl: "",
    logger: {},
  }) as never;
const inventory = () => createInventoryActivities(dependencies());
const state = () => createOrderStateActivities(dependencies());

async function product(): Promise<string> {
  number += 1;
  const name = `SHORT-${number}`;
  await world.database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     values ($1, 'acme', $1, 300, 1999, 'USD', '610910', 'PT', $2)`,
    [name, `0061414${String(number).padStart(7, "0")}`],
  );
  return name;
}

async function receive(of: string, locationId: string, quantity: number): Promise<void> {
  number += 1;
  const at = { sku: of, locationId, quantity, atMs: Date.now(), cause: "test" };
  const [outcome] = await world.engine.client.execute([{ type: "receive", commandId: `r${number}`, ...at }]);
  expect(outcome?.status).toBe("applied");
}

/** Captured, sourced and on the floor. */
async function order(
  lines: Readonly<Record<string, number>>,
  change: Readonly<Record<string, unknown>> = {},
) {
  number += 1;
  const id = `s${number}`;
  const reply = await world.call("POST", "/v1/orders?channel=web", {
    json: canonicalOrder(id, {
      lines: Object.entries(lines).map(([of, quantity]) => ({ sku: of, quantity, unitPrice: "10.00" })),
      ...change,
    }),
    headers: { "idempotency-key": id },
  });
  expect(reply.status, reply.text).toBe(201);
  await goOn(`web-${id}`);
  return `web-${id}`;
}

/** What the saga does where it may go on: sources what is held, and hands it to the floor. */
async function goOn(orderId: string): Promise<void> {
  const left = await state().askWhatIsLeft({ orderId });
  if (left.tellStock) await inventory().runStockErrands({ orderId });
  if (left.source) expect(await inventory().sourceHeld({ orderId })).toMatchObject({ status: "allocated" });
  const { release } = await state().askWhatIsLeft({ orderId });
  if (release.length > 0) await inventory().releaseToFloor({ orderId, fulfillmentOrders: release });
}

async function settle(): Promise<void> {
  const { faults } = await settleShortages(context());
  expect(faults).toEqual([]);
}

async function pack(id: string, picked: readonly number[] | "all", shortReason?: string) {
  const held = await rows(
    "select hold_id from fulfillment_order_line where fulfillment_order_id = $1 order by hold_id",
    id,
  );
  return world.call("POST", `/v1/fulfillment-orders/${id}/pack`, {
    json: {
      ...(picked === "all"
        ? {}
        : { lines: held.map(({ hold_id: holdId }, index) => ({ holdId, picked: picked[index] ?? 0 })) }),
      ...(shortReason === undefined ? {} : { shortReason }),
    },
  });
}

async function rows(text: string, ...values: readonly unknown[]) {
  return (await world.database.query(text, [...values])).rows;
}

async function parts(orderId: string) {
  return rows(
    `select f.id, f.location_id as at, f.status, f.stage,
       (select coalesce(sum(quantity), 0)::integer from fulfillment_order_line where fulfillment_order_id = f.id) as units
     from fulfillment_order f where f.order_id = $1 order by f.id`,
    orderId,
  );
}

async function ledger(orderId: string) {
  const [line] = await rows(
    "select ordered, cancelled, allocated, fulfilled from order_line where order_id = $1",
    orderId,
  );
  return line;
}

async function told(orderId: string): Promise<readonly string[]> {
  const found = await rows(
    `select payload->'message'->>'type' as type, payload->'message'->>'kind' as kind from outbox
     where payload->>'workflowId' = $1 and topic = 'workflow.signal' order by id`,
    orderId,
  );
  return found.map(({ type, kind }) => (kind === null ? type : `${type} ${kind}`));
}

async function stock(of: string, locationId: string) {
  const positions = await world.engine.client.positions([of]);
  const at = positions.find((position) => position.locationId === locationId);
  return at === undefined ? undefined : { onHand: at.onHand, free: at.availableToPromise };
}

describe("a unit that was not found", () => {
  test("comes from another place, and what was found is packed and goes on", async () => {
    await receive(sku, "east", 5);
    await receive(sku, "west", 5);
    const orderId = await order({ [sku]: 2 });
    expect((await pack(`${orderId}-F1`, [1])).json).toEqual({ status: "done", short: true });
    // A repeat of the same call is the same fact.
    expect((await pack(`${orderId}-F1`, [1])).json).toEqual({ status: "done", short: true });
    await settle();
    await settle();
    await goOn(orderId);

    expect(await parts(orderId)).toEqual([
      { id: `${orderId}-F1`, at: "east", status: "in_progress", stage: "packed", units: 1 },
      { id: `${orderId}-F2`, at: "west", status: "in_progress", stage: "waiting", units: 1 },
    ]);
    expect(await ledger(orderId)).toEqual({ ordered: 2, cancelled: 0, allocated: 2, fulfilled: 1 });
    expect((await pack(`${orderId}-F2`, "all")).json).toEqual({ status: "done", short: false });
    expect(await ledger(orderId)).toEqual({ ordered: 2, cancelled: 0, allocated: 2, fulfilled: 2 });
    expect(await stock(sku, "east")).toEqual({ onHand: 4, free: 3 });
    expect(await stock(sku, "west")).toEqual({ onHand: 5, free: 4 });
    expect(await told(orderId)).toEqual(["packed", "fulfillment-changed", "packed"]);
  });

  test("comes from another unit of the same place where only that unit was at fault, and only once", async () => {
    await receive(sku, "east", 3);
    const orderId = await order({ [sku]: 1 });
    await pack(`${orderId}-F1`, [0], "damaged");
    await settle();
    await goOn(orderId);
    expect(await parts(orderId)).toMatchObject([
      { id: `${orderId}-F1`, status: "cancelled" },
      { id: `${orderId}-F2`, at: "east", status: "in_progress", units: 1 },
    ]);
    await pack(`${orderId}-F2`, [0], "damaged");
    await settle();
    expect(await ledger(orderId)).toEqual({ ordered: 1, cancelled: 1, allocated: 0, fulfilled: 0 });
    expect(await state().askWhatIsLeft({ orderId })).toMatchObject({ isCancelled: true });
  });

  test("that no place has is cancelled, the shopper is told, and the rest ends the order", async () => {
    await receive(sku, "east", 2);
    const orderId = await order({ [sku]: 2 });
    await pack(`${orderId}-F1`, [1]);
    await settle();
    await settle();
    expect(await ledger(orderId)).toEqual({ ordered: 2, cancelled: 1, allocated: 1, fulfilled: 1 });
    expect(await told(orderId)).toEqual(["packed", "tell-shopper units_cancelled", "order-changed"]);
    expect(await state().askWhatIsLeft({ orderId })).toMatchObject({
      label: [`${orderId}-F1`],
      isCancelled: false,
    });
  });

  test("that no place has is owed by the channel that was paid for it, once", async () => {
    await receive(sku, "east", 2);
    const orderId = await order({ [sku]: 2 }, { paymentBy: "channel" });
    await pack(`${orderId}-F1`, [1]);
    await settle();
    await settle();
    expect(
      await rows("select status, reason, channel_minor from refund where order_id = $1", orderId),
    ).toEqual([{ status: "due_at_channel", reason: "overpayment", channel_minor: 1000 }]);
    expect(await ledger(orderId)).toEqual({ ordered: 2, cancelled: 1, allocated: 1, fulfilled: 1 });
  });

  test("waits for stock where the channel wants that, and is reserved once it comes", async () => {
    await world.database.query("update channel set short_rest = 'wait' where id = 'web'");
    try {
      await receive(sku, "east", 2);
      const orderId = await order({ [sku]: 2 });
      await pack(`${orderId}-F1`, [1]);
      await settle();
      expect(
        await rows("select status, hold_reasons->0->>'code' as code from orders where id = $1", orderId),
      ).toEqual([{ status: "on_hold", code: "insufficient_stock" }]);
      // What was found leaves all the same.
      expect((await state().askWhatIsLeft({ orderId })).label).toEqual([`${orderId}-F1`]);
      await receive(sku, "west", 1);
      expect(await retryShortOrders(context(), [sku])).toEqual([orderId]);
      await goOn(orderId);
      expect(await parts(orderId)).toMatchObject([
        { units: 1 },
        { at: "west", status: "in_progress", units: 1 },
      ]);
      expect(await ledger(orderId)).toEqual({ ordered: 2, cancelled: 0, allocated: 2, fulfilled: 1 });
    } finally {
      await world.database.query("update channel set short_rest = null where id = 'web'");
    }
  });

  test("takes its place in the queue where the order is one whose rest follows", async () => {
    await receive(sku, "east", 2);
    const orderId = await order({ [sku]: 2 }, { allocation: "ship_available_backorder_rest" });
    await pack(`${orderId}-F1`, [1]);
    await settle();
    expect(await told(orderId)).toEqual(["packed", "tell-shopper order_delayed", "fulfillment-changed"]);
    await receive(sku, "west", 3);
    expect(await applyDemandFills(context())).toEqual([orderId]);
    await goOn(orderId);
    expect(await parts(orderId)).toMatchObject([
      { units: 1 },
      { at: "west", status: "in_progress", units: 1 },
    ]);
    expect(await ledger(orderId)).toEqual({ ordered: 2, cancelled: 0, allocated: 2, fulfilled: 1 });
    expect(await stock(sku, "west")).toEqual({ onHand: 3, free: 2 });
  });

  test("of a kit takes the whole kit from elsewhere; its other parts go back on the shelf", async () => {
    const part = await product();
    const kit = await product();
    await insertKits(world.database, [
      {
        sku: kit,
        components: [
          { sku, quantity: 1 },
          { sku: part, quantity: 2 },
        ],
      },
    ]);
    world.engine.client.setKits(await readKits(world.database));
    for (const place of PLACES) {
      await receive(sku, place, 5);
      await receive(part, place, 10);
    }
    const orderId = await order({ [kit]: 2 });
    // Of two kits, three of four parts were found.
    expect((await pack(`${orderId}-F1`, [2, 3])).json).toEqual({ status: "done", short: true });
    await settle();
    await goOn(orderId);
    expect(await parts(orderId)).toMatchObject([
      { at: "east", stage: "packed", units: 3 },
      { at: "west", status: "in_progress", units: 3 },
    ]);
    expect(await ledger(orderId)).toEqual({ ordered: 2, cancelled: 0, allocated: 2, fulfilled: 1 });
    expect(await stock(sku, "east")).toEqual({ onHand: 5, free: 4 });
    expect(await stock(part, "east")).toEqual({ onHand: 9, free: 7 });
  });

  test("is settled once by several that do it at the same time", async () => {
    await receive(sku, "east", 2);
    await receive(sku, "west", 9);
    const orderId = await order({ [sku]: 2 });
    await pack(`${orderId}-F1`, [1]);
    await Promise.all([settle(), settle(), settle()]);
    await goOn(orderId);
    expect(await stock(sku, "west")).toEqual({ onHand: 9, free: 8 });
    expect(
      await rows(
        "select quantity, resourced, settled_at is null as open from shortage where order_id = $1",
        orderId,
      ),
    ).toEqual([{ quantity: 1, resourced: 1, open: false }]);
  });

  test("waits for its turn where somebody holds the order, and keeps nothing meanwhile", async () => {
    await receive(sku, "east", 2);
    await receive(sku, "west", 9);
    const orderId = await order({ [sku]: 2 });
    await pack(`${orderId}-F1`, [1]);
    const client = await world.database.connect();
    try {
      await client.query("begin");
      await client.query("select from orders where id = $1 for no key update", [orderId]);
      expect(await settleShortages(context())).toMatchObject({
        settled: [],
        postponed: [orderId],
        faults: [],
      });
      expect(await stock(sku, "west")).toEqual({ onHand: 9, free: 9 });
      await client.query("rollback");
    } finally {
      client.release();
    }
    await settle();
    await goOn(orderId);
    expect(await parts(orderId)).toMatchObject([
      { units: 1 },
      { at: "west", status: "in_progress", units: 1 },
    ]);
    expect(await stock(sku, "west")).toEqual({ onHand: 9, free: 8 });
    expect(await ledger(orderId)).toEqual({ ordered: 2, cancelled: 0, allocated: 2, fulfilled: 1 });
  });

  test("is not reserved a second time by a release of the order, before or after it is replaced", async () => {
    const other = await product();
    await receive(sku, "east", 4);
    await receive(sku, "west", 9);
    const orderId = await order({ [sku]: 4, [other]: 1 }, { allocation: "ship_available" });
    await pack(`${orderId}-F1`, [3], "damaged");
    await receive(other, "east", 1);
    expect(await retryShortOrders(context(), [other])).toEqual([orderId]);
    await settle();
    expect(
      await rows(
        "select line_id, sum(quantity)::integer as held from order_hold where order_id = $1 group by 1 order by 1",
        orderId,
      ),
    ).toEqual([
      { line_id: "1", held: 4 },
      { line_id: "2", held: 1 },
    ]);
    expect(await stock(sku, "west")).toEqual({ onHand: 9, free: 8 });
  });

  test("is not looked for once the order is being undone: nothing stays reserved", async () => {
    await receive(sku, "east", 2);
    await receive(sku, "west", 9);
    const orderId = await order({ [sku]: 2 });
    await pack(`${orderId}-F1`, [1]);
    // Whichever comes first, the units of the other place end up free.
    await Promise.all([settle(), inventory().releaseStock({ orderId })]);
    await settle();
    await inventory().releaseStock({ orderId });
    expect(await stock(sku, "west")).toEqual({ onHand: 9, free: 9 });
    expect(await stock(sku, "east")).toEqual({ onHand: 1, free: 1 });
  });
});

describe("a place that closes", () => {
  test("gives up what nobody has picked there; it comes from elsewhere, and what is packed still leaves", async () => {
    await receive(sku, "east", 9);
    await receive(sku, "west", 9);
    const packed = await order({ [sku]: 1 });
    await pack(`${packed}-F1`, "all");
    const waiting = await order({ [sku]: 2 });
    const closed = await world.call("POST", "/v1/locations/east/close", { json: {} });
    expect(closed.json.givenUp).toContain(`${waiting}-F1`);
    expect(closed.json.goingOn).toContain(`${packed}-F1`);
    await settle();
    await goOn(waiting);
    expect(await parts(waiting)).toMatchObject([
      { at: "east", status: "cancelled" },
      { at: "west", status: "in_progress", units: 2 },
    ]);
    expect(await ledger(waiting)).toEqual({ ordered: 2, cancelled: 0, allocated: 2, fulfilled: 0 });
    expect(await stock(sku, "east")).toEqual({ onHand: 9, free: 8 });
    // Again: nothing is left to give up.
    const again = await world.call("POST", "/v1/locations/east/close", { json: {} });
    expect(again.json.givenUp).toEqual([]);
    expect((await world.call("POST", "/v1/locations/east/open", { json: {} })).json).toEqual({
      status: "done",
    });
    expect((await world.call("POST", "/v1/locations/nowhere/close", { json: {} })).json.code).toBe(
      "location_not_found",
    );
  });

  test("gives nothing up that has been picked in the same moment", async () => {
    await receive(sku, "east", 9);
    await receive(sku, "west", 9);
    const orderId = await order({ [sku]: 1 });
    const fulfillmentOrderId = `${orderId}-F1`;
    const [packed, given] = await Promise.all([
      pack(fulfillmentOrderId, "all"),
      giveUp(context(), { fulfillmentOrderId, reason: "location_closed", by: "test" }),
    ]);
    expect(packed.status === 200).toBe(!given);
    await settle();
    await goOn(orderId);
    const alive = (await parts(orderId)).filter(({ status }) => status !== "cancelled");
    expect(alive.reduce((sum, { units }) => sum + units, 0)).toBe(1);
    await inventory().releaseStock({ orderId });
    expect(await stock(sku, "east")).toEqual({ onHand: 9, free: 9 });
    expect(await stock(sku, "west")).toEqual({ onHand: 9, free: 9 });
  });
});

describe("an order whose parcels leave as they can", () => {
  test("sends what is reserved to the floor at once; the rest follows when it comes", async () => {
    await receive(sku, "east", 1);
    const orderId = await order({ [sku]: 3 }, { allocation: "ship_available_backorder_rest" });
    expect(await state().openOrder({ orderId })).toMatchObject({ held: false });
    expect(await parts(orderId)).toMatchObject([{ at: "east", status: "in_progress", units: 1 }]);
    await pack(`${orderId}-F1`, "all");
    // Two fills of one hold are two fulfillment orders.
    for (const _ of [1, 2]) {
      await receive(sku, "east", 1);
      await applyDemandFills(context());
      await goOn(orderId);
    }
    expect(await parts(orderId)).toMatchObject([
      { units: 1, stage: "packed" },
      { units: 1, stage: "waiting" },
      { units: 1, stage: "waiting" },
    ]);
    expect(await ledger(orderId)).toEqual({ ordered: 3, cancelled: 0, allocated: 3, fulfilled: 1 });
    expect((await pack(`${orderId}-F2`, "all")).json).toEqual({ status: "done", short: false });
    expect((await pack(`${orderId}-F3`, "all")).json).toEqual({ status: "done", short: false });
    expect(await rows("select status, hold_reasons from orders where id = $1", orderId)).toEqual([
      { status: "open", hold_reasons: [] },
    ]);
  });

  test("is given units from the queue as often as they come, each time firmly", async () => {
    const orderId = await order({ [sku]: 2 }, { allocation: "ship_available_backorder_rest" });
    await receive(sku, "east", 1);
    await applyDemandFills(context());
    await goOn(orderId);
    // Handed over by somebody else, so that its hold has as many units after the next fill as before.
    const elsewhere = { fulfillmentOrderId: `${orderId}-F1`, by: "test", tracking: {} };
    expect(
      await markPartFulfilledElsewhere(context(), { ...elsewhere, key: `${orderId}-elsewhere` }),
    ).toMatchObject({ status: "done" });
    await goOn(orderId);
    await receive(sku, "east", 1);
    await applyDemandFills(context());
    await goOn(orderId);
    expect((await pack(`${orderId}-F2`, "all")).json).toEqual({ status: "done", short: false });
  });

  test("reserves what a change adds at once while other units of it wait in the queue", async () => {
    const other = await product();
    await receive(other, "east", 5);
    const orderId = await order({ [sku]: 1 }, { allocation: "ship_available_backorder_rest" });
    const changed = await editOrder(context(), {
      orderId,
      edits: [{ kind: "add_line", sku: other, title: "More", quantity: 2, unitPrice: "3.00" }],
      by: "test",
      giver: null,
      key: `${orderId}-more`,
    });
    expect(changed).toMatchObject({ status: "done" });
    expect(await stock(other, "east")).toEqual({ onHand: 5, free: 3 });
    await receive(sku, "east", 1);
    await applyDemandFills(context());
    await goOn(orderId);
    expect(await rows("select status from orders where id = $1", orderId)).toEqual([{ status: "open" }]);
    const units = (await parts(orderId)).map((part) => part.units);
    expect(units.reduce((sum, each) => sum + each, 0)).toBe(3);
  });

  test("may be one that was to leave whole, once a person says so", async () => {
    await receive(sku, "east", 1);
    const orderId = await order({ [sku]: 3 });
    expect(await state().openOrder({ orderId })).toMatchObject({ held: true });
    const decided = await world.call("POST", `/v1/orders/${orderId}/ship-available`, { json: {} });
    expect(decided.json).toEqual({ status: "done" });
    expect(await state().openOrder({ orderId })).toMatchObject({ held: false });
    await goOn(orderId);
    expect(await parts(orderId)).toMatchObject([{ at: "east", status: "in_progress", units: 1 }]);
    expect((await world.call("POST", `/v1/orders/${orderId}/ship-available`, { json: {} })).status).toBe(200);
    await receive(sku, "west", 5);
    expect(await retryShortOrders(context(), [sku])).toEqual([orderId]);
    await goOn(orderId);
    expect(await parts(orderId)).toMatchObject([{ units: 1 }, { at: "west", units: 2 }]);
  });
});
