/**
 * The one door to the engine for everybody else.
 *
 * Every promise that this interface gives is kept only after the commit of what it speaks of; reads show committed
 * state only. A refusal is a value. An operating fault rejects with an `EngineError` (`engine/errors.ts`), whose
 * `code` says what to do: `engine_overloaded` (retry after `retryAfterMs`), `commit_outcome_unknown` (ask again with
 * the same id), `shard_unavailable` (being rebuilt, retry), `engine_stopped`.
 */
import type { PositionAddress, StockBuckets, StockCommand, StockOutcome } from "../actors/commands.ts";

/** A place that can ship, as sourcing sees it. Loaded from the store at start and on change. */
export type SourcingLocation = {
  readonly locationId: string;
  readonly kind: "fulfillment_center" | "store" | "supplier";
  /** Lower is preferred where all else is equal. */
  readonly priority: number;
  readonly latitude: number;
  readonly longitude: number;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
};

export type ReservationLine = {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
};

/** `all_or_nothing`: every line whole or none. `line_by_line`: each line whole or not. `ship_available`: whatever there is. */
export type AllocationPolicy = "all_or_nothing" | "line_by_line" | "ship_available";

export type OrderReservationRequest = {
  /**
   * Also the prefix of every hold id: `<orderId>:<lineId>:<locationId>`. Repeating a request that was reserved returns
   * the holds of its first run; one that was refused changed nothing and is tried anew, since stock may have come.
   */
  readonly orderId: string;
  readonly lines: readonly ReservationLine[];
  readonly policy: AllocationPolicy;
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
};

export type OrderReservation =
  | {
      readonly status: "reserved";
      /** Lines may be split over locations; the quantities of one line's holds add up to what was reserved of it. */
      readonly holds: readonly PlacedHold[];
      /** What each location was chosen for or passed over for, for the order page. */
      readonly explanation: readonly string[];
      /** Lines not (wholly) reserved; always empty under `all_or_nothing`. */
      readonly short: readonly {
        readonly lineId: string;
        readonly sku: string;
        readonly missing: number;
      }[];
    }
  | {
      readonly status: "refused";
      readonly code: "insufficient_stock";
      readonly short: readonly {
        readonly lineId: string;
        readonly sku: string;
        readonly missing: number;
      }[];
    };

/**
 * Rows that must commit in the very transaction that journals the stock effects: the order, its key, its outbox row.
 * The committer groups the records of one batch by writer and calls each writer once, so a commit costs a fixed number
 * of statements however many orders it carries. A writer must be idempotent (`ON CONFLICT DO NOTHING`).
 */
export type CommitWriter<R> = {
  readonly name: string;
  write(transaction: Transaction, records: readonly R[]): Promise<void>;
};

/** The part of a pg client that a writer may use. */
export type Transaction = {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
};

/** Makes the record to commit once the outcome of the reservation is known; `null` commits nothing beside the journal. */
export type CommitAttachment<R> = {
  readonly writer: CommitWriter<R>;
  record(outcome: OrderReservation): R | null;
};

export type PositionView = PositionAddress & StockBuckets;

export type HoldView = PositionAddress & {
  readonly holdId: string;
  readonly state: "reserved" | "allocated" | "picked";
  readonly quantity: number;
  readonly expiresAtMs: number;
  readonly cause: string;
};

export interface AllocatorClient {
  /** Runs commands independently of each other, in the order given per SKU. Resolves once all of them are committed. */
  execute(commands: readonly StockCommand[]): Promise<readonly StockOutcome[]>;

  /**
   * Chooses locations and reserves an order's lines; demand is summed per SKU first. With `attachment`, the record that
   * it makes of the outcome commits in the same transaction, also where the outcome is a refusal.
   */
  reserveOrder<R>(
    request: OrderReservationRequest,
    attachment?: CommitAttachment<R>,
  ): Promise<OrderReservation>;

  /** Commits a record without touching stock, in the engine's next transaction (an order captured on hold). */
  commit<R>(writer: CommitWriter<R>, record: R): Promise<void>;

  /** Committed buckets of every location of these SKUs; SKUs without any position are left out. */
  positions(skus: readonly string[]): Promise<readonly PositionView[]>;

  /** Committed holds of one position. */
  holds(address: PositionAddress): Promise<readonly HoldView[]>;

  /** Replaces the locations that sourcing may choose from. */
  setLocations(locations: readonly SourcingLocation[]): void;

  /** Shard, epoch and sequence of each shard, for health and metrics. */
  status(): Promise<
    readonly {
      shard: number;
      thread: number;
      epoch: number;
      sequence: number;
      positions: number;
      holds: number;
    }[]
  >;
}
