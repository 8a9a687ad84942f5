/**
 * Named places in the engine at which a fault test may make this process die, stop, throw or stall.
 *
 * Owns the names and what happens at them. Only a composition root made for tests arms them
 * (`cli/system/core-server-main.ts`, from HOLDFAST_FAILPOINT): nothing in the engine does, and no command
 * that a user starts.
 *
 * F1 Unarmed, a point is one comparison and has no effect whatever the environment says.
 * F2 An armed point acts once in the life of its process, at its n-th passage, counted over all threads
 *    together: a thread that is rebuilt after `throw` does not meet the same fault again.
 */
import { writeSync } from "node:fs";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";

/** Every point, in the order in which a reservation meets them, with what is true there. */
export const FAILPOINTS = {
  "gateway-message-read": "a client's frame is read, the engine has not heard of it",
  "round-before-apply": "work is taken from the intake, no shard has seen it",
  "shard-before-apply": "a shard's thread has a batch and has not begun it",
  "shard-after-apply": "the batch is applied in memory, the engine does not have its effects",
  "round-after-apply": "effects are with the engine, not yet with the committer",
  "commit-before-append": "journal rows are made, nothing is sent to the disk",
  "commit-after-append": "journal rows are written in an open transaction that also carries records",
  "commit-before-commit": "records are written too, `commit` is not sent",
  "commit-sent": "what commits is sent, its answer is not read",
  "commit-before-settle": "it is committed, no caller knows",
  "commit-in-settle": "the first caller of a commit knows, the others do not",
  "commit-after-settle": "every caller's promise is kept, the gateway has not answered",
  "gateway-before-reply": "the reply to a client is made and not sent",
  "fault-before-renew": "a commit went wrong, its outcome has not been looked for",
  "fault-after-renew": "epochs are raised after a fault, the journal is not read back",
  "takeover-leases-taken": "a starting engine has raised all epochs and recovered nothing",
  "recovery-after-snapshot": "a shard stands at its snapshot, no journal row is replayed",
  "recovery-mid-replay": "one more journal row is replayed, more may follow",
  "recovery-before-open": "a shard is rebuilt and not yet open for work",
  "snapshot-before-write": "a snapshot is made and not written",
  "snapshot-after-write": "a snapshot is written, the engine has not noted it",
  "projector-before-commit": "movements are written in an open transaction",
  "projector-after-commit": "movements are committed, the projector has not noted it",
} as const;

export type Failpoint = keyof typeof FAILPOINTS;

/**
 * `kill`: SIGKILL. `pause`: SIGSTOP, until somebody sends SIGCONT. `throw`: an
 * Error. `delay`: the thread stalls.
 */
type FailpointAction = "kill" | "pause" | "throw" | "delay";

type Armed = {
  readonly name: Failpoint;
  readonly nth: number;
  readonly action: FailpointAction;
  readonly delayMs: number;
  /** Passages so far, shared by all threads of the process. */
  readonly passages: Int32Array;
};

const ACTIONS: ReadonlySet<string> = new Set<FailpointAction>(["kill", "pause", "throw", "delay"]);

/** Threads find under this name what their process has armed, wherever they are started. */
const SHARED = "holdfast.failpoints";

const DEFAULT_DELAY_MS = 1_000;

const STDERR = 2;

let armed = armedHere();

/** A place where a fault test may strike. Does nothing unless armed. */
export function failpoint(name: Failpoint): void {
  if (armed !== null) strike(armed, name);
}

/**
 * Arms points in this thread and in every thread that is started from now on.
 *
 * @param text `name:nth:action` or `name:nth:delay:milliseconds`, several separated by commas; nth counts
 *   from 1.
 * @throws Error where the text has another form, or names no point.
 */
export function armFailpoints(text: string): void {
  setEnvironmentData(SHARED, text.split(",").map(parse));
  armed = armedHere();
}

/** Undoes `armFailpoints` for this thread and for every thread that is started from now on. */
export function disarmFailpoints(): void {
  setEnvironmentData(SHARED);
  armed = null;
}

function armedHere(): readonly Armed[] | null {
  return (getEnvironmentData(SHARED) as readonly Armed[] | undefined) ?? null;
}

function strike(points: readonly Armed[], name: Failpoint): void {
  for (const point of points) {
    if (point.name !== name || Atomics.add(point.passages, 0, 1) + 1 !== point.nth) continue;
    // Past every logger, and at once: after `kill` this line is the only trace.
    writeSync(STDERR, `failpoint ${name}: ${point.action}\n`);
    if (point.action === "kill") {
      process.kill(process.pid, "SIGKILL");
      // The signal is on its way; nothing after the point may happen meanwhile.
      stall(Number.POSITIVE_INFINITY);
    } else if (point.action === "pause") process.kill(process.pid, "SIGSTOP");
    else if (point.action === "delay") stall(point.delayMs);
    else throw new Error(`failpoint ${name}`);
  }
}

function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function parse(text: string): Armed {
  const [name = "", nth = "", action = "", delay = String(DEFAULT_DELAY_MS), ...rest] = text
    .trim()
    .split(":");
  if (!Object.hasOwn(FAILPOINTS, name)) throw new Error(`there is no failpoint ${JSON.stringify(name)}`);
  if (
    !/^[1-9][0-9]{0,8}$/.test(nth) ||
    !ACTIONS.has(action) ||
    !/^[0-9]{1,6}$/.test(delay) ||
    rest.length > 0
  ) {
    throw new Error(
      `a failpoint is armed as name:nth:kill|pause|throw|delay[:ms], not as ${JSON.stringify(text)}`,
    );
  }
  return {
    name: name as Failpoint,
    nth: Number(nth),
    action: action as FailpointAction,
    delayMs: Number(delay),
    passages: new Int32Array(new SharedArrayBuffer(4)),
  };
}
