/** One position in the audit's books: its buckets, its holds, and its numbers after each batch. */
import { LotBook } from "./lot-book.ts";
import { PoolBook } from "./pool-book.ts";

export const BUCKETS = [
  "onHand",
  "reserved",
  "allocated",
  "picked",
  "unavailable",
  "safetyStock",
  "incoming",
  "fenced",
] as const;

export type Buckets = Readonly<Record<(typeof BUCKETS)[number], number>>;

export type BookedHold = {
  readonly holdId: string;
  readonly orderId: string;
  readonly lineId: string;
  reserved: number;
  allocated: number;
  picked: number;
  expiresAtMs: number;
  /** Every (reserved, allocated, picked) that the hold ever had. */
  readonly stages: string[];
};

/** What everybody may promise. */
export function availableOf(buckets: Buckets): number {
  return (
    buckets.onHand -
    buckets.reserved -
    buckets.allocated -
    buckets.picked -
    buckets.unavailable -
    buckets.safetyStock -
    buckets.fenced
  );
}

export class BookedPosition {
  readonly sku: string;
  readonly locationId: string;
  readonly holds = new Map<string, BookedHold>();
  /** Holds that are gone, for reads that still show them. */
  readonly closed = new Map<string, BookedHold>();
  /** The buckets after each batch that changed them, the oldest first. */
  readonly versions: (Buckets & { readonly batch: number })[] = [];
  onHand = 0;
  reserved = 0;
  allocated = 0;
  picked = 0;
  unavailable = 0;
  safetyStock = 0;
  incoming = 0;
  fenced = 0;
  readonly pools = new PoolBook();
  readonly lots = new LotBook();

  constructor(sku: string, locationId: string) {
    this.sku = sku;
    this.locationId = locationId;
  }

  get available(): number {
    return availableOf(this);
  }

  get name(): string {
    return `${this.sku} at ${this.locationId}`;
  }

  buckets(): Buckets {
    return {
      onHand: this.onHand,
      reserved: this.reserved,
      allocated: this.allocated,
      picked: this.picked,
      unavailable: this.unavailable,
      safetyStock: this.safetyStock,
      incoming: this.incoming,
      fenced: this.fenced,
    };
  }
}

/** The units of a hold by their state. */
export function stageOf(hold: {
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
}): string {
  return `${hold.reserved}/${hold.allocated}/${hold.picked}`;
}
