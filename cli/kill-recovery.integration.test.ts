/**
 * `kill -9` of everything in the middle of a day: system, PostgreSQL, Temporal and the simulated outside
 * world at once. After a start every acknowledged order is there and goes on to its end, nothing is shipped,
 * charged or refunded twice, and stock adds up to the unit. The day itself is the client that survives it.
 *
 * One thing may need a person: a tote that was lost with the world is picked again, and where the second robot
 * finds fewer units than were booked for the first, the order is held with what is missing.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase } from "../store/sql/database.ts";
import { jsonLines, TestSystem } from "../test-support/system.ts";
import { waitUntil } from "./embedded/processes.ts";
import type { DayReport } from "./simulated-day/run-day.ts";

const MINUTE = 60_000;
const ORDERS = 90;

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
}, 5 * MINUTE);
afterAll(async () => {
  await system.destroy();
}, MINUTE);

test(
  "every acknowledged order goes on to its end after kill -9 of everything, twice, and the books agree",
  async () => {
    const { databaseUrl } = await system.access();
    const day = system.run([
      "simulate-day",
      "--orders",
      String(ORDERS),
      "--seed",
      "kill",
      "--speed",
      "50",
      "--json",
    ]);

    // A day that ends too early is a failure.
    const early = day.then((outcome) => {
      throw new Error(`the day ended too early:\n${outcome.stderr}\n${outcome.stdout}`);
    });
    early.catch(() => {});
    // Once while orders are still coming in, once while parcels are on their way.
    await Promise.race([early, untilCount(databaseUrl, "select count(*) from orders", 30)]);
    await system.killEverything();
    await system.start();
    const shipped = "select count(*) from shipment where shipped_at is not null";
    await Promise.race([early, untilCount(databaseUrl, shipped, 25)]);
    await system.killEverything();
    await system.start();

    const outcome = await day;
    const [report] = jsonLines<DayReport>(outcome);
    if (report === undefined) throw new Error(outcome.stderr);
    expect(report.findings, system.lastProblems()).toEqual([]);
    expect(report).toMatchObject({ oversold: 0, doubled: 0, ok: true });
    expect(report.stock.reconciled).toBe(true);
    // An exchange is an order of its own.
    expect(report.orders.orders).toBeGreaterThanOrEqual(ORDERS);
    expect(report.orders.unfinished).toBe(0);
    const held = await heldOnTheFloor((await system.access()).databaseUrl);
    expect(held.filter(({ hasLostTote }) => !hasLostTote)).toEqual([]);
    const { delivered, cancelled } = report.orders;
    expect(delivered + cancelled + held.length, JSON.stringify(report)).toBe(report.orders.orders);
    expect(report.orders.returnsRefunded).toBe(report.orders.returns);
    expect(outcome.status).toBe(0);
  },
  15 * MINUTE,
);

async function heldOnTheFloor(
  databaseUrl: string | null,
): Promise<readonly { readonly id: string; readonly hasLostTote: boolean }[]> {
  const database = openDatabase(databaseUrl ?? "", { maxConnections: 1 });
  try {
    const { rows } = await database.query<{ id: string; hasLostTote: boolean }>(
      `select id, exists (select from order_event e where e.order_id = orders.id
         and e.type = 'fulfillment.tote_lost') as "hasLostTote"
       from orders, jsonb_array_elements(hold_reasons) reason
       where status = 'on_hold' and reason->>'code' = 'floor_exception'`,
    );
    return rows;
  } finally {
    await database.end();
  }
}

async function untilCount(databaseUrl: string | null, query: string, least: number): Promise<void> {
  const database = openDatabase(databaseUrl ?? "", { maxConnections: 1 });
  try {
    const reached = await waitUntil(async () => {
      const { rows } = await database.query<{ count: number }>(query);
      return (rows[0]?.count ?? 0) >= least;
    }, 3 * MINUTE);
    expect(reached, query).toBe(true);
  } finally {
    await database.end();
  }
}
