/**
 * Supervision of shards: gives lost shards up and brings them back from what is committed. Runs on the main
 * thread, beside rounds and commits, and keeps neither waiting.
 *
 * Owns the way of a shard from `live` over `rebuilding` back to `live`, or to `fenced`. Leaves it to the loop
 * to notice that a shard is lost and to say when to look (`rebuildLost`), and the replay itself to the
 * shard's host.
 *
 * E1, E3 and E4 of `engine-core.ts` are kept here.
 */
import type { Logger } from "pino";
import { EngineError } from "../errors.ts";
import type { ShardDirectory, ShardEntry } from "../rounds/shard-directory.ts";
import type { StockPublisher } from "../stock-view/stock-changes.ts";
import type { EngineDisk } from "../storage/engine-disk.ts";
import type { ShardHost } from "../threads/shard-host.ts";
import type { Committer } from "./committer.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SnapshotKeeper } from "./snapshot-keeper.ts";

const REBUILD_AGAIN_MS = 250;

type SupervisorOptions = {
  readonly disk: EngineDisk;
  readonly host: ShardHost;
  readonly directory: ShardDirectory;
  readonly logger: Logger;
  readonly scheduler: Scheduler;
  readonly view: StockPublisher;
  readonly threads: number;
  readonly rounds: { isBusy(thread: number): boolean };
  readonly committer: Pick<Committer, "carries">;
  readonly snapshots: Pick<SnapshotKeeper, "report" | "recovered">;
  /** A shard's state was read; the time of its next expiry may have changed. */
  readonly onRecovered: () => void;
  /** There is something for the loop to look at. */
  readonly onChange: () => void;
};

export class ShardSupervisor {
  private readonly options: SupervisorOptions;
  private readonly directory: ShardDirectory;
  /** Shards to rebuild as soon as none of their rows is on its way to the disk. */
  private readonly lost = new Set<number>();
  private readonly recovering = new Set<number>();
  /** Rounds begun so far by each thread, and the one in which a shard was lost. */
  private readonly begun: number[];
  private readonly lostIn = new Map<number, number>();
  private stopped = false;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.directory = options.directory;
    this.begun = Array.from({ length: options.threads }, () => 0);
  }

  roundBegins(threads: readonly number[]): void {
    for (const thread of threads) this.begun[thread] = (this.begun[thread] ?? 0) + 1;
  }

  /** Nothing is tried again from now on. */
  stop(): void {
    this.stopped = true;
  }

  shardsFailed(failed: ReadonlyMap<number, string>): void {
    for (const [shard, reason] of failed) {
      this.options.logger.error({ shard, reason }, "a shard failed; it is rebuilt from what is committed");
      this.lose(shard);
    }
  }

  /** Loses every shard of these threads. */
  loseAllOf(threads: readonly number[]): void {
    for (const { shard, thread } of this.directory.entries) if (threads.includes(thread)) this.lose(shard);
  }

  /** The shard takes no work until it is rebuilt. */
  lose(shard: number): void {
    const entry = this.directory.entry(shard);
    if (entry.status === "fenced") return;
    entry.status = "rebuilding";
    this.lost.add(shard);
    if (this.options.rounds.isBusy(entry.thread)) this.lostIn.set(shard, this.begun[entry.thread] ?? 0);
    else this.lostIn.delete(shard);
  }

  /** The shard belongs to another process from now on. */
  takenOver(entry: ShardEntry): void {
    entry.status = "fenced";
    this.options.view.withdraw(entry.shard);
    this.lost.delete(entry.shard);
    this.options.logger.error({ shard: entry.shard }, "a shard was taken over by another process");
  }

  /** Begins to rebuild each lost shard that E4 allows to be rebuilt now. */
  rebuildLost(): void {
    const { committer, logger, onChange } = this.options;
    for (const shard of this.lost) {
      const entry = this.directory.entry(shard);
      if (this.recovering.has(shard) || committer.carries(shard) || this.isKnownToRound(entry)) continue;
      this.lost.delete(shard);
      this.rebuild(entry).then(
        () => {
          if (entry.status === "live") logger.info({ shard, sequence: entry.sequence }, "a shard is back");
          onChange();
        },
        (cause: unknown) => {
          logger.error({ shard, err: cause }, "a shard could not be rebuilt");
          // Reading a corrupt row again does not repair it; any other failure may pass.
          if (cause instanceof EngineError && cause.code === "journal_corrupt") return;
          if (!this.stopped) this.rebuildAgain(shard);
        },
      );
    }
  }

  /** Reads the shard's committed state into its thread. Rejects where what is stored cannot be trusted. */
  async recover(entry: ShardEntry): Promise<void> {
    const { disk, host, snapshots, view, onRecovered } = this.options;
    const { shard } = entry;
    const source = disk.recoverySource(shard);
    const read = { rows: 0, bytes: 0 };
    const figures = await host.recover(shard, {
      snapshots: () => source.snapshots(),
      rows: async function* (sequence) {
        for await (const rows of source.rows(sequence)) {
          read.rows += rows.length;
          for (const row of rows) read.bytes += row.entries.length;
          yield rows;
        }
      },
    });
    snapshots.report(figures.damaged);
    if (entry.status === "fenced") return;
    view.publish([{ shard, changes: figures.changes }]);
    entry.sequence = figures.sequence;
    entry.hash = figures.hash;
    entry.nextExpiryAtMs = figures.nextExpiryAtMs;
    entry.positionCount = figures.positionCount;
    entry.holdCount = figures.holdCount;
    // The shard was lost again meanwhile: another thread has it now than the one that was asked.
    if (!this.lost.has(shard)) entry.status = "live";
    snapshots.recovered(shard, read);
    onRecovered();
  }

  private async rebuild(entry: ShardEntry): Promise<void> {
    const { shard } = entry;
    this.recovering.add(shard);
    try {
      const epoch = (await this.options.disk.raiseEpochs([shard])).get(shard);
      if (epoch === undefined) this.takenOver(entry);
      else {
        // A fault may have raised it meanwhile, too; it never goes back.
        entry.epoch = Math.max(entry.epoch, epoch);
        await this.recover(entry);
      }
    } finally {
      this.recovering.delete(shard);
    }
  }

  private rebuildAgain(shard: number): void {
    this.options.scheduler.after(REBUILD_AGAIN_MS, () => {
      this.lose(shard);
      this.options.onChange();
    });
  }

  /**
   * Whether a round runs that began before the shard was lost: its thread may still be asked about the shard.
   */
  private isKnownToRound({ shard, thread }: ShardEntry): boolean {
    return this.options.rounds.isBusy(thread) && this.lostIn.get(shard) === this.begun[thread];
  }
}
