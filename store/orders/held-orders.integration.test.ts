import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrderDocument } from "../../orders/order.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { sealerOf } from "../personal-data/vault.ts";
import { beginEncrypting, encryptFormer } from "../persons/encrypt-former.ts";
import { inTransaction } from "../sql/database.ts";
import { type CapturedOrder, capturedOrderWriter } from "./captured-orders.ts";
import { type HeldOrderChange, type HeldOrderRecord, heldOrderWriter } from "./held-orders.ts";
import { findKnownOrder } from "./orders.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
  await store.database.query(`insert into company values ('acme', 'Acme', 'USD')`);
  await store.database.query(
    `insert into channel (id, company_id, name, kind) values ('own', 'acme', 'Own site', 'holdfast')`,
  );
});
afterAll(() => store.close());

const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

function captured(externalId: string, token: string, change: Partial<CapturedOrder> = {}): CapturedOrder {
  const orderId = `own-${externalId}`;
  const document: OrderDocument = {
    orderId,
    companyId: "acme",
    channelId: "own",
    externalId,
    externalNumber: externalId,
    externalIds: {},
    placedAt: "2026-01-01T00:00:00.000Z",
    capturedAt: "2026-01-01T00:00:01.000Z",
    currency: "USD",
    lines: ["1", "2"].map((lineId) => ({
      lineId,
      externalLineId: lineId,
      sku: null,
      channelSku: `their-${lineId}`,
      title: "Tent",
      quantity: 2,
      unitPrice: usd(1000),
      discount: usd(0),
      tax: usd(0),
      taxes: [],
      attributes: {},
    })),
    shippingPrice: usd(0),
    discount: usd(0),
    tax: usd(0),
    total: usd(4000),
    shippingAddress: null,
    billingAddress: null,
    customer: { name: "A" },
    shippingService: "",
    paymentBy: "channel",
  };
  return {
    document,
    rawPayload: "{}",
    contentHash: "00ff",
    holdReasons: [{ code: "unknown_sku", detail: "both" }],
    holds: [],
    sourcing: [],
    promise: null,
    trackingToken: token,
    entries: [{ key: "order.captured", type: "order.captured", summary: token, cause: "test" }],
    start: { key: `start:${orderId}`, topic: "workflow.start", payload: { workflowId: orderId } },
    ...change,
  };
}

const held = { holdId: "h1", lineId: "1", sku: "TENT", locationId: "east", quantity: 2 };

function changed(orderId: string, marker: string, change: Partial<HeldOrderChange> = {}): HeldOrderChange {
  return {
    orderId,
    version: null,
    marker,
    cleared: ["unknown_sku"],
    added: [],
    lineSkus: [{ lineId: "1", sku: "TENT" }],
    holds: [held],
    sourcing: ["east is near"],
    promise: { shipBy: "2026-01-02", deliverBy: "2026-01-05" },
    entries: [{ key: marker, type: "order.hold_released", summary: marker, cause: "test" }],
    signal: {
      key: `signal:${orderId}:${marker}`,
      topic: "workflow.signal",
      payload: { workflowId: orderId },
    },
    replacement: null,
    ...change,
  };
}

function write<R>(
  writer: {
    write(client: Parameters<typeof heldOrderWriter.write>[0], records: readonly R[]): Promise<void>;
  },
  ...records: R[]
) {
  return inTransaction(store.database, (client) => writer.write(client, records));
}

/** @returns what the commit has made of each */
async function writeChanges(...changes: HeldOrderChange[]): Promise<readonly HeldOrderRecord["outcome"][]> {
  const records = changes.map((change): HeldOrderRecord => ({ change, outcome: "moved" }));
  await write(heldOrderWriter, ...records);
  return records.map(({ outcome }) => outcome);
}

async function count(table: "order_line" | "order_hold" | "order_event", orderId: string): Promise<number> {
  const { rows } = await store.database.query(
    `select count(*)::integer as count from ${table} where order_id = $1`,
    [orderId],
  );
  return rows[0].count;
}

