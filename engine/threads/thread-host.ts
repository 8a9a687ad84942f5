/**
 * The shard threads as the engine sees them: batches out, answers back, and a lost thread is replaced.
 *
 * A lost thread is ended, never waited for: no other thread may go on while it might still write to its
 * shards' memory. A thread writes nowhere else. The engine then rebuilds its shards in the thread that takes
 * its place.
 */
import type { ResourceLimits } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { threadOf } from "../shard/shard-of.ts";
import type { ShardAnswer, ShardRequest } from "../shard/shard-request.ts";
import { type RecoverySource, rebuild } from "../storage/recovery.ts";
import type { ThreadReply, ThreadRequest } from "./messages.ts";
import type { Recovered, ShardHost } from "./shard-host.ts";
import { ShardThreadHandle, type ShardThreadStart } from "./shard-thread-handle.ts";

/**
 * A thread that lived for less than this is replaced with a delay that doubles: its start may be what kills
 * it.
 */
const SHORT_LIFE_MS = 5_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

type Thread = {
  readonly index: number;
  handle: ShardThreadHandle;
  /** Settles once no shard is being rebuilt here any more. */
  recoveries: Promise<unknown>;
  /** Shards that are being rebuilt, or wait for it. */
  recovering: number;
  /** Its shards are rebuilt for the first time. */
  isNew: boolean;
  startedAtMs: number;
  shortLives: number;
};

type ThreadHostOptions = {
  readonly threads: number;
  /** Milliseconds without a sign of life after which a thread that was asked something is taken for hung. */
  readonly hangAfterMs: number;
  /** What one thread may take of memory before that thread, and nothing else, ends. */
  readonly resourceLimits: ResourceLimits;
  readonly start: ShardThreadStart;
  readonly onThreadLost: (thread: number, reason: string) => void;
};

export class ThreadHost implements ShardHost {
  private readonly options: ThreadHostOptions;
  private readonly threads: readonly Thread[];
  private readonly restarts = new Set<NodeJS.Timeout>();
  private stopping = false;

  constructor(options: ThreadHostOptions) {
    this.options = options;
    this.threads = Array.from({ length: options.threads }, (_, index) => ({
      index,
      handle: this.startThread(index),
      recoveries: Promise.resolve(),
      recovering: 0,
      isNew: true,
      startedAtMs: performance.now(),
      shortLives: 0,
    }));
  }

  threadOf(shard: number): number {
    return threadOf(shard, this.threads.length);
  }

  async run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    const byThread = groupBy(requests, (request) => this.threadOf(request.shard));
    const answers = await Promise.all(
      [...byThread].map(async ([index, group]) => {
        const reply = await this.ask(index, { kind: "run", requests: group });
        if (reply.kind === "ran") return reply.answers;
        const failure = reply.kind === "failed" ? reply.message : "the thread answered another question";
        return group.map((request): ShardAnswer => ({ shard: request.shard, failure }));
      }),
    );
    return answers.flat();
  }

  /**
   * One at a time in each thread: it can do only one, and the stored bytes of the others would wait in
   * memory.
   */
  recover(shard: number, source: RecoverySource): Promise<Recovered> {
    const index = this.threadOf(shard);
    const thread = this.threads[index] as Thread;
    thread.recovering += 1;
    const recovered = thread.recoveries
      .then(() => this.recoverIn(thread, shard, source))
      .finally(() => {
        thread.recovering -= 1;
      });
    thread.recoveries = recovered.catch(() => {});
    return recovered;
  }

  async drop(shard: number): Promise<void> {
    await this.ask(this.threadOf(shard), { kind: "drop", shard });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    for (const restart of this.restarts) clearTimeout(restart);
    await Promise.all(this.threads.map((thread) => thread.handle.end("the engine has stopped")));
  }

  private async recoverIn(thread: Thread, shard: number, source: RecoverySource): Promise<Recovered> {
    const { index } = thread;
    const damaged = await rebuild(source, {
      begin: async (start) => {
        const reply = await this.ask(index, { kind: "recover", shard, start });
        if (reply.kind === "damaged") return reply.damage;
        if (reply.kind !== "done") throw recoveryError(shard, reply);
        return null;
      },
      replay: async (rows) => {
        const reply = await this.ask(index, { kind: "replay", shard, rows });
        if (reply.kind !== "done") throw recoveryError(shard, reply);
      },
    });
    // Once, before a started thread has anything else to do: it takes as long as many batches.
    const tidy = thread.isNew && thread.recovering === 1;
    if (tidy) thread.isNew = false;
    const reply = await this.ask(thread.index, { kind: "open", shard, tidy });
    if (reply.kind !== "opened") throw recoveryError(shard, reply);
    const { kind: _, hash, ...figures } = reply;
    return { ...figures, hash: Buffer.from(hash), damaged };
  }

  private ask(index: number, request: ThreadRequest): Promise<ThreadReply> {
    const thread = this.threads[index];
    if (thread === undefined) throw new RangeError(`there is no thread ${index}`);
    return thread.handle.ask(request);
  }

  private startThread(index: number): ShardThreadHandle {
    const { start, resourceLimits, hangAfterMs } = this.options;
    return new ShardThreadHandle({
      index,
      start,
      resourceLimits,
      hangAfterMs,
      onEnd: (reason) => this.threadEnded(index, reason),
    });
  }

  private threadEnded(index: number, reason: string): void {
    const thread = this.threads[index];
    if (thread === undefined || this.stopping) return;
    const isShort = performance.now() - thread.startedAtMs < SHORT_LIFE_MS;
    thread.shortLives = isShort ? thread.shortLives + 1 : 0;
    if (thread.shortLives < 2) this.replace(thread);
    else {
      const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (thread.shortLives - 2));
      const restart = setTimeout(() => {
        this.restarts.delete(restart);
        this.replace(thread);
      }, delayMs);
      this.restarts.add(restart);
    }
    this.options.onThreadLost(index, reason);
  }

  private replace(thread: Thread): void {
    thread.startedAtMs = performance.now();
    thread.handle = this.startThread(thread.index);
    thread.isNew = true;
  }
}

function recoveryError(shard: number, reply: ThreadReply): EngineError {
  const failed = reply.kind === "failed" ? reply : { corrupt: false, message: "unexpected answer" };
  return new EngineError(
    failed.corrupt ? "journal_corrupt" : "shard_unavailable",
    failed.corrupt ? failed.message : `shard ${shard} could not be rebuilt: ${failed.message}`,
  );
}

function groupBy<T>(items: readonly T[], key: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
