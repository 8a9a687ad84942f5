/**
 * Runs one round: everything that waited, on all shards that it concerns, in three steps.
 *
 * 1. Commands run and stock is read, on every shard at once.
 * 2. Orders are planned, one after the other, against that stock, and their parts are placed.
 * 3. Where a shard failed on the way, the other parts of its orders are undone.
 *
 * A thread is in one round at a time, so nothing but the round itself changes its stock between the steps: plans hold,
 * two orders never take the same unit, and an order whose lines meet several shards is placed wholly or not at all. What
 * a round made goes to the committer as one piece.
 */
import type { PositionAddress, StockCommand, StockOutcome } from "../../actors/commands.ts";
import type {
  CommitWriter,
  DemandFill,
  HoldView,
  OrderReservation,
  PlacedHold,
  PositionView,
} from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import {
  type ExecuteWork,
  type LanesWork,
  type OpenWork,
  type OrderWork,
  sizeOf,
  type Work,
} from "../loop/intake.ts";
import { componentsOf } from "../planning/kits.ts";
import {
  placementsOf,
  planReservation,
  type RoundStock,
  repeatedReservation,
  type SourcingSetup,
  takeFrom,
  withPromises,
} from "../planning/order-reservation.ts";
import { shardOf } from "../shard/shard-of.ts";
import type { DemandWithdrawal, HoldReduction, LaneRun, OrderDemand } from "../shard/shard-request.ts";
import {
  type AmendmentMark,
  type AmendmentQuestion,
  emptyRequest,
  type Placement,
  type QueuedPlacement,
  type ShardReply,
  type ShardRequest,
  type SkuOutlook,
} from "../shard/shard-request.ts";
import type { ShardChanges } from "../stock-view/stock-view.ts";
import type { ShardAnswer } from "../threads/messages.ts";
import type { ShardHost } from "../threads/shard-host.ts";
import { gatherCodes, handleOf } from "./lane-routing.ts";
import { addBlob, newRound, type Round, type Waiter } from "./round.ts";
import { type ChangeWork, type PlannedChange, RoundAmendments } from "./round-amendments.ts";
import type { ShardDirectory } from "./shard-directory.ts";
import { shardsOfWork } from "./work-routing.ts";

const RETRY_AFTER_MS = 200;

export type RoundResult = {
  readonly round: Round;
  /** Second requests for an order of this round: they run in the next one, where its outcome is known. */
  readonly deferred: readonly Work[];
  /** Shards that failed in this round; nothing of what they did is in it. */
  readonly failed: ReadonlyMap<number, string>;
};

type Request = {
  readonly shard: number;
  nowMs: number;
  commands: StockCommand[];
  placements: Placement[];
  undo: Placement[];
  orders: string[];
  skus: string[];
  addresses: PositionAddress[];
  lanes?: LaneRun[];
  open?: PositionAddress[];
  queue?: QueuedPlacement[];
  undoQueue?: QueuedPlacement[];
  outlooks?: string[];
  amend?: AmendPart;
};

type AmendPart = {
  readonly questions: AmendmentQuestion[];
  readonly withdrawals: DemandWithdrawal[];
  readonly reductions: HoldReduction[];
  readonly marks: AmendmentMark[];
};

type PlannedOrder = {
  readonly work: OrderWork;
  readonly shards: ReadonlySet<number>;
  reservation: OrderReservation;
  /** Empty for a repeat and for a refusal. */
  readonly placements: readonly Placement[];
  readonly queue: readonly QueuedPlacement[];
  undone: EngineError | null;
};

export class RoundRunner {
  private readonly host: ShardHost;
  private readonly directory: ShardDirectory;
  private readonly shardCount: number;
  /** Who writes down what waiting demand was given; `null`: nobody wants to know. */
  fills: CommitWriter<DemandFill> | null = null;

