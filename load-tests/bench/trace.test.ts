import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { RELEASE } from "./operations.ts";
import { ORDER_POSITIONS } from "./systems/channel-orders.ts";
import {
  kindAt,
  linesAt,
  positionAt,
  quantityAt,
  readTrace,
  type Trace,
  WORKLOADS,
  type Workload,
  writeTrace,
} from "./trace.ts";

const LENGTH = 20_000;
const POSITIONS = 1_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-trace-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function traceOf(workload: Workload): Promise<Trace> {
  const path = join(folder, workload);
  await writeTrace(path, { workload, positions: POSITIONS, length: LENGTH });
  return readTrace(path);
}

function countOf(trace: Trace, position: number): number {
  let count = 0;
  for (let at = 0; at < trace.length; at += 1) if (positionAt(trace, at) === position) count += 1;
  return count;
}

describe("the trace", () => {
  it("is the same bytes each time", async () => {
    const options = { workload: "zipf", positions: POSITIONS, length: LENGTH } as const;
    const first = await writeTrace(join(folder, "first"), options);
    const second = await writeTrace(join(folder, "second"), options);
    expect(second.sha256).toBe(first.sha256);
  });

  it("is that of the recorded results, so that a new result compares with them", async () => {
    const recorded = JSON.parse(
      await readFile(join(projectRoot, "load-tests", "results", "quick-2026-11-23.json"), "utf8"),
    );
    for (const workload of WORKLOADS) {
      const path = join(folder, "recorded");
      const positions = workload === "orders" ? ORDER_POSITIONS : 100_000;
      const { sha256 } = await writeTrace(path, { workload, positions, length: 1_000_000 });
      expect(sha256, workload).toBe(recorded.traceHashes[workload]);
    }
  });

  it("gives something back in one operation of ten, and asks for one to three units", async () => {
    const trace = await traceOf("uniform");
    let releases = 0;
    for (let at = 0; at < trace.length; at += 1) {
      if (kindAt(trace, at) === RELEASE) releases += 1;
      expect(quantityAt(trace, at)).toBeGreaterThanOrEqual(1);
      expect(quantityAt(trace, at)).toBeLessThanOrEqual(3);
    }
    expect(releases / LENGTH).toBeCloseTo(0.1, 1);
  });

  it("asks for one position, for all alike, or for the n-th most popular one n-th as often", async () => {
    expect(countOf(await traceOf("hot"), 0)).toBe(LENGTH);
    expect(countOf(await traceOf("uniform"), 0)).toBeLessThan(60);
    const zipf = await traceOf("zipf");
    const counts = Array.from({ length: POSITIONS }, (_, position) => countOf(zipf, position)).sort(
      (a, b) => b - a,
    );
    const [first = 0, second = 0, , fourth = 0] = counts;
    expect(first / second).toBeGreaterThan(1.7);
    expect(first / fourth).toBeGreaterThan(3.3);
    expect(first / fourth).toBeLessThan(4.8);
  });

  it("is made of whole orders of one to five lines", async () => {
    const trace = await traceOf("orders");
    let at = 0;
    while (at < trace.length) {
      const lines = linesAt(trace, at);
      expect(lines).toBeGreaterThanOrEqual(1);
      expect(lines).toBeLessThanOrEqual(5);
      for (let line = at + 1; line < at + lines; line += 1) expect(linesAt(trace, line)).toBe(0);
      at += lines;
    }
    expect(at).toBe(trace.length);
  });
});
