/** The machine of a measurement: without it a rate says nothing. */
import { execFile } from "node:child_process";
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "hdr-histogram-js";

const run = promisify(execFile);

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly redis: string;
  readonly filesystem: string;
  /** One-minute load average before the run, which shows a machine that is busy with something else. */
  readonly loadBefore: number;
};

export type FsyncLatency = { readonly p50Us: number; readonly p99Us: number; readonly perSecond: number };

export async function describeMachine(folder: string): Promise<Machine> {
  const version = async (command: string, ...args: string[]): Promise<string> =>
    run(command, args).then(
      ({ stdout }) => /\d+(\.\d+)+/.exec(stdout)?.[0] ?? stdout.trim(),
      () => "absent",
    );
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    redis: await version("redis-server", "--version"),
    filesystem: await run("stat", ["--file-system", "--format=%T", folder]).then(
      ({ stdout }) => stdout.trim(),
      () => "unknown",
    ),
    loadBefore: loadavg()[0] ?? 0,
  };
}

const PAGE = 8_192;
const REWRITTEN_PAGES = 512;

/**
 * Writes and syncs a page of PostgreSQL's size again and again for `milliseconds`, within a file that already
 * has its full length, as PostgreSQL does with its log.
 */
export function probeFsync(folder: string, milliseconds: number): FsyncLatency {
  const path = join(folder, "fsync-probe");
  const file = openSync(path, "w");
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000 });
  const page = Buffer.alloc(PAGE, 1);
  try {
    for (let index = 0; index < REWRITTEN_PAGES; index += 1) writeSync(file, page, 0, PAGE, index * PAGE);
    fdatasyncSync(file);
    const began = performance.now();
    let count = 0;
    while (performance.now() - began < milliseconds) {
      const at = process.hrtime.bigint();
      writeSync(file, page, 0, PAGE, (count % REWRITTEN_PAGES) * PAGE);
      fdatasyncSync(file);
      histogram.recordValue(Math.max(1, Number((process.hrtime.bigint() - at) / 1_000n)));
      count += 1;
    }
    return {
      p50Us: histogram.getValueAtPercentile(50),
      p99Us: histogram.getValueAtPercentile(99),
      perSecond: (count * 1_000) / (performance.now() - began),
    };
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
