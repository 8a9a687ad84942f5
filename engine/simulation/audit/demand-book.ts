/** The demand that waits for units, as the journal tells it, and whose turn it is. */
import { ANY_LOCATION } from "../../../actors/commands.ts";
import type { StockEvent } from "../../../actors/position/events.ts";
import type { BookedPosition } from "./booked-position.ts";
import { Violation } from "./violation.ts";

type Waiting = {
  readonly holdId: string;
  readonly locationId: string;
  readonly priority: number;
  readonly arrival: number;
  readonly pool: string;
  quantity: number;
  isOpen: boolean;
};

export class DemandBook {
  private readonly bySku = new Map<string, Map<string, Waiting>>();
  private arrivals = 0;

  post(event: StockEvent, nowMs: number, position: BookedPosition | null): void {
    const queue = this.queueOf(event.sku);
    switch (event.type) {
      case "demand-queued": {
        if (queue.has(event.holdId)) {
          throw new Violation("exactly one effect per key", `demand ${event.holdId} was queued twice`);
        }
        queue.set(event.holdId, {
          holdId: event.holdId,
          locationId: event.locationId,
          priority: event.more?.priority ?? 0,
          arrival: this.arrivals,
          pool: event.pool,
          quantity: event.more?.units ?? 0,
          isOpen: (event.more?.dueAtMs ?? 0) <= nowMs,
        });
        this.arrivals += 1;
        return;
      }
      case "demand-opened": {
        const entry = queue.get(event.holdId);
        if (entry !== undefined) entry.isOpen = true;
        return;
      }
      case "demand-cancelled":
        queue.delete(event.holdId);
        return;
      case "demand-filled":
        if (position !== null) fill(queue, event, position);
        return;
      default:
        return;
    }
  }

  /** Checks that no demand waits for what is free. */
  check(sku: string, positions: Iterable<BookedPosition>): void {
    const queue = this.bySku.get(sku);
    if (queue === undefined || queue.size === 0) return;
    for (const position of positions) {
      if (position.sku !== sku || position.available <= 0) continue;
      for (const entry of queue.values()) {
        if (!mayTake(entry, position)) continue;
        throw new Violation(
          "no unit is free while somebody waits for it",
          `${position.available} of ${position.name}, for which ${entry.holdId} waits`,
        );
      }
    }
  }

  private queueOf(sku: string): Map<string, Waiting> {
    let queue = this.bySku.get(sku);
    if (queue === undefined) {
      queue = new Map();
      this.bySku.set(sku, queue);
    }
    return queue;
  }
}

function fill(queue: Map<string, Waiting>, event: StockEvent, position: BookedPosition): void {
  const entry = queue.get(event.holdId);
  if (entry === undefined || !mayTake(entry, position) || event.reserved > entry.quantity) {
    throw new Violation(
      "the queue is served in its order",
      `${event.holdId} was given ${event.reserved} out of turn`,
    );
  }
  for (const other of queue.values()) {
    if (other === entry || !mayTake(other, position)) continue;
    if (
      other.priority < entry.priority ||
      (other.priority === entry.priority && other.arrival < entry.arrival)
    ) {
      throw new Violation(
        "the queue is served in its order",
        `${event.holdId} was served before ${other.holdId}`,
      );
    }
  }
  entry.quantity -= event.reserved;
  if (entry.quantity === 0) queue.delete(event.holdId);
}

/** Demand through a pool has rules of its own for what is free, so it never counts as first in line here. */
function mayTake(entry: Waiting, position: BookedPosition): boolean {
  if (!entry.isOpen || entry.pool !== "") return false;
  return entry.locationId === ANY_LOCATION || entry.locationId === position.locationId;
}
