/**
 * The positions of one shard: by SKU and location, and by ordinal.
 *
 * A position's ordinal is its place in the order of creation. A position is created by a journaled event only and is
 * never removed, so a replay gives every position the ordinal that it had, and so does a snapshot, which keeps the
 * order. That makes the ordinal good for a name of four bytes, in the journal and as a handle.
 */
import { newPosition, type StockPosition } from "../actors/stock-position.ts";

export class PositionBook {
  private readonly bySku = new Map<string, StockPosition[]>();
  private readonly byOrdinal: StockPosition[] = [];

  get size(): number {
    return this.byOrdinal.length;
  }

  find(sku: string, locationId: string): StockPosition | undefined {
    const ofSku = this.bySku.get(sku);
    if (ofSku === undefined) return undefined;
    for (const position of ofSku) {
      if (position.locationId === locationId) return position;
    }
    return undefined;
  }

  /** The positions of a SKU, oldest first. */
  ofSku(sku: string): readonly StockPosition[] {
    return this.bySku.get(sku) ?? [];
  }

  at(ordinal: number): StockPosition | undefined {
    return this.byOrdinal[ordinal];
  }

  /** The caller makes sure that there is none yet. */
  add(sku: string, locationId: string): StockPosition {
    const position = newPosition(sku, locationId, this.byOrdinal.length);
    const ofSku = this.bySku.get(sku);
    if (ofSku === undefined) this.bySku.set(sku, [position]);
    else ofSku.push(position);
    this.byOrdinal.push(position);
    return position;
  }

  /** In the order of their ordinals. */
  values(): Iterable<StockPosition> {
    return this.byOrdinal;
  }
}
