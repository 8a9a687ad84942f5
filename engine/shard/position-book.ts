/**
 * The positions of one shard: by SKU and location, and by ordinal.
 *
 * A position's ordinal is its place in the order of creation. A position is created by a journaled event only
 * and is never removed. So a replay gives every position the ordinal that it had, and so does a snapshot,
 * which keeps the order. That makes the ordinal usable as a name of four bytes, in the journal and as a
 * handle.
 */
import { newPosition, type StockPosition } from "../../actors/position/stock-position.ts";
import type { PositionChanges } from "../stock-view/stock-changes.ts";
import { TouchedPositions } from "./touched-positions.ts";

export class PositionBook {
  /**
   * Most SKUs of a catalog are at one location: an array for each of them would take a fifth of the shard's
   * memory.
   */
  private readonly bySku = new Map<string, StockPosition | StockPosition[]>();
  private readonly byOrdinal: StockPosition[] = [];
  private readonly touched = new TouchedPositions();
  /** One text for each location. Otherwise every position would keep the copy that it was read with. */
  private readonly locations = new Map<string, string>();

  get size(): number {
    return this.byOrdinal.length;
  }

  find(sku: string, locationId: string): StockPosition | undefined {
    const ofSku = this.bySku.get(sku);
    if (ofSku === undefined) return undefined;
    if (!Array.isArray(ofSku)) return ofSku.locationId === locationId ? ofSku : undefined;
    for (const position of ofSku) {
      if (position.locationId === locationId) return position;
    }
    return undefined;
  }

  /** The positions of a SKU, oldest first. */
  ofSku(sku: string): readonly StockPosition[] {
    const ofSku = this.bySku.get(sku);
    if (ofSku === undefined) return [];
    return Array.isArray(ofSku) ? ofSku : [ofSku];
  }

  at(ordinal: number): StockPosition | undefined {
    // Compared first: one access beyond the end would make every later one slower, and clients choose the
    // number.
    return ordinal >>> 0 < this.byOrdinal.length ? this.byOrdinal[ordinal] : undefined;
  }

  /** The caller makes sure that there is none yet. */
  add(sku: string, locationId: string): StockPosition {
    let location = this.locations.get(locationId);
    if (location === undefined) {
      location = locationId;
      this.locations.set(location, location);
    }
    const position = newPosition(sku, location, this.byOrdinal.length);
    const ofSku = this.bySku.get(sku);
    if (ofSku === undefined) this.bySku.set(sku, position);
    else if (Array.isArray(ofSku)) ofSku.push(position);
    else this.bySku.set(sku, [ofSku, position]);
    this.byOrdinal.push(position);
    return position;
  }

  /** Marks that the numbers of a position change in the batch under way. */
  touch(ordinal: number): void {
    this.touched.mark(ordinal);
  }

  /** The positions that were touched since the last call, with their present numbers; `null`: none. */
  takeChanges(): PositionChanges | null {
    return this.touched.take(this.byOrdinal);
  }

  /** All positions as changes, for a stock view that may know none of them. */
  takeAllChanges(): PositionChanges {
    return this.touched.takeAll(this.byOrdinal);
  }

  /** In the order of their ordinals. */
  values(): Iterable<StockPosition> {
    return this.byOrdinal;
  }
}
