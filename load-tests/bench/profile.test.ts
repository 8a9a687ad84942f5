import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { type CpuProfile, monotonicUs, type Phase, ProfileFolder, whereTimeGoes } from "./profile.ts";

const built = (file: string): string => pathToFileURL(join(projectRoot, "dist", file)).href;
const packaged = (file: string): string => pathToFileURL(join(projectRoot, "node_modules", file)).href;

/**
 * One sample a millisecond from 0 on, each of the function at that index of `functions`. The entry is never
 * sampled.
 */
function profileOf(
  entry: string,
  functions: readonly (readonly [name: string, url: string])[],
  samples: readonly number[],
): CpuProfile {
  const frames = [...functions, ["", entry] as const];
  return {
    nodes: frames.map(([functionName, url], id) => ({ id, callFrame: { functionName, url } })),
    startTime: 0,
    samples,
    timeDeltas: samples.map(() => 1_000),
  };
}

const MAIN = built("cli/system/core-server-main.js");
const SHARD = built("engine/threads/shard-thread.js");

const PUBLISH = ["publish", built("engine/threads/byte-ring.js")] as const;
const WAIT = ["wait", built("engine/threads/byte-ring.js")] as const;
const IDLE = ["(idle)", ""] as const;
const APPLY = ["apply", built("engine/shard/shard.js")] as const;

function peak(workload: Phase["workload"], fromMs: number, toMs: number, applied = 1): Phase {
  return { system: "holdfast", workload, beganUs: fromMs * 1_000, endedUs: toMs * 1_000, applied };
}

