/**
 * What the shards have answered in one round, over all of its steps. Runs on the main thread.
 *
 * Owns how the answers of many shards are put together again: for each piece of work its outcomes in the
 * order of its commands, for each SKU its positions, for each order what was placed of it before. Leaves to
 * `round-runner.ts` what an answer means, and whether its shard is still up at the end of the round.
 */
import type { PositionAddress, StockOutcome } from "../../actors/commands.ts";
import type { DemandFill, HoldView, NamedUnits, PlacedHold, PositionView } from "../allocator-client.ts";
import { RoundStock, type StockByLocation } from "../planning/round-stock.ts";
import { shardOf } from "../shard/shard-of.ts";
import type {
  OrderDemand,
  PositionPools,
  RememberedOrder,
  ShardReply,
  ShardRequest,
  SkuOutlook,
} from "../shard/shard-request.ts";
import type { ShardChanges } from "../stock-view/stock-changes.ts";
import { gatherCodes, handleOf } from "./lane-routing.ts";
import type { ExecuteWork, LanesWork, OpenWork } from "./work.ts";

type OpenMemory = { readonly holds: PlacedHold[]; readonly queued: OrderDemand[] };

export class RoundAnswers {
  readonly blobs: { readonly shard: number; readonly blob: Uint8Array }[] = [];
  /** What readers of the stock view see once the round is committed. */
  readonly changes: ShardChanges[] = [];
  readonly filled: { readonly shard: number; readonly fill: DemandFill }[] = [];
  readonly outlooks = new Map<string, SkuOutlook>();
  readonly named = new Map<string, NamedUnits>();
  /** Ids of holds that could not be placed, queued or reduced. */
  readonly refusedParts = new Set<string>();
  private readonly shardCount: number;
  private readonly positions = new Map<string, PositionView[]>();
  /** By SKU. */
  private readonly pools = new Map<string, PositionPools[]>();
  private readonly holds = new Map<string, readonly HoldView[]>();
  private readonly orders = new Map<string, OpenMemory>();
  /** By shard, in the order asked, and how many of them were taken out already. */
  private readonly outcomes = new Map<number, { readonly all: readonly StockOutcome[]; taken: number }>();
  private readonly laneCodes = new Map<number, Iterator<Uint8Array | null>>();
  private readonly ordinals = new Map<number, Iterator<number>>();

  constructor(shardCount: number) {
    this.shardCount = shardCount;
  }

  take(request: ShardRequest, reply: ShardReply): void {
    const { shard } = request;
    if (reply.entries !== null) this.blobs.push({ shard, blob: reply.entries });
    if (reply.changes !== null) this.changes.push({ shard, changes: reply.changes });
    if (request.commands.length > 0) this.outcomes.set(shard, { all: reply.outcomes, taken: 0 });
    if (request.lanes !== undefined) this.laneCodes.set(shard, reply.laneCodes.values());
    if (request.open !== undefined) this.ordinals.set(shard, reply.ordinals.values());
    for (const [index, address] of request.addresses.entries()) {
      this.holds.set(addressKey(address), reply.holds[index] ?? []);
    }
    for (const sku of request.skus) {
      this.positions.set(sku, []);
      this.pools.delete(sku);
    }
    for (const pools of reply.pools) {
      const ofSku = this.pools.get(pools.sku);
      if (ofSku === undefined) this.pools.set(pools.sku, [pools]);
      else ofSku.push(pools);
    }
    for (const view of reply.positions) this.positions.get(view.sku)?.push(view);
    for (const outlook of reply.outlooks) this.outlooks.set(outlook.sku, outlook);
    for (const named of reply.named) this.named.set(named.sku, named);
    for (const fill of reply.filled) this.filled.push({ shard, fill });
    this.takeOrders(request, reply);
    this.takeRefusals(request, reply);
  }

  /** What can be promised of the positions asked for; the round's plans take from it. */
  stock(): RoundStock {
    const stock: StockByLocation = new Map();
    for (const [sku, views] of this.positions) {
      stock.set(sku, new Map(views.map((view) => [view.locationId, view.availableToPromise])));
    }
    return new RoundStock(stock, [...this.pools.values()].flat());
  }

  /** What was placed of the order before this round; `undefined`: no shard remembers it. */
  memoryOf(orderId: string): RememberedOrder | undefined {
    return this.orders.get(orderId);
  }

  /** Each SKU once, however often it is named. */
  positionsOf(skus: readonly string[]): readonly PositionView[] {
    return [...new Set(skus)].flatMap((sku) => this.positions.get(sku) ?? []);
  }

  holdsAt(address: PositionAddress): readonly HoldView[] {
    return this.holds.get(addressKey(address)) ?? [];
  }

  /** The outcomes of the work that is next: outcomes come in the order in which commands were given. */
  takeOutcomes(work: ExecuteWork, shards: readonly number[]): readonly StockOutcome[] {
    const outcomes: StockOutcome[] = [];
    for (let index = 0; index < work.commands.length; index += 1) {
      const ofShard = this.outcomes.get(shards[index] ?? 0);
      if (ofShard === undefined) continue;
      const outcome = ofShard.all[ofShard.taken];
      ofShard.taken += 1;
      if (outcome !== undefined) outcomes.push(outcome);
    }
    return outcomes;
  }

  /** The codes of the work that is next; `null`: all of its lane operations were applied. */
  takeCodes(work: LanesWork): Uint8Array | null {
    let codes: Uint8Array | null = null;
    for (const part of work.parts) {
      const ofPart = this.laneCodes.get(part.shard)?.next().value ?? null;
      codes = gatherCodes(codes, work.count, part, ofPart);
    }
    return codes;
  }

  /** The handles of the work that is next; `null` for a position that does not exist. */
  takeHandles(work: OpenWork): readonly (number | null)[] {
    return work.addresses.map((address) => {
      const shard = shardOf(address.sku, this.shardCount);
      const ordinal = this.ordinals.get(shard)?.next().value ?? -1;
      return ordinal < 0 ? null : handleOf(shard, ordinal, this.shardCount);
    });
  }

  private takeOrders(request: ShardRequest, reply: ShardReply): void {
    for (const [index, orderId] of request.orders.entries()) {
      const remembered = reply.orders[index];
      if (remembered === null || remembered === undefined) continue;
      const known = this.orders.get(orderId) ?? { holds: [], queued: [] };
      this.orders.set(orderId, known);
      // Two requests of the round may have asked one shard.
      const before = new Set([...known.holds.map(placeKey), ...known.queued.map((demand) => demand.holdId)]);
      known.holds.push(...remembered.holds.filter((hold) => !before.has(placeKey(hold))));
      known.queued.push(...remembered.queued.filter((demand) => !before.has(demand.holdId)));
    }
  }

  private takeRefusals(request: ShardRequest, reply: ShardReply): void {
    for (const [index, placement] of request.placements.entries()) {
      if (reply.placed[index]?.status !== "applied") this.refusedParts.add(placement.holdId);
    }
    for (const [index, demand] of (request.queue ?? []).entries()) {
      if (reply.queued[index] !== true) this.refusedParts.add(demand.holdId);
    }
    for (const [index, reduction] of (request.amend?.reductions ?? []).entries()) {
      if (reply.amend?.reduced[index] !== true) this.refusedParts.add(reduction.holdId);
    }
  }
}

function addressKey(address: PositionAddress): string {
  return `${address.sku}\u001f${address.locationId}`;
}

function placeKey(hold: PlacedHold): string {
  return `${hold.holdId}\u001f${hold.locationId}`;
}
