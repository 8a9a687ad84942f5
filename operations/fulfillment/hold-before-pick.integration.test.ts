/** A person halts a fulfillment order while the saga hands it to the floor: nobody picks what is halted. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";
import { readParts } from "../../store/floor/fulfillment-changes.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import type { SagaDependencies } from "../../workflows/activities/dependencies.ts";
import { createInventoryActivities } from "../../workflows/order/activities/inventory.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { createProduct } from "../catalog/create-product.ts";
import { assignPicks } from "../floor/assign-picks.ts";
import { holdPart, releasePart } from "./hold-part.ts";

let world: CaptureWorld;
let saga: ReturnType<typeof createInventoryActivities>;
let serial = 0;

beforeAll(async () => {
  world = await startCaptureWorld(["east"], [{ id: "own", kind: "holdfast" }]);
  saga = createInventoryActivities({
    ...world.context,
    carriers: new VendorRoster("carriers", []),
  } as unknown as SagaDependencies);
  await world.store.database.query(
    "insert into device (id, location_id, kind, protocol, name) values ('robot', 'east', 'robot', 'vda5050', 'Robot')",
  );
  await createProduct(
    world.context,
    {
      sku: "TENT",
      name: "Tent",
      weightGrams: 3200,
      priceMinor: 8999,
      currency: "USD",
      hsCode: "6306.22",
      originCountry: "VN",
      gtin: "80614141123458",
    },
    "staff:1",
  );
  await world.context.allocator.execute([
    {
      type: "receive",
      sku: "TENT",
      locationId: "east",
      quantity: 1_000,
      commandId: "receive",
      atMs: Date.now(),
      cause: "test",
    },
  ]);
});

afterAll(() => world?.close());

/** An order that is paid and sourced, as the saga sees it before it hands it to the floor. */
async function sourced() {
  serial += 1;
  const orderId = `own-h${serial}`;
  await captureOrders(world.context, {
    channelId: "own",
    topic: null,
    payload: JSON.stringify({
      id: `h${serial}`,
      currency: "USD",
      lines: [{ sku: "TENT", quantity: 1, unitPrice: "89.99" }],
      shippingAddress: { name: "A", line1: "1 B St", city: "Louisville", region: "KY", country: "US" },
      customer: { name: "A" },
      paymentMethod: "pm_card_visa",
    }),
    adapters: channelAdapters,
    cause: "channel:own",
  });
  const allocated = await saga.allocateStock({ orderId });
  if (allocated.status !== "allocated") throw new Error(allocated.detail);
  return { orderId, fulfillmentOrders: allocated.fulfillmentOrders };
}

const hold = (orderId: string) =>
  holdPart(world.context, {
    fulfillmentOrderId: `${orderId}-F1`,
    by: "staff:ann",
    key: `hold ${orderId}`,
    reason: "The customer called.",
  });

async function standing(orderId: string) {
  const found = await readParts(world.store.database, orderId);
  const { rows } = await world.store.database.query<{ status: string }>(
    "select status from floor_task where fulfillment_order_id = $1",
    [`${orderId}-F1`],
  );
  const part = found?.parts[0];
  return { status: part?.status, stage: part?.stage, tasks: rows.map(({ status }) => status) };
}

test("what was halted after the saga looked stays where it is, and goes on when it is released", async () => {
  const { orderId, fulfillmentOrders } = await sourced();
  await hold(orderId);
  await saga.releaseToFloor({ orderId, fulfillmentOrders });
  expect(await standing(orderId)).toEqual({ status: "on_hold", stage: "waiting", tasks: [] });
  const released = await releasePart(world.context, {
    fulfillmentOrderId: `${orderId}-F1`,
    by: "staff:ann",
    key: "release",
  });
  expect(released.status).toBe("done");
  await saga.releaseToFloor({ orderId, fulfillmentOrders });
  expect(await standing(orderId)).toEqual({ status: "in_progress", stage: "waiting", tasks: ["queued"] });
});

test("of a hold and the way to the floor at once, no robot ever gets what is halted", async () => {
  for (let round = 0; round < 25; round += 1) {
    const { orderId, fulfillmentOrders } = await sourced();
    const [held] = await Promise.all([
      hold(orderId),
      saga.releaseToFloor({ orderId, fulfillmentOrders }),
      assignPicks(world.context, [{ deviceId: "robot", locationId: "east" }]),
    ]);
    expect(held.status).toBe("done");
    await assignPicks(world.context, [{ deviceId: "robot", locationId: "east" }]);
    const { status, tasks } = await standing(orderId);
    expect([status, tasks.filter((task) => task !== "cancelled")]).toEqual(["on_hold", []]);
  }
});
