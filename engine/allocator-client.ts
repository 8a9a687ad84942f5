/**
 * The one door to the engine for all other folders.
 *
 * Every promise of this interface is kept only after the commit of its effects; reads show committed state
 * only. A refusal is a value. An operating fault rejects with an `EngineError` (`engine/errors.ts`), whose
 * `code` says what to do: `engine_overloaded` (retry after `retryAfterMs`), `commit_outcome_unknown` (ask
 * again with the same id), `shard_unavailable` (being rebuilt, retry), `engine_stopped`, and, where the
 * engine is another process (`engine/fabric/`), `engine_unreachable` (nothing was done, retry).
 */

import type {
  PositionAddress,
  StockBuckets,
  StockCommand,
  StockOutcome,
  Tracking,
} from "../actors/commands.ts";
import type { DistributionFigures } from "../config/distribution.ts";
import type { SourcingRuleList } from "../config/sourcing-rule.ts";
import type { WorkCalendar } from "../config/work-calendar.ts";
import type { LaneClient } from "./lane-client.ts";
import type { StockAt, StockScope } from "./stock-view/stock-view-reader.ts";

/** How far a location ships, at which price and how fast. */
type ShippingZone = {
  /** Up to this distance, in kilometers. */
  readonly upToKm: number;
  /** Of one parcel, in minor units of the company's currency. */
  readonly costMinor: number;
  /** In transit. */
  readonly days: number;
};

/** A place that can ship, as sourcing sees it. Loaded from the store at start and on change. */
export type SourcingLocation = WorkCalendar & {
  readonly locationId: string;
  readonly kind: "fulfillment_center" | "store" | "supplier";
  /** Lower is preferred where all else is equal. */
  readonly priority: number;
  readonly latitude: number;
  readonly longitude: number;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** What a parcel costs before it travels, in minor units. Default 0. */
  readonly parcelCostMinor?: number;
  /** What handling one unit costs, in minor units. Default 0. */
  readonly unitCostMinor?: number;
  /** Of one parcel, in minor units; for distances that no zone reaches. Default 0. */
  readonly costPerKmMinor?: number;
  /** By ascending distance. Default: none; days in transit then follow from the distance. */
  readonly zones?: readonly ShippingZone[];
  /** Parcels that it can still take on today. Default: no limit. */
  readonly openCapacity?: number;
  /** Numbers for custom rules, by name. */
  readonly attributes?: Readonly<Record<string, number>>;
};

/**
 * A SKU that is sold as one and picked as several. It is available where all of its components are, and
 * reserved there with all of them or not at all. Its holds are holds of its components.
 */
export type Kit = {
  readonly sku: string;
  /** At least one, each SKU once, none of them a kit; `quantity` is how many one kit takes. */
  readonly components: readonly KitComponent[];
};

export type KitComponent = { readonly sku: string; readonly quantity: number };

export type ReservationLine = {
  readonly lineId: string;
  /** The code of a SKU or of a kit. */
  readonly sku: string;
  /** Units, or kits. */
  readonly quantity: number;
};

/**
 * `all_or_nothing`: every line whole or none. `line_by_line`: each line whole or not. `ship_available`:
 * whatever there is. `ship_available_backorder_rest`: whatever there is, and the rest is queued in the same
 * commit for the units that come next. A kit's rest is not queued: its components would be taken one by one.
 */
export type AllocationPolicy =
  | "all_or_nothing"
  | "line_by_line"
  | "ship_available"
  | "ship_available_backorder_rest";

/** Where units may come from. */
export type LocationRestriction =
  | { readonly only: readonly string[] }
  | { readonly except: readonly string[] };

