/**
 * Runs one round: everything that waited, on all shards that it concerns, in three steps. Runs on the main
 * thread.
 *
 * 1. Commands run and stock is read, on every shard at once.
 * 2. Orders are planned, one after the other, against that stock, and their parts are placed.
 * 3. Where a shard failed on the way, the other parts of its orders are undone.
 *
 * Owns the steps, and what a failed shard means for the work of the round. Leaves what shards are asked to
 * `round-requests.ts`, their answers to `round-answers.ts`, and plans to `engine/planning`.
 *
 * R1 A thread is in one round at a time, so only the round itself changes its stock between the steps: plans
 *    hold, and two orders never take the same unit.
 * R2 An order with lines in several shards is placed wholly or not at all.
 * R3 The result of a round goes to the committer as one piece, without anything from a shard that failed in
 *    it.
 */
import type { CommitWriter, DemandFill, OrderReservation } from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import { componentSkus } from "../planning/kits.ts";
import {
  demandsOf,
  placementsOf,
  planReservation,
  repeatedReservation,
  type SourcingSetup,
  withPromises,
} from "../planning/order-reservation.ts";
import { canGive, type RoundStock } from "../planning/round-stock.ts";
import { homeOf, shardOf } from "../shard/shard-of.ts";
import type { ShardAnswer, ShardRequest } from "../shard/shard-request.ts";
import type { ShardHost } from "../threads/shard-host.ts";
import { addBlob, newRound, type PlacedParts, type Round, type Waiter } from "./round.ts";
import { type PlannedChange, RoundAmendments } from "./round-amendments.ts";
import { RoundAnswers } from "./round-answers.ts";
import { RoundRequests } from "./round-requests.ts";
import { elsewhereError, type ShardDirectory } from "./shard-directory.ts";
import { type ChangeWork, type OrderWork, sizeOf, type Work } from "./work.ts";
import { type Layout, shardsOfWork } from "./work-routing.ts";

const RETRY_AFTER_MS = 200;
/** This process ends soon, and whoever asks again comes to another one. */
const FENCED_RETRY_AFTER_MS = 1_000;

type RoundResult = {
  readonly round: Round;
  /** Second requests for an order of this round: they run in the next one, where its outcome is known. */
  readonly deferred: readonly Work[];
  /** Shards that failed in this round; nothing of what they did is in it. */
  readonly failed: ReadonlyMap<number, string>;
};

type PlannedOrder = {
  readonly work: OrderWork;
  readonly shards: ReadonlySet<number>;
  reservation: OrderReservation;
  /** Empty for a repeat and for a refusal. */
  readonly parts: PlacedParts;
  undone: EngineError | null;
};

export class RoundRunner {
  private readonly host: ShardHost;
  private readonly directory: ShardDirectory;
  private readonly hasHomes: boolean;
  /** Records the units that waiting demand was given; `null`: they are not recorded. */
  fills: CommitWriter<DemandFill> | null = null;

  constructor(host: ShardHost, directory: ShardDirectory, hasHomes = false) {
    this.host = host;
    this.directory = directory;
    this.hasHomes = hasHomes;
  }

  /**
   * @param expiring shards that have holds to expire.
   */
  async run(
    works: readonly Work[],
    options: {
      readonly nowMs: number;
      readonly setup: SourcingSetup;
      readonly expiring: readonly number[];
    },
  ): Promise<RoundResult> {
    const run = new Run(this.host, this.directory, options.nowMs, options.setup, this.hasHomes);
    for (const shard of options.expiring) run.requests.to(shard);
    const accepted = works.filter((work) => run.accept(work));
    await run.ask();
    const { deferred, planned } = run.plan(accepted);
    await run.ask();
    run.checkPlaced(planned);
    run.attach(planned);
    await run.undoFailed(planned);
    run.finish(accepted, planned);
    run.recordFills(this.fills);
    return { round: run.round, deferred, failed: run.failed };
  }

  /** A round that only gives holds back. */
  async undo(orders: readonly PlacedParts[], nowMs: number): Promise<RoundResult> {
    const run = new Run(this.host, this.directory, nowMs, null, this.hasHomes);
    for (const order of orders) run.takeBack(order);
    await run.ask();
    run.finish([], []);
    run.recordFills(this.fills);
    return { round: run.round, deferred: [], failed: run.failed };
  }
}

