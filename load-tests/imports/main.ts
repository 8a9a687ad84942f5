/**
 * Imports a generated file of a million rows of each kind of table into a system of its own, exports what came
 * of it, and says how long each took and how much memory the process that does it needed at most.
 *
 * What is booked is said by `--book`; the others are checked: read to their end and decided on, row by row, without the
 * bookings. Stock is booked before the orders that need it, and orders before their returns.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ImportDetail } from "../../contract/imports/imports.ts";
import { TABLE_KINDS, type TableKind } from "../../contract/imports/table-kinds.ts";
import { openDatabase } from "../../store/sql/database.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { CoreServer } from "../faults/core-server.ts";
import { DatabaseServer } from "../faults/database-server.ts";
import { fileOf, LOCATIONS, productsFor, rowsNeeded } from "./generated-files.ts";

/** Locations and kits are read as a whole whenever one changes: a million of them is not what they are for. */
const BOOKED: readonly TableKind[] = ["products", "stock", "orders", "customers"];

const HELP = `Usage: npm run measure:imports -- [options]

  --rows N        rows of each file (default 1000000)
  --kinds a,b     only these of ${TABLE_KINDS.join(", ")}
  --book a,b      those of them that are booked; the others are checked (default ${BOOKED.join(",")})
  --out <file>    writes the result there as well
  --help          this text

A million rows are a million products, customers, positions or locations, and 250,000 orders, returns or kits. Returns are booked
of orders that were booked in the same run, and count as delivered from then on. Exit status 1 where a row that was to be booked was not, or the
bar of 2 GB was missed.
`;

const BAR_MB = 2_048;
const SNAPSHOT_EVERY_ROWS = 100_000;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    kinds: { type: "string", default: TABLE_KINDS.join(",") },
    book: { type: "string", default: BOOKED.join(",") },
    out: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else process.exitCode = await main(Number(values.rows), kindsOf("kinds", values.kinds));

/** In the order in which one needs the other: products, kits, stock, locations, orders, customers, returns. */
function kindsOf(option: string, said: string): readonly TableKind[] {
  const asked = said.split(",");
  const unknown = asked.find((each) => !TABLE_KINDS.some((kind) => kind === each));
  if (unknown !== undefined)
    throw new Error(`--${option}: "${unknown}" is none of ${TABLE_KINDS.join(", ")}`);
  return TABLE_KINDS.filter((kind) => asked.includes(kind));
}

type Measured = {
  readonly kind: TableKind;
  readonly what: "booked" | "checked" | "exported";
  readonly rows: number;
  readonly bytes: number;
  readonly report?: ImportDetail["report"];
  readonly seconds: number;
  readonly rows_a_second: number;
  readonly memory_peak_mb: number;
};

type Server = { readonly pid: number; readonly port: number; readonly key: string };

