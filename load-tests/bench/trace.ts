/**
 * The seeded trace that drives every system: which position is asked for how many units, and when something
 * is released. Made once for each run and written to a file, so that all client processes read the same
 * bytes.
 *
 * A record is two 32-bit integers: position, kind << 28 | lines << 24 | quantity. A release does not name a
 * reservation: it releases the oldest one that its worker knows to be applied, so that it never comes before
 * its reservation. `lines` is set in an order's first record only, where requests are orders; orders are not
 * released.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { Random, zipf } from "../../config/seeded-random.ts";
import { RELEASE, RESERVE } from "./operations.ts";

export const WORKLOADS = ["hot", "zipf", "uniform", "orders"] as const;
export type Workload = (typeof WORKLOADS)[number];

export const WORKLOAD_TITLES: Readonly<Record<Workload, string>> = {
  hot: "one hot SKU",
  zipf: "Zipf 1.0",
  uniform: "uniform",
  orders: "orders of 1 to 5 lines, Zipf 1.0",
};

/** Draws the trace of the recorded results, to the byte. */
export const TRACE_SEED = 0xc997_6f22;

/** One operation in ten is a release. */
const RELEASE_SHARE = 0.1;
const MAX_QUANTITY = 3;
const MAX_LINES = 5;
const KIND_SHIFT = 28;
const LINES_SHIFT = 24;

export type Trace = { readonly records: Uint32Array; readonly length: number };

export type TraceFile = { readonly path: string; readonly sha256: string };

export async function writeTrace(
  path: string,
  options: { readonly workload: Workload; readonly positions: number; readonly length: number },
): Promise<TraceFile> {
  const random = new Random(TRACE_SEED);
  const nextPosition = positionsOf(options.workload, options.positions, random);
  const records = new Uint32Array(options.length * 2);
  let orderEnd = 0;
  for (let index = 0; index < options.length; index += 1) {
    let head = 0;
    if (options.workload !== "orders") {
      head = (random.chance(RELEASE_SHARE) ? RELEASE : RESERVE) << KIND_SHIFT;
    } else if (index === orderEnd) {
      const lines = Math.min(random.integer(1, MAX_LINES), options.length - index);
      head = lines << LINES_SHIFT;
      orderEnd += lines;
    }
    records[index * 2] = nextPosition();
    records[index * 2 + 1] = head | random.integer(1, MAX_QUANTITY);
  }
  const bytes = Buffer.from(records.buffer);
  await writeFile(path, bytes);
  return { path, sha256: createHash("sha256").update(bytes).digest("hex") };
}

export async function readTrace(path: string): Promise<Trace> {
  const bytes = await readFile(path);
  const records = new Uint32Array(bytes.length / 4);
  Buffer.from(records.buffer).set(bytes);
  return { records, length: records.length / 2 };
}

export function kindAt(trace: Trace, at: number): number {
  return (trace.records[(at % trace.length) * 2 + 1] ?? 0) >>> KIND_SHIFT;
}

export function positionAt(trace: Trace, at: number): number {
  return trace.records[(at % trace.length) * 2] ?? 0;
}

export function quantityAt(trace: Trace, at: number): number {
  return (trace.records[(at % trace.length) * 2 + 1] ?? 0) & 0xff_ffff;
}

/** Lines of the order that begins here; 0 in a trace without orders. */
export function linesAt(trace: Trace, at: number): number {
  return ((trace.records[(at % trace.length) * 2 + 1] ?? 0) >>> LINES_SHIFT) & 0xf;
}

function positionsOf(workload: Workload, positions: number, random: Random): () => number {
  switch (workload) {
    case "hot":
      return () => 0;
    case "uniform":
      return () => random.below(positions);
    case "orders":
    case "zipf": {
      const rank = zipf(random, positions, 1);
      // Ranks are scattered, so that popular positions are not neighbours in any index.
      const stride = coprimeStride(positions);
      return () => (rank() * stride) % positions;
    }
    default: {
      const unreachable: never = workload;
      return unreachable;
    }
  }
}

function coprimeStride(count: number): number {
  let stride = Math.max(1, Math.floor(count * 0.618));
  while (greatestCommonDivisor(stride, count) !== 1) stride += 1;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
