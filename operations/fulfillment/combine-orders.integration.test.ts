/** Orders of one customer that leave in one parcel, through their sagas, up to the door. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Carrier } from "../../ports/carriers.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";
import { rewriteDocument } from "../../test-support/orders/rewrite-document.ts";
import {
  cancelledWhileLeaving,
  deliver,
  held,
  mailKinds,
  onTheFloor,
  outcomeOf,
  pack,
  release,
  shipped,
} from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { TEST_CARRIER } from "../../test-support/vendors/outside-world.ts";
import { createShippingActivities } from "../../workflows/order/activities/shipping.ts";
import { requestCancellation } from "../holds/cancel-order.ts";
import { putHold } from "../holds/put-hold.ts";
import {
  combinableWith,
  combineByRule,
  combineOrders,
  leaveCombined,
  reviewCombinedParcels,
} from "./combine-orders.ts";
import { holdPart, releasePart } from "./hold-part.ts";
import { movePart } from "./move-part.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(async () => {
  await world.reset();
});
afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

const by = "staff:ann";
const part = (orderId: string) => `${orderId}-F1`;
const parcel = (orderId: string) => `${orderId}-F1-S1`;

/** Two orders of two mugs each, at 50.00 a mug and 5.00 for shipping, on the floor in Reno. */
async function twoOrders(): Promise<readonly [string, string]> {
  const orders = [await world.placeOrder(), await world.placeOrder()].sort() as [string, string];
  for (const orderId of orders) await onTheFloor(world, part(orderId));
  return orders;
}

async function combined(): Promise<readonly [string, string]> {
  const orders = await twoOrders();
  expect(await combine(orders)).toMatchObject({ status: "done" });
  return orders;
}

function combine(orders: readonly string[], key = "k1") {
  return combineOrders(world.context, { fulfillmentOrders: orders.map(part), by, key });
}

/** As the standing job does. */
async function reviewed<T>(run: () => Promise<T>): Promise<T> {
  let isOver = false;
  const job = (async () => {
    while (!isOver) {
      await reviewCombinedParcels(world.context);
      await pause(50);
    }
  })();
  try {
    return await run();
  } finally {
    isOver = true;
    await job;
  }
}

async function shipments(orders: readonly string[]) {
  const { rows } = await world.database.query<{ tracking: string; cost: number; shares: string | null }>(
    `select tracking_number as tracking, cost_minor::integer as cost, shares_label_of as shares
     from shipment where order_id = any($1) order by id`,
    [orders],
  );
  return rows;
}

async function entries(orderId: string, type: string): Promise<readonly string[]> {
  const { rows } = await world.database.query<{ summary: string }>(
    "select summary from order_event where order_id = $1 and type = $2 order by tx, id",
    [orderId, type],
  );
  return rows.map(({ summary }) => summary);
}

/** On hand and free, of the mug in Reno. */
async function mugs(): Promise<readonly (number | undefined)[]> {
  const positions = await world.stock.positions(["MUG"]);
  const reno = positions.find(({ locationId }) => locationId === "reno");
  return [reno?.onHand, reno?.availableToPromise];
}

/** What was captured of these orders: those of the test before may still be at their end. */
function captured(...orders: readonly string[]): readonly number[] {
  return [...world.outside.charges].flatMap(([key, charge]) => {
    const amount = /^capture (\d+)/.exec(charge)?.[1];
    return amount === undefined || !orders.some((id) => key.startsWith(`${id}:`)) ? [] : [Number(amount)];
  });
}

/** Labels of these orders that were bought and not given back; the same goes for them. */
function labels(...orders: readonly string[]): readonly string[] {
  return [...world.outside.labels.keys()].filter((key) => orders.some((id) => key.includes(`${part(id)}-S`)));
}

async function ledger(orderId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    "select ordered, cancelled, shipped, delivered from order_line where order_id = $1",
    [orderId],
  );
  return rows[0];
}

const DELIVERED = { ordered: 2, cancelled: 0, shipped: 2, delivered: 2 };
const CANCELLED = { ordered: 2, cancelled: 2, shipped: 0, delivered: 0 };

