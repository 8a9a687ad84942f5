/**
 * The engine without its surroundings: intake, rounds, committer and the supervision of shards, over an abstract disk,
 * host and scheduler, so that a simulation runs this very code.
 *
 * Owns the loop: one round at a time, commits beside it, and between rounds whatever has gone wrong. Leaves what a
 * round does to `round-runner.ts` and what a commit does to `committer.ts`.
 *
 * E1 A shard whose state holds anything that will not commit takes no work until it is rebuilt from what is committed.
 * E2 After a commit of unknown outcome, epochs are raised before the journal is read back: the answer is final then.
 * E3 A shard that another process has taken over is never taken back.
 */
import type { Logger } from "pino";
import { type SourcingRuleList, STANDARD_SOURCING_RULES } from "../config/sourcing-rule.ts";
import type { JournalRow } from "../store/journal.ts";
import type { Kit, SourcingLocation } from "./allocator-client.ts";
import { type CommitFault, Committer, failCommit } from "./committer.ts";
import type { EngineDisk } from "./engine-disk.ts";
import { EngineError } from "./errors.ts";
import { failpoint } from "./failpoints.ts";
import { Intake, type Work } from "./intake.ts";
import { kitBookOf } from "./kits.ts";
import type { SourcingSetup } from "./order-reservation.ts";
import { type Attachment, failRound } from "./round.ts";
import { RoundRunner } from "./round-runner.ts";
import { pause, type Scheduler } from "./scheduler.ts";
import type { ShardDirectory, ShardEntry } from "./shard-directory.ts";
import type { ShardHost } from "./shard-host.ts";
import { SnapshotKeeper } from "./snapshot-keeper.ts";
import type { StockPublisher } from "./stock-view.ts";

/** A round must stay short: its callers wait for each other, and a thread that is silent for long counts as hung. */
const MAX_ROUND = 4096;

/** Work that may be applied but not committed; beyond it rounds wait for the disk, and callers for rounds. */
const MAX_UNCOMMITTED = 32_768;

/** Callers of a commit whose outcome cannot be found out for this long are told so. */
const UNKNOWN_AFTER_MS = 5_000;

const RETRY_MS = 250;

/** Timers beyond this overflow; the loop looks again when it fires. */
const MAX_TIMER_MS = 3_600_000;

export type EngineCoreOptions = {
  readonly disk: EngineDisk;
  readonly host: ShardHost;
  readonly directory: ShardDirectory;
  readonly logger: Logger;
  readonly scheduler: Scheduler;
  /** Rows or bytes of a shard's journal, whichever come first, after which its state is written down. */
  readonly snapshotEvery: { readonly rows: number; readonly bytes: number };
  /** Shows committed stock to whoever reads without asking. */
  readonly view: StockPublisher;
  readonly onCommitted: (rows: readonly JournalRow[]) => void;
};

export class EngineCore {
  readonly intake = new Intake();
  private readonly options: EngineCoreOptions;
  private readonly scheduler: Scheduler;
  private readonly directory: ShardDirectory;
  private readonly committer: Committer;
  private readonly runner: RoundRunner;
  private readonly snapshots: SnapshotKeeper;
  private setup: SourcingSetup = { locations: new Map(), kits: new Map(), rules: STANDARD_SOURCING_RULES };
  /** Shards to rebuild as soon as nothing of theirs is on its way to the disk. */
  private readonly lost = new Set<number>();
  private readonly recovering = new Set<number>();
  private fault: CommitFault | null = null;
  private undoing: {
    readonly attachments: readonly Attachment[];
    readonly done: (complete: boolean) => void;
  } | null = null;
  private stopping = false;
  private ended = false;
  private wake: (() => void) | null = null;
  private awake = false;
  private cancelExpiry: (() => void) | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(options: EngineCoreOptions) {
    this.options = options;
    this.scheduler = options.scheduler;
    this.directory = options.directory;
    this.runner = new RoundRunner(options.host, options.directory);
    this.committer = new Committer({
      disk: options.disk,
      directory: options.directory,
      logger: options.logger,
      onProgress: () => this.signal(),
      onFault: (fault) => {
        this.fault = fault;
        this.intake.closed = new EngineError("shard_unavailable", "the last commit is being looked into", {
          retryAfterMs: RETRY_MS,
        });
        this.signal();
      },
      undo: (attachments) =>
        new Promise((done) => {
          this.undoing = { attachments, done };
          this.signal();
        }),
      onCommitted: (rows) => {
        this.snapshots.committed(rows);
        options.onCommitted(rows);
      },
      publish: (changes) => options.view.publish(changes),
    });
    this.snapshots = new SnapshotKeeper({
      disk: options.disk,
      directory: options.directory,
      logger: options.logger,
      every: options.snapshotEvery,
      onCorrupt: (shard) => {
        // What is acknowledged from now on could not be recovered. Rebuilding it reads the journal once more, and decides.
        this.lose(shard);
        this.signal();
      },
    });
  }

