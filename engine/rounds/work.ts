/**
 * What callers ask of the engine, one kind a type, and what it costs. Lives on the main thread.
 *
 * Every piece of work carries its own answer: it is resolved once what it saw or made is committed, or
 * rejected with the reason. `work-routing.ts` says which shards a piece concerns, `round-runner.ts` what a
 * round does with it.
 */
import type { PositionAddress, StockCommand, StockOutcome } from "../../actors/commands.ts";
import type {
  AmendmentOutcome,
  CancellationOutcome,
  CommitAttachment,
  CommitWriter,
  HoldView,
  NamedUnits,
  OrderAmendment,
  OrderCancellation,
  OrderReservation,
  OrderReservationRequest,
  PositionView,
} from "../allocator-client.ts";
import type { EngineError } from "../errors.ts";
import type { DemandToQueue, Placement, SkuOutlook } from "../shard/shard-request.ts";
import { approximateBytes } from "./approximate-bytes.ts";
import type { LanePart } from "./lane-routing.ts";

type Reply<T> = { readonly resolve: (value: T) => void; readonly reject: (error: EngineError) => void };

export type ExecuteWork = Reply<readonly StockOutcome[]> & {
  readonly kind: "execute";
  readonly commands: readonly StockCommand[];
};

export type OrderWork = Reply<OrderReservation> & {
  readonly kind: "order";
  readonly request: OrderReservationRequest;
  readonly attachment: CommitAttachment<unknown> | null;
  /** Absent: the order is planned in the round, with all of its SKUs here. */
  readonly share?: OrderShare;
};

/** What this engine has to do with an order that was planned over several. */
export type OrderShare = {
  /** The whole outcome, with what others hold for it. */
  readonly reservation: OrderReservation;
  /** The parts that are placed and queued here. */
  readonly placements: readonly Placement[];
  readonly queue: readonly DemandToQueue[];
  /** Called in the place of an answer where stock no longer allows the plan: nothing was done. */
  readonly moved: () => void;
};

type RecordWork = Reply<void> & {
  readonly kind: "record";
  readonly writer: CommitWriter<unknown>;
  readonly record: unknown;
};

type PositionsWork = Reply<readonly PositionView[]> & {
  readonly kind: "positions";
  readonly skus: readonly string[];
};

/** The outlook of each SKU: what is free, on its way and waited for. */
type OutlooksWork = Reply<readonly SkuOutlook[]> & {
  readonly kind: "outlooks";
  readonly skus: readonly string[];
};

/** The lots and serial numbers of those of the SKUs whose units are told apart. */
type NamedWork = Reply<readonly NamedUnits[]> & {
  readonly kind: "named";
  readonly skus: readonly string[];
};

type HoldsWork = Reply<readonly HoldView[]> & {
  readonly kind: "holds";
  readonly address: PositionAddress;
};

/** The lane operations of one call, cut apart by shard already. */
export type LanesWork = Reply<Uint8Array | null> & {
  readonly kind: "lanes";
  readonly lane: string;
  readonly atMs: number;
  readonly count: number;
  readonly parts: readonly LanePart[];
};

export type OpenWork = Reply<readonly (number | null)[]> & {
  readonly kind: "open";
  readonly addresses: readonly PositionAddress[];
};

export type AmendWork = Reply<AmendmentOutcome> & {
  readonly kind: "amend";
  readonly amendment: OrderAmendment;
};

export type CancelWork = Reply<CancellationOutcome> & {
  readonly kind: "cancel";
  readonly cancellation: OrderCancellation;
};

export type Work =
  | ExecuteWork
  | OrderWork
  | AmendWork
  | CancelWork
  | RecordWork
  | PositionsWork
  | OutlooksWork
  | NamedWork
  | HoldsWork
  | LanesWork
  | OpenWork;

/** A change of what an order holds. */
export type ChangeWork = AmendWork | CancelWork;

/** So many lane operations cost as much as one command. */
const LANE_OPERATIONS_PER_UNIT = 16;

/** Bytes of a command or line without its texts. */
const PIECE_BYTES = 256;

/** Bytes of memory that the work takes while it waits, roughly. */
export function bytesOf(work: Work): number {
  switch (work.kind) {
    case "execute": {
      let bytes = 0;
      for (const command of work.commands) {
        bytes += PIECE_BYTES + command.commandId.length + command.sku.length + command.cause.length;
      }
      return bytes;
    }
    case "order":
      return PIECE_BYTES + approximateBytes(work.request.lines);
    case "amend":
      return PIECE_BYTES + approximateBytes(work.amendment.lines);
    case "lanes": {
      let bytes = PIECE_BYTES;
      for (const part of work.parts) bytes += PIECE_BYTES + part.operations.byteLength;
      return bytes;
    }
    case "record":
      return PIECE_BYTES + approximateBytes(work.record);
    case "positions":
    case "outlooks":
    case "named":
    case "open":
    case "cancel":
    case "holds":
      return PIECE_BYTES * sizeOf(work);
    default: {
      const unreachable: never = work;
      return unreachable;
    }
  }
}

/** What the work costs, in units: a command, an order's line or a read. */
export function sizeOf(work: Work): number {
  switch (work.kind) {
    case "execute":
      return work.commands.length;
    case "order":
      return work.request.lines.length;
    case "positions":
    case "outlooks":
    case "named":
      return work.skus.length;
    case "open":
      return work.addresses.length;
    case "lanes":
      return work.parts.length + Math.ceil(work.count / LANE_OPERATIONS_PER_UNIT);
    case "amend":
      return 1 + work.amendment.lines.length;
    case "cancel":
    case "record":
    case "holds":
      return 1;
    default: {
      const unreachable: never = work;
      return unreachable;
    }
  }
}
