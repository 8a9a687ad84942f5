/**
 * Where the time of Holdfast's process goes: the CPU profiles that V8 writes of each of its threads, cut to
 * the measured peaks and summed over threads of one kind.
 *
 * A sample stands for the time since the sample before it. If a sample is late because its thread waited for
 * a core, the function that waited is charged for that time. Functions that sleep until there is work are
 * left out.
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../config/project-root.ts";
import { WORKLOADS, type Workload } from "./trace.ts";

/** A measured peak, by the clock of `monotonicUs`. */
export type Phase = {
  readonly system: string;
  readonly workload: Workload;
  readonly beganUs: number;
  readonly endedUs: number;
  readonly applied: number;
};

export const THREAD_KINDS = ["main thread", "shard threads", "projector", "snapshots", "other"] as const;
type ThreadKind = (typeof THREAD_KINDS)[number];

type FunctionTime = {
  readonly name: string;
  /** In this project: from its root; in a package: from the package's name; empty for V8 and native code. */
  readonly file: string;
  /** Self time as a share of the busy time of all threads of the kind. */
  readonly percent: number;
};

export type ThreadTime = {
  readonly workload: Workload;
  readonly thread: ThreadKind;
  readonly busySecondsPerMillion: number;
  /** The functions with the largest self time, largest first. */
  readonly functions: readonly FunctionTime[];
};

/** The part of a `.cpuprofile` that is used; times in microseconds. */
export type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  /** By the same clock as `monotonicUs`: V8 and `process.hrtime` both read the machine's monotonic clock. */
  readonly startTime: number;
  /** The node that ran, by sample. */
  readonly samples: readonly number[];
  /** From the sample before, the first one from `startTime`; sometimes negative. */
  readonly timeDeltas: readonly number[];
};

const FUNCTIONS = 10;

const PROJECT = `${pathToFileURL(join(projectRoot, "dist")).href}/`;
const PACKAGES = "/node_modules/";

/**
 * Files that run in one kind of thread only: its entry, and what works there while it is busy. An entry that
 * ends in less time than there is between two samples is in no profile.
 */
const HOMES: ReadonlyMap<string, ThreadKind> = new Map([
  ["cli/system/core-server-main.ts", "main thread"],
  ["gateway/stream/stream-server.ts", "main thread"],
  ["engine/threads/shard-thread.ts", "shard threads"],
  ["engine/projection/projector-thread.ts", "projector"],
  ["engine/projection/journal-projector.ts", "projector"],
  ["engine/storage/snapshot-task.ts", "snapshots"],
  ["engine/storage/compaction.ts", "snapshots"],
]);

/**
 * Name and file of the functions in which a thread sleeps until there is work or room: `Atomics.wait`, or its
 * event loop. Node calls the loop idle while no callback runs, so the time in which libuv reads from sockets
 * is missing from the profile.
 */
const WAITS: ReadonlySet<string> = new Set([
  "(idle) ",
  "wait engine/threads/byte-ring.ts",
  "waitForRoom engine/threads/byte-ring.ts",
  "atomicsWaitLoop piscina/dist/worker.js",
]);

export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** The folder that profiles are written into. Profiles of earlier runs may be in it and are left alone. */
export class ProfileFolder {
  /** For the process whose threads are to be profiled. */
  readonly nodeArgs: readonly string[];
  private readonly path: string;
  private readonly earlier: ReadonlySet<string>;

  private constructor(path: string, earlier: ReadonlySet<string>) {
    this.path = path;
    this.earlier = earlier;
    this.nodeArgs = ["--cpu-prof", `--cpu-prof-dir=${path}`];
  }

  static async open(folder: string): Promise<ProfileFolder> {
    const path = resolve(folder);
    await mkdir(path, { recursive: true });
    return new ProfileFolder(path, new Set(await readdir(path)));
  }

  /** What has been written since the folder was opened. A thread writes its profile when it ends. */
  async read(): Promise<readonly CpuProfile[]> {
    const names = (await readdir(this.path)).filter(
      (name) => name.endsWith(".cpuprofile") && !this.earlier.has(name),
    );
    return Promise.all(
      names.map(
        async (name): Promise<CpuProfile> => JSON.parse(await readFile(join(this.path, name), "utf8")),
      ),
    );
  }
}

/** One row for each workload and kind of thread that was busy in it; phases of one workload count as one. */
export function whereTimeGoes(
  profiles: readonly CpuProfile[],
  phases: readonly Phase[],
): readonly ThreadTime[] {
  const threads = profiles.map(threadOf);
  return WORKLOADS.flatMap((workload) => {
    const peaks = phases.filter((phase) => phase.workload === workload);
    const applied = peaks.reduce((sum, phase) => sum + phase.applied, 0);
    return THREAD_KINDS.flatMap((kind) => {
      const times: SelfTimes = new Map();
      for (const thread of threads) {
        if (thread.kind === kind) for (const phase of peaks) addSelfTimes(times, thread, phase);
      }
      const sorted = [...times.values()].sort((a, b) => b.us - a.us);
      const busyUs = sorted.reduce((sum, { us }) => sum + us, 0);
      if (busyUs === 0) return [];
      const functions = sorted.slice(0, FUNCTIONS).map(({ callee: { name, file }, us }) => ({
        name,
        file,
        percent: (us * 100) / busyUs,
      }));
      // Microseconds an operation are seconds a million.
      return [{ workload, thread: kind, busySecondsPerMillion: busyUs / applied, functions }];
    });
  });
}

type Callee = { readonly key: string; readonly name: string; readonly file: string };

type Thread = {
  readonly kind: ThreadKind;
  readonly profile: CpuProfile;
  readonly callees: ReadonlyMap<number, Callee>;
};

function threadOf(profile: CpuProfile): Thread {
  const callees = new Map<number, Callee>();
  let kind: ThreadKind = "other";
  for (const { id, callFrame } of profile.nodes) {
    const file = fileOf(callFrame.url);
    const name = callFrame.functionName || "(anonymous)";
    kind = HOMES.get(file) ?? kind;
    callees.set(id, { key: `${name} ${file}`, name, file });
  }
  return { kind, profile, callees };
}

/** By the key of the function. */
type SelfTimes = Map<string, { readonly callee: Callee; us: number }>;

function addSelfTimes(times: SelfTimes, { profile, callees }: Thread, phase: Phase): void {
  let atUs = profile.startTime;
  for (const [index, sample] of profile.samples.entries()) {
    const fromUs = atUs;
    atUs += profile.timeDeltas[index] ?? 0;
    const within = Math.min(atUs, phase.endedUs) - Math.max(fromUs, phase.beganUs);
    const callee = callees.get(sample);
    if (within <= 0 || callee === undefined || WAITS.has(callee.key)) continue;
    const time = times.get(callee.key);
    if (time === undefined) times.set(callee.key, { callee, us: within });
    else time.us += within;
  }
}

/**
 * The path at which the source can be read: without the machine's folders, and with a built file replaced by
 * its source.
 */
function fileOf(url: string): string {
  const inPackages = url.lastIndexOf(PACKAGES);
  if (inPackages >= 0) return url.slice(inPackages + PACKAGES.length);
  if (url.startsWith(PROJECT)) return url.slice(PROJECT.length).replace(/\.js$/, ".ts");
  return url.startsWith("file:") ? url.slice(url.lastIndexOf("/") + 1) : url;
}
