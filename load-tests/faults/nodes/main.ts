/** `npm run faults:nodes`: three engine nodes under load, each killed, paused and partitioned at random. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { endLeftovers } from "../leftovers.ts";
import { machine } from "../machine.ts";
import { ANSWERED_WITHIN_MS, NODE_FAULTS, type NodesReport, runNodesCampaign } from "./campaign.ts";

const HELP = `Usage: npm run faults:nodes -- [options]

Starts its own PostgreSQL and Redis and three engine nodes that share the stock, lets clients work at each of them,
and strikes the nodes at random: ${NODE_FAULTS.join(", ")}. After every few faults
the clients rest, and their logs are compared with the journal and with what the engines answer.

  --minutes <n>   how long (default 2)
  --seed <text>   decides faults, moments and what clients ask for (default: by chance; it is printed)
  --out <file>    writes the report there as JSON
  --json          ends with the report as one line of JSON
  --help          this text

Exit status 0: nothing acknowledged was lost, nothing doubled, nothing oversold, and everybody was answered or refused
within ${ANSWERED_WITHIN_MS / 1_000} s. Needs redis-server.
`;

const METHOD =
  "Every process is real: PostgreSQL with fsync on, Redis, three core servers (engine and gateway) that share 16 " +
  "shards, six clients over WebSocket: commands, lanes, and orders over several nodes. Each node reaches PostgreSQL " +
  "and Redis through a TCP proxy of its own; a partition lets nothing through and tells nobody, and ends with what " +
  "was sent coming late or with broken connections. Paused is SIGSTOP for at most 6 s, killed is SIGKILL. A wait counts " +
  "from a message's sending until its answer, its refusal or the end of its connection; a client that waits and hears " +
  "nothing asks for a sign of life after 3 s and leaves its gateway after 4.5 s, as holdfast/client does with silenceMs 3000.";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "2" },
      seed: { type: "string" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(HELP, 0);
  const minutes = Number(values.minutes);
  if (!Number.isFinite(minutes) || minutes <= 0)
    return say(`--minutes takes a number above 0.\n\n${HELP}`, 2);
  const seed = values.seed ?? randomBytes(4).toString("hex");
  process.stderr.write(`seed ${seed}, ${minutes} minutes\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void endLeftovers().then(() => process.exit(130)));
  }
  const report = await runNodesCampaign({
    seed,
    seconds: minutes * 60,
    onRound: (line) => process.stderr.write(`${line}\n`),
    onKept: (folder) => process.stderr.write(`    logs are in ${folder}\n`),
  });
  const full = { ...report, machine: machine(), method: METHOD };
  if (values.out !== undefined) {
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, `${JSON.stringify(full, null, 2)}\n`);
  }
  return say(values.json ? `${JSON.stringify(full)}\n` : textOf(report), report.ok ? 0 : 1);
}

function textOf({
  faults,
  audit,
  waitMs,
  messages,
  late,
  spreadAfterMs,
  seconds,
  ok,
  seed,
  findings,
}: NodesReport): string {
  const count = (value: number): string => Math.round(value).toLocaleString("en");
  const sum = Object.values(faults).reduce((total, each) => total + each, 0);
  return `
${count(sum)} faults in ${count(seconds)} s (seed ${seed}): ${Object.entries(faults)
    .map(([name, times]) => `${times} ${name}`)
    .join(", ")}.
${count(messages)} messages, answered or refused after p50 ${count(waitMs.p50)}, p99 ${count(waitMs.p99)}, at most ${count(waitMs.max)} ms; ${late} late.
Shards spread evenly again after at most ${count(Math.max(...spreadAfterMs, 0))} ms.
${count(audit.operations)} operations: lost ${audit.lost}, doubled ${audit.doubled}, without being asked for ${audit.phantom}, oversold ${audit.oversold}, stale-epoch rows ${audit.staleEpochRows}, broken chain ${audit.brokenChain}, unbalanced ${audit.unbalanced}, contradicted ${audit.contradicted}, unanswered ${audit.unanswered}: ${ok ? "all is well" : "NOT all is well"}.
${findings.map((finding) => `  ${finding}\n`).join("")}`;
}

function say(text: string, status: number): number {
  (status === 0 ? process.stdout : process.stderr).write(text);
  return status;
}

// The process has nothing left to wait for, but there is no result: that is not a success.
process.exitCode = 1;
main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`faults: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exit(1);
  },
);
