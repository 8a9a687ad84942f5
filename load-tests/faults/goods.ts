/** The company that faults are played on, and the goods that its clients fight for. */
import { writeFile } from "node:fs/promises";
import type { DatabaseServer } from "./database-server.ts";
import type { Assortment } from "./fault-client.ts";
import { type Endpoint, StreamConnection } from "./stream-connection.ts";

const SKUS = 12;
const LANE_SKUS = 6;
/** So few that some SKUs sell out, and refusals are part of it. */
const UNITS_EACH = 400;
const PATIENCE_MS = 60_000;

export const ASSORTMENT: Assortment = {
  skus: Array.from({ length: SKUS }, (_, index) => `FAULT-${index + 1}`),
  laneSkus: Array.from({ length: LANE_SKUS }, (_, index) => `LANE-${index + 1}`),
  locationIds: ["east", "west"],
  channel: "web",
};

export async function seedCompany(database: DatabaseServer): Promise<void> {
  await database.query("insert into company (id, name, currency) values ('faults', 'Faults', 'USD')");
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     select id, 'faults', id, 'fulfillment_center', '{"country":"US"}', 39.5, -119.8
       from unnest($1::text[]) as id`,
    [ASSORTMENT.locationIds],
  );
  await database.query(
    `insert into channel (id, company_id, name, kind, on_shortage, charged_by)
     values ($1, 'faults', 'Web', 'holdfast', 'refuse', 'order')`,
    [ASSORTMENT.channel],
  );
  await database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select sku, 'faults', sku, 100, 1000, 'USD', '610990', 'US', '09521234999990' from unnest($1::text[]) as sku`,
    [[...ASSORTMENT.skus, ...ASSORTMENT.laneSkus]],
  );
}

/** The first receipt is logged like a client's, by a client that does nothing else. */
export async function receiveStock(endpoint: Endpoint, seed: string, logFile: string): Promise<void> {
  const { skus, laneSkus, locationIds } = ASSORTMENT;
  const operations = [...skus, ...laneSkus].flatMap((sku) =>
    locationIds.map((locationId) => ({
      id: `${seed}.stock.${sku}.${locationId}`,
      kind: "receive" as const,
      sku,
      locationId,
      quantity: UNITS_EACH,
      holdId: "",
      expiresAtMs: 0,
      expiresInMs: 0,
    })),
  );
  const connection = await StreamConnection.open(endpoint);
  const reply = await connection.ask(
    "stock",
    {
      type: "stock.execute",
      commands: operations.map(({ id, sku, locationId, quantity }) => ({
        type: "receive",
        commandId: id,
        sku,
        locationId,
        quantity,
        atMs: 0,
        cause: id,
      })),
    },
    PATIENCE_MS,
  );
  connection.close();
  if (reply.type !== "stock.executed") throw new Error(`no stock: ${JSON.stringify(reply)}`);
  const results = reply.outcomes.map((outcome) => outcome.status);
  const events = [
    { event: "invoke", atMs: Date.now(), message: "stock", operations },
    { event: "ok", atMs: Date.now(), message: "stock", results },
  ];
  await writeFile(logFile, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}
