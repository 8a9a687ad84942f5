/**
 * The upgrade from a former version in the middle of its day. Its system was killed while orders stood on the
 * floor, on the road, on hold, and while returns were open; this version starts on what it left, and every
 * order and return goes on to its end. `test-support/upgrade/make-fixture.mjs` has made the fixture with that
 * version.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Database, openDatabase } from "../store/sql/database.ts";
import { TestSystem } from "../test-support/system.ts";
import { restoreFormerVersion } from "../test-support/upgrade/restore.ts";
import { waitUntil } from "./embedded/processes.ts";

const MINUTE = 60_000;

let system: TestSystem;
let database: Database;

beforeAll(async () => {
  system = await TestSystem.prepare();
  await restoreFormerVersion("deb9f4e", system.folder, Number(system.environment["HOLDFAST_POSTGRES_PORT"]));
  await system.start();
  const { databaseUrl } = await system.access();
  database = openDatabase(databaseUrl ?? "", { maxConnections: 2 });
}, 5 * MINUTE);
afterAll(async () => {
  await database?.end();
  await system?.destroy();
}, MINUTE);

async function call(path: string, body: unknown): Promise<Response> {
  const { url, key } = await system.access();
  return fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "idempotency-key": path },
    body: JSON.stringify(body),
  });
}

const statuses = async () =>
  (
    await database.query<{ status: string; count: number }>(
      "select status, count(*)::integer as count from orders group by status order by status",
    )
  ).rows;

test(
  "every order and return of the former version goes on to its end, and is paid for what was shipped",
  async () => {
    const { rows: lost } = await database.query(
      "select id from device where kind = 'robot' and settings -> 'stations' is null",
    );
    expect(lost, "robots without stations").toEqual([]);
    const { simulatorsUrl } = await system.access();
    await fetch(`${simulatorsUrl}/simulation`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ speed: 100 }),
    });
    const { rows: returns } = await database.query<{
      id: string;
      status: string;
      lines: { lineId: string }[];
    }>(
      `select r.id, r.status, (select jsonb_agg(jsonb_build_object('lineId', l.line_id)) from return_line l
         where l.return_id = r.id) as lines
       from return_authorization r where r.status <> 'refunded' order by r.id`,
    );
    expect(returns.map((one) => one.status).sort()).toEqual(["in_transit", "received"]);
    for (const { id, status, lines } of returns) {
      if (status !== "received") expect((await call(`/v1/returns/${id}/receive`, {})).status).toBe(200);
      const inspected = lines.map(({ lineId }) => ({ lineId, disposition: "restocked" }));
      expect((await call(`/v1/returns/${id}/inspect`, { lines: inspected })).status).toBe(200);
    }
    const ended = await waitUntil(async () => {
      const { rows } = await database.query<{ open: number }>(
        `select (select count(*) from orders where status not in ('completed', 'cancelled', 'on_hold'))::integer
           + (select count(*) from return_authorization where status <> 'refunded')::integer as open`,
      );
      return rows[0]?.open === 0;
    }, 3 * MINUTE);
    expect(ended, JSON.stringify(await statuses())).toBe(true);
    // The order with an unknown SKU still waits for it, and goes on once the SKU is known.
    expect(await statuses()).toEqual([
      { status: "completed", count: 70 },
      { status: "on_hold", count: 1 },
    ]);
    const { rows: sums } = await database.query(
      `select o.id from orders o join payment p on p.order_id = o.id
        where o.status = 'completed' and p.captured_minor <> o.total_minor`,
    );
    expect(sums).toEqual([]);
    const { rows: doubled } = await database.query(
      `select fulfillment_order_id from shipment where return_id is null and shipped_at is not null
        group by fulfillment_order_id having count(*) > 1`,
    );
    expect(doubled).toEqual([]);
    // The channels' webhook secrets lay there in clear text.
    const { rows: secrets } = await database.query(
      `select count(*) filter (where webhook_secret is not null)::integer as clear,
         (select count(*) from channel_secret where sealed like 'v1.local.%')::integer as sealed from channel`,
    );
    expect(secrets).toEqual([{ clear: 0, sealed: 5 }]);
  },
  6 * MINUTE,
);
