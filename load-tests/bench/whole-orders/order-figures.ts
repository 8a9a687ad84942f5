/**
 * The figures that the bench of whole orders is made for, each with its bar. Ratios are of two systems in the
 * same run, so that the machine affects both alike. `DEB9F4E` is the commit that the bars of processor time
 * are measured from.
 */
import { type Figure, figure, median, quotient } from "../figures.ts";
import type { LatencyResult } from "../load.ts";
import { failuresOf } from "../ratios.ts";
import type { Beside } from "./beside.ts";
import { captureFiguresOf } from "./capture.ts";
import type { OrdersEvidence } from "./evidence.ts";

/** Milliseconds an order: main and workflow thread, PostgreSQL, Temporal; on 2 cores, 2026-11-28. */
const DEB9F4E_CPU_MS = 100 + 50 + 50 + 60;

export function orderFiguresOf(evidence: OrdersEvidence): readonly Figure[] {
  const { capture, complete, beside, naiveSaga, vendure, audit } = evidence;
  const sustained = complete?.sustained;
  const one = (value: number | null | undefined): readonly number[] => (value == null ? [] : [value]);
  return [
    ...captureFiguresOf(capture?.rounds ?? []),
    figure("orders_per_minute", "complete orders a minute, sustained", {
      values: one(sustained?.perMinute),
      bar: { kind: "at-least", value: 1_200 },
      aim: 2_000,
    }),
    figure("backlog_growth_share", "… by which the backlog grows, as a share of them", {
      values: one(
        sustained === undefined ? null : sustained.backlogGrowthPerMinute / Math.max(1, sustained.perMinute),
      ),
      bar: { kind: "at-most", value: 0.05 },
    }),
    figure("cpu_ms_per_order", "processor ms an order: Holdfast, PostgreSQL, Temporal", {
      values: one(sustained?.cpuMsPerOrder),
      bar: { kind: "at-most", value: DEB9F4E_CPU_MS / 3 },
      aim: DEB9F4E_CPU_MS / 5,
    }),
    figure("floor_p95_ms_at_300", "ms from the order's due time to the floor, p95 at 300 orders a minute", {
      values: one(complete?.atFixedRate.p95Ms),
      bar: { kind: "at-most", value: 2_000 },
    }),
    figure("floor_p50_ms_alone", "ms from sending to the floor, p50 of single orders on an idle system", {
      values: one(complete?.alone.p50Ms),
      bar: { kind: "at-most", value: 300 },
    }),
    figure("sql_statements_per_order", "SQL statements an order", {
      values: one(sustained?.statementsPerOrder),
    }),
    figure("commits_per_order", "commits an order", { values: one(sustained?.commitsPerOrder) }),
    figure("wal_kb_per_order", "KB an order in PostgreSQL's log", {
      values: one(sustained === undefined ? null : sustained.walBytesPerOrder / 1_024),
    }),
    figure("kb_written_per_order", "KB an order that all servers wrote to disks", {
      values: one(sustained === undefined ? null : sustained.bytesWrittenPerOrder / 1_024),
    }),
    figure("temporal_events_per_order", "events an order in Temporal's history", {
      values: one(complete?.saga.events),
    }),
    figure("workflow_tasks_per_order", "workflow tasks an order", {
      values: one(complete?.saga.workflowTasks),
    }),
    figure("orders_vs_naive_saga", "complete orders a minute against a naive saga of as many steps", {
      values: one(quotient(sustained?.perMinute ?? null, naiveSaga?.perMinute ?? null)),
    }),
    figure("orders_vs_vendure", "complete orders a minute against Vendure's", {
      values: one(quotient(sustained?.perMinute ?? null, vendure?.perMinute ?? null)),
      aim: 6,
    }),
    figure("vendure_orders_per_minute", "orders a minute that Vendure places, fulfils and delivers", {
      values: one(vendure?.perMinute),
    }),
    figure("vendure_cpu_ms_per_order", "processor ms an order: Vendure and PostgreSQL", {
      values: one(vendure?.cpuMsPerOrder),
    }),
    figure("vendure_oversold", "units that Vendure sold and that were not there", {
      values: one(vendure == null ? null : vendure.audit.oversold + vendure.scarce.oversold),
    }),
    figure("reservation_p99_ratio", "p99 of reservations beside complete orders, against without", {
      values: one(besideRatio(beside)),
      bar: { kind: "at-most", value: 1.1 },
    }),
    figure("oversold", "units sold that were not there", {
      values: one(oversoldOf(evidence)),
      bar: { kind: "at-most", value: 0 },
    }),
    figure("doubled", "orders, charges, labels and mails that came twice", {
      values: one(audit?.doubled),
      bar: { kind: "at-most", value: 0 },
    }),
  ];
}

/** What failed, in sentences; empty where every audit was right. A bar that is missed is no failure. */
export function orderFailuresOf({ capture, complete, beside, audit }: OrdersEvidence): readonly string[] {
  const missing = complete === null ? 0 : complete.alone.missing + complete.atFixedRate.missing;
  const unfinished = audit?.unfinished ?? 0;
  return [
    ...failuresOf({ rounds: capture?.rounds ?? [], latencies: [], crashes: [], inProcess: [] }),
    ...(audit?.findings ?? []),
    ...(unfinished > 0 ? [`${unfinished} orders have not ended.`] : []),
    ...(missing > 0 ? [`${missing} orders never came to the floor.`] : []),
    ...(beside === null || beside.audit.ok
      ? []
      : [`reservations beside: the audit does not add up: ${JSON.stringify(beside.audit)}`]),
  ];
}

/** The p99 of the window that is the median, beside orders and without. */
export function besideRatio(beside: Beside | null): number | null {
  if (beside === null) return null;
  const p99 = (windows: readonly LatencyResult[]): number | null => median(windows.map(({ p99Ms }) => p99Ms));
  return quotient(p99(beside.besideOrders), p99(beside.alone));
}

/** Over everything that was audited; null where nothing was. */
function oversoldOf({ capture, beside, audit }: OrdersEvidence): number | null {
  const counts = [
    ...(capture?.rounds ?? []).flatMap((round) => round.measurements.map((one) => one.audit.oversold)),
    ...(beside === null ? [] : [beside.audit.oversold]),
    ...(audit === null ? [] : [audit.oversold]),
  ];
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}
