/**
 * Supervision of shards: gives lost shards up and brings them back from what is committed. Runs on the main
 * thread, beside rounds and commits, and keeps neither waiting.
 *
 * Owns the way of a shard from `live` over `rebuilding` back to `live`, or to `fenced`; and where nodes share
 * the shards, from `live` over `leaving` to `elsewhere`, and from there over `rebuilding` back. Leaves it to
 * the loop to notice that a shard is lost and to say when to look (`rebuildLost`, `letGo`), and the replay
 * itself to the shard's host.
 *
 * E1, E3, E4 and E5 of `engine-core.ts` are kept here.
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
  /** Whether a shard that is taken by another process is `elsewhere`, and may come back, or `fenced`. */
  readonly isShared: boolean;
  readonly rounds: { isBusy(thread: number): boolean };
  readonly committer: Pick<Committer, "carries">;
  readonly snapshots: Pick<SnapshotKeeper, "report" | "recovered">;
  /** A shard's state was read; the time of its next expiry may have changed. */
  readonly onRecovered: () => void;
  /** There is something for the loop to look at. */
  readonly onChange: () => void;
  /** Other shards are live here than before. */
  readonly onMoved: () => void;
};

/** Who waits for a shard to come or to go. */
type Waiting = { readonly resolve: () => void; readonly reject: (cause: unknown) => void };

