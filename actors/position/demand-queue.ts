/**
 * The demand that waits for units of one SKU, in the order in which it is served: by priority (lower first),
 * then by arrival.
 *
 * Entries that wait for the same location through the same pool form one line. So whose turn it is at a
 * location is seen from the heads of a few lines, however long they are. Pre-orders whose date has not come
 * are kept apart.
 *
 * Q1 an entry waits for at least one unit; its hold's name is used once in the queue;
 * Q2 after every batch, no position has a free unit that an entry whose date has come may take (`nextTurn`
 *    finds none).
 */
import type { DemandKind } from "../commands.ts";
import { ANY_LOCATION } from "../commands.ts";

export type DemandEntry = {
  readonly holdId: string;
  readonly orderId: string;
  readonly lineId: string;
  /** The location that it waits for, or `*`. */
  readonly locationId: string;
  readonly pool: string;
  readonly kind: DemandKind;
  readonly priority: number;
  /** Order of arrival in the SKU's queue. */
  readonly arrival: number;
  readonly notBeforeMs: number;
  readonly cause: string;
  /** Units that still wait. */
  quantity: number;
  /** False: a pre-order whose date has not come. */
  open: boolean;
};

/** Entries that differ in nothing but their turn. */
class Line {
  readonly locationId: string;
  readonly pool: string;
  private entries: DemandEntry[] = [];
  /** Entries before this have been served. */
  private first = 0;

  constructor(locationId: string, pool: string) {
    this.locationId = locationId;
    this.pool = pool;
  }

  get head(): DemandEntry | undefined {
    return this.entries[this.first];
  }

  add(entry: DemandEntry): void {
    this.entries.splice(this.placeOf(entry), 0, entry);
  }

  remove(entry: DemandEntry): void {
    const place = this.placeOf(entry);
    if (place !== this.first) {
      this.entries.splice(place, 1);
      return;
    }
    this.first += 1;
    if (2 * this.first > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
  }

  /** Where the entry is, or belongs. */
  private placeOf(entry: DemandEntry): number {
    let low = this.first;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.entries[middle];
      if (there !== undefined && isBefore(there, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class DemandQueue {
  private readonly byHold = new Map<string, DemandEntry>();
  private readonly lines = new Map<string, Line>();
  /** Units that wait, those of pre-orders whose date has not come included. */
  units = 0;
  arrivals = 0;

  get size(): number {
    return this.byHold.size;
  }

  get(holdId: string): DemandEntry | undefined {
    return this.byHold.get(holdId);
  }

  /** In order of arrival. */
  values(): IterableIterator<DemandEntry> {
    return this.byHold.values();
  }

  /** `entry.arrival` must be later than every one before. */
  add(entry: DemandEntry): void {
    this.byHold.set(entry.holdId, entry);
    this.units += entry.quantity;
    this.arrivals = entry.arrival + 1;
    if (entry.open) this.lineOf(entry).add(entry);
  }

  open(entry: DemandEntry): void {
    entry.open = true;
    this.lineOf(entry).add(entry);
  }

  /** Takes `units` of what the entry waits for; an entry that waits for nothing more leaves. */
  take(entry: DemandEntry, units: number): void {
    this.units -= units;
    entry.quantity -= units;
    if (entry.quantity > 0) return;
    this.byHold.delete(entry.holdId);
    if (!entry.open) return;
    const key = keyOf(entry);
    const line = this.lines.get(key);
    line?.remove(entry);
    if (line?.head === undefined) this.lines.delete(key);
  }

  /**
   * The entry whose turn it is at `locationId`, among those for which `free` (by pool) says that there is a
   * unit.
   */
  nextTurn(locationId: string, free: (pool: string) => number): DemandEntry | null {
    let next: DemandEntry | null = null;
    for (const line of this.lines.values()) {
      if (line.locationId !== ANY_LOCATION && line.locationId !== locationId) continue;
      const head = line.head;
      if (head === undefined || (next !== null && isBefore(next, head))) continue;
      if (free(line.pool) > 0) next = head;
    }
    return next;
  }

  private lineOf(entry: DemandEntry): Line {
    const key = keyOf(entry);
    let line = this.lines.get(key);
    if (line === undefined) {
      line = new Line(entry.locationId, entry.pool);
      this.lines.set(key, line);
    }
    return line;
  }
}

function isBefore(a: DemandEntry, b: DemandEntry): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.arrival < b.arrival);
}

function keyOf(entry: DemandEntry): string {
  return `${entry.locationId}\u001f${entry.pool}`;
}
