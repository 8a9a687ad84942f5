/** Changes of orders over a real PostgreSQL and the real engine, with the saga's steps where they matter. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OrderEditBody } from "../../contract/order-changes.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { valueOfUnits } from "../../orders/line-value.ts";
import { sumsOf } from "../../orders/order-amounts.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";
import { markLabelled } from "../../store/floor/fulfillment.ts";
import { readParts } from "../../store/floor/fulfillment-changes.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { readRevisions } from "../../store/orders/order-revisions.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import type { TestDatabase } from "../../test-support/servers/postgres.ts";
import type { SagaDependencies } from "../../workflows/activities/dependencies.ts";
import { createInventoryActivities } from "../../workflows/order/activities/inventory.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { createProduct } from "../catalog/create-product.ts";
import type { OperationContext } from "../context.ts";
import { packByHand } from "../floor/pack-by-hand.ts";
import { movePart } from "../fulfillment/move-part.ts";
import { requestCancellation } from "../holds/cancel-order.ts";
import { cancelOrder } from "./cancel-order.ts";
import { editOrder } from "./edit-order.ts";
import { shopperChange } from "./shopper-change.ts";

let world: CaptureWorld;
let store: TestDatabase;

let context: OperationContext;
let saga: ReturnType<typeof createInventoryActivities>;
let serial = 0;

beforeAll(async () => {
  world = await startCaptureWorld(["east", "west"], [{ id: "own", kind: "holdfast" }]);
  ({ store, context } = world);
  saga = createInventoryActivities({
    ...context,
    carriers: new VendorRoster("carriers", []),
  } as unknown as SagaDependencies);
});

afterAll(async () => {
  await world?.close();
});

let tent = "";
let lamp = "";
let orderId = "";
beforeEach(async () => {
  serial += 1;
  [tent, lamp, orderId] = [`TENT-${serial}`, `LAMP-${serial}`, `own-c${serial}`];
  for (const sku of [tent, lamp]) await addProduct(sku);
});

async function addProduct(sku: string): Promise<void> {
  await createProduct(
    context,
    {
      sku,
      name: sku,
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

async function receive(sku: string, quantity: number, locationId = "east"): Promise<void> {
  const [outcome] = await context.allocator.execute([
    {
      type: "receive",
      sku,
      locationId,
      quantity,
      commandId: `receive-${sku}-${locationId}-${Math.random()}`,
      atMs: Date.now(),
      cause: "test",
    },
  ]);
  expect(outcome?.status).toBe("applied");
}

const ADDRESS = { name: "A", line1: "1 B St", city: "Louisville", region: "KY", country: "US" };

async function capture(change: object = {}): Promise<void> {
  const [result] = await captureOrders(context, {
    channelId: "own",
    topic: null,
    payload: JSON.stringify({
      id: `c${serial}`,
      currency: "USD",
      lines: [{ sku: tent, quantity: 3, unitPrice: "89.99", discount: "9.00" }],
      discount: "10.00",
      shippingPrice: "5.00",
      shippingAddress: ADDRESS,
      customer: { name: "A" },
      paymentMethod: "pm_card_visa",
      ...change,
    }),
    adapters: channelAdapters,
    cause: "channel:own",
  });
  expect(result?.order).toBe(orderId);
}

let nextKey = 0;
function edit(
  edits: readonly OrderEditBody[],
  more: { key?: string; revision?: number } = {},
  by = "staff:1",
) {
  nextKey += 1;
  return editOrder(context, { orderId, key: `key-${nextKey}`, by, edits, giver: null, ...more });
}

const wants = (lineId: string, quantity: number): OrderEditBody => ({ kind: "quantity", lineId, quantity });
const adds = (sku: string, quantity: number): OrderEditBody => ({
  kind: "add_line",
  sku,
  title: sku,
  quantity,
  unitPrice: "20.00",
});

async function progress() {
  const order = await readOrderProgress(store.database, orderId);
  if (order === undefined) throw new Error(`no order ${orderId}`);
  return order;
}

async function parts() {
  const found = await readParts(store.database, orderId);
  return (found?.parts ?? []).map(({ id, locationId, status, stage, lines }) => ({
    id: id.slice(orderId.length + 1),
    locationId,
    status,
    stage,
    lines: lines.map(({ lineId, quantity }) => `${lineId}x${quantity}`).sort(),
  }));
}

async function stock(sku: string, locationId = "east") {
  const positions = await context.allocator.positions([sku]);
  const { availableToPromise, reserved, allocated, picked } = positions.find(
    (position) => position.locationId === locationId,
  ) ?? { availableToPromise: 0, reserved: 0, allocated: 0, picked: 0 };
  return { free: availableToPromise, reserved, allocated, picked };
}

/** What the saga does of an order that is paid. */
async function source(): Promise<void> {
  const sourced = await saga.allocateStock({ orderId });
  if (sourced.status !== "allocated") throw new Error(sourced.detail);
  await saga.releaseToFloor({ orderId, fulfillmentOrders: sourced.fulfillmentOrders });
}

