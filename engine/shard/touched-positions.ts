/**
 * Which positions of a shard the batch under way has changed, for the stock view.
 *
 * Marking is on the path of every reservation. It is one comparison where the position is marked already, as
 * it nearly always is on a hot SKU.
 */
import { freeUnits } from "../../actors/position/channel-pools.ts";
import { availableToPromise, type StockPosition } from "../../actors/position/stock-position.ts";
import type { PositionChanges } from "../stock-view/stock-changes.ts";

const FIRST_CAPACITY = 1024;

export class TouchedPositions {
  private batch = 1;
  /** The batch that last marked each position, by ordinal. */
  private stamps = new Uint32Array(FIRST_CAPACITY);
  private ordinals = new Uint32Array(FIRST_CAPACITY);
  private count = 0;
  /** Positions that the view has been told of. */
  private announced = 0;
  /** Positions that the view has been told of with pools. */
  private readonly pooled = new Set<number>();

  mark(ordinal: number): void {
    if (this.stamps[ordinal] === this.batch) return;
    if (ordinal >= this.stamps.length) this.grow(ordinal);
    this.stamps[ordinal] = this.batch;
    this.ordinals[this.count] = ordinal;
    this.count += 1;
  }

  /** What was marked since the last call, with the present numbers. `null`: nothing. */
  take(positions: readonly StockPosition[]): PositionChanges | null {
    if (this.count === 0) return null;
    const changes = this.changes(positions, this.ordinals.subarray(0, this.count));
    this.next();
    return changes;
  }

  /** The names and numbers of all positions, once the shard is rebuilt. */
  takeAll(positions: readonly StockPosition[]): PositionChanges {
    this.announced = 0;
    const changes = this.changes(
      positions,
      positions.map((_, ordinal) => ordinal),
    );
    this.next();
    return changes;
  }

  private changes(
    positions: readonly StockPosition[],
    ordinals: Uint32Array | readonly number[],
  ): PositionChanges {
    const firstCreated = this.announced;
    const created: string[] = [];
    for (; this.announced < positions.length; this.announced += 1) {
      const position = positions[this.announced] as StockPosition;
      created.push(position.sku, position.locationId);
    }
    const units = new DataView(new ArrayBuffer(8 * ordinals.length));
    const pools: [number, (string | number)[]][] = [];
    for (let index = 0; index < ordinals.length; index += 1) {
      const ordinal = ordinals[index] as number;
      const position = positions[ordinal] as StockPosition;
      units.setInt32(8 * index, ordinal, true);
      units.setInt32(8 * index + 4, clamped(availableToPromise(position)), true);
      if (position.details !== null || this.pooled.has(ordinal)) this.addPools(position, pools);
    }
    return { units: new Uint8Array(units.buffer), firstCreated, created, pools };
  }

  private addPools(position: StockPosition, pools: [number, (string | number)[]][]): void {
    const { ordinal } = position;
    const ofPosition: (string | number)[] = [];
    for (const pool of position.details?.pools?.keys() ?? []) {
      ofPosition.push(pool, clamped(freeUnits(position, pool)));
    }
    if (ofPosition.length === 0 && !this.pooled.has(ordinal)) return;
    if (ofPosition.length === 0) this.pooled.delete(ordinal);
    else this.pooled.add(ordinal);
    pools.push([ordinal, ofPosition]);
  }

  private next(): void {
    this.count = 0;
    this.batch += 1;
    if (this.batch < 0xffff_ffff) return;
    this.batch = 1;
    this.stamps.fill(0);
  }

  private grow(ordinal: number): void {
    const capacity = 2 ** Math.ceil(Math.log2(ordinal + 1));
    const stamps = new Uint32Array(capacity);
    stamps.set(this.stamps);
    this.stamps = stamps;
    const ordinals = new Uint32Array(capacity);
    ordinals.set(this.ordinals);
    this.ordinals = ordinals;
  }
}

/** The view's numbers are 32-bit, and the lowest one means "none". */
function clamped(units: number): number {
  return Math.max(-2_147_483_647, Math.min(2_147_483_647, units));
}