  /** Recovers every shard and begins to take work. Rejects where what is stored cannot be trusted. */
  async start(): Promise<void> {
    await Promise.all(this.directory.entries.map((entry) => this.recover(entry)));
    this.running = this.loop();
  }

  setLocations(locations: readonly SourcingLocation[]): void {
    this.setup = {
      ...this.setup,
      locations: new Map(locations.map((location) => [location.locationId, location])),
    };
  }

  setSourcingRules(rules: SourcingRuleList): void {
    this.setup = { ...this.setup, rules };
  }

  /** Throws `invalid_request` for a kit that could not be picked. */
  setKits(kits: readonly Kit[]): void {
    this.setup = { ...this.setup, kits: kitBookOf(kits) };
  }

  push(works: readonly Work[]): void {
    this.intake.push(works);
    this.signal();
  }

  /** The host lost a thread: what its shards had not committed is gone. */
  threadLost(thread: number, reason: string): void {
    this.options.logger.error({ thread, reason }, "a shard thread was lost; its shards are rebuilt");
    for (const entry of this.directory.entries) if (entry.thread === thread) this.lose(entry.shard);
    this.signal();
  }

  /** Finishes what was accepted, ends the loop and writes down what would take long to replay. */
  async stop(): Promise<void> {
    this.intake.closed = new EngineError("engine_stopped", "the engine has stopped");
    this.stopping = true;
    this.signal();
    await this.running;
    this.ended = true;
    await this.snapshots.finish();
    this.cancelExpiry?.();
  }

  private async loop(): Promise<void> {
    for (;;) {
      if (this.fault !== null) await this.resolveFault(this.fault);
      else if (this.undoing !== null) await this.runUndo(this.undoing);
      else {
        this.rebuildLost();
        const expiring = this.dueShards();
        if (this.committer.uncommitted >= MAX_UNCOMMITTED) await this.sleep();
        else if (!this.intake.isEmpty || expiring.length > 0) await this.runRound(expiring);
        else if (this.stopping && this.committer.idle) return;
        else await this.sleep();
      }
    }
  }

  private async runRound(expiring: readonly number[]): Promise<void> {
    const works = this.intake.take(MAX_ROUND);
    try {
      failpoint("round-before-apply");
      const { round, deferred, failed } = await this.runner.run(works, {
        nowMs: this.scheduler.now(),
        setup: this.setup,
        expiring,
      });
      this.intake.putBack(deferred);
      for (const [shard, reason] of failed) this.shardFailed(shard, reason);
      failpoint("round-after-apply");
      this.committer.submit(round);
    } catch (cause) {
      // A bug in the round itself: nothing of it was submitted, and what the shards did of it must go.
      const error = new EngineError("shard_unavailable", "the round failed and is taken back", {
        retryAfterMs: RETRY_MS,
        cause,
      });
      for (const work of works) work.reject(error);
      this.options.logger.error({ cause }, "a round failed; its shards are rebuilt");
      for (const entry of this.directory.entries) this.lose(entry.shard);
    }
    this.armExpiry();
  }

  private async runUndo(task: NonNullable<EngineCore["undoing"]>): Promise<void> {
    this.undoing = null;
    const placements = task.attachments.flatMap((attachment) => attachment.order?.placements ?? []);
    const { round, failed } = await this.runner.undo(placements, this.scheduler.now());
    for (const [shard, reason] of failed) this.shardFailed(shard, reason);
    this.committer.submit(round);
    task.done(failed.size === 0);
  }

  private shardFailed(shard: number, reason: string): void {
    this.options.logger.error({ shard, reason }, "a shard failed; it is rebuilt from what is committed");
    this.lose(shard);
  }

  private lose(shard: number): void {
    const entry = this.directory.entry(shard);
    if (entry.status === "fenced") return;
    entry.status = "rebuilding";
    this.lost.add(shard);
  }

  private rebuildLost(): void {
    for (const shard of this.lost) {
      if (this.recovering.has(shard) || this.committer.carries(shard)) continue;
      this.lost.delete(shard);
      const entry = this.directory.entry(shard);
      this.recover(entry).then(
        () => {
          this.options.logger.info({ shard, sequence: entry.sequence }, "a shard is back");
          this.signal();
        },
        (cause: unknown) => {
          this.options.logger.error({ shard, cause }, "a shard could not be rebuilt");
          // A corrupt row does not heal by reading it again; everything else may.
          if (cause instanceof EngineError && cause.code === "journal_corrupt") return;
          if (this.ended) return;
          this.scheduler.after(RETRY_MS, () => {
            this.lose(shard);
            this.signal();
          });
        },
      );
    }
  }

