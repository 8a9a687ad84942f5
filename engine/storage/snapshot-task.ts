/**
 * Runs on a thread of the snapshot pool: makes one shard's next snapshot, from the database and back into it.
 * Piscina calls the default export. Keeps nothing between two tasks.
 */
import { setPriority } from "node:os";
import { writeSnapshot } from "../../store/journal/snapshot.ts";
import { openDatabase } from "../../store/sql/database.ts";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import { compact } from "./compaction.ts";
import type { CompactionResult } from "./engine-disk.ts";
import { storedShard } from "./stored-shard.ts";

export type SnapshotTask = { readonly databaseUrl: string; readonly shard: number; readonly epoch: number };

/** A failure with a meaning travels as a value: an error loses its code on the way between threads. */
export type SnapshotTaskResult = CompactionResult | { readonly corrupt: string };

/** Nothing waits for a snapshot, so it gets the time that the machine has left over. */
const NICE = 15;

export default async function takeSnapshot(task: SnapshotTask): Promise<SnapshotTaskResult> {
  // Linux counts niceness by thread, and 0 names the calling thread; elsewhere it would slow the whole
  // process down.
  if (process.platform === "linux") setPriority(0, NICE);
  const database = openDatabase(task.databaseUrl, { maxConnections: 1, name: "holdfast-snapshot" });
  try {
    const { snapshot, damaged } = await compact(task.shard, task.epoch, storedShard(database, task.shard));
    if (snapshot === null) return { writtenBytes: 0, damaged };
    failpoint("snapshot-before-write");
    const written = await writeSnapshot(
      database,
      snapshot,
      damaged.map(({ sequence }) => sequence),
    );
    failpoint("snapshot-after-write");
    return { writtenBytes: written ? snapshot.state.length : 0, damaged };
  } catch (error) {
    if (error instanceof EngineError && error.code === "journal_corrupt") return { corrupt: error.message };
    throw error;
  } finally {
    await database.end();
  }
}
