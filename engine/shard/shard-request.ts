/**
 * What a round asks of one shard, and what the shard answers: the messages between the engine's main thread
 * and its shard threads. Every value here is plain data, since it travels through a mailbox.
 *
 * Owns the shapes only. `shard.ts` says in which order a request is done; `round-requests.ts` puts requests
 * together.
 */
import type { Supply } from "../../actors/capable-to-promise.ts";
import type { PoolKind, PositionAddress, StockCommand, StockOutcome } from "../../actors/commands.ts";
import type { DemandFill, HoldView, NamedUnits, PlacedHold, PositionView } from "../allocator-client.ts";
import type { PositionChanges } from "../stock-view/stock-changes.ts";

/** One part of an order: one hold of one line at one location. */
export type Placement = PlacedHold & {
  readonly orderId: string;
  /** The channel pool that sells it; absent: what everybody may sell. */
  readonly pool?: string;
  readonly expiresAtMs: number;
  readonly atMs: number;
  readonly cause: string;
};

/** What one batch asks of one shard. */
export type ShardRequest = {
  readonly shard: number;
  /** The shard's time: expiry follows it, and what is remembered has it as its date. */
  readonly nowMs: number;
  readonly commands: readonly StockCommand[];
  readonly placements: readonly Placement[];
  /**
   * Parts to take back because another shard refused a part of their order: the whole order counts as never
   * placed.
   */
  readonly undo: readonly Placement[];
  /** Orders whose placed holds the round asks for, to recognise a repeat. */
  readonly orders: readonly string[];
  /** Demand that orders queue for the next units, after their parts are placed. Left out in most batches. */
  readonly queue?: readonly DemandToQueue[];
  /** Queued demand to take back: its order counts as never placed. */
  readonly undoQueue?: readonly DemandToQueue[];
  /** Orders whose home this shard is, to remember as a whole. Left out where orders have no homes. */
  readonly remember?: readonly WholeOrder[];
  /** The same, to forget: they count as never placed. */
  readonly forget?: readonly WholeOrder[];
  /** For orders that are amended or cancelled. Left out in most batches. */
  readonly amend?: AmendmentRequest;
  /** Lane operations. Left out where there are none. */
  readonly lanes?: readonly LaneRun[];
  /** Positions whose ordinals the round asks for. Left out where there are none. */
  readonly open?: readonly PositionAddress[];
  /** SKUs whose positions the round asks for. */
  readonly skus: readonly string[];
  /**
   * SKUs whose outlook the round asks for: what is free, on its way and queued for. Left out in most batches.
   */
  readonly outlooks?: readonly string[];
  /** SKUs whose lots and serial numbers the round asks for. Left out in most batches. */
  readonly named?: readonly string[];
  /** Positions whose holds the round asks for. */
  readonly addresses: readonly PositionAddress[];
};

/** A request that asks for nothing, to be filled in or spread. */
export function emptyRequest(shard: number, nowMs: number) {
  return {
    shard,
    nowMs,
    commands: [],
    placements: [],
    undo: [],
    orders: [],
    skus: [],
    addresses: [],
  } satisfies ShardRequest;
}

/** Lane operations of one lane for one shard. */
export type LaneRun = {
  readonly lane: string;
  /** When the edge received them. */
  readonly atMs: number;
  /** Lane operations with the position's ordinal in place of its handle. */
  readonly operations: Uint8Array;
};

/** Demand that was queued with the order, as it was queued. */
export type OrderDemand = {
  readonly holdId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
};

/** Demand of an order that is to wait for the next units of its SKU, at any location. */
export type DemandToQueue = OrderDemand & {
  readonly orderId: string;
  /** The channel pool that it will be given units through; absent: everybody's. */
  readonly pool?: string;
  readonly atMs: number;
  readonly cause: string;
};

/**
 * All that was reserved for an order, wherever it is. Where several engines share the shards, the order's
 * home remembers it, and so decides whether the order was reserved before.
 */
export type WholeOrder = {
  readonly orderId: string;
  /** The order whose home it is. */
  readonly ofOrder: string;
  readonly holds: readonly PlacedHold[];
  readonly queued: readonly OrderDemand[];
  readonly atMs: number;
  readonly cause: string;
};

/** Demand to take out of the queue. */
export type DemandWithdrawal = {
  readonly orderId: string;
  readonly holdId: string;
  readonly sku: string;
  readonly atMs: number;
  readonly cause: string;
};

