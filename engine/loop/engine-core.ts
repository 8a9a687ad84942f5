/**
 * The engine without its surroundings: intake, rounds, committer and supervision of shards, over an abstract
 * disk, host and scheduler, so that a simulation runs this very code. Runs on the main thread.
 *
 * Owns the loop: rounds begin as threads come free, commits run beside them, and a commit that failed is
 * looked into before anything else. Leaves the steps of a round to `round-runner.ts`, which round may start
 * to `round-queue.ts`, the commit to `committer.ts`, and lost shards to `supervision.ts`.
 *
 * E1 A shard whose state holds anything that will not commit takes no work until it is rebuilt from what is
 *    committed.
 * E2 After a commit of unknown outcome, epochs are raised before the journal is read back: the answer is then
 *    final.
 * E3 A shard that another process has taken over is never taken back.
 * E4 A lost shard gets another epoch. It is rebuilt only once no round that knew it before still runs and no
 *    row of it is on its way.
 */
import type { Logger } from "pino";
import { type SourcingRuleList, STANDARD_SOURCING_RULES } from "../../config/sourcing-rule.ts";
import type { JournalRow } from "../../store/journal/journal.ts";
import type { CommitWriter, DemandFill, Kit, SourcingLocation } from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import { kitBookOf } from "../planning/kits.ts";
import type { SourcingSetup } from "../planning/order-reservation.ts";
import { type Attachment, failRound } from "../rounds/round.ts";
import { RoundRunner } from "../rounds/round-runner.ts";
import type { ShardDirectory } from "../rounds/shard-directory.ts";
import { sizeOf, type Work } from "../rounds/work.ts";
import { type Layout, namesOfWork, shardsOfParts, shardsOfWork, splitByThread } from "../rounds/work-routing.ts";
import type { StockPublisher } from "../stock-view/stock-changes.ts";
import type { EngineDisk } from "../storage/engine-disk.ts";
import type { ShardHost } from "../threads/shard-host.ts";
import { findOutcome } from "./commit-outcome.ts";
import { type CommitFault, Committer, failCommit } from "./committer.ts";
import { DrainRate } from "./drain-rate.ts";
import { Intake, type RoutedWork } from "./intake.ts";
import { type Ready, RoundQueue } from "./round-queue.ts";
import type { Scheduler } from "./scheduler.ts";
import { SnapshotKeeper } from "./snapshot-keeper.ts";
import { ShardSupervisor } from "./supervision.ts";

/**
 * A round must stay short: its callers wait for each other, and a thread that is silent for long counts as
 * hung.
 */
const MAX_ROUND = 4096;

const RETRY_MS = 250;

/** A longer timer overflows; the loop looks again when it fires. */
const MAX_TIMER_MS = 3_600_000;

type EngineCoreOptions = {
  readonly disk: EngineDisk;
  readonly host: ShardHost;
  readonly directory: ShardDirectory;
  readonly logger: Logger;
  readonly scheduler: Scheduler;
  /** Rows or bytes of a shard's journal, whichever come first, after which a snapshot is made. */
  readonly snapshotEvery: { readonly rows: number; readonly bytes: number };
  /** Shows committed stock to readers that do not ask a shard. */
  readonly view: StockPublisher;
  readonly onCommitted: (rows: readonly JournalRow[]) => void;
  /** Whether orders have homes: where other engines have shards of the same database. Default: no. */
  readonly hasHomes?: boolean;
  /** Counts what comes of commits. Absent: nobody asks. */
  readonly meter?: CommitMeter;
};

