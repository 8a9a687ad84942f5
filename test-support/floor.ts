/**
 * A floor for tests: a database with one fulfillment center, stock in a real engine, orders that a saga has
 * released, a real broker, the bridge and simulated devices. Each part can be stopped and started by itself.
 */
import { randomBytes } from "node:crypto";
import { type Logger, pino } from "pino";
import type { SimulatedDevice } from "../devices/simulators/fleet.ts";
import { type Engine, startEngine } from "../engine/engine.ts";
import { gs1CheckDigit } from "../orders/handling-unit.ts";
import { registerDevices } from "../store/floor/devices.ts";
import { releaseToFloor } from "../store/floor/fulfillment.ts";
import type { TestDatabase } from "./servers/postgres.ts";

export const LOCATION = "fc-test";

export const testLogger: Logger = pino({ level: process.env["HOLDFAST_TEST_LOG"] ?? "silent" });

/** Stock per SKU before anything is sold. */
export const OPENING_STOCK = 10_000;

export type TestProduct = { readonly sku: string; readonly gtin: string };

export const PRODUCTS: readonly TestProduct[] = Array.from({ length: 12 }, (_, index) => {
  const body = `0952123400${String(index + 101).padStart(3, "0")}`;
  return { sku: `SKU-${index + 1}`, gtin: body + gs1CheckDigit(body) };
});

export type TestOrder = {
  readonly orderId: string;
  readonly fulfillmentOrderId: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number; readonly holdId: string }[];
};

export async function startStockedEngine(test: TestDatabase): Promise<Engine> {
  await test.database.query("insert into company values ('acme', 'Acme', 'EUR') on conflict do nothing");
  await test.database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     values ($1, 'acme', 'Test center', 'fulfillment_center', '{}', 50, 8) on conflict do nothing`,
    [LOCATION],
  );
  await test.database.query(
    "insert into channel (id, company_id, name, kind) values ('shop', 'acme', 'Shop', 'shopify') on conflict do nothing",
  );
  await test.database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select sku, 'acme', sku, 100, 1000, 'EUR', '610910', 'PT', gtin
     from jsonb_to_recordset($1) as p(sku text, gtin text) on conflict do nothing`,
    [JSON.stringify(PRODUCTS)],
  );
  const engine = await startEngine({ databaseUrl: test.url, threads: 2, shards: 4, logger: testLogger });
  await engine.client.execute(
    PRODUCTS.map(({ sku }) => ({
      type: "receive",
      commandId: `opening:${sku}`,
      sku,
      locationId: LOCATION,
      quantity: OPENING_STOCK,
      atMs: 1,
      cause: "test",
    })),
  );
  return engine;
}

/**
 * Takes devices, orders and what was told of them away, so that the next test of a file may use their names
 * again. What they hold in the engine stays held.
 */
export async function emptyFloor(test: TestDatabase): Promise<void> {
  await test.database.query(
    "truncate orders, device, device_dead_letter, device_event, outbox, setting_change cascade",
  );
}

/** Orders with allocated stock, handed to the floor as the saga does it. */
export async function releaseOrders(
  test: TestDatabase,
  engine: Engine,
  count: number,
  linesOf: (index: number) => readonly { readonly sku: string; readonly quantity: number }[],
): Promise<readonly TestOrder[]> {
  const run = randomBytes(3).toString("hex");
  const orders = Array.from({ length: count }, (_, index): TestOrder => {
    const orderId = `shop-${run}-${index + 1}`;
    return {
      orderId,
      fulfillmentOrderId: `${orderId}-F1`,
      lines: linesOf(index).map((line, at) => ({
        ...line,
        holdId: `${orderId}:${at + 1}:${LOCATION}`,
      })),
    };
  });
  for (const type of ["reserve", "allocate"] as const) {
    const outcomes = await engine.client.execute(
      orders.flatMap((order) =>
        order.lines.map(({ sku, quantity, holdId }) => {
          const shared = {
            commandId: `${type}:${holdId}`,
            sku,
            locationId: LOCATION,
            holdId,
            atMs: 2,
            cause: "test",
          };
          return type === "reserve" ? { ...shared, type, quantity, expiresAtMs: 0 } : { ...shared, type };
        }),
      ),
    );
    const refused = outcomes.find((outcome) => outcome.status === "refused");
    if (refused !== undefined) throw new Error(`stock for the test was refused: ${JSON.stringify(refused)}`);
  }
  await insertOrders(test, orders);
  await releaseToFloor(
    test.database,
    orders.map((order) => order.fulfillmentOrderId),
    new Date(),
  );
  return orders;
}

