/**
 * What a process may use of the machine's cores: pinned to one of them, and held to a share of its time, so
 * that two nodes are not given more each than one is, while the load, PostgreSQL and Redis have the rest.
 *
 * The share is a group of the kernel's (cgroups, version 1 or 2), which needs rights that not every machine
 * gives. A share that cannot be had is told, not left out silently.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Short, so that a process that has used its share waits for milliseconds and not for a tenth of a second.
 */
const PERIOD_US = 10_000;
const V1 = "/sys/fs/cgroup/cpu";
const V2 = "/sys/fs/cgroup";

export class ProcessorShare {
  private readonly folder: string;
  private readonly isV1: boolean;

  private constructor(folder: string, isV1: boolean) {
    this.folder = folder;
    this.isV1 = isV1;
  }

  /** @returns null where this machine, or who runs this, may not have one */
  static make(name: string): ProcessorShare | null {
    const isV1 = existsSync(join(V1, "cpu.cfs_quota_us"));
    const folder = join(isV1 ? V1 : V2, `holdfast-${process.pid}-${name}`);
    try {
      mkdirSync(folder);
    } catch {
      return null;
    }
    const share = new ProcessorShare(folder, isV1);
    try {
      share.set(1);
      return share;
    } catch {
      share.remove();
      return null;
    }
  }

  /** @param cores null: as much as there is */
  set(cores: number | null): void {
    const quota = cores === null ? null : Math.round(cores * PERIOD_US);
    if (this.isV1) {
      writeFileSync(join(this.folder, "cpu.cfs_period_us"), String(PERIOD_US));
      writeFileSync(join(this.folder, "cpu.cfs_quota_us"), String(quota ?? -1));
    } else writeFileSync(join(this.folder, "cpu.max"), `${quota ?? "max"} ${PERIOD_US}`);
  }

  /** With all of its threads, and those that it starts. */
  take(pid: number): void {
    writeFileSync(join(this.folder, "cgroup.procs"), String(pid));
  }

  /** Once nothing runs in it. */
  remove(): void {
    try {
      rmdirSync(this.folder);
    } catch {
      // A process has not quite ended: an empty group of a process that is gone harms nobody.
    }
  }
}

/** @returns whether all threads of the process are held to the core from now on */
export function pin(pid: number, core: number): boolean {
  try {
    execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", String(core), String(pid)], {
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}