test("two orders leave in one parcel with one label: each is charged, told, delivered and completed", async () => {
  await reviewed(async () => {
    const [a, b] = await combined();
    await pack(world, part(b));
    await eventually("one waits for the other", async () => {
      const { rows } = await world.database.query("select stage from fulfillment_order where id = $1", [
        part(b),
      ]);
      return rows[0]?.stage === "packed";
    });
    expect(labels(a, b)).toHaveLength(0);
    await pack(world, part(a));
    await shipped(world, parcel(a));
    await shipped(world, parcel(b));
    expect(labels(a, b)).toHaveLength(1);
    const [tracking] = world.outside.labels.values();
    expect(await shipments([a, b])).toEqual([
      { tracking, cost: 700, shares: null },
      { tracking, cost: 0, shares: parcel(a) },
    ]);
    // Once reported, of one parcel.
    await deliver(world, parcel(a));
    for (const orderId of [a, b]) {
      expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
      expect(await ledger(orderId)).toEqual(DELIVERED);
      expect(await mailKinds(world, orderId)).toEqual(["delivered", "order_confirmed", "shipped"]);
    }
    expect(captured(a, b)).toEqual([10_500, 10_500]);
    expect(await mugs()).toEqual([6, 6]);
  });
});

test("the parcel is weighed and declared with the goods of both", async () => {
  await reviewed(async () => {
    const [a, b] = await combined();
    const alone = await world.placeOrder();
    for (const orderId of [alone, a, b]) await pack(world, part(orderId));
    for (const orderId of [alone, a, b]) await shipped(world, parcel(orderId));
    const weights = [...world.outside.rated.values()].map((request) => [
      request.reference,
      request.parcel.weightGrams,
    ]);
    const [, weight] = weights.find(([reference]) => reference === alone) ?? [];
    expect(weights).toContainEqual([a, 2 * Number(weight)]);
    expect(weights.map(([reference]) => reference)).not.toContain(b);
  });
});

test("a request that is repeated is answered alike, and another one about the same is refused", async () => {
  const orders = await twoOrders();
  const first = await combine(orders);
  expect(first).toMatchObject({ status: "done" });
  expect(await combine([...orders].reverse())).toEqual(first);
  expect(await combine(orders, "k2")).toMatchObject({ code: "combined_already" });
  expect(await entries(orders[0], "fulfillment.combined")).toHaveLength(1);
});

test("what cannot leave together is refused by name and changes nothing", async () => {
  const [a, b] = await twoOrders();
  const nobody = combineOrders(world.context, {
    fulfillmentOrders: [part(a), "nobody-F1"],
    by,
    key: "k",
  });
  expect(await nobody).toMatchObject({ code: "fulfillment_order_not_found" });
  expect(await combine([a])).toMatchObject({ code: "combine_same_order" });
  const moved = { fulfillmentOrderId: part(b), by, key: "k", locationId: "omaha" };
  expect(await movePart(world.context, moved)).toMatchObject({ status: "done" });
  expect(await combine([a, b])).toMatchObject({ code: "combine_other_location" });
  await pack(world, part(b));
  expect(await combine([a, b])).toMatchObject({ code: "combine_begun" });
  const { rowCount } = await world.database.query(
    "select from fulfillment_order where combined_parcel_id is not null and order_id = any($1)",
    [[a, b]],
  );
  expect(rowCount).toBe(0);
});

test.each(["before it is packed", "after it is packed"])(
  "an order that is cancelled %s gives its units back, and the other leaves alone",
  async (when) => {
    await reviewed(async () => {
      const [a, b] = await combined();
      if (when === "after it is packed") await pack(world, part(a));
      expect(await requestCancellation(world.context, { orderId: a, reason: "No.", by })).toEqual({
        status: "done",
      });
      expect(await outcomeOf(world, a)).toEqual({ status: "cancelled" });
      await pack(world, part(b));
      await deliver(world, parcel(b));
      expect(await outcomeOf(world, b)).toEqual({ status: "completed" });
      expect(await ledger(a)).toEqual(CANCELLED);
      expect(await ledger(b)).toEqual(DELIVERED);
      expect(captured(a, b)).toEqual([10_500]);
      expect(labels(a, b)).toHaveLength(1);
      expect(await entries(a, "fulfillment.uncombined")).toEqual([
        `${part(a)} leaves on its own: it is cancelled.`,
      ]);
      expect(await entries(b, "fulfillment.uncombined")).toEqual([
        `${part(b)} leaves without ${part(a)}, on its own.`,
      ]);
      expect(await mugs()).toEqual([8, 8]);
    });
  },
);

