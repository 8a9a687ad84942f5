/**
 * Two ways to load a system. `atPeak`: every worker sends its next request as soon as the last is answered.
 * `atRate`: operations are due by a schedule, whatever the system does. Latency runs from when an operation
 * was due, so that a stall counts for every operation that it delayed (no coordinated omission).
 */
import { build, type Histogram } from "hdr-histogram-js";
import type { Account } from "./account.ts";
import type { Driver } from "./system.ts";
import { linesAt, type Trace } from "./trace.ts";
import type { Worker } from "./worker.ts";

export type Subject = {
  readonly driver: Driver;
  readonly workers: readonly Worker[];
  readonly account: Account;
  /** Operations of one request. */
  readonly batch: number;
};

export type PeakResult = {
  readonly seconds: number;
  /** Operations that were applied; refused ones are not counted. */
  readonly applied: number;
  readonly perSecond: number;
  /** Batches, or orders. */
  readonly requestsPerSecond: number;
};

export type LatencyResult = {
  readonly rate: number;
  /** What was really answered. Far below `rate` means that the system could not keep up. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Percentile and milliseconds, for the plot. */
  readonly curve: readonly (readonly [number, number])[];
};

/** Operations come in bursts: one a millisecond, since no timer of Node is finer. */
const TICK_MS = 1;

const CURVE = [50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99];

/** Where the trace is read on. It goes on over all phases, so that no two phases repeat each other. */
export class Cursor {
  private at = 0;

  /** @returns where a request of the trace begins, and its length: an order's lines, else `batch` */
  take(trace: Trace, batch: number): { readonly from: number; readonly count: number } {
    const count = linesAt(trace, this.at) || batch;
    return { from: this.advance(count), count };
  }

  advance(count: number): number {
    const from = this.at;
    this.at += count;
    return from;
  }
}

export async function atPeak(
  subject: Subject,
  trace: Trace,
  cursor: Cursor,
  milliseconds: number,
): Promise<PeakResult> {
  const began = performance.now();
  const until = began + milliseconds;
  let applied = 0;
  let requests = 0;
  let last = began;
  await Promise.all(
    subject.workers.map(async (worker) => {
      while (performance.now() < until) {
        const { from, count } = cursor.take(trace, subject.batch);
        worker.fill(trace, from, count);
        // Added after the answer has come: `applied += await …` would lose what other workers add meanwhile.
        const answered = await request(subject, worker);
        applied += answered;
        requests += 1;
        last = performance.now();
      }
    }),
  );
  const seconds = (last - began) / 1_000;
  return { seconds, applied, perSecond: applied / seconds, requestsPerSecond: requests / seconds };
}

/** A burst of operations that were due at the same time. */
type Burst = { readonly dueMs: number; count: number };

export async function atRate(
  subject: Subject,
  trace: Trace,
  cursor: Cursor,
  options: { readonly rate: number; readonly milliseconds: number; readonly warmUpMs: number },
): Promise<LatencyResult> {
  const { batch } = subject;
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const idle = [...subject.workers];
  const waiting: Burst[] = [];
  const began = performance.now();
  const recordFrom = began + options.warmUpMs;
  const until = recordFrom + options.milliseconds;
  let scheduled = 0;
  let recorded = 0;
  let running = 0;
  let lastAnswer = began;
  let failure: unknown;

  const send = (worker: Worker): void => {
    const bursts = takeBursts(waiting, batch);
    const count = bursts.reduce((sum, burst) => sum + burst.count, 0);
    worker.fill(trace, cursor.advance(count), count);
    running += 1;
    request(subject, worker)
      .then(() => {
        const now = performance.now();
        lastAnswer = now;
        for (const burst of bursts) {
          if (burst.dueMs < recordFrom) continue;
          histogram.recordValueWithCount(Math.max(1, Math.round((now - burst.dueMs) * 1_000)), burst.count);
          recorded += burst.count;
        }
      })
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        running -= 1;
        idle.push(worker);
        drain();
      });
  };
  const drain = (): void => {
    while (waiting.length > 0) {
      const worker = idle.pop();
      if (worker === undefined) return;
      send(worker);
    }
  };

  for (let tick = 0; failure === undefined; tick += 1) {
    const dueMs = began + tick * TICK_MS;
    if (dueMs >= until) break;
    const now = performance.now();
    if (now < dueMs) await new Promise((resolve) => setTimeout(resolve, dueMs - now));
    const due = Math.floor(((dueMs - began) * options.rate) / 1_000) - scheduled;
    if (due <= 0) continue;
    scheduled += due;
    waiting.push({ dueMs, count: due });
    drain();
    // After a late timer several ticks are due at once. Answers must still come through between them.
    if (tick % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  while (failure === undefined && (running > 0 || waiting.length > 0)) {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  if (failure !== undefined) throw failure;
  return summary(histogram, options.rate, (recorded * 1_000) / Math.max(1, lastAnswer - recordFrom));
}

/** The oldest bursts, `limit` operations of them at most; a burst may be cut in two. */
function takeBursts(waiting: Burst[], limit: number): readonly Burst[] {
  const taken: Burst[] = [];
  let room = limit;
  while (room > 0) {
    const [first] = waiting;
    if (first === undefined) break;
    if (first.count <= room) {
      taken.push(first);
      waiting.shift();
      room -= first.count;
    } else {
      taken.push({ dueMs: first.dueMs, count: room });
      first.count -= room;
      room = 0;
    }
  }
  return taken;
}

/** Sends the worker's batch and settles every account of it. @returns operations applied */
export async function request(subject: Subject, worker: Worker): Promise<number> {
  subject.account.send(worker.batch.length);
  const codes = await subject.driver.apply(worker.index, worker.batch);
  worker.settle(codes);
  return subject.account.settle(worker.batch, codes);
}

function summary(histogram: Histogram, rate: number, perSecond: number): LatencyResult {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1_000;
  return {
    rate,
    perSecond,
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.maxValue / 1_000,
    curve: CURVE.map((percentile) => [percentile, at(percentile)] as const),
  };
}
