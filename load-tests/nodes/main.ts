/**
 * `npm run measure:nodes`: what a second engine node brings. One node of one core against two of one core
 * each, over a real Redis and PostgreSQL: spread load, a hot SKU, and what an order costs that is at home on
 * both.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";
import { Random } from "../../config/seeded-random.ts";
import { endLeftovers } from "../faults/leftovers.ts";
import { machine } from "../faults/machine.ts";
import { type AuditCounts, Load, type Stock, sumOfAudits, type Traffic, type Window } from "./load.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { measureOrders, type OrderCost } from "./order-cost.ts";
import { Stage } from "./stage.ts";

const METHOD =
  "Each node is a process with one shard thread, pinned to a core of its own. Each figure has a system of its own, which " +
  "begins empty; its nodes are driven for as long with all that the machine has. Form 1 (held): each may use the same " +
  "share of its core, whether it is alone or not, by a control group of the kernel (10 ms periods); spread and hot " +
  "traffic are sent with so many calls under way at each node that it is full (closed), and the hot SKU also at six tenths of " +
  "what one node did (open, timed from when a call was due); the same by processor time is twice the calls that a second " +
  "of a full node's processor time answered, and does not depend on what else the machine does. Form 2 (computed): no share is set, each node is " +
  "offered a rate that is below what the machine can do, and what its core could do follows from the processor time " +
  "that its process used for a call. Calls are reservations of one unit with ids of their own, one a call, " +
  "answered after the commit; one in sixteen is of SKUs that sell out. Orders have two lines and are captured by the " +
  "stream at their home's node, without a share set.";

const SPREAD_SKUS = 10_000;
const SCARCE_SKUS = 40;
const SCARCE_UNITS = 25;
const ORDER_SKUS = 64;
const PLENTY = 10_000_000;
const UNDER_WAY_A_NODE = 256;
const HOT_OFFERED = 0.6;
/** Calls a second and node of the computed form: what two of them are sent a machine of two cores can do. */
const COMPUTED_PER_NODE = 1_500;
const WARM_S = 2;
/** Of nodes that were just started, with all that the machine has: their code is not compiled yet. */
const NEW_NODES_WARM_S = 8;

const BARS = { spread: 1.7, hotThroughput: 0.9, hotP99: 1.1 };

type Held = {
  readonly spread: Window;
  readonly hot: Window;
  readonly hotOpen: Window;
  readonly hotCpu: { readonly nodes: number; readonly postgres: number; readonly load: number };
  readonly spreadCpu: { readonly nodes: number; readonly postgres: number; readonly load: number };
};

type Computed = {
  /** Calls that the nodes could answer in a second if each had a core to itself. */
  readonly capacityPerS: number;
  readonly cpuMsPer1000: number;
};

type Measured = { readonly held: Held | null; readonly computed: Computed; readonly audit: AuditCounts };

function note(text: string): void {
  process.stderr.write(`  ${text}\n`);
}

async function measure(options: Options) {
  const { rounds, seconds, share, orders, seed } = options;
  const loadBefore = loadavg()[0] ?? 0;
  const beganAt = performance.now();
  const all: Record<1 | 2, Measured[]> = { 1: [], 2: [] };
  let isPinned = true;
  let hotRate: number | null = null;
  for (let round = 0; round < rounds; round += 1)
    for (const nodes of round % 2 === 0 ? ([1, 2] as const) : ([2, 1] as const)) {
      const figure = await onStage(async (stage) => {
        const measured = await measureNodes(stage, {
          nodes,
          seconds,
          share,
          hotRate,
          seed: `${seed}-${round}-${nodes}`,
        });
        isPinned &&= stage.isPinned;
        return measured;
      });
      const { held, computed } = figure;
      hotRate ??= held === null ? null : held.hot.callsPerS * HOT_OFFERED;
      all[nodes].push(figure);
      note(
        `round ${round + 1}, ${nodes} ${nodes === 1 ? "node" : "nodes"}: ` +
          (held === null
            ? ""
            : `spread ${Math.round(held.spread.callsPerS)}/s, hot ${Math.round(held.hot.callsPerS)}/s, ` +
              `hot p99 ${held.hotOpen.p99Ms.toFixed(1)} ms; `) +
          `computed ${Math.round(computed.capacityPerS)}/s`,
      );
    }
  const cost = orders === 0 ? null : await onStage((stage) => measureCost(stage, orders));
  return report({
    options,
    loadBefore,
    seconds: (performance.now() - beganAt) / 1_000,
    isPinned,
    all,
    cost,
    audit: sumOfAudits([...all[1], ...all[2]].map(({ audit }) => audit)),
  });
}

/** A system of its own for each figure: what one leaves behind is no burden of the next. */
async function onStage<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await Stage.open();
  try {
    return await work(stage);
  } finally {
    await stage.close();
  }
}

