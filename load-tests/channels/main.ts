/**
 * `npm run measure:channels`: what a channel that floods, and one that hangs, costs the others. The product
 * runs as `holdfast start` runs it, in processes of its own; the quiet vendors are in one process and the one
 * that floods is in another.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";
import { endLeftovers } from "../faults/leftovers.ts";
import { machine } from "../faults/machine.ts";
import { auditChannels } from "./audit.ts";
import { type Arm, type Compared, compared, figuresOf } from "./figures.ts";
import type { Watched } from "./messages.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { FLOODING, HANGING, QUIET, Stage } from "./stage.ts";

const METHOD =
  "`holdfast start` on a throw-away folder: gateway, engine, sagas, PostgreSQL, Temporal, broker and the sandbox's payment " +
  "provider, carrier and robots in its own processes. Four quiet channels get an order of one unit in turn, evenly " +
  "(open loop): Shopify and WooCommerce by signed webhook, BigCommerce by a webhook that names the order, which is then read " +
  "there, Magento by polling every 2 s. Watched from another process: from when an order was due until it can be read in " +
  "PostgreSQL (captured), until another channel's shop shows a unit less (told), and until the floor has it. With the flood: " +
  "a second Shopify store sells an SKU that all have on sale, and sends a webhook for each order; what is refused it sends again " +
  "when it is asked to, and it is polled as well. Before each window what the flood has left is worked off. Hanging: a " +
  "second WooCommerce shop accepts every call of its API and answers none, while it sells as well.";

const BAR = 2;
const WARM_S = 15;
/** Orders a second at the channel that hangs. */
const HANGING_RATE = 0.5;
/** What was refused comes by the polls, and is worked off; what hung is given up and done again. */
const AUDIT_MS = 600_000;
/** So many orders of an arm, and its hundredth is one of them. */
const LEAST_OF_P99 = 100;

type Window = {
  readonly arm: Arm;
  readonly watched: readonly Watched[];
  readonly lateMs: number;
  readonly flood: {
    readonly placed: number;
    readonly lateMs: number;
    readonly capturedMeanwhile: number;
  } | null;
  /** Of the flood, when it began. */
  readonly left: number;
};