  private async recover(entry: ShardEntry): Promise<void> {
    const { shard } = entry;
    const source = this.options.disk.recoverySource(shard);
    const read = { rows: 0, bytes: 0 };
    this.recovering.add(shard);
    const figures = await this.options.host
      .recover(shard, {
        snapshots: () => source.snapshots(),
        rows: async function* (sequence) {
          for await (const rows of source.rows(sequence)) {
            read.rows += rows.length;
            for (const row of rows) read.bytes += row.entries.length;
            yield rows;
          }
        },
      })
      .finally(() => this.recovering.delete(shard));
    this.snapshots.report(figures.damaged);
    if (entry.status === "fenced") return;
    this.options.view.publish([{ shard, changes: figures.changes }]);
    entry.sequence = figures.sequence;
    entry.hash = figures.hash;
    entry.nextExpiryAtMs = figures.nextExpiryAtMs;
    entry.positionCount = figures.positionCount;
    entry.holdCount = figures.holdCount;
    // Lost again meanwhile: the thread that has it now is not the one that was asked.
    if (!this.lost.has(shard)) entry.status = "live";
    this.snapshots.recovered(shard, read);
    this.armExpiry();
  }

  private async resolveFault(fault: CommitFault): Promise<void> {
    const { logger } = this.options;
    logger.error(
      { cause: fault.cause, fenced: fault.fenced },
      "a commit did not succeed; finding out what happened",
    );
    const unavailable = new EngineError("shard_unavailable", "what was asked for was not committed", {
      retryAfterMs: RETRY_MS,
      cause: fault.cause,
    });
    const queued = this.committer.takeQueued();
    for (const round of queued) failRound(round, unavailable);
    for (const work of this.intake.take(Number.POSITIVE_INFINITY)) work.reject(unavailable);
    const affected = new Set(fault.rows.map((row) => row.shard));
    for (const round of [...queued, ...fault.commit.rounds]) {
      for (const shard of round.blobs.keys()) affected.add(shard);
    }
    const held = this.directory.entries
      .filter((entry) => entry.status !== "fenced")
      .map((entry) => entry.shard);
    const { renewed, landed } = await this.readBack(fault, held);
    if (landed) this.committer.settle(fault.commit);
    else failCommit(fault.commit, unavailable);
    for (const shard of held) {
      const entry = this.directory.entry(shard);
      const epoch = renewed.get(shard);
      if (epoch === undefined) {
        entry.status = "fenced";
        this.options.view.withdraw(shard);
        this.lost.delete(shard);
        logger.error({ shard }, "a shard was taken over by another process");
      } else {
        entry.epoch = epoch;
        if (affected.has(shard)) this.lose(shard);
      }
    }
    this.fault = null;
    this.intake.closed = this.stopping ? new EngineError("engine_stopped", "the engine has stopped") : null;
    this.committer.resume();
  }

  /** Asks until storage answers: which shards are still ours, and whether the commit landed. */
  private async readBack(
    fault: CommitFault,
    held: readonly number[],
  ): Promise<{ readonly renewed: ReadonlyMap<number, number>; readonly landed: boolean }> {
    const started = this.scheduler.now();
    let told = false;
    for (;;) {
      try {
        failpoint("fault-before-renew");
        const renewed = await this.options.disk.renew(held);
        failpoint("fault-after-renew");
        const landed = fault.fenced ? new Set() : await this.options.disk.landed(fault.rows);
        return { renewed, landed: fault.rows.length > 0 && landed.size === fault.rows.length };
      } catch (cause) {
        this.options.logger.warn({ cause }, "storage cannot be reached");
      }
      if (!told && this.scheduler.now() - started >= UNKNOWN_AFTER_MS) {
        told = true;
        failCommit(
          fault.commit,
          new EngineError("commit_outcome_unknown", "the commit may or may not have happened", {
            cause: fault.cause,
          }),
        );
      }
      // Whoever starts next takes the leases over and finds what was committed.
      if (told && this.stopping) return { renewed: new Map(), landed: false };
      await pause(this.scheduler, RETRY_MS);
    }
  }

  private dueShards(): readonly number[] {
    const nowMs = this.scheduler.now();
    return this.directory.entries
      .filter((entry) => entry.status === "live" && entry.nextExpiryAtMs > 0 && entry.nextExpiryAtMs <= nowMs)
      .map((entry) => entry.shard);
  }

  private armExpiry(): void {
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const entry of this.directory.entries) {
      if (entry.status === "live" && entry.nextExpiryAtMs > 0)
        nextAtMs = Math.min(nextAtMs, entry.nextExpiryAtMs);
    }
    this.cancelExpiry?.();
    this.cancelExpiry = null;
    if (nextAtMs === Number.POSITIVE_INFINITY || this.ended) return;
    const waitMs = Math.min(MAX_TIMER_MS, Math.max(1, nextAtMs - this.scheduler.now()));
    this.cancelExpiry = this.scheduler.after(waitMs, () => this.signal());
  }

  private signal(): void {
    this.awake = true;
    const { wake } = this;
    this.wake = null;
    // Not at once: everything else that is asked in this turn of the event loop comes into the same round.
    if (wake !== null) this.scheduler.soon(wake);
  }

  private async sleep(): Promise<void> {
    if (!this.awake) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.awake = false;
  }
}
