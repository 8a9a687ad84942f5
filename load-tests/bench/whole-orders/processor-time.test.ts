import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { NATIVE_THREADS, perOrder, readBytesWritten, readProcessorTime, timesOf } from "./processor-time.ts";

test("a process is read by its fields, whatever its name contains", () => {
  const stat = "77 (a b) c) S 12 77 77 0 -1 4194560 100 0 0 0 250 50 7 3 20 0 11 0 500 0 0";
  expect(timesOf(stat)).toEqual({ parent: 12, ownMs: 3_000, endedChildrenMs: 100 });
  expect(timesOf("")).toBeNull();
});

test("time is told an order, the largest first; what used none is left out, and none is below zero", () => {
  const before = new Map([
    ["postgres", 1_000],
    ["holdfast", 2_000],
    ["idle", 5],
    ["restarted", 900],
  ]);
  const after = new Map([
    ["postgres", 1_500],
    ["holdfast", 4_000],
    ["idle", 5],
    ["restarted", 100],
    ["new", 100],
  ]);
  expect(perOrder(before, after, 10)).toEqual([
    { name: "holdfast", msPerOrder: 200 },
    { name: "postgres", msPerOrder: 50 },
    { name: "new", msPerOrder: 10 },
  ]);
});

test("a process that works is seen to, and so is its named thread", async () => {
  const names = await mkdtemp(join(tmpdir(), "holdfast-threads-"));
  onTestFinished(() => rm(names, { recursive: true }));
  await writeFile(join(names, String(process.pid)), "main");
  const roots = new Map([["holdfast", process.pid]]);
  const before = await readProcessorTime(roots, names);
  let after = before;
  const used = () => (after.parts.get("holdfast") ?? 0) - (before.parts.get("holdfast") ?? 0);
  const deadline = Date.now() + 30_000;
  while (used() < 50 && Date.now() < deadline) {
    for (let number = 0; number < 2e7; number += 1) Math.sqrt(number);
    after = await readProcessorTime(roots, names);
  }
  expect(used()).toBeGreaterThanOrEqual(50);
  expect([...after.threads.keys()]).toEqual(expect.arrayContaining(["main", NATIVE_THREADS]));
});

test("what a process has had written to a disk is counted, and what is not there is nothing", async () => {
  // Not the folder for temporary files, which may be memory.
  const folder = await mkdtemp("/var/tmp/holdfast-written-");
  onTestFinished(() => rm(folder, { recursive: true }));
  const roots = new Map([
    ["holdfast", process.pid],
    ["gone", 2 ** 30],
  ]);
  const before = await readBytesWritten(roots);
  const file = await open(join(folder, "file"), "w");
  await file.write(Buffer.alloc(1_000_000, 1));
  await file.sync();
  await file.close();
  const after = await readBytesWritten(roots);
  expect((after.get("holdfast") ?? 0) - (before.get("holdfast") ?? 0)).toBeGreaterThanOrEqual(1_000_000);
  expect(after.has("gone")).toBe(false);
});
