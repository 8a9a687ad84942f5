/**
 * The ledger of an order line: what was ordered of it, and how far that has come.
 *
 * Owns the quantities, how a step changes them, and what must hold of them. Leaves the statuses that roll up
 * from them to `order-status.ts`, and writing them down to `store/orders/order-progress.ts`, which asks
 * `changedLedger` first.
 *
 * Invariants of one line (`ledgerViolations`):
 *   L1 every quantity is an integer >= 0 and `ordered` > 0
 *   L2 cancelled + shipped + fulfilledElsewhere <= ordered        L3 delivered <= shipped
 *   L4 returnRequested - returnDismissed <= shipped
 *   L5 returnReceived + returnDismissed <= returnRequested
 *   L6 allocated and fulfilled <= ordered - cancelled - fulfilledElsewhere
 */
export type LineLedger = {
  readonly ordered: number;
  readonly cancelled: number;
  readonly allocated: number;
  /** Picked, packed and verified. */
  readonly fulfilled: number;
  readonly shipped: number;
  /** Handed over by somebody else: the marketplace, another provider, the shop where it needs no parcel. */
  readonly fulfilledElsewhere: number;
  readonly delivered: number;
  readonly returnRequested: number;
  readonly returnReceived: number;
  /** Announced for return but declined or never sent. */
  readonly returnDismissed: number;
  /** Lost or destroyed after shipping. */
  readonly writtenOff: number;
};

const QUANTITIES = [
  "ordered",
  "cancelled",
  "allocated",
  "fulfilled",
  "shipped",
  "fulfilledElsewhere",
  "delivered",
  "returnRequested",
  "returnReceived",
  "returnDismissed",
  "writtenOff",
] as const satisfies readonly (keyof LineLedger)[];

/** A line of which nothing has happened yet. */
export function newLedger(ordered: number): LineLedger {
  return {
    ordered,
    cancelled: 0,
    allocated: 0,
    fulfilled: 0,
    shipped: 0,
    fulfilledElsewhere: 0,
    delivered: 0,
    returnRequested: 0,
    returnReceived: 0,
    returnDismissed: 0,
    writtenOff: 0,
  };
}

/** Units that a step adds to a line's quantities; it takes them away where they are negative. */
export type LedgerChange = { readonly [Quantity in keyof LineLedger]?: number };

/** Units of one line. */
type LineUnits = { readonly lineId: string; readonly quantity: number };

/** A step that adds `units` to these quantities. A line may be named several times, or not at all. */
export function adding(
  units: readonly LineUnits[],
  ...quantities: readonly (keyof LedgerChange)[]
): (line: { readonly lineId: string }) => LedgerChange {
  return ({ lineId }) => {
    const sum = unitsOf(units, lineId);
    return Object.fromEntries(quantities.map((quantity) => [quantity, sum]));
  };
}

/** How many units of the line `units` names. */
export function unitsOf(units: readonly LineUnits[], lineId: string): number {
  return units.reduce((sum, unit) => (unit.lineId === lineId ? sum + unit.quantity : sum), 0);
}

/** Everything that nobody has handed over is cancelled. */
export function cancellation(line: LineLedger): LedgerChange {
  return {
    cancelled: line.ordered - line.shipped - line.fulfilledElsewhere - line.cancelled,
    allocated: line.shipped - line.allocated,
    fulfilled: line.shipped - line.fulfilled,
  };
}

/**
 * `missing` units were not found. A line that was cancelled meanwhile has nothing allocated that could be
 * lost.
 */
export function shortPick(line: LineLedger, missing: number): LedgerChange {
  return { allocated: -Math.min(missing, line.allocated) };
}

/** Units that the shopper has, may send back, and has not announced for return yet. */
export function returnable(
  line: Pick<LineLedger, "delivered" | "writtenOff" | "returnRequested" | "returnDismissed">,
): number {
  return Math.max(0, line.delivered - line.writtenOff - (line.returnRequested - line.returnDismissed));
}

/** The invariants that `line` breaks, by their names in this file's header; empty for a sound ledger. */
export function ledgerViolations(line: LineLedger): readonly string[] {
  const broken: string[] = [];
  const isCount = (units: number) => Number.isInteger(units) && units >= 0;
  if (!QUANTITIES.every((quantity) => isCount(line[quantity])) || line.ordered === 0) broken.push("L1");
  if (line.cancelled + line.shipped + line.fulfilledElsewhere > line.ordered) broken.push("L2");
  if (line.delivered > line.shipped) broken.push("L3");
  if (line.returnRequested - line.returnDismissed > line.shipped) broken.push("L4");
  if (line.returnReceived + line.returnDismissed > line.returnRequested) broken.push("L5");
  const wanted = line.ordered - line.cancelled - line.fulfilledElsewhere;
  if (line.allocated > wanted || line.fulfilled > wanted) broken.push("L6");
  return broken;
}

/**
 * A change would have broken the ledger's invariants. This is a defect: the transaction that made it fails.
 */
export class LedgerViolation extends Error {
  override readonly name = "LedgerViolation";
  readonly code = "ledger_violated";
  readonly orderId: string;
  readonly lineId: string;
  /** Of L1 to L6. */
  readonly invariants: readonly string[];

  constructor(
    of: { readonly orderId: string; readonly lineId: string },
    invariants: readonly string[],
    ledger: LineLedger,
  ) {
    const { orderId, lineId } = of;
    super(`order ${orderId}, line ${lineId} would break ${invariants.join(", ")}: ${JSON.stringify(ledger)}`);
    this.orderId = orderId;
    this.lineId = lineId;
    this.invariants = invariants;
  }
}

/**
 * The ledger that a line of an order has after `change`.
 *
 * @throws LedgerViolation
 */
export function changedLedger(
  of: { readonly orderId: string; readonly lineId: string },
  before: LineLedger,
  change: LedgerChange,
): LineLedger {
  const after = { ...newLedger(0) };
  for (const quantity of QUANTITIES) after[quantity] = before[quantity] + (change[quantity] ?? 0);
  const broken = ledgerViolations(after);
  if (broken.length > 0) throw new LedgerViolation(of, broken, after);
  return after;
}

/** The sums over all lines of an order. */
export function totalOf(lines: readonly LineLedger[]): LineLedger {
  const sum = { ...newLedger(0) };
  for (const line of lines) {
    for (const key of Object.keys(sum) as (keyof LineLedger)[]) sum[key] += line[key];
  }
  return sum;
}