async function measureNodes(
  stage: Stage,
  options: {
    readonly nodes: 1 | 2;
    readonly seconds: number;
    readonly share: number;
    readonly hotRate: number | null;
    readonly seed: string;
  },
): Promise<Measured> {
  const { nodes, seconds, seed } = options;
  const goods: Stock = {
    spread: skusNamed("SPREAD", SPREAD_SKUS),
    scarce: skusNamed("SCARCE", SCARCE_SKUS),
    hot: "HOT-1",
  };
  await stage.start(nodes);
  await stage.receive([...goods.spread, goods.hot], PLENTY);
  await stage.receive(goods.scarce, SCARCE_UNITS);
  const ownerOf = (sku: string): string | null => stage.remote.ownerOf(sku);
  const load = new Load({ stock: stage.stock, goods, random: new Random(seed), ownerOf });
  for (const traffic of ["spread", "hot"] as const)
    await load.closed(traffic, NEW_NODES_WARM_S, UNDER_WAY_A_NODE);
  const held = stage.canShare ? await measureHeld(stage, load, options) : null;
  const computed = await measureComputed(stage, load, nodes, seconds);
  await stage.startAnew(1);
  return { held, computed, audit: await load.audit(stage.stock, SCARCE_UNITS) };
}

async function measureCost(stage: Stage, orders: number): Promise<Record<"one" | "two", OrderCost>> {
  const skus = skusNamed("ORDER", ORDER_SKUS);
  await stage.start(2);
  await stage.receive(skus, PLENTY);
  await stage.addProducts(skus);
  return measureOrders(stage, skus, orders);
}

async function measureHeld(
  stage: Stage,
  load: Load,
  options: {
    readonly seconds: number;
    readonly share: number;
    readonly hotRate: number | null;
  },
): Promise<Held> {
  const { seconds, share } = options;
  stage.hold(share);
  const full = async (traffic: Traffic) => {
    await load.closed(traffic, WARM_S, UNDER_WAY_A_NODE);
    const spent = await stage.spent();
    const window = await load.closed(traffic, seconds, UNDER_WAY_A_NODE);
    const { nodes: ofNodes, postgres, self } = await spent();
    const ofOne = (used: number): number => Math.round((used / window.seconds) * 1_000) / 1_000;
    return {
      window,
      cpu: {
        nodes: ofOne(ofNodes.reduce((sum, one) => sum + one, 0)),
        postgres: ofOne(postgres),
        load: ofOne(self),
      },
    };
  };
  const spread = await full("spread");
  const hot = await full("hot");
  const rate = options.hotRate ?? hot.window.callsPerS * HOT_OFFERED;
  const hotOpen = await load.open("hot", seconds, rate);
  stage.hold(null);
  return {
    spread: spread.window,
    spreadCpu: spread.cpu,
    hot: hot.window,
    hotCpu: hot.cpu,
    hotOpen,
  };
}

/** What is offered to a node is the same, whether it is alone or not. */
async function measureComputed(stage: Stage, load: Load, nodes: number, seconds: number): Promise<Computed> {
  // What earlier windows have left to be projected would be counted with this one.
  await stage.untilProjected();
  await load.open("spread", WARM_S, COMPUTED_PER_NODE * nodes);
  const spent = await stage.spent();
  const window = await load.open("spread", seconds, COMPUTED_PER_NODE * nodes);
  const used = (await spent()).nodes;
  const capacities = [...window.byOwner].map(([owner, calls]) => {
    const index = stage.nodes.findIndex(({ server }) => owner.split(":")[1] === String(server?.pid));
    return calls / Math.max(0.001, used[index] ?? 0);
  });
  return {
    capacityPerS: capacities.reduce((sum, one) => sum + one, 0),
    cpuMsPer1000: (used.reduce((sum, one) => sum + one, 0) * 1_000_000) / window.calls,
  };
}

type Bar = { readonly value: number | null; readonly bar: string; readonly met: boolean | null };

