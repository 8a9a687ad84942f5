/** Capture, holds and their release over a real PostgreSQL and the real engine. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import type { Engine } from "../../engine/engine.ts";
import { EngineError } from "../../engine/errors.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { adding } from "../../orders/line-ledger.ts";
import { changeOrder, lockOrder } from "../../store/orders/order-progress.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import type { TestDatabase } from "../../test-support/servers/postgres.ts";
import {
  channelSample,
  hasChannelSamples,
  ownSample,
  samplesNote,
} from "../../test-support/vendors/channel-samples.ts";
import { createProduct } from "../catalog/create-product.ts";
import { mapSku } from "../catalog/map-sku.ts";
import type { OperationContext } from "../context.ts";
import { requestCancellation } from "../holds/cancel-order.ts";
import { releaseHold, retryShortOrders } from "../holds/release-hold.ts";
import { captureOrders } from "./capture-order.ts";

const withSamples = test.skipIf(!hasChannelSamples);

let world: CaptureWorld;
let store: TestDatabase;
let engine: Engine;
let context: OperationContext;
let serial = 0;

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east", "west"],
    [
      { id: "own", kind: "holdfast", onShortage: "refuse" },
      { id: "pos", kind: "holdfast" },
      { id: "amazon", kind: "amazon" },
      { id: "shopify", kind: "shopify" },
      { id: "walmart", kind: "walmart" },
      { id: "closed", kind: "holdfast", active: false },
    ],
  );
  ({ store, engine, context } = world);
});

afterAll(async () => {
  await world?.close();
});

let sku = "";
beforeEach(async () => {
  serial += 1;
  sku = `TENT-${serial}`;
  await addProduct(sku);
});

async function addProduct(name: string) {
  return createProduct(
    context,
    {
      sku: name,
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
}

async function receive(quantity: number, locationId = "east", name = sku) {
  const [outcome] = await context.allocator.execute([
    {
      type: "receive",
      sku: name,
      locationId,
      quantity,
      commandId: `receive-${name}-${locationId}-${Math.random()}`,
      atMs: Date.now(),
      cause: "test",
    },
  ]);
  expect(outcome?.status).toBe("applied");
}

async function availableUnits(name = sku): Promise<number> {
  const positions = await context.allocator.positions([name]);
  return positions.reduce((sum, position) => sum + position.availableToPromise, 0);
}

/** The real client with some of its methods replaced. */
function standIn(changed: Partial<AllocatorClient>): AllocatorClient {
  return {
    laneDoor: () => engine.client,
    execute: (commands) => engine.client.execute(commands),
    reserveOrder: (request, attachment) => engine.client.reserveOrder(request, attachment),
    commit: (writer, record) => engine.client.commit(writer, record),
    positions: (skus) => engine.client.positions(skus),
    namedUnits: (skus) => engine.client.namedUnits(skus),
    holds: (address) => engine.client.holds(address),
    openPositions: (addresses) => engine.client.openPositions(addresses),
    applyLane: (call) => engine.client.applyLane(call),
    available: (name, scope) => engine.client.available(name, scope),
    availableByLocation: (name) => engine.client.availableByLocation(name),
    capableToPromise: (request) => engine.client.capableToPromise(request),
    quoteOrder: (request) => engine.client.quoteOrder(request),
    amendOrder: (amendment) => engine.client.amendOrder(amendment),
    cancelOrder: (cancellation) => engine.client.cancelOrder(cancellation),
    setLocations: (locations) => engine.client.setLocations(locations),
    observeCommands: (observer) => engine.client.observeCommands(observer),
    recordFills: (writer) => engine.client.recordFills(writer),
    setSourcingRules: (rules) => engine.client.setSourcingRules(rules),
    setKits: (kits) => engine.client.setKits(kits),
    status: () => engine.client.status(),
    ...changed,
  };
}