test("an order that is held leaves the parcel; released, it goes in one of its own", async () => {
  await reviewed(async () => {
    const [a, b] = await combined();
    await pack(world, part(a));
    await putHold(world.context, { orderId: a, reason: "Ask.", by, key: "k" });
    await pack(world, part(b));
    await deliver(world, parcel(b));
    expect(await outcomeOf(world, b)).toEqual({ status: "completed" });
    expect(await shipments([a])).toEqual([]);
    await release(world, a);
    await deliver(world, parcel(a));
    expect(await outcomeOf(world, a)).toEqual({ status: "completed" });
    expect(labels(a, b)).toHaveLength(2);
    expect(captured(a, b)).toEqual([10_500, 10_500]);
  });
});

test("of three, one that is halted leaves, and the other two share the parcel", async () => {
  await reviewed(async () => {
    const orders = [await world.placeOrder(), await world.placeOrder(), await world.placeOrder()].sort();
    for (const orderId of orders) await onTheFloor(world, part(orderId));
    const [a = "", b = "", c = ""] = orders;
    expect(await combine(orders)).toMatchObject({ status: "done" });
    const asked = { fulfillmentOrderId: part(a), by, key: "k" };
    await holdPart(world.context, { ...asked, reason: "Look." });
    for (const orderId of [b, c]) await pack(world, part(orderId));
    for (const orderId of [b, c]) await shipped(world, parcel(orderId));
    expect(new Set((await shipments([b, c])).map(({ tracking }) => tracking)).size).toBe(1);
    await releasePart(world.context, asked);
    await pack(world, part(a));
    await shipped(world, parcel(a));
    expect(labels(a, b, c)).toHaveLength(2);
  });
});

test("an order whose address changes, and one that is asked to, leave on their own", async () => {
  const [a, b] = await combined();
  await rewriteDocument(world.database, b, ({ shippingAddress, ...document }) => ({
    ...document,
    shippingAddress: shippingAddress && { ...shippingAddress, line1: "2 Side Street" },
  }));
  expect(await reviewCombinedParcels(world.context)).toBe(1);
  expect(await entries(b, "fulfillment.uncombined")).toEqual([
    `${part(b)} leaves on its own: its order goes elsewhere.`,
  ]);
  expect(await combine([a, b], "k2")).toMatchObject({ code: "combine_other_address" });

  const [c, d] = await combined();
  const leave = () => leaveCombined(world.context, { fulfillmentOrderId: part(c), by });
  expect(await leave()).toEqual({ status: "done" });
  expect(await leave()).toEqual({ status: "done" });
  for (const orderId of [c, d]) {
    await pack(world, part(orderId));
    await shipped(world, parcel(orderId));
  }
  expect(new Set((await shipments([c, d])).map(({ tracking }) => tracking)).size).toBe(2);
});

test("a parcel that no carrier takes stops the first order; the other one leaves alone", async () => {
  await reviewed(async () => {
    const [a, b] = await combined();
    world.outside.refusals.push("The parcel is too heavy.");
    for (const orderId of [a, b]) await pack(world, part(orderId));
    await held(world, a, "floor_exception");
    await shipped(world, parcel(b));
    await release(world, a);
    await shipped(world, parcel(a));
    expect(labels(a, b)).toHaveLength(2);
  });
});

test.each(["before", "after"] as const)(
  "a label step that dies %s its effect buys one label, and both orders leave with it once",
  async (when) => {
    await reviewed(async () => {
      const [a, b] = await combined();
      world.failNext("buyLabel", when);
      for (const orderId of [a, b]) await pack(world, part(orderId));
      for (const orderId of [a, b]) await shipped(world, parcel(orderId));
      await deliver(world, parcel(b));
      for (const orderId of [a, b]) expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
      expect(labels(a, b)).toHaveLength(1);
      expect(captured(a, b)).toEqual([10_500, 10_500]);
    });
  },
);

/** New orders of the channel wait an hour for others, in this test. */
async function waitingOrders<T>(run: () => Promise<T>): Promise<T> {
  await world.database.query("update channel set combine_minutes = 60 where id = 'shop'");
  try {
    return await run();
  } finally {
    await world.database.query("update channel set combine_minutes = null where id = 'shop'");
  }
}

