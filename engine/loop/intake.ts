/**
 * The door between callers and rounds, and how much may wait behind it.
 *
 * Work beyond the bounds is refused at once with `engine_overloaded` and a hint when to try again: a queue
 * that only grows turns overload into latency. There are three bounds: units, bytes, and the time that the
 * last accepted work would have to wait at the present rate of the disk. The round queue decides in which
 * order work runs.
 */
import { EngineError } from "../errors.ts";
import { bytesOf, sizeOf, type Work } from "../rounds/work.ts";
import type { Ready, RoundQueue } from "./round-queue.ts";

export type IntakeLimits = {
  /** Commands, orders and reads that may wait for their round. */
  readonly units: number;
  /** Bytes that they may take while they wait, roughly. */
  readonly bytes: number;
  /** Milliseconds that accepted work may be expected to take until it is committed. */
  readonly waitMs: number;
  /** So much is accepted however slow the disk is: about one commit. Without it no rate could be measured. */
  readonly unitsAnyway: number;
};

const INTAKE_LIMITS: IntakeLimits = {
  units: 65_536,
  bytes: 128 * 1024 * 1024,
  waitMs: 2_000,
  unitsAnyway: 4_096,
};

/** Used while the rate of the engine is not yet known. */
const RETRY_AFTER_MS = 100;
const MIN_RETRY_MS = 20;
const MAX_RETRY_MS = 10_000;

/** A piece of work and the threads that it concerns. */
export type RoutedWork = { readonly work: Work; readonly threads: readonly number[] };

export class Intake {
  private readonly queue: RoundQueue<Work>;
  private readonly limits: IntakeLimits;
  private waiting = 0;
  private waitingBytes = 0;
  private refusedUnits = 0;
  /** The error that new work is refused with; `null`: work is accepted. */
  closed: EngineError | null = null;

  constructor(queue: RoundQueue<Work>, limits: IntakeLimits = INTAKE_LIMITS) {
    this.queue = queue;
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.queue.isEmpty;
  }

  /** Units that wait for their round. */
  get waitingUnits(): number {
    return this.waiting;
  }

  /** Units that were turned away because too much waited, since the start. */
  get overloads(): number {
    return this.refusedUnits;
  }

  /**
   * Takes all of `routed`, in order, or none of it.
   *
   * @param uncommitted units that have left here and are not committed.
   * @param perMs units that the engine commits a millisecond; `null`: not known.
   */
  push(routed: readonly RoutedWork[], uncommitted: number, perMs: number | null): void {
    let units = 0;
    let bytes = 0;
    for (const { work } of routed) {
      units += sizeOf(work);
      bytes += bytesOf(work);
    }
    const refusal = this.closed ?? this.overload(units, bytes, uncommitted, perMs);
    if (refusal !== null) {
      if (this.closed === null) this.refusedUnits += units;
      for (const { work } of routed) work.reject(refusal);
      return;
    }
    for (const { work, threads } of routed) this.queue.push(work, threads);
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
    // A single caller may bring more than the bound as long as no other work waits: an import is not an
    // overload.
    if (this.waiting === 0 && pending < bound) return null;
    // Uncommitted work has its own bound. It counts here only towards how long accepted work will take.
    const isTooMuch =
      this.waiting + units > limits.units || (bound < limits.units && pending + units > bound);
    if (!isTooMuch && this.waitingBytes + bytes <= limits.bytes) return null;
    return new EngineError("engine_overloaded", `${pending} commands wait already`, {
      retryAfterMs: retryAfterMs(pending - bound / 2, perMs),
    });
  }
}

/** The time until that many of the pending units are done. */
function retryAfterMs(units: number, perMs: number | null): number {
  if (perMs === null) return RETRY_AFTER_MS;
  return Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, units / perMs)));
}
