/**
 * One life of one shard thread, from its start to its end: questions out, answers back.
 *
 * A thread that throws, runs out of memory, ends or hangs is ended for good. Its mailbox is closed, so that
 * nothing it may still write is read, and every question that it has not answered is answered as failed. The
 * host decides what takes its place: another thread with another mailbox.
 */
import type { ResourceLimits, Worker } from "node:worker_threads";
import { createHeartbeat, HeartbeatWatch } from "./heartbeat.ts";
import { AsyncMailbox, createMailbox, type MailboxMemory } from "./mailbox.ts";
import { decodeReply, encodeMessage, type ThreadReply, type ThreadRequest } from "./messages.ts";

/** Between two looks at the heartbeat. */
const WATCH_PERIOD_MS = 100;

/** Enough for a thread that starts on a busy machine, or that reads a snapshot of many megabytes. */
const LONG_SILENCE_MS = 60_000;

/** What a shard thread is started with. */
export type ShardThreadData = { readonly mailbox: MailboxMemory; readonly heartbeat: SharedArrayBuffer };

export type ShardThreadStart = (
  index: number,
  options: { readonly workerData: ShardThreadData; readonly resourceLimits: ResourceLimits },
) => Worker;

export class ShardThreadHandle {
  private readonly worker: Worker;
  private readonly mailbox: AsyncMailbox;
  private readonly waiting = new Map<number, (reply: ThreadReply) => void>();
  private readonly stopWatching: () => void;
  private readonly onEnd: (reason: string) => void;
  private nextId = 1;
  private endedFor: string | null = null;

  /** @param onEnd called once, with the reason, unless the thread is stopped by `end`. */
  constructor(options: {
    readonly index: number;
    readonly start: ShardThreadStart;
    readonly resourceLimits: ResourceLimits;
    readonly hangAfterMs: number;
    readonly onEnd: (reason: string) => void;
  }) {
    this.onEnd = options.onEnd;
    const workerData = { mailbox: createMailbox(), heartbeat: createHeartbeat() };
    this.worker = options.start(options.index, { workerData, resourceLimits: options.resourceLimits });
    this.mailbox = new AsyncMailbox(workerData.mailbox, ({ id, body }) => {
      const settle = this.waiting.get(id);
      this.waiting.delete(id);
      settle?.(decodeReply(body));
    });
    this.worker.on("error", (error) => this.lost(error.message));
    this.worker.on("exit", (code) => this.lost(`the thread ended with status ${code}`));
    this.stopWatching = this.watch(workerData.heartbeat, options.hangAfterMs);
  }

  /** Never rejects: what a thread cannot answer any more is answered as failed. */
  ask(request: ThreadRequest): Promise<ThreadReply> {
    if (this.endedFor !== null) return Promise.resolve(failed(this.endedFor));
    const id = this.nextId;
    this.nextId = (id + 1) >>> 0;
    return new Promise((settle) => {
      this.waiting.set(id, settle);
      this.mailbox.send(id, encodeMessage(request));
    });
  }

  /** Stops the thread, whatever it is doing. Resolves once it is gone. */
  async end(reason: string): Promise<void> {
    if (this.endedFor === null) {
      this.endedFor = reason;
      this.stopWatching();
      this.mailbox.close();
      const waiting = [...this.waiting.values()];
      this.waiting.clear();
      for (const settle of waiting) settle(failed(reason));
    }
    await this.worker.terminate();
  }

  private lost(reason: string): void {
    if (this.endedFor !== null) return;
    void this.end(reason);
    this.onEnd(reason);
  }

  private watch(heartbeat: SharedArrayBuffer, hangAfterMs: number): () => void {
    const watch = new HeartbeatWatch(heartbeat, WATCH_PERIOD_MS, {
      working: hangAfterMs,
      longer: Math.max(hangAfterMs, LONG_SILENCE_MS),
    });
    let lastAtMs = performance.now();
    const timer = setInterval(() => {
      // An answer that is already here is read before the thread is judged.
      this.mailbox.drain();
      const nowMs = performance.now();
      const hangs = watch.observe(nowMs - lastAtMs, this.waiting.size > 0);
      lastAtMs = nowMs;
      if (hangs) this.lost(`no sign of life for ${hangAfterMs} ms`);
    }, WATCH_PERIOD_MS);
    return () => clearInterval(timer);
  }
}

function failed(message: string): ThreadReply {
  return { kind: "failed", corrupt: false, message };
}