async function waits(orderId: string): Promise<void> {
  await eventually(`${orderId} waits`, async () => {
    const { rowCount } = await world.database.query(
      "select from fulfillment_order where order_id = $1 and status = 'open' and combine_until > now()",
      [orderId],
    );
    return rowCount === 1;
  });
}

async function timeIsOver(orderId: string, inMs = 0): Promise<void> {
  await world.database.query(
    "update fulfillment_order set combine_until = now() + $2 * interval '1 millisecond' where order_id = $1",
    [orderId, inMs],
  );
}

test("by the rule of a channel orders wait, and leave together when the time of the first is about to end", async () => {
  await waitingOrders(async () => {
    const orders = [await world.placeOrder(), await world.placeOrder()].sort() as [string, string];
    for (const orderId of orders) await waits(orderId);
    // Nothing is due yet.
    expect(await combineByRule(world.context)).toBe(0);
    await timeIsOver(orders[1], 3_000);
    expect(await combineByRule(world.context)).toBe(1);
    expect(await combineByRule(world.context)).toBe(0);
    await reviewed(async () => {
      for (const orderId of orders) await pack(world, part(orderId));
      for (const orderId of orders) await shipped(world, parcel(orderId));
    });
    expect(labels(...orders)).toHaveLength(1);
    expect(await entries(orders[0], "fulfillment.combined")).toEqual([
      expect.stringContaining(`${part(orders[0])} is to leave in one parcel with ${part(orders[1])}`),
    ]);
  });
});

test("an order that finds no company begins alone when its time is over; what is collected does not wait", async () => {
  await waitingOrders(async () => {
    const alone = await world.placeOrder();
    const cancelled = await world.placeOrder();
    for (const orderId of [alone, cancelled]) await waits(orderId);
    // Who waits can be cancelled as ever.
    await requestCancellation(world.context, { orderId: cancelled, reason: "No.", by });
    expect(await outcomeOf(world, cancelled)).toEqual({ status: "cancelled" });
    await timeIsOver(alone);
    expect(await combineByRule(world.context)).toBe(0);
    await pack(world, part(alone));
    await deliver(world, parcel(alone));
    expect(await outcomeOf(world, alone)).toEqual({ status: "completed" });
    const collected = await world.placeOrder({ delivery: { method: "pickup", locationId: "reno" } });
    await onTheFloor(world, part(collected));
  });
});

test("the rule does not bring together again what a person has parted", async () => {
  await waitingOrders(async () => {
    const orders = [await world.placeOrder(), await world.placeOrder()].sort() as [string, string];
    for (const orderId of orders) {
      await waits(orderId);
      await timeIsOver(orderId, 4_000);
    }
    expect(await combineByRule(world.context)).toBe(1);
    await leaveCombined(world.context, { fulfillmentOrderId: part(orders[0]), by });
    await combineByRule(world.context);
    const { rowCount } = await world.database.query(
      "select from fulfillment_order where combined_parcel_id is not null and order_id = any($1)",
      [orders],
    );
    expect(rowCount).toBe(0);
  });
});

/** Orders of so many mugs of 5 kg; the carrier takes 30 kg. */
async function heavyOrders(...quantities: readonly number[]): Promise<readonly string[]> {
  await world.weigh("MUG", 5_000);
  const orders: string[] = [];
  for (const quantity of quantities)
    orders.push(
      await world.placeOrder({
        lines: [{ sku: "MUG", quantity, priceMinor: 5000, at: { reno: quantity } }],
      }),
    );
  return orders;
}

test("what is too heavy for one parcel together is neither offered nor combined", async () => {
  const [a = "", b = "", c = ""] = await heavyOrders(3, 4, 2);
  for (const orderId of [a, b, c]) await onTheFloor(world, part(orderId));
  const offered = await combinableWith(world.context, part(a));
  // Orders of the tests before are the same customer's.
  const mine = (offered ?? []).map(({ orderId }) => orderId).filter((id) => [b, c].includes(id));
  expect(mine).toEqual([c]);
  expect(await combine([a, b])).toMatchObject({
    code: "parcel_too_heavy",
    detail: expect.stringMatching(/^Together they would weigh 35 kg .* may weigh 30 kg /),
  });
  expect(await combine([a, b, c])).toMatchObject({ code: "parcel_too_heavy" });
  expect(await combine([a, c])).toMatchObject({ status: "done" });
});

