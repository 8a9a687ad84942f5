/**
 * Measures what an order leaves behind for good: rows and bytes of every table after a day of whole orders, and
 * what is left of them once they are archived, as documents and, for comparison, as rows of twin tables. With a
 * system of its own.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { readLocalFile } from "../../cli/client/credentials.ts";
import { startThrowAwaySystem } from "../../cli/system/background-system.ts";
import { projectRoot } from "../../config/project-root.ts";
import { moveFinished } from "../../operations/archive/archive-finished.ts";
import { archivedOrders } from "../../store/archive/archive-reader.ts";
import { readOrderView } from "../../store/orders/order-views.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";

const HELP = `Usage: npm run measure:growth -- [options]

  --orders N   orders of the day (default 200)
  --help       this text

Ends with one JSON document. Bytes are of table, indexes and large values after VACUUM FULL.
`;

const run = promisify(execFile);
/** Reads of one order's page. */
const READS = 50;

const { values } = parseArgs({
  options: { orders: { type: "string", default: "200" }, help: { type: "boolean", default: false } },
});
if (values.help) process.stdout.write(HELP);
else process.stdout.write(`${JSON.stringify(await measure(Number(values.orders)), null, 2)}\n`);

type Sizes = ReadonlyMap<string, { readonly rows: number; readonly bytes: number }>;

async function measure(orders: number): Promise<object> {
  const system = await startThrowAwaySystem();
  try {
    const local = await readLocalFile(system.dataFolder);
    const url = local?.databaseUrl;
    if (typeof url !== "string") throw new Error("the system has no database of its own");
    const database = openDatabase(url, { maxConnections: 4, silentAfterMs: 600_000 });
    try {
      const empty = await sizes(database);
      process.stderr.write(`a day of ${orders} orders\n`);
      await run(
        process.execPath,
        [join(projectRoot, "bin", "holdfast.js"), "simulate-day", "--orders", String(orders), "--json"],
        { env: { ...process.env, HOLDFAST_DATA: system.dataFolder }, maxBuffer: 64 << 20 },
      );
      return await afterTheDay(database, empty);
    } finally {
      await database.end();
    }
  } finally {
    await system.release();
  }
}

async function afterTheDay(database: Database, empty: Sizes): Promise<object> {
  const busy = await sizes(database);
  const captured = busy.get("orders")?.rows ?? 0;
  const perOrder = [...busy].flatMap(([table, { rows, bytes }]) => {
    const before = empty.get(table) ?? { rows: 0, bytes: 0 };
    const grown = { rows: (rows - before.rows) / captured, bytes: (bytes - before.bytes) / captured };
    return grown.bytes < 1 ? [] : [{ table, rows: round(grown.rows), bytes: Math.round(grown.bytes) }];
  });
  perOrder.sort((a, b) => b.bytes - a.bytes);

  const ids = (
    await database.query<{ id: string }>("select id from orders where status = 'completed' limit 10")
  ).rows;
  const readBusy = await timed(() => readAll(database, ids));
  const twins = await twinBytes(database);
  // The rules ask for days and quiet that a compressed day has not had.
  await database.query("update shipment set ask_carrier_at = null");
  const started = performance.now();
  const { archived } = await moveFinished(database, { days: -1, returnDays: 0, returnsCountDays: 0 });
  const archiveMs = (performance.now() - started) / Math.max(1, archived);
  const after = await sizes(database);
  const archiveBytes = [...after]
    .filter(([table]) => table.startsWith("archived_"))
    .reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const readArchived = await timed(async () => {
    for (const { id } of ids) {
      const archive = await archivedOrders(database, [id]);
      await readOrderView(archive ?? database, id, null);
    }
  });
  const backIds = (await database.query<{ id: string }>("select order_id as id from archived_order limit 20"))
    .rows;
  const backFrom = performance.now();
  for (const { id } of backIds) await database.query("select bring_back_order($1)", [id]);
  const backMs = performance.now() - backFrom;
  return {
    orders: captured,
    perOrder,
    bytesPerOrder: perOrder.reduce((sum, { bytes }) => sum + bytes, 0),
    archived,
    archiveBytesPerOrder: Math.round(archiveBytes / Math.max(1, archived)),
    twinBytesPerOrder: Math.round(twins / captured),
    milliseconds: {
      archive: round(archiveMs),
      bringBack: round(backMs / Math.max(1, backIds.length)),
      readBusy: round(readBusy / ids.length),
      readArchived: round(readArchived / ids.length),
    },
  };
}

async function readAll(database: Database, ids: readonly { readonly id: string }[]): Promise<void> {
  for (const { id } of ids) await readOrderView(database, id, null);
}

/** The median, after what is only slow at first. */
async function timed(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let nth = 0; nth < Math.max(3, READS / 10); nth += 1) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

/** The same rows in tables like those that they are in, partitioned or not. */
async function twinBytes(database: Database): Promise<number> {
  await database.query("create schema twins");
  const { rows: parts } = await database.query<{ name: string }>("select name from order_part");
  let bytes = 0;
  for (const { name } of parts) {
    await database.query(`create table twins.${name} (like public.${name} including all excluding identity)`);
    await database.query(`insert into twins.${name} select * from public.${name}`);
    const { rows } = await database.query<{ bytes: number }>(
      `select pg_total_relation_size('twins.${name}') as bytes`,
    );
    bytes += rows[0]?.bytes ?? 0;
  }
  await database.query("drop schema twins cascade");
  return bytes;
}

async function sizes(database: Database): Promise<Sizes> {
  const { rows: tables } = await database.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const found = new Map<string, { rows: number; bytes: number }>();
  for (const { name } of tables) {
    await database.query(`vacuum full ${name}`);
    const { rows } = await database.query<{ rows: number; bytes: number }>(
      `select (select count(*) from ${name}) as rows, pg_total_relation_size('${name}') as bytes`,
    );
    if (rows[0] !== undefined) found.set(name, rows[0]);
  }
  return found;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