export type OrderReservationRequest = {
  /**
   * The order that this is for, where `orderId` is not its id: what is added to an order has an id of its
   * own.
   */
  readonly ofOrder?: string;
  /**
   * Also the prefix of every hold id: `<orderId>:<lineId>:<locationId>`, for a kit's components with `:1`,
   * `:2`, … after it in the order of its definition. Repeating a request that was reserved returns the holds
   * of its first run. A refused request changed nothing and is tried anew, since stock may have come.
   */
  readonly orderId: string;
  readonly lines: readonly ReservationLine[];
  /**
   * `ship_available_backorder_rest` goes with no restriction: the queue takes units wherever they come free.
   */
  readonly policy: AllocationPolicy;
  /** Absent: any location. A repeat is answered with the holds of the first run, wherever they are. */
  readonly locations?: LocationRestriction;
  /**
   * The channel pool that sells the units: its own first, then what everybody may sell. Absent:
   * everybody's.
   */
  readonly pool?: string;
  /** Locations that ship a parcel of the order anyway: choosing them opens nothing. Absent: none. */
  readonly opened?: readonly string[];
  readonly destination: {
    readonly latitude: number;
    readonly longitude: number;
    readonly country: string;
  } | null;
  /** 0: the holds do not expire. */
  readonly expiresAtMs: number;
  readonly atMs: number;
  readonly cause: string;
};

export type PlacedHold = {
  readonly holdId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
  /** Of a kit's component, when it is placed: how many of it one kit takes. Absent: 1. */
  readonly perUnit?: number;
};

/** Units that came free and went to waiting demand: a hold opened, or grew by `quantity`. */
export type DemandFill = PlacedHold & { readonly orderId: string; readonly pool: string };

/** The units of a line that are not reserved. */
export type ShortLine = {
  readonly lineId: string;
  readonly sku: string;
  readonly missing: number;
  /**
   * When the missing units can be had from what is on its way; absent: all that is known of is not enough.
   */
  readonly promisedAtMs?: number;
};

/** Demand of a line that waits for the next units of its SKU. */
export type QueuedDemand = {
  readonly holdId: string;
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  /** When it can be filled from what is on its way; absent: all that is known of is not enough. */
  readonly promisedAtMs?: number;
};

export type OrderReservation =
  | {
      readonly status: "reserved";
      /**
       * Lines may be split over locations; the quantities of one line's holds add up to
       * what was reserved of it.
       */
      readonly holds: readonly PlacedHold[];
      /** Why each location was chosen or passed over, for the order page. */
      readonly explanation: readonly string[];
      /** Lines not (wholly) reserved; always empty under `all_or_nothing`. */
      readonly short: readonly ShortLine[];
      /**
       * The part of `short` that waits in the queue of its SKU. Only under `ship_available_backorder_rest`.
       */
      readonly queued?: readonly QueuedDemand[];
    }
  | {
      readonly status: "refused";
      readonly code: "insufficient_stock";
      readonly short: readonly ShortLine[];
    };

/**
 * Rows that must commit in the very transaction that journals the stock effects: the order, its key, its
 * outbox row. The committer groups the records of one batch by writer and calls each writer once, so a commit
 * costs a fixed number of statements however many orders it carries. A writer must be idempotent (`ON
 * CONFLICT DO NOTHING`).
 */
export type CommitWriter<R> = {
  readonly name: string;
  write(transaction: Transaction, records: readonly R[]): Promise<void>;
};

/** The part of a pg client that a writer may use. */
type Transaction = {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
};

/**
 * Makes the record to commit once the outcome of the reservation is known; `null`
 * commits nothing beside the journal.
 */
export type CommitAttachment<R> = {
  readonly writer: CommitWriter<R>;
  record(outcome: OrderReservation): R | null;
};

/**
 * Hears of commands and their outcomes, both in the order of the call: after their commit, and just before
 * the caller does. Must neither throw nor take long.
 */
export type CommandObserver = (commands: readonly StockCommand[], outcomes: readonly StockOutcome[]) => void;

export type PositionView = PositionAddress & StockBuckets;

