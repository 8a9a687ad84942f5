/**
 * Shard threads of one owner, run by the simulation. Messages take their time and are encoded and decoded as
 * between real threads. Threads throw, die, hang, and answer after they were given up.
 */

import type { Random } from "../../../config/seeded-random.ts";
import { EngineError } from "../../errors.ts";
import type { Shard } from "../../shard/shard.ts";
import { threadOf } from "../../shard/shard-of.ts";
import type { ShardAnswer, ShardRequest } from "../../shard/shard-request.ts";
import {
  type JournalHead,
  Recovery,
  type RecoverySource,
  rebuild,
  SnapshotDamage,
} from "../../storage/recovery.ts";
import {
  decodeReply,
  decodeRequest,
  encodeMessage,
  type ThreadReply,
  type ThreadRequest,
} from "../../threads/messages.ts";
import type { Recovered, ShardHost } from "../../threads/shard-host.ts";
import type { FaultCount } from "./fault-count.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Story } from "./story.ts";
import type { Weather } from "./weather.ts";

const MAX_HOP_MS = 0.1;
const HANG_AFTER_MS = 1_000;

type HostOptions = {
  readonly threads: number;
  readonly random: Random;
  readonly weather: () => Weather;
  readonly faults: FaultCount;
  readonly story: Story | null;
  readonly onThreadLost: (thread: number, reason: string) => void;
  /** Reads the rows of a shard from here on. */
  readonly onRecovering: (shard: number) => void;
  readonly onRecovered: (shard: Shard, head: JournalHead) => void;
};

/** What one thread has in its memory. A thread that is replaced leaves all of it behind. */
type Memory = {
  readonly shards: Map<number, Shard>;
  readonly recoveries: Map<number, Recovery>;
  /** Answers that are waited for; a late answer of a replaced thread is dropped. */
  readonly waiting: Set<(reply: ThreadReply) => void>;
};

export class SimulatedHost implements ShardHost {
  private readonly process: SimulatedProcess;
  private readonly options: HostOptions;
  private readonly threads: Memory[];

  constructor(process: SimulatedProcess, options: HostOptions) {
    this.process = process;
    this.options = options;
    this.threads = Array.from({ length: options.threads }, newMemory);
  }

  threadOf(shard: number): number {
    return threadOf(shard, this.options.threads);
  }

