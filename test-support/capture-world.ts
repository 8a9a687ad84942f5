/** What a capture works with, all of it real: PostgreSQL, the engine on its threads, places and channels. */
import { pino } from "pino";
import { type Engine, startEngine } from "../engine/engine.ts";
import type { OperationContext } from "../operations/context.ts";
import { createTestDatabase, type TestDatabase } from "./servers/postgres.ts";

const PLACES = {
  east: { name: "East", latitude: 38, longitude: -85.7, priority: 1 },
  west: { name: "West", latitude: 39.5, longitude: -119.8, priority: 2 },
} as const;

export type TestChannel = {
  readonly id: string;
  /** Which adapter reads its orders. */
  readonly kind: string;
  /** Default `hold`. */
  readonly onShortage?: "hold" | "refuse";
  /** Default: as its orders say in our own format, else the channel. */
  readonly chargedBy?: "channel" | "merchant" | "order";
  /** Default true. */
  readonly active?: boolean;
};

export type CaptureWorld = {
  readonly store: TestDatabase;
  readonly engine: Engine;
  readonly context: OperationContext;
  close(): Promise<void>;
};

/** The company `acme` with these places and channels, without products. */
export async function startCaptureWorld(
  places: readonly (keyof typeof PLACES)[],
  channels: readonly TestChannel[],
): Promise<CaptureWorld> {
  const store = await createTestDatabase();
  const { database } = store;
  await database.query(`insert into company values ('acme', 'Acme Outdoor', 'USD')`);
  for (const id of places) {
    const { name, latitude, longitude, priority } = PLACES[id];
    await database.query(
      `insert into location (id, company_id, name, kind, address, latitude, longitude, priority)
       values ($1, 'acme', $2, 'fulfillment_center', '{"country":"US"}', $3, $4, $5)`,
      [id, name, latitude, longitude, priority],
    );
  }
  for (const { id, kind, onShortage = "hold", active = true, ...channel } of channels) {
    const chargedBy = channel.chargedBy ?? (kind === "holdfast" ? "order" : "channel");
    await database.query(
      `insert into channel (id, company_id, name, kind, on_shortage, charged_by, active, pay_on_delivery)
       values ($1, 'acme', $1, $2, $3, $4, $5, true)`,
      [id, kind, onShortage, chargedBy, active],
    );
  }
  const logger = pino({ level: "silent" });
  const engine = await startEngine({ databaseUrl: store.url, threads: 2, shards: 4, logger });
  engine.client.setLocations(
    places.map((locationId) => {
      const { latitude, longitude, priority } = PLACES[locationId];
      return { locationId, kind: "fulfillment_center", priority, latitude, longitude, country: "US" };
    }),
  );
  return {
    store,
    engine,
    context: { database, allocator: engine.client, parcelLimit: () => null, now: Date.now },
    close: async () => {
      await engine.stop();
      await store.close();
    },
  };
}