/** Which units of a SKU are where, where they are told apart; what is in transit is nowhere. */
export type NamedUnits = {
  readonly sku: string;
  readonly tracking: Exclude<Tracking, "none">;
  /** Every location of the SKU. */
  readonly locations: readonly {
    readonly locationId: string;
    /** First expired first. `expiresAtMs` 0: never. */
    readonly lots: readonly { readonly lot: string; readonly expiresAtMs: number; readonly onHand: number }[];
    /** Of all units that are on hand, in the order of their names. */
    readonly serials: readonly string[];
  }[];
};

export type HoldView = PositionAddress & {
  readonly holdId: string;
  readonly state: "reserved" | "allocated" | "picked";
  readonly quantity: number;
  readonly expiresAtMs: number;
  readonly cause: string;
};

/** What an order is to hold from now on. */
export type OrderAmendment = {
  /** The id under which the order was reserved. */
  readonly orderId: string;
  /** Names the change, 1 to 128 characters; repeating it returns the first outcome. */
  readonly amendmentId: string;
  /** Every line that stays, with its quantity in all, shipped units included. A line left out is given up. */
  readonly lines: readonly ReservationLine[];
  readonly destination: OrderReservationRequest["destination"];
  /** Expiry of holds that open or grow; 0: never. */
  readonly expiresAtMs: number;
  readonly atMs: number;
  readonly cause: string;
};

/**
 * An amendment happens wholly or not at all. `units_committed`: a line would fall below what is picked or
 * shipped of it. `order_not_found`: the order is not known (any more). `amendment_id_reused`: the id stands
 * for another change. A refused amendment is not remembered.
 */
export type AmendmentOutcome =
  | {
      readonly status: "amended";
      /** All holds of the order now, with the units that they hold or have shipped. */
      readonly holds: readonly PlacedHold[];
      readonly explanation: readonly string[];
    }
  | {
      readonly status: "refused";
      readonly code: "order_not_found" | "units_committed" | "amendment_id_reused" | "insufficient_stock";
      readonly detail: string;
      /** For `insufficient_stock`: what the lines lack. */
      readonly short: readonly ShortLine[];
    };

export type OrderCancellation = {
  readonly orderId: string;
  readonly atMs: number;
  readonly cause: string;
};

/** `released`: what was given back. Cancelling again, or cancelling an unknown order, releases nothing. */
export type CancellationOutcome =
  | { readonly status: "cancelled"; readonly released: readonly PlacedHold[] }
  | { readonly status: "refused"; readonly code: "units_committed"; readonly detail: string };

export type PromiseRequest = {
  /** The code of a SKU or of a kit. */
  readonly sku: string;
  /** Units, or kits. */
  readonly quantity: number;
  /** The location; left out: anywhere, a kit at one location. */
  readonly locationId?: string;
  readonly atMs: number;
};

/** What an engine counts of itself since its start, and what waits in it now. */
export type EngineFigures = {
  /** How long PostgreSQL took for each commit. Seconds. */
  readonly commitSeconds: DistributionFigures;
  /** Commands, orders and lane operations of each commit. */
  readonly commitSize: DistributionFigures;
  /** Commits that were not written, or of which nobody knew. */
  readonly commitFaults: number;
  /** Commands that were turned away because too much waited. */
  readonly refused: number;
  /** Commands that wait for their round. */
  readonly waiting: number;
  /** Commands that are applied and not on disk yet. */
  readonly uncommitted: number;
  /** Requests that wait for each thread; one that concerns several counts at every thread. */
  readonly waitingOfThread: readonly number[];
  /** Shards that are here, by state. */
  readonly shards: { readonly live: number; readonly rebuilding: number; readonly leaving: number };
  /** How often a shard came here, was given up in order, or was taken by another node, since the start. */
  readonly moves: { readonly adopted: number; readonly givenUp: number; readonly lost: number };
};

export interface AllocatorClient extends LaneClient {
  /** Lanes for one client. Handles are valid where they were given, as long as it does not say otherwise. */
  laneDoor(): LaneClient;

