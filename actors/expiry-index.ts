/**
 * What falls due next (holds, lots, pre-orders): a binary heap by (time, kind, SKU, location, id), so that what falls
 * due together does so in an order that does not depend on how the index was built.
 *
 * Entries of what is gone or was put off stay until they surface; whoever takes them asks the position. The index is
 * derived state: it is rebuilt from the positions after recovery and in no snapshot.
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
  private readonly heap: Due[] = [];

  /** When the next entry falls due; 0: there is none. */
  get nextAtMs(): number {
    return this.heap[0]?.atMs ?? 0;
  }

  add(due: Due): void {
    const heap = this.heap;
    let index = heap.length;
    heap.push(due);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(due, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  /** Takes the next entry that is due at `nowMs`. */
  takeDue(nowMs: number): Due | undefined {
    const heap = this.heap;
    const first = heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.sink(last);
    return first;
  }

  private sink(entry: Due): void {
    const heap = this.heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let smaller = left;
      if (right !== undefined && isBefore(right, left)) {
        smaller = right;
        child += 1;
      }
      if (!isBefore(smaller, entry)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = entry;
  }
}

function isBefore(a: Due, b: Due): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.kind !== b.kind) return a.kind < b.kind;
  if (a.sku !== b.sku) return a.sku < b.sku;
  if (a.locationId !== b.locationId) return a.locationId < b.locationId;
  return a.id < b.id;
}