function basket(id: string, quantity: number, change: object = {}): string {
  return JSON.stringify({
    id,
    currency: "USD",
    lines: [{ sku, quantity, unitPrice: "89.99" }],
    shippingAddress: { name: "A", line1: "1 B St", city: "Louisville", region: "KY", country: "US" },
    customer: { name: "A" },
    paymentMethod: "pm_card_visa",
    ...change,
  });
}

async function capture(channelId: string, payload: string, topic: string | null = null) {
  return captureOrders(context, {
    channelId,
    topic,
    payload,
    adapters: channelAdapters,
    cause: `channel:${channelId}`,
  });
}

async function captureOne(channelId: string, payload: string, topic: string | null = null) {
  const results = await capture(channelId, payload, topic);
  const [result] = results;
  if (result === undefined || results.length !== 1) throw new Error(`${results.length} results`);
  return result;
}

async function rowsOf(text: string, ...values: unknown[]): Promise<readonly Record<string, unknown>[]> {
  return (await store.database.query(text, values)).rows;
}

async function timeline(orderId: string): Promise<readonly unknown[]> {
  const rows = await rowsOf("select type from order_event where order_id = $1 order by id", orderId);
  return rows.map((row) => row["type"]);
}

async function outbox(orderId: string): Promise<readonly unknown[]> {
  const rows = await rowsOf("select key from outbox where key like '%' || $1 || '%' order by id", orderId);
  return rows.map((row) => row["key"]);
}

