/**
 * The audit of a simulated day's money, order by order, to the cent. It works out by itself what each order
 * was to bring, from what its document says and what was handed over, and compares that with the money that
 * moved.
 *
 * M1. An order's parts come to its total, and an order that nobody changed costs what was planned.
 * M2. What ended brought exactly the value of what was handed over: through our provider, or who brought the
 *     parcel. Of what the channel charges, we take nothing.
 * M3. What has not ended brought no more than that.
 * M4. What came back was refunded at what it had cost; what we refunded is what the refunds say.
 */
import type { Money } from "../../orders/money.ts";
import type { AuditedLine, AuditedMoney } from "../../store/audit/money-audit.ts";

export type MoneyAudit = {
  /** Cents that the day's orders brought, and that went back. */
  readonly takenMinor: number;
  readonly refundedMinor: number;
  readonly findings: readonly string[];
};

/** Refunds of what was charged and not handed over. */
const NOT_EARNED: readonly string[] = ["overpayment", "cancellation"];
const VOID: readonly string[] = ["requested", "failed", "withdrawn"];

/** @param planned what each order costs by the day's plan, in cents */
export function auditMoney(
  orders: readonly AuditedMoney[],
  planned: ReadonlyMap<string, number>,
): MoneyAudit {
  const findings = orders.flatMap((order) =>
    [...findingsOf(order, planned.get(order.orderId))].map((finding) => `${order.orderId}: ${finding}`),
  );
  const sum = (amountOf: (order: AuditedMoney) => number) =>
    orders.reduce((total, order) => total + amountOf(order), 0);
  return {
    takenMinor: sum((order) => order.capturedMinor + order.cashMinor),
    refundedMinor: sum((order) => order.refundedMinor),
    findings,
  };
}

function* findingsOf(order: AuditedMoney, planned: number | undefined): Generator<string> {
  const total = cents(order.document.total);
  const parts = partsOf(order);
  if (parts !== total) yield `its parts come to ${parts}, its total is ${total}.`;
  if (planned !== undefined && order.revision === 1 && planned !== total) {
    yield `it costs ${total}, and ${planned} was planned.`;
  }
  yield* movementFindings(order);
  const standing = order.refunds.filter(({ status }) => !VOID.includes(status));
  const paidOut = standing
    .filter(({ status }) => status === "done")
    .reduce((sum, refund) => sum + refund.paymentMinor, 0);
  if (paidOut !== order.refundedMinor) {
    yield `its refunds say that ${paidOut} went back, its payment says ${order.refundedMinor}.`;
  }
  if (order.isComingBack) return;
  const refunded = standing
    .filter(({ reason }) => reason === "return")
    .reduce((sum, refund) => sum + refund.amountMinor, 0);
  const cameBack = worthOf(order, (line) => line.cameBack);
  if (refunded !== cameBack) yield `${cameBack} came back, ${refunded} was refunded for it.`;
}

function* movementFindings(order: AuditedMoney): Generator<string> {
  const { paymentBy } = order.document;
  const notEarned = order.refunds
    .filter(({ reason, status }) => NOT_EARNED.includes(reason) && !VOID.includes(status))
    .reduce((sum, refund) => sum + refund.paymentMinor, 0);
  const earned = earnedOf(order);
  const [expected, moved] =
    paymentBy === "merchant"
      ? [earned, order.capturedMinor + order.creditMinor - notEarned]
      : paymentBy === "on_delivery"
        ? [earned, order.cashMinor]
        : [0, order.capturedMinor];
  const hasEnded = order.status === "completed" || order.status === "cancelled";
  if (hasEnded && moved !== expected) {
    yield `it is ${order.status}, ${expected} was to be taken, and ${moved} was.`;
  }
  if (!hasEnded && moved > expected) yield `${moved} was taken, and only ${expected} was handed over.`;
  if (paymentBy !== "merchant" && order.capturedMinor > 0) {
    yield `${order.capturedMinor} was charged by us, and it is paid elsewhere.`;
  }
}

/** What the customer owes for what was handed over: its value, and once the order's own amounts. */
function earnedOf(order: AuditedMoney): number {
  const byDelivery = order.document.paymentBy === "on_delivery";
  const gone = (line: AuditedLine) => (byDelivery ? line.delivered : line.shipped) + line.elsewhere;
  const wanted = (line: AuditedLine) => line.ordered - line.cancelled;
  const isPosted = ({ kind, fulfilledBy }: AuditedLine) => kind === "goods" && fulfilledBy === "us";
  const isBegun = order.lines.some((line) => isPosted(line) && gone(line) > 0);
  const isParcelToCome = order.lines.some((line) => isPosted(line) && wanted(line) > gone(line));
  // What needs no parcel is handed over with the first one, or at once where none is to come.
  const units = (line: AuditedLine) =>
    isPosted(line) || line.fulfilledBy !== "us" || (!isBegun && isParcelToCome) ? gone(line) : wanted(line);
  const isAnything = order.lines.some((line) => units(line) > 0);
  return isAnything ? worthOf(order, units) + ownAmounts(order) : 0;
}

/**
 * The order's shipping with its taxes, and charges that belong to no line, but for duties: those follow the
 * goods.
 */
function ownAmounts({ document }: AuditedMoney): number {
  const ofOrder = (document.charges ?? []).filter(({ kind }) => kind !== "duty");
  const charges = [...(document.charges ?? []), ...document.lines.flatMap((line) => line.charges ?? [])];
  const named = [...document.lines, ...charges].reduce((sum, { tax }) => sum + cents(tax), 0);
  const onTop = document.taxesIncluded === true ? 0 : 1;
  return (
    cents(document.shippingPrice) +
    onTop * (cents(document.tax) - named) +
    ofOrder.reduce((sum, charge) => sum + cents(charge.amount) + onTop * cents(charge.tax), 0)
  );
}

function partsOf({ document }: AuditedMoney): number {
  const charges = [...(document.charges ?? []), ...document.lines.flatMap((line) => line.charges ?? [])];
  const exact =
    document.lines.reduce(
      (sum, line) => sum + exactCents(line.unitPrice) * line.quantity - exactCents(line.discount),
      0,
    ) +
    exactCents(document.shippingPrice) +
    charges.reduce((sum, charge) => sum + exactCents(charge.amount), 0) +
    (document.taxesIncluded === true ? 0 : exactCents(document.tax)) -
    exactCents(document.discount);
  return Math.round(exact);
}

/** The value of some units of each line, tax and its share of the order's amounts included. */
function worthOf(order: AuditedMoney, unitsOf: (line: AuditedLine) => number): number {
  const fine = 10 ** (order.exponent - 2);
  return order.lines.reduce((sum, line) => {
    const units = unitsOf(line);
    const beside = line.taxMinor - line.discountMinor + line.shareMinor;
    const value = line.unitPriceMinor * units + Math.round((beside * units) / line.ordered);
    return sum + Math.sign(value) * Math.round(Math.abs(value) / fine);
  }, 0);
}

function cents(amount: Money): number {
  return Math.round(exactCents(amount));
}

/** Orders of the sandbox are in US dollars. */
function exactCents({ minor, exponent }: Money): number {
  return minor / 10 ** (exponent - 2);
}
