/**
 * What goes wrong: each scenario damages a stage in one way while its clients keep working, and checks that
 * they are served again. The audit then looks at what the damage did to the books.
 */
import { FAILPOINTS, type Failpoint } from "../../engine/failpoints.ts";
import type { CommitCut } from "./database-proxy.ts";
import { canInjectDiskFaults, failNextSync, slowSyncs } from "./disk-faults.ts";
import { SmallDisk } from "./small-disk.ts";
import { type Stage, within } from "./stage.ts";

/** What a scenario reports. */
type Harm = {
  /** Faults that it caused. */
  readonly faults: number;
  /** From the end of each fault until clients were served again, in milliseconds. */
  readonly servedAfterMs: readonly number[];
};

export type Scenario = {
  readonly name: string;
  /** Scenarios of one kind differ in where or how hard they strike. */
  readonly kind: string;
  /** Part of the short form, which has one scenario of every kind. */
  readonly short?: true;
  /** Brings its own disk, and so cannot share a stage. */
  readonly disk?: () => Promise<SmallDisk | null>;
  /** Why it cannot run here; `null` where it can. */
  unable?(): Promise<string | null>;
  run(stage: Stage, disk: SmallDisk | null): Promise<Harm>;
};

const STRIKE_TIMEOUT_MS = 45_000;
const POLL_MS = 25;

/** How often a point may pass before it strikes, at most: drawn, so that each run strikes elsewhere. */
const PASSAGES: Readonly<Record<Failpoint, number>> = {
  "gateway-message-read": 200,
  "round-before-apply": 100,
  "shard-before-apply": 200,
  "shard-after-apply": 200,
  "round-after-apply": 100,
  "commit-before-append": 100,
  "commit-after-append": 20,
  "commit-before-commit": 20,
  "commit-sent": 100,
  "commit-before-settle": 100,
  "commit-in-settle": 100,
  "commit-after-settle": 100,
  "gateway-before-reply": 200,
  "fault-before-renew": 1,
  "fault-after-renew": 1,
  "takeover-leases-taken": 1,
  "recovery-after-snapshot": 16,
  "recovery-mid-replay": 16,
  "recovery-before-open": 16,
  "snapshot-before-write": 4,
  "snapshot-after-write": 4,
  "projector-before-commit": 10,
  "projector-after-commit": 10,
};

/** These are only reached after a commit that went wrong, so one has to go wrong first. */
const BEHIND_A_FAULT: ReadonlySet<Failpoint> = new Set(["fault-before-renew", "fault-after-renew"]);

const SHORT_KILLS: ReadonlySet<Failpoint> = new Set(["commit-sent", "commit-before-settle"]);

/** Where the engine must survive an exception. */
const THROWS: readonly Failpoint[] = [
  "round-before-apply",
  "shard-before-apply",
  "shard-after-apply",
  "round-after-apply",
  "commit-before-append",
  "commit-after-append",
  "commit-before-commit",
  "commit-sent",
  "commit-before-settle",
  "snapshot-before-write",
  "projector-before-commit",
];

/** Where an owner is stopped while another takes over. */
const PAUSES: readonly Failpoint[] = [
  "shard-after-apply",
  "commit-before-append",
  "commit-after-append",
  "commit-sent",
  "commit-before-settle",
];