test("a basket that stock covers is accepted, reserved and promised in one commit", async () => {
  await receive(5);
  const result = await captureOne("own", basket(`a${serial}`, 2));
  expect(result).toMatchObject({
    order: `own-a${serial}`,
    outcome: "accepted",
    lines: [{ lineId: "1", sku, quantity: 2 }],
    promise: { shipBy: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
  });
  expect(await availableUnits()).toBe(3);
  expect(await rowsOf("select * from order_hold where order_id = $1", result.order)).toMatchObject([
    { line_id: "1", sku, location_id: "east", quantity: 2 },
  ]);
  expect(await rowsOf("select * from orders where id = $1", result.order)).toMatchObject([
    { status: "open", payment_status: "pending", total_minor: 17998, unit_count: 2, exponent: 2 },
  ]);
  expect(await timeline(`own-a${serial}`)).toEqual(["order.captured", "stock.reserved"]);
  expect(await outbox(`own-a${serial}`)).toEqual([`start:own-a${serial}`]);
});

test("however often and however concurrently an order is sent, it is captured and reserved once", async () => {
  await receive(10);
  const payload = basket(`b${serial}`, 1);
  const results = (await Promise.all(Array.from({ length: 20 }, () => capture("own", payload)))).flat();
  expect(results.filter((result) => result.outcome === "accepted")).toHaveLength(1);
  expect(results.filter((result) => result.outcome === "duplicate")).toHaveLength(19);
  const again = await captureOne("own", payload);
  expect(again).toMatchObject({ outcome: "duplicate", promise: { shipBy: expect.any(String) } });
  expect(again.promise).toEqual(results[0]?.promise);
  expect(await availableUnits()).toBe(9);
  expect(await timeline(`own-b${serial}`)).toEqual(["order.captured", "stock.reserved"]);
});

test("a capture whose answer was lost may be sent again", async () => {
  await receive(3);
  const lossy: OperationContext = {
    ...context,
    allocator: standIn({
      reserveOrder: async (request, attachment) => {
        await context.allocator.reserveOrder(request, attachment);
        throw new EngineError("commit_outcome_unknown", "connection lost during commit");
      },
    }),
  };
  const request = {
    channelId: "own",
    topic: null,
    payload: basket(`p${serial}`, 2),
    adapters: channelAdapters,
    cause: "channel:own",
  };
  await expect(captureOrders(lossy, request)).rejects.toMatchObject({ code: "commit_outcome_unknown" });
  expect(await captureOne("own", request.payload)).toMatchObject({
    outcome: "duplicate",
    order: `own-p${serial}`,
  });
  expect(await availableUnits()).toBe(1);
});

test("a capture whose commit failed reserves and stores once when it is sent again", async () => {
  await receive(3);
  let failures = 1;
  const failing: OperationContext = {
    ...context,
    allocator: standIn({
      reserveOrder: (request, attachment) => {
        failures -= 1;
        if (failures >= 0) return Promise.reject(new EngineError("shard_unavailable", "being rebuilt"));
        return context.allocator.reserveOrder(request, attachment);
      },
    }),
  };
  const request = {
    channelId: "own",
    topic: null,
    payload: basket(`q${serial}`, 2),
    adapters: channelAdapters,
    cause: "channel:own",
  };
  // The second one waits for the first and shares its failure; the third starts anew.
  const first = await Promise.allSettled([captureOrders(failing, request), captureOrders(failing, request)]);
  expect(first.map((outcome) => outcome.status)).toEqual(["rejected", "rejected"]);
  expect(await captureOrders(failing, request)).toMatchObject([{ outcome: "accepted" }]);
  expect(await availableUnits()).toBe(1);
});

test("changed content of a running order changes it, once", async () => {
  await receive(10);
  await captureOne("own", basket(`c${serial}`, 1));
  for (let i = 0; i < 2; i += 1) {
    expect(await captureOne("own", basket(`c${serial}`, 3))).toMatchObject({ outcome: "duplicate" });
  }
  // A repeat of what was said first, which comes late, takes nothing back.
  expect(await captureOne("own", basket(`c${serial}`, 1))).toMatchObject({ outcome: "duplicate" });
  expect(await availableUnits()).toBe(7);
  expect(await timeline(`own-c${serial}`)).toEqual([
    "order.captured",
    "stock.reserved",
    "order.changed",
    "stock.reserved",
    "channel.update_received",
    "channel.update_received",
  ]);
});

test("a basket that stock does not cover is refused and nothing of it is stored; later it may be sent again", async () => {
  await receive(1);
  expect(await captureOne("own", basket(`d${serial}`, 2))).toMatchObject({
    outcome: "refused",
    code: "insufficient_stock",
    order: null,
  });
  expect(await rowsOf("select id from orders where id = $1", `own-d${serial}`)).toEqual([]);
  expect(await availableUnits()).toBe(1);
  await receive(1);
  expect(await captureOne("own", basket(`d${serial}`, 2))).toMatchObject({ outcome: "accepted" });
  expect(await availableUnits()).toBe(0);
});

test("a channel that holds on shortage keeps the order, and the oldest gets the stock that arrives", async () => {
  expect(await captureOne("pos", basket(`e${serial}-1`, 2))).toMatchObject({
    outcome: "held",
    holdReasons: [{ code: "insufficient_stock", detail: `Missing: 2 of ${sku} (line 1).` }],
    promise: null,
  });
  expect(await captureOne("pos", basket(`e${serial}-2`, 2))).toMatchObject({ outcome: "held" });
  expect(await retryShortOrders(context, [sku])).toEqual([]);
  await receive(3);
  expect(await retryShortOrders(context, [sku])).toEqual([`pos-e${serial}-1`]);
  expect(await availableUnits()).toBe(1);
  expect(await rowsOf("select * from orders where id = $1", `pos-e${serial}-1`)).toMatchObject([
    { status: "open", hold_reasons: [], ship_by: expect.any(String) },
  ]);
  expect(await timeline(`pos-e${serial}-1`)).toEqual([
    "order.captured",
    "order.held",
    "stock.reserved",
    "order.hold_released",
  ]);
  expect(await outbox(`pos-e${serial}-1`)).toEqual([
    `start:pos-e${serial}-1`,
    `hold-released:pos-e${serial}-1:v1`,
  ]);
  expect(await releaseHold(context, { orderId: `pos-e${serial}-2`, by: "staff:1" })).toMatchObject({
    status: "refused",
    code: "insufficient_stock",
  });
});

test("an order that takes what there is waits for the rest with its part reserved", async () => {
  await receive(1);
  const payload = basket(`f${serial}`, 3, { allocation: "ship_available" });
  expect(await captureOne("pos", payload)).toMatchObject({
    outcome: "held",
    holdReasons: [{ code: "insufficient_stock" }],
  });
  expect(await availableUnits()).toBe(0);
  await receive(2, "west");
  expect(await retryShortOrders(context, [sku])).toEqual([`pos-f${serial}`]);
  const holds = await rowsOf(
    "select location_id, quantity from order_hold where order_id = $1 order by 1",
    `pos-f${serial}`,
  );
  expect(holds).toEqual([
    { location_id: "east", quantity: 1 },
    { location_id: "west", quantity: 2 },
  ]);
  expect(await availableUnits()).toBe(0);
});

test("an order with an unknown SKU reserves nothing until it is mapped, then goes on", async () => {
  await receive(9);
  const lines = [
    { sku, quantity: 1, unitPrice: "1" },
    { sku: `their-${serial}`, quantity: 2, unitPrice: "1" },
  ];
  expect(await captureOne("pos", basket(`g${serial}`, 1, { lines }))).toMatchObject({
    outcome: "held",
    holdReasons: [{ code: "unknown_sku" }],
    lines: [{ sku }, { sku: null, channelSku: `their-${serial}` }],
  });
  expect(await availableUnits()).toBe(9);
  const orderId = `pos-g${serial}`;
  expect(await releaseHold(context, { orderId, by: "staff:1" })).toMatchObject({ code: "hold_not_cleared" });
  const mapping = { channelId: "pos", channelSku: `their-${serial}`, by: "staff:1" };
  expect(await mapSku(context, { ...mapping, sku: "no-such" })).toMatchObject({ code: "product_not_found" });
  expect(await mapSku(context, { ...mapping, sku })).toEqual({
    status: "done",
    released: [orderId],
    stillOnHold: [],
  });
  expect(await availableUnits()).toBe(6);
  expect(await rowsOf("select line_id, sku from order_line where order_id = $1 order by 1", orderId)).toEqual(
    [
      { line_id: "1", sku },
      { line_id: "2", sku },
    ],
  );
  // Mapping it again changes nothing; the next order needs no person.
  expect(await mapSku(context, { ...mapping, sku })).toMatchObject({ released: [] });
  expect(await captureOne("pos", basket(`g${serial}-2`, 1, { lines }))).toMatchObject({
    outcome: "accepted",
  });
  expect(await availableUnits()).toBe(3);
});

test("a SKU that is mapped while its order is being captured lets the order go on", async () => {
  await receive(9);
  const channelSku = `late-${serial}`;
  const allocator = standIn({
    commit: async (...commit) => {
      // After the look at the catalog, and before anybody can see the order.
      await mapSku(context, { channelId: "pos", channelSku, sku, by: "staff:1" });
      return context.allocator.commit(...commit);
    },
  });
  const [result] = await captureOrders(
    { ...context, allocator },
    {
      channelId: "pos",
      topic: null,
      payload: basket(`late${serial}`, 1, { lines: [{ sku: channelSku, quantity: 2, unitPrice: "1" }] }),
      adapters: channelAdapters,
      cause: "channel:pos",
    },
  );
  expect(result).toMatchObject({ outcome: "held", holdReasons: [{ code: "unknown_sku" }] });
  expect(await rowsOf("select status from orders where id = $1", `pos-late${serial}`)).toEqual([
    { status: "open" },
  ]);
  expect(await availableUnits()).toBe(7);
});

test("creating the product lets the orders go on that waited for it", async () => {
  const name = `LAMP-${serial}`;
  const lines = [{ sku: name, quantity: 1, unitPrice: "1" }];
  await captureOne("pos", basket(`h${serial}`, 1, { lines }));
  await receive(1, "west", name);
  expect(await addProduct(name)).toEqual({ status: "done", released: [`pos-h${serial}`], stillOnHold: [] });
  expect(await addProduct(name)).toMatchObject({ status: "done", released: [] });
  expect(await availableUnits(name)).toBe(0);
});

test("who clears the doubt about a channel's payment says that it was made", async () => {
  await receive(1);
  const payload = basket(`o${serial}`, 1, { paymentBy: "channel" });
  await captureOne("pos", payload.replace(sku, `later-${serial}`));
  const orderId = `pos-o${serial}`;
  const pending = [{ code: "payment_pending", detail: "pending" }];
  await store.database.query(
    "update orders set payment_status = 'pending', hold_reasons = hold_reasons || $2 where id = $1",
    [orderId, JSON.stringify(pending)],
  );
  expect(await releaseHold(context, { orderId, codes: ["payment_pending"], by: "staff:1" })).toMatchObject({
    status: "done",
    holdReasons: [{ code: "unknown_sku" }],
  });
  expect(await rowsOf("select status, payment_status from orders where id = $1", orderId)).toEqual([
    { status: "on_hold", payment_status: "paid_at_channel" },
  ]);
});

test("a delivered order whose capture was declined is released to be charged again, and reserves nothing", async () => {
  const orderId = `pos-u${serial}`;
  await receive(3);
  await captureOne("pos", basket(`u${serial}`, 2));
  await inTransaction(store.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) throw new Error(`there is no order ${orderId}`);
    await changeOrder(client, order, {
      ledger: adding([{ lineId: "1", quantity: 2 }], "shipped", "delivered"),
      holdReasons: [{ code: "payment_failed", detail: "The card was closed." }],
      paymentStatus: "authorized",
    });
  });
  const status = () => rowsOf("select status, fulfillment_status from orders where id = $1", orderId);
  expect(await status()).toEqual([{ status: "on_hold", fulfillment_status: "delivered" }]);

  expect(await releaseHold(context, { orderId, by: "staff:1" })).toEqual({ status: "done", holdReasons: [] });
  expect(await status()).toEqual([{ status: "open", fulfillment_status: "delivered" }]);
  expect(await availableUnits()).toBe(1);
  const signals = await rowsOf(
    "select payload->'message'->>'type' as type from outbox where topic = 'workflow.signal' and payload->>'workflowId' = $1",
    orderId,
  );
  expect(signals).toEqual([{ type: "hold-released" }]);
});