function note(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

async function measure(options: Options) {
  const beganAt = performance.now();
  const loadBefore = loadavg()[0] ?? 0;
  const stage = await Stage.open();
  try {
    note(`warming up for ${WARM_S} s`);
    await stage.buy(options.rate, WARM_S);
    const windows: Window[] = [];
    for (let round = 0; round < options.rounds; round += 1)
      for (const arm of round % 2 === 0 ? (["quiet", "flood"] as const) : (["flood", "quiet"] as const)) {
        const window = await measureWindow(stage, options, arm);
        windows.push(window);
        note(`round ${round + 1}, ${sentence(window)}`);
      }
    for (let round = 0; round < options.hang; round += 1)
      for (const arm of round % 2 === 0 ? (["quiet", "hang"] as const) : (["hang", "quiet"] as const)) {
        const window = await measureWindow(stage, options, arm, "hang");
        windows.push(window);
        note(`round ${round + 1}, ${sentence(window)}`);
      }
    const left = await stage.drained(options.drain * 1_000);
    const audit = await auditChannels(stage, Math.max(AUDIT_MS, options.drain * 1_000));
    return report({
      options,
      windows,
      left,
      audit,
      loadBefore,
      seconds: (performance.now() - beganAt) / 1_000,
    });
  } finally {
    await stage.close();
  }
}

/** @param beside which comparison a quiet window belongs to */
async function measureWindow(
  stage: Stage,
  { seconds, rate, flood, drain }: Options,
  arm: "quiet" | "flood" | "hang",
  beside: "flood" | "hang" = "flood",
): Promise<Window> {
  const left = await stage.drained(drain * 1_000);
  const named: Arm = arm === "quiet" ? (beside === "flood" ? "quiet" : "quiet beside the hang") : arm;
  if (arm === "quiet") return { arm: named, ...(await stage.buy(rate, seconds)), flood: null, left };
  if (arm === "hang") {
    await stage.hang(true);
    const selling = stage.sell(HANGING, HANGING_RATE, seconds);
    const window = { arm: named, ...(await stage.buy(rate, seconds)), flood: null, left };
    await selling;
    await stage.hang(false);
    return window;
  }
  const before = await stage.captured(FLOODING);
  const flooding = stage.sell(FLOODING, flood, seconds);
  const bought = stage.buy(rate, seconds);
  const placed = await flooding;
  const capturedMeanwhile = (await stage.captured(FLOODING)) - before;
  return { arm: named, ...(await bought), flood: { ...placed, capturedMeanwhile }, left };
}

function sentence({ arm, watched, flood, left }: Window): string {
  const { captured, told } = figuresOf(watched);
  const ms = (value: number | null) => (value === null ? "never" : `${Math.round(value)} ms`);
  const beside =
    flood === null
      ? ""
      : `; ${flood.placed} orders flooded, ${flood.capturedMeanwhile} of them captured meanwhile`;
  const behind = left === 0 ? "" : `; ${left} of the flood were still open when it began`;
  return `${arm}: captured p50 ${ms(captured.p50Ms)}, p99 ${ms(captured.p99Ms)}; told p50 ${ms(told.p50Ms)}, p99 ${ms(told.p99Ms)}${beside}${behind}`;
}

type Bar = { readonly value: number | null; readonly bar: string; readonly met: boolean | null };

function barOf({ p99 }: Compared): Bar {
  return { value: p99, bar: `at most ${BAR}`, met: p99 === null ? null : p99 <= BAR };
}

function report(given: {
  readonly options: Options;
  readonly windows: readonly Window[];
  readonly left: number;
  readonly audit: Awaited<ReturnType<typeof auditChannels>>;
  readonly loadBefore: number;
  readonly seconds: number;
}) {
  const { windows, audit, options } = given;
  const of = (arm: Arm): readonly Watched[] =>
    windows.filter((window) => window.arm === arm).flatMap(({ watched }) => watched);
  const [quiet, flood] = [of("quiet"), of("flood")];
  const [besideHang, hang] = [of("quiet beside the hang"), of("hang")];
  const pushed = ({ channelId }: Watched) => QUIET.some((shop) => shop.id === channelId && shop.isPushed);
  const polled = (each: Watched) => !pushed(each);
  const comparisons = {
    flood_captured: compared(quiet.filter(pushed), flood.filter(pushed), "captured"),
    flood_captured_polled: compared(quiet.filter(polled), flood.filter(polled), "captured"),
    flood_told: compared(quiet, flood, "told"),
    hang_captured: compared(besideHang.filter(pushed), hang.filter(pushed), "captured"),
    hang_captured_polled: compared(besideHang.filter(polled), hang.filter(polled), "captured"),
    hang_told: compared(besideHang, hang, "told"),
  };
  const missing = [quiet, flood, besideHang, hang]
    .flat()
    .filter(({ capturedMs, toldMs }) => capturedMs === null || toldMs === null).length;
  const worked = windows.every(({ left }) => left === 0);
  return {
    what: "npm run measure:channels",
    taken_on: new Date().toISOString().slice(0, 10),
    options,
    seconds: Math.round(given.seconds),
    machine: { ...machine(), load_before: Math.round(given.loadBefore * 100) / 100 },
    method: METHOD,
    bars: Object.fromEntries(Object.entries(comparisons).map(([name, each]) => [`${name}_p99`, barOf(each)])),
    comparisons,
    floor: {
      flood: compared(quiet, flood, "floor"),
      hang: compared(besideHang, hang, "floor"),
    },
    by_channel: Object.fromEntries(
      QUIET.map(({ id }) => {
        const own = (each: Watched) => each.channelId === id;
        return [
          id,
          {
            flood: compared(quiet.filter(own), flood.filter(own), "captured"),
            hang: compared(besideHang.filter(own), hang.filter(own), "captured"),
          },
        ];
      }),
    ),
    windows: windows.map(({ watched, ...window }) => ({ ...window, ...figuresOf(watched) })),
    few: quiet.filter(pushed).length < LEAST_OF_P99,
    worked_off_before_each_window: worked,
    left_in_the_end: given.left,
    missing,
    audit,
    ok: audit.findings.length === 0 && missing === 0,
  };
}

type Report = Awaited<ReturnType<typeof measure>>;

function textOf({
  bars,
  comparisons,
  floor,
  audit,
  few,
  worked_off_before_each_window,
  missing,
  ok,
}: Report): string {
  const ms = (value: number | null) => (value === null ? "-" : String(Math.round(value))).padStart(6);
  const rows = Object.entries({ ...comparisons, flood_floor: floor.flood, hang_floor: floor.hang }).map(
    ([name, { without, beside, p50, p99 }]) => {
      const bar = bars[`${name}_p99`];
      const met = bar?.met == null ? "" : bar.met ? "  met" : "  MISSED";
      const ratio = (value: number | null) => (value === null ? "-" : value.toFixed(2)).padStart(6);
      return `  ${name.padEnd(22)} ${ms(without.p50Ms)} ${ms(without.p99Ms)}   ${ms(beside.p50Ms)} ${ms(beside.p99Ms)}   ${ratio(p50)} ${ratio(p99)}${met}`;
    },
  );
  return [
    "",
    `  ${"ms".padEnd(22)}    p50    p99      p50    p99      p50    p99   (bar: at most ${BAR})`,
    `  ${"".padEnd(22)} ${"without".padStart(13)}   ${"with".padStart(13)}   ${"ratio".padStart(13)}`,
    ...rows,
    ...(few ? ["  too few orders for a p99: it is about the slowest of them"] : []),
    ...(worked_off_before_each_window
      ? []
      : [
          "  what the flood had left was not worked off before each window: ratios are too good; raise --drain",
        ]),
    ...(missing === 0 ? [] : [`  ${missing} orders of quiet channels were not captured or not told in time`]),
    `  ${audit.orders} orders of the vendors: ${audit.lost} lost, ${audit.doubled} doubled, ${audit.oversold} oversold${audit.findings.map((each) => `\n    ${each}`).join("")}`,
    `  ${ok ? "all is well" : "NOT all is well"}`,
    "",
  ].join("\n");
}

async function main(): Promise<number> {
  const asked = readOptions(process.argv.slice(2));
  if (asked.status === "wrong") {
    process.stderr.write(`${asked.problem}\n\n${HELP}`);
    return 2;
  }
  if (asked.status === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const { options, out, json } = asked;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void endLeftovers().then(() => process.exit(130)));
  const result = await measure(options);
  if (out !== null) {
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
  }
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : textOf(result));
  return result.ok ? 0 : 1;
}

// The process has nothing left to wait for, but there is no result: that is not a success.
process.exitCode = 1;
main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(
      `measure:channels: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
    );
    void endLeftovers().then(() => process.exit(1));
  },
);
