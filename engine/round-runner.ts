/**
 * Runs one round: everything that waited, on all shards that it concerns, in three steps.
 *
 * 1. Commands run and stock is read, on every shard at once.
 * 2. Orders are planned, one after the other, against that stock, and their parts are placed.
 * 3. Where a shard failed on the way, the other parts of its orders are undone.
 *
 * Rounds run one at a time, so nothing but the round itself changes stock between its steps: plans hold, two orders
 * never take the same unit, and an order whose lines meet several shards is placed wholly or not at all. What a round
 * made goes to the committer as one piece.
 */
import type { PositionAddress, StockCommand, StockOutcome } from "../actors/commands.ts";
import type { HoldView, OrderReservation, PlacedHold, PositionView } from "./allocator-client.ts";
import { EngineError } from "./errors.ts";
import { type ExecuteWork, type OrderWork, sizeOf, type Work } from "./intake.ts";
import type { ShardAnswer } from "./messages.ts";
import {
  placementsOf,
  planReservation,
  type RoundStock,
  repeatedReservation,
  type SourcingSetup,
  takeFrom,
} from "./order-reservation.ts";
import { shardOf } from "./placement.ts";
import { addBlob, newRound, type Round, type Waiter } from "./round.ts";
import type { Placement, ShardReply, ShardRequest } from "./shard.ts";
import type { ShardDirectory } from "./shard-directory.ts";
import type { ShardHost } from "./shard-host.ts";

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
};

type PlannedOrder = {
  readonly work: OrderWork;
  readonly shards: ReadonlySet<number>;
  readonly reservation: OrderReservation;
  /** Empty for a repeat and for a refusal. */
  readonly placements: readonly Placement[];
  undone: EngineError | null;
};