test("a repeat of one request for release, at the same time, reserves once", async () => {
  await captureOne("pos", basket(`i${serial}`, 2));
  await receive(10);
  const release = () => releaseHold(context, { orderId: `pos-i${serial}`, by: "staff:1" });
  const outcomes = await Promise.all([release(), release(), release()]);
  expect(outcomes.filter((outcome) => outcome.status === "done")).toHaveLength(1);
  expect(await availableUnits()).toBe(8);
});

test("refusals store nothing and say why", async () => {
  const refused = async (channelId: string, payload: string) => (await captureOne(channelId, payload)).code;
  expect(await refused("nowhere", "{}")).toBe("channel_not_found");
  expect(await refused("closed", "{}")).toBe("channel_inactive");
  expect(await refused("own", "{")).toBe("malformed_payload");
  expect(await refused("own", basket("x".repeat(64), 1_000_000_000))).toBe("invalid_quantity");
  expect(await refused("own", basket("é".repeat(30), 1))).toBe("invalid_order");
  expect(await refused("own", basket(`j${serial}`, 1, { shippingAddress: undefined }))).toBe(
    "address_missing",
  );
  expect(await refused("own", basket(`j${serial}`, 1, { lines: [] }))).toBe("no_lines");
  expect(await rowsOf("select id from orders where id like 'own-j%'")).toEqual([]);
});

