/** A channel that sells through a stock pool, over a real PostgreSQL and the real engine. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { createFulfillmentOrders, readUnsourced } from "../../store/floor/fulfillment.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { createProduct } from "../catalog/create-product.ts";
import { editOrder } from "../change/edit-order.ts";
import { movePart } from "../fulfillment/move-part.ts";
import { changeChannel } from "../settings/change-channel.ts";
import { readChannelStock } from "../stock/channel-stock.ts";
import { retryShortOrders } from "./release-hold.ts";

let world: CaptureWorld;
let serial = 0;
let sku = "";

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east", "west"],
    [
      { id: "own", kind: "holdfast" },
      { id: "other", kind: "holdfast" },
    ],
  );
  const set = await changeChannel(world.context, "own", { version: 1, stockPool: "shop" }, "staff:1");
  expect(set.status).toBe("done");
});

afterAll(() => world?.close());

beforeEach(async () => {
  serial += 1;
  sku = `POOL-${serial}`;
  const gtin = "80614141123458";
  const price = { weightGrams: 100, priceMinor: 1_000, currency: "USD" };
  await createProduct(
    world.context,
    { sku, name: "Mug", ...price, hsCode: "6912.00", originCountry: "PT", gtin },
    "staff:1",
  );
});

async function execute(type: "receive" | "set-pool", quantity: number, locationId = "east") {
  serial += 1;
  const shared = { commandId: `${type}-${serial}`, sku, locationId, atMs: Date.now(), cause: "test" };
  const command: StockCommand =
    type === "receive"
      ? { ...shared, type, quantity }
      : { ...shared, type, pool: "shop", kind: "ring-fenced", units: quantity };
  const [outcome] = await world.context.allocator.execute([command]);
  expect(outcome?.status).toBe("applied");
}

async function order(channelId: string, quantity: number, allocation = "all_or_nothing") {
  serial += 1;
  const [result] = await captureOrders(world.context, {
    channelId,
    topic: null,
    payload: JSON.stringify({
      id: `p${serial}`,
      currency: "USD",
      lines: [{ sku, quantity, unitPrice: "10.00" }],
      allocation,
      paymentBy: "merchant",
      paymentMethod: "pm_card_visa",
      customer: { name: "Ada Example", email: "ada@example.com" },
      shippingAddress: {
        name: "Ada",
        line1: "1 Main",
        city: "Reno",
        region: "NV",
        postalCode: "89501",
        country: "US",
      },
    }),
    adapters: channelAdapters,
    cause: "test",
  });
  if (result?.outcome === "refused") throw new Error(result.detail ?? "refused");
  return { orderId: result?.order ?? "", outcome: result?.outcome };
}

async function held(orderId: string): Promise<readonly { readonly at: string; readonly units: number }[]> {
  const { rows } = await world.store.database.query(
    `select location_id as at, sum(quantity)::integer as units from order_hold where order_id = $1 group by 1 order by 1`,
    [orderId],
  );
  return rows;
}

/** Units that the pool has promised and has left, by `free`: what everybody may still sell there. */
async function position(locationId = "east") {
  const positions = await world.context.allocator.positions([sku]);
  const at = positions.find((each) => each.locationId === locationId);
  return { free: at?.availableToPromise, fenced: at?.fenced, reserved: at?.reserved };
}

test("takes the units that are kept for it, and then everybody's", async () => {
  await execute("receive", 5);
  await execute("set-pool", 3);
  expect((await order("own", 2)).outcome).toBe("accepted");
  expect(await position()).toEqual({ free: 2, fenced: 1, reserved: 2 });
  expect((await order("own", 3)).outcome).toBe("accepted");
  expect(await position()).toEqual({ free: 0, fenced: 0, reserved: 5 });
});

test("others do not get what is kept for it, also in the same moment", async () => {
  await execute("receive", 4);
  await execute("set-pool", 4);
  const results = await Promise.all([order("other", 1), order("own", 3), order("other", 1), order("own", 1)]);
  expect(results.map(({ outcome }) => outcome)).toEqual(["held", "accepted", "held", "accepted"]);
  expect(await position()).toEqual({ free: 0, fenced: 0, reserved: 4 });
});

test("what it waits for comes through the pool, when it is released and from the queue", async () => {
  const { orderId: held1 } = await order("own", 2);
  const { orderId: queued } = await order("own", 1, "ship_available_backorder_rest");
  expect(await held(held1)).toEqual([]);
  await execute("receive", 1, "west");
  // The queue is served at once; a fence of what comes next is for the order that waits to be released.
  await execute("receive", 2);
  await execute("set-pool", 2);
  expect(await retryShortOrders(world.context, [sku])).toEqual([held1]);
  expect(await held(held1)).toEqual([{ at: "east", units: 2 }]);
  expect(await position()).toEqual({ free: 0, fenced: 0, reserved: 2 });
  expect(await position("west")).toEqual({ free: 0, fenced: 0, reserved: 1 });
  expect(queued).not.toBe(held1);
});

test("what a change adds, and what moves, is taken from the pool and goes back to it", async () => {
  await execute("receive", 4);
  await execute("set-pool", 4);
  await execute("receive", 4, "west");
  await execute("set-pool", 4, "west");
  const { orderId } = await order("own", 1);
  const at = (await held(orderId))[0]?.at ?? "";
  const elsewhere = at === "east" ? "west" : "east";
  await inTransaction(world.store.database, async (client) =>
    createFulfillmentOrders(client, orderId, await readUnsourced(client, orderId), null, []),
  );
  const changed = await editOrder(world.context, {
    orderId,
    edits: [{ kind: "add_line", sku, title: "More", quantity: 2, unitPrice: "1.00" }],
    by: "staff:1",
    giver: null,
    key: `${orderId}-more`,
  });
  expect(changed).toMatchObject({ status: "done" });
  expect(await position(at)).toEqual({ free: 0, fenced: 1, reserved: expect.any(Number) });
  const moved = await movePart(world.context, {
    fulfillmentOrderId: `${orderId}-F1`,
    locationId: elsewhere,
    by: "staff:1",
    key: `${orderId}-move`,
  });
  expect(moved).toMatchObject({ status: "done" });
  expect(await position(elsewhere)).toMatchObject({ free: 0, fenced: 1 });
});

test("what a channel may sell is what its pool has, less the buffer that is set of it", async () => {
  await execute("receive", 10);
  await execute("set-pool", 4);
  const sold = async (channelId: string) => (await readChannelStock(world.context, channelId, [sku]))?.[0];
  expect(await sold("own")).toEqual({ sku, available: 10, sellable: 10 });
  expect(await sold("other")).toEqual({ sku, available: 6, sellable: 6 });
  const set = await changeChannel(world.context, "other", { version: 1, stockBuffer: 5 }, "staff:1");
  expect(set.status).toBe("done");
  expect(await sold("other")).toEqual({ sku, available: 6, sellable: 1 });
  expect(await readChannelStock(world.context, "nowhere", [sku])).toBeNull();
  await order("own", 10);
  expect([await sold("own"), await sold("other")].map((one) => one?.sellable)).toEqual([0, 0]);
});