  constructor(host: ShardHost, directory: ShardDirectory) {
    this.host = host;
    this.directory = directory;
    this.shardCount = directory.entries.length;
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
    const run = new Run(this.host, this.directory, this.shardCount, options.nowMs, options.setup);
    for (const shard of options.expiring) run.requestTo(shard);
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
  async undo(
    orders: readonly {
      readonly placements: readonly Placement[];
      readonly queue: readonly QueuedPlacement[];
    }[],
    nowMs: number,
  ): Promise<RoundResult> {
    const run = new Run(this.host, this.directory, this.shardCount, nowMs, null);
    for (const order of orders) {
      run.undoQueue(order.queue);
      for (const placement of order.placements) {
        run.requestTo(run.shardOf(placement.sku)).undo.push(placement);
      }
    }
    await run.ask();
    run.finish([], []);
    run.recordFills(this.fills);
    return { round: run.round, deferred: [], failed: run.failed };
  }
}

class Run {
  readonly round: Round = newRound();
  readonly failed = new Map<number, string>();
  private readonly host: ShardHost;
  private readonly directory: ShardDirectory;
  private readonly shardCount: number;
  private readonly nowMs: number;
  /** `null` where nothing is planned. */
  private readonly setup: SourcingSetup | null;
  private readonly amendments = new RoundAmendments();
  private readonly changes: PlannedChange[] = [];
  private requests = new Map<number, Request>();
  private readonly blobs: { readonly shard: number; readonly blob: Uint8Array }[] = [];
  /** What readers of the stock view see of it once it is committed. */
  private readonly published: ShardChanges[] = [];
  private readonly outcomes = new Map<number, readonly StockOutcome[]>();
  private readonly views = new Map<string, PositionView[]>();
  private readonly holds = new Map<string, readonly HoldView[]>();
  private readonly placedBefore = new Map<string, { holds: PlacedHold[]; queued: OrderDemand[] }>();
  private readonly filled: { readonly shard: number; readonly fill: DemandFill }[] = [];
  private readonly outlooks = new Map<string, SkuOutlook>();
  private readonly shardsByWork = new Map<Work, readonly number[]>();
  private readonly refusedParts = new Set<string>();
  /** Answers to lanes and to the opening of positions, by shard, in the order asked. */
  private readonly laneCodes = new Map<number, Iterator<Uint8Array | null>>();
  private readonly ordinals = new Map<number, Iterator<number>>();

  constructor(
    host: ShardHost,
    directory: ShardDirectory,
    shardCount: number,
    nowMs: number,
    setup: SourcingSetup | null,
  ) {
    this.host = host;
    this.directory = directory;
    this.shardCount = shardCount;
    this.nowMs = nowMs;
    this.setup = setup;
  }

  shardOf(sku: string): number {
    return shardOf(sku, this.shardCount);
  }

  requestTo(shard: number): Request {
    let request = this.requests.get(shard);
    if (request === undefined) {
      request = emptyRequest(shard, this.nowMs);
      this.requests.set(shard, request);
    }
    return request;
  }

  /** Adds what the work asks of its shards, or refuses it where one of them takes no work. */
  accept(work: Work): boolean {
    const unavailable = this.shardsOf(work).find((shard) => !this.directory.isLive(shard));
    if (unavailable !== undefined) {
      work.reject(unavailableError(unavailable, "it is being rebuilt or belongs to another process"));
      return false;
    }
    this.round.size += sizeOf(work);
    switch (work.kind) {
      case "execute":
        for (const [index, command] of work.commands.entries()) {
          this.requestTo(this.shardsOf(work)[index] ?? 0).commands.push(command);
        }
        return true;
      case "order":
        for (const sku of this.componentSkus(work.request.lines)) this.wantPositions(sku);
        for (const shard of new Set(this.shardsOf(work))) {
          this.requestTo(shard).orders.push(work.request.orderId);
        }
        return true;
      case "amend":
        for (const sku of this.componentSkus(work.amendment.lines)) this.wantPositions(sku);
        for (const shard of this.shardsOf(work)) {
          this.amendPart(shard).questions.push(this.amendments.question(work));
        }
        return true;
      case "cancel":
        for (const shard of this.shardsOf(work)) {
          this.amendPart(shard).questions.push(this.amendments.question(work));
        }
        return true;
      case "positions":
        for (const sku of work.skus) this.wantPositions(sku);
        return true;
      case "outlooks":
        for (const sku of work.skus) this.wantOutlook(sku);
        return true;
      case "holds":
        this.requestTo(this.shardOf(work.address.sku)).addresses.push(work.address);
        return true;
      case "lanes":
        for (const { shard, operations } of work.parts) {
          const request = this.requestTo(shard);
          request.lanes ??= [];
          request.lanes.push({ lane: work.lane, atMs: work.atMs, operations });
        }
        return true;
      case "open":
        for (const address of work.addresses) {
          const request = this.requestTo(this.shardOf(address.sku));
          request.open ??= [];
          request.open.push(address);
        }
        return true;
      case "record":
        return true;
      default: {
        const unreachable: never = work;
        return unreachable;
      }
    }
  }