test("text that the database cannot hold does not cost the order", async () => {
  await receive(1);
  const payload = basket(`k${serial}`, 1, { note: "a\u0000b\ud800c" });
  expect(await captureOne("own", payload)).toMatchObject({ outcome: "accepted" });
});

test.each([0, 1])(
  "an order sent again with other content is noted, wherever the note cuts its text (shifted by %i)",
  async (shift) => {
    await receive(1);
    const id = `cut${shift}-${serial}`;
    const first = await captureOne("own", basket(id, 1));
    // Two UTF-16 units an emoji: of the two payloads, one is cut in the middle of a pair.
    const attributes = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [at, "😀".repeat(500)]));
    const lines = [{ sku, title: "x".repeat(shift), quantity: 1, unitPrice: "2", attributes }];
    expect(await captureOne("own", basket(id, 1, { lines }))).toMatchObject({
      outcome: "duplicate",
      order: first.order,
    });
    const notes = await rowsOf(
      "select length(data->>'payload') > 9000 as long from order_event where order_id = $1 and type = 'channel.update_received'",
      String(first.order),
    );
    expect(notes).toEqual([{ long: true }]);
  },
);

test("hundreds of orders of one payload are captured, each once", async () => {
  await receive(250);
  const list = Array.from({ length: 300 }, (_, i) => JSON.parse(basket(`l${serial}-${i}`, 1)) as unknown);
  const results = await capture("own", JSON.stringify(list));
  expect(results.filter((result) => result.outcome === "accepted")).toHaveLength(250);
  expect(results.filter((result) => result.code === "insufficient_stock")).toHaveLength(50);
  expect(await availableUnits()).toBe(0);
  const [sums] = await rowsOf(
    `select count(distinct o.id)::integer as orders, sum(h.quantity)::integer as held
     from orders o join order_hold h on h.order_id = o.id where o.id like $1`,
    `own-l${serial}-%`,
  );
  expect(sums).toEqual({ orders: 250, held: 250 });
});

