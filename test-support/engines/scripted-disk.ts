/** A disk in virtual time that does what the test says. */
import type { Scheduler } from "../../engine/loop/scheduler.ts";
import type { CommitResult } from "../../engine/storage/engine-disk.ts";
import type { RecoverySource } from "../../engine/storage/recovery.ts";
import { VolatileDisk } from "../../engine/storage/volatile-disk.ts";
import type { JournalRow } from "../../store/journal/journal.ts";

type Fate =
  | "committed"
  /** The connection breaks before or after the rows are written: the engine cannot tell which. */
  | "lost before"
  | "lost after";

/** Keeps what is committed, takes its time, and writes down what it is asked. */
export class ScriptedDisk extends VolatileDisk {
  private readonly scheduler: Scheduler;
  private readonly stored: JournalRow[] = [];
  private readonly epochs = new Map<number, number>();
  readonly asked: string[] = [];
  /** Of the commits to come, in order; `committed` once there is none left. */
  fates: Fate[] = [];
  taken = new Set<number>();
  commitTakesMs = 5;

  constructor(scheduler: Scheduler) {
    super();
    this.scheduler = scheduler;
  }

  override async commit(rows: readonly JournalRow[]): Promise<CommitResult> {
    const fate = this.fates.shift() ?? "committed";
    this.asked.push("commit");
    await this.pass(this.commitTakesMs);
    if (rows.some((row) => this.taken.has(row.shard))) return { status: "fenced" };
    if (fate !== "lost before") this.stored.push(...rows);
    if (fate !== "committed") throw new Error("the connection broke");
    return { status: "committed" };
  }

  override async renew(held: readonly number[]): Promise<ReadonlyMap<number, number>> {
    this.asked.push("renew");
    return this.raise(held);
  }

  override async raiseEpochs(shards: readonly number[]): Promise<ReadonlyMap<number, number>> {
    this.asked.push(`raise ${shards.join()}`);
    return this.raise(shards);
  }

  override async landed(rows: readonly JournalRow[] = []): Promise<ReadonlySet<JournalRow>> {
    this.asked.push("landed");
    return new Set(rows.filter((row) => this.stored.includes(row)));
  }

  override recoverySource(shard: number): RecoverySource {
    this.asked.push(`recover ${shard}`);
    const rows = this.stored.filter((row) => row.shard === shard);
    return {
      snapshots: async function* () {},
      rows: async function* (sequence) {
        const after = rows.filter((row) => row.sequence > sequence);
        if (after.length > 0) yield after;
      },
    };
  }

  private async raise(shards: readonly number[]): Promise<ReadonlyMap<number, number>> {
    await this.pass(1);
    const ours = shards.filter((shard) => !this.taken.has(shard));
    for (const shard of ours) this.epochs.set(shard, (this.epochs.get(shard) ?? 1) + 1);
    return new Map(ours.map((shard) => [shard, this.epochs.get(shard) ?? 0]));
  }

  private pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.scheduler.after(ms, resolve));
  }
}