class Run {
  readonly round: Round = newRound();
  /** Shards that failed in this round, and how. */
  readonly failed = new Map<number, string>();
  readonly requests: RoundRequests;
  private readonly host: ShardHost;
  private readonly directory: ShardDirectory;
  private readonly layout: Layout;
  private readonly nowMs: number;
  /** `null` where nothing is planned. */
  private readonly setup: SourcingSetup | null;
  private readonly answers: RoundAnswers;
  private readonly amendments = new RoundAmendments();
  private readonly changes: PlannedChange[] = [];
  private readonly shardsByWork = new Map<Work, readonly number[]>();

  constructor(
    host: ShardHost,
    directory: ShardDirectory,
    nowMs: number,
    setup: SourcingSetup | null,
    hasHomes: boolean,
  ) {
    this.host = host;
    this.directory = directory;
    this.nowMs = nowMs;
    this.setup = setup;
    this.layout = { shardCount: directory.entries.length, kits: setup?.kits ?? new Map(), hasHomes };
    this.requests = new RoundRequests(this.layout, nowMs);
    this.answers = new RoundAnswers(this.layout.shardCount);
  }

  /** Adds what the work asks of its shards, or refuses it where one of them takes no work. */
  accept(work: Work): boolean {
    const shards = this.shardsOf(work);
    const unavailable = shards.find((shard) => !this.directory.isLive(shard));
    if (unavailable !== undefined) {
      work.reject(this.refusal(unavailable));
      return false;
    }
    // It would commit with a row of any shard.
    if (work.kind === "record" && !this.directory.entries.some(({ shard }) => this.directory.isLive(shard))) {
      work.reject(this.refusal(0));
      return false;
    }
    this.round.size += sizeOf(work);
    this.requests.add(work, shards);
    return true;
  }

  private refusal(shard: number): EngineError {
    switch (this.directory.entry(shard).status) {
      case "fenced":
        return fencedError(shard);
      case "elsewhere":
      case "leaving":
        return elsewhereError(shard);
      default:
        return unavailableError(shard, "it is being rebuilt");
    }
  }

  /** Sends what has gathered to the shards and takes in their answers. */
  async ask(): Promise<void> {
    if (this.requests.isEmpty) return;
    const requests: ShardRequest[] = [];
    for (const request of this.requests.take()) {
      if (this.isUp(request.shard)) requests.push(request);
    }
    const answers = await this.host.run(requests);
    for (const [index, request] of requests.entries()) {
      const answer = answers.find((candidate) => candidate.shard === request.shard);
      this.take(request, answer ?? { shard: request.shard, failure: `no answer to question ${index}` });
    }
  }

  /** Decides the orders one by one; places the parts of those that stock covers. */
  plan(works: readonly Work[]): {
    readonly deferred: readonly Work[];
    readonly planned: readonly PlannedOrder[];
  } {
    const { setup } = this;
    if (setup === null) throw new Error("a round that plans needs to know the locations");
    const stock = this.answers.stock();
    const deferred: Work[] = [];
    const planned = new Map<string, PlannedOrder>();
    const changed = new Set<string>();
    for (const work of works) {
      if (work.kind !== "order" && work.kind !== "amend" && work.kind !== "cancel") continue;
      const orderId = orderIdOf(work);
      // Most orders sell through no pool, and need not know of any.
      const pooledSkus =
        work.kind === "order" && work.request.pool !== undefined
          ? [...componentSkus(setup.kits, work.request.lines)]
          : [];
      const mustWait = work.kind === "order" && stock.mustWait(work.request.pool, pooledSkus);
      if (planned.has(orderId) || changed.has(orderId) || mustWait) {
        this.round.size -= sizeOf(work);
        deferred.push(work);
        continue;
      }
      if (work.kind !== "order") {
        changed.add(orderId);
        this.planChange(work, stock, setup);
        continue;
      }
      const { request, share } = work;
      const before = this.answers.memoryOf(orderId);
      const seen = stock.seenBy(request.pool, pooledSkus);
      if (before === undefined && share !== undefined && !canGive(seen, share.placements)) {
        share.moved();
        continue;
      }
      const reservation =
        before === undefined
          ? (share?.reservation ?? planReservation(request, seen, setup))
          : repeatedReservation(request, before, setup.kits);
      const isFresh = before === undefined && reservation.status === "reserved";
      const parts = isFresh ? this.partsOf(work, reservation) : nothingOf(orderId);
      stock.take(request.pool, parts.placements);
      this.requests.queue(parts.queue);
      // What was planned over several engines has its dates.
      if (share === undefined) this.requests.wantOutlooks(componentSkus(setup.kits, reservation.short));
      this.requests.place(parts.placements);
      if (parts.whole !== null) this.requests.remember(parts.whole);
      planned.set(orderId, { work, shards: new Set(this.shardsOf(work)), reservation, parts, undone: null });
    }
    return { deferred, planned: [...planned.values()] };
  }