export type CommitMeter = {
  /** @param units commands, orders and lane operations of a commit */
  committed(units: number): void;
  /** A commit was not written, or nobody knows. */
  faulted(): void;
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
  private readonly supervisor: ShardSupervisor;
  /** By what orders are planned. */
  setup: SourcingSetup = { locations: new Map(), kits: new Map(), rules: STANDARD_SOURCING_RULES };
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
    this.runner = new RoundRunner(options.host, options.directory, options.hasHomes ?? false);
    const threads = 1 + Math.max(...options.directory.entries.map((entry) => entry.thread));
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
        options.meter?.committed(units);
        this.drain.settled(units, this.scheduler.now(), this.hasNothingPending);
        this.signal();
      },
      onFault: (fault) => {
        options.meter?.faulted();
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
        // What is acknowledged from now on could not be recovered. Rebuilding the shard reads the journal
        // once more and decides.
        this.supervisor.lose(shard);
        this.signal();
      },
    });
    this.supervisor = new ShardSupervisor({
      ...options,
      threads,
      rounds: this.rounds,
      committer: this.committer,
      snapshots: this.snapshots,
      onRecovered: () => this.armExpiry(),
      onChange: () => this.signal(),
    });
  }

  /** Recovers every shard and begins to take work. Rejects where what is stored cannot be trusted. */
  async start(): Promise<void> {
    await Promise.all(this.directory.entries.map((entry) => this.supervisor.recover(entry)));
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
  setKits(kits: readonly Kit[]): void {
    this.setup = { ...this.setup, kits: kitBookOf(kits) };
  }

  push(works: readonly Work[]): void {
    const nowMs = this.scheduler.now();
    this.intake.push(
      works.flatMap((work) => this.routed(work)),
      this.committer.uncommitted,
      this.drain.perMs(nowMs),
    );
    if (!this.intake.isEmpty) this.drain.busy(nowMs);
    this.signal();
  }

  /** What waits at this moment, in units of work; by thread in requests. */
  load(): {
    readonly waiting: number;
    readonly uncommitted: number;
    readonly refused: number;
    readonly waitingOfThread: readonly number[];
  } {
    return {
      waiting: this.intake.waitingUnits,
      uncommitted: this.committer.uncommitted,
      refused: this.intake.overloads,
      waitingOfThread: this.rounds.waiting(),
    };
  }

  /** The host lost a thread: what its shards had not committed is gone. */
  threadLost(thread: number, reason: string): void {
    this.options.logger.error({ thread, reason }, "a shard thread was lost; its shards are rebuilt");
    this.supervisor.loseAllOf([thread]);
    this.signal();
  }

  /** Finishes the accepted work, ends the loop, and makes snapshots where a replay would take long. */
  async stop(): Promise<void> {
    this.intake.closed = new EngineError("engine_stopped", "the engine has stopped");
    this.stopping = true;
    this.signal();
    await this.running;
    this.ended = true;
    this.supervisor.stop();
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
      this.supervisor.rebuildLost();
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
    this.supervisor.roundBegins(threads);
    try {
      failpoint("round-before-apply");
      const { round, deferred, failed } = await this.runner.run(works, {
        nowMs: this.scheduler.now(),
        setup: this.setup,
        expiring,
      });
      this.intake.putBack(deferred, threads);
      this.supervisor.shardsFailed(failed);
      failpoint("round-after-apply");
      this.committer.submit(round);
    } catch (cause) {
      // A bug in the round itself: nothing of it was submitted, and what the shards did for it must go.
      const error = new EngineError("shard_unavailable", "the round failed and is taken back", {
        retryAfterMs: RETRY_MS,
        cause,
      });
      for (const work of works) work.reject(error);
      this.options.logger.error({ err: cause }, "a round failed; its shards are rebuilt");
      this.supervisor.loseAllOf(threads);
    }
    this.roundEnded(threads);
  }

  private beginUndo(task: NonNullable<EngineCore["undoing"]>): void {
    const orders = task.attachments.flatMap(({ order }) => (order === null ? [] : [order]));
    const threads = this.threadsOf(
      orders.flatMap((order) => shardsOfParts(order, this.directory.entries.length)),
    );
    if (!this.rounds.claim(threads)) return;
    this.undoing = null;
    void this.runUndo(orders, threads, task.done);
  }

  private async runUndo(
    orders: readonly NonNullable<Attachment["order"]>[],
    threads: readonly number[],
    done: (complete: boolean) => void,
  ): Promise<void> {
    this.supervisor.roundBegins(threads);
    const { round, failed } = await this.runner.undo(orders, this.scheduler.now());
    this.supervisor.shardsFailed(failed);
    this.committer.submit(round);
    done(failed.size === 0);
    this.roundEnded(threads);
  }

  private roundEnded(threads: readonly number[]): void {
    this.rounds.finished(threads);
    this.armExpiry();
    // At once: the work that came meanwhile has waited long enough for more to join it.
    this.awake = true;
    const { wake } = this;
    this.wake = null;
    wake?.();
  }

  private layout(): Layout {
    return {
      shardCount: this.directory.entries.length,
      kits: this.setup.kits,
      hasHomes: this.options.hasHomes ?? false,
    };
  }

  private routed(work: Work): readonly RoutedWork[] {
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
    const { renewed, landed } = await findOutcome(fault, held, {
      ...this.options,
      isStopping: () => this.stopping,
    });
    if (landed) {
      this.committer.settle(fault.commit);
      this.options.onCommitted(fault.rows);
    } else failCommit(fault.commit, unavailable);
    for (const shard of held) {
      const entry = this.directory.entry(shard);
      const epoch = renewed.get(shard);
      if (epoch === undefined) {
        this.supervisor.takenOver(entry);
      } else {
        entry.epoch = Math.max(entry.epoch, epoch);
        if (affected.has(shard)) this.supervisor.lose(shard);
      }
    }
    this.fault = null;
    this.intake.closed = this.stopping ? new EngineError("engine_stopped", "the engine has stopped") : null;
    this.drain.settled(0, this.scheduler.now(), this.hasNothingPending);
    this.committer.resume();
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
      // The event loop counts from when its turn began, so its timers come early by the time that the turn
      // has taken.
      if (this.dueShards().length === 0) this.armExpiry();
      else this.signal();
    });
  }

  private signal(): void {
    this.awake = true;
    const { wake } = this;
    this.wake = null;
    // Not at once: everything else that is asked for in this turn of the event loop joins the same round.
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