test("by rule, orders that are too heavy for one parcel leave in several", async () => {
  // Nobody of the tests before.
  await world.database.query("update fulfillment_order set combine_until = null");
  await waitingOrders(async () => {
    const orders = await heavyOrders(3, 4, 2);
    const [a = "", b = "", c = ""] = orders;
    for (const orderId of orders) await waits(orderId);
    const withWhom = async (orderId: string) => {
      const { rows } = await world.database.query<{ orderId: string }>(
        `select other.order_id as "orderId" from fulfillment_order f
           join fulfillment_order other on other.combined_parcel_id = f.combined_parcel_id and other.id <> f.id
         where f.order_id = $1 order by 1`,
        [orderId],
      );
      return rows.map((row) => row.orderId);
    };
    await timeIsOver(a, 3_000);
    expect(await combineByRule(world.context)).toBe(1);
    expect(await withWhom(a)).toEqual([c]);
    // The one without room waits on, for whoever comes in its own time.
    expect(await withWhom(b)).toEqual([]);
    await waits(b);
    const [e = ""] = await heavyOrders(1);
    await waits(e);
    await timeIsOver(b, 3_000);
    expect(await combineByRule(world.context)).toBe(1);
    expect(await withWhom(b)).toEqual([e]);
  });
});

test("who makes the parcel too heavy by a change leaves on its own, and the others go together", async () => {
  await reviewed(async () => {
    const orders = [...(await heavyOrders(2, 1, 2))].sort();
    for (const orderId of orders) await onTheFloor(world, part(orderId));
    const [a = "", b = "", c = ""] = orders;
    expect(await combine(orders)).toMatchObject({ status: "done" });
    // Five mugs were 25 kg; now they are 35.
    await world.weigh("MUG", 7_000);
    await eventually("one leaves", async () => (await entries(c, "fulfillment.uncombined")).length > 0);
    expect(await entries(c, "fulfillment.uncombined")).toEqual([
      expect.stringMatching(/leaves on its own: with it the parcel would weigh 35 kg .* may weigh 30 kg /),
    ]);
    for (const orderId of orders) await pack(world, part(orderId));
    for (const orderId of orders) await shipped(world, parcel(orderId));
    expect(new Set((await shipments([a, b])).map(({ tracking }) => tracking)).size).toBe(1);
    expect(labels(a, b, c)).toHaveLength(2);
  });
});

test("a label that was bought for what is no longer in the parcel goes back", async () => {
  await reviewed(async () => {
    const [a, b] = await combined();
    // As a process leaves it that died after the purchase, before one of the orders left the parcel.
    await world.database.query(
      `insert into label_purchase (key, order_id, shipment_id, carrier_provider, carrier_account, carrier_shipment_id,
         rate_id, weight_grams) values ($1, $2, $3, $4, $5, 'shp_before', 'slow', 1)`,
      [`${parcel(a)}:label:1:before:2`, a, parcel(a), TEST_CARRIER.provider, TEST_CARRIER.account],
    );
    world.outside.labels.set("shp_before", "TRACK-before");
    for (const orderId of [a, b]) await pack(world, part(orderId));
    for (const orderId of [a, b]) await shipped(world, parcel(orderId));
    expect([...world.outside.labels.keys()]).not.toContain("shp_before");
    expect(labels(a, b)).toHaveLength(1);
  });
});

test.each([
  ["another one was bought for the order as it is now", "changed"],
  ["labels of the order were given back", "given back"],
] as const)("a label that is bought once its attempt was taken for lost goes back: %s", async (_, what) => {
  const [a] = await twoOrders();
  let buys: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    buys = resolve;
  });
  let letThrough: () => void = () => {};
  const sells = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const carriers = new VendorRoster<Carrier>(
    "slow carrier",
    world.outside.carriers.vendors.map((vendor) => ({
      ...vendor,
      port: {
        ...vendor.port,
        buyLabel: async (request) => {
          buys();
          await sells;
          return vendor.port.buyLabel(request);
        },
      },
    })),
  );
  const late = createShippingActivities({ database: world.database, carriers, now: Date.now });
  const bought = late.buyLabel({ orderId: a, fulfillmentOrderId: part(a), attempt: 1 });
  await asked;
  if (what === "changed") {
    await rewriteDocument(world.database, a, ({ shippingAddress, ...document }) => ({
      ...document,
      shippingAddress: shippingAddress && { ...shippingAddress, line1: "2 Side Street" },
    }));
    await world.database.query("update orders set revision = 2 where id = $1", [a]);
    await pack(world, part(a));
    await shipped(world, parcel(a));
  } else {
    const quick = createShippingActivities({
      database: world.database,
      carriers: world.outside.carriers,
      now: Date.now,
    });
    await quick.voidLabels({ orderId: a, fulfillmentOrderId: part(a) });
  }
  letThrough();
  await bought;
  expect(labels(a)).toEqual(what === "changed" ? [`shp_${parcel(a)}:label:1:r2`] : []);
  expect(await shipments([a])).toHaveLength(what === "changed" ? 1 : 0);
});