  /** What is to be placed of a reservation. */
  private partsOf(
    { request, share }: OrderWork,
    { holds, queued = [] }: Extract<OrderReservation, { readonly status: "reserved" }>,
  ): PlacedParts {
    const { orderId, ofOrder = orderId, atMs, cause } = request;
    return {
      orderId,
      placements: share?.placements ?? placementsOf(request, holds),
      queue: share?.queue ?? demandsOf(request, queued),
      whole: this.layout.hasHomes ? { orderId, ofOrder, holds, queued, atMs, cause } : null,
    };
  }

  private planChange(work: ChangeWork, stock: RoundStock, setup: SourcingSetup): void {
    const down = this.shardsOf(work).find((shard) => !this.isUp(shard));
    if (down !== undefined) {
      work.reject(unavailableError(down, "what it holds of the order is not known"));
      return;
    }
    const change = this.amendments.plan(work, stock.everybodys, setup);
    const moved = [...change.withdrawals, ...change.reductions, ...change.placements];
    stock.hasAmended(moved.map(({ sku }) => sku));
    this.requests.change(change);
    this.changes.push(change);
  }

  /**
   * Undoes an order if a part of it was refused. A plan holds (R1), so this is a fault and not a shortage.
   */
  checkPlaced(planned: readonly PlannedOrder[]): void {
    for (const order of planned) {
      const refused = [...order.parts.placements, ...order.parts.queue].find((part) =>
        this.answers.refusedParts.has(part.holdId),
      );
      if (refused === undefined) continue;
      this.undo(
        order,
        new EngineError("invalid_request", `the reservation of hold ${refused.holdId} was refused`),
      );
    }
    for (const change of this.changes) {
      const refused = [...change.reductions, ...change.placements, ...change.queue].find((part) =>
        this.answers.refusedParts.has(part.holdId),
      );
      if (refused !== undefined) this.loseChange(change, `the change of hold ${refused.holdId} was refused`);
    }
  }

  /** Asks the callers for their records; an order whose record cannot be made is undone. */
  attach(planned: readonly PlannedOrder[]): void {
    for (const order of planned) {
      const { work } = order;
      if (work.share === undefined && order.reservation.short.length > 0) {
        const { outlooks } = this.answers;
        const { kits } = this.layout;
        order.reservation = withPromises(order.reservation, work.request, outlooks, kits, this.nowMs, true);
      }
      const { reservation } = order;
      if (order.undone !== null || work.attachment === null || this.hasFailed(order)) continue;
      try {
        const record = work.attachment.record(reservation);
        if (record === null) continue;
        this.round.attachments.push({
          writer: work.attachment.writer,
          record,
          waiter: { committed: () => work.resolve(reservation), failed: work.reject },
          order: order.parts,
        });
      } catch (cause) {
        this.undo(
          order,
          new EngineError("attachment_rejected", `no record could be made of order ${work.request.orderId}`, {
            cause,
          }),
        );
      }
    }
  }