async function main(rows: number, kinds: readonly TableKind[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-imports-"));
  const database = await DatabaseServer.start(folder);
  let core: CoreServer | null = null;
  try {
    await seed(database.url(), productsFor(rows));
    core = await CoreServer.spawn({
      databaseUrl: database.url(),
      logFile: join(folder, "core.log"),
      snapshotEveryRows: SNAPSHOT_EVERY_ROWS,
    });
    const ready = await core.ready();
    if (ready === null) throw new Error(`the core server did not start: ${await core.complaint()}`);
    const server = { pid: core.pid, port: ready.port, key: ready.key };
    const before = peakMb(server.pid);
    const measured: Measured[] = [];
    let peak = 0;
    // After each, so that a run that is cut short leaves what it has.
    const written = (...more: readonly Measured[]): string => {
      measured.push(...more);
      peak = Math.max(peak, ...more.map((each) => each.memory_peak_mb));
      const result = {
        what: "npm run measure:imports",
        taken_on: new Date().toISOString().slice(0, 10),
        machine: `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`,
        method:
          "A generated file of each kind is streamed to a core server (gateway, engine and standing jobs in one process of its " +
          "own, PostgreSQL beside it) and booked, or checked where it says so; the booked tables are exported again. Seconds are " +
          "from the word to begin to the end; MB are VmHWM of that process, threads included, reset before each.",
        rows,
        measured,
        memory_before_mb: before,
        memory_peak_mb: peak,
        bar_mb: BAR_MB,
      };
      const text = `${JSON.stringify(result, null, 2)}\n`;
      if (values.out !== undefined) {
        mkdirSync(dirname(values.out), { recursive: true });
        writeFileSync(values.out, text);
      }
      return text;
    };
    let text = "";
    const booked = kindsOf("book", values.book);
    for (const kind of kinds) {
      const what = booked.includes(kind) ? "booked" : "checked";
      if (kind === "returns" && what === "booked") await deliver(database.url());
      text = written(await measureImport(server, kind, { rows, what }));
      if (what === "booked") text = written(await measureExport(server, kind));
    }
    process.stdout.write(text);
    const isWhole = measured.every(
      ({ kind, what, rows: read, report }) =>
        report === undefined || (what === "checked" ? report.rows.read : rowsNeeded(kind, report)) === read,
    );
    return isWhole && peak < BAR_MB ? 0 : 1;
  } finally {
    core?.signal("SIGTERM");
    await core?.ended;
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureImport(
  server: Server,
  kind: TableKind,
  { rows, what }: Pick<Measured, "rows"> & { readonly what: "booked" | "checked" },
): Promise<Measured> {
  const call = async (path: string, method = "GET", body?: ReadableStream): Promise<ImportDetail> => {
    const init = { method, headers: { authorization: `Bearer ${server.key}` } };
    const response = await fetch(
      `http://127.0.0.1:${server.port}/v1/imports${path}`,
      body === undefined ? init : { ...init, body, duplex: "half" },
    );
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (await response.json()) as ImportDetail;
  };
  resetPeak(server.pid);
  const sent = await call(
    `?kind=${kind}&file=generated.csv`,
    "POST",
    ReadableStream.from(fileOf(kind, rows)),
  );
  const began = performance.now();
  await call(`/${sent.id}/${what === "booked" ? "run" : "check"}`, "POST");
  let now = sent;
  for (let shown = -1; now.endedAt === null || now.percent !== null; ) {
    await pause(200);
    now = await call(`/${sent.id}`);
    if (now.percent !== null && now.percent >= shown + 10) {
      shown = now.percent;
      process.stderr.write(`${kind}: ${shown} %, at most ${peakMb(server.pid)} MB\n`);
    }
  }
  if (now.state === "failed") throw new Error(`${kind}: ${JSON.stringify(now.problem)}`);
  const seconds = (performance.now() - began) / 1_000;
  return {
    kind,
    what,
    rows,
    bytes: now.bytes,
    report: now.report,
    ...timed(rows, seconds),
    memory_peak_mb: peakMb(server.pid),
  };
}

async function measureExport(server: Server, kind: TableKind): Promise<Measured> {
  resetPeak(server.pid);
  const began = performance.now();
  const response = await fetch(`http://127.0.0.1:${server.port}/v1/exports/${kind}`, {
    headers: { authorization: `Bearer ${server.key}` },
  });
  if (!response.ok || response.body === null) throw new Error(`export of ${kind}: ${response.status}`);
  let bytes = 0;
  let lines = 0;
  for await (const part of response.body) {
    bytes += part.byteLength;
    for (const byte of part) if (byte === 10) lines += 1;
  }
  const rows = Math.max(0, lines - 1);
  const seconds = (performance.now() - began) / 1_000;
  return { kind, what: "exported", rows, bytes, ...timed(rows, seconds), memory_peak_mb: peakMb(server.pid) };
}

function timed(rows: number, seconds: number) {
  return { seconds: Math.round(seconds * 10) / 10, rows_a_second: Math.round(rows / seconds) };
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
      `insert into channel (id, company_id, name, kind, charged_by) values ('former', 'core', 'Former', 'holdfast', 'order')`,
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

/** Every order is with its shopper, who may send it back. */
async function deliver(url: string): Promise<void> {
  const database = openDatabase(url, { maxConnections: 1 });
  try {
    await database.query("update order_line set shipped = ordered, delivered = ordered");
  } finally {
    await database.end();
  }
}

function peakMb(pid: number): number {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round(Number(peak) / 1_024);
}

/** The peak is what is in use now, from now on (`man 5 proc`, clear_refs). */
function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}