test("a cancellation is asked of the saga once, and refused once goods have left", async () => {
  await receive(2);
  const { order } = await captureOne("own", basket(`m${serial}`, 1));
  const orderId = order ?? "";
  const cancel = () => requestCancellation(context, { orderId, reason: "changed my mind", by: "staff:1" });
  expect(await cancel()).toEqual({ status: "done" });
  expect(await cancel()).toEqual({ status: "done" });
  expect(await captureOne("own", JSON.stringify({ id: `m${serial}` }), "order.cancelled")).toMatchObject({
    outcome: "duplicate",
    detail: "cancellation requested",
  });
  expect(await outbox(orderId)).toEqual([`start:${orderId}`, `cancel-requested:${orderId}`]);
  await store.database.query("update order_line set shipped = 1 where order_id = $1", [orderId]);
  expect(await cancel()).toMatchObject({ status: "refused", code: "order_already_shipped" });
  expect(await requestCancellation(context, { orderId: "own-nobody", reason: "", by: "" })).toMatchObject({
    code: "order_not_found",
  });
  expect(await captureOne("own", '{"id":"nobody"}', "order.cancelled")).toMatchObject({
    outcome: "accepted",
    order: null,
  });
});

test("Shopify's cancelled order is kept on hold, then cancelled when its topic says so", async () => {
  const payload = ownSample("shopify", "order-cancelled.json");
  const orderId = "shopify-9007199254740993017";
  expect(await captureOne("shopify", payload, "orders/create")).toMatchObject({
    order: orderId,
    outcome: "held",
    holdReasons: [{ code: "cancelled_at_channel" }, { code: "unknown_sku" }],
  });
  expect(await captureOne("shopify", payload, "orders/paid")).toMatchObject({ outcome: "duplicate" });
  expect(await captureOne("shopify", payload, "orders/cancelled")).toMatchObject({
    outcome: "duplicate",
    detail: "cancellation requested",
  });
  expect(await outbox(orderId)).toEqual([`start:${orderId}`, `cancel-requested:${orderId}`]);
});

