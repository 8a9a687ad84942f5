/**
 * What every sequence runs in: one PostgreSQL, one engine, the product's own operations and sagas, and an
 * outside world in memory. Sequences share it and nothing else: each has SKUs and orders of its own.
 */
import { type Logger, pino } from "pino";
import { type Engine, startEngine } from "../../engine/engine.ts";
import type { OperationContext } from "../../operations/context.ts";
import { tellAllocator } from "../../operations/standing/tell-allocator.ts";
import { parcelLimitOf } from "../../ports/parcel-limit.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import type { SagaDependencies } from "../../workflows/activities/dependencies.ts";
import { translateFailure } from "../../workflows/activities/failures.ts";
import { allSteps, withGoOn } from "../../workflows/all-activities.ts";
import { OutsideBooks } from "./outside-books.ts";

export const LOCATIONS = ["east", "west"] as const;

/** Who charges: the channel, or our payment provider. */
export const CHANNELS = { charged: "web", paid: "market" } as const;

export type World = {
  readonly database: Database;
  readonly engine: Engine;
  readonly books: OutsideBooks;
  readonly context: OperationContext;
  /** The sagas' steps; what cannot be cured by repeating fails as it does in Temporal. */
  readonly steps: Readonly<Record<string, (input: never) => Promise<unknown>>>;
  /** A new moment, a second after the last one. */
  readonly now: () => number;
  stop(): Promise<void>;
};

/** @param databaseUrl a migrated database with nothing in it */
export async function startWorld(databaseUrl: string, connections: number): Promise<World> {
  const logger: Logger = pino({ level: process.env["HOLDFAST_LOG_LEVEL"] ?? "silent" });
  const database = openDatabase(databaseUrl, { maxConnections: connections });
  await seed(database);
  const engine = await startEngine({ databaseUrl, threads: 1, shards: 4, logger });
  const books = new OutsideBooks();
  let clock = Date.now();
  const now = () => {
    clock += 1_000;
    return clock;
  };
  const parcelLimit = parcelLimitOf(books.carriers);
  const context: OperationContext = { database, allocator: engine.client, parcelLimit, now };
  await tellAllocator(context);
  const dependencies: SagaDependencies = {
    database,
    allocator: engine.client,
    payments: books.payments,
    carriers: books.carriers,
    mailer: books.mailer,
    publicUrl: "http://shop.test",
    now,
    logger,
  };
  return {
    database,
    engine,
    books,
    context,
    steps: withGoOn(translated(allSteps(dependencies))),
    now,
    stop: async () => {
      await engine.stop();
      await database.end();
    },
  };
}

function translated<Steps extends object>(steps: Steps): Steps {
  return Object.fromEntries(
    Object.entries(steps as Record<string, (input: never) => Promise<unknown>>).map(([name, run]) => [
      name,
      (input: never) =>
        run(input).catch((error: unknown) => {
          throw translateFailure(error);
        }),
    ]),
  ) as Steps;
}

async function seed(database: Database): Promise<void> {
  await database.query("insert into company (id, name, currency) values ('acme', 'Acme', 'USD')");
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     select id, 'acme', id, 'fulfillment_center', jsonb_build_object('name', id, 'line1', '1 Dock Road', 'city',
       'Newark', 'region', 'NJ', 'postalCode', '07101', 'country', 'US'), 40, -74 - row_number() over ()
     from unnest($1::text[]) as id`,
    [LOCATIONS],
  );
  await database.query(
    `insert into channel (id, company_id, name, kind, on_shortage, charged_by) values
       ($1, 'acme', 'Web', 'holdfast', 'hold', 'merchant'), ($2, 'acme', 'Market', 'holdfast', 'hold', 'channel')`,
    [CHANNELS.charged, CHANNELS.paid],
  );
}
