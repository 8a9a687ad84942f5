/**
 * What a reader has to know of any result: which code ran when, for how long, and on what machine. And how a
 * run that is interrupted ends.
 */
import { execFileSync } from "node:child_process";
import { projectRoot } from "../../config/project-root.ts";
import { amount, type Figure, figuresTable } from "./figures.ts";
import type { FsyncLatency, Machine } from "./machine.ts";
import { describeLeftOut, type LeftOut } from "./programs.ts";
import { describeStalls, type Stalls } from "./stalls.ts";

export type Conditions = {
  readonly name: string;
  readonly form: "quick" | "full" | "partial";
  readonly startedAt: string;
  readonly seconds: number;
  readonly commit: string;
  readonly machine: Machine;
  /** Null where no PostgreSQL was needed. */
  readonly postgresVersion: string | null;
  readonly fsync: FsyncLatency;
  readonly stalls: Stalls;
  /** What could not be measured because something is missing. */
  readonly leftOut: readonly LeftOut[];
  readonly figures: readonly Figure[];
  /** What failed, in sentences; empty where every audit was right. */
  readonly failures: readonly string[];
};

/**
 * The beginning of a result's page: run, machine, figures, and whether the audits were right.
 *
 * @param command that made it
 * @param particulars a sentence of what is particular to this bench
 */
export function openingOf(result: Conditions, command: string, particulars: string): readonly string[] {
  const { machine, fsync, stalls } = result;
  return [
    `# Bench: ${result.name}`,
    "",
    `${result.form} form of \`${command}\`, commit ${result.commit}, ${result.startedAt}, ` +
      `${Math.round(result.seconds)} s.`,
    "",
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Linux ${machine.kernel}, ` +
      `${machine.filesystem}; Node ${machine.node}, PostgreSQL ${result.postgresVersion ?? "not used"} ` +
      `(fsync on), Redis ${machine.redis} (appendfsync always). Load average before the run: ` +
      `${machine.loadBefore.toFixed(2)}.`,
    `fdatasync of 8 KiB: p50 ${fsync.p50Us} µs, p99 ${fsync.p99Us} µs, ${amount(fsync.perSecond)} a second.`,
    `A thread a core that only looks at the clock loses ${describeStalls(stalls)}.`,
    `${particulars}; clients and servers share the machine. What this measures and what it does not: ` +
      "[load-tests/README.md](../README.md).",
    "",
    ...figuresTable(result.figures),
    "",
    ...result.leftOut.flatMap((one) => [`- ${describeLeftOut(one)}`, ""]),
    ...(result.failures.length === 0
      ? ["Every audit was right."]
      : ["**Failures**", "", ...result.failures.map((failure) => `- ${failure}`)]),
  ];
}

/** Ctrl-C, or a request to end, closes what runs before the process ends. */
export function closeOnSignal(room: { close(): Promise<void> }): { off(): void } {
  const end = (): void => {
    room.close().then(
      () => process.exit(1),
      () => process.exit(1),
    );
  };
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  return {
    off: () => {
      process.off("SIGINT", end);
      process.off("SIGTERM", end);
    },
  };
}

export function commitOf(): string {
  try {
    const options = { cwd: projectRoot, encoding: "utf8" } as const;
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], options).trim();
    const changed = execFileSync("git", ["status", "--porcelain", "--untracked-files=no"], options).trim();
    return changed === "" ? commit : `${commit} with local changes`;
  } catch {
    return "unknown";
  }
}
