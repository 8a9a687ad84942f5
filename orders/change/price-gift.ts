/**
 * What edits of an order give away: by how much the customer pays less than was asked for the same goods.
 * Pure.
 *
 * Owns which edits name a price. A discount and a shipping price do, and count together, so that an amount
 * that only moves from one to the other gives nothing. A line that is added does, and one that grows at a
 * price that somebody has named before. Leaves the price to compare with to the catalog; the channel's own
 * line of the product goes before it, because that is what the customer was asked for.
 */
import { chargeableMinor, multiplyMoney } from "../money.ts";
import type { OrderDocument, OrderLine } from "../order.ts";
import { applyEdits, type OrderEdit } from "./order-edits.ts";

/** Of products, by SKU, in ISO 4217 minor units. */
export type CatalogPrices = ReadonlyMap<string, { readonly priceMinor: number; readonly currency: string }>;

export type PriceGift = {
  /** In ISO 4217 minor units of the order's currency. */
  readonly minor: number;
  /** A product whose price was named and can be compared with none; `null`: there is none such. */
  readonly incomparable: string | null;
};

const NOTHING: PriceGift = { minor: 0, incomparable: null };

/** @param edits that can be applied to `document` one after the other */
export function priceGift(
  document: OrderDocument,
  edits: readonly OrderEdit[],
  nextLineNumber: number,
  prices: CatalogPrices,
): PriceGift {
  let before = document;
  let number = nextLineNumber;
  let lowered = 0;
  const gifts: PriceGift[] = [];
  for (const edit of edits) {
    const edited = applyEdits(before, [edit], number);
    if (edited.status === "refused") return NOTHING;
    const after = edited.document;
    if (edit.kind === "add_line") number += 1;
    if (edit.kind === "discount" || edit.kind === "shipping_service")
      lowered += chargeableMinor(before.total) - chargeableMinor(after.total);
    else gifts.push(...moreUnits(before, after, prices));
    before = after;
  }
  return {
    minor: Math.max(0, lowered) + gifts.reduce((sum, { minor }) => sum + minor, 0),
    incomparable: gifts.find(({ incomparable }) => incomparable !== null)?.incomparable ?? null,
  };
}

/** SKUs whose prices `priceGift` may ask for. */
export function skusPriced(document: OrderDocument, edits: readonly OrderEdit[]): readonly string[] {
  const added = edits.flatMap((edit) => (edit.kind === "add_line" ? (edit.line.sku ?? []) : []));
  return [...new Set([...added, ...document.lines.flatMap(({ sku }) => sku ?? [])])];
}

/** Of lines that were added or have grown. */
function moreUnits(before: OrderDocument, after: OrderDocument, prices: CatalogPrices): readonly PriceGift[] {
  return after.lines.flatMap((line) => {
    const was = before.lines.find(({ lineId }) => lineId === line.lineId);
    const units = line.quantity - (was?.quantity ?? 0);
    return units > 0 ? [moreOf(line, was, units, after, prices)] : [];
  });
}

function moreOf(
  line: OrderLine,
  was: OrderLine | undefined,
  units: number,
  document: OrderDocument,
  prices: CatalogPrices,
): PriceGift {
  const discount = chargeableMinor(line.discount) - (was === undefined ? 0 : chargeableMinor(was.discount));
  const ofDiscount = { minor: Math.max(0, discount), incomparable: null };
  if (line.sku === null || !isPricedByPerson(line, document)) return ofDiscount;
  const reference = referenceMinor(line.sku, document, prices);
  if (reference === undefined) return { ...ofDiscount, incomparable: line.sku };
  // What is no product of the catalog has no price to compare with: a gift card, a service.
  if (reference === null) return ofDiscount;
  const paid = paidFor(line, document) - (was === undefined ? 0 : paidFor(was, document));
  return { minor: Math.max(0, reference * units - paid), incomparable: null };
}

/** Whether somebody other than the channel has named the line's price. */
function isPricedByPerson(line: OrderLine, { attributes }: OrderDocument): boolean {
  return (
    line.externalLineId.startsWith("added-") ||
    line.substituteFor !== undefined ||
    // Goods in exchange, or sent again.
    attributes?.["replaces"] !== undefined
  );
}

/** @returns what a unit costs; undefined: nobody can say; null: it is no product of the catalog */
function referenceMinor(
  sku: string,
  document: OrderDocument,
  prices: CatalogPrices,
): number | undefined | null {
  const sold = document.lines.find((line) => line.sku === sku && !isPricedByPerson(line, document));
  if (sold !== undefined) return chargeableMinor(sold.unitPrice);
  const product = prices.get(sku);
  if (product === undefined) return null;
  return product.currency === document.currency ? product.priceMinor : undefined;
}

function paidFor(line: OrderLine, { taxesIncluded }: OrderDocument): number {
  const tax = taxesIncluded === true ? 0 : chargeableMinor(line.tax);
  return chargeableMinor(multiplyMoney(line.unitPrice, line.quantity)) - chargeableMinor(line.discount) + tax;
}