async function pack(id: string): Promise<string> {
  const found = await readParts(store.database, orderId);
  const part = found?.parts.find((candidate) => candidate.id === `${orderId}-${id}`);
  const holds = (part?.lines ?? []).map(({ holdId, quantity }) => ({ holdId, quantity }));
  const packed = await packByHand(context, {
    fulfillmentOrderId: `${orderId}-${id}`,
    picked: null,
    holds,
    cause: "staff:1",
  });
  return packed.status === "done" ? "done" : packed.code;
}

/** The document adds up, and prices what is wanted as the ledger does. */
async function expectExact(): Promise<void> {
  const { document, lines, currency, exponent, revision } = await progress();
  const sums = sumsOf(document);
  expect(sums.total).toBe(sums.sum);
  expect(document.revision ?? 1).toBe(revision);
  const goods = document.lines.reduce((sum, { lineId, quantity }) => {
    const line = lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined) throw new Error(`no line ${lineId}`);
    expect(line.ordered - line.cancelled).toBe(quantity);
    return sum + valueOfUnits(line, 0, quantity, currency, exponent);
  }, 0);
  expect(goods + sums.shipping).toBe(sums.total);
}

describe("before the floor has it", () => {
  test("units that are given up are cancelled, priced out, and free for others", async () => {
    await receive(tent, 5);
    await capture();
    expect(await edit([wants("1", 1)])).toMatchObject({ status: "done", revision: 2 });
    const { lines, document } = await progress();
    expect(lines).toMatchObject([{ ordered: 3, cancelled: 2 }]);
    expect(document).toMatchObject({ revision: 2, discount: { minor: 333 }, total: { minor: 8866 } });
    await expectExact();
    await saga.runStockErrands({ orderId });
    expect(await stock(tent)).toMatchObject({ free: 4, reserved: 1 });
    await source();
    expect(await parts()).toMatchObject([{ lines: ["1x1"] }]);
    const revisions = await readRevisions(store.database, orderId, null);
    expect(revisions).toMatchObject([
      {
        revision: 2,
        by: "staff:1",
        changes: expect.arrayContaining([expect.objectContaining({ what: "quantity" })]),
      },
      { revision: 1, by: "capture", changes: [], document: { total: { minor: 25597 } } },
    ]);
  });

  test("units that come are reserved with the change, or nothing of it happens", async () => {
    await receive(tent, 4);
    await receive(lamp, 2, "west");
    await capture();
    expect(await edit([wants("1", 4), adds(lamp, 2), { kind: "note", note: "both" }])).toMatchObject({
      status: "done",
    });
    expect(await stock(tent)).toMatchObject({ free: 0, reserved: 4 });
    expect(await stock(lamp, "west")).toMatchObject({ free: 0, reserved: 2 });
    await expectExact();
    const before = await progress();
    expect(await edit([wants("1", 5), { kind: "note", note: "none" }])).toMatchObject({
      status: "refused",
      code: "insufficient_stock",
    });
    expect(await progress()).toEqual(before);
    await source();
    expect(await parts()).toMatchObject([
      { locationId: "east", lines: ["1x1", "1x3"] },
      { locationId: "west", lines: ["2x2"] },
    ]);
  });

  test("a change is made once by its key, and only from the revision that was seen", async () => {
    await receive(tent, 9);
    await capture();
    const same = await Promise.all([1, 2, 3].map(() => edit([wants("1", 5)], { key: "once", revision: 1 })));
    expect(same).toMatchObject(same.map(() => ({ status: "done", revision: 2 })));
    expect(await stock(tent)).toMatchObject({ free: 4, reserved: 5 });
    expect(await edit([wants("1", 1)], { revision: 1 })).toMatchObject({ code: "stale_revision" });
    expect(await edit([wants("1", 5)], { revision: 2 })).toMatchObject({ code: "nothing_changes" });
    expect(await edit([wants("7", 5)])).toMatchObject({ code: "line_not_found" });
    expect(await edit([adds("NO-SUCH", 1)])).toMatchObject({ code: "product_not_found" });
    expect((await progress()).revision).toBe(2);
  });

  test("an order that waits for stock goes on once it wants no more than there is", async () => {
    await receive(tent, 3);
    await capture({ lines: [{ sku: tent, quantity: 4, unitPrice: "89.99" }] });
    expect(await progress()).toMatchObject({
      status: "on_hold",
      holdReasons: [{ code: "insufficient_stock" }],
    });
    expect(await edit([wants("1", 3)])).toMatchObject({ status: "done" });
    expect(await progress()).toMatchObject({ status: "open", holdReasons: [] });
    expect(await stock(tent)).toMatchObject({ free: 0, reserved: 3 });
  });

  test("a card number in a note is masked before it is stored", async () => {
    await receive(tent, 3);
    await capture();
    const note = "Card 4111 1111 1111 1111, ring twice";
    expect(await edit([{ kind: "note", note }])).toMatchObject({ status: "done" });
    expect((await progress()).document.note).toBe("Card **** 1111, ring twice");
  });

  test("another change under a key that was used is refused and changes nothing; a repeat is answered", async () => {
    await receive(tent, 3);
    await capture();
    const first = await edit([wants("1", 2)], { key: "used" });
    expect(first).toMatchObject({ status: "done", revision: 2 });
    expect(await edit([wants("1", 2)], { key: "used" })).toEqual(first);
    // As JSON, members of an object have no order.
    expect(await edit([{ quantity: 2, lineId: "1", kind: "quantity" }], { key: "used" })).toEqual(first);
    const reused = { status: "refused", code: "idempotency_key_reused" };
    expect(await edit([wants("1", 1)], { key: "used" })).toMatchObject(reused);
    expect(await edit([wants("1", 2)], { key: "used", revision: 2 })).toMatchObject(reused);
    const cancel = { orderId, lines: [{ lineId: "1" }], reason: "no", by: "staff:1", key: "used" };
    expect(await cancelOrder(context, cancel)).toMatchObject(reused);
    expect(await progress()).toMatchObject({ revision: 2, lines: [{ ordered: 3, cancelled: 1 }] });
  });

  test("a change that a former version made is repeated by whatever comes under its key", async () => {
    await receive(tent, 3);
    await capture();
    const first = await edit([wants("1", 2)], { key: "used" });
    await store.database.query("update order_revision set change_fingerprint = null where order_id = $1", [
      orderId,
    ]);
    expect(await edit([wants("1", 1)], { key: "used" })).toEqual(first);
  });

  test("another change under the key that cancelled the order is refused", async () => {
    await receive(tent, 3);
    await capture();
    const leavesNothing: OrderEditBody = { kind: "cancel_line", lineId: "1" };
    expect(await edit([leavesNothing], { key: "used" })).toEqual({ status: "cancelling" });
    expect(await edit([leavesNothing], { key: "used" })).toEqual({ status: "cancelling" });
    expect(await edit([wants("1", 1)], { key: "used" })).toMatchObject({ code: "idempotency_key_reused" });
  });

  test("cancelling every line cancels the order", async () => {
    await receive(tent, 3);
    await capture();
    const request = { orderId, lines: [{ lineId: "1" }], reason: "no", by: "staff:1", key: "x" };
    for (const _ of ["once", "again under its key"])
      expect(await cancelOrder(context, request)).toEqual({ status: "cancelling" });
    expect(await edit([wants("1", 2)])).toMatchObject({ code: "order_being_cancelled" });
  });
});

