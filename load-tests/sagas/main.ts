/**
 * `npm run measure:sagas`: what a recorded saga costs the workflow thread, with as many frames of a stack as
 * the product notes, and with ten, which is Node's own number. Processor time of a replay, which does all
 * that a saga does but its steps.
 *
 * The order of the two changes with each round, and the median of the rounds counts.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import protocol from "@temporalio/proto";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { pino } from "pino";
import { projectRoot } from "../../config/project-root.ts";
import { loadWorkflowBundle } from "../../workflows/runtime/bundle.ts";

const HISTORY = join(projectRoot, "workflows", "histories", "order-charged-by-the-store.json");
const ROUNDS = 3;
const REPLAYS = 150;
const TEN_FRAMES = "Error.stackTraceLimit = 10;";

const { History } = protocol.temporal.api.history.v1;
type Recorded = ReturnType<typeof History.fromObject>;

async function main(): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger("ERROR"),
    telemetryOptions: { logging: { filter: { core: "ERROR", other: "ERROR" } } },
  });
  const bundle = await loadWorkflowBundle(pino({ level: "silent" }));
  if (!("code" in bundle)) throw new Error("the sagas were not bundled");
  const { code } = bundle;
  const withTen = code.replace(/^Error\.stackTraceLimit = \d+;/, TEN_FRAMES);
  if (withTen === code) throw new Error("the bundle does not begin with how many frames are noted");
  const history = History.fromObject(JSON.parse(await readFile(HISTORY, "utf8")));
  const times: { readonly product: number[]; readonly ten: number[] } = { product: [], ten: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const both = [
      async () => times.product.push(await replayMs(code, history)),
      async () => times.ten.push(await replayMs(withTen, history)),
    ];
    for (const run of round % 2 === 0 ? both : both.reverse()) await run();
    process.stderr.write(`  round ${round + 1} of ${ROUNDS}\n`);
  }
  const [product, ten] = [median(times.product), median(times.ten)];
  process.stdout.write(
    `${JSON.stringify({ productMs: product, tenFramesMs: ten, ratio: Number((product / ten).toFixed(3)) })}\n`,
  );
}

/** @returns processor time of one replay, milliseconds, over all threads */
async function replayMs(code: string, history: Recorded): Promise<number> {
  await replay(code, history, 20);
  const before = process.cpuUsage();
  await replay(code, history, REPLAYS);
  const { user, system } = process.cpuUsage(before);
  return Number(((user + system) / 1_000 / REPLAYS).toFixed(1));
}

async function replay(code: string, history: Recorded, times: number): Promise<void> {
  const histories = (async function* () {
    for (let at = 0; at < times; at += 1) yield { workflowId: `order-${at}`, history };
  })();
  const options = { workflowBundle: { code }, reuseV8Context: true };
  for await (const { error } of Worker.runReplayHistories(options, histories))
    if (error !== undefined) throw error;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

await main();