  /** Sends what has gathered to the shards and takes in their answers. */
  async ask(): Promise<void> {
    if (this.requests.size === 0) return;
    const requests: ShardRequest[] = [];
    for (const request of this.requests.values()) {
      if (this.isUp(request.shard)) requests.push(request);
    }
    this.requests = new Map();
    const answers = await this.host.run(requests);
    for (const [index, request] of requests.entries()) {
      const answer = answers.find((candidate) => candidate.shard === request.shard);
      this.take(request, answer ?? { shard: request.shard, failure: `no answer to question ${index}` });
    }
  }

  /** Decides the orders in their order; places the parts of those that can be met. */
  plan(works: readonly Work[]): {
    readonly deferred: readonly Work[];
    readonly planned: readonly PlannedOrder[];
  } {
    const { setup } = this;
    if (setup === null) throw new Error("a round that plans needs to know the locations");
    const stock: RoundStock = new Map();
    for (const [sku, views] of this.views) {
      stock.set(sku, new Map(views.map((view) => [view.locationId, view.availableToPromise])));
    }
    const deferred: Work[] = [];
    const planned = new Map<string, PlannedOrder>();
    const changed = new Set<string>();
    for (const work of works) {
      if (work.kind !== "order" && work.kind !== "amend" && work.kind !== "cancel") continue;
      const orderId = orderIdOf(work);
      if (planned.has(orderId) || changed.has(orderId)) {
        this.round.size -= sizeOf(work);
        deferred.push(work);
        continue;
      }
      if (work.kind !== "order") {
        changed.add(orderId);
        this.planChange(work, stock, setup);
        continue;
      }
      const before = this.placedBefore.get(orderId);
      const reservation =
        before === undefined
          ? planReservation(work.request, stock, setup)
          : repeatedReservation(work.request, before, setup.kits);
      const fresh = before === undefined && reservation.status === "reserved" ? reservation : null;
      const holds = fresh?.holds ?? [];
      takeFrom(stock, holds);
      const { atMs, cause } = work.request;
      const queue = (fresh?.queued ?? []).map((demand) => ({ ...demand, orderId, atMs, cause }));
      this.placeQueue(queue);
      for (const sku of this.componentSkus(reservation.short)) this.wantOutlook(sku);
      const placements = placementsOf(work.request, holds);
      for (const placement of placements) {
        this.requestTo(this.shardOf(placement.sku)).placements.push(placement);
      }
      planned.set(orderId, {
        work,
        shards: new Set(this.shardsOf(work)),
        reservation,
        placements,
        queue,
        undone: null,
      });
    }
    return { deferred, planned: [...planned.values()] };
  }

