/** Stock as people and shops read it: positions, what may be promised, and why each number is what it is. */
import Type from "typebox";
import { Count, Nullable, type Shape, Text, Time } from "./shapes.ts";

/** The numbers of a position, in units. */
export const buckets = {
  onHand: Count,
  reserved: Count,
  allocated: Count,
  picked: Count,
  unavailable: Count,
  safetyStock: Count,
  /** Expected, transfers in transit included. */
  incoming: Count,
  /** Kept for ring-fenced pools, not yet promised by them. */
  fenced: Count,
};

export const StockRow = Type.Object({
  sku: Text,
  name: Text,
  locationId: Text,
  locationName: Text,
  ...buckets,
  availableToPromise: Count,
});
export type StockRow = Shape<typeof StockRow>;

/** In which order positions are listed: by SKU and location, by what is free to promise, by what is there. */
export const STOCK_SORTS = ["sku", "available", "-available", "-on-hand"] as const;
export type StockSort = (typeof STOCK_SORTS)[number];

/** Units that may be promised now, as of the last commit. */
export const StockAvailability = Type.Object({
  sku: Text,
  /** At the locations asked for, as the pool asked for sees them. */
  available: Count,
  /** The same by location; below 0 where safety stock or fences exceed what is free. */
  byLocation: Type.Array(Type.Object({ locationId: Text, available: Count })),
});
export type StockAvailability = Shape<typeof StockAvailability>;

/** When so many units could be promised to a caller who asks now. The answer promises nothing. */
export const StockPromise = Type.Object({
  sku: Text,
  quantity: Count,
  /** ISO 8601; now where the units are free; null: all that is known to come is not enough. */
  promisedAt: Nullable(Time),
});
export type StockPromise = Shape<typeof StockPromise>;

/** By how much a movement changed each bucket, and the numbers after it. */
export const StockMovement = Type.Object({
  at: Time,
  kind: Text,
  ...buckets,
  holdId: Nullable(Text),
  cause: Text,
  reason: Nullable(Text),
  pool: Nullable(Text),
  lot: Nullable(Text),
  reference: Nullable(Text),
  /** Running on hand and available-to-promise after this movement. */
  onHandAfter: Count,
  availableAfter: Count,
});

export type StockMovement = Shape<typeof StockMovement>;

/** "Why is this number so": the latest movements of the position, newest first, and its open holds. */
export const StockExplanation = Type.Object({
  position: StockRow,
  movements: Type.Array(StockMovement),
  holds: Type.Array(
    Type.Object({ holdId: Text, state: Text, quantity: Count, expiresAt: Nullable(Time), cause: Text }),
  ),
  /** What is on its way here: deliveries that were announced, and transfers. */
  expected: Type.Array(
    Type.Object({ reference: Text, units: Count, since: Time, isTransfer: Type.Boolean() }),
  ),
  /** Whether all movements add up to the position; false would be a defect. */
  reconciles: Type.Boolean(),
});
export type StockExplanation = Shape<typeof StockExplanation>;
