/**
 * The door between callers and rounds, and how much may wait behind it.
 *
 * Work beyond the bounds is refused at once with `engine_overloaded` and a hint when to try again: a queue that grows
 * only turns overload into latency. Three bounds: units, bytes, and the time that the last accepted would have to wait
 * at the rate that the disk keeps up right now. In which order work runs is the round queue's business.
 */
import type { PositionAddress, StockCommand, StockOutcome } from "../../actors/commands.ts";
import type {
  AmendmentOutcome,
  CancellationOutcome,
  CommitAttachment,
  CommitWriter,
  HoldView,
  OrderAmendment,
  OrderCancellation,
  OrderReservation,
  OrderReservationRequest,
  PositionView,
} from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import { approximateBytes } from "../rounds/approximate-bytes.ts";
import type { LanePart } from "../rounds/lane-routing.ts";
import type { SkuOutlook } from "../shard/shard-request.ts";
import type { Ready, RoundQueue } from "./round-queue.ts";

type Reply<T> = { readonly resolve: (value: T) => void; readonly reject: (error: EngineError) => void };

export type ExecuteWork = Reply<readonly StockOutcome[]> & {
  readonly kind: "execute";
  readonly commands: readonly StockCommand[];
};

export type OrderWork = Reply<OrderReservation> & {
  readonly kind: "order";
  readonly request: OrderReservationRequest;
  readonly attachment: CommitAttachment<unknown> | null;
};

export type RecordWork = Reply<void> & {
  readonly kind: "record";
  readonly writer: CommitWriter<unknown>;
  readonly record: unknown;
};

export type PositionsWork = Reply<readonly PositionView[]> & {
  readonly kind: "positions";
  readonly skus: readonly string[];
};

/** What is free, on its way and waited for, of each SKU. */
export type OutlooksWork = Reply<readonly SkuOutlook[]> & {
  readonly kind: "outlooks";
  readonly skus: readonly string[];
};

export type HoldsWork = Reply<readonly HoldView[]> & {
  readonly kind: "holds";
  readonly address: PositionAddress;
};

/** One call of lane operations, cut apart by shard already. */
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
  | HoldsWork
  | LanesWork
  | OpenWork;

/** What a command costs pays for this many operations of a lane. */
const LANE_OPERATIONS_PER_UNIT = 16;

/** Bytes of a command or line beside its texts. */
const PIECE_BYTES = 256;

export type IntakeLimits = {
  /** Commands, orders and reads that may wait for their round. */
  readonly units: number;
  /** Bytes that they may take while they wait, roughly. */
  readonly bytes: number;
  /** Milliseconds that accepted work may be expected to take until it is committed. */
  readonly waitMs: number;
  /** As much is accepted however slow the disk is: a commit's worth, without which no rate could be measured. */
  readonly unitsAnyway: number;
};

const INTAKE_LIMITS: IntakeLimits = {
  units: 65_536,
  bytes: 128 * 1024 * 1024,
  waitMs: 2_000,
  unitsAnyway: 4_096,
};

/** Where nothing is known yet of how fast work is done. */
const RETRY_AFTER_MS = 100;
const MIN_RETRY_MS = 20;
const MAX_RETRY_MS = 10_000;

/** A piece of work and the threads that it concerns. */
export type PlacedWork = { readonly work: Work; readonly threads: readonly number[] };

export class Intake {
  private readonly queue: RoundQueue<Work>;
  private readonly limits: IntakeLimits;
  private waiting = 0;
  private waitingBytes = 0;
  /** What new work is refused with; `null`: it is welcome. */
  closed: EngineError | null = null;

  constructor(queue: RoundQueue<Work>, limits: IntakeLimits = INTAKE_LIMITS) {
    this.queue = queue;
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.queue.isEmpty;
  }

  /**
   * All of `placed`, in order, or none of it.
   *
   * @param uncommitted units that have left here and are not committed.
   * @param perMs units that the engine commits a millisecond; `null`: not known.
   */
  push(placed: readonly PlacedWork[], uncommitted: number, perMs: number | null): void {
    let units = 0;
    let bytes = 0;
    for (const { work } of placed) {
      units += sizeOf(work);
      bytes += bytesOf(work);
    }
    const refusal = this.closed ?? this.overload(units, bytes, uncommitted, perMs);
    if (refusal !== null) {
      for (const { work } of placed) work.reject(refusal);
      return;
    }
    for (const { work, threads } of placed) this.queue.push(work, threads);
    this.waiting += units;
    this.waitingBytes += bytes;
  }

  /** The next round that may start: see `RoundQueue.next`. */
  next(nowMs: number, limit: number, due: ReadonlySet<number>): Ready<Work> | null {
    const ready = this.queue.next(nowMs, limit, due);
    for (const work of ready?.works ?? []) this.count(work, -1);
    return ready;
  }

  /** Puts work of a round that could not run yet back to the front. */
  putBack(works: readonly Work[], threads: readonly number[]): void {
    this.queue.putBack(works, threads);
    for (const work of works) this.count(work, 1);
  }

  takeAll(): readonly Work[] {
    this.waiting = 0;
    this.waitingBytes = 0;
    return this.queue.takeAll();
  }

  private count(work: Work, sign: 1 | -1): void {
    this.waiting += sign * sizeOf(work);
    this.waitingBytes += sign * bytesOf(work);
  }

  private overload(
    units: number,
    bytes: number,
    uncommitted: number,
    perMs: number | null,
  ): EngineError | null {
    const { limits } = this;
    const pending = this.waiting + uncommitted;
    const bound =
      perMs === null
        ? limits.units
        : Math.min(limits.units, Math.max(limits.unitsAnyway, Math.floor(perMs * limits.waitMs)));
    // A single caller may bring more than the bound as long as nobody else waits: an import is not an overload.
    if (this.waiting === 0 && pending < bound) return null;
    // What is uncommitted has its own bound, and counts only towards how long accepted work will take.
    const isTooMuch =
      this.waiting + units > limits.units || (bound < limits.units && pending + units > bound);
    if (!isTooMuch && this.waitingBytes + bytes <= limits.bytes) return null;
    return new EngineError("engine_overloaded", `${pending} commands wait already`, {
      retryAfterMs: retryAfterMs(pending - bound / 2, perMs),
    });
  }
}

/** Until so much of what is pending is done. */
function retryAfterMs(units: number, perMs: number | null): number {
  if (perMs === null) return RETRY_AFTER_MS;
  return Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, units / perMs)));
}

/** Bytes of memory that the work takes while it waits, roughly. */
function bytesOf(work: Work): number {
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