async function insertOrders(test: TestDatabase, orders: readonly TestOrder[]): Promise<void> {
  const rows = JSON.stringify(orders);
  const lines = JSON.stringify(
    orders.flatMap((order) =>
      order.lines.map((line, at) => ({
        ...line,
        orderId: order.orderId,
        fulfillmentOrderId: order.fulfillmentOrderId,
        lineId: String(at + 1),
      })),
    ),
  );
  await test.database.query(
    `insert into orders (id, company_id, channel_id, external_id, external_number, status, payment_status,
       fulfillment_status, currency, total_minor, exponent, unit_count, customer_name, placed_at, content_hash, document,
       raw_payload, tracking_token)
     select "orderId", 'acme', 'shop', "orderId", "orderId", 'open', 'authorized', 'in_progress', 'EUR', 0, 2, 1, 'Ann', now(),
       '', '{}', '', "orderId" from jsonb_to_recordset($1) as o("orderId" text)`,
    [rows],
  );
  await test.database.query(
    `insert into order_line (order_id, line_id, sku, channel_sku, title, ordered, allocated, unit_price_minor,
       discount_minor, tax_minor)
     select "orderId", "lineId", sku, sku, sku, quantity, quantity, 0, 0, 0
     from jsonb_to_recordset($1) as l("orderId" text, "lineId" text, sku text, quantity integer)`,
    [lines],
  );
  await test.database.query(
    `insert into fulfillment_order (id, order_id, location_id, status, stage)
     select "fulfillmentOrderId", "orderId", $2, 'open', 'waiting'
     from jsonb_to_recordset($1) as o("orderId" text, "fulfillmentOrderId" text)`,
    [rows, LOCATION],
  );
  await test.database.query(
    `insert into fulfillment_order_line (fulfillment_order_id, line_id, hold_id, sku, quantity)
     select "fulfillmentOrderId", "lineId", "holdId", sku, quantity
     from jsonb_to_recordset($1)
       as l("fulfillmentOrderId" text, "lineId" text, "holdId" text, sku text, quantity integer)`,
    [lines],
  );
  await test.database.query(
    `insert into order_hold (order_id, hold_id, line_id, sku, location_id, quantity)
     select "orderId", "holdId", "lineId", sku, $2, quantity
     from jsonb_to_recordset($1)
       as l("orderId" text, "lineId" text, "holdId" text, sku text, quantity integer)`,
    [lines, LOCATION],
  );
}

export async function addDevices(test: TestDatabase, devices: readonly SimulatedDevice[]): Promise<void> {
  await registerDevices(test.database, devices);
}

/** Lines of order `index`: one to three SKUs, one to three units each. */
export function variedLines(index: number): readonly { readonly sku: string; readonly quantity: number }[] {
  return Array.from({ length: 1 + (index % 3) }, (_, line) => ({
    sku: PRODUCTS[(index + line * 5) % PRODUCTS.length]?.sku ?? "",
    quantity: 1 + ((index + line) % 3),
  }));
}

/** Polls until `look` gives something, and says what it last saw where it never does. */
export async function eventually<T>(
  look: () => Promise<T | undefined | false>,
  timeoutMs: number,
  describe: () => Promise<unknown> = async () => undefined,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) {
      throw new Error(`not within ${timeoutMs} ms; seen: ${JSON.stringify(await describe())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits until every one of these is packed. */
export async function allPacked(
  test: TestDatabase,
  orders: readonly TestOrder[],
  timeoutMs: number,
): Promise<void> {
  const ids = orders.map((order) => order.fulfillmentOrderId);
  await eventually(
    async () => {
      const { rows } = await test.database.query<{ packed: number }>(
        "select count(*)::integer as packed from fulfillment_order where id = any($1) and stage = 'packed'",
        [ids],
      );
      return rows[0]?.packed === ids.length;
    },
    timeoutMs,
    async () => {
      const stuck = await test.database.query(
        `select f.id, f.stage, f.status, t.status as task, t.attempt, t.device_id, t.detail
         from fulfillment_order f left join floor_task t on t.fulfillment_order_id = f.id
         where f.id = any($1) and f.stage <> 'packed' limit 20`,
        [ids],
      );
      return stuck.rows;
    },
  );
}

/**
 * What must be true of orders that went over the floor, whatever happened: each unit once, each effect once.
 */
export async function discrepancies(
  test: TestDatabase,
  engine: Engine,
  orders: readonly TestOrder[],
): Promise<readonly string[]> {
  const found: string[] = [];
  const ids = orders.map((order) => order.fulfillmentOrderId);
  const lines = await test.database.query<{ id: string; quantity: number; picked: number; verified: number }>(
    `select fulfillment_order_id as id, quantity, picked, verified from fulfillment_order_line
     where fulfillment_order_id = any($1)`,
    [ids],
  );
  for (const line of lines.rows) {
    if (line.picked !== line.quantity || line.verified !== line.quantity) found.push(JSON.stringify(line));
  }
  const ledger = await test.database.query<{ orderId: string; ordered: number; fulfilled: number }>(
    `select order_id as "orderId", ordered, fulfilled from order_line where order_id = any($1)`,
    [orders.map((order) => order.orderId)],
  );
  for (const line of ledger.rows) {
    if (line.ordered !== line.fulfilled) found.push(JSON.stringify(line));
  }
  const signals = await test.database.query<{ id: string; packed: number; others: number }>(
    `select payload->'message'->>'fulfillmentOrderId' as id,
       count(*) filter (where payload->'message'->>'type' = 'packed')::integer as packed,
       count(*) filter (where payload->'message'->>'type' <> 'packed')::integer as others
     from outbox where payload->'message'->>'fulfillmentOrderId' = any($1) group by 1`,
    [ids],
  );
  if (signals.rows.length !== ids.length) found.push(`${signals.rows.length} of ${ids.length} signalled`);
  for (const row of signals.rows) if (row.packed !== 1 || row.others !== 0) found.push(JSON.stringify(row));

  const wanted = new Map<string, number>();
  for (const { lines: wantedLines } of orders) {
    for (const { sku, quantity } of wantedLines) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  }
  const positions = await engine.client.positions([...wanted.keys()]);
  for (const position of positions) {
    const units = wanted.get(position.sku) ?? 0;
    const right =
      position.picked === units &&
      position.allocated === 0 &&
      position.reserved === 0 &&
      position.onHand === OPENING_STOCK;
    if (!right) found.push(`${units} wanted: ${JSON.stringify(position)}`);
  }
  return found;
}