test("an order twice in a batch, and there already, is written once with the rows of the first", async () => {
  await write(capturedOrderWriter, captured("a", "first"), captured("a", "second"), captured("b", "third"));
  await write(capturedOrderWriter, captured("a", "fourth", { holds: [held] }), captured("c", "fifth"));
  const { rows } = await store.database.query("select id, tracking_token from orders order by id");
  expect(rows).toEqual([
    { id: "own-a", tracking_token: "first" },
    { id: "own-b", tracking_token: "third" },
    { id: "own-c", tracking_token: "fifth" },
  ]);
  expect([
    await count("order_line", "own-a"),
    await count("order_hold", "own-a"),
    await count("order_event", "own-a"),
  ]).toEqual([2, 0, 1]);
  const outbox = await store.database.query("select key from outbox order by key");
  expect(outbox.rows.map((row) => row.key)).toEqual(["start:own-a", "start:own-b", "start:own-c"]);
});

test("a change of a held order happens once, whatever repeats it", async () => {
  await write(capturedOrderWriter, captured("d", "sixth"));
  await writeChanges(changed("own-d", "step-1"), changed("own-d", "step-1"));
  await writeChanges(changed("own-d", "step-1", { sourcing: ["again"] }));
  const { rows } = await store.database.query(
    `select status, hold_reasons, sourcing, version, ship_by, (select array_agg(coalesce(sku, '-') order by line_id)
       from order_line where order_id = id) as skus from orders where id = 'own-d'`,
  );
  expect(rows).toEqual([
    {
      status: "open",
      hold_reasons: [],
      sourcing: ["east is near"],
      version: 2,
      ship_by: "2026-01-02",
      skus: ["TENT", "-"],
    },
  ]);
  expect(await count("order_hold", "own-d")).toBe(1);
  const signals = await store.database.query("select key from outbox where key like 'signal:own-d%'");
  expect(signals.rows).toEqual([{ key: "signal:own-d:step-1" }]);
});

test("two changes of one order in one batch both happen, and the saga hears of each", async () => {
  const reasons = [
    { code: "unknown_sku", detail: "x" },
    { code: "payment_pending", detail: "y" },
  ] as const;
  await write(capturedOrderWriter, captured("e", "seventh", { holdReasons: reasons }));
  await writeChanges(
    changed("own-e", "step-1", { holds: [] }),
    changed("own-e", "step-2", { cleared: ["payment_pending"], lineSkus: [] }),
  );
  expect(await findKnownOrder(store.database, "own-e")).toMatchObject({ status: "open", holdReasons: [] });
  const signals = await store.database.query("select key from outbox where key like 'signal:own-e%'");
  expect(signals.rows.map(({ key }) => key).sort()).toEqual(["signal:own-e:step-1", "signal:own-e:step-2"]);
});

test("an order that is not on hold is left alone", async () => {
  await write(capturedOrderWriter, captured("f", "eighth"));
  await store.database.query("update orders set status = 'cancelled' where id = 'own-f'");
  await writeChanges(changed("own-f", "step-1"));
  expect(await findKnownOrder(store.database, "own-f")).toMatchObject({
    status: "cancelled",
    holdReasons: [{ code: "unknown_sku" }],
    lines: [{ sku: null }, { sku: null }],
  });
  expect(await count("order_hold", "own-f")).toBe(0);
});

test("what replaces a held order replaces its lines, also where they are fewer", async () => {
  const before = captured("g", "ninth");
  await write(capturedOrderWriter, before);
  const [first] = before.document.lines;
  if (first === undefined) throw new Error("no line");
  const document = { ...before.document, lines: [{ ...first, quantity: 5, sku: "TENT" }], total: usd(5000) };
  await writeChanges(
    changed("own-g", "step-1", {
      holds: [],
      lineSkus: [],
      replacement: { document, rawPayload: '{"new":true}', contentHash: "abcd" },
    }),
  );
  expect(await findKnownOrder(store.database, "own-g")).toMatchObject({
    contentHash: "abcd",
    lines: [{ lineId: "1", sku: "TENT", quantity: 5 }],
  });
  const { rows } = await store.database.query(
    "select total_minor, unit_count, raw_payload from orders where id = 'own-g'",
  );
  expect(rows).toEqual([{ total_minor: 5000, unit_count: 5, raw_payload: '{"new":true}' }]);
});

