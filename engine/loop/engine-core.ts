/**
 * The engine without its surroundings: intake, rounds, committer and the supervision of shards, over an abstract disk,
 * host and scheduler, so that a simulation runs this very code.
 *
 * Owns the loop: rounds begun as threads are free, commits beside them, and whatever has gone wrong. Leaves what a
 * round does to `round-runner.ts`, which may start to `round-queue.ts` and what a commit does to `committer.ts`.
 *
 * E1 A shard whose state holds anything that will not commit takes no work until it is rebuilt from what is committed.
 * E2 After a commit of unknown outcome, epochs are raised before the journal is read back: the answer is final then.
 * E3 A shard that another process has taken over is never taken back.
 * E4 A shard that was lost gets another epoch, and is rebuilt only when no round that knew it before still runs and no row
 *    of it is on its way.
 */
import type { Logger } from "pino";
import { type SourcingRuleList, STANDARD_SOURCING_RULES } from "../../config/sourcing-rule.ts";
import type { JournalRow } from "../../store/journal/journal.ts";
import type { CommitWriter, DemandFill, Kit, SourcingLocation } from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import { type KitBook, kitBookOf } from "../planning/kits.ts";
import type { SourcingSetup } from "../planning/order-reservation.ts";
import { type Attachment, failRound } from "../rounds/round.ts";
import { RoundRunner } from "../rounds/round-runner.ts";
import type { ShardDirectory, ShardEntry } from "../rounds/shard-directory.ts";
import { sizeOf, type Work } from "../rounds/work.ts";
import { type Layout, namesOfWork, shardsOfWork, splitByThread } from "../rounds/work-routing.ts";
import { shardOf } from "../shard/shard-of.ts";
import type { StockPublisher } from "../stock-view/stock-changes.ts";
import type { EngineDisk } from "../storage/engine-disk.ts";
import type { ShardHost } from "../threads/shard-host.ts";
import { type CommitFault, Committer, failCommit } from "./committer.ts";
import { DrainRate } from "./drain-rate.ts";
import { Intake, type PlacedWork } from "./intake.ts";
import { type Ready, RoundQueue } from "./round-queue.ts";
import { pause, type Scheduler } from "./scheduler.ts";
import { SnapshotKeeper } from "./snapshot-keeper.ts";

/** A round must stay short: its callers wait for each other, and a thread that is silent for long counts as hung. */
const MAX_ROUND = 4096;

