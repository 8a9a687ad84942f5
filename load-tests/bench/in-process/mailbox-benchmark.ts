/**
 * What a command costs between two threads: through the mailbox in batches, as the engine sends them, against
 * `postMessage` per command and `piscina.run` per command.
 *
 * The same work each time: the command crosses to the other thread, is read there, and its outcome comes back
 * to the caller. Each form has as many commands under way at a time as the others, so that none of them waits
 * for latency.
 */
import { join } from "node:path";
import { Piscina } from "piscina";
import { projectRoot } from "../../../config/project-root.ts";
import { startThread } from "../../../config/start-thread.ts";
import { AsyncMailbox, createMailbox } from "../../../engine/threads/mailbox.ts";
import type { BenchmarkCommand, BenchmarkThreadData } from "./mailbox-benchmark-thread.ts";

/** A command as a reservation lane sends it: number, position, kind and quantity, expiry. */
const COMMAND_WORDS = 4;
const BATCH_COMMANDS = 1024;
const ON_THE_WAY = 8 * BATCH_COMMANDS;

type MailboxFigures = {
  readonly bytesPerCommand: number;
  readonly ringPerSecond: number;
  readonly postMessagePerSecond: number;
  readonly piscinaRunPerSecond: number;
  /** Median over the rounds of the ratio within a round. */
  readonly ringVsPostMessage: number;
  readonly ringVsPiscina: number;
};

/**
 * @param options.seconds of each measurement, after half as long of warming up.
 * @param options.rounds in which each is measured once, in turn; the median counts.
 */
export async function measureMailbox(options: {
  readonly seconds: number;
  readonly rounds: number;
}): Promise<MailboxFigures> {
  const ring: number[] = [];
  const posted: number[] = [];
  const pooled: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    ring.push(await measureRing(options.seconds));
    posted.push(await measurePostMessage(options.seconds));
    pooled.push(await measurePiscina(options.seconds));
  }
  return {
    bytesPerCommand: COMMAND_WORDS * 4,
    ringPerSecond: Math.round(median(ring)),
    postMessagePerSecond: Math.round(median(posted)),
    piscinaRunPerSecond: Math.round(median(pooled)),
    ringVsPostMessage: median(ring.map((rate, round) => rate / (posted[round] as number))),
    ringVsPiscina: median(ring.map((rate, round) => rate / (pooled[round] as number))),
  };
}

async function measureRing(seconds: number): Promise<number> {
  const memory = createMailbox();
  const data: BenchmarkThreadData = { mailbox: memory };
  const worker = startThread(
    "load-tests/bench/in-process/mailbox-benchmark-thread",
    "mailbox-benchmark",
    data,
  );
  const meter = new Meter(seconds);
  let number = 0;
  await new Promise<void>((done) => {
    const send = () => {
      const commands = new Uint32Array(BATCH_COMMANDS * COMMAND_WORDS);
      for (let at = 0; at < commands.length; at += COMMAND_WORDS) {
        commands[at] = number;
        commands[at + 2] = 1;
        number = (number + 1) >>> 0;
      }
      mailbox.send(1, new Uint8Array(commands.buffer));
    };
    const mailbox = new AsyncMailbox(memory, ({ body }) => {
      let applied = 0;
      for (const code of body) if (code === 0) applied += 1;
      if (applied !== BATCH_COMMANDS)
        throw new Error(`${applied} of ${BATCH_COMMANDS} commands were applied`);
      if (!meter.done(applied)) send();
      else done();
    });
    for (let count = 0; count < ON_THE_WAY; count += BATCH_COMMANDS) send();
  });
  await worker.terminate();
  return meter.perSecond;
}

async function measurePostMessage(seconds: number): Promise<number> {
  const data: BenchmarkThreadData = { mailbox: null };
  const worker = startThread(
    "load-tests/bench/in-process/mailbox-benchmark-thread",
    "mailbox-benchmark",
    data,
  );
  const meter = new Meter(seconds);
  let number = 0;
  await new Promise<void>((done) => {
    const send = () => {
      number += 1;
      worker.postMessage({ number, position: 0, kind: 0, quantity: 1 } satisfies BenchmarkCommand);
    };
    worker.on("message", (code: number) => {
      if (code !== 0) throw new Error(`a command was answered ${code}`);
      if (!meter.done(1)) send();
      else done();
    });
    for (let count = 0; count < ON_THE_WAY; count += 1) send();
  });
  await worker.terminate();
  return meter.perSecond;
}

async function measurePiscina(seconds: number): Promise<number> {
  const pool = new Piscina<BenchmarkCommand, number>({
    filename: join(projectRoot, "dist", "load-tests", "bench", "in-process", "mailbox-benchmark-thread.js"),
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 64,
    name: "run",
  });
  const meter = new Meter(seconds);
  let ended = false;
  const caller = async () => {
    for (let number = 0; !ended; number += 1) {
      await pool.run({ number, position: 0, kind: 0, quantity: 1 });
      if (meter.done(1)) ended = true;
    }
  };
  await Promise.all(Array.from({ length: ON_THE_WAY }, caller));
  await pool.destroy();
  return meter.perSecond;
}

/** Warms up for half of the time, then counts for all of it, from the next answer on. */
class Meter {
  private readonly warmUntilMs: number;
  private readonly lastsMs: number;
  private countedFromMs = 0;
  private count = 0;
  perSecond = 0;

  constructor(seconds: number) {
    this.lastsMs = seconds * 1000;
    this.warmUntilMs = performance.now() + this.lastsMs / 2;
  }

  /** Whether the time is over. */
  done(commands: number): boolean {
    const nowMs = performance.now();
    if (nowMs < this.warmUntilMs) return false;
    if (this.countedFromMs === 0) this.countedFromMs = nowMs;
    else this.count += commands;
    const elapsedMs = nowMs - this.countedFromMs;
    if (elapsedMs < this.lastsMs) return false;
    if (this.perSecond === 0) this.perSecond = (this.count * 1000) / elapsedMs;
    return true;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
