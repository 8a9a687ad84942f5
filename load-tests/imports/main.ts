/**
 * Imports a generated file of a million rows of stock into a system of its own, and says how much memory the
 * process that does it needed at most: it takes the file in, reads it, and books every row through the
 * engine, which keeps every position that comes of it.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ImportDetail } from "../../contract/imports/imports.ts";
import { openDatabase } from "../../store/sql/database.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { CoreServer } from "../faults/core-server.ts";
import { DatabaseServer } from "../faults/database-server.ts";

const HELP = `Usage: npm run measure:imports -- [options]

  --rows N       rows of the file (default 1000000)
  --out <file>   writes the result there as well
  --help         this text

Takes some ten minutes. Exit status 1 where a row was not booked, or the bar of 2 GB was missed.
`;

const LOCATIONS = 10;
const BAR_MB = 2_048;
const SNAPSHOT_EVERY_ROWS = 100_000;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    out: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else process.exitCode = await main(Number(values.rows));

async function main(rows: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-imports-"));
  const server = await DatabaseServer.start(folder);
  let core: CoreServer | null = null;
  try {
    await seed(server.url(), Math.ceil(rows / LOCATIONS));
    core = await CoreServer.spawn({
      databaseUrl: server.url(),
      logFile: join(folder, "core.log"),
      snapshotEveryRows: SNAPSHOT_EVERY_ROWS,
    });
    const ready = await core.ready();
    if (ready === null) throw new Error(`the core server did not start: ${await core.complaint()}`);
    const before = memory(core.pid);
    const call = async (path: string, method = "GET", body?: ReadableStream): Promise<ImportDetail> => {
      const init = { method, headers: { authorization: `Bearer ${ready.key}` } };
      const response = await fetch(
        `http://127.0.0.1:${ready.port}/v1/imports${path}`,
        body === undefined ? init : { ...init, body, duplex: "half" },
      );
      if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
      return (await response.json()) as ImportDetail;
    };
    const sentAt = performance.now();
    const made = await call("?kind=stock&file=generated.csv", "POST", ReadableStream.from(file(rows)));
    const sentMs = performance.now() - sentAt;
    process.stderr.write(`${made.bytes} bytes in ${Math.round(sentMs / 1_000)} s\n`);
    const ranAt = performance.now();
    await call(`/${made.id}/run`, "POST");
    let now = made;
    for (let shown = -1; now.endedAt === null || now.percent !== null; ) {
      await pause(1_000);
      now = await call(`/${made.id}`);
      if (now.percent !== null && now.percent >= shown + 5) {
        shown = now.percent;
        process.stderr.write(`${shown} %, at most ${memory(core.pid).peakMb} MB\n`);
      }
    }
    const result = {
      what: "npm run measure:imports",
      taken_on: new Date().toISOString().slice(0, 10),
      machine: `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`,
      method:
        "A generated file of stock is streamed to a core server (gateway, engine and standing jobs in one process of its " +
        "own, PostgreSQL beside it) and booked by the engine, position by position. MB are VmHWM of that process, threads included.",
      rows,
      bytes: made.bytes,
      state: now.state,
      report: now.report,
      upload_seconds: Math.round(sentMs / 1_000),
      run_seconds: Math.round((performance.now() - ranAt) / 1_000),
      memory_before_mb: before.peakMb,
      memory_peak_mb: memory(core.pid).peakMb,
      bar_mb: BAR_MB,
    };
    const text = `${JSON.stringify(result, null, 2)}\n`;
    process.stdout.write(text);
    if (values.out !== undefined) {
      mkdirSync(dirname(values.out), { recursive: true });
      writeFileSync(values.out, text);
    }
    return result.report.rows.booked === rows && result.memory_peak_mb < BAR_MB ? 0 : 1;
  } finally {
    core?.signal("SIGTERM");
    await core?.ended;
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function* file(rows: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from("sku,location,onHand,name,bin\r\n");
  const part: string[] = [];
  for (let row = 0; row < rows; row += 1) {
    part.push(
      `SKU-${Math.floor(row / LOCATIONS)},place-${row % LOCATIONS},${(row % 97) + 1},"A thing, number ${row}",A-${row % 500}\r\n`,
    );
    if (part.length < 1_000) continue;
    yield Buffer.from(part.splice(0).join(""));
  }
  if (part.length > 0) yield Buffer.from(part.join(""));
}

async function seed(url: string, products: number): Promise<void> {
  await migrate(url);
  const database = openDatabase(url, { maxConnections: 1 });
  try {
    await database.query("insert into company (id, name, currency) values ('core', 'Core', 'USD')");
    await database.query(
      `insert into location (id, company_id, name, kind, address, latitude, longitude)
       select 'place-' || n, 'core', 'Place ' || n, 'store', '{"country": "US"}', 39.5, -119.8
         from generate_series(0, $1 - 1) n`,
      [LOCATIONS],
    );
    await database.query(
      `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
       select 'SKU-' || n, 'core', 'Thing', 100, 1, 'USD', '610910', 'PT', '00614141000012' from generate_series(0, $1 - 1) n`,
      [products],
    );
  } finally {
    await database.end();
  }
}

function memory(pid: number): { readonly peakMb: number } {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { peakMb: Math.round(Number(peak) / 1_024) };
}
