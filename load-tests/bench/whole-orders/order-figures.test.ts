import { expect, test } from "vitest";
import type { OrdersEvidence } from "./evidence.ts";
import { orderFailuresOf, orderFiguresOf } from "./order-figures.ts";
import { ordersMarkdownOf } from "./report.ts";

type Complete = NonNullable<OrdersEvidence["complete"]>;

const LATENCY = { orders: 10, missing: 0, p50Ms: 250, p95Ms: 900, p99Ms: 950 };

const COMPLETE: Complete = {
  postgresVersion: "18",
  alone: LATENCY,
  fixedPerMinute: 300,
  atFixedRate: { ...LATENCY, p95Ms: 2_500 },
  stagesAtFixedRate: [{ stage: "captured → payment", orders: 10, p50Ms: 40, p95Ms: 80 }],
  stagesSustained: [{ stage: "captured → payment", orders: 10, p50Ms: 4_000, p95Ms: 8_000 }],
  depth: 200,
  sustained: {
    seconds: 40,
    orders: 900,
    perMinute: 1_350,
    backlogBefore: 200,
    backlogAfter: 198,
    backlogGrowthPerMinute: -3,
    outboxGrowthPerMinute: 1,
    isSustained: true,
    cpuMsPerOrder: 90,
    processes: [
      { name: "holdfast", msPerOrder: 50 },
      { name: "simulators", msPerOrder: 30 },
    ],
    threads: [{ name: "main", msPerOrder: 30 }],
    statementsPerOrder: 40,
    statements: [{ text: "select a || b from `c`", statements: 3 }],
    commitsPerOrder: 12,
    walBytesPerOrder: 20_480,
    bytesWrittenPerOrder: 40_960,
    bytesWritten: [{ name: "postgres", bytes: 40_960 }],
  },
  saga: {
    orders: 40,
    events: 42,
    workflowTasks: 6,
    activities: 3,
    steps: 11,
    bytes: 9_000,
    byType: [{ type: "workflow_task_completed", events: 6 }],
  },
  drainSeconds: 4,
};

const AUDIT = {
  orders: 1_000,
  oversold: 0,
  doubled: 0,
  lost: 0,
  unfinished: 0,
  held: 1,
  mails: 2_000,
  findings: [],
};

const window = (p99Ms: number) => ({
  rate: 5_000,
  perSecond: 5_000,
  p50Ms: 1,
  p90Ms: 2,
  p99Ms,
  p999Ms: 9,
  maxMs: 10,
  curve: [],
});

const ACCOUNT = {
  positions: 2,
  operations: 10,
  applied: 10,
  refused: 0,
  errors: 0,
  unitsReserved: 10,
  unitsReleased: 0,
  oversold: 0,
  lost: 0,
  difference: 0,
  unanswered: 0,
  ok: true,
};

/** A system that captured so many orders a second, of 2.5 lines each. */
const captured = (system: string, ordersPerSecond: number) => ({
  system,
  variant: "the one form",
  peaks: {
    orders: {
      seconds: 2,
      applied: ordersPerSecond * 5,
      perSecond: ordersPerSecond * 2.5,
      requestsPerSecond: ordersPerSecond,
    },
  },
  cpuSecondsPerMillion: 400,
  serverCores: 1.5,
  memoryMb: 200,
  sellOut: { stock: 1_000, sold: 1_000, remaining: 0 },
  audit: ACCOUNT,
});

const ROUND = {
  fsync: { p50Us: 500, p99Us: 900, perSecond: 2_000 },
  measurements: [
    captured("capture-stream", 4_000),
    captured("capture-rest", 1_500),
    captured("postgres-function", 1_000),
    captured("postgres-function-batched", 2_500),
    {
      ...captured("holdfast-commands", 0),
      peaks: { hot: { seconds: 2, applied: 80_000, perSecond: 40_000, requestsPerSecond: 160 } },
    },
  ],
};

