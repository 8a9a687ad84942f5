/**
 * Measures webhooks: so many events a second to so many endpoints, of which some never answer. What the
 * others wait is held against a bar, and every event has to have come to every endpoint that wants it. With a
 * PostgreSQL of its own; the deliverer is the standing job in a process of its own, the endpoints are in
 * another. Ends with one JSON document.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { projectRoot } from "../../config/project-root.ts";
import { newSecretKeyLine, readSecretKeys, SecretBox } from "../../config/secret-box.ts";
import { writeWebhook } from "../../store/settings/webhook-subscriptions.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import { migrate } from "../../store/sql/migrate.ts";
import { DatabaseServer } from "../faults/database-server.ts";
import type { EndpointReport, ReceiverAsk, ReceiverWord } from "./receiver-main.ts";

const HELP = `Usage: npm run measure:webhooks -- [options]

  --rate N        events a second (default 1000)
  --endpoints N   endpoints (default 20)
  --hanging N     of which never answer (default 5)
  --wanted-by N   endpoints that want each event, by its place (default 1; a divisor of --endpoints)
  --seconds N     that are measured, after 20 s that are not (default 60; 120 at most)
  --help          this text

Takes the whole machine for about two minutes. Ends with one JSON document. Exit status: 0 every event came to every
endpoint that wants it, whether the bar was met or missed; 1 one did not; 2 the command line is wrong.
`;

/** What those that answer wait at most, 99 of 100 messages. */
const BAR_P99_MS = 1_000;
/** Long enough for the endpoints that hang to have used up all they are given, and to rest. */
const WARM_UP_MS = 20_000;
const DRAIN_MS = 30_000;

type Options = {
  readonly rate: number;
  readonly endpoints: number;
  readonly hanging: number;
  readonly wantedBy: number;
  readonly seconds: number;
};

function readOptions(): Options | null {
  const number = (fallback: string) => ({ type: "string" as const, default: fallback });
  const { values } = parseArgs({
    options: {
      rate: number("1000"),
      endpoints: number("20"),
      hanging: number("5"),
      "wanted-by": number("1"),
      seconds: number("60"),
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const given = {
    rate: Number(values.rate),
    endpoints: Number(values.endpoints),
    hanging: Number(values.hanging),
    wantedBy: Number(values["wanted-by"]),
    seconds: Number(values.seconds),
  };
  for (const [name, value] of Object.entries(given))
    if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} is a whole number`);
  if (given.seconds > 120) throw new Error("--seconds is 120 at most");
  if (given.endpoints % given.wantedBy !== 0) throw new Error("--wanted-by divides --endpoints");
  return given;
}

async function measure(options: Options): Promise<{ readonly result: object; readonly isComplete: boolean }> {
  // Not /tmp, which may be memory: what is written down is to be on a disk.
  const folder = await mkdtemp("/var/tmp/holdfast-webhooks-");
  const loadBefore = loadavg()[0] ?? 0;
  const server = await DatabaseServer.start(folder);
  const children: ChildProcess[] = [];
  try {
    await migrate(server.url());
    const keyLine = newSecretKeyLine("measure");
    const database = openDatabase(server.url(), { maxConnections: 4 });
    try {
      const receiver = start("receiver-main", [server.url(), String(options.hanging)], keyLine, children);
      const { port } = await next(receiver, "listening");
      await subscribe(database, options, keyLine, port);
      const deliverer = start("deliverer-main", [server.url()], keyLine, children);
      await once(deliverer, "message");
      return await drive(options, database, receiver, deliverer, loadBefore);
    } finally {
      await database.end();
    }
  } finally {
    for (const child of children) {
      child.disconnect();
      await Promise.race([once(child, "exit"), delay(20_000).then(() => child.kill("SIGKILL"))]);
    }
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function start(
  name: string,
  args: readonly string[],
  keyLine: string,
  children: ChildProcess[],
): ChildProcess {
  const child = fork(join(projectRoot, "dist", "load-tests", "webhooks", `${name}.js`), [...args], {
    env: { ...process.env, WEBHOOKS_TEST_KEY: keyLine },
  });
  children.push(child);
  return child;
}

async function next<Word extends ReceiverWord["word"]>(
  child: ChildProcess,
  word: Word,
): Promise<Extract<ReceiverWord, { word: Word }>> {
  for (;;) {
    const [said] = (await once(child, "message")) as [ReceiverWord];
    if (said.word === word) return said as Extract<ReceiverWord, { word: Word }>;
  }
}

async function subscribe(
  database: Database,
  { endpoints, wantedBy }: Options,
  keyLine: string,
  port: number,
): Promise<void> {
  const keys = readSecretKeys(keyLine);
  if (keys.status !== "ok") throw new Error(keys.problem);
  const box = new SecretBox(keys.keys);
  await database.query("insert into company (id, name, currency) values ('measured', 'Measured', 'USD')");
  for (let endpoint = 0; endpoint < endpoints; endpoint += 1)
    await writeWebhook(database, box, {
      id: `endpoint-${endpoint}`,
      companyId: "measured",
      name: `Endpoint ${endpoint}`,
      url: `http://127.0.0.1:${port}/${endpoint}`,
      events: ["device.*"],
      channelId: null,
      locations: [`place-${endpoint % (endpoints / wantedBy)}`],
      ordering: endpoint % 2 === 0 ? "key" : "none",
      active: true,
      secret: `whsec_${randomBytes(32).toString("base64")}`,
      former: null,
      pausedAt: null,
    });
}