test("an order that somebody holds, or that has moved, gets nothing, and what was reserved goes back", async () => {
  await write(capturedOrderWriter, captured("h", "tenth"));
  const reserved = { key: "stock.reserved:1", type: "stock.reserved", summary: "2", cause: "test" };
  const mine = { ...held, holdId: "own-h#1" };
  const change = changed("own-h", "stock.reserved:1", { version: 1, entries: [reserved], holds: [mine] });
  const client = await store.database.connect();
  await client.query("begin");
  await client.query("select from orders where id = 'own-h' for no key update");
  expect(await writeChanges(change)).toEqual(["busy"]);
  await client.query("rollback");
  client.release();
  const errands = "select hold_id, command_id from stock_errand where order_id = 'own-h'";
  expect((await store.database.query(errands)).rows).toEqual([
    { hold_id: "own-h#1", command_id: "own-h#1:in-vain" },
  ]);
  expect(await count("order_hold", "own-h")).toBe(0);

  const again = { ...held, holdId: "own-h#2" };
  const next = { ...reserved, key: "stock.reserved:2" };
  const later = changed("own-h", "stock.reserved:2", { version: 1, entries: [next], holds: [again] });
  await store.database.query("update orders set version = 2 where id = 'own-h'");
  expect(await writeChanges(later)).toEqual(["moved"]);
  expect((await store.database.query(errands)).rows).toHaveLength(2);
  const third = { ...reserved, key: "stock.reserved:3" };
  const good = changed("own-h", "stock.reserved:3", { version: 2, entries: [third] });
  expect(await writeChanges(good)).toEqual(["written"]);
  expect(await writeChanges(good)).toEqual(["written"]);
  expect(await count("order_hold", "own-h")).toBe(1);
  expect((await store.database.query(errands)).rows).toHaveLength(2);
});

test("what a former version has written of an order is encrypted, also once the order was replaced", async () => {
  const { database } = store;
  const former = captured("former", "eleventh");
  const { orderId } = former.document;
  await write(capturedOrderWriter, former);
  await database.query(
    `insert into notification (key, order_id, kind, recipient, subject)
     values ('payment_due:former', $1, 'payment_due', 'a@example.test', 'Payment')`,
    [orderId],
  );
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     values ('east', 'acme', 'East', 'fulfillment_center', '{}', 50, 8)`,
  );
  const address = { name: "A", line1: "1 High Street", city: "Reno", country: "US" };
  await database.query(
    "insert into combined_parcel (id, location_id, address, requested_by) values ('c1', 'east', $1, 'test')",
    [JSON.stringify(address)],
  );
  await database.query(
    `insert into fulfillment_order (id, order_id, location_id, status, stage, combined_parcel_id)
     values ('own-former-F1', $1, 'east', 'open', 'waiting', 'c1')`,
    [orderId],
  );
  const sealer = await sealerOf(database, orderId);
  const replacement = { document: former.document, rawPayload: "{}", contentHash: "00aa", sealer };
  expect(await writeChanges(changed(orderId, "fuller", { replacement, holds: [] }))).toEqual(["written"]);

  expect(await beginEncrypting(database)).toBe(true);
  while ((await encryptFormer(database, 100)) !== null);
  const { rows: stored } = await database.query(
    `select n.recipient like 'hfpd1.%' as recipient, c.address::text like '"hfpd1.%' as address
       from notification n, combined_parcel c where n.order_id = $1 and c.id = 'c1'`,
    [orderId],
  );
  expect(stored).toEqual([{ recipient: true, address: true }]);
  const { rows: read } = await database.query(
    "select n.recipient, c.address from notification n, combined_parcel c where n.order_id = $1 and c.id = 'c1'",
    [orderId],
  );
  expect(read).toEqual([{ recipient: "a@example.test", address }]);
  expect(await beginEncrypting(database)).toBe(false);
});
