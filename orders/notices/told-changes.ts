/**
 * What a shopper is told of a change of the order: what was, what is, and what becomes of their money. Pure.
 *
 * Owns what of a change concerns a shopper. Notes, tags and the product behind a line are the shop's own
 * matter: a change of nothing else is not told. Leaves the words of the mail to `notice-words.ts`.
 */
import { chargeableMinor, currencyExponent, type Money } from "../money.ts";
import type { OrderDocument } from "../order.ts";
import { addressLines, dayText, moneyText } from "./notice-formats.ts";

/** One difference; `null`: there was, or is, none. */
export type ToldChange = { readonly label: string; readonly was: string | null; readonly is: string | null };

/** What happens with the shopper's money. Amounts are what can be charged, never zero. */
export type MoneyOfChange =
  | { readonly kind: "unchanged" }
  /** We charge what we send when we send it; nothing was sent yet. */
  | { readonly kind: "not_charged" }
  /** Something was sent and charged; this much is still to come. */
  | { readonly kind: "to_charge"; readonly amount: Money }
  /** More was charged than the order costs now. `payer`: who else has the money; `null`: we have it. */
  | { readonly kind: "to_refund"; readonly amount: Money; readonly payer: string | null }
  /** The rest is to be paid to who took the money. */
  | { readonly kind: "to_pay"; readonly amount: Money; readonly payer: string }
  /** Who brings the parcel takes the new total. */
  | { readonly kind: "on_delivery" };

/**
 * Empty where nothing of it concerns the shopper: then they are not written to.
 *
 * @param placeName of one of our locations, by its id
 */
export function toldChanges(
  before: OrderDocument,
  after: OrderDocument,
  placeName: (locationId: string) => string,
): readonly ToldChange[] {
  const pairs: readonly (readonly [string, (document: OrderDocument) => string | null])[] = [
    ["Delivery address", addressText],
    ["Contact", contactText],
    ["Shipping", ({ shippingService }) => shippingService],
    ["Collected at", (document) => placeText(document, placeName)],
    ...lineIdsOf(before, after).map(
      ([lineId, title]) => [title, (document: OrderDocument) => lineText(document, lineId)] as const,
    ),
    ["Shipping cost", ({ shippingPrice }) => moneyText(shippingPrice)],
    ["Discount", ({ discount }) => moneyText(discount)],
    ["Delivery date", ({ deliverOn }) => (deliverOn === undefined ? null : dayText(deliverOn))],
    ["Leaves us from", ({ releaseOn }) => (releaseOn === undefined ? null : dayText(releaseOn))],
    ["Total", ({ total }) => moneyText(total)],
  ];
  return pairs.flatMap(([label, read]) => {
    const [was, is] = [textOrNull(read(before)), textOrNull(read(after))];
    return was === is ? [] : [{ label, was, is }];
  });
}

/**
 * @param paid.capturedMinor what our payment gateway has charged, in the currency's own minor units
 * @param paid.isSettledThere whether who took the money had the former total
 * @param paid.payer who took the money, where we did not
 */
export function moneyOfChange(
  before: OrderDocument,
  after: OrderDocument,
  paid: { readonly capturedMinor: number; readonly isSettledThere: boolean; readonly payer: string },
): MoneyOfChange {
  const [was, is] = [chargeableMinor(before.total), chargeableMinor(after.total)];
  const { currency, exponent } = after.total;
  const amount = (minor: number) => ({ minor, currency, exponent: currencyExponent(currency) ?? exponent });
  const { capturedMinor, isSettledThere, payer } = paid;
  if (was === is) return { kind: "unchanged" };
  if (after.paymentBy === "on_delivery") return { kind: "on_delivery" };
  if (after.paymentBy === "channel") {
    if (!isSettledThere) return { kind: "to_pay", amount: amount(is), payer };
    if (is < was) return { kind: "to_refund", amount: amount(was - is), payer };
    return { kind: "to_pay", amount: amount(is - was), payer };
  }
  if (capturedMinor === 0) return { kind: "not_charged" };
  if (capturedMinor < is) return { kind: "to_charge", amount: amount(is - capturedMinor) };
  // Not less what went back since: the refund may be faster than this mail.
  const over = Math.min(was - is, capturedMinor - is);
  return over > 0 ? { kind: "to_refund", amount: amount(over), payer: null } : { kind: "unchanged" };
}

function addressText({ shippingAddress }: OrderDocument): string | null {
  return shippingAddress === null ? null : addressLines(shippingAddress).join(", ");
}

function contactText({ customer: { name, email, phone } }: OrderDocument): string {
  return [name, email, phone].filter(Boolean).join(", ");
}

function placeText({ delivery }: OrderDocument, placeName: (locationId: string) => string): string | null {
  return delivery?.locationId === undefined ? (delivery?.place ?? null) : placeName(delivery.locationId);
}

function lineIdsOf(before: OrderDocument, after: OrderDocument): readonly (readonly [string, string])[] {
  // The newest title wins, where the line first stood.
  return [...new Map([...before.lines, ...after.lines].map(({ lineId, title }) => [lineId, title]))];
}

/** `2 × $10.00, less $1.00`. */
function lineText({ lines }: OrderDocument, lineId: string): string | null {
  const line = lines.find((candidate) => candidate.lineId === lineId);
  if (line === undefined) return null;
  const less = chargeableMinor(line.discount) === 0 ? "" : `, less ${moneyText(line.discount)}`;
  return `${line.quantity} × ${moneyText(line.unitPrice)}${less}`;
}

function textOrNull(text: string | null): string | null {
  return text === null || text.trim() === "" ? null : text;
}