export class ShardSupervisor {
  private readonly options: SupervisorOptions;
  private readonly directory: ShardDirectory;
  /** Shards to rebuild as soon as none of their rows is on its way to the disk. */
  private readonly lost = new Set<number>();
  private readonly recovering = new Set<number>();
  /** Rounds begun so far by each thread, and the one in which a shard was lost. */
  private readonly begun: number[];
  private readonly lostIn = new Map<number, number>();
  /** Shards that are on their way here, and away from here. */
  private readonly coming = new Map<number, Waiting>();
  private readonly leaving = new Map<number, Waiting>();
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
    const cause = new EngineError("engine_stopped", "the engine has stopped");
    for (const { reject } of [...this.coming.values(), ...this.leaving.values()]) reject(cause);
  }

  /**
   * The lease of a shard that was `elsewhere` is this process's: the shard is to be live here. Resolves once
   * it is, or once it is known that it will not be; rejects where its journal cannot be trusted.
   */
  adopt(shard: number): Promise<void> {
    const entry = this.directory.entry(shard);
    if (entry.status !== "elsewhere") return Promise.resolve();
    entry.status = "rebuilding";
    // The rebuilding raises the epoch once more (E4): what an earlier ownership has left on its way is void.
    this.lost.add(shard);
    return new Promise((resolve, reject) => this.coming.set(shard, { resolve, reject }));
  }

  /**
   * The shard takes no new work from now on. Resolves once nothing of it is here any more: only then may its
   * lease be given up.
   */
  giveUp(shard: number): Promise<void> {
    const entry = this.directory.entry(shard);
    if (!this.directory.held.includes(shard) || this.leaving.has(shard)) return Promise.resolve();
    if (entry.status === "live") entry.status = "leaving";
    this.lost.delete(shard);
    this.noteRounds(entry);
    this.options.onMoved();
    return new Promise((resolve, reject) => this.leaving.set(shard, { resolve, reject }));
  }

  /** Lets each leaving shard go of which nothing is under way any more (E5). */
  letGo(): void {
    for (const [shard, { resolve }] of this.leaving) {
      const entry = this.directory.entry(shard);
      if (this.isUnderWay(entry)) continue;
      this.goneElsewhere(entry);
      this.options.logger.info({ shard, sequence: entry.sequence }, "a shard was given up");
      void this.options.host.drop(shard).then(resolve);
    }
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
    if (entry.status === "fenced" || entry.status === "elsewhere") return;
    const wasLive = entry.status === "live";
    entry.status = "rebuilding";
    // What was to leave is not brought back: what is committed of it is all that the next owner needs.
    if (!this.leaving.has(shard)) this.lost.add(shard);
    this.noteRounds(entry);
    if (wasLive) this.options.onMoved();
  }

  /** The shard belongs to another process from now on. */
  takenOver(entry: ShardEntry): void {
    if (entry.status === "fenced" || entry.status === "elsewhere") return;
    if (this.options.isShared) {
      const leaving = this.leaving.get(entry.shard);
      this.noteRounds(entry);
      this.goneElsewhere(entry);
      void this.options.host.drop(entry.shard).then(leaving?.resolve);
      this.options.logger.warn({ shard: entry.shard }, "a shard was taken over by another node");
      return;
    }
    entry.status = "fenced";
    this.options.view.withdraw(entry.shard);
    this.lost.delete(entry.shard);
    this.options.logger.error({ shard: entry.shard }, "a shard was taken over by another process");
  }

  /** Begins to rebuild each lost shard that E4 allows to be rebuilt now. */
  rebuildLost(): void {
    const { logger, onChange } = this.options;
    for (const shard of this.lost) {
      const entry = this.directory.entry(shard);
      if (this.isUnderWay(entry)) continue;
      this.lost.delete(shard);
      this.rebuild(entry).then(
        () => {
          if (entry.status === "live") {
            logger.info({ shard, sequence: entry.sequence }, "a shard is back");
            this.settleComing(shard);
          }
          onChange();
        },
        (cause: unknown) => {
          logger.error({ shard, err: cause }, "a shard could not be rebuilt");
          // Reading a corrupt row again does not repair it; any other failure may pass.
          if (cause instanceof EngineError && cause.code === "journal_corrupt") {
            this.coming.get(shard)?.reject(cause);
            this.coming.delete(shard);
            onChange();
            return;
          }
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
    // Lost again meanwhile: another thread has the shard now than the one that was asked, or another node had
    // it while a thread hung, and what was read is old. A shard that leaves is not brought back either.
    if (entry.status !== "rebuilding" || this.lost.has(shard) || this.leaving.has(shard)) return;
    view.publish([{ shard, changes: figures.changes }]);
    entry.sequence = figures.sequence;
    entry.hash = figures.hash;
    entry.nextExpiryAtMs = figures.nextExpiryAtMs;
    entry.positionCount = figures.positionCount;
    entry.holdCount = figures.holdCount;
    entry.status = "live";
    this.options.onMoved();
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

  /** Nobody is told anything of the shard from here, and what rounds still do for it comes to nothing. */
  private goneElsewhere(entry: ShardEntry): void {
    const { shard } = entry;
    entry.status = "elsewhere";
    this.leaving.delete(shard);
    this.lost.delete(shard);
    this.settleComing(shard);
    this.options.view.withdraw(shard);
    this.options.onMoved();
  }

  private settleComing(shard: number): void {
    this.coming.get(shard)?.resolve();
    this.coming.delete(shard);
  }

  private noteRounds({ shard, thread }: ShardEntry): void {
    if (this.options.rounds.isBusy(thread)) this.lostIn.set(shard, this.begun[thread] ?? 0);
    else this.lostIn.delete(shard);
  }

  private rebuildAgain(shard: number): void {
    this.options.scheduler.after(REBUILD_AGAIN_MS, () => {
      this.lose(shard);
      this.options.onChange();
    });
  }

  /** Whether anything of the shard is still on its way: to its thread, from it, or to the disk. */
  private isUnderWay(entry: ShardEntry): boolean {
    const { shard } = entry;
    const { committer } = this.options;
    return this.recovering.has(shard) || committer.carries(shard) || this.isKnownToRound(entry);
  }

  /**
   * Whether a round runs that began before the shard was lost: its thread may still be asked about the shard.
   */
  private isKnownToRound({ shard, thread }: ShardEntry): boolean {
    return this.options.rounds.isBusy(thread) && this.lostIn.get(shard) === this.begun[thread];
  }
}