withSamples(`Amazon's responses, sent one by one and twice, complete one order${samplesNote}`, async () => {
  const send = (name: string) => captureOne("amazon", channelSample("amazon", `v0-${name}-200-1.json`));
  await mapSku(context, { channelId: "amazon", channelSku: "NABetaASINB00551Q3CS", sku, by: "staff:1" });
  await receive(1);
  const orderId = "amazon-902-1845936-5435065";
  expect(await send("getOrderItems")).toMatchObject({ order: orderId, outcome: "held" });
  for (let round = 0; round < 2; round += 1) {
    for (const name of ["getOrderAddress", "getOrderBuyerInfo", "getOrder"]) {
      expect(await send(name)).toMatchObject({ order: orderId, outcome: "duplicate" });
    }
  }
  const [row] = await rowsOf("select * from orders where id = $1", orderId);
  expect(row).toMatchObject({
    status: "on_hold",
    total_minor: 1101,
    currency: "USD",
    customer_email: "fzyrv6gwkhbb15c@example.com",
    document: { shippingAddress: { city: "SEATTLE" }, placedAt: "1970-01-19T03:58:30.000Z" },
  });
  // What is left is the buyer's wish to cancel, which a person decides.
  expect(row?.["hold_reasons"]).toMatchObject([{ code: "changed_at_channel" }]);
  expect(await releaseHold(context, { orderId, by: "staff:1" })).toEqual({ status: "done", holdReasons: [] });
  expect(await rowsOf("select sku, quantity from order_hold where order_id = $1", orderId)).toEqual([
    { sku, quantity: 1 },
  ]);
});

test("an order whose lines come later is completed by them and reserved", async () => {
  await receive(4);
  const usd = (text: string) => ({ CurrencyCode: "USD", Amount: text });
  const id = `701-${serial}`;
  const order = {
    AmazonOrderId: id,
    OrderStatus: "Unshipped",
    LastUpdateDate: "2026-01-01T00:00:00Z",
    OrderTotal: usd("20.00"),
    ShippingAddress: {
      Name: "A",
      AddressLine1: "1 B St",
      City: "Reno",
      StateOrRegion: "NV",
      CountryCode: "US",
    },
  };
  const items = {
    OrderItemId: "1",
    SellerSKU: sku,
    Title: "Tent",
    QuantityOrdered: 2,
    ItemPrice: usd("20.00"),
  };
  expect(await captureOne("amazon", JSON.stringify({ payload: order }))).toMatchObject({
    outcome: "held",
    holdReasons: [{ code: "lines_missing" }],
  });
  expect(
    await captureOne("amazon", JSON.stringify({ payload: { AmazonOrderId: id, OrderItems: [items] } })),
  ).toMatchObject({
    outcome: "duplicate",
    lines: [{ sku, quantity: 2 }],
    promise: { shipBy: expect.any(String) },
  });
  expect(await availableUnits()).toBe(2);
  expect(
    await rowsOf("select status, unit_count, hold_reasons from orders where id = $1", `amazon-${id}`),
  ).toEqual([{ status: "open", unit_count: 2, hold_reasons: [] }]);
  // The header alone, once more: it says less than is known.
  expect(await captureOne("amazon", JSON.stringify({ payload: order }))).toMatchObject({
    outcome: "duplicate",
  });
  expect(await rowsOf("select status, unit_count from orders where id = $1", `amazon-${id}`)).toEqual([
    { status: "open", unit_count: 2 },
  ]);
});

