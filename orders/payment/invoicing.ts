/**
 * What an invoice says of units that were handed over: its lines, the taxes in them, and a total that is
 * exact.
 *
 * As a capture is (`charging.ts`), an invoice is the difference between what is owed for everything that was
 * handed over by then and what was invoiced before. So parcels may be cut in any way, and prices may change
 * between two of them: the invoices of an order add up to what is owed for it.
 *
 * Invariants: I1 lines + shipping + charges = total, exactly, in ISO 4217 minor units, taxes included. I2 the
 * taxes of the lines, of shipping and of charges add up to the invoice's tax. I3 the invoices of an order
 * that is handed over whole, with nothing cancelled, add up to its total, and their taxes to its tax.
 */
import { proportion } from "../apportion.ts";
import { addMoney, chargeableMinor, zeroMoney } from "../money.ts";
import { isOurs, type OrderLine } from "../order.ts";
import { type ChargedLine, type ChargedOrder, partsOfAmount } from "./charging.ts";

/** Amounts in ISO 4217 minor units; one may be negative where it corrects an invoice before it. */
export type InvoiceLine = {
  readonly lineId: string;
  readonly title: string;
  readonly quantity: number;
  /** What the line adds to the total: less its discounts, with its share of the order's, taxes included. */
  readonly amountMinor: number;
  /** The taxes in `amountMinor`. */
  readonly taxMinor: number;
};

export type InvoiceAmounts = {
  readonly lines: readonly InvoiceLine[];
  /** Taxes included, as `chargesMinor`: what belongs to no line. */
  readonly shippingMinor: number;
  readonly chargesMinor: number;
  /** All taxes in the total. */
  readonly taxMinor: number;
  readonly totalMinor: number;
};

export type HandedOverUnits = readonly { readonly lineId: string; readonly quantity: number }[];

/**
 * @param before all invoices of the order so far
 * @param units that the invoice is about; what needs no parcel and was handed over comes along
 * @returns null where there is nothing to be invoiced
 */
export function invoiceFor(
  order: ChargedOrder,
  before: readonly InvoiceAmounts[],
  units: HandedOverUnits,
): InvoiceAmounts | null {
  const invoiced = (line: ChargedLine) =>
    linesBefore(before, line.lineId).reduce((sum, { quantity }) => sum + quantity, 0);
  const unitsNow = (line: ChargedLine) => {
    const done = line.shipped + line.fulfilledElsewhere;
    if (!isOurs(line) && line.fulfilledBy === "us") return Math.max(invoiced(line), done);
    const more = units.reduce((sum, unit) => sum + (unit.lineId === line.lineId ? unit.quantity : 0), 0);
    return invoiced(line) + Math.min(more, Math.max(0, done - invoiced(line)));
  };
  const parts = partsOfAmount(order, unitsNow);
  const lines = order.lines.flatMap((line, index): readonly InvoiceLine[] => {
    const known = linesBefore(before, line.lineId);
    const made: InvoiceLine = {
      lineId: line.lineId,
      title: documentLine(order, line)?.title ?? "",
      quantity: unitsNow(line) - invoiced(line),
      amountMinor: (parts.lines[index] ?? 0) - known.reduce((sum, each) => sum + each.amountMinor, 0),
      taxMinor: taxOfUnits(order, line, unitsNow(line)) - known.reduce((sum, each) => sum + each.taxMinor, 0),
    };
    return made.quantity === 0 && made.amountMinor === 0 && made.taxMinor === 0 ? [] : [made];
  });
  const total = (read: (invoice: InvoiceAmounts) => number) =>
    before.reduce((sum, invoice) => sum + read(invoice), 0);
  const shippingMinor = parts.shipping - total((invoice) => invoice.shippingMinor);
  const chargesMinor = parts.others - total((invoice) => invoice.chargesMinor);
  if (lines.length === 0 && shippingMinor === 0 && chargesMinor === 0) return null;
  const lineTaxes = (some: readonly InvoiceLine[]) => some.reduce((sum, { taxMinor }) => sum + taxMinor, 0);
  // With the amounts that they are in.
  const isOwed = parts.shipping !== 0 || parts.others !== 0;
  const otherTaxes =
    (isOwed ? taxBesideLines(order) : 0) - total((invoice) => invoice.taxMinor - lineTaxes(invoice.lines));
  return {
    lines,
    shippingMinor,
    chargesMinor,
    taxMinor: lineTaxes(lines) + otherTaxes,
    totalMinor: lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0) + shippingMinor + chargesMinor,
  };
}

function linesBefore(before: readonly InvoiceAmounts[], lineId: string): readonly InvoiceLine[] {
  return before.flatMap(({ lines }) => lines.filter((line) => line.lineId === lineId));
}

function documentLine({ document }: ChargedOrder, { lineId }: ChargedLine): OrderLine | undefined {
  return document.lines.find((line) => line.lineId === lineId);
}

/** Of the first so many units: cumulative and rounded, so that any parts add up to the line's tax. */
function taxOfUnits(order: ChargedOrder, line: ChargedLine, units: number): number {
  const known = documentLine(order, line);
  if (known === undefined || line.ordered === 0) return 0;
  const taxes = [known.tax, ...(known.charges ?? []).map(({ tax }) => tax)];
  const whole = chargeableMinor(taxes.reduce(addMoney, zeroMoney(order.currency)));
  return proportion(whole, units, line.ordered);
}

/**
 * The order's tax that is in none of its lines: of shipping, and of charges of the whole order. It may be
 * negative by what lines with finer amounts were rounded up.
 */
function taxBesideLines(order: ChargedOrder): number {
  const ofLines = order.lines.reduce((sum, line) => sum + taxOfUnits(order, line, line.ordered), 0);
  return chargeableMinor(order.document.tax) - ofLines;
}