  /** Undoes the orders that have a part in a failed shard, until that makes no further shard fail. */
  async undoFailed(planned: readonly PlannedOrder[]): Promise<void> {
    again: for (;;) {
      for (const order of planned) {
        if (order.undone !== null || !this.hasFailed(order)) continue;
        const [shard] = [...order.shards].filter((candidate) => !this.isUp(candidate));
        this.undo(order, unavailableError(shard ?? 0, "it failed while the order was placed"));
      }
      for (const change of this.changes) {
        const down = this.touchedBy(change).find((shard) => !this.isUp(shard));
        if (change.error === null && down !== undefined) {
          this.loseChange(change, `shard ${down} failed while the order was changed`);
          // Losing shards may undo orders that this loop has passed already.
          continue again;
        }
      }
      if (this.requests.isEmpty) return;
      await this.ask();
    }
  }

  /** Puts together what goes to the committer, and the callers that it tells. */
  finish(works: readonly Work[], planned: readonly PlannedOrder[]): void {
    for (const { shard, blob } of this.answers.blobs) if (this.isUp(shard)) addBlob(this.round, shard, blob);
    for (const change of this.answers.changes) if (this.isUp(change.shard)) this.round.changes.push(change);
    const undone = new Set(
      planned.filter((order) => order.undone !== null).map((order) => order.work.request.orderId),
    );
    const attached = this.round.attachments.filter(
      (attachment) => attachment.order === null || !undone.has(attachment.order.orderId),
    );
    const waiting = new Set(attached.map((attachment) => attachment.order?.orderId));
    this.round.attachments.splice(0, this.round.attachments.length, ...attached);
    for (const order of planned) {
      const { work, reservation } = order;
      if (order.undone !== null) work.reject(order.undone);
      else if (!waiting.has(work.request.orderId)) {
        const { orderId } = work.request;
        this.wait({ committed: () => work.resolve(reservation), failed: work.reject, orderId });
      }
    }
    for (const work of works) {
      if (work.kind === "order" || work.kind === "amend" || work.kind === "cancel") continue;
      this.finishWork(work);
    }
    for (const { work, error, answer } of this.changes) {
      if (error !== null) work.reject(error);
      else if (work.kind === "cancel") this.wait({ committed: answer, failed: work.reject });
      else {
        const { orderId } = work.amendment;
        this.wait({ committed: answer, failed: work.reject, orderId, amends: true });
      }
    }
  }

  /** The units that waiting demand was given in this round, for its commit. */
  recordFills(writer: CommitWriter<DemandFill> | null): void {
    if (writer === null) return;
    for (const { shard, fill } of this.answers.filled) {
      if (!this.isUp(shard)) continue;
      this.round.attachments.push({
        writer: writer as CommitWriter<unknown>,
        record: fill,
        waiter: NOBODY,
        order: null,
      });
    }
  }

  private finishWork(work: Exclude<Work, OrderWork | ChangeWork>): void {
    const { answers } = this;
    const shards = this.shardsOf(work);
    // Taken out also where the work itself has failed: the answers after them belong to the next work.
    const outcomes = work.kind === "execute" ? answers.takeOutcomes(work, shards) : [];
    const codes = work.kind === "lanes" ? answers.takeCodes(work) : null;
    const handles = work.kind === "open" ? answers.takeHandles(work) : [];
    const failed = shards.find((shard) => !this.isUp(shard));
    if (failed !== undefined) {
      work.reject(unavailableError(failed, this.failed.get(failed) ?? "it was lost"));
      return;
    }
    switch (work.kind) {
      case "execute":
        this.wait({ committed: () => work.resolve(outcomes), failed: work.reject });
        return;
      case "positions": {
        const views = answers.positionsOf(work.skus);
        this.wait({ committed: () => work.resolve(views), failed: work.reject });
        return;
      }
      case "outlooks": {
        const outlooks = work.skus.flatMap((sku) => answers.outlooks.get(sku) ?? []);
        this.wait({ committed: () => work.resolve(outlooks), failed: work.reject });
        return;
      }
      case "named": {
        const named = work.skus.flatMap((sku) => answers.named.get(sku) ?? []);
        this.wait({ committed: () => work.resolve(named), failed: work.reject });
        return;
      }
      case "holds": {
        const views = answers.holdsAt(work.address);
        this.wait({ committed: () => work.resolve(views), failed: work.reject });
        return;
      }
      case "lanes":
        this.wait({ committed: () => work.resolve(codes), failed: work.reject });
        return;
      case "open":
        this.wait({ committed: () => work.resolve(handles), failed: work.reject });
        return;
      case "record":
        this.round.attachments.push({
          writer: work.writer,
          record: work.record,
          waiter: { committed: work.resolve, failed: work.reject },
          order: null,
        });
        return;
    }
  }

