/**
 * What one step of a round asks of the shards, gathered into one request for each of them. Runs on the main
 * thread.
 *
 * Owns how work and the parts of orders become requests. Leaves to `round-runner.ts` what is asked, and which
 * shards still take requests.
 */
import type { PositionAddress, StockCommand } from "../../actors/commands.ts";
import { componentSkus } from "../planning/kits.ts";
import { homeOf, shardOf } from "../shard/shard-of.ts";
import {
  type AmendmentMark,
  type AmendmentQuestion,
  type DemandToQueue,
  type DemandWithdrawal,
  emptyRequest,
  type HoldReduction,
  type LaneRun,
  type Placement,
  type WholeOrder,
} from "../shard/shard-request.ts";
import { type PlannedChange, questionOf } from "./round-amendments.ts";
import type { Work } from "./work.ts";
import type { Layout } from "./work-routing.ts";

/** A `ShardRequest` that is still being filled. */
type OpenRequest = {
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
  queue?: DemandToQueue[];
  undoQueue?: DemandToQueue[];
  remember?: WholeOrder[];
  forget?: WholeOrder[];
  outlooks?: string[];
  named?: string[];
  amend?: OpenAmendment;
};

type OpenAmendment = {
  readonly questions: AmendmentQuestion[];
  readonly withdrawals: DemandWithdrawal[];
  readonly reductions: HoldReduction[];
  readonly marks: AmendmentMark[];
};

export class RoundRequests {
  private readonly layout: Layout;
  private readonly nowMs: number;
  private requests = new Map<number, OpenRequest>();
  /** SKUs whose positions were asked for in this round. */
  private readonly skus = new Set<string>();

  constructor(layout: Layout, nowMs: number) {
    this.layout = layout;
    this.nowMs = nowMs;
  }

  get isEmpty(): boolean {
    return this.requests.size === 0;
  }

  /** Returns what has gathered; the next step begins empty. */
  take(): Iterable<OpenRequest> {
    const { requests } = this;
    this.requests = new Map();
    return requests.values();
  }

  /** The shard's request. Even an empty one makes the shard do what has fallen due. */
  to(shard: number): OpenRequest {
    let request = this.requests.get(shard);
    if (request === undefined) {
      request = emptyRequest(shard, this.nowMs);
      this.requests.set(shard, request);
    }
    return request;
  }

  /** Asks for what the work needs first. @param shards as `shardsOfWork` names them */
  add(work: Work, shards: readonly number[]): void {
    switch (work.kind) {
      case "execute":
        for (const [index, command] of work.commands.entries()) {
          this.to(shards[index] ?? 0).commands.push(command);
        }
        return;
      case "order":
        this.wantPositions(
          work.share === undefined
            ? componentSkus(this.layout.kits, work.request.lines)
            : work.share.placements.map(({ sku }) => sku),
        );
        for (const shard of new Set(shards)) this.to(shard).orders.push(work.request.orderId);
        return;
      case "amend":
        this.wantPositions(componentSkus(this.layout.kits, work.amendment.lines));
        for (const shard of shards) this.amendmentTo(shard).questions.push(questionOf(work));
        return;
      case "cancel":
        for (const shard of shards) this.amendmentTo(shard).questions.push(questionOf(work));
        return;
      case "positions":
        this.wantPositions(work.skus);
        return;
      case "outlooks":
        this.wantOutlooks(work.skus);
        return;
      case "named":
        this.wantNamed(work.skus);
        return;
      case "holds":
        this.toOwnerOf(work.address.sku).addresses.push(work.address);
        return;
      case "lanes":
        for (const { shard, operations } of work.parts) {
          const request = this.to(shard);
          request.lanes ??= [];
          request.lanes.push({ lane: work.lane, atMs: work.atMs, operations });
        }
        return;
      case "open":
        for (const address of work.addresses) {
          const request = this.toOwnerOf(address.sku);
          request.open ??= [];
          request.open.push(address);
        }
        return;
      case "record":
        return;
      default:
        work satisfies never;
    }
  }

  wantOutlooks(skus: Iterable<string>): void {
    for (const sku of skus) {
      const request = this.toOwnerOf(sku);
      request.outlooks ??= [];
      if (!request.outlooks.includes(sku)) request.outlooks.push(sku);
    }
  }

  private wantNamed(skus: Iterable<string>): void {
    for (const sku of new Set(skus)) {
      const request = this.toOwnerOf(sku);
      request.named ??= [];
      request.named.push(sku);
    }
  }

  place(placements: readonly Placement[]): void {
    for (const placement of placements) this.toOwnerOf(placement.sku).placements.push(placement);
  }

  queue(demands: readonly DemandToQueue[]): void {
    for (const demand of demands) {
      const request = this.toOwnerOf(demand.sku);
      request.queue ??= [];
      request.queue.push(demand);
    }
  }

  undo(placement: Placement): void {
    this.toOwnerOf(placement.sku).undo.push(placement);
  }

  undoQueue(demand: DemandToQueue): void {
    const request = this.toOwnerOf(demand.sku);
    request.undoQueue ??= [];
    request.undoQueue.push(demand);
  }

  remember(order: WholeOrder): void {
    const request = this.to(homeOf(order.ofOrder, this.layout.shardCount));
    request.remember ??= [];
    request.remember.push(order);
  }

  forget(order: WholeOrder): void {
    const request = this.to(homeOf(order.ofOrder, this.layout.shardCount));
    request.forget ??= [];
    request.forget.push(order);
  }

  change(change: PlannedChange): void {
    for (const withdrawal of change.withdrawals) {
      this.amendmentTo(this.shardOf(withdrawal.sku)).withdrawals.push(withdrawal);
    }
    this.queue(change.queue);
    for (const reduction of change.reductions) {
      this.amendmentTo(this.shardOf(reduction.sku)).reductions.push(reduction);
    }
    this.place(change.placements);
    // A shard remembers an id only once, however many of its SKUs the change concerns.
    const marks = new Map(change.marks.map((mark) => [this.shardOf(mark.sku), mark]));
    for (const [shard, mark] of marks) this.amendmentTo(shard).marks.push(mark);
  }

  private wantPositions(skus: Iterable<string>): void {
    for (const sku of skus) {
      if (this.skus.has(sku)) continue;
      this.skus.add(sku);
      this.toOwnerOf(sku).skus.push(sku);
    }
  }

  private amendmentTo(shard: number): OpenAmendment {
    const request = this.to(shard);
    request.amend ??= { questions: [], withdrawals: [], reductions: [], marks: [] };
    return request.amend;
  }

  private toOwnerOf(sku: string): OpenRequest {
    return this.to(this.shardOf(sku));
  }

  private shardOf(sku: string): number {
    return shardOf(sku, this.layout.shardCount);
  }
}