function report(given: {
  readonly options: Options;
  readonly loadBefore: number;
  readonly seconds: number;
  readonly isPinned: boolean;
  readonly all: Readonly<Record<1 | 2, readonly Measured[]>>;
  readonly cost: Readonly<Record<"one" | "two", OrderCost>> | null;
  readonly audit: AuditCounts;
}) {
  const { all, audit } = given;
  const heldOf = (nodes: 1 | 2): readonly Held[] =>
    all[nodes].flatMap(({ held }) => (held === null ? [] : [held]));
  const ratio = (of: (held: Held) => number): number | null =>
    medianOf(heldOf(2).map((two, index) => of(two) / of(heldOf(1)[index] as Held)));
  const atLeast = (value: number | null, bar: number): Bar => ({
    value,
    bar: `at least ${bar}`,
    met: value === null ? null : value >= bar,
  });
  const hotP99 = ratio(({ hotOpen }) => hotOpen.p99Ms);
  const computed = medianOf(
    all[2].map(
      (two, index) => two.computed.capacityPerS / (all[1][index]?.computed.capacityPerS ?? Number.NaN),
    ),
  );
  return {
    what: "npm run measure:nodes",
    taken_on: new Date().toISOString().slice(0, 10),
    options: given.options,
    seconds: Math.round(given.seconds),
    machine: { ...machine(), load_before: given.loadBefore },
    method: METHOD,
    nodes_pinned: given.isPinned,
    bars: {
      spread_two_to_one: atLeast(
        ratio(({ spread }) => spread.callsPerS),
        BARS.spread,
      ),
      // Whatever else the machine was busy with, a full node's processor time of a call says what two could
      // do.
      spread_two_to_one_by_processor_time: atLeast(
        doubled(ratio(({ spread, spreadCpu }) => spread.callsPerS / spreadCpu.nodes)),
        BARS.spread,
      ),
      spread_two_to_one_computed: atLeast(computed, BARS.spread),
      hot_throughput_two_to_one: atLeast(
        ratio(({ hot }) => hot.callsPerS),
        BARS.hotThroughput,
      ),
      hot_p99_two_to_one: {
        value: hotP99,
        bar: `at most ${BARS.hotP99}`,
        met: hotP99 === null ? null : hotP99 <= BARS.hotP99,
      },
    },
    share_had: heldOf(1).length === 0 ? null : shareHad(given.options.share, heldOf(1), heldOf(2)),
    held: { one_node: heldOf(1).map(plainHeld), two_nodes: heldOf(2).map(plainHeld) },
    computed: {
      one_node: all[1].map(({ computed: one }) => roundedAll(one)),
      two_nodes: all[2].map(({ computed: two }) => roundedAll(two)),
    },
    order: given.cost,
    audit,
    ok: audit.oversold === 0 && audit.lost === 0 && audit.doubled === 0 && audit.unsold === 0,
  };
}

/** The least part of their share that full nodes have had: well below 1 the machine was what held them up. */
function shareHad(share: number, one: readonly Held[], two: readonly Held[]): number {
  const had = [
    ...one.map(({ spreadCpu }) => spreadCpu.nodes / share),
    ...two.map(({ spreadCpu }) => spreadCpu.nodes / (2 * share)),
  ];
  return Math.round(Math.min(...had) * 100) / 100;
}

/** Of a node's calls a second of processor time: two nodes have two such seconds. */
function doubled(value: number | null): number | null {
  return value === null ? null : Math.round(2 * value * 1_000) / 1_000;
}

function plainHeld({ spread, hot, hotOpen, spreadCpu, hotCpu }: Held): object {
  const plain = ({ callsPerS, p50Ms, p99Ms }: Window): object =>
    roundedAll({ calls_per_s: callsPerS, p50_ms: p50Ms, p99_ms: p99Ms });
  return {
    spread: { ...plain(spread), cores: spreadCpu },
    hot: { ...plain(hot), cores: hotCpu },
    hot_at_six_tenths: plain(hotOpen),
  };
}

type Report = Awaited<ReturnType<typeof measure>>;

/** Of their share, below which the machine was too busy for a comparison by time. */
const ENOUGH_OF_SHARE = 0.85;

function textOf({ bars, held, order, audit, ok, nodes_pinned, share_had }: Report): string {
  const lines = Object.entries(bars).map(
    ([name, { value, bar, met }]) =>
      `  ${name.padEnd(36)} ${value === null ? "not measured" : value.toFixed(2)}  (${bar}${met === null ? "" : met ? ": met" : ": MISSED"})`,
  );
  const ofOrder =
    order === null
      ? []
      : [
          `  an order at one node         p50 ${order.one.p50Ms} ms, nodes ${order.one.nodesCpuMs} ms, PostgreSQL ${order.one.postgresCpuMs} ms, ${order.one.statements} statements, ${order.one.commits} commits`,
          `  an order over two            p50 ${order.two.p50Ms} ms, nodes ${order.two.nodesCpuMs} ms, PostgreSQL ${order.two.postgresCpuMs} ms, ${order.two.statements} statements, ${order.two.commits} commits`,
        ];
  return [
    "",
    ...lines,
    ...ofOrder,
    ...(held.one_node.length === 0
      ? ["  no control group could be made here: only the computed form was measured"]
      : []),
    ...(share_had !== null && share_had < ENOUGH_OF_SHARE
      ? [
          `  the machine was busy: full nodes had ${Math.round(share_had * 100)} % of their share, so only what is by processor time counts`,
        ]
      : []),
    ...(nodes_pinned ? [] : ["  nodes were not pinned to cores: there is no taskset"]),
    `  ${audit.calls} calls: oversold ${audit.oversold}, lost ${audit.lost}, doubled ${audit.doubled}, not sold ${audit.unsold}: ${ok ? "all is well" : "NOT all is well"}`,
    "",
  ].join("\n");
}

function skusNamed(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}

function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return null;
  return Math.round((sorted.length % 2 === 0 ? ((low ?? high) + high) / 2 : high) * 1_000) / 1_000;
}

function roundedAll(figures: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  );
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
      `measure:nodes: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
    );
    void endLeftovers().then(() => process.exit(1));
  },
);
