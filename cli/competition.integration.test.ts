/**
 * Twenty connections compete for one article: 1,000 units, 5,000 orders of one to three lines, all at once
 * over the real gateway. Not one unit too many is sold, an order gets all of its lines or none, and exactly
 * the unsold units are left.
 */
import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { passingSecretBox } from "../config/secret-box.ts";
import { Random } from "../config/seeded-random.ts";
import type { CaptureResult } from "../contract/orders.ts";
import { deviceProtocols } from "../devices/device-kinds.ts";
import { type Engine, startEngine } from "../engine/engine.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { StreamClient } from "./client/stream.ts";
import { SANDBOX_LOCATIONS } from "./sandbox/company.ts";
import { seedSandbox } from "./sandbox/seed.ts";

const CONNECTIONS = 20;
const ORDERS = 5_000;
const HOT = "COMPETITION-HOT";
/** Also scarce, so that an order may get one line and miss another. */
const OTHERS = ["COMPETITION-A", "COMPETITION-B", "COMPETITION-C", "COMPETITION-D"];
const HOT_UNITS = 1_000;
const OTHER_UNITS = 250;

const logger = pino({ level: "error" });
const secrets = passingSecretBox();
let database: TestDatabase;
let engine: Engine;
let gateway: Gateway;
let key: string;

beforeAll(async () => {
  database = await createTestDatabase();
  engine = await startEngine({ databaseUrl: database.url, threads: 2, shards: 8, logger });
  ({ apiKey: key } = await seedSandbox(database.database, engine.client, secrets, "competition"));
  engine.client.setLocations(SANDBOX_LOCATIONS);
  const skus = [HOT, ...OTHERS];
  await database.database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select sku, company.id, sku, 100, 1000, 'USD', '610990', 'US', '09521234999990'
       from unnest($1::text[]) as sku, company`,
    [skus],
  );
  await engine.client.execute(
    skus.map((sku) => ({
      type: "receive" as const,
      sku,
      locationId: "fc-reno",
      quantity: sku === HOT ? HOT_UNITS : OTHER_UNITS,
      commandId: `competition:${sku}`,
      atMs: Date.now(),
      cause: "competition",
    })),
  );
  gateway = await startGateway({
    host: "127.0.0.1",
    port: 0,
    publicUrl: "http://127.0.0.1",
    database: database.database,
    allocator: engine.client,
    channelAdapters,
    secrets,
    devices: deviceProtocols,
    carriers: new VendorRoster("carriers", []),
    payments: new VendorRoster("payments", []),
    dashboardFolder: "none",
    logger,
    readiness: async () => [],
  });
});
afterAll(async () => {
  await gateway.stop();
  await engine.stop();
  await database.close();
});

type Wanted = { readonly id: string; readonly lines: ReadonlyMap<string, number> };

test("5,000 orders over 20 connections sell 1,000 units exactly once", { timeout: 180_000 }, async () => {
  const random = new Random("competition");
  const wanted: readonly Wanted[] = Array.from({ length: ORDERS }, (_, index) => {
    const lines = new Map([[HOT, random.integer(1, 2)]]);
    const more = random.integer(0, 2);
    while (lines.size < 1 + more) lines.set(random.pick(OTHERS), random.integer(1, 2));
    return { id: `C-${index + 1}`, lines };
  });

  const access = {
    url: `http://127.0.0.1:${gateway.port}`,
    key,
    simulatorsUrl: null,
    databaseUrl: null,
    temporal: null,
  };
  const streams = await Promise.all(Array.from({ length: CONNECTIONS }, () => StreamClient.open(access)));
  const results = await Promise.all(
    wanted.map((order, index) => capture(streams[index % CONNECTIONS] as StreamClient, order)),
  );
  for (const stream of streams) stream.close();

  const accepted = wanted.filter((_, index) => results[index]?.outcome === "accepted");
  const refused = results.filter((result) => result.outcome === "refused");
  expect(accepted.length + refused.length).toBe(ORDERS);
  expect(new Set(refused.map((result) => result.code))).toEqual(new Set(["insufficient_stock"]));

  const positions = await engine.client.positions([HOT, ...OTHERS]);
  for (const position of positions) {
    const received = position.sku === HOT ? HOT_UNITS : OTHER_UNITS;
    const sold = accepted.reduce((units, order) => units + (order.lines.get(position.sku) ?? 0), 0);
    expect(sold, position.sku).toBeLessThanOrEqual(received);
    expect(position.availableToPromise, position.sku).toBe(received - sold);
    expect(position.reserved, position.sku).toBe(sold);
  }
  // While there is a unit and an order that wants no more than that, it is sold.
  expect(positions.find((position) => position.sku === HOT)?.availableToPromise).toBeLessThanOrEqual(1);

  const { rows } = await database.database.query<{ external_id: string; lines: Record<string, number> }>(
    `select orders.external_id, jsonb_object_agg(held.sku, held.quantity) as lines
       from orders
       join (select order_id, sku, sum(quantity)::integer as quantity from order_hold group by order_id, sku) held
         on held.order_id = orders.id
      group by orders.external_id`,
  );
  const held = new Map(rows.map((row) => [row.external_id, row.lines]));
  expect(held.size).toBe(accepted.length);
  for (const order of accepted) expect(held.get(order.id)).toEqual(Object.fromEntries(order.lines));
  const { rows: stored } = await database.database.query<{ count: number }>("select count(*) from orders");
  expect(stored[0]?.count).toBe(accepted.length);
});

async function capture(stream: StreamClient, order: Wanted): Promise<CaptureResult> {
  const payload = JSON.stringify({
    id: order.id,
    currency: "USD",
    lines: [...order.lines].map(([sku, quantity]) => ({ sku, quantity, unitPrice: "10.00" })),
    paymentMethod: "pm_card_visa",
    shippingAddress: {
      name: "A B",
      line1: "1 Main Street",
      city: "Reno",
      postalCode: "89501",
      country: "US",
    },
    customer: { name: "A B", email: "a@example.com" },
    allocation: "all_or_nothing",
  });
  const reply = await stream.request({ type: "order.capture", channel: "web", payload });
  const [result] = reply.type === "order.captured" ? reply.results : [];
  if (result === undefined) throw new Error(JSON.stringify(reply));
  return result;
}