  private touchedBy(change: PlannedChange): readonly number[] {
    return [...change.reductions, ...change.placements, ...change.marks].map((part) =>
      this.shardOf(part.sku),
    );
  }

  /** A change that has begun takes all of its shards with it: they are rebuilt from what is committed. */
  private loseChange(change: PlannedChange, why: string): void {
    const [shard] = this.touchedBy(change);
    change.error = unavailableError(shard ?? 0, why);
    for (const touched of this.touchedBy(change)) if (this.isUp(touched)) this.failed.set(touched, why);
  }

  /** Asks for the parts to be taken back, as far as they were placed and their shards are up. */
  takeBack({ placements, queue, whole }: PlacedParts): void {
    for (const demand of queue) if (this.isPlaced(demand)) this.requests.undoQueue(demand);
    for (const placement of placements) if (this.isPlaced(placement)) this.requests.undo(placement);
    if (whole !== null && this.isUp(homeOf(whole.ofOrder, this.layout.shardCount)))
      this.requests.forget(whole);
  }

  private isPlaced({ sku, holdId }: { readonly sku: string; readonly holdId: string }): boolean {
    return this.isUp(this.shardOf(sku)) && !this.answers.refusedParts.has(holdId);
  }

  private undo(order: PlannedOrder, error: EngineError): void {
    order.undone = error;
    this.takeBack(order.parts);
  }

  private take(request: ShardRequest, answer: ShardAnswer): void {
    if ("failure" in answer) {
      this.failed.set(request.shard, answer.failure);
      return;
    }
    const { reply } = answer;
    this.answers.take(request, reply);
    this.amendments.take(request, reply);
    const entry = this.directory.entry(request.shard);
    entry.nextExpiryAtMs = reply.nextExpiryAtMs;
    entry.positionCount = reply.positionCount;
    entry.holdCount = reply.holdCount;
  }

  private shardsOf(work: Work): readonly number[] {
    let shards = this.shardsByWork.get(work);
    if (shards === undefined) {
      shards = shardsOfWork(work, this.layout);
      this.shardsByWork.set(work, shards);
    }
    return shards;
  }

  private shardOf(sku: string): number {
    return shardOf(sku, this.layout.shardCount);
  }

  private hasFailed(order: PlannedOrder): boolean {
    for (const shard of order.shards) if (!this.isUp(shard)) return true;
    return false;
  }

  /** A shard that is lost between two steps of the round is lost for the whole round. */
  private isUp(shard: number): boolean {
    if (this.failed.has(shard)) return false;
    if (this.directory.isUp(shard)) return true;
    this.failed.set(shard, "its thread was lost");
    return false;
  }

  private wait(waiter: Waiter): void {
    this.round.waiters.push(waiter);
  }
}

function orderIdOf(work: OrderWork | ChangeWork): string {
  switch (work.kind) {
    case "order":
      return work.request.orderId;
    case "amend":
      return work.amendment.orderId;
    case "cancel":
      return work.cancellation.orderId;
  }
}

function nothingOf(orderId: string): PlacedParts {
  return { orderId, placements: [], queue: [], whole: null };
}

/** No caller waits for the record of a fill: it is written, or the units were not given. */
const NOBODY: Waiter = { committed: () => {}, failed: () => {} };

/** For good: the caller is served where the shard is now. */
function fencedError(shard: number): EngineError {
  return new EngineError("fenced", `shard ${shard} belongs to another process now`, {
    retryAfterMs: FENCED_RETRY_AFTER_MS,
  });
}

function unavailableError(shard: number, why: string): EngineError {
  return new EngineError("shard_unavailable", `shard ${shard} takes no work: ${why}`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}