  private planChange(work: ChangeWork, stock: RoundStock, setup: SourcingSetup): void {
    const down = this.shardsOf(work).find((shard) => !this.isUp(shard));
    if (down !== undefined) {
      work.reject(unavailableError(down, "what it holds of the order is not known"));
      return;
    }
    const change = this.amendments.plan(work, stock, setup);
    for (const withdrawal of change.withdrawals) {
      this.amendPart(this.shardOf(withdrawal.sku)).withdrawals.push(withdrawal);
    }
    this.placeQueue(change.queue);
    for (const reduction of change.reductions) {
      this.amendPart(this.shardOf(reduction.sku)).reductions.push(reduction);
    }
    for (const placement of change.placements) {
      this.requestTo(this.shardOf(placement.sku)).placements.push(placement);
    }
    // A shard remembers an id once, whatever number of its SKUs the change meets.
    const marks = new Map(change.marks.map((mark) => [this.shardOf(mark.sku), mark]));
    for (const [shard, mark] of marks) this.amendPart(shard).marks.push(mark);
    this.changes.push(change);
  }

  /** An order of which a part was refused after all is undone. A plan holds, so this is a fault, not a shortage. */
  checkPlaced(planned: readonly PlannedOrder[]): void {
    for (const order of planned) {
      const refused = [...order.placements, ...order.queue].find((part) =>
        this.refusedParts.has(part.holdId),
      );
      if (refused === undefined) continue;
      this.undo(
        order,
        new EngineError("invalid_request", `the reservation of hold ${refused.holdId} was refused`),
      );
    }
    for (const change of this.changes) {
      const refused = [...change.reductions, ...change.placements, ...change.queue].find((part) =>
        this.refusedParts.has(part.holdId),
      );
      if (refused !== undefined) this.loseChange(change, `the change of hold ${refused.holdId} was refused`);
    }
  }

  /** Asks the callers for their records; an order whose record cannot be made is undone. */
  attach(planned: readonly PlannedOrder[]): void {
    for (const order of planned) {
      const { work } = order;
      if (order.reservation.short.length > 0) {
        const kits = this.setup?.kits ?? new Map();
        order.reservation = withPromises(order.reservation, this.outlooks, kits, this.nowMs);
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
          order: { orderId: work.request.orderId, placements: order.placements, queue: order.queue },
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

  /**
   * Undoes the orders that a failed shard has a part in, until no further shard fails over it.
   */
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
          // Losing shards may undo orders that were looked at already.
          continue again;
        }
      }
      if (this.requests.size === 0) return;
      await this.ask();
    }
  }