export const scenarios: readonly Scenario[] = [
  ...(Object.keys(FAILPOINTS) as Failpoint[]).map(killAt),
  {
    name: "kill -9, four times in a row while recovering",
    kind: "kills in recovery",
    short: true,
    run: killsInRecovery,
  },
  ...THROWS.map(throwAt),
  {
    name: "a shard thread hangs",
    kind: "hanging thread",
    short: true,
    run: (stage) => strikeAndSurvive(stage, "shard-after-apply", `delay:${600_000}`),
  },
  {
    name: "the main thread stalls for 3 s",
    kind: "stall",
    short: true,
    run: (stage) => strikeAndSurvive(stage, "commit-before-append", "delay:3000"),
  },
  {
    name: "PostgreSQL restarts fast",
    kind: "database restart",
    run: (stage) => restartDatabase(stage, "SIGINT"),
  },
  {
    name: "PostgreSQL restarts immediately",
    kind: "database restart",
    short: true,
    run: (stage) => restartDatabase(stage, "SIGQUIT"),
  },
  {
    name: "kill -9 of the postmaster",
    kind: "postmaster killed",
    short: true,
    run: (stage) => restartDatabase(stage, "SIGKILL"),
  },
  {
    name: "kill -9 of the committer's backend",
    kind: "backend killed",
    short: true,
    run: (stage) => endBackend(stage, "SIGKILL"),
  },
  {
    name: "the committer's backend is terminated",
    kind: "backend killed",
    run: (stage) => endBackend(stage, "SIGTERM"),
  },
  ...[50, 500, 5_000].map(slowDisk),
  {
    name: "fdatasync fails with EIO",
    kind: "failing disk",
    short: true,
    unable: noDiskFaults,
    run: failingSync,
  },
  {
    name: "the disk is full, then grown",
    kind: "full disk",
    short: true,
    disk: SmallDisk.mount,
    run: fullDisk,
  },
  {
    name: "answers of the database take 200 ms longer",
    kind: "slow network",
    short: true,
    run: async (stage) => {
      stage.proxy.delayAnswers(200);
      await stage.untilAnswers(5);
      stage.proxy.delayAnswers(0);
      return { faults: 1, servedAfterMs: [await stage.untilServed(Date.now())] };
    },
  },
  {
    name: "connections to the database go silent without a FIN",
    kind: "half-open connection",
    short: true,
    run: async (stage) => {
      stage.proxy.freeze();
      return { faults: 1, servedAfterMs: [await stage.untilServed(Date.now())] };
    },
  },
  cutCommit("before-server"),
  { ...cutCommit("after-server"), short: true },
  {
    name: "SIGSTOP of the owner at any moment, takeover, SIGCONT",
    kind: "takeover",
    short: true,
    run: (stage) => takeOver(stage, null),
  },
  ...PAUSES.map(
    (point): Scenario => ({
      name: `SIGSTOP of the owner at ${point}, takeover, SIGCONT`,
      kind: "takeover",
      run: (stage) => takeOver(stage, point),
    }),
  ),
];

function killAt(point: Failpoint): Scenario {
  return {
    name: `kill -9 at ${point}`,
    kind: "kill -9",
    ...(SHORT_KILLS.has(point) ? { short: true } : {}),
    run: async (stage) => {
      // The former owner dies like this too, whatever it is doing.
      await stage.killAll();
      const first = BEHIND_A_FAULT.has(point)
        ? `commit-before-settle:${stage.random.integer(1, 50)}:throw,`
        : "";
      const nth = stage.random.integer(1, PASSAGES[point]);
      const servedAfterMs = await untilDead(stage, `${first}${point}:${nth}:kill`);
      return { faults: 2, servedAfterMs: [servedAfterMs] };
    },
  };
}

/** Starts a server that is to die at a failpoint, waits for that, and starts one that stays. */
async function untilDead(stage: Stage, failpoints: string): Promise<number> {
  const doomed = await stage.spawn(failpoints);
  if ((await doomed.ready()) !== null) await stage.direct(doomed);
  const end = await within(doomed.ended, STRIKE_TIMEOUT_MS, `${failpoints} was never reached`);
  if (end.signal !== "SIGKILL") throw new Error(`the server ended by itself (${end.code ?? end.signal})`);
  const diedAt = Date.now();
  await stage.serve();
  return stage.untilServed(diedAt);
}

async function killsInRecovery(stage: Stage): Promise<Harm> {
  await stage.killAll();
  const points: readonly Failpoint[] = [
    "takeover-leases-taken",
    "recovery-after-snapshot",
    "recovery-mid-replay",
    "recovery-before-open",
  ];
  for (const point of points) {
    const doomed = await stage.spawn(
      `${point}:${stage.random.integer(1, Math.min(8, PASSAGES[point]))}:kill`,
    );
    const end = await within(doomed.ended, STRIKE_TIMEOUT_MS, `${point} was never reached`);
    if (end.signal !== "SIGKILL") throw new Error(`the server ended by itself (${end.code ?? end.signal})`);
  }
  const diedAt = Date.now();
  await stage.serve();
  return { faults: 1 + points.length, servedAfterMs: [await stage.untilServed(diedAt)] };
}

function throwAt(point: Failpoint): Scenario {
  return {
    name: `an exception at ${point}`,
    kind: "exception",
    ...(point === "shard-after-apply" ? { short: true } : {}),
    run: (stage) => strikeAndSurvive(stage, point, "throw"),
  };
}

/** The fault strikes a running server, which must go on by itself. */
async function strikeAndSurvive(stage: Stage, point: Failpoint, action: string): Promise<Harm> {
  await stage.killAll();
  const server = await stage.serve(`${point}:${stage.random.integer(1, PASSAGES[point])}:${action}`);
  await until(() => server.hasStruck(point), `${point} was never reached`);
  const died = server.ended.then(() => {
    throw new Error(`the server did not survive ${action} at ${point}`);
  });
  const servedAfterMs = await Promise.race([stage.untilServed(Date.now()), died]);
  return { faults: 2, servedAfterMs: [servedAfterMs] };
}