  async run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    const groups = new Map<number, ShardRequest[]>();
    for (const request of requests) {
      const thread = this.threadOf(request.shard);
      const group = groups.get(thread);
      if (group === undefined) groups.set(thread, [request]);
      else group.push(request);
    }
    const answers = await Promise.all(
      [...groups].map(async ([thread, group]) => {
        const reply = await this.ask(thread, { kind: "run", requests: group });
        if (reply.kind === "ran") return reply.answers;
        const failure = reply.kind === "failed" ? reply.message : "the thread answered another question";
        return group.map((request): ShardAnswer => ({ shard: request.shard, failure }));
      }),
    );
    return answers.flat();
  }

  async recover(shard: number, source: RecoverySource): Promise<Recovered> {
    const thread = this.threadOf(shard);
    this.options.onRecovering(shard);
    const damaged = await rebuild(source, {
      begin: async (start) => {
        const reply = await this.ask(thread, { kind: "recover", shard, start });
        if (reply.kind === "damaged") return reply.damage;
        if (reply.kind !== "done") throw recoveryError(reply);
        return null;
      },
      replay: async (rows) => {
        const reply = await this.ask(thread, { kind: "replay", shard, rows });
        if (reply.kind !== "done") throw recoveryError(reply);
      },
    });
    const reply = await this.ask(thread, { kind: "open", shard });
    if (reply.kind !== "opened") throw recoveryError(reply);
    const { kind: _, hash, ...figures } = reply;
    return { ...figures, hash: Buffer.from(hash), damaged };
  }

  async drop(shard: number): Promise<void> {
    await this.ask(this.threadOf(shard), { kind: "drop", shard });
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  private ask(thread: number, request: ThreadRequest): Promise<ThreadReply> {
    const { random, faults, story } = this.options;
    const weather = this.options.weather();
    const memory = this.memoryOf(thread);
    const carry = carrier(weather.encodes);
    const arriving = carry.request(request);
    const hangs = random.chance(weather.threadHangs);
    return new Promise((resolve) => {
      const settle = (reply: ThreadReply) => {
        if (memory.waiting.delete(settle)) resolve(reply);
      };
      memory.waiting.add(settle);
      if (random.chance(weather.threadDies)) {
        this.process.after(random.next() * MAX_HOP_MS, () => {
          faults.threadsDied += 1;
          this.replace(thread, memory, "the thread died");
        });
        return;
      }
      if (hangs) {
        faults.threadsHung += 1;
        story?.tell(`${this.process.name}'s thread ${thread} hangs`);
        this.process.after(HANG_AFTER_MS, () => {
          if (memory.waiting.has(settle)) this.replace(thread, memory, "the thread does not answer");
        });
      }
      const takesMs = random.next() * MAX_HOP_MS + (hangs ? random.next() * 3 * HANG_AFTER_MS : 0);
      this.process.after(takesMs, () => {
        const answering = carry.reply(this.handle(memory, arriving()));
        this.process.after(random.next() * MAX_HOP_MS, () => settle(answering()));
      });
    });
  }

  private handle(memory: Memory, request: ThreadRequest): ThreadReply {
    if (request.kind === "run") {
      return { kind: "ran", answers: request.requests.map((part) => this.runShard(memory, part)) };
    }
    try {
      return this.recoverShard(memory, request);
    } catch (error) {
      memory.recoveries.delete(request.shard);
      if (error instanceof SnapshotDamage) return { kind: "damaged", damage: error.message };
      return {
        kind: "failed",
        corrupt: error instanceof EngineError && error.code === "journal_corrupt",
        message: error instanceof Error ? error.message : String(error),
      };
    }
  }

  private runShard(memory: Memory, request: ShardRequest): ShardAnswer {
    const { random, faults, story } = this.options;
    const shard = memory.shards.get(request.shard);
    if (shard === undefined) return { shard: request.shard, failure: "the shard is not open in this thread" };
    const throws = random.chance(this.options.weather().shardThrows);
    try {
      if (throws && random.chance(0.5)) throw new Error("a simulated fault before the batch");
      const reply = shard.run(request);
      if (throws) throw new Error("a simulated fault after the batch");
      return { shard: request.shard, reply };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (throws) faults.shardsThrown += 1;
      story?.tell(`${this.process.name}'s shard ${request.shard} throws: ${failure}`);
      memory.shards.delete(request.shard);
      return { shard: request.shard, failure };
    }
  }

  private recoverShard(memory: Memory, request: Exclude<ThreadRequest, { kind: "run" }>): ThreadReply {
    const { shard } = request;
    if (request.kind === "drop") {
      memory.shards.delete(shard);
      memory.recoveries.delete(shard);
      return { kind: "done" };
    }
    if (request.kind === "recover") {
      memory.shards.delete(shard);
      memory.recoveries.set(shard, new Recovery(shard, request.start));
      return { kind: "done" };
    }
    const recovery = memory.recoveries.get(shard);
    if (recovery === undefined) throw new Error(`shard ${shard} is not being recovered`);
    if (request.kind === "replay") {
      for (const row of request.rows) recovery.accept(row);
      return { kind: "done" };
    }
    memory.recoveries.delete(shard);
    const { shard: recovered, head } = recovery.result();
    memory.shards.set(shard, recovered);
    // The shards that a replaced thread opens are of no use.
    if (this.threads.includes(memory)) this.options.onRecovered(recovered, head);
    return { kind: "opened", ...head, ...recovered.figures(), changes: recovered.allChanges() };
  }

  private replace(thread: number, memory: Memory, reason: string): void {
    if (this.threads[thread] !== memory) return;
    this.options.story?.tell(`${this.process.name} replaces thread ${thread}: ${reason}`);
    this.threads[thread] = newMemory();
    for (const settle of [...memory.waiting]) settle({ kind: "failed", corrupt: false, message: reason });
    this.options.onThreadLost(thread, reason);
  }

  private memoryOf(thread: number): Memory {
    const memory = this.threads[thread];
    if (memory === undefined) throw new RangeError(`there is no thread ${thread}`);
    return memory;
  }
}

/** Takes a message in at one end now and gives it out at the other later. */
function carrier(encodes: boolean): {
  request(message: ThreadRequest): () => ThreadRequest;
  reply(message: ThreadReply): () => ThreadReply;
} {
  if (!encodes) return { request: (message) => () => message, reply: (message) => () => message };
  return {
    request: (message) => {
      const body = new Uint8Array(encodeMessage(message));
      return () => decodeRequest(body);
    },
    reply: (message) => {
      const body = new Uint8Array(encodeMessage(message));
      return () => decodeReply(body);
    },
  };
}

function newMemory(): Memory {
  return { shards: new Map(), recoveries: new Map(), waiting: new Set() };
}

function recoveryError(reply: ThreadReply): EngineError {
  const failed = reply.kind === "failed" ? reply : { corrupt: false, message: "unexpected answer" };
  return new EngineError(failed.corrupt ? "journal_corrupt" : "shard_unavailable", failed.message);
}
