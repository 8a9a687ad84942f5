/** Held orders that go on by themselves, over a real PostgreSQL and the real engine. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { type Engine, startEngine } from "../../engine/engine.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { insertChannel, insertCompany } from "../../store/catalog/companies.ts";
import { insertLocations } from "../../store/catalog/locations.ts";
import { silentLogger } from "../../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { createProduct } from "../catalog/create-product.ts";
import type { OperationContext } from "../context.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { runShortOrders } from "./short-orders.ts";
import { tellAllocator } from "./tell-allocator.ts";

let store: TestDatabase;
let engine: Engine;
let context: OperationContext;
let serial = 0;
let sku = "";
let orderId = "";

beforeAll(async () => {
  store = await createTestDatabase();
  const { database } = store;
  await insertCompany(database, { id: "acme", name: "Acme", currency: "USD" });
  await insertLocations(database, "acme", [
    {
      locationId: "east",
      name: "East",
      kind: "fulfillment_center",
      priority: 1,
      latitude: 38,
      longitude: -85.7,
      address: { name: "East", line1: "1 B St", city: "Louisville", country: "US" },
    },
  ]);
  await insertChannel(database, {
    id: "pos",
    companyId: "acme",
    name: "Till",
    kind: "holdfast",
    chargedBy: "order",
    onShortage: "hold",
  });
  engine = await startEngine({ databaseUrl: store.url, threads: 1, shards: 2, logger: silentLogger });
  context = { database, allocator: engine.client, parcelLimit: () => null, now: Date.now };
  await tellAllocator(context);
});

afterAll(async () => {
  await engine?.stop();
  await store?.close();
});

beforeEach(async () => {
  serial += 1;
  sku = `TENT-${serial}`;
  orderId = `pos-${serial}`;
  await createProduct(
    context,
    {
      sku,
      name: "Tent",
      weightGrams: 3_200,
      priceMinor: 8_999,
      currency: "USD",
      hsCode: "6306.22",
      originCountry: "VN",
      gtin: "80614141123458",
    },
    "staff:1",
  );
});

const common = () => ({
  sku,
  locationId: "east",
  commandId: `command-${Math.random()}`,
  atMs: Date.now(),
  cause: "test",
});
const run = (command: StockCommand) => engine.client.execute([command]);

async function captureShort(): Promise<void> {
  const [result] = await captureOrders(context, {
    channelId: "pos",
    topic: null,
    payload: JSON.stringify({
      id: String(serial),
      currency: "USD",
      lines: [{ sku, quantity: 2, unitPrice: "89.99" }],
      shippingAddress: { name: "A", line1: "1 B St", city: "Louisville", region: "KY", country: "US" },
      customer: { name: "A" },
      paymentMethod: "pm_card_visa",
    }),
    adapters: channelAdapters,
    cause: "channel:pos",
  });
  expect(result).toMatchObject({ outcome: "held", holdReasons: [{ code: "insufficient_stock" }] });
}

async function statusOf(id: string): Promise<unknown> {
  const { rows } = await store.database.query("select status from orders where id = $1", [id]);
  return rows[0]?.status;
}

const STOCK_THAT_COMES: readonly (readonly [string, () => StockCommand])[] = [
  ["a receipt", () => ({ ...common(), type: "receive", quantity: 2 })],
  ["an adjustment", () => ({ ...common(), type: "adjust", delta: 2, reason: "found" })],
];

test.each(STOCK_THAT_COMES)(
  "an order that waits for stock goes on with %s, whoever runs it",
  async (_, make) => {
    const job = runShortOrders(context, silentLogger);
    await captureShort();
    await run(make());
    await vi.waitFor(async () => expect(await statusOf(orderId)).toBe("open"), 5_000);
    await job.stop();
  },
);

test("stock that came while nobody looked is found at the next start", async () => {
  await captureShort();
  await runShortOrders(context, silentLogger).stop();
  await run({ ...common(), type: "receive", quantity: 2 });
  expect(await statusOf(orderId)).toBe("on_hold");
  const job = runShortOrders(context, silentLogger);
  await vi.waitFor(async () => expect(await statusOf(orderId)).toBe("open"), 5_000);
  await job.stop();
});

test("an order that somebody holds locked stalls no commit of the stock, and goes on once it is free", async () => {
  await captureShort();
  await run({ ...common(), type: "receive", quantity: 2 });
  const other = `OTHER-${serial}`;
  const client = await store.database.connect();
  let released: Promise<unknown>;
  try {
    await client.query("begin");
    await client.query("select from orders where id = $1 for no key update", [orderId]);
    released = releaseHold(context, { orderId, by: "staff:1" });
    await vi.waitFor(async () => {
      const [position] = await engine.client.positions([sku]);
      // Given back in the commit that has taken them, or about to be taken again.
      expect(position?.onHand).toBe(2);
    });
    for (let times = 0; times < 5; times += 1) {
      const applied = run({ ...common(), sku: other, type: "receive", quantity: 1 });
      const first = await Promise.race([applied, pause(1_500, "stalled")]);
      expect(first).toMatchObject([{ status: "applied" }]);
      await pause(100);
    }
  } finally {
    await client.query("rollback");
    client.release();
  }
  expect(await released).toEqual({ status: "done", holdReasons: [] });
  expect(await statusOf(orderId)).toBe("open");
  const { rows } = await store.database.query(
    "select sum(quantity)::integer as held from order_hold where order_id = $1",
    [orderId],
  );
  expect(rows).toEqual([{ held: 2 }]);
  const [position] = await engine.client.positions([sku]);
  expect(position).toMatchObject({ onHand: 2, reserved: 2, availableToPromise: 0 });
});

// The last: its nodes take the stock from the engine of the others.
test("an order goes on once, on whichever node has its stock, also where that came to it meanwhile", async () => {
  await captureShort();
  type Node = { readonly engine: Engine; readonly context: OperationContext };
  const nodes: Node[] = [];
  for (const node of ["one", "two"]) {
    const share = { node };
    const own = await startEngine({
      databaseUrl: store.url,
      threads: 1,
      shards: 2,
      share,
      logger: silentLogger,
    });
    const ownContext = { ...context, allocator: own.client };
    await tellAllocator(ownContext);
    nodes.push({ engine: own, context: ownContext });
  }
  await vi.waitFor(() => expect(nodes.map((node) => node.engine.ownShards().length)).toEqual([1, 1]), 5_000);
  const [holder, other] = nodes.sort(({ engine }) => (engine.isHere(sku) ? -1 : 1)) as [Node, Node];
  // Nobody looks where the stock comes, and whoever looks has nothing of it.
  const job = runShortOrders(other.context, silentLogger, other.engine);
  await holder.engine.client.execute([{ ...common(), type: "receive", quantity: 2 }]);
  await holder.engine.drain();
  await vi.waitFor(async () => expect(await statusOf(orderId)).toBe("open"), 10_000);
  expect(await other.engine.client.positions([sku])).toMatchObject([{ onHand: 2, reserved: 2 }]);
  await job.stop();
  await Promise.all(nodes.map((node) => node.engine.stop()));
});
