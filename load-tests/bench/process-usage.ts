/**
 * What processes have used so far, from /proc: CPU time of each, and memory without counting shared pages
 * twice.
 */
import { readFile } from "node:fs/promises";

/**
 * Linux counts CPU time in hundredths of a second for programs (USER_HZ), on every architecture that Node
 * runs on.
 */
const TICKS_PER_SECOND = 100;

type Usage = {
  /** CPU seconds since their start, of each process that is alive, with its children that have ended. */
  readonly cpuSeconds: ReadonlyMap<number, number>;
  readonly memoryMb: number;
};

export async function usageOf(pids: readonly number[]): Promise<Usage> {
  const cpuSeconds = new Map<number, number>();
  let memoryKb = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (stat === "") continue;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime, stime, cutime, cstime.
    const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
    cpuSeconds.set(pid, ticks / TICKS_PER_SECOND);
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
    memoryKb += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  }
  return { cpuSeconds, memoryMb: memoryKb / 1_024 };
}

/** CPU seconds between two readings; a process that began in between counts from its beginning. */
export function cpuBetween(before: Usage, after: Usage): number {
  let seconds = 0;
  for (const [pid, value] of after.cpuSeconds) seconds += value - (before.cpuSeconds.get(pid) ?? 0);
  return Math.max(0, seconds);
}