test("a pick that races the request has begun before it, or is packed for the shared parcel", async () => {
  await reviewed(async () => {
    for (let round = 0; round < 4; round += 1) {
      const [a, b] = await twoOrders();
      const [outcome] = await Promise.all([combine([a, b]), pack(world, part(a))]);
      if (outcome.status === "refused") expect(outcome.code).toBe("combine_begun");
      await pack(world, part(b));
      for (const orderId of [a, b]) await shipped(world, parcel(orderId));
      const labels = new Set((await shipments([a, b])).map(({ tracking }) => tracking));
      expect(labels.size).toBe(outcome.status === "refused" ? 2 : 1);
      await world.reset();
    }
  });
});

test("a cancellation that races the parcel has one winner: cancelled and not in it, or sent and charged", async () => {
  await reviewed(async () => {
    const ends = new Set<unknown>();
    for (const delay of ["before", 0, 20, 60, 120, 200, 300] as const) {
      const [a, b] = await combined();
      const cancel = () => requestCancellation(world.context, { orderId: b, reason: "No.", by });
      await pack(world, part(b));
      if (delay === "before") {
        await cancel();
        await eventually("the second one is recalled", async () => {
          const { rows } = await world.database.query("select status from fulfillment_order where id = $1", [
            part(b),
          ]);
          return rows[0]?.status === "cancelled";
        });
      }
      await pack(world, part(a));
      if (delay !== "before") {
        await pause(delay);
        await cancel();
      }
      await deliver(world, parcel(a));
      expect(await outcomeOf(world, a)).toEqual({ status: "completed" });
      const sent = await shipments([b]);
      if (sent.length > 0) {
        expect(await outcomeOf(world, b)).toEqual({ status: "completed" });
        expect(await ledger(b)).toEqual(DELIVERED);
        expect(new Set((await shipments([a, b])).map(({ tracking }) => tracking)).size).toBe(1);
        expect(captured(a, b)).toEqual([10_500, 10_500]);
        ends.add("sent");
      } else {
        expect(await outcomeOf(world, b)).toEqual({ status: "cancelled" });
        expect(await ledger(b)).toEqual(CANCELLED);
        expect(captured(a, b)).toEqual([10_500]);
        ends.add("cancelled");
      }
      await world.reset();
    }
    expect(ends).toContain("cancelled");
  });
});

test("an order that is cancelled as its shared parcel leaves is told so, and is sent and charged once", async () => {
  const [a, b] = await cancelledWhileLeaving(world);
  await shipped(world, parcel(b));
  await deliver(world, parcel(a));
  for (const orderId of [a, b]) {
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
    expect(await ledger(orderId)).toEqual(DELIVERED);
  }
  expect(await entries(b, "order.cancellation_refused")).toEqual([
    "Not cancelled: a parcel has already left. The goods can be returned.",
  ]);
  expect(await entries(b, "order.cancelled")).toEqual([]);
  expect(captured(a, b)).toEqual([10_500, 10_500]);
  expect([...world.outside.charges.values()].filter((charge) => charge === "cancel")).toEqual([]);
  expect(new Set((await shipments([a, b])).map(({ tracking }) => tracking)).size).toBe(1);
  expect(await mailKinds(world, b)).toEqual(["delivered", "order_confirmed", "shipped"]);
  expect(await mugs()).toEqual([6, 6]);
  // It is known for good: a later request is refused at once.
  expect(await requestCancellation(world.context, { orderId: b, reason: "No.", by })).toMatchObject({
    code: "order_already_shipped",
  });
});
