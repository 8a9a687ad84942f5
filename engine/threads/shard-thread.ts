/**
 * Entry of a shard thread: hosts several shards, runs the batches that arrive and
 * answers each with one message.
 *
 * The thread has no event loop to speak of: it sleeps on its mailbox, and everything that it does is
 * synchronous.
 *
 * A shard that throws is dropped here at once, with everything that it had not yet committed; the others go
 * on. The engine rebuilds it from what is committed (`recover`, `replay`, `open`).
 */
import { workerData } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import type { Shard } from "../shard/shard.ts";
import type { ShardAnswer, ShardRequest } from "../shard/shard-request.ts";
import { Recovery, SnapshotDamage } from "../storage/recovery.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { ACTIVITY, Heartbeat } from "./heartbeat.ts";
import { BlockingMailbox } from "./mailbox.ts";
import { decodeRequest, encodeMessage, type ThreadReply, type ThreadRequest } from "./messages.ts";
import type { ShardThreadData } from "./shard-thread-handle.ts";

const memory = workerData as ShardThreadData;
const mailbox = new BlockingMailbox(memory.mailbox);
const heartbeat = new Heartbeat(memory.heartbeat);
const shards = new Map<number, Shard>();
const recoveries = new Map<number, Recovery>();

function handle(request: ThreadRequest): ThreadReply {
  if (request.kind === "run") return { kind: "ran", answers: request.requests.map(runShard) };
  try {
    return recover(request);
  } catch (error) {
    recoveries.delete(request.shard);
    if (error instanceof SnapshotDamage) return { kind: "damaged", damage: error.message };
    return {
      kind: "failed",
      corrupt: error instanceof EngineError && error.code === "journal_corrupt",
      message: error instanceof Error ? error.message : String(error),
    };
  }
}

function runShard(request: ShardRequest): ShardAnswer {
  heartbeat.beat(ACTIVITY.running);
  const shard = shards.get(request.shard);
  if (shard === undefined) return { shard: request.shard, failure: "the shard is not open in this thread" };
  try {
    failpoint("shard-before-apply");
    const reply = shard.run(request);
    failpoint("shard-after-apply");
    return { shard: request.shard, reply };
  } catch (error) {
    shards.delete(request.shard);
    return { shard: request.shard, failure: error instanceof Error ? error.message : String(error) };
  }
}

function recover(request: Exclude<ThreadRequest, { kind: "run" }>): ThreadReply {
  heartbeat.beat(ACTIVITY.recovering);
  if (request.kind === "drop") {
    shards.delete(request.shard);
    recoveries.delete(request.shard);
    return { kind: "done" };
  }
  if (request.kind === "recover") {
    shards.delete(request.shard);
    recoveries.set(request.shard, new Recovery(request.shard, request.start));
    failpoint("recovery-after-snapshot");
    return { kind: "done" };
  }
  const recovery = recoveries.get(request.shard);
  if (recovery === undefined) throw new Error(`shard ${request.shard} is not being recovered`);
  if (request.kind === "replay") {
    for (const row of request.rows) {
      recovery.accept(row);
      failpoint("recovery-mid-replay");
    }
    return { kind: "done" };
  }
  recoveries.delete(request.shard);
  const { shard, head } = recovery.result();
  failpoint("recovery-before-open");
  shards.set(request.shard, shard);
  if (request.tidy === true) collectGarbage();
  return { kind: "opened", ...head, ...shard.figures(), changes: shard.allChanges() };
}

for (;;) {
  heartbeat.beat(ACTIVITY.waiting);
  const { id, body } = mailbox.receive();
  const reply = encodeMessage(handle(decodeRequest(body)));
  heartbeat.beat(ACTIVITY.replying);
  mailbox.send(id, reply);
}
