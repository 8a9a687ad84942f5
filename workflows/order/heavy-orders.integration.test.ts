/** Orders that are heavier than a carrier takes in one parcel. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { editOrder } from "../../operations/change/edit-order.ts";
import { releasePart } from "../../operations/fulfillment/hold-part.ts";
import { mergeParts, splitPart } from "../../operations/fulfillment/split-part.ts";
import { releaseHold } from "../../operations/holds/release-hold.ts";
import {
  cancel,
  deliver,
  held,
  mailKinds,
  onTheFloor,
  outcomeOf,
  pack,
} from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { TEST_CARRIER_MOST_GRAMS } from "../../test-support/vendors/outside-world.ts";

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

test("a place, or the whole company, may allow less in one parcel than carriers take", async () => {
  await world.weigh("MUG", 12_000);
  const lines = [{ sku: "MUG", quantity: 4, priceMinor: 5000, at: { reno: 2, omaha: 2 } }];
  const parts = async (orderId: string) => {
    const { rows } = await world.database.query<{ id: string; units: number }>(
      `select f.id, sum(l.quantity)::integer as units from fulfillment_order f
       join fulfillment_order_line l on l.fulfillment_order_id = f.id
       where f.order_id = $1 group by f.id order by f.id`,
      [orderId],
    );
    return rows;
  };
  try {
    await limit(12_000, 29_000);
    const orderId = await world.placeOrder({ lines });
    await onTheFloor(world, `${orderId}-F3`);
    // Omaha may pack two into one, Reno may not, whatever the carrier takes.
    expect((await parts(orderId)).map(({ units }) => units).sort()).toEqual([1, 1, 2]);
    await limit(null, 12_000);
    const other = await world.placeOrder({ lines });
    await onTheFloor(world, `${other}-F4`);
    const [first, ...rest] = await parts(other);
    expect([first, ...rest].map((part) => part?.units)).toEqual([1, 1, 1, 1]);
    const asked = { fulfillmentOrderId: first?.id ?? "", by: "staff:ann", key: "m" };
    expect(await mergeParts(world.context, asked)).toMatchObject({
      code: "parcel_too_heavy",
      detail: expect.stringMatching(/would weigh 24 kg .* one parcel may weigh 12 kg /),
    });
  } finally {
    await limit(null, null);
  }
});

test("a heavy order leaves in as many parcels as it needs, each captured, all delivered", async () => {
  await world.weigh("MUG", 12_000);
  const orderId = await world.placeOrder({
    lines: [{ sku: "MUG", quantity: 5, priceMinor: 5000, at: { reno: 5 } }],
  });
  const parts = ["F1", "F2", "F3"].map((part) => `${orderId}-${part}`);
  // The answer of the step is lost: what it has cut stays as it is.
  world.failNext("releaseToFloor", "after");
  for (const part of parts) await pack(world, part);
  for (const part of parts) await deliver(world, `${part}-S1`);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await unitsOf(orderId)).toEqual(
    parts.map((id, index) => ({ id, status: "closed", units: index < 2 ? 2 : 1 })),
  );
  const weights = [...world.outside.rated.values()].map(({ parcel }) => parcel.weightGrams);
  expect(weights.sort()).toEqual([12_000, 24_000, 24_000]);
  expect(new Set(world.outside.labels.values()).size).toBe(3);
  expect([...world.outside.charges.values()]).toEqual([
    "authorize 25500",
    "capture 10500",
    "capture 10000",
    "capture 5000 final",
  ]);
  const reno = (await world.stock.positions(["MUG"])).find(({ locationId }) => locationId === "reno");
  expect(reno).toMatchObject({ onHand: 5, reserved: 0, allocated: 0, picked: 0 });
  expect((await mailKinds(world, orderId)).filter((kind) => kind === "shipped")).toHaveLength(3);
});

test("a unit that no carrier takes waits under a name that says what to do, and the rest goes", async () => {
  await world.weigh("MUG", 40_000);
  const orderId = await world.placeOrder({
    lines: [
      { sku: "CAP", quantity: 2, priceMinor: 2000, at: { reno: 2 } },
      { sku: "MUG", quantity: 1, priceMinor: 5000, at: { reno: 1 } },
    ],
  });
  await held(world, orderId, "parcel_too_heavy");
  const [heavy, light] = [`${orderId}-F1`, `${orderId}-F2`];
  const reasons = await reasonsOf(orderId);
  expect(reasons).toEqual([
    {
      code: "parcel_too_heavy",
      detail: "One unit (MUG) weighs 40 kg (88.2 lb), and one parcel may weigh 30 kg (66.1 lb) at most.",
      fulfillmentOrderId: heavy,
    },
  ]);
  await pack(world, light);
  await deliver(world, `${light}-S1`);

  // Released as it is, it is held again; with the right weight, it goes.
  const release = (key: string) =>
    releasePart(world.context, { fulfillmentOrderId: heavy, by: "staff:ann", key });
  expect(await release("1")).toMatchObject({ status: "done" });
  await eventually("told again", async () => {
    const { rowCount } = await world.database.query(
      "select from order_event where order_id = $1 and type = 'order.held'",
      [orderId],
    );
    return rowCount === 2;
  });
  expect(await reasonsOf(orderId)).toEqual(reasons);
  await world.weigh("MUG", TEST_CARRIER_MOST_GRAMS);
  expect(await release("2")).toMatchObject({ status: "done" });
  await pack(world, heavy);
  await deliver(world, `${heavy}-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("released as an order, what was too heavy is looked at again with today's limits", async () => {
  await world.weigh("MUG", 20_000);
  await limit(15_000, null);
  try {
    const orderId = await world.placeOrder({
      lines: [{ sku: "MUG", quantity: 2, priceMinor: 5000, at: { reno: 2 } }],
    });
    await held(world, orderId, "parcel_too_heavy");
    await eventually("both", async () => ((await reasonsOf(orderId)) as unknown[]).length === 2);
    const release = () => releaseHold(world.context, { orderId, by: "staff:ann" });
    const tooHeavy = (most: string) =>
      `One unit (MUG) weighs 20 kg (44.1 lb), and one parcel may weigh ${most} at most.`;
    expect(await release()).toMatchObject({ code: "hold_not_cleared" });
    await limit(19_000, null);
    const still = [1, 2].map((part) => ({
      code: "parcel_too_heavy",
      detail: tooHeavy("19 kg (41.9 lb)"),
      fulfillmentOrderId: `${orderId}-F${part}`,
    }));
    expect(await release()).toMatchObject({ status: "done", holdReasons: still });
    expect(await reasonsOf(orderId)).toEqual(still);
    await limit(20_000, null);
    expect(await release()).toEqual({ status: "done", holdReasons: [] });
    for (const part of ["F1", "F2"]) await pack(world, `${orderId}-${part}`);
    for (const part of ["F1", "F2"]) await deliver(world, `${orderId}-${part}-S1`);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  } finally {
    await limit(null, null);
  }
});

test("a cancelled order of several parcels gives all of them back", async () => {
  await world.weigh("MUG", 20_000);
  const orderId = await world.placeOrder({
    lines: [{ sku: "MUG", quantity: 3, priceMinor: 5000, at: { reno: 3 } }],
  });
  await onTheFloor(world, `${orderId}-F3`);
  await cancel(world, orderId);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  const reno = (await world.stock.positions(["MUG"])).find(({ locationId }) => locationId === "reno");
  expect(reno).toMatchObject({ onHand: 10, reserved: 0, allocated: 0, picked: 0 });
});

test("parts are merged as far as one parcel has room, and a merge beyond it is refused by name", async () => {
  await world.weigh("MUG", 20_000);
  const orderId = await world.placeOrder({
    lines: [
      { sku: "MUG", quantity: 2, priceMinor: 5000, at: { reno: 2 } },
      { sku: "CAP", quantity: 1, priceMinor: 2000, at: { reno: 1 } },
    ],
  });
  const [first, second, third] = [`${orderId}-F1`, `${orderId}-F2`, `${orderId}-F3`];
  await onTheFloor(world, second);
  const merge = (id: string, key: string, others?: readonly string[]) =>
    mergeParts(world.context, {
      fulfillmentOrderId: id,
      by: "staff:ann",
      key,
      ...(others === undefined ? {} : { others }),
    });
  for (const others of [undefined, [second]])
    expect(await merge(first, `refused ${others}`, others)).toEqual({
      status: "refused",
      code: "parcel_too_heavy",
      detail: `With ${second}, ${first} would weigh 40.4 kg (89.1 lb), and one parcel may weigh 30 kg (66.1 lb) at most.`,
    });
  const lines = [{ lineId: "2", quantity: 1 }];
  await splitPart(world.context, { fulfillmentOrderId: first, by: "staff:ann", key: "split", lines });
  await onTheFloor(world, third);
  expect(await merge(second, "what fits")).toEqual({ status: "done", fulfillmentOrders: [second, third] });
  for (const part of [first, second]) await pack(world, part);
  for (const part of [first, second]) await deliver(world, `${part}-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
});

test("units that a change adds join a parcel that has room, or get parcels of their own", async () => {
  await world.weigh("MUG", 12_000);
  const orderId = await world.placeOrder({
    lines: [
      { sku: "MUG", quantity: 2, priceMinor: 5000, at: { reno: 2 } },
      { sku: "CAP", quantity: 1, priceMinor: 2000, at: { reno: 1 } },
    ],
  });
  const part = (number: number) => `${orderId}-F${number}`;
  await onTheFloor(world, part(1));
  const edits = [
    { kind: "quantity", lineId: "1", quantity: 5 },
    { kind: "quantity", lineId: "2", quantity: 2 },
  ] as const;
  expect(
    await editOrder(world.context, { orderId, key: "more", by: "staff:ann", giver: null, edits }),
  ).toMatchObject({
    status: "done",
  });
  for (const number of [1, 2, 3]) await pack(world, part(number));
  for (const number of [1, 2, 3]) await deliver(world, `${part(number)}-S1`);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await unitsOf(orderId)).toEqual(
    [4, 2, 1].map((units, index) => ({ id: part(index + 1), status: "closed", units })),
  );
  const grams = [...world.outside.rated.values()].map(({ parcel }) => parcel.weightGrams);
  expect(grams.sort()).toEqual([12_000, 24_000, 24_800]);
});

/** The order's fulfillment orders. */
async function unitsOf(orderId: string): Promise<readonly unknown[]> {
  const { rows } = await world.database.query(
    `select f.id, f.status, sum(l.picked)::integer as units from fulfillment_order f
     join fulfillment_order_line l on l.fulfillment_order_id = f.id
     where f.order_id = $1 group by f.id order by f.id`,
    [orderId],
  );
  return rows;
}

async function reasonsOf(orderId: string): Promise<unknown> {
  const { rows } = await world.database.query("select hold_reasons from orders where id = $1", [orderId]);
  return rows[0]?.["hold_reasons"];
}

/** What one parcel may weigh at Reno, and anywhere. */
async function limit(reno: number | null, company: number | null): Promise<void> {
  await world.database.query("update location set max_parcel_grams = $1 where id = 'reno'", [reno]);
  await world.database.query("update company set max_parcel_grams = $1", [company]);
}