  /** Puts together what goes to the committer and whom it tells. */
  finish(works: readonly Work[], planned: readonly PlannedOrder[]): void {
    for (const { shard, blob } of this.blobs) if (this.isUp(shard)) addBlob(this.round, shard, blob);
    for (const change of this.published) if (this.isUp(change.shard)) this.round.changes.push(change);
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
    const taken = new Map<number, number>();
    for (const work of works) {
      if (work.kind === "order" || work.kind === "amend" || work.kind === "cancel") continue;
      this.finishWork(work, taken);
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

  /** What demand was given in this round, for its commit. */
  recordFills(writer: CommitWriter<DemandFill> | null): void {
    if (writer === null) return;
    for (const { shard, fill } of this.filled) {
      if (!this.isUp(shard)) continue;
      this.round.attachments.push({
        writer: writer as CommitWriter<unknown>,
        record: fill,
        waiter: NOBODY,
        order: null,
      });
    }
  }

  private finishWork(work: Exclude<Work, OrderWork | ChangeWork>, taken: Map<number, number>): void {
    // Outcomes are taken in the order in which the commands were given, also where the work itself has failed.
    const outcomes = work.kind === "execute" ? this.takeOutcomes(work, taken) : [];
    const codes = work.kind === "lanes" ? this.takeCodes(work) : null;
    const handles = work.kind === "open" ? this.takeHandles(work) : [];
    const failed = this.shardsOf(work).find((shard) => !this.isUp(shard));
    if (failed !== undefined) {
      work.reject(unavailableError(failed, this.failed.get(failed) ?? "it was lost"));
      return;
    }
    switch (work.kind) {
      case "execute":
        this.wait({ committed: () => work.resolve(outcomes), failed: work.reject });
        return;
      case "positions": {
        const views = [...new Set(work.skus)].flatMap((sku) => this.views.get(sku) ?? []);
        this.wait({ committed: () => work.resolve(views), failed: work.reject });
        return;
      }
      case "outlooks": {
        const outlooks = work.skus.flatMap((sku) => this.outlooks.get(sku) ?? []);
        this.wait({ committed: () => work.resolve(outlooks), failed: work.reject });
        return;
      }
      case "holds": {
        const views = this.holds.get(addressKey(work.address)) ?? [];
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

  private takeOutcomes(work: ExecuteWork, taken: Map<number, number>): StockOutcome[] {
    const outcomes: StockOutcome[] = [];
    for (const shard of this.shardsOf(work)) {
      const index = taken.get(shard) ?? 0;
      taken.set(shard, index + 1);
      const outcome = this.outcomes.get(shard)?.[index];
      if (outcome !== undefined) outcomes.push(outcome);
    }
    return outcomes;
  }

  private takeCodes(work: LanesWork): Uint8Array | null {
    let codes: Uint8Array | null = null;
    for (const part of work.parts) {
      const ofPart = this.laneCodes.get(part.shard)?.next().value ?? null;
      codes = gatherCodes(codes, work.count, part, ofPart);
    }
    return codes;
  }

  private takeHandles(work: OpenWork): (number | null)[] {
    return work.addresses.map((address) => {
      const shard = this.shardOf(address.sku);
      const ordinal = this.ordinals.get(shard)?.next().value ?? -1;
      return ordinal < 0 ? null : handleOf(shard, ordinal, this.shardCount);
    });
  }

  private touchedBy(change: PlannedChange): readonly number[] {
    return [...change.reductions, ...change.placements, ...change.marks].map((part) =>
      this.shardOf(part.sku),
    );
  }

  /** A change that has begun goes with all of its shards: they are rebuilt from what is committed. */
  private loseChange(change: PlannedChange, why: string): void {
    const [shard] = this.touchedBy(change);
    change.error = unavailableError(shard ?? 0, why);
    for (const touched of this.touchedBy(change)) if (this.isUp(touched)) this.failed.set(touched, why);
  }

  private amendPart(shard: number): AmendPart {
    const request = this.requestTo(shard);
    request.amend ??= { questions: [], withdrawals: [], reductions: [], marks: [] };
    return request.amend;
  }

  private placeQueue(queue: readonly QueuedPlacement[]): void {
    for (const demand of queue) {
      const request = this.requestTo(this.shardOf(demand.sku));
      request.queue ??= [];
      request.queue.push(demand);
    }
  }

  undoQueue(queue: readonly QueuedPlacement[]): void {
    for (const demand of queue) {
      const shard = this.shardOf(demand.sku);
      if (!this.isUp(shard) || this.refusedParts.has(demand.holdId)) continue;
      const request = this.requestTo(shard);
      request.undoQueue ??= [];
      request.undoQueue.push(demand);
    }
  }

  private wantOutlook(sku: string): void {
    const request = this.requestTo(this.shardOf(sku));
    request.outlooks ??= [];
    if (!request.outlooks.includes(sku)) request.outlooks.push(sku);
  }

  private undo(order: PlannedOrder, error: EngineError): void {
    order.undone = error;
    this.undoQueue(order.queue);
    for (const placement of order.placements) {
      const shard = this.shardOf(placement.sku);
      if (this.isUp(shard) && !this.refusedParts.has(placement.holdId)) {
        this.requestTo(shard).undo.push(placement);
      }
    }
  }

  private take(request: ShardRequest, answer: ShardAnswer): void {
    if ("failure" in answer) {
      this.failed.set(request.shard, answer.failure);
      return;
    }
    const { reply } = answer;
    if (reply.entries !== null) this.blobs.push({ shard: request.shard, blob: reply.entries });
    if (reply.changes !== null) this.published.push({ shard: request.shard, changes: reply.changes });
    if (request.commands.length > 0) this.outcomes.set(request.shard, reply.outcomes);
    if (request.lanes !== undefined) this.laneCodes.set(request.shard, reply.laneCodes.values());
    if (request.open !== undefined) this.ordinals.set(request.shard, reply.ordinals.values());
    for (const [index, placement] of request.placements.entries()) {
      if (reply.placed[index]?.status !== "applied") this.refusedParts.add(placement.holdId);
    }
    for (const [index, address] of request.addresses.entries()) {
      this.holds.set(addressKey(address), reply.holds[index] ?? []);
    }
    this.takePlacedBefore(request, reply);
    for (const [index, question] of (request.amend?.questions ?? []).entries()) {
      const known = reply.amend?.answers[index];
      if (known !== undefined) this.amendments.take(question, known);
    }
    for (const [index, demand] of (request.queue ?? []).entries()) {
      if (reply.queued[index] !== true) this.refusedParts.add(demand.holdId);
    }
    for (const fill of reply.filled) this.filled.push({ shard: request.shard, fill });
    for (const outlook of reply.outlooks) this.outlooks.set(outlook.sku, outlook);
    for (const [index, reduction] of (request.amend?.reductions ?? []).entries()) {
      if (reply.amend?.reduced[index] !== true) this.refusedParts.add(reduction.holdId);
    }
    for (const view of reply.positions) this.views.get(view.sku)?.push(view);
    const entry = this.directory.entry(request.shard);
    entry.nextExpiryAtMs = reply.nextExpiryAtMs;
    entry.positionCount = reply.positionCount;
    entry.holdCount = reply.holdCount;
  }

  private takePlacedBefore(request: ShardRequest, reply: ShardReply): void {
    for (const [index, orderId] of request.orders.entries()) {
      const remembered = reply.orders[index];
      if (remembered === null || remembered === undefined) continue;
      const known = this.placedBefore.get(orderId) ?? { holds: [], queued: [] };
      this.placedBefore.set(orderId, known);
      // Two requests of the round may have asked one shard.
      const before = new Set([...known.holds.map(placeKey), ...known.queued.map((demand) => demand.holdId)]);
      known.holds.push(...remembered.holds.filter((hold) => !before.has(placeKey(hold))));
      known.queued.push(...remembered.queued.filter((demand) => !before.has(demand.holdId)));
    }
  }

  private wantPositions(sku: string): void {
    if (this.views.has(sku)) return;
    this.views.set(sku, []);
    this.requestTo(this.shardOf(sku)).skus.push(sku);
  }

  private shardsOf(work: Work): readonly number[] {
    let shards = this.shardsByWork.get(work);
    if (shards === undefined) {
      shards = shardsOfWork(work, { shardCount: this.shardCount, kits: this.setup?.kits ?? new Map() });
      this.shardsByWork.set(work, shards);
    }
    return shards;
  }

  private componentSkus(lines: readonly { readonly sku: string }[]): ReadonlySet<string> {
    const skus = lines.flatMap((line) => componentsOf(this.setup?.kits ?? new Map(), line.sku));
    return new Set(skus.map((component) => component.sku));
  }

  private hasFailed(order: PlannedOrder): boolean {
    for (const shard of order.shards) if (!this.isUp(shard)) return true;
    return false;
  }

  /** A shard that is lost between two steps of the round is lost for all of it. */
  private isUp(shard: number): boolean {
    if (this.failed.has(shard)) return false;
    if (this.directory.isLive(shard)) return true;
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

/** Nobody waits for a fill to be written down: it is, or the units were not given. */
const NOBODY: Waiter = { committed: () => {}, failed: () => {} };

function placeKey(hold: PlacedHold): string {
  return `${hold.holdId}\u001f${hold.locationId}`;
}

function unavailableError(shard: number, why: string): EngineError {
  return new EngineError("shard_unavailable", `shard ${shard} takes no work: ${why}`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

function addressKey(address: PositionAddress): string {
  return `${address.sku}\u001f${address.locationId}`;
}
