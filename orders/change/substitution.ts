/**
 * An order's document in which units of one product are sent in the place of another's: what they cost, and
 * how the two lines share what the one line bore. Pure.
 *
 * Owns the price of a substitute: the lower of what was agreed for a unit and what the catalog asks for the
 * substitute. Its discount goes down with its price, its taxes and its part of the order's discount and
 * duties with what is left of it after the discount; what was charged for the units themselves (gift wrap,
 * a fee) stays. Leaves to `orders/fulfillment/substitutes.ts` which product it is, and to `order-change.ts`
 * what becomes of the ledger.
 *
 * Invariants: B1 the order never costs more than before, and exactly as much where the price stays. B2 an
 * order that added up still does. B3 the new line names the line that the customer ordered, also where it
 * replaces a substitute: a line of another product is explained by one step.
 */
import { proportion } from "../apportion.ts";
import { addMoney, type Money, multiplyMoney, rescale, zeroMoney } from "../money.ts";
import { MAX_LINES, type OrderDocument, type OrderLine } from "../order.ts";
import { difference, givenUp, isMore, repriced, resized } from "./order-edits.ts";

export type Substitution = {
  /** The line whose units nobody has. */
  readonly lineId: string;
  readonly quantity: number;
  readonly sku: string;
  readonly title: string;
  /** What the catalog asks for one; `null`: nothing in the order's currency. */
  readonly price: Money | null;
  /** Above the number of every line that the order ever had. */
  readonly lineNumber: number;
};

/**
 * @returns `null` where the line does not want so many units any more, or the order can have no further line
 */
export function withSubstitute(document: OrderDocument, substitution: Substitution): OrderDocument | null {
  const { lineId, quantity, price } = substitution;
  const line = document.lines.find((candidate) => candidate.lineId === lineId);
  if (line === undefined || line.quantity < quantity) return null;
  const kept = line.quantity === quantity ? null : resized(line, line.quantity - quantity);
  if (kept !== null && document.lines.length >= MAX_LINES) return null;
  const sent = sentInstead(line, kept, substitution);
  const split: OrderDocument = {
    ...document,
    lines: document.lines.flatMap((other) => {
      if (other !== line) return [other];
      return kept === null ? [sent] : [kept, sent];
    }),
  };
  const cheaper = price === null || !isMore(line.unitPrice, price) ? null : atPrice(split, sent, price);
  return repriced(document, cheaper ?? split);
}

/** The line that was ordered, for a line of a substitute; any other line itself. */
export function orderedLineId(line: Pick<OrderLine, "lineId" | "substituteFor">): string {
  return line.substituteFor ?? line.lineId;
}

/** With what `line` bears beyond `kept`, at the same price. */
function sentInstead(line: OrderLine, kept: OrderLine | null, substitution: Substitution): OrderLine {
  const { quantity, sku, title, lineNumber } = substitution;
  const rest = (amount: Money, of: Money | undefined) => (of === undefined ? amount : difference(of, amount));
  const { externalLineId, unitPrice, kind, charges, allowSubstitutes } = line;
  return {
    lineId: String(lineNumber),
    // The channel's line, so that the channel knows which one it is.
    externalLineId,
    sku,
    channelSku: sku,
    title,
    quantity,
    unitPrice,
    discount: rest(line.discount, kept?.discount),
    tax: rest(line.tax, kept?.tax),
    taxes: line.taxes.map((tax, index) => ({ ...tax, amount: rest(tax.amount, kept?.taxes[index]?.amount) })),
    attributes: {},
    ...(kind === undefined ? {} : { kind }),
    ...(charges && {
      charges: charges.map((charge, index) => ({
        ...charge,
        amount: rest(charge.amount, kept?.charges?.[index]?.amount),
        tax: rest(charge.tax, kept?.charges?.[index]?.tax),
      })),
    }),
    ...(allowSubstitutes === undefined ? {} : { allowSubstitutes }),
    substituteFor: orderedLineId(line),
  };
}

/** The line at a lower price, with what hangs on it. */
function atPrice(document: OrderDocument, line: OrderLine, unitPrice: Money): OrderDocument {
  const { quantity, discount, taxes, tax } = line;
  const exponent = Math.max(unitPrice.exponent, line.unitPrice.exponent, discount.exponent);
  const [was, is] = [rescale(line.unitPrice, exponent), rescale(unitPrice, exponent)];
  const less = { ...discount, minor: proportion(discount.minor, is, was) };
  const netOf = (price: Money, off: Money) =>
    rescale(multiplyMoney(price, quantity), exponent) - rescale(off, exponent);
  const [before, after] = [netOf(line.unitPrice, discount), netOf(unitPrice, less)];
  // Free already: there is nothing that could be less.
  if (before <= 0) return { ...document, lines: replaced(document, line, { unitPrice, discount: less }) };
  const part = (amount: Money): Money => ({ ...amount, minor: proportion(amount.minor, after, before) });
  const lower = taxes.map((each) => ({ ...each, amount: part(each.amount) }));
  const sum = lower.reduce((total, { amount }) => addMoney(total, amount), zeroMoney(document.currency));
  return {
    ...document,
    ...givenUp(document, line, after, before),
    lines: replaced(document, line, {
      unitPrice,
      discount: less,
      taxes: lower,
      tax: taxes.length === 0 ? part(tax) : sum,
    }),
  };
}

function replaced({ lines }: OrderDocument, line: OrderLine, change: Partial<OrderLine>): OrderLine[] {
  return lines.map((other) => (other === line ? { ...line, ...change } : other));
}
