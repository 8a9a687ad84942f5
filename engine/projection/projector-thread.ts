/**
 * Entry of the projector's thread: movements are written beside the engine, never in its way.
 *
 * Hears `{shard, sequence}[]` announcements, `{caughtUp: id}` questions and `{stop: true}`. Answers a
 * question with its id once everything announced before it is projected, and a stop by ending.
 */
import { getPriority, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { openDatabase } from "../../store/sql/database.ts";
import { JournalProjector } from "./journal-projector.ts";

export type ProjectorMessage =
  | { readonly kind: "committed"; readonly heads: readonly (readonly [shard: number, sequence: number])[] }
  | { readonly kind: "caught-up"; readonly id: number }
  | { readonly kind: "stop" };

export type ProjectorReply =
  | { readonly kind: "caught-up"; readonly id: number }
  | { readonly kind: "warning"; readonly message: string; readonly cause: string };

/** When time is short, promises and their commits get three times the share of the movements. */
const NICER_BY = 5;

// Linux counts niceness by thread, and 0 names the calling thread; elsewhere it would slow the whole process
// down.
if (process.platform === "linux") setPriority(0, Math.min(19, getPriority(0) + NICER_BY));

const { databaseUrl } = workerData as { readonly databaseUrl: string };
const database = openDatabase(databaseUrl, { maxConnections: 1, name: "holdfast-projector" });
const projector = new JournalProjector(database, (facts, message) =>
  post({ kind: "warning", message: `${message} (shard ${facts.shard})`, cause: String(facts.cause) }),
);

parentPort?.on("message", (message: ProjectorMessage) => {
  switch (message.kind) {
    case "committed":
      for (const [shard, sequence] of message.heads) projector.announce(shard, sequence);
      return;
    case "caught-up":
      void projector.caughtUp().then(() => post({ kind: "caught-up", id: message.id }));
      return;
    case "stop":
      void projector
        .stop()
        .then(() => database.end())
        .then(() => parentPort?.close());
      return;
    default: {
      const unreachable: never = message;
      return unreachable;
    }
  }
});

function post(reply: ProjectorReply): void {
  parentPort?.postMessage(reply);
}
