/**
 * Kits and queued demand, from the API to the parcel and back, over the real gateway, engine and database.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { confirmPack } from "../operations/floor/confirm-pack.ts";
import { confirmPick } from "../operations/floor/confirm-pick.ts";
import { applyDemandFills } from "../operations/holds/apply-demand-fills.ts";
import { inspectReturn } from "../operations/returns/inspect-return.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { readUnitFlows, readUnitPromises } from "../store/audit/stock-audit.ts";
import { readParcelLines } from "../store/floor/shipments.ts";
import { demandFillWriter } from "../store/stock/demand-fills.ts";
import { insertKits, readKits } from "../store/stock/kits.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { createInventoryActivities } from "../workflows/order/activities/inventory.ts";
import { createReturnActivities } from "../workflows/return/activities/returns.ts";

let world: GatewayWorld;
let key = 0;

beforeAll(async () => {
  world = await startGatewayWorld();
  const { database, engine } = world;
  await database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select sku, 'acme', name, 300, 1999, 'USD', '610910', 'PT', gtin
       from (values ('STOVE', 'Stove', '00614141000043'), ('POT', 'Pot', '00614141000050'),
                    ('COOK', 'Camp kitchen', '00614141000067'), ('RARE', 'Rare thing', '00614141000074'))
         as item (sku, name, gtin)`,
  );
  await insertKits(database, [
    {
      sku: "COOK",
      components: [
        { sku: "STOVE", quantity: 1 },
        { sku: "POT", quantity: 2 },
      ],
    },
  ]);
  engine.client.setKits(await readKits(database));
  engine.client.recordFills(demandFillWriter);
  await receive("STOVE", 10);
  await receive("POT", 7);
});

afterAll(() => world?.close());

function context() {
  return { database: world.database, allocator: world.engine.client, parcelLimit: () => null, now: Date.now };
}

function dependencies() {
  // The steps under test use nothing else.
  return {
    ...context(),
    payments: {},
    carriers: new VendorRoster("carriers", []),
    mailer: {},
    publicUrl: "",
    logger: {},
  } as never;
}

async function receive(sku: string, quantity: number): Promise<void> {
  key += 1;
  const [outcome] = await world.engine.client.execute([
    {
      type: "receive",
      commandId: `r${key}`,
      sku,
      locationId: "east",
      quantity,
      atMs: Date.now(),
      cause: "test",
    },
  ]);
  expect(outcome?.status).toBe("applied");
}

async function order(id: string, change: Readonly<Record<string, unknown>>, channel = "web") {
  key += 1;
  return world.call("POST", `/v1/orders?channel=${channel}`, {
    json: canonicalOrder(id, change),
    headers: { "idempotency-key": `order-${key}` },
  });
}

async function rows(text: string, ...values: readonly unknown[]) {
  return (await world.database.query(text, [...values])).rows;
}

async function available(sku: string): Promise<number> {
  const positions = await world.engine.client.positions([sku]);
  return positions.reduce((sum, position) => sum + position.availableToPromise, 0);
}

describe("a kit", () => {
  test("is in the catalog with its components", async () => {
    const reply = await world.call("GET", "/v1/products?q=COOK");
    expect(reply.json.items).toMatchObject([
      {
        sku: "COOK",
        components: [
          { sku: "STOVE", quantity: 1 },
          { sku: "POT", quantity: 2 },
        ],
      },
    ]);
    const plain = await world.call("GET", "/v1/products?q=STOVE");
    expect(plain.json.items[0]).not.toHaveProperty("components");
  });

  test("is held, picked, shipped and counted: stock by component, the order by kit", async () => {
    const reply = await order("kit-1", { lines: [{ sku: "COOK", quantity: 2, unitPrice: "159.00" }] });
    expect([reply.status, reply.json.outcome], reply.text).toEqual([201, "accepted"]);
    const orderId = "web-kit-1";
    expect(
      await rows(
        "select hold_id, sku, quantity, per_unit from order_hold where order_id = $1 order by sku",
        orderId,
      ),
    ).toEqual([
      { hold_id: "web-kit-1:1:east:2", sku: "POT", quantity: 4, per_unit: 2 },
      { hold_id: "web-kit-1:1:east:1", sku: "STOVE", quantity: 2, per_unit: 1 },
    ]);
    expect([await available("STOVE"), await available("POT")]).toEqual([8, 3]);

    const inventory = createInventoryActivities(dependencies());
    const allocated = await inventory.allocateStock({ orderId });
    expect(allocated).toEqual({ status: "allocated", fulfillmentOrders: ["web-kit-1-F1"] });
    expect(await rows("select allocated from order_line where order_id = $1", orderId)).toEqual([
      { allocated: 2 },
    ]);
    await inventory.releaseToFloor({ orderId, fulfillmentOrders: ["web-kit-1-F1"] });
    const holds = await rows(
      `select hold_id as "holdId", quantity from fulfillment_order_line where fulfillment_order_id = 'web-kit-1-F1'`,
    );
    const picked = await confirmPick(context(), {
      fulfillmentOrderId: "web-kit-1-F1",
      picked: holds,
      cause: "staff:1",
      key: "p",
    });
    expect(picked).toEqual({ status: "done", short: false });
    const packed = await confirmPack(context(), {
      fulfillmentOrderId: "web-kit-1-F1",
      verified: [
        { sku: "STOVE", quantity: 2 },
        { sku: "POT", quantity: 4 },
      ],
      cause: "staff:1",
      key: "k",
    });
    expect(packed).toEqual({ status: "done" });
    expect(await rows("select fulfilled from order_line where order_id = $1", orderId)).toEqual([
      { fulfilled: 2 },
    ]);

    await world.database.query(
      `insert into shipment (id, order_id, fulfillment_order_id, carrier_provider, carrier_shipment_id, carrier, service,
         tracking_number, cost_minor, currency, weight_grams, label_zpl, label_pdf)
       values ('s1', $1, 'web-kit-1-F1', 'x', 'x', 'UPS', 'Ground', 'T1', 1, 'USD', 1, '', '')`,
      [orderId],
    );
    await inventory.shipStock({ orderId, fulfillmentOrderId: "web-kit-1-F1", shipmentId: "s1", attempt: 1 });
    expect(await rows("select shipped from order_line where order_id = $1", orderId)).toEqual([
      { shipped: 2 },
    ]);
    expect(await readParcelLines(world.database, "s1")).toEqual([{ lineId: "1", quantity: 2 }]);
    const onHand = await world.engine.client.positions(["STOVE", "POT"]);
    expect(Object.fromEntries(onHand.map((position) => [position.sku, position.onHand]))).toEqual({
      STOVE: 8,
      POT: 3,
    });
  });

  test("that comes back goes to the shelves of its components", async () => {
    const orderId = "web-kit-1";
    await world.database.query(
      `insert into return_authorization (id, order_id, status, reason, currency)
       values ('ret-1', $1, 'received', 'other', 'USD')`,
      [orderId],
    );
    await world.database.query(
      `insert into return_line (return_id, line_id, sku, requested, received)
       values ('ret-1', '1', 'COOK', 1, 1)`,
    );
    await world.database.query("update order_line set return_requested = 1 where order_id = $1", [orderId]);
    const lines = [{ lineId: "1", disposition: "restocked" }] as const;
    const inspected = await inspectReturn(context(), { returnId: "ret-1", lines, by: "staff:dock" });
    expect(inspected).toEqual({ status: "done", inspectionId: "ret-1-I1" });
    const returns = createReturnActivities(dependencies());
    const step = { orderId, returnId: "ret-1", inspectionId: "ret-1-I1" };
    await returns.stockInspection(step);
    await returns.stockInspection(step);
    expect([await available("STOVE"), await available("POT"), await available("COOK")]).toEqual([9, 5, 0]);
    expect(await rows("select return_received from order_line where order_id = $1", orderId)).toEqual([
      { return_received: 1 },
    ]);
  });

  test("is the same to an audit, whether it asks the stock or the orders", async () => {
    // Movements are written a moment after the units have moved.
    const flows = () => readUnitFlows(world.database);
    await expect.poll(flows).toEqual([
      { sku: "POT", movedOut: 4, ordersShipped: 4, movedBack: 2, ordersReturned: 2 },
      { sku: "STOVE", movedOut: 2, ordersShipped: 2, movedBack: 1, ordersReturned: 1 },
    ]);
    await order("kit-audited", { lines: [{ sku: "COOK", quantity: 1, unitPrice: "159.00" }] });
    const waiting = await readUnitPromises(world.database);
    expect(waiting.map(({ sku, least, most }) => [sku, least, most])).toEqual([
      ["POT", 2, 2],
      ["STOVE", 1, 1],
    ]);
    await createInventoryActivities(dependencies()).releaseStock({ orderId: "web-kit-audited" });
  });

  test("is refused whole where one component is short, and nothing of it is held", async () => {
    const before = [await available("STOVE"), await available("POT")];
    const reply = await order("kit-2", { lines: [{ sku: "COOK", quantity: 3, unitPrice: "159.00" }] });
    expect(reply.json.code, reply.text).toBe("insufficient_stock");
    expect([await available("STOVE"), await available("POT")]).toEqual(before);
  });

  test("that is cancelled gives all of its components back", async () => {
    const before = [await available("STOVE"), await available("POT")];
    await order("kit-3", { lines: [{ sku: "COOK", quantity: 1, unitPrice: "159.00" }] });
    expect([await available("STOVE"), await available("POT")]).toEqual([
      (before[0] ?? 0) - 1,
      (before[1] ?? 0) - 2,
    ]);
    await createInventoryActivities(dependencies()).releaseStock({ orderId: "web-kit-3" });
    expect([await available("STOVE"), await available("POT")]).toEqual(before);
  });
});

describe("an order that waits in the queue", () => {
  const allocation = "ship_available_backorder_rest";
  const lines = (quantity: number) => [{ sku: "RARE", quantity, unitPrice: "19.99" }];

  test("is told of its units as they come, and goes on once it has them all", async () => {
    await receive("RARE", 2);
    const reply = await order("wait-1", { lines: lines(5), allocation });
    expect([reply.status, reply.json.outcome], reply.text).toEqual([201, "held"]);
    const orderId = "web-wait-1";
    expect(await rows("select status, hold_reasons from orders where id = $1", orderId)).toMatchObject([
      {
        status: "on_hold",
        hold_reasons: [{ code: "backordered", detail: "Waiting for: 3 of RARE (line 1, no date)." }],
      },
    ]);
    await receive("RARE", 2);
    expect(await available("RARE")).toBe(0);
    expect(await applyDemandFills(context())).toEqual([]);
    expect(await applyDemandFills(context())).toEqual([]);
    expect(
      await rows("select sum(quantity)::int as held from order_hold where order_id = $1", orderId),
    ).toEqual([{ held: 4 }]);
    await receive("RARE", 4);
    expect(await applyDemandFills(context())).toEqual([orderId]);
    expect(await available("RARE")).toBe(3);
    expect(await rows("select status, hold_reasons from orders where id = $1", orderId)).toEqual([
      { status: "open", hold_reasons: [] },
    ]);
    expect(await rows("select ship_by is not null as promised from orders where id = $1", orderId)).toEqual([
      { promised: true },
    ]);
    expect(
      await rows("select topic from outbox where key like $1", `hold-released:${orderId}:backordered:%`),
    ).toEqual([{ topic: "workflow.signal" }]);
    const allocated = await createInventoryActivities(dependencies()).allocateStock({ orderId });
    expect(allocated.status).toBe("allocated");
    expect(await rows("select allocated from order_line where order_id = $1", orderId)).toEqual([
      { allocated: 5 },
    ]);
  });

  test("gives back what it was given and what it waits for when it is cancelled, told of it or not", async () => {
    const reply = await order("wait-2", { lines: lines(6), allocation });
    expect(reply.json.outcome, reply.text).toBe("held");
    expect(await available("RARE")).toBe(0);
    await receive("RARE", 1);
    await createInventoryActivities(dependencies()).releaseStock({ orderId: "web-wait-2" });
    await world.database.query("update orders set status = 'cancelled' where id = 'web-wait-2'");
    expect(await applyDemandFills(context())).toEqual([]);
    expect(await available("RARE")).toBe(4);
    await receive("RARE", 5);
    expect(await available("RARE")).toBe(9);
  });

  test("is what a channel's orders are where the channel says so", async () => {
    await world.database.query("update channel set active = true, allocation = $1 where id = 'closed'", [
      allocation,
    ]);
    const reply = await order("wait-3", { lines: lines(11) }, "closed");
    expect(reply.json, reply.text).toMatchObject({
      outcome: "held",
      holdReasons: [{ code: "backordered", detail: "Waiting for: 2 of RARE (line 1, no date)." }],
    });
  });
});