async function restartDatabase(stage: Stage, signal: "SIGINT" | "SIGQUIT" | "SIGKILL"): Promise<Harm> {
  await stage.untilAnswers(5);
  await stage.database.end(signal);
  await stage.database.start();
  return { faults: 1, servedAfterMs: [await stage.untilServed(Date.now())] };
}

async function endBackend(stage: Stage, signal: "SIGKILL" | "SIGTERM"): Promise<Harm> {
  await stage.untilAnswers(5);
  process.kill(await committerBackend(stage), signal);
  return { faults: 1, servedAfterMs: [await stage.untilServed(Date.now())] };
}

function slowDisk(delayMs: number): Scenario {
  return {
    name: `every sync takes ${delayMs} ms longer`,
    kind: "slow disk",
    ...(delayMs === 500 ? { short: true } : {}),
    unable: noDiskFaults,
    run: async (stage) => {
      const fault = await slowSyncs(await stage.database.postmaster(), delayMs);
      try {
        // Slow, but still served.
        await stage.untilAnswers(delayMs > 1_000 ? 2 : 5);
      } finally {
        await fault.end();
      }
      return { faults: 1, servedAfterMs: [await stage.untilServed(Date.now())] };
    },
  };
}

async function failingSync(stage: Stage): Promise<Harm> {
  const backend = await committerBackend(stage);
  const fault = await failNextSync(backend);
  try {
    // PostgreSQL panics, because it no longer trusts a disk that failed once, and restarts by itself.
    await until(
      async () => (await committerBackend(stage).catch(() => backend)) !== backend,
      "no sync failed",
    );
  } finally {
    await fault.end();
  }
  return { faults: 1, servedAfterMs: [await stage.untilServed(Date.now())] };
}

async function fullDisk(stage: Stage, disk: SmallDisk | null): Promise<Harm> {
  if (disk === null) throw new Error("there is no small disk");
  await stage.untilAnswers(20);
  await disk.fill();
  // There is no room for the next segment of the write-ahead log. PostgreSQL goes down, sooner or later for
  // good.
  await until(
    async () =>
      stage.database.query("select pg_switch_wal()").then(
        () => false,
        () => true,
      ),
    "the full disk was never noticed",
  );
  await disk.grow();
  await stage.database.ensureRunning();
  return { faults: 1, servedAfterMs: [await stage.untilServed(Date.now())] };
}

function cutCommit(cut: CommitCut): Scenario {
  return {
    name:
      cut === "after-server"
        ? "a commit is done and its answer cut off"
        : "the connection is cut before a commit reaches the server",
    kind: "commit cut off",
    run: async (stage) => {
      const servedAfterMs: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        await within(stage.proxy.cutNextCommit(cut), STRIKE_TIMEOUT_MS, "no commit went by");
        servedAfterMs.push(await stage.untilServed(Date.now()));
      }
      return { faults: servedAfterMs.length, servedAfterMs };
    },
  };
}

/** @param point where the owner stops itself; `null`: wherever a signal meets it */
async function takeOver(stage: Stage, point: Failpoint | null): Promise<Harm> {
  await stage.killAll();
  const zombie = await stage.serve(
    point === null ? undefined : `${point}:${stage.random.integer(1, PASSAGES[point])}:pause`,
  );
  if (point === null) {
    await stage.untilAnswers(stage.random.integer(1, 20));
    zombie.signal("SIGSTOP");
  }
  await until(() => zombie.isStopped(), `${point} was never reached`);
  const stoppedAt = Date.now();
  await stage.serve();
  const servedAfterMs = await stage.untilServed(stoppedAt);
  const mark = await stage.journalMark();
  zombie.signal("SIGCONT");
  // Enough time for the stopped owner to try: it still has its clients' questions and a commit of its own.
  await stage.untilAnswers(20);
  await stage.assertNothingStale(mark);
  await zombie.kill();
  return { faults: 2, servedAfterMs: [servedAfterMs] };
}

async function committerBackend(stage: Stage): Promise<number> {
  const pid = await stage.database.committerBackend();
  if (pid === undefined) throw new Error("the engine has no connection to commit over");
  return pid;
}

async function noDiskFaults(): Promise<string | null> {
  return (await canInjectDiskFaults()) ? null : "strace is not installed";
}

async function until(condition: () => Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = Date.now() + STRIKE_TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(otherwise);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
