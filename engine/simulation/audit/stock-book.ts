/**
 * The audit's books of stock: a slow, plain, second account of every bucket, kept by adding up what is
 * journaled.
 *
 * Shares no code with the actors. Every posting is checked as it is made: no bucket below zero, no unit
 * promised twice, holds that add up to their position's buckets, no hold that ends before its time or twice.
 */
import type { StockEvent } from "../../../actors/position/events.ts";
import { BookedPosition, BUCKETS, stageOf } from "./booked-position.ts";
import { DemandBook } from "./demand-book.ts";
import { LaneBook } from "./lane-book.ts";
import { TransitBook } from "./transit-book.ts";
import { Violation } from "./violation.ts";

/** Events of a SKU or of a command, which create no position. */
const WITHOUT_POSITION: ReadonlySet<string> = new Set([
  "command-refused",
  "nothing-changed",
  "demand-queued",
  "demand-cancelled",
  "demand-opened",
  "tracking-set",
]);

export class StockBook {
  readonly lanes = new LaneBook();
  private readonly demand = new DemandBook();
  private readonly transit = new TransitBook();
  private readonly positions = new Map<string, BookedPosition>();
  /** By shard, in the order of creation: a position's place is its ordinal. */
  private readonly byShard = new Map<number, BookedPosition[]>();
  private readonly trackedSkus = new Set<string>();
  private batches = 0;

  /** How many batches are posted: a number to hold later reads against. */
  get version(): number {
    return this.batches;
  }

  find(sku: string, locationId: string): BookedPosition | undefined {
    return this.positions.get(`${sku} ${locationId}`);
  }

  /** A position as it is before its first movement. */
  blank(sku: string, locationId: string): BookedPosition {
    return new BookedPosition(sku, locationId);
  }

  all(): Iterable<BookedPosition> {
    return this.positions.values();
  }

  at(shard: number, ordinal: number): BookedPosition | undefined {
    return this.byShard.get(shard)?.[ordinal];
  }

  /** Whether the SKU's units are tracked by lot or serial. */
  isTracked(sku: string): boolean {
    return this.trackedSkus.has(sku);
  }

  /**
   * @param nowMs the shard's time of the batch that the event belongs to.
   * @returns the position, as it is after the event; `null` where the event is about none.
   */
  post(event: StockEvent, shard: number, nowMs: number): BookedPosition | null {
    if (WITHOUT_POSITION.has(event.type)) {
      this.demand.post(event, nowMs, null);
      if (event.type === "tracking-set") this.track(event);
      return this.find(event.sku, event.locationId) ?? null;
    }
    const position = this.positionOf(event, shard);
    if (event.type === "hold-expired") checkExpiry(position, event, nowMs);
    this.demand.post(event, nowMs, position);
    this.transit.post(event, nowMs);
    position.pools.post(event);
    position.lots.post(event, nowMs);
    if (event.type === "hold-claimed") this.claim(event, position);
    const before = position.available;
    for (const bucket of BUCKETS) {
      position[bucket] += event[bucket];
      if (position[bucket] < 0)
        throw new Violation("conservation", `${bucket} of ${position.name} is below zero`);
    }
    postToHold(position, event);
    if (position.fenced !== position.pools.fenced) {
      throw new Violation(
        "a pool keeps its rule",
        `${position.fenced} of ${position.name} are fenced, not ${position.pools.fenced}`,
      );
    }
    checkPromises(position, event, before);
    return position;
  }

  /** The whole batch is posted: no demand waits for what is free, and whatever is tracked adds up. */
  endBatch(touched: Iterable<BookedPosition>, nowMs: number): void {
    this.batches += 1;
    this.transit.check();
    const skus = new Set<string>();
    for (const position of touched) {
      position.lots.check(position, nowMs);
      skus.add(position.sku);
    }
    for (const sku of skus) this.demand.check(sku, this.positions.values());
    for (const position of touched) position.versions.push({ batch: this.batches, ...position.buckets() });
  }

  private positionOf(event: StockEvent, shard: number): BookedPosition {
    const key = `${event.sku} ${event.locationId}`;
    let position = this.positions.get(key);
    if (position === undefined) {
      position = new BookedPosition(event.sku, event.locationId);
      this.positions.set(key, position);
      const ofShard = this.byShard.get(shard);
      if (ofShard === undefined) this.byShard.set(shard, [position]);
      else ofShard.push(position);
    }
    return position;
  }

  private track(event: StockEvent): void {
    if (event.more?.variant === "none") this.trackedSkus.delete(event.sku);
    else this.trackedSkus.add(event.sku);
  }

  private claim(event: StockEvent, position: BookedPosition): void {
    const units = event.more?.units ?? 0;
    this.lanes.claim(event.more?.reference ?? "", position, units);
  }
}

function checkPromises(position: BookedPosition, event: StockEvent, before: number): void {
  if (position.reserved + position.allocated + position.picked + position.unavailable > position.onHand) {
    throw new Violation("no oversell", `more of ${position.name} is promised than is on hand`);
  }
  const promises = event.type === "stock-reserved" || event.type === "demand-filled";
  // A pool that sells its own fence takes nothing from what everybody may be promised.
  const isShared = event.reserved + event.fenced > 0;
  if (promises && isShared && position.available < 0) {
    throw new Violation(
      "no oversell",
      `${event.reserved} of ${position.name} were reserved where ${before} could be promised`,
    );
  }
}

function checkExpiry(position: BookedPosition, event: StockEvent, nowMs: number): void {
  const hold = position.holds.get(event.holdId);
  if (hold === undefined || hold.reserved === 0) {
    throw new Violation("expiry", `hold ${event.holdId} expired that holds nothing`);
  }
  if (hold.expiresAtMs === 0 || hold.expiresAtMs > nowMs) {
    throw new Violation("expiry", `hold ${event.holdId} expired ${hold.expiresAtMs - nowMs} ms too early`);
  }
}

function postToHold(position: BookedPosition, event: StockEvent): void {
  if (event.hold === "none") {
    if (event.reserved !== 0 || event.allocated !== 0 || event.picked !== 0) {
      throw new Violation("conservation", `${event.type} promises units of ${position.name} to nobody`);
    }
    return;
  }
  if (event.hold === "opened") {
    if (position.holds.has(event.holdId)) {
      throw new Violation("exactly one effect per key", `hold ${event.holdId} was opened twice`);
    }
    position.holds.set(event.holdId, {
      holdId: event.holdId,
      orderId: event.orderId,
      lineId: event.lineId,
      reserved: 0,
      allocated: 0,
      picked: 0,
      expiresAtMs: 0,
      stages: [],
    });
    position.closed.delete(event.holdId);
  }
  const hold = position.holds.get(event.holdId);
  if (hold === undefined)
    throw new Violation("conservation", `${event.type} of hold ${event.holdId}, which is gone`);
  // A claimed reservation's units are in the position's bucket already.
  hold.reserved += event.type === "hold-claimed" ? (event.more?.units ?? 0) : event.reserved;
  hold.allocated += event.allocated;
  hold.picked += event.picked;
  hold.expiresAtMs = event.expiresAtMs;
  hold.stages.push(stageOf(hold));
  if (hold.reserved < 0 || hold.allocated < 0 || hold.picked < 0) {
    throw new Violation("conservation", `${event.type} takes more out of hold ${event.holdId} than it holds`);
  }
  if (hold.reserved + hold.allocated + hold.picked === 0) {
    position.holds.delete(event.holdId);
    position.closed.set(event.holdId, hold);
  }
}
