/**
 * A disk that is full when the test says so: a tmpfs of a few megabytes for PostgreSQL's data. Needs root on
 * Linux.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, statfs, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { mustNotOutlive } from "./leftovers.ts";

const run = promisify(execFile);

const MIB = 1024 * 1024;
/** A new cluster with its write-ahead log takes some 60. */
const SIZE_MIB = 160;
const GROWN_MIB = 640;

export class SmallDisk {
  readonly folder: string;

  private readonly unmounted: () => void;

  private constructor(folder: string) {
    this.folder = folder;
    this.unmounted = mustNotOutlive(() => this.unmount());
  }

  /** `null` where this process may not mount. */
  static async mount(): Promise<SmallDisk | null> {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
    const folder = await mkdtemp(join(tmpdir(), "holdfast-small-disk-"));
    try {
      await run("mount", ["-t", "tmpfs", "-o", `size=${SIZE_MIB}m,mode=0711`, "tmpfs", folder]);
      return new SmallDisk(folder);
    } catch {
      await rm(folder, { recursive: true, force: true });
      return null;
    }
  }

  /** Leaves no byte free. */
  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    const block = Buffer.alloc(MIB);
    const ballast = this.ballast;
    await writeFile(ballast, "");
    try {
      for (let left = bavail * bsize; left >= 0; left -= MIB) await writeFile(ballast, block, { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  /** What an operator does: gives it a bigger disk. */
  async grow(): Promise<void> {
    await run("mount", ["-o", `remount,size=${GROWN_MIB}m`, this.folder]);
  }

  async unmount(): Promise<void> {
    this.unmounted();
    await unlink(this.ballast).catch(() => {});
    await run("umount", [this.folder]);
    await rm(this.folder, { recursive: true, force: true });
  }

  private get ballast(): string {
    return join(this.folder, "ballast");
  }
}