async function drive(
  options: Options,
  database: Database,
  receiver: ChildProcess,
  deliverer: ChildProcess,
  loadBefore: number,
) {
  const { rate, endpoints, hanging, wantedBy, seconds } = options;
  const groups = endpoints / wantedBy;
  const ask = (asked: ReceiverAsk) => receiver.send(asked);
  ask({ do: "run", rate, groups, warmUpMs: WARM_UP_MS, measureMs: seconds * 1_000 });
  const made = await next(receiver, "made");
  const expected = (endpoint: number) =>
    Math.floor(made.events / groups) + (endpoint % groups < made.events % groups ? 1 : 0);
  const until = performance.now() + DRAIN_MS;
  let report: Extract<ReceiverWord, { word: "report" }>;
  let missing: number;
  do {
    await delay(500);
    ask({ do: "report" });
    report = await next(receiver, "report");
    const got = new Map(report.endpoints.map((each) => [each.endpoint, each.messages]));
    missing = 0;
    for (let endpoint = hanging; endpoint < endpoints; endpoint += 1)
      missing += expected(endpoint) - (got.get(endpoint) ?? 0);
  } while (missing > 0 && performance.now() < until);
  // What was taken is written down a moment later.
  await delay(1_000);
  deliverer.send("cpu");
  const [{ cpuMs }] = (await once(deliverer, "message")) as [{ cpuMs: number }];
  const { rows } = await database.query<{ count: number }>(
    "select count(*)::int as count from webhook_delivery where state = 'delivered'",
  );
  const answering = report.endpoints.filter(({ endpoint }) => endpoint >= hanging);
  const worst = worstOf(answering);
  return {
    isComplete: missing === 0,
    result: {
      what: "npm run measure:webhooks",
      taken_on: new Date().toISOString().slice(0, 10),
      machine: { cpu: cpus()[0]?.model ?? "", cores: cpus().length, load_before: loadBefore },
      options,
      events: made.events,
      events_written_late_by_ms_at_most: made.lateMs,
      messages_a_second: Math.round((rate * wantedBy * (endpoints - hanging)) / endpoints),
      delivered: rows[0]?.count ?? 0,
      missing,
      repeated: answering.reduce((sum, { repeated }) => sum + repeated, 0),
      bar: { p99_ms: BAR_P99_MS, met: worst.p99Ms < BAR_P99_MS },
      slowest_endpoint: worst,
      endpoints: answering.sort((a, b) => a.endpoint - b.endpoint),
      hanging_endpoints: report.hanging,
      cpu_ms: { deliverer: Math.round(cpuMs), receivers_and_events: Math.round(report.cpuMs) },
    },
  };
}

function worstOf(endpoints: readonly EndpointReport[]): EndpointReport {
  const [first, ...rest] = endpoints;
  if (first === undefined) throw new Error("no endpoint was told anything");
  return rest.reduce((worst, each) => (each.p99Ms > worst.p99Ms ? each : worst), first);
}

let options: Options | null = null;
let isWrong = false;
try {
  options = readOptions();
} catch (error) {
  process.stderr.write(`measure:webhooks: ${error instanceof Error ? error.message : error}\n\n${HELP}`);
  process.exitCode = 2;
  isWrong = true;
}
if (options !== null) {
  const { result, isComplete } = await measure(options);
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (!isComplete) process.exitCode = 1;
} else if (!isWrong) process.stdout.write(HELP);
