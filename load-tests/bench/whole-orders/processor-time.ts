/**
 * Processor time of a running system, by process, and by thread in Holdfast's own, and the bytes that it has
 * written: read from /proc at two moments, the difference over the orders that were completed in between.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Environment variable that tells `name-thread.ts` where to write the names of threads. */
export const THREAD_NAMES_FOLDER = "HOLDFAST_BENCH_THREADS";

/** USER_HZ: hundredths of a second, on every architecture that Node runs on. */
const MS_PER_TICK = 10;

/** Threads that no JavaScript runs in: V8's helpers, libuv's pool, Temporal's core. */
export const NATIVE_THREADS = "native threads";

/** What counts as the system: without simulators and the client, which stand for other people's machines. */
export const OWN_PARTS = ["holdfast", "postgres", "temporal"] as const;

export type ProcessorTime = {
  /** Milliseconds so far, by part. */
  readonly parts: ReadonlyMap<string, number>;
  /** Of Holdfast's process, by the file that a thread runs; all threads of one file together. */
  readonly threads: ReadonlyMap<string, number>;
};

/** @param roots the processes, by the name of their part; their children count with them */
export async function readProcessorTime(
  roots: ReadonlyMap<string, number>,
  threadNames: string,
): Promise<ProcessorTime> {
  const parts = new Map<string, number>();
  for (const { part, ownMs, endedChildrenMs } of await readPartProcesses(roots)) {
    // Ended children of Holdfast may be anybody's; those of a server are its own.
    const ms = part === "postgres" ? ownMs + endedChildrenMs : ownMs;
    parts.set(part, (parts.get(part) ?? 0) + ms);
  }
  return { parts, threads: await readThreads(roots.get("holdfast"), threadNames) };
}

/**
 * Bytes that each part has had written to disks so far: what left the page cache for a device, with what its
 * ended children wrote. PostgreSQL's are its log and its tables; what is still in the cache is not in it.
 */
export async function readBytesWritten(
  roots: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const written = new Map<string, number>();
  for (const { part, pid } of await readPartProcesses(roots)) {
    const io = await readFile(`/proc/${pid}/io`, "utf8").catch(() => "");
    const bytes = Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? 0);
    written.set(part, (written.get(part) ?? 0) + bytes);
  }
  return written;
}

type PartProcess = Times & { readonly part: string; readonly pid: number };

async function readPartProcesses(roots: ReadonlyMap<string, number>): Promise<readonly PartProcess[]> {
  const table = await readProcessTable();
  const rootOf = new Map([...roots].map(([part, pid]) => [pid, part]));
  const found: PartProcess[] = [];
  for (const [pid, times] of table) {
    // A child that is a part of its own (Holdfast starts the servers) is that part's.
    let at: number | undefined = pid;
    let above = times.parent;
    while (at !== undefined && !rootOf.has(at)) {
      at = table.has(above) ? above : undefined;
      above = table.get(above)?.parent ?? 0;
    }
    const part = at === undefined ? undefined : rootOf.get(at);
    if (part !== undefined) found.push({ part, pid, ...times });
  }
  return found;
}

async function readThreads(
  pid: number | undefined,
  threadNames: string,
): Promise<ReadonlyMap<string, number>> {
  const threads = new Map<string, number>();
  if (pid === undefined) return threads;
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const times = timesOf(await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8").catch(() => ""));
    if (times === null) continue;
    const name = await readFile(join(threadNames, thread), "utf8").catch(() => NATIVE_THREADS);
    threads.set(name, (threads.get(name) ?? 0) + times.ownMs);
  }
  return threads;
}

type Times = { readonly parent: number; readonly ownMs: number; readonly endedChildrenMs: number };

async function readProcessTable(): Promise<ReadonlyMap<number, Times>> {
  const table = new Map<number, Times>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const times = timesOf(await readFile(`/proc/${name}/stat`, "utf8").catch(() => ""));
    if (times !== null) table.set(Number(name), times);
  }
  return table;
}

/** @param stat a line of /proc/<pid>/stat; the name in it may hold blanks and brackets */
export function timesOf(stat: string): Times | null {
  if (stat === "") return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = (...indices: readonly number[]): number =>
    indices.reduce((sum, index) => sum + Number(fields[index]), 0);
  return {
    parent: Number(fields[1]),
    ownMs: ticks(11, 12) * MS_PER_TICK,
    endedChildrenMs: ticks(13, 14) * MS_PER_TICK,
  };
}

/** Milliseconds an order, by name, largest first; what used nothing is left out. */
export function perOrder(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  orders: number,
): readonly { readonly name: string; readonly msPerOrder: number }[] {
  return [...after]
    .map(([name, ms]) => ({ name, msPerOrder: Math.max(0, ms - (before.get(name) ?? 0)) / orders }))
    .filter(({ msPerOrder }) => msPerOrder > 0)
    .sort((a, b) => b.msPerOrder - a.msPerOrder);
}