describe("what was promised follows", () => {
  // A Tuesday, 09:00 in Kentucky.
  const tuesday = Date.parse("2026-03-03T15:00:00Z");
  const hours = (count: number) => count * 3_600_000;
  const california = { ...ADDRESS, city: "Fresno", region: "CA", postalCode: "93650" };
  const readdressed: OrderEditBody = { kind: "address", address: california };
  const by = (service: string): OrderEditBody => ({ kind: "shipping_service", service });
  const promised = async () => {
    const { shipBy, deliverBy } = await progress();
    return [shipBy, deliverBy];
  };

  beforeEach(() => {
    context = { ...world.context, now: () => tuesday };
  });
  afterAll(() => {
    context = world.context;
  });

  test("a faster or slower service, and a farther address", async () => {
    await receive(tent, 5);
    await capture({ shippingAddress: california });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-10"]);
    expect(await edit([by("Overnight")])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-04"]);
    // After the cut-off: the parcel is due out today all the same.
    context = { ...context, now: () => tuesday + hours(5) };
    expect(await edit([by("Standard")])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-10"]);
    expect(await edit([{ kind: "address", address: ADDRESS }])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-04"]);
    expect(await edit([readdressed])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-10"]);
  });

  test("units that come from another place, and that go again", async () => {
    await receive(tent, 5);
    await receive(lamp, 5, "west");
    await capture();
    expect(await promised()).toEqual(["2026-03-03", "2026-03-04"]);
    expect(await edit([adds(lamp, 1)])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-10"]);
    expect(await edit([wants("2", 0)])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-04"]);
  });

  test("a change that makes no difference to the way leaves a promise that has passed", async () => {
    await receive(tent, 5);
    await capture();
    context = { ...context, now: () => tuesday + hours(72) };
    expect(await edit([wants("1", 1), { kind: "note", note: "ring twice" }])).toMatchObject({
      status: "done",
    });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-04"]);
    expect(await edit([by("Overnight")])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-06", "2026-03-09"]);
  });

  test("an order without its stock is promised nothing, and one that wants no more than there is all", async () => {
    await receive(tent, 3);
    await capture({ lines: [{ sku: tent, quantity: 4, unitPrice: "89.99" }] });
    expect(await edit([by("Overnight")])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual([null, null]);
    expect(await edit([wants("1", 3)])).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-04"]);
  });

  test("a fulfillment order that another place ships", async () => {
    await receive(tent, 5);
    await receive(tent, 5, "west");
    await capture();
    await source();
    const part = { fulfillmentOrderId: `${orderId}-F1`, by: "staff:1", key: "move" };
    expect(await movePart(context, { ...part, locationId: "west" })).toMatchObject({ status: "done" });
    expect(await promised()).toEqual(["2026-03-03", "2026-03-10"]);
  });
});

describe("on the floor", () => {
  test("lines shrink, grow and come in the fulfillment order that nobody has begun", async () => {
    await receive(tent, 9);
    await receive(lamp, 9, "west");
    await receive(lamp, 9);
    await capture();
    await source();
    expect(await edit([wants("1", 2), adds(lamp, 2)])).toMatchObject({ status: "done" });
    // The lamp joins the parcel that the order has anyway.
    expect(await parts()).toMatchObject([{ locationId: "east", lines: ["1x2", "2x2"] }]);
    await saga.runStockErrands({ orderId });
    expect(await stock(tent)).toEqual({ free: 7, reserved: 0, allocated: 2, picked: 0 });
    expect(await stock(lamp)).toEqual({ free: 7, reserved: 0, allocated: 2, picked: 0 });
    expect((await progress()).lines).toMatchObject([
      { ordered: 3, cancelled: 1, allocated: 2 },
      { ordered: 2, cancelled: 0, allocated: 2 },
    ]);
    await expectExact();
    expect(await edit([{ kind: "cancel_line", lineId: "1" }])).toMatchObject({ status: "done" });
    await saga.runStockErrands({ orderId });
    expect(await parts()).toMatchObject([{ lines: ["2x2"] }]);
    expect(await pack("F1")).toBe("done");
    expect(await stock(lamp)).toEqual({ free: 7, reserved: 0, allocated: 0, picked: 2 });
    await expectExact();
  });

  test("a fulfillment order of which nothing is left is cancelled, and what comes gets one of its own", async () => {
    await receive(tent, 3);
    await receive(lamp, 3, "west");
    await capture();
    await source();
    expect(await edit([adds(lamp, 1)])).toMatchObject({ status: "done" });
    await saga.sourceHeld({ orderId });
    expect(await edit([{ kind: "cancel_line", lineId: "1" }])).toMatchObject({ status: "done" });
    expect(await parts()).toMatchObject([
      { status: "cancelled", lines: [] },
      { status: "open", locationId: "west", lines: ["2x1"] },
    ]);
    await saga.runStockErrands({ orderId });
    expect(await stock(tent)).toEqual({ free: 3, reserved: 0, allocated: 0, picked: 0 });
  });

  test("what is packed stays, and the rest can still change", async () => {
    await receive(tent, 2);
    await receive(tent, 9, "west");
    await receive(lamp, 5);
    await capture({ lines: [{ sku: tent, quantity: 4, unitPrice: "89.99" }], allocation: "ship_available" });
    await source();
    const [first, second] = await parts();
    expect(await pack(first?.id ?? "")).toBe("done");
    expect(await edit([wants("1", 1)])).toMatchObject({ code: "change_too_late" });
    const move: OrderEditBody = { kind: "address", address: { ...ADDRESS, line1: "2 C St" } };
    expect(await edit([move])).toMatchObject({ status: "done" });
    if (second !== undefined) {
      const packed = Number(first?.lines[0]?.split("x")[1]);
      expect(await edit([wants("1", packed)])).toMatchObject({ status: "done" });
    }
    await markLabelled(store.database, `${orderId}-${first?.id}`);
    expect(await edit([{ kind: "address", address: ADDRESS }])).toMatchObject({ code: "change_too_late" });
    expect(await edit([adds(lamp, 1)])).toMatchObject({ status: "done" });
    await expectExact();
  });

  test("of a change and a pick one is first, and what is packed is the newest revision", async () => {
    await receive(tent, 60);
    const seen = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      serial += 1;
      orderId = `own-c${serial}`;
      await capture();
      await source();
      const wait = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 12));
      const [changed, packed] = await Promise.all([
        wait().then(() => edit([wants("1", 1)])),
        wait().then(() => pack("F1")),
      ]);
      seen.add(`${changed.status}/${packed}`);
      await saga.runStockErrands({ orderId });
      const again = packed === "done" ? packed : await pack("F1");
      expect(again).toBe("done");
      const { lines } = await progress();
      const wanted = changed.status === "done" ? 1 : 3;
      expect(lines).toMatchObject([
        { ordered: 3, cancelled: 3 - wanted, fulfilled: wanted, allocated: wanted },
      ]);
      expect((await stock(tent)).allocated).toBe(0);
      await expectExact();
    }
    expect([...seen].every((pair) => !["done/already_picked"].includes(pair))).toBe(true);
  });

  test("of changes at the same time each one is made from what the one before has left", async () => {
    await receive(tent, 20);
    await receive(lamp, 20);
    await capture();
    await source();
    const outcomes = await Promise.all([
      edit([wants("1", 7)]),
      edit([adds(lamp, 2)]),
      edit([wants("1", 2)]),
      edit([adds(lamp, 3)]),
      edit([{ kind: "note", note: "hurry" }]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["done", "done", "done", "done", "done"]);
    await saga.runStockErrands({ orderId });
    const { lines, revision } = await progress();
    expect(revision).toBe(6);
    const [tents, ...lamps] = lines.map((line) => line.ordered - line.cancelled);
    expect([tents, ...lamps.sort()]).toEqual([2, 2, 3]);
    expect(await stock(tent)).toEqual({ free: 18, reserved: 0, allocated: 2, picked: 0 });
    expect(await stock(lamp)).toEqual({ free: 15, reserved: 0, allocated: 5, picked: 0 });
    await expectExact();
  });
});

describe("when the order moves while stock is reserved for its change", () => {
  /** The real engine, before which something happens each time that it is asked for units. */
  function interrupted(interruption: () => Promise<unknown>): OperationContext {
    const allocator: Pick<AllocatorClient, "reserveOrder"> = {
      reserveOrder: async (request, attachment) => {
        await interruption();
        return context.allocator.reserveOrder(request, attachment);
      },
    };
    const whole = new Proxy(context.allocator, {
      get: (target, name) =>
        name === "reserveOrder"
          ? allocator.reserveOrder
          : (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target),
    });
    return { ...context, allocator: whole };
  }

  test("the units go back in the commit that brought them, and the change is planned anew", async () => {
    await receive(tent, 20);
    await capture();
    await source();
    let times = 0;
    const moved = interrupted(async () => {
      times += 1;
      if (times > 1) return;
      // Another process: it does not take turns with this one.
      await editOrder(
        { ...context, database: Object.create(context.database) as OperationContext["database"] },
        { orderId, key: `other-${serial}`, by: "staff:2", giver: null, edits: [wants("1", 5)] },
      );
    });
    expect(
      await editOrder(moved, {
        orderId,
        key: `mine-${serial}`,
        by: "staff:1",
        giver: null,
        edits: [wants("1", 8)],
      }),
    ).toMatchObject({ status: "done", revision: 3 });
    expect(times).toBe(2);
    await saga.runStockErrands({ orderId });
    expect(await stock(tent)).toEqual({ free: 12, reserved: 0, allocated: 8, picked: 0 });
    expect(await parts()).toMatchObject([{ lines: ["1x2", "1x3", "1x3"] }]);
  });

  test("an order that was cancelled meanwhile keeps nothing of it", async () => {
    await receive(tent, 20);
    await capture();
    const cancelled = interrupted(() =>
      requestCancellation(context, { orderId, reason: "no longer wanted", by: "staff:2" }),
    );
    expect(
      await editOrder(cancelled, {
        orderId,
        key: "late",
        by: "staff:1",
        giver: null,
        edits: [wants("1", 8)],
      }),
    ).toMatchObject({ code: "order_being_cancelled" });
    await saga.releaseStock({ orderId });
    expect(await stock(tent)).toEqual({ free: 20, reserved: 0, allocated: 0, picked: 0 });
  });
});

describe("an order that was sent in part", () => {
  test("can still be cancelled as far as nothing of it was sent or begun", async () => {
    await receive(tent, 3);
    await receive(lamp, 5);
    await capture();
    await source();
    await store.database.query(
      "update order_line set allocated = 3, fulfilled = 3, shipped = 3 where order_id = $1",
      [orderId],
    );
    await store.database.query(
      "update fulfillment_order set status = 'closed', stage = 'shipped' where order_id = $1",
      [orderId],
    );
    expect(await edit([adds(lamp, 2)])).toMatchObject({ status: "done" });
    const cancel = (key: string) => cancelOrder(context, { orderId, reason: "no", by: "staff:1", key });
    expect(await cancel("a")).toMatchObject({ status: "done" });
    expect((await progress()).lines).toMatchObject([
      { ordered: 3, cancelled: 0, shipped: 3 },
      { ordered: 2, cancelled: 2, shipped: 0 },
    ]);
    await saga.runStockErrands({ orderId });
    expect(await stock(lamp)).toEqual({ free: 5, reserved: 0, allocated: 0, picked: 0 });
    expect(await cancel("b")).toMatchObject({ code: "order_already_shipped" });
  });
});

describe("what a channel was paid", () => {
  test("is due there where a change makes the order cheaper; dearer it can only become there", async () => {
    await receive(tent, 3);
    await capture();
    await store.database.query(
      `update orders set payment_status = 'paid_at_channel',
         document = jsonb_set(document, '{paymentBy}', '"channel"') where id = $1`,
      [orderId],
    );
    const before = (await progress()).document.total.minor;
    expect(await edit([wants("1", 4)])).toMatchObject({ code: "change_not_supported" });
    expect(await edit([wants("1", 1)])).toMatchObject({ status: "done" });
    const after = (await progress()).document.total.minor;
    const { rows } = await store.database.query(
      "select status, amount_minor as amount from refund where order_id = $1",
      [orderId],
    );
    expect(rows).toEqual([{ status: "due_at_channel", amount: before - after }]);
  });
});

describe("what shoppers may do", () => {
  const cancel = (at = Date.now()) =>
    shopperChange(
      { ...context, now: () => at },
      { action: "cancel", orderId, reason: "no", key: `s${serial}` },
    );

  test("a shopper cancels or corrects the address within the window", async () => {
    await receive(tent, 3);
    await capture();
    const address = { ...ADDRESS, line1: "2 C St" };
    expect(await shopperChange(context, { action: "address", orderId, address, key: "a" })).toMatchObject({
      status: "done",
    });
    expect((await progress()).document.shippingAddress?.line1).toBe("2 C St");
    expect(await cancel()).toEqual({ status: "cancelling" });
  });

  test("neither after it nor once the order is being packed", async () => {
    await receive(tent, 3);
    await capture();
    expect(await cancel(Date.now() + 31 * 60_000)).toMatchObject({ code: "change_window_closed" });
    await source();
    expect(await pack("F1")).toBe("done");
    expect(await cancel()).toMatchObject({ code: "change_too_late" });
  });
});
