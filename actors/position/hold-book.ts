/**
 * The holds on one position, by id, in the order in which they were opened.
 *
 * Nearly every position that holds anything holds a handful: those stand in an array of just that length, at
 * a third of what a `Map` takes. A position that has ever held more has a `Map` from then on, so that a hot
 * SKU with a hundred thousand holds finds each of them at once.
 */
import type { HeldLot } from "./lots.ts";

const FEW = 8;

/**
 * What one reservation holds of a position. Units move from reserved to allocated to
 * picked, and out when shipped.
 */
export type Hold = {
  readonly holdId: string;
  /**
   * The order and line that the hold was placed for by the order path; empty for a
   * hold made by a single command.
   */
  readonly orderId: string;
  readonly lineId: string;
  readonly cause: string;
  /** The channel pool that sells the units; empty: what everybody may sell. */
  readonly pool: string;
  reserved: number;
  allocated: number;
  picked: number;
  /** Milliseconds since the Unix epoch; 0: never. Only what is still reserved expires. */
  expiresAtMs: number;
  /** The lots that its units are of; `null` where units are not in lots. */
  lots: Map<string, HeldLot> | null;
};

export class HoldBook {
  private held: readonly Hold[] | Map<string, Hold>;

  private constructor(held: readonly Hold[] | Map<string, Hold>) {
    this.held = held;
  }

  /** Ids must differ. `null` where there are none, as on most positions. */
  static of(holds: readonly Hold[]): HoldBook | null {
    if (holds.length === 0) return null;
    return new HoldBook(holds.length > FEW ? byId(holds) : holds);
  }

  get size(): number {
    return this.held instanceof Map ? this.held.size : this.held.length;
  }

  get(holdId: string): Hold | undefined {
    if (this.held instanceof Map) return this.held.get(holdId);
    for (const hold of this.held) {
      if (hold.holdId === holdId) return hold;
    }
    return undefined;
  }

  has(holdId: string): boolean {
    return this.get(holdId) !== undefined;
  }

  /** The caller makes sure that there is none of its id. */
  add(hold: Hold): void {
    if (this.held instanceof Map) this.held.set(hold.holdId, hold);
    else if (this.held.length < FEW) this.held = [...this.held, hold];
    else this.held = byId([...this.held, hold]);
  }

  delete(holdId: string): void {
    if (this.held instanceof Map) this.held.delete(holdId);
    else this.held = this.held.filter((hold) => hold.holdId !== holdId);
  }

  values(): Iterable<Hold> {
    return this.held.values();
  }
}

function byId(holds: readonly Hold[]): Map<string, Hold> {
  return new Map(holds.map((hold) => [hold.holdId, hold]));
}
