/**
 * What is charged for an order, and when: the value of what was handed over, neither more nor less.
 *
 * Owns what an order costs as it is now (`costOf`), how much of that its customer owes by now (`earnedOf`),
 * and the next movement of money that brings our payment provider there (`nextMovement`). Leaves carrying it
 * out to `workflows/order/activities/payment.ts`, and what goes back after a return to `orders/refund.ts`.
 *
 * Everything is a function of the whole order, never of one parcel: a capture is the difference between what
 * is earned and what was captured. So parcels may be cut, cancelled, picked short and handed over in any
 * order, and what a provider's steps round off one capture is carried to the next.
 *
 * Invariants: Q1 earned <= cost; both never sink below zero. Q2 where everything that is wanted was handed
 * over, earned = cost; where nothing was cancelled, that is the order's total. Q3 what was captured and not
 * given back is the largest whole number of steps in what is earned, and never more than what was authorised.
 * Q4 nothing is given back that is not there: what went back in other ways, or what a dispute took, is gone.
 * Q5 what a lost dispute took of what is earned is not charged again; the customer owes it, and finance sees
 * to it.
 */
import type { LineLedger } from "../line-ledger.ts";
import { valueOfUnits } from "../line-value.ts";
import { addMoney, chargeableMinor, type Money, rescale, zeroMoney } from "../money.ts";
import { type Fulfiller, isOurs, type LineKind, type OrderDocument } from "../order.ts";
import { sumsOf } from "../order-amounts.ts";

export type ChargedLine = LineLedger & {
  readonly lineId: string;
  readonly kind: LineKind;
  readonly fulfilledBy: Fulfiller;
  readonly unitPriceMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
  readonly shareMinor: number;
};

export type ChargedOrder = {
  readonly document: OrderDocument;
  readonly currency: string;
  readonly exponent: number;
  readonly lines: readonly ChargedLine[];
};

/** What the order costs once everything that is still wanted was handed over, in ISO 4217 minor units. */
export function costOf(order: ChargedOrder): number {
  return amountOf(order, wantedUnits);
}

/** What the order was to cost as its document has it, whatever was cancelled since. */
export function priceOf({ document, currency }: ChargedOrder): number {
  const { sum, total, exponent: own } = sumsOf(document);
  // Whoever has let an order go on that does not add up charges the smaller of its two sums.
  return chargeableMinor({ minor: Math.min(sum, total), currency, exponent: own });
}

/**
 * What the customer owes by now. A parcel of ours counts when it leaves; where its bearer takes the money,
 * when it arrives. What needs no parcel counts with the first one, or at once where none is to come.
 */
export function earnedOf(order: ChargedOrder): number {
  const needsNoWaiting = isUnpostedDone(order);
  return amountOf(order, (line) => {
    const done = line[goneBy(order)] + line.fulfilledElsewhere;
    return isOurs(line) || line.fulfilledBy !== "us" || !needsNoWaiting ? done : wantedUnits(line);
  });
}

/** Units of ours that need no parcel, and that are handed over now: by the rule of `earnedOf`. */
export function unpostedUnits(
  order: ChargedOrder,
): readonly { readonly lineId: string; readonly quantity: number }[] {
  if (!isUnpostedDone(order)) return [];
  return order.lines.flatMap((line) => {
    const quantity = wantedUnits(line) - handedOver(line);
    const isUnposted = line.fulfilledBy === "us" && !isOurs(line);
    return isUnposted && quantity > 0 ? [{ lineId: line.lineId, quantity }] : [];
  });
}

function isUnpostedDone(order: ChargedOrder): boolean {
  const gone = goneBy(order);
  const isBegun = order.lines.some((line) => isGoods(line) && line[gone] + line.fulfilledElsewhere > 0);
  const isParcelToCome = order.lines.some((line) => isOurs(line) && wantedUnits(line) > handedOver(line));
  return isBegun || !isParcelToCome;
}

function goneBy({ document }: ChargedOrder): "delivered" | "shipped" {
  return document.paymentBy === "on_delivery" ? "delivered" : "shipped";
}

/** Of an order that our payment provider charges, in ISO 4217 minor units. */
export type ChargedMoney = {
  /** What is to come through the provider in the end, and what of it is earned. */
  readonly cost: number;
  readonly earned: number;
  readonly captured: number;
  /** What of the captured money went back, or is on its way, because less was earned than was captured. */
  readonly returned: number;
  /** What of the captured money is still here and is not asked for by any refund. */
  readonly left: number;
  /** Whether the customer's bank has yet to decide about some of it. */
  readonly isDisputed: boolean;
  /** What lost disputes took. */
  readonly lost: number;
  /** What of that is written down as the customer's debt, paid or not. */
  readonly owedForLost: number;
  /** Authorisations of which something can still be captured, oldest first. */
  readonly open: readonly { readonly key: string; readonly leftMinor: number }[];
  /** Amounts have to be a multiple of it. */
  readonly step: number;
};

export type MoneyMovement =
  | { readonly type: "authorize"; readonly amountMinor: number }
  | {
      readonly type: "capture";
      readonly authorization: string;
      readonly amountMinor: number;
      /** Nothing more is to come of this authorisation. */
      readonly final: boolean;
    }
  | { readonly type: "release"; readonly authorization: string; readonly amountMinor: number }
  /** More was captured than is earned as the order is now. */
  | { readonly type: "give-back"; readonly amountMinor: number }
  /** A lost dispute took what is earned: it is to be written down as the customer's debt. */
  | { readonly type: "write-debt"; readonly amountMinor: number };