test("an order whose payment was pending goes on when the channel says that it is paid, and news that are old change nothing", async () => {
  await receive(3);
  const shopify = (change: object) =>
    captureOne(
      "shopify",
      JSON.stringify({
        id: `${serial}`,
        currency: "USD",
        total_price: "20.00",
        financial_status: "pending",
        updated_at: "2026-01-01T10:00:00Z",
        line_items: [{ id: "1", sku, name: "Tent", price: "10.00", quantity: 2 }],
        shipping_address: {
          name: "A",
          address1: "1 B St",
          city: "Reno",
          province_code: "NV",
          country_code: "US",
        },
        ...change,
      }),
      "orders/updated",
    );
  const orderId = `shopify-${serial}`;
  expect(await shopify({})).toMatchObject({ outcome: "held", holdReasons: [{ code: "payment_pending" }] });
  expect(await shopify({ financial_status: "paid", updated_at: "2026-01-01T09:00:00Z" })).toMatchObject({
    holdReasons: [{ code: "payment_pending" }],
  });
  expect(await availableUnits()).toBe(3);
  const paid = await shopify({ financial_status: "paid", updated_at: "2026-01-01T11:00:00Z" });
  expect(paid).toMatchObject({ outcome: "duplicate", promise: { shipBy: expect.any(String) } });
  expect(paid.holdReasons).toBeUndefined();
  expect(await availableUnits()).toBe(1);
  expect(await rowsOf("select status, payment_status from orders where id = $1", orderId)).toEqual([
    { status: "open", payment_status: "paid_at_channel" },
  ]);
  expect(await outbox(orderId)).toEqual([`start:${orderId}`, `hold-released:${orderId}:v1`]);
  // Once it runs, a cancellation at the channel is asked of the saga.
  await shopify({ cancelled_at: "2026-01-01T12:00:00Z", updated_at: "2026-01-01T12:00:00Z" });
  expect(await outbox(orderId)).toContain(`cancel-requested:${orderId}`);
});

test("a cancellation that overtakes a release gives the stock back", async () => {
  await captureOne("pos", basket(`n${serial}`, 2));
  await receive(2);
  const orderId = `pos-n${serial}`;
  // The saga cancels between the release's read and its commit.
  const overtaken: OperationContext = {
    ...context,
    allocator: standIn({
      reserveOrder: async (request, attachment) => {
        await store.database.query("update orders set status = 'cancelled' where id = $1", [orderId]);
        return context.allocator.reserveOrder(request, attachment);
      },
    }),
  };
  await releaseHold(overtaken, { orderId, by: "staff:1" });
  expect(await availableUnits()).toBe(2);
  expect(await rowsOf("select hold_id from order_hold where order_id = $1", orderId)).toEqual([]);
  expect(await outbox(orderId)).toEqual([`start:${orderId}`]);
});

/** In the project's own sample of a list. */
const OWN_WALMART_ORDERS = ["108877665544332", "108877665544333"];

test("every order of a Walmart list is stored once, with its own part of the list", async () => {
  const payload = ownSample("walmart", "orders.json");
  for (let round = 0; round < 2; round += 1) await capture("walmart", payload);
  const rows = await rowsOf(
    `select o.external_id as id, length(o.raw_payload) as bytes, count(*)::integer as lines
     from orders o join order_line l on l.order_id = o.id
     where o.channel_id = 'walmart' and o.external_id = any($1) group by o.id order by o.id`,
    OWN_WALMART_ORDERS,
  );
  expect(rows.map(({ id, lines }) => [id, lines])).toEqual([
    [OWN_WALMART_ORDERS[0], 2],
    [OWN_WALMART_ORDERS[1], 1],
  ]);
  for (const { bytes } of rows) expect(Number(bytes)).toBeLessThan(payload.length);
});

withSamples(
  `every order of Walmart's lists is stored under its own id, also when lists overlap${samplesNote}`,
  async () => {
    for (const name of ["us-06.json", "us-07.json", "us-06.json", "us-05.json"]) {
      await capture("walmart", channelSample("walmart", name));
    }
    const [sums] = await rowsOf(
      `select count(*)::integer as orders, sum(length(raw_payload))::integer as bytes
       from orders where channel_id = 'walmart' and external_id <> all($1)`,
      OWN_WALMART_ORDERS,
    );
    expect(sums?.["orders"]).toBe(20);
    // Each order keeps its own part of the list, not the whole list.
    expect(Number(sums?.["bytes"])).toBeLessThan(60_000);
    const lines = await rowsOf(
      `select count(*)::integer as lines from order_line l join orders o on o.id = l.order_id
       where o.channel_id = 'walmart' and o.external_id <> all($1)`,
      OWN_WALMART_ORDERS,
    );
    expect(lines).toEqual([{ lines: 20 }]);
  },
);