describe("where the time goes", () => {
  it("is the self time of functions, cut to the phase to the microsecond", () => {
    const profile = profileOf(MAIN, [PUBLISH, APPLY], [0, 0, 1, 1, 0]);
    const phase = { ...peak("hot", 1, 3), endedUs: 3_500, applied: 10 };
    expect(whereTimeGoes([profile], [phase])).toEqual([
      {
        workload: "hot",
        thread: "main thread",
        busySecondsPerMillion: 250,
        functions: [
          { name: "apply", file: "engine/shard/shard.ts", percent: 60 },
          { name: "publish", file: "engine/threads/byte-ring.ts", percent: 40 },
        ],
      },
    ]);
  });

  it("leaves out every sleep, and only sleep: another file's wait is work", () => {
    const functions = [
      IDLE,
      WAIT,
      ["waitForRoom", built("engine/threads/byte-ring.js")],
      ["atomicsWaitLoop", packaged("piscina/dist/worker.js")],
      ["wait", packaged("other/index.js")],
      ["(garbage collector)", ""],
      ["(program)", ""],
    ] as const;
    const [time] = whereTimeGoes([profileOf(MAIN, functions, [0, 1, 2, 3, 4, 5, 6, 6])], [peak("hot", 0, 8)]);
    expect(time?.busySecondsPerMillion).toBe(4_000);
    expect(time?.functions).toEqual([
      { name: "(program)", file: "", percent: 50 },
      { name: "wait", file: "other/index.js", percent: 25 },
      { name: "(garbage collector)", file: "", percent: 25 },
    ]);
  });

  it("tells threads by the files that only they run, and sums those of one kind", () => {
    const times = whereTimeGoes(
      [
        profileOf(SHARD, [APPLY, PUBLISH], [0, 0]),
        profileOf(SHARD, [PUBLISH, APPLY, WAIT], [0, 1, 2]),
        profileOf(built("engine/projection/projector-thread.js"), [APPLY], [0]),
        profileOf(built("engine/storage/snapshot-task.js"), [APPLY], [0]),
        profileOf(packaged("somebody/worker.js"), [APPLY], [0]),
        profileOf(MAIN, [PUBLISH], [0]),
      ],
      [peak("hot", 0, 3)],
    );
    expect(times.map(({ thread, busySecondsPerMillion }) => [thread, busySecondsPerMillion])).toEqual([
      ["main thread", 1_000],
      ["shard threads", 4_000],
      ["projector", 1_000],
      ["snapshots", 1_000],
      ["other", 1_000],
    ]);
    expect(times[1]?.functions.map(({ name, percent }) => [name, percent])).toEqual([
      ["apply", 75],
      ["publish", 25],
    ]);
  });

  it.each([
    ["main thread", "gateway/stream/stream-server.js"],
    ["projector", "engine/projection/journal-projector.js"],
    ["snapshots", "engine/storage/compaction.js"],
  ])("knows a %s whose entry was through between two samples", (thread, file) => {
    const [time] = whereTimeGoes([profileOf("", [["work", built(file)]], [0])], [peak("hot", 0, 1)]);
    expect(time?.thread).toBe(thread);
  });

  it("adds up all rounds of a workload, apart from others, and has no row for a thread that slept", () => {
    const profile = profileOf(SHARD, [APPLY, PUBLISH, WAIT], [0, 0, 1, 2, 2, 0]);
    const phases = [peak("uniform", 2, 3, 4), peak("hot", 0, 1, 6), peak("hot", 5, 6, 4), peak("zipf", 3, 5)];
    const times = whereTimeGoes([profile], phases);
    expect(times.map(({ workload, busySecondsPerMillion }) => [workload, busySecondsPerMillion])).toEqual([
      ["hot", 200],
      ["uniform", 250],
    ]);
    expect(times[1]?.functions).toEqual([
      { name: "publish", file: "engine/threads/byte-ring.ts", percent: 100 },
    ]);
  });

  it("names the ten functions with the largest self time, of the whole busy time", () => {
    const functions = Array.from({ length: 12 }, (_, index) => [`f${index}`, ""] as const);
    const samples = functions.flatMap((_, index) => Array.from({ length: index + 1 }, () => index));
    const [time] = whereTimeGoes([profileOf(MAIN, functions, samples)], [peak("hot", 0, 100)]);
    expect(time?.functions.map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, index) => `f${11 - index}`),
    );
    expect(time?.functions[0]?.percent).toBeCloseTo((12 * 100) / 78);
  });

  it("says files without the folders of the machine", () => {
    const functions = [
      ["send", pathToFileURL("/srv/a/node_modules/b/node_modules/ws/lib/sender.js").href],
      ["", pathToFileURL("/srv/somewhere/else.js").href],
      ["slice", "node:buffer"],
    ] as const;
    const [time] = whereTimeGoes([profileOf(MAIN, functions, [0, 0, 0, 1, 1, 2])], [peak("hot", 0, 6)]);
    expect(time?.functions.map(({ name, file }) => [name, file])).toEqual([
      ["send", "ws/lib/sender.js"],
      ["(anonymous)", "else.js"],
      ["slice", "node:buffer"],
    ]);
  });
});

describe("the clock of phases", () => {
  it("is the one that V8 writes into profiles", async () => {
    const session = new Session();
    session.connect();
    try {
      await session.post("Profiler.enable");
      const beforeUs = monotonicUs();
      await session.post("Profiler.start");
      const { profile } = await session.post("Profiler.stop");
      const afterUs = monotonicUs();
      expect(profile.startTime).toBeGreaterThanOrEqual(beforeUs);
      expect(profile.endTime).toBeGreaterThan(profile.startTime);
      expect(profile.endTime).toBeLessThanOrEqual(afterUs);
    } finally {
      session.disconnect();
    }
  });
});

describe("the folder of profiles", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-profiles-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is made where it is missing, and gives what was written since, and nothing but profiles", async () => {
    const path = join(folder, "not", "yet");
    const write = (name: string): Promise<void> =>
      writeFile(join(path, name), JSON.stringify(profileOf(MAIN, [PUBLISH], [0])));
    const first = await ProfileFolder.open(path);
    expect(first.nodeArgs).toEqual(["--cpu-prof", `--cpu-prof-dir=${path}`]);
    await write("CPU.1.cpuprofile");
    await writeFile(join(path, "notes.txt"), "not JSON");
    expect(await first.read()).toHaveLength(1);
    const second = await ProfileFolder.open(path);
    expect(await second.read()).toEqual([]);
    await write("CPU.2.cpuprofile");
    expect(await second.read()).toHaveLength(1);
  });
});