/**
 * The next movement that brings the money to where the order is; `null` where it is there. What is earned
 * comes first: it must not wait for what a change has made dearer.
 */
export function nextMovement(money: ChargedMoney): MoneyMovement | null {
  const { open, step } = money;
  const taken = money.captured - money.returned;
  const cost = wholeSteps(money.cost, step);
  const toCapture = wholeSteps(Math.min(money.earned, money.cost), step) - taken;
  const [oldest] = usableOf(money);
  if (toCapture > 0 && oldest !== undefined) {
    const amountMinor = wholeSteps(Math.min(toCapture, oldest.leftMinor), step);
    return {
      type: "capture",
      authorization: oldest.key,
      amountMinor,
      final: taken + amountMinor >= cost || amountMinor === oldest.leftMinor,
    };
  }
  const uncovered = uncoveredOf(money);
  if (uncovered > 0) return { type: "authorize", amountMinor: uncovered };
  const [unused] = open;
  if (taken >= cost && unused !== undefined)
    return { type: "release", authorization: unused.key, amountMinor: unused.leftMinor };
  const over = Math.max(0, -toCapture);
  // While the bank decides, nobody knows how much of it is here.
  const back = money.isDisputed ? 0 : wholeSteps(Math.min(over - money.lost, money.left), step);
  if (back > 0) return { type: "give-back", amountMinor: back };
  const debt = money.lost - over - money.owedForLost;
  return debt > 0 ? { type: "write-debt", amountMinor: debt } : null;
}

/**
 * What the order costs beyond what was captured and can still be captured; zero or less where it is covered.
 */
export function uncoveredOf(money: ChargedMoney): number {
  const left = usableOf(money).reduce((sum, { leftMinor }) => sum + leftMinor, 0);
  return wholeSteps(money.cost, money.step) - (money.captured - money.returned) - left;
}

function usableOf({ open, step }: ChargedMoney): ChargedMoney["open"] {
  return open.filter(({ leftMinor }) => leftMinor >= step);
}

/** The largest amount up to `minor` that a provider with this step takes. */
export function wholeSteps(minor: number, step: number): number {
  return Math.max(0, minor - (minor % step));
}

/**
 * What parts of the order's price belong to no line. They may be negative where a line bears too little
 * discount.
 */
function orderLevel(order: ChargedOrder): { readonly shipping: number; readonly others: number } {
  const { document, currency, exponent } = order;
  const lines = order.lines.reduce((value, line) => {
    const counted = document.lines.find(({ lineId }) => lineId === line.lineId)?.quantity ?? 0;
    return value + valueOfUnits(line, 0, Math.min(counted, line.ordered), currency, exponent);
  }, 0);
  const shipping = chargeableMinor(addMoney(document.shippingPrice, shippingTax(document)));
  return { shipping, others: priceOf(order) - lines - shipping };
}

/** What of the taxes is neither a line's nor a charge's. */
function shippingTax(document: OrderDocument): Money {
  const { currency } = document;
  if (document.taxesIncluded === true) return zeroMoney(currency);
  const charges = [...(document.charges ?? []), ...document.lines.flatMap((line) => line.charges ?? [])];
  const named = [...document.lines, ...charges].map(({ tax }) => tax).reduce(addMoney, zeroMoney(currency));
  const exponent = Math.max(document.tax.exponent, named.exponent);
  const minor = rescale(document.tax, exponent) - rescale(named, exponent);
  return { minor: Math.max(0, minor), currency, exponent };
}

/** What an amount consists of, in ISO 4217 minor units, taxes included. */
export type AmountParts = {
  /** By line, in the order of `ChargedOrder.lines`. */
  readonly lines: readonly number[];
  readonly shipping: number;
  /** The order's other charges; negative where its lines bear too little discount. */
  readonly others: number;
};

/**
 * What so many units of the order's lines cost, by its parts; their sum is never below zero. Shipping is owed
 * once goods were handed over, or where the order never had any; the order's other amounts once anything was.
 */
export function partsOfAmount(order: ChargedOrder, unitsOf: (line: ChargedLine) => number): AmountParts {
  const units = order.lines.map((line) => Math.max(0, Math.min(unitsOf(line), wantedUnits(line))));
  if (!units.some((count) => count > 0)) return { lines: units.map(() => 0), shipping: 0, others: 0 };
  const level = orderLevel(order);
  const isPosted =
    !order.lines.some(isGoods) || order.lines.some((line, index) => isGoods(line) && (units[index] ?? 0) > 0);
  const lines = order.lines.map((line, index) =>
    valueOfUnits(line, 0, units[index] ?? 0, order.currency, order.exponent),
  );
  const shipping = isPosted ? level.shipping : 0;
  const sum = lines.reduce((total, value) => total + value, 0) + level.others + shipping;
  return { lines, shipping, others: level.others + Math.max(0, -sum) };
}

function amountOf(order: ChargedOrder, unitsOf: (line: ChargedLine) => number): number {
  const { lines, shipping, others } = partsOfAmount(order, unitsOf);
  return lines.reduce((total, value) => total + value, 0) + shipping + others;
}

function isGoods({ kind }: ChargedLine): boolean {
  return kind === "goods";
}

function wantedUnits({ ordered, cancelled }: ChargedLine): number {
  return ordered - cancelled;
}

function handedOver({ shipped, fulfilledElsewhere }: ChargedLine): number {
  return shipped + fulfilledElsewhere;
}
