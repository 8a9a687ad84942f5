/**
 * What falls due next (holds, lots, pre-orders): a binary heap by (time, kind, SKU, location, id). So what
 * falls due together comes in the same order, however the index was built.
 *
 * Entries of what is gone or was postponed stay until they come to the top; whoever takes one asks the
 * position whether it still counts. The index is derived state: it is rebuilt from the positions after
 * recovery and is in no snapshot.
 *
 * There is an entry for every hold that may expire, so each field has an array of its own: that takes less
 * than half the memory of an object for each entry.
 */
export type Due = {
  readonly atMs: number;
  readonly kind: "hold" | "lot" | "pre-order";
  readonly sku: string;
  readonly locationId: string;
  /** The hold's, the lot's, or that of the hold that the pre-order waits for. */
  readonly id: string;
};

export class ExpiryIndex {
  private readonly times: number[] = [];
  private readonly kinds: Due["kind"][] = [];
  private readonly skus: string[] = [];
  private readonly locations: string[] = [];
  private readonly ids: string[] = [];

  /** When the next entry falls due; 0: there is none. */
  get nextAtMs(): number {
    return this.times[0] ?? 0;
  }

  add(due: Due): void {
    let index = this.times.length;
    // The place is filled at once: an array that has had a hole in it stays slower.
    this.put(index, due);
    for (let parent = (index - 1) >> 1; index > 0 && this.isBefore(due, parent); parent = (index - 1) >> 1) {
      this.move(parent, index);
      index = parent;
    }
    this.put(index, due);
  }

  /** Takes the next entry that is due at `nowMs`. */
  takeDue(nowMs: number): Due | undefined {
    if (this.times.length === 0 || (this.times[0] as number) > nowMs) return undefined;
    const first = this.at(0);
    const last = this.at(this.times.length - 1);
    for (const field of [this.times, this.kinds, this.skus, this.locations, this.ids]) field.pop();
    if (this.times.length > 0) this.sink(last);
    return first;
  }

  private sink(entry: Due): void {
    const size = this.times.length;
    let index = 0;
    for (let child = 1; child < size; child = 2 * index + 1) {
      if (child + 1 < size && this.isBefore(this.at(child + 1), child)) child += 1;
      if (!isBefore(this.at(child), entry)) break;
      this.move(child, index);
      index = child;
    }
    this.put(index, entry);
  }

  private isBefore(due: Due, index: number): boolean {
    const atMs = this.times[index] as number;
    return due.atMs === atMs ? isBefore(due, this.at(index)) : due.atMs < atMs;
  }

  private at(index: number): Due {
    return {
      atMs: this.times[index] as number,
      kind: this.kinds[index] as Due["kind"],
      sku: this.skus[index] as string,
      locationId: this.locations[index] as string,
      id: this.ids[index] as string,
    };
  }

  private put(index: number, due: Due): void {
    this.times[index] = due.atMs;
    this.kinds[index] = due.kind;
    this.skus[index] = due.sku;
    this.locations[index] = due.locationId;
    this.ids[index] = due.id;
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from] as number;
    this.kinds[to] = this.kinds[from] as Due["kind"];
    this.skus[to] = this.skus[from] as string;
    this.locations[to] = this.locations[from] as string;
    this.ids[to] = this.ids[from] as string;
  }
}

function isBefore(a: Due, b: Due): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.kind !== b.kind) return a.kind < b.kind;
  if (a.sku !== b.sku) return a.sku < b.sku;
  if (a.locationId !== b.locationId) return a.locationId < b.locationId;
  return a.id < b.id;
}