const NOTHING: OrdersEvidence = {
  capture: null,
  complete: null,
  beside: null,
  naiveSaga: null,
  vendure: null,
  audit: null,
};
const EVIDENCE: OrdersEvidence = {
  capture: { rounds: [ROUND], variants: {} },
  complete: COMPLETE,
  beside: {
    rate: 5_000,
    alone: [window(4), window(5), window(40)],
    besideOrders: [window(6), window(90), window(5)],
    audit: ACCOUNT,
  },
  naiveSaga: {
    steps: 11,
    perMinute: 900,
    cpuMsPerOrder: 130,
    processes: [{ name: "temporal", msPerOrder: 80 }],
    saga: COMPLETE.saga,
  },
  vendure: {
    version: "3.7.3",
    clients: 16,
    tried: [{ clients: 16, perMinute: 310 }],
    seconds: 60,
    orders: 300,
    perMinute: 300,
    placing: { p50Ms: 1_900, p95Ms: 2_300, p99Ms: 2_500 },
    fulfilling: { p50Ms: 1_100, p95Ms: 1_400, p99Ms: null },
    cpuMsPerOrder: 330,
    processes: [
      { name: "server", msPerOrder: 200 },
      { name: "client", msPerOrder: 9 },
    ],
    commitsPerOrder: 80,
    walBytesPerOrder: 66_000,
    refusals: [{ code: "deadlock detected", times: 2 }],
    audit: { received: 5_000, sold: 900, oversold: 0, drifted: 30, driftedSkus: 4 },
    scarce: { units: 200, asked: 400, clients: 32, sold: 380, oversold: 180, drifted: 180, seconds: 42 },
  },
  audit: AUDIT,
};

const figureIn = (evidence: OrdersEvidence, key: string) =>
  orderFiguresOf(evidence).find((one) => one.key === key);

test("bars are met and missed by what was measured", () => {
  expect(figureIn(EVIDENCE, "orders_per_minute")).toMatchObject({ median: 1_350, met: true, aim: 2_000 });
  expect(figureIn(EVIDENCE, "floor_p95_ms_at_300")).toMatchObject({ median: 2_500, met: false });
  expect(figureIn(EVIDENCE, "floor_p50_ms_alone")).toMatchObject({ median: 250, met: true });
  expect(figureIn(EVIDENCE, "wal_kb_per_order")?.median).toBe(20);
  expect(figureIn(EVIDENCE, "oversold")).toMatchObject({ median: 0, met: true });
});

test("capture is compared with the best form of PostgreSQL in the same round", () => {
  expect(figureIn(EVIDENCE, "capture_per_s")?.median).toBe(4_000);
  expect(figureIn(EVIDENCE, "capture_rest_per_s")?.median).toBe(1_500);
  expect(figureIn(EVIDENCE, "capture_vs_pg")).toMatchObject({ median: 1.6, met: false });
  expect(figureIn(EVIDENCE, "named_holds_per_s")).toMatchObject({ median: 40_000, met: false });
});

test("reservations beside orders are compared by the windows' medians", () => {
  expect(figureIn(EVIDENCE, "reservation_p99_ratio")).toMatchObject({ median: 1.2, met: false });
  expect(figureIn(EVIDENCE, "orders_vs_naive_saga")?.median).toBe(1.5);
});

test("what Vendure does is told beside ours, and what it oversells is not counted as ours", () => {
  expect(figureIn(EVIDENCE, "orders_vs_vendure")).toMatchObject({ median: 4.5, aim: 6 });
  expect(figureIn(EVIDENCE, "vendure_cpu_ms_per_order")?.median).toBe(330);
  expect(figureIn(EVIDENCE, "vendure_oversold")?.median).toBe(180);
  expect(figureIn(EVIDENCE, "oversold")?.median).toBe(0);
  expect(orderFailuresOf(EVIDENCE)).toEqual([]);
  const alone = { ...NOTHING, vendure: EVIDENCE.vendure };
  expect(figureIn(alone, "vendure_orders_per_minute")?.median).toBe(300);
  expect(figureIn(alone, "orders_vs_vendure")?.median).toBeNull();
});