/** Callers of a commit whose outcome cannot be found out for this long are told so. */
const UNKNOWN_AFTER_MS = 5_000;
/** By then a database that was restarted is mostly back. */
const UNKNOWN_RETRY_MS = 2_000;

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
  private readonly rounds: RoundQueue<Work>;
  private readonly intake: Intake;
  private readonly drain = new DrainRate();
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
  /** Rounds begun so far by each thread, and the one in which a shard was lost. */
  private readonly begun: number[];
  private readonly lostIn = new Map<number, number>();
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
  private cancelAskAgain: (() => void) | null = null;
  private running: Promise<void> = Promise.resolve();

  constructor(options: EngineCoreOptions) {
    this.options = options;
    this.scheduler = options.scheduler;
    this.directory = options.directory;
    this.runner = new RoundRunner(options.host, options.directory);
    const threads = 1 + Math.max(...options.directory.entries.map((entry) => entry.thread));
    this.begun = Array.from({ length: threads }, () => 0);
    this.rounds = new RoundQueue({
      threads,
      sizeOf,
      namesOf: (work) => namesOfWork(work, this.layout()),
    });
    this.intake = new Intake(this.rounds);
    this.committer = new Committer({
      disk: options.disk,
      directory: options.directory,
      logger: options.logger,
      onProgress: (units) => {
        this.drain.settled(units, this.scheduler.now(), this.hasNothingPending);
        this.signal();
      },
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

  recordFills(writer: CommitWriter<DemandFill>): void {
    this.runner.fills = writer;
  }

  setSourcingRules(rules: SourcingRuleList): void {
    this.setup = { ...this.setup, rules };
  }

  /** Throws `invalid_request` for a kit that could not be picked. */
  get kits(): KitBook {
    return this.setup.kits;
  }

  setKits(kits: readonly Kit[]): void {
    this.setup = { ...this.setup, kits: kitBookOf(kits) };
  }

  push(works: readonly Work[]): void {
    const nowMs = this.scheduler.now();
    this.intake.push(
      works.flatMap((work) => this.placed(work)),
      this.committer.uncommitted,
      this.drain.perMs(nowMs),
    );
    if (!this.intake.isEmpty) this.drain.busy(nowMs);
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
    this.cancelAskAgain?.();
  }

  private get hasNothingPending(): boolean {
    return this.intake.isEmpty && this.rounds.isIdle && this.committer.uncommitted === 0;
  }

  private async loop(): Promise<void> {
    for (;;) {
      if (this.fault !== null) {
        if (this.rounds.isIdle) await this.resolveFault(this.fault);
        else await this.sleep();
        continue;
      }
      if (this.undoing !== null) this.beginUndo(this.undoing);
      this.rebuildLost();
      this.beginRounds();
      if (this.stopping && this.intake.isEmpty && this.rounds.isIdle && this.committer.idle) return;
      await this.sleep();
    }
  }

  private beginRounds(): void {
    const nowMs = this.scheduler.now();
    const expiring = this.dueShards();
    const due = new Set(expiring.map((shard) => this.directory.entry(shard).thread));
    while (!this.committer.isFull) {
      const ready = this.intake.next(nowMs, MAX_ROUND, due);
      if (ready === null) break;
      void this.runRound(
        ready,
        expiring.filter((shard) => ready.threads.includes(this.directory.entry(shard).thread)),
      );
    }
    this.cancelAskAgain?.();
    this.cancelAskAgain = null;
    const { askAgainAtMs } = this.rounds;
    if (askAgainAtMs === null) return;
    this.cancelAskAgain = this.scheduler.after(Math.max(1, askAgainAtMs - nowMs), () => this.signal());
  }

  private async runRound({ threads, works }: Ready<Work>, expiring: readonly number[]): Promise<void> {
    this.countBegun(threads);
    try {
      failpoint("round-before-apply");
      const { round, deferred, failed } = await this.runner.run(works, {
        nowMs: this.scheduler.now(),
        setup: this.setup,
        expiring,
      });
      this.intake.putBack(deferred, threads);
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
      this.options.logger.error({ err: cause }, "a round failed; its shards are rebuilt");
      for (const { shard, thread } of this.directory.entries) if (threads.includes(thread)) this.lose(shard);
    }
    this.roundEnded(threads);
  }

  private beginUndo(task: NonNullable<EngineCore["undoing"]>): void {
    const orders = task.attachments.flatMap(({ order }) => (order === null ? [] : [order]));
    const skus = orders.flatMap((order) => [...order.placements, ...order.queue].map(({ sku }) => sku));
    const threads = this.threadsOf(skus.map((sku) => shardOf(sku, this.directory.entries.length)));
    if (!this.rounds.claim(threads)) return;
    this.undoing = null;
    void this.runUndo(orders, threads, task.done);
  }

  private async runUndo(
    orders: readonly NonNullable<Attachment["order"]>[],
    threads: readonly number[],
    done: (complete: boolean) => void,
  ): Promise<void> {
    this.countBegun(threads);
    const { round, failed } = await this.runner.undo(orders, this.scheduler.now());
    for (const [shard, reason] of failed) this.shardFailed(shard, reason);
    this.committer.submit(round);
    done(failed.size === 0);
    this.roundEnded(threads);
  }

  private countBegun(threads: readonly number[]): void {
    for (const thread of threads) this.begun[thread] = (this.begun[thread] ?? 0) + 1;
  }

  private roundEnded(threads: readonly number[]): void {
    this.rounds.finished(threads);
    this.armExpiry();
    // At once: what came meanwhile has waited long enough for company.
    this.awake = true;
    const { wake } = this;
    this.wake = null;
    wake?.();
  }

  private layout(): Layout {
    return { shardCount: this.directory.entries.length, kits: this.setup.kits };
  }

  private placed(work: Work): readonly PlacedWork[] {
    const shards = shardsOfWork(work, this.layout());
    const threads = this.threadsOf(shards);
    if (threads.length < 2 || (work.kind !== "execute" && work.kind !== "lanes")) return [{ work, threads }];
    const threadOfPiece = shards.map((shard) => this.directory.entry(shard).thread);
    return splitByThread(work, threadOfPiece).map((part, index) => ({
      work: part,
      threads: [threads[index] as number],
    }));
  }

  private threadsOf(shards: readonly number[]): readonly number[] {
    return [...new Set(shards.map((shard) => this.directory.entry(shard).thread))];
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
    if (this.rounds.isBusy(entry.thread)) this.lostIn.set(shard, this.begun[entry.thread] ?? 0);
    else this.lostIn.delete(shard);
  }

  private rebuildLost(): void {
    for (const shard of this.lost) {
      const entry = this.directory.entry(shard);
      if (this.recovering.has(shard) || this.committer.carries(shard) || this.isKnownToRound(entry)) continue;
      this.lost.delete(shard);
      this.rebuild(entry).then(
        () => {
          if (entry.status === "live") {
            this.options.logger.info({ shard, sequence: entry.sequence }, "a shard is back");
          }
          this.signal();
        },
        (cause: unknown) => {
          this.options.logger.error({ shard, err: cause }, "a shard could not be rebuilt");
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

  /** Whether a round runs that began before the shard was lost: its thread may still be asked about the shard. */
  private isKnownToRound({ shard, thread }: ShardEntry): boolean {
    return this.rounds.isBusy(thread) && this.lostIn.get(shard) === this.begun[thread];
  }

  private async rebuild(entry: ShardEntry): Promise<void> {
    const { shard } = entry;
    this.recovering.add(shard);
    try {
      const epoch = (await this.options.disk.raiseEpochs([shard])).get(shard);
      if (epoch === undefined) this.takenOver(entry);
      else {
        // Raised meanwhile by a fault as well, it never goes back.
        entry.epoch = Math.max(entry.epoch, epoch);
        await this.recover(entry);
      }
    } finally {
      this.recovering.delete(shard);
    }
  }

  private takenOver(entry: ShardEntry): void {
    entry.status = "fenced";
    this.options.view.withdraw(entry.shard);
    this.lost.delete(entry.shard);
    this.options.logger.error({ shard: entry.shard }, "a shard was taken over by another process");
  }

  private async recover(entry: ShardEntry): Promise<void> {
    const { shard } = entry;
    const source = this.options.disk.recoverySource(shard);
    const read = { rows: 0, bytes: 0 };
    const figures = await this.options.host.recover(shard, {
      snapshots: () => source.snapshots(),
      rows: async function* (sequence) {
        for await (const rows of source.rows(sequence)) {
          read.rows += rows.length;
          for (const row of rows) read.bytes += row.entries.length;
          yield rows;
        }
      },
    });
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
      { err: fault.cause, fenced: fault.fenced },
      "a commit did not succeed; finding out what happened",
    );
    const unavailable = new EngineError("shard_unavailable", "what was asked for was not committed", {
      retryAfterMs: RETRY_MS,
      cause: fault.cause,
    });
    const queued = this.committer.takeQueued();
    for (const round of queued) failRound(round, unavailable);
    for (const work of this.intake.takeAll()) work.reject(unavailable);
    const affected = new Set(fault.rows.map((row) => row.shard));
    for (const round of [...queued, ...fault.commit.rounds]) {
      for (const shard of round.blobs.keys()) affected.add(shard);
    }
    const held = this.directory.entries
      .filter((entry) => entry.status !== "fenced")
      .map((entry) => entry.shard);
    const { renewed, landed } = await this.readBack(fault, held);
    if (landed) {
      this.committer.settle(fault.commit);
      this.options.onCommitted(fault.rows);
    } else failCommit(fault.commit, unavailable);
    for (const shard of held) {
      const entry = this.directory.entry(shard);
      const epoch = renewed.get(shard);
      if (epoch === undefined) {
        this.takenOver(entry);
      } else {
        entry.epoch = Math.max(entry.epoch, epoch);
        if (affected.has(shard)) this.lose(shard);
      }
    }
    this.fault = null;
    this.intake.closed = this.stopping ? new EngineError("engine_stopped", "the engine has stopped") : null;
    this.drain.settled(0, this.scheduler.now(), this.hasNothingPending);
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
        this.options.logger.warn({ err: cause }, "storage cannot be reached");
      }
      if (!told && this.scheduler.now() - started >= UNKNOWN_AFTER_MS) {
        told = true;
        failCommit(
          fault.commit,
          new EngineError("commit_outcome_unknown", "the commit may or may not have happened", {
            retryAfterMs: UNKNOWN_RETRY_MS,
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
    this.cancelExpiry = this.scheduler.after(waitMs, () => {
      // The event loop counts from when its turn began, so that its timers come early by as long as that turn took.
      if (this.dueShards().length === 0) this.armExpiry();
      else this.signal();
    });
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