export class RoundRunner {
  private readonly host: ShardHost;
  private readonly directory: ShardDirectory;
  private readonly shardCount: number;

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
    const run = new Run(this.host, this.directory, this.shardCount, options.nowMs);
    for (const shard of options.expiring) run.requestTo(shard);
    const accepted = works.filter((work) => run.accept(work));
    await run.ask();
    const { deferred, planned } = run.plan(accepted, options.setup);
    await run.ask();
    run.checkPlaced(planned);
    run.attach(planned);
    await run.undoFailed(planned);
    run.finish(accepted, planned);
    return { round: run.round, deferred, failed: run.failed };
  }

  /** A round that only gives holds back. */
  async undo(placements: readonly Placement[], nowMs: number): Promise<RoundResult> {
    const run = new Run(this.host, this.directory, this.shardCount, nowMs);
    for (const placement of placements) run.requestTo(run.shardOf(placement.sku)).undo.push(placement);
    await run.ask();
    run.finish([], []);
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
  private requests = new Map<number, Request>();
  private readonly blobs: { readonly shard: number; readonly blob: Uint8Array }[] = [];
  private readonly outcomes = new Map<number, readonly StockOutcome[]>();
  private readonly views = new Map<string, PositionView[]>();
  private readonly holds = new Map<string, readonly HoldView[]>();
  private readonly placedBefore = new Map<string, PlacedHold[]>();
  private readonly shardsByWork = new Map<Work, readonly number[]>();
  private readonly refusedParts = new Set<string>();

  constructor(host: ShardHost, directory: ShardDirectory, shardCount: number, nowMs: number) {
    this.host = host;
    this.directory = directory;
    this.shardCount = shardCount;
    this.nowMs = nowMs;
  }

  shardOf(sku: string): number {
    return shardOf(sku, this.shardCount);
  }

  requestTo(shard: number): Request {
    let request = this.requests.get(shard);
    if (request === undefined) {
      request = {
        shard,
        nowMs: this.nowMs,
        commands: [],
        placements: [],
        undo: [],
        orders: [],
        skus: [],
        addresses: [],
      };
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
        for (const sku of new Set(work.request.lines.map((line) => line.sku))) this.wantPositions(sku);
        for (const shard of new Set(this.shardsOf(work))) {
          this.requestTo(shard).orders.push(work.request.orderId);
        }
        return true;
      case "positions":
        for (const sku of work.skus) this.wantPositions(sku);
        return true;
      case "holds":
        this.requestTo(this.shardOf(work.address.sku)).addresses.push(work.address);
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
  plan(
    works: readonly Work[],
    setup: SourcingSetup,
  ): { readonly deferred: readonly Work[]; readonly planned: readonly PlannedOrder[] } {
    const stock: RoundStock = new Map();
    for (const [sku, views] of this.views) {
      stock.set(sku, new Map(views.map((view) => [view.locationId, view.availableToPromise])));
    }
    const deferred: Work[] = [];
    const planned = new Map<string, PlannedOrder>();
    for (const work of works) {
      if (work.kind !== "order") continue;
      const { orderId } = work.request;
      if (planned.has(orderId)) {
        this.round.size -= sizeOf(work);
        deferred.push(work);
        continue;
      }
      const before = this.placedBefore.get(orderId);
      const reservation =
        before === undefined
          ? planReservation(work.request, stock, setup)
          : repeatedReservation(work.request, before, setup.kits);
      const holds = before === undefined && reservation.status === "reserved" ? reservation.holds : [];
      takeFrom(stock, holds);
      const placements = placementsOf(work.request, holds);
      for (const placement of placements) {
        this.requestTo(this.shardOf(placement.sku)).placements.push(placement);
      }
      planned.set(orderId, {
        work,
        shards: new Set(this.shardsOf(work)),
        reservation,
        placements,
        undone: null,
      });
    }
    return { deferred, planned: [...planned.values()] };
  }

  /** An order of which a part was refused after all is undone. A plan holds, so this is a fault, not a shortage. */
  checkPlaced(planned: readonly PlannedOrder[]): void {
    for (const order of planned) {
      const refused = order.placements.find((placement) => this.refusedParts.has(placement.holdId));
      if (refused === undefined) continue;
      this.undo(
        order,
        new EngineError("invalid_request", `the reservation of hold ${refused.holdId} was refused`),
      );
    }
  }

  /** Asks the callers for their records; an order whose record cannot be made is undone. */
  attach(planned: readonly PlannedOrder[]): void {
    for (const order of planned) {
      const { work, reservation } = order;
      if (order.undone !== null || work.attachment === null || this.hasFailed(order)) continue;
      try {
        const record = work.attachment.record(reservation);
        if (record === null) continue;
        this.round.attachments.push({
          writer: work.attachment.writer,
          record,
          waiter: { committed: () => work.resolve(reservation), failed: work.reject },
          order: { orderId: work.request.orderId, placements: order.placements },
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
    for (;;) {
      for (const order of planned) {
        if (order.undone !== null || !this.hasFailed(order)) continue;
        const [shard] = [...order.shards].filter((candidate) => !this.isUp(candidate));
        this.undo(order, unavailableError(shard ?? 0, "it failed while the order was placed"));
      }
      if (this.requests.size === 0) return;
      await this.ask();
    }
  }

  /** Puts together what goes to the committer and whom it tells. */
  finish(works: readonly Work[], planned: readonly PlannedOrder[]): void {
    for (const { shard, blob } of this.blobs) if (this.isUp(shard)) addBlob(this.round, shard, blob);
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
        this.wait({ committed: () => work.resolve(reservation), failed: work.reject });
      }
    }
    const taken = new Map<number, number>();
    for (const work of works) if (work.kind !== "order") this.finishWork(work, taken);
  }

  private finishWork(work: Exclude<Work, OrderWork>, taken: Map<number, number>): void {
    // Outcomes are taken in the order in which the commands were given, also where the work itself has failed.
    const outcomes = work.kind === "execute" ? this.takeOutcomes(work, taken) : [];
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
      case "holds": {
        const views = this.holds.get(addressKey(work.address)) ?? [];
        this.wait({ committed: () => work.resolve(views), failed: work.reject });
        return;
      }
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

  private undo(order: PlannedOrder, error: EngineError): void {
    order.undone = error;
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
    if (request.commands.length > 0) this.outcomes.set(request.shard, reply.outcomes);
    for (const [index, placement] of request.placements.entries()) {
      if (reply.placed[index]?.status !== "applied") this.refusedParts.add(placement.holdId);
    }
    for (const [index, address] of request.addresses.entries()) {
      this.holds.set(addressKey(address), reply.holds[index] ?? []);
    }
    this.takePlacedBefore(request, reply);
    for (const view of reply.positions) this.views.get(view.sku)?.push(view);
    const entry = this.directory.entry(request.shard);
    entry.nextExpiryAtMs = reply.nextExpiryAtMs;
    entry.positionCount = reply.positionCount;
    entry.holdCount = reply.holdCount;
  }

  private takePlacedBefore(request: ShardRequest, reply: ShardReply): void {
    for (const [index, orderId] of request.orders.entries()) {
      const holds = reply.orders[index];
      if (holds === null || holds === undefined) continue;
      const known = this.placedBefore.get(orderId) ?? [];
      const holdIds = new Set(known.map((hold) => hold.holdId));
      known.push(...holds.filter((hold) => !holdIds.has(hold.holdId)));
      this.placedBefore.set(orderId, known);
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
      shards = this.findShards(work);
      this.shardsByWork.set(work, shards);
    }
    return shards;
  }

  private findShards(work: Work): readonly number[] {
    switch (work.kind) {
      case "execute":
        return work.commands.map((command) => this.shardOf(command.sku));
      case "order":
        return work.request.lines.map((line) => this.shardOf(line.sku));
      case "positions":
        return work.skus.map((sku) => this.shardOf(sku));
      case "holds":
        return [this.shardOf(work.address.sku)];
      case "record":
        return [];
      default: {
        const unreachable: never = work;
        return unreachable;
      }
    }
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

function unavailableError(shard: number, why: string): EngineError {
  return new EngineError("shard_unavailable", `shard ${shard} takes no work: ${why}`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
}

function addressKey(address: PositionAddress): string {
  return `${address.sku}\u001f${address.locationId}`;
}
