/**
 * The shard threads as the engine sees them: batches out, answers back, and a thread that dies or hangs replaced.
 *
 * A thread that does not answer in time is ended, never waited for: nobody else may go on while it still might write
 * to its shards' memory, and a thread writes nowhere else. Every question outstanding with it is answered as failed;
 * the engine then rebuilds its shards in the thread that takes its place.
 */
import type { Worker } from "node:worker_threads";
import { EngineError } from "./errors.ts";
import {
  decodeReply,
  type Envelope,
  encodeMessage,
  type ShardAnswer,
  type ThreadReply,
  type ThreadRequest,
} from "./messages.ts";
import { threadOf } from "./placement.ts";
import { type RecoverySource, rebuild } from "./recovery.ts";
import type { ShardRequest } from "./shard.ts";
import type { Recovered, ShardHost } from "./shard-host.ts";

/** A batch takes milliseconds; a recovery page may carry megabytes of journal. */
const RECOVERY_DEADLINE_MS = 60_000;

type Waiting = {
  readonly settle: (reply: ThreadReply) => void;
  readonly deadline: NodeJS.Timeout;
};

type Thread = {
  readonly index: number;
  worker: Worker;
  readonly waiting: Map<number, Waiting>;
};

export class ThreadHost implements ShardHost {
  private readonly threads: Thread[] = [];
  private readonly start: (index: number) => Worker;
  private readonly hangAfterMs: number;
  private nextId = 1;
  private stopping = false;
  private readonly onThreadLost: (thread: number, reason: string) => void;

  constructor(options: {
    readonly threads: number;
    readonly hangAfterMs: number;
    readonly start: (index: number) => Worker;
    readonly onThreadLost: (thread: number, reason: string) => void;
  }) {
    this.start = options.start;
    this.hangAfterMs = options.hangAfterMs;
    this.onThreadLost = options.onThreadLost;
    for (let index = 0; index < options.threads; index += 1) {
      const worker = options.start(index);
      const thread: Thread = { index, worker, waiting: new Map() };
      this.threads.push(thread);
      this.listen(thread, worker);
    }
  }

  threadOf(shard: number): number {
    return threadOf(shard, this.threads.length);
  }

  async run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    const byThread = groupBy(requests, (request) => this.threadOf(request.shard));
    const answers = await Promise.all(
      [...byThread].map(async ([index, group]) => {
        const reply = await this.ask(index, { kind: "run", requests: group }, this.hangAfterMs);
        if (reply.kind === "ran") return reply.answers;
        const failure = reply.kind === "failed" ? reply.message : "the thread answered another question";
        return group.map((request): ShardAnswer => ({ shard: request.shard, failure }));
      }),
    );
    return answers.flat();
  }

  async recover(shard: number, source: RecoverySource): Promise<Recovered> {
    const index = this.threadOf(shard);
    const damaged = await rebuild(source, {
      begin: async (start) => {
        const reply = await this.ask(index, { kind: "recover", shard, start }, RECOVERY_DEADLINE_MS);
        if (reply.kind === "damaged") return reply.damage;
        if (reply.kind !== "done") throw recoveryError(shard, reply);
        return null;
      },
      replay: async (rows) => {
        const reply = await this.ask(index, { kind: "replay", shard, rows }, RECOVERY_DEADLINE_MS);
        if (reply.kind !== "done") throw recoveryError(shard, reply);
      },
    });
    const reply = await this.ask(index, { kind: "open", shard }, RECOVERY_DEADLINE_MS);
    if (reply.kind !== "opened") throw recoveryError(shard, reply);
    const { kind: _, hash, ...figures } = reply;
    return { ...figures, hash: Buffer.from(hash), damaged };
  }

  async stop(): Promise<void> {
    this.stopping = true;
    for (const thread of this.threads) failWaiting(thread, "the engine has stopped");
    await Promise.all(this.threads.map((thread) => thread.worker.terminate()));
  }

  private ask(index: number, request: ThreadRequest, deadlineMs: number): Promise<ThreadReply> {
    const thread = this.threads[index];
    if (thread === undefined) throw new Error(`there is no thread ${index}`);
    if (this.stopping) {
      return Promise.resolve({ kind: "failed", corrupt: false, message: "the engine has stopped" });
    }
    const id = this.nextId;
    this.nextId += 1;
    return new Promise((settle) => {
      const deadline = setTimeout(() => {
        // This process may have been the one that slept: an answer that is already here is read first.
        setImmediate(() => {
          if (thread.waiting.has(id)) this.replace(thread, `no answer within ${deadlineMs} ms`);
        });
      }, deadlineMs);
      thread.waiting.set(id, { settle, deadline });
      const body = encodeMessage(request);
      thread.worker.postMessage({ id, body } satisfies Envelope, [body.buffer]);
    });
  }

  private listen(thread: Thread, worker: Worker): void {
    worker.on("message", (envelope: Envelope) => {
      const waiting = thread.waiting.get(envelope.id);
      if (waiting === undefined) return;
      thread.waiting.delete(envelope.id);
      clearTimeout(waiting.deadline);
      waiting.settle(decodeReply(envelope.body));
    });
    worker.on("error", (error) => {
      if (thread.worker === worker) this.replace(thread, error.message);
    });
    worker.on("exit", (code) => {
      if (thread.worker === worker) this.replace(thread, `the thread ended with status ${code}`);
    });
  }

  private replace(thread: Thread, reason: string): void {
    if (this.stopping) return;
    const lost = thread.worker;
    thread.worker = this.start(thread.index);
    this.listen(thread, thread.worker);
    void lost.terminate();
    failWaiting(thread, reason);
    this.onThreadLost(thread.index, reason);
  }
}

function failWaiting(thread: Thread, message: string): void {
  const waiting = [...thread.waiting.values()];
  thread.waiting.clear();
  for (const { settle, deadline } of waiting) {
    clearTimeout(deadline);
    settle({ kind: "failed", corrupt: false, message });
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
