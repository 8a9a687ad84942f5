/**
 * Makes the fixture of `upgrade.integration.test.ts`: a system of a former version, killed in the middle of a
 * day.
 *
 *   node test-support/upgrade/make-fixture.mjs <commit> [<folder with that commit, installed and built>]
 *
 * Without the folder the commit is checked out, installed and built in a temporary one. The system plays a
 * day until orders stand at every place of their way, and is then killed. What it leaves goes into
 * `<commit>.json.gz` beside this file: the rows of every table, Temporal's database, the books of the
 * simulated outside world and the sandbox's keys, which open nothing else.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import pg from "pg";

const [commit, given] = process.argv.slice(2);
if (commit === undefined) {
  process.stderr.write("usage: make-fixture.mjs <commit> [<folder with that commit, installed and built>]\n");
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, "..", "..");
const checkout = given ?? checkOut();
const folder = mkdtempSync(join(tmpdir(), "holdfast-upgrade-"));
chmodSync(folder, 0o711); // the database's own user passes through
const environment = {
  ...process.env,
  HOLDFAST_DATA: folder,
  ...Object.fromEntries(
    await Promise.all(
      ["", "MQTT_", "TEMPORAL_", "TEMPORAL_UI_", "POSTGRES_", "SIMULATORS_", "SMTP_"].map(async (name) => [
        `HOLDFAST_${name}PORT`,
        String(await freePort()),
      ]),
    ),
  ),
};

// However this ends, nothing that it started goes on.
process.on("exit", () => {
  for (const pid of [...started.map((child) => child.pid), ...servers().map((server) => server.pid)])
    end(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
const started = [];
const system = holdfast(["start"]);
await until(
  "the system is ready",
  () => existsSync(join(folder, "local.json")) && system.said.includes("ready"),
);
const local = JSON.parse(readFileSync(join(folder, "local.json"), "utf8"));
const database = new pg.Client({ connectionString: local.databaseUrl });
await database.connect();
const days = [holdfast(["simulate-day", "--orders", "40", "--speed", "50", "--seed", "upgrade"])];
await until("orders have arrived", async () =>
  isTrue(`(select count(*) from orders where status = 'completed') >= 12`),
);
// A return that waits for its parcel, another that waits for its inspection, and an order that is on hold.
const { rows: arrived } = await database.query(
  "select id, tracking_token as token from orders where status = 'completed' and return_status = 'none' order by id limit 2",
);
for (const { token } of arrived) {
  await post(`/v1/track/${token}/returns`, {
    lines: [{ lineId: "1", quantity: 1 }],
    reason: "changed_mind",
  });
}
await until("returns are approved", async () =>
  isTrue(`(select count(*) from return_authorization where status = 'approved') >= 2`),
);
await post(`/v1/returns/${arrived[0].id}-R1/receive`, {});
await post("/v1/orders?channel=web", {
  id: "held-1",
  currency: "USD",
  lines: [{ sku: "NOT-IN-CATALOG", quantity: 1, unitPrice: "12.00" }],
  total: "12.00",
  customer: { name: "Ada Held", email: "ada@example.com" },
  shippingAddress: {
    name: "Ada Held",
    line1: "1 Main Street",
    city: "Reno",
    region: "NV",
    postalCode: "89501",
    country: "US",
  },
});
days.push(holdfast(["simulate-day", "--orders", "30", "--speed", "10", "--seed", "upgrade-late"]));
await until("orders are on the floor and parcels on the road", async () =>
  isTrue(`(select count(*) from fulfillment_order where status in ('open', 'in_progress')) >= 6
    and (select count(*) from shipment where shipped_at is not null and delivered_at is null) >= 3`),
);

for (const child of started) end(child.pid, "SIGKILL");
for (const { name, pid } of servers()) if (name !== "postgres") end(pid, "SIGKILL");
const { rows: names } = await database.query(
  "select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'schema_version' order by 1",
);
const tables = {};
for (const { name } of names) {
  const { rows } = await database.query(`select coalesce(json_agg(t), '[]')::text as rows from "${name}" t`);
  tables[name] = rows[0].rows;
}
const { rows: sequences } = await database.query(
  "select sequencename as name, last_value as value from pg_sequences where schemaname = 'public' and last_value is not null",
);
const { rows: version } = await database.query("select max(version)::integer as version from schema_version");
await database.end();

const files = Object.fromEntries(
  [
    "local.json",
    "temporal.db",
    "temporal.db-wal",
    ...readdirSync(join(folder, "simulators")).map((name) => `simulators/${name}`),
  ]
    .filter((name) => existsSync(join(folder, name)))
    .map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
);
const fixture = {
  commit,
  migration: version[0].version,
  files,
  tables,
  sequences: Object.fromEntries(sequences.map(({ name, value }) => [name, value])),
};
const target = join(here, `${commit}.json.gz`);
writeFileSync(target, gzipSync(JSON.stringify(fixture), { level: 9 }));
process.stdout.write(`${target}: ${readFileSync(target).length} bytes\n`);
process.exit(0);

function checkOut() {
  const to = mkdtempSync(join(tmpdir(), "holdfast-former-"));
  execFileSync("git", ["clone", "--quiet", project, to], { stdio: "inherit" });
  execFileSync("git", ["checkout", "--quiet", commit], { cwd: to, stdio: "inherit" });
  execFileSync("npm", ["ci"], { cwd: to, stdio: "inherit" });
  return to;
}

function holdfast(args) {
  const child = spawn(process.execPath, [join(checkout, "bin", "holdfast.js"), ...args], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  started.push(child);
  const running = { child, said: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      running.said += chunk.toString("utf8");
    });
  }
  child.once("exit", (status) => {
    if (status !== null && status !== 0) process.stderr.write(`holdfast ${args[0]} ended: ${running.said}\n`);
  });
  return running;
}

async function isTrue(condition) {
  const { rows } = await database.query(`select ${condition} as holds`);
  return rows[0].holds;
}

async function post(path, body) {
  const { url, apiKey } = JSON.parse(readFileSync(join(folder, "local.json"), "utf8"));
  const answer = await fetch(url + path, {
    method: "POST",
    headers: {
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/json",
      "idempotency-key": path,
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

function servers() {
  const book = join(folder, "processes.json");
  return existsSync(book) ? JSON.parse(readFileSync(book, "utf8")) : [];
}

function end(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

async function until(what, condition) {
  const deadline = Date.now() + 240_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