  /**
   * Runs commands independently of each other, in the order given per SKU. Resolves
   * once all of them are committed.
   */
  execute(commands: readonly StockCommand[]): Promise<readonly StockOutcome[]>;

  /**
   * Chooses locations and reserves an order's lines; demand is summed per SKU first. With `attachment`, the
   * record that it makes of the outcome commits in the same transaction, also where the outcome is a refusal.
   */
  reserveOrder<R>(
    request: OrderReservationRequest,
    attachment?: CommitAttachment<R>,
  ): Promise<OrderReservation>;

  /**
   * What `reserveOrder` would answer now, whatever its order id has: reserves nothing and promises nothing.
   * The dates of what is missing are those after all demand that waits.
   */
  quoteOrder(request: OrderReservationRequest): Promise<OrderReservation>;

  /**
   * Commits a record without touching stock, in the engine's next transaction (an order captured on hold).
   */
  commit<R>(writer: CommitWriter<R>, record: R): Promise<void>;

  /** Committed buckets of every location of these SKUs; SKUs without any position are left out. */
  positions(skus: readonly string[]): Promise<readonly PositionView[]>;

  /** Committed lots and serial numbers of these SKUs; those whose units are not told apart are left out. */
  namedUnits(skus: readonly string[]): Promise<readonly NamedUnits[]>;

  /**
   * Units that may be promised now of a SKU: anywhere, or at some locations, or as a channel pool sees it;
   * `null` where the SKU has no position. Only locations that sourcing may choose from count
   * (`setLocations`). Committed, from shared memory: asks no shard and does not wait where the engine is in
   * this process.
   */
  available(sku: string, scope?: StockScope): number | null | Promise<number | null>;

  /** What everybody may promise at each location of the SKU, like `available`. */
  availableByLocation(sku: string): readonly StockAt[] | Promise<readonly StockAt[]>;

  /**
   * When that many units could be promised if they were asked for now. `atMs`: they are free. A later time:
   * what is on its way is then enough, after all demand that already waits. `null`: all that is known is not
   * enough. Promises nothing by itself.
   */
  capableToPromise(request: PromiseRequest): Promise<number | null>;

  /** Committed holds of one position. */
  holds(address: PositionAddress): Promise<readonly HoldView[]>;

  /**
   * Changes what an order holds, against the stock of this moment: holds grow, shrink,
   * open and close in one commit.
   */
  amendOrder(amendment: OrderAmendment): Promise<AmendmentOutcome>;

  /**
   * Gives back all that an order holds, and what it waits for, as long as none of it is picked or shipped.
   */
  cancelOrder(cancellation: OrderCancellation): Promise<CancellationOutcome>;

  /**
   * The writer that records filled demand, in the very commit that fills it. It gets the fills one by one;
   * fills of a reservation that was undone in the same commit may be among them.
   */
  recordFills(writer: CommitWriter<DemandFill>): void;

  /**
   * Hears of every `execute`, whoever calls it, but not of orders and lanes. A later observer replaces it.
   */
  observeCommands(observer: CommandObserver): void;

  /** Replaces the locations that sourcing may choose from. */
  setLocations(locations: readonly SourcingLocation[]): void;

  /** Replaces the rules that sourcing follows. */
  setSourcingRules(rules: SourcingRuleList): void;

  /** Replaces the kits. Orders that hold kits keep the definition that they were reserved by. */
  setKits(kits: readonly Kit[]): void;

  /** Shard, epoch and sequence of each shard, for health and metrics. */
  status(): Promise<
    readonly {
      shard: number;
      thread: number;
      /** `fenced`: another process has the shard; `rebuilding`: it will take work again. */
      state: "live" | "rebuilding" | "fenced";
      epoch: number;
      sequence: number;
      positions: number;
      holds: number;
    }[]
  >;
}