test("oversold counts over everything that was audited, and fails the run", () => {
  const [first, ...others] = ROUND.measurements;
  if (first === undefined) throw new Error("the round is empty");
  const wrong = { ...first, audit: { ...ACCOUNT, oversold: 3, ok: false } };
  const capture = { rounds: [{ ...ROUND, measurements: [wrong, ...others] }], variants: {} };
  expect(figureIn({ ...EVIDENCE, capture }, "oversold")).toMatchObject({ median: 3, met: false });
  expect(orderFailuresOf({ ...EVIDENCE, capture })).toEqual([
    expect.stringContaining("capture-stream: the audit does not add up"),
  ]);
});

test("the bar of processor time is a third of what deb9f4e needed", () => {
  expect(figureIn(EVIDENCE, "cpu_ms_per_order")).toMatchObject({ median: 90, met: false });
  const sustained = { ...COMPLETE.sustained, cpuMsPerOrder: 86 };
  expect(figureIn({ ...EVIDENCE, complete: { ...COMPLETE, sustained } }, "cpu_ms_per_order")?.met).toBe(true);
});

test("a part that was not run has no figure and no failure", () => {
  expect(orderFiguresOf(NOTHING).every(({ median }) => median === null)).toBe(true);
  expect(orderFailuresOf(NOTHING)).toEqual([]);
});

test("a missed bar is no failure; what does not end, or does not add up, is", () => {
  expect(orderFailuresOf(EVIDENCE)).toEqual([]);
  const audit = {
    ...AUDIT,
    unfinished: 2,
    findings: ["X at east: 1 units are promised that are not there."],
  };
  const complete = { ...COMPLETE, alone: { ...LATENCY, missing: 1 } };
  expect(orderFailuresOf({ ...EVIDENCE, audit, complete })).toEqual([
    "X at east: 1 units are promised that are not there.",
    "2 orders have not ended.",
    "1 orders never came to the floor.",
  ]);
});

test("the page shows each figure with its bar, the missed ones too, and what the figures are made of", () => {
  const page = ordersMarkdownOf({
    name: "sample",
    form: "quick",
    startedAt: "2026-11-30T09:00:00.000Z",
    seconds: 200,
    commit: "abc",
    machine: {
      cpu: "a processor",
      cores: 2,
      memoryGb: 8,
      kernel: "6.1",
      node: "v20",
      redis: "7",
      filesystem: "ext4",
      loadBefore: 0,
    },
    postgresVersion: "18",
    fsync: { p50Us: 500, p99Us: 900, perSecond: 2_000 },
    stalls: { lostShare: 0.01, longestMs: 3 },
    leftOut: [],
    figures: orderFiguresOf(EVIDENCE),
    failures: [],
    ...EVIDENCE,
  });
  expect(page).toMatch(/`floor_p95_ms_at_300`.*2,500.*≤ 2,000 \| MISSED/);
  expect(page).toMatch(/`orders_per_minute`.*1,350.*≥ 1,200 \| met \| 2,000/);
  expect(page).toContain("| captured → payment | 40 | 80 | 4,000 | 8,000 |");
  expect(page).toContain("| simulators (not counted) | 30 |");
  expect(page).toContain("`select a \\|\\| b from 'c'`");
  expect(page).toContain("it keeps up");
  expect(page).toMatch(/Holdfast, orders by stream \| the one form \| 4,000 \| 1 \|/);
  expect(page).toContain("| beside orders | 5,000 | 1 | 6 | 6, 90, 5 |");
  expect(page).toContain("900 orders a minute, 130 ms");
  expect(page).toContain("40 KB written to disks (postgres 40)");
  expect(page).toContain("| first request → placed | 1,900 | 2,300 | 2,500 |");
  expect(page).toContain("2 × deadlock detected");
  expect(page).toContain("380 sold, **180 more than there were**");
  expect(page).toContain("Every audit was right.");
});
