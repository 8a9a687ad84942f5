/**
 * The bounded queue between callers and rounds.
 *
 * Work beyond the bound is refused at once with `engine_overloaded` and a hint when to try again: a queue that grows
 * only turns overload into latency.
 */
import type { PositionAddress, StockCommand, StockOutcome } from "../actors/commands.ts";
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
} from "./allocator-client.ts";
import { EngineError } from "./errors.ts";
import type { LanePart } from "./lane-parts.ts";

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
  | HoldsWork
  | LanesWork
  | OpenWork;

/** Commands, orders and reads that may wait: about a second of work, so that nobody waits much longer than that. */
const MAX_WAITING = 65_536;

/** What a command costs pays for this many operations of a lane. */
const LANE_OPERATIONS_PER_UNIT = 16;

const RETRY_AFTER_MS = 100;

export class Intake {
  private queue: Work[] = [];
  private next = 0;
  private waiting = 0;
  /** What new work is refused with; `null`: it is welcome. */
  closed: EngineError | null = null;

  get isEmpty(): boolean {
    return this.next === this.queue.length;
  }

  /** All of `works`, in order, or none of it. */
  push(works: readonly Work[]): void {
    let size = 0;
    for (const work of works) size += sizeOf(work);
    let refusal = this.closed;
    // A single caller may bring more than the bound as long as nobody else waits: an import is not an overload.
    if (refusal === null && this.waiting > 0 && this.waiting + size > MAX_WAITING) {
      refusal = new EngineError("engine_overloaded", `${this.waiting} commands wait already`, {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    if (refusal !== null) {
      for (const work of works) work.reject(refusal);
      return;
    }
    this.queue.push(...works);
    this.waiting += size;
  }

  /** The oldest work, up to `limit` commands, orders and reads. */
  take(limit: number): readonly Work[] {
    const taken: Work[] = [];
    let size = 0;
    while (this.next < this.queue.length) {
      const work = this.queue[this.next];
      if (work === undefined || (taken.length > 0 && size + sizeOf(work) > limit)) break;
      taken.push(work);
      size += sizeOf(work);
      this.next += 1;
    }
    this.waiting -= size;
    if (this.next === this.queue.length || this.next > 4096) {
      this.queue = this.queue.slice(this.next);
      this.next = 0;
    }
    return taken;
  }

  /** Puts work that could not run yet back to the front. */
  putBack(works: readonly Work[]): void {
    this.queue = [...works, ...this.queue.slice(this.next)];
    this.next = 0;
    for (const work of works) this.waiting += sizeOf(work);
  }
}

export function sizeOf(work: Work): number {
  switch (work.kind) {
    case "execute":
      return work.commands.length;
    case "order":
      return work.request.lines.length;
    case "positions":
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