/** Units that a hold gives back. */
export type HoldReduction = {
  readonly orderId: string;
  readonly holdId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
  readonly atMs: number;
  readonly cause: string;
};

type AmendmentRequest = {
  /** Orders to be amended: the round asks what they hold, and whether the amendment has happened already. */
  readonly questions: readonly AmendmentQuestion[];
  /**
   * Demand of these orders to take out of the queue. It goes before their holds give back; otherwise it would
   * take those units.
   */
  readonly withdrawals: readonly DemandWithdrawal[];
  /** What their holds give back, before anything is placed. */
  readonly reductions: readonly HoldReduction[];
  /** Amendments to remember. */
  readonly marks: readonly AmendmentMark[];
};

export type RememberedOrder = {
  readonly holds: readonly PlacedHold[];
  readonly queued: readonly OrderDemand[];
};

/** `mark` is `null` for a cancellation. It needs no memory: a repeat finds nothing left to give back. */
export type AmendmentQuestion = {
  readonly orderId: string;
  readonly mark: string | null;
  readonly fingerprint: number;
};

export type AmendmentMark = PositionAddress & {
  readonly mark: string;
  readonly fingerprint: number;
  readonly atMs: number;
  readonly cause: string;
};

/** What an order still has in one of its holds, and what has left the building. */
export type OrderHoldState = Omit<PlacedHold, "quantity"> & {
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly shipped: number;
  /** Of the units reserved and allocated, how many would be free for nobody if they were given back. */
  readonly withheld: number;
};

export type AmendmentAnswer = {
  /** `null` where the order is not remembered. */
  readonly holds: readonly OrderHoldState[] | null;
  /** What still waits in a queue. */
  readonly waiting: readonly OrderDemand[];
  /** `applied`: it has happened. `refused`: its id stands for another amendment. `null`: it is new. */
  readonly known: "applied" | "refused" | null;
};

/** The pools of a position, in the order in which they are served. */
export type PositionPools = {
  readonly sku: string;
  readonly locationId: string;
  readonly pools: readonly {
    readonly pool: string;
    readonly kind: PoolKind;
    /** Of a fence, what it has not promised yet; of a cap, what may still be promised. */
    readonly left: number;
  }[];
};

export type ShardReply = {
  readonly shard: number;
  readonly outcomes: readonly StockOutcome[];
  readonly placed: readonly StockOutcome[];
  /** The holds placed for each order asked for; `null` where the order is not remembered. */
  readonly orders: readonly (RememberedOrder | null)[];
  /** For each demand to be queued, whether it was. */
  readonly queued: readonly boolean[];
  /** `null` where nothing was asked about amendments. */
  readonly amend: {
    readonly answers: readonly AmendmentAnswer[];
    /** For each reduction, whether it could be made. */
    readonly reduced: readonly boolean[];
  } | null;
  /** For each lane, one code for each of its lane operations; `null`: all of them were applied. */
  readonly laneCodes: readonly (Uint8Array | null)[];
  /** For each position that was to be opened, its ordinal; -1 where there is none. */
  readonly ordinals: readonly number[];
  readonly positions: readonly PositionView[];
  /** Of these positions, the pools of those that have any. */
  readonly pools: readonly PositionPools[];
  readonly outlooks: readonly SkuOutlook[];
  /** Of the SKUs asked for, those whose units are told apart. */
  readonly named: readonly NamedUnits[];
  /** Waiting demand that was given units in this batch. */
  readonly filled: readonly DemandFill[];
  readonly holds: readonly (readonly HoldView[])[];
  /** A journal blob; `null` where nothing happened. */
  readonly entries: Uint8Array | null;
  /** Positions whose numbers have changed, for the stock view; `null`: none. */
  readonly changes: PositionChanges | null;
  /** When the next hold expires; 0: none will. */
  readonly nextExpiryAtMs: number;
  readonly positionCount: number;
  readonly holdCount: number;
};

export type ShardAnswer =
  | { readonly shard: number; readonly reply: ShardReply }
  /** The shard failed and is gone from its thread until it is rebuilt. */
  | { readonly shard: number; readonly failure: string };

/** What `capableToPromise` needs to know of a SKU. */
export type SkuOutlook = {
  readonly sku: string;
  /** Units that wait in the queue. */
  readonly queued: number;
  readonly locations: readonly {
    readonly locationId: string;
    readonly available: number;
    readonly incoming: readonly Supply[];
  }[];
};
