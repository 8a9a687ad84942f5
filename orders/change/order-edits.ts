/**
 * From a person's edits to the next document of an order: each edit is applied and priced.
 *
 * Owns what an edit means for amounts. A line that grows or shrinks takes its discount, its taxes and its own
 * charges with it, in proportion; a line that shrinks also gives up its part of the order's discount and
 * duties. Shipping, fees and tips stay: they are the order's (`order-amounts.ts`). Leaves to
 * `order-change.ts` whether the order can still become that document.
 *
 * Invariant: an edit moves the total by exactly what it moves the sum of the parts. So an order that added up
 * still does, and one that did not is off by the same amount as before.
 */
import type { Address } from "../address.ts";
import { apportion, proportion } from "../apportion.ts";
import { type CustomValue, withField, withFields } from "../custom-fields/custom-fields.ts";
import { countryCode } from "../geography.ts";
import type { IncomingTax } from "../incoming-order.ts";
import { addMoney, type Money, rescale, zeroMoney } from "../money.ts";
import { type Charge, type LineKind, MAX_LINES, type OrderDocument, type OrderLine } from "../order.ts";
import { goodsWeights, sumsOf } from "../order-amounts.ts";

export type AddedLine = {
  /** Of the catalog; `null` where the line needs none: a tip, a service. */
  readonly sku: string | null;
  readonly title: string;
  readonly quantity: number;
  readonly unitPrice: Money;
  /** Of the whole line. */
  readonly discount?: Money;
  readonly taxes?: readonly IncomingTax[];
  readonly kind?: LineKind;
};

export type OrderEdit =
  | { readonly kind: "address"; readonly address: Address }
  /** What is left out stays; `null` takes it away. */
  | {
      readonly kind: "contact";
      readonly name?: string;
      readonly email?: string | null;
      readonly phone?: string | null;
    }
  /** @property price absent: as before */
  | { readonly kind: "shipping_service"; readonly service: string; readonly price?: Money }
  /** How many units of the line are wanted in all, what was sent included; 0 gives the line up. */
  | { readonly kind: "quantity"; readonly lineId: string; readonly quantity: number }
  | { readonly kind: "add_line"; readonly line: AddedLine }
  /** Absent: all that is still wanted of it. */
  | { readonly kind: "cancel_line"; readonly lineId: string; readonly quantity?: number }
  /** The discount from now on: of a line, or of the order. */
  | { readonly kind: "discount"; readonly amount: Money; readonly lineId?: string }
  | { readonly kind: "note"; readonly note: string | null }
  | { readonly kind: "tags"; readonly tags: readonly string[] }
  | { readonly kind: "deliver_on"; readonly deliverOn: string | null }
  /** A field of the company's own, whose value can be that; `null` takes it away. Of a line, or of the order. */
  | {
      readonly kind: "custom_field";
      readonly key: string;
      readonly value: CustomValue | null;
      readonly personal: boolean;
      readonly lineId?: string;
    };

export type EditRefusalCode =
  | "line_not_found"
  | "invalid_quantity"
  | "quantity_exceeds_line"
  | "currency_mismatch"
  | "amount_out_of_range"
  | "too_many_lines"
  | "address_missing";

type Edited =
  | { readonly status: "edited"; readonly document: OrderDocument }
  | { readonly status: "refused"; readonly code: EditRefusalCode; readonly detail: string };

const MAX_LINE_QUANTITY = 100_000;
const MAX_MINOR = 1e13;

/**
 * @param nextLineNumber above the number of every line that the order ever had: a line's id is never used
 *   twice
 */
export function applyEdits(
  document: OrderDocument,
  edits: readonly OrderEdit[],
  nextLineNumber: number,
): Edited {
  let edited = document;
  let number = nextLineNumber;
  for (const edit of edits) {
    const outcome = applyEdit(edited, edit, number);
    if (outcome.status === "refused") return outcome;
    edited = outcome.document;
    if (edit.kind === "add_line") number += 1;
  }
  return { status: "edited", document: edited };
}

function applyEdit(document: OrderDocument, edit: OrderEdit, number: number): Edited {
  switch (edit.kind) {
    case "address": {
      const address = usable(edit.address);
      return address === null
        ? refuse("address_missing", "An address needs at least a street and a country.")
        : done({ ...document, shippingAddress: address });
    }
    case "contact":
      return done({ ...document, customer: contactOf(document.customer, edit) });
    case "shipping_service": {
      const { service, price = document.shippingPrice } = edit;
      const wrong = wrongAmount(document, "The shipping price", price);
      return (
        wrong ?? done(repriced(document, { ...document, shippingService: service, shippingPrice: price }))
      );
    }
    case "quantity":
      return resize(document, edit.lineId, () => edit.quantity);
    case "cancel_line":
      return resize(document, edit.lineId, (before) => before - (edit.quantity ?? before));
    case "add_line":
      return addLine(document, edit.line, number);
    case "discount":
      return discount(document, edit);
    case "note": {
      const { note: _, ...rest } = document;
      return done(edit.note === null || edit.note === "" ? rest : { ...rest, note: edit.note });
    }
    case "tags": {
      const { tags: _, ...rest } = document;
      const tags = [...new Set(edit.tags)];
      return done(tags.length === 0 ? rest : { ...rest, tags });
    }
    case "deliver_on": {
      const { deliverOn: _, ...rest } = document;
      return done(edit.deliverOn === null ? rest : { ...rest, deliverOn: edit.deliverOn });
    }
    case "custom_field":
      return setField(document, edit);
    default: {
      const unreachable: never = edit;
      return unreachable;
    }
  }
}

function setField(document: OrderDocument, edit: Extract<OrderEdit, { kind: "custom_field" }>): Edited {
  const { lineId, value } = edit;
  if (lineId === undefined) return done(withFields(document, withField(document, edit, value)));
  const line = document.lines.find((candidate) => candidate.lineId === lineId);
  if (line === undefined) return refuse("line_not_found", `The order has no line ${lineId}.`);
  const set = withFields(line, withField(line, edit, value));
  return done({ ...document, lines: document.lines.map((other) => (other === line ? set : other)) });
}

function contactOf(
  customer: OrderDocument["customer"],
  { name, email, phone }: Extract<OrderEdit, { kind: "contact" }>,
): OrderDocument["customer"] {
  const { email: emailBefore, phone: phoneBefore, ...rest } = customer;
  const kept = <T>(edited: T | null | undefined, before: T | undefined) =>
    edited === undefined ? before : (edited ?? undefined);
  const emailNow = kept(email, emailBefore);
  const phoneNow = kept(phone, phoneBefore);
  return {
    ...rest,
    ...(name === undefined ? {} : { name }),
    ...(emailNow === undefined ? {} : { email: emailNow }),
    ...(phoneNow === undefined ? {} : { phone: phoneNow }),
  };
}

function resize(document: OrderDocument, lineId: string, quantityOf: (before: number) => number): Edited {
  const line = document.lines.find((candidate) => candidate.lineId === lineId);
  if (line === undefined) return refuse("line_not_found", `The order has no line ${lineId}.`);
  const quantity = quantityOf(line.quantity);
  if (quantity < 0)
    return refuse("quantity_exceeds_line", `Of line ${lineId}, only ${line.quantity} are wanted.`);
  if (!Number.isSafeInteger(quantity) || quantity > MAX_LINE_QUANTITY)
    return refuse("invalid_quantity", `Of a line, 0 to ${MAX_LINE_QUANTITY} units can be ordered.`);
  const given = quantity < line.quantity ? givenUp(document, line, quantity, line.quantity) : {};
  const lines = document.lines.flatMap((other) => {
    if (other !== line) return [other];
    return quantity === 0 ? [] : [resized(line, quantity)];
  });
  return done(repriced(document, { ...document, ...given, lines }));
}

/**
 * What the order's own discount and duties are once the line bears `kept` of `whole` of what it bore of them.
 */
export function givenUp(
  document: OrderDocument,
  line: OrderLine,
  kept: number,
  whole: number,
): Pick<OrderDocument, "discount" | "charges"> {
  const { charges } = document;
  const weights = goodsWeights(document);
  const index = document.lines.indexOf(line);
  const without = (amount: Money): Money => {
    const part = apportion(amount.minor, weights)[index] ?? 0;
    return { ...amount, minor: amount.minor - part + proportion(part, kept, whole) };
  };
  return {
    discount: without(document.discount),
    ...(charges && {
      charges: charges.map((charge) =>
        charge.kind === "duty"
          ? { ...charge, amount: without(charge.amount), tax: without(charge.tax) }
          : charge,
      ),
    }),
  };
}

/** The line with other units, and its amounts in proportion. */
export function resized(line: OrderLine, quantity: number): OrderLine {
  const part = (amount: Money): Money => ({
    ...amount,
    minor: proportion(amount.minor, quantity, line.quantity),
  });
  const taxes = line.taxes.map((tax) => ({ ...tax, amount: part(tax.amount) }));
  return {
    ...line,
    quantity,
    discount: part(line.discount),
    taxes,
    // A line that names its taxes pays their sum.
    tax:
      taxes.length === 0
        ? part(line.tax)
        : sum(
            taxes.map(({ amount }) => amount),
            line.tax.currency,
          ),
    ...(line.charges && {
      charges: line.charges.map((charge) => ({
        ...charge,
        amount: part(charge.amount),
        tax: part(charge.tax),
      })),
    }),
  };
}

function addLine(document: OrderDocument, added: AddedLine, number: number): Edited {
  const { quantity, taxes = [], discount: less = zeroMoney(document.currency) } = added;
  if (document.lines.length >= MAX_LINES)
    return refuse("too_many_lines", `An order has at most ${MAX_LINES} lines.`);
  if (!Number.isSafeInteger(quantity) || quantity < 1 || quantity > MAX_LINE_QUANTITY)
    return refuse("invalid_quantity", `Of a line, 1 to ${MAX_LINE_QUANTITY} units can be ordered.`);
  const wrong =
    wrongAmount(document, "The price", added.unitPrice) ??
    wrongAmount(document, "The discount", less) ??
    taxes
      .map(({ name, amount }) => wrongAmount(document, `Tax ${name}`, amount))
      .find((each) => each !== null);
  if (wrong != null) return wrong;
  if (isMore(less, { ...added.unitPrice, minor: added.unitPrice.minor * quantity }))
    return refuse("amount_out_of_range", "The discount is more than the line costs.");
  const line: OrderLine = {
    lineId: String(number),
    externalLineId: `added-${number}`,
    sku: added.sku,
    channelSku: added.sku ?? added.title,
    title: added.title,
    quantity,
    unitPrice: added.unitPrice,
    discount: less,
    tax: sum(
      taxes.map(({ amount }) => amount),
      document.currency,
    ),
    taxes,
    attributes: {},
    ...(added.kind === undefined ? {} : { kind: added.kind }),
  };
  return done(repriced(document, { ...document, lines: [...document.lines, line] }));
}

function discount(
  document: OrderDocument,
  { amount, lineId }: Extract<OrderEdit, { kind: "discount" }>,
): Edited {
  const wrong = wrongAmount(document, "The discount", amount);
  if (wrong !== null) return wrong;
  if (lineId === undefined) {
    const discounted = { ...document, discount: amount };
    if (sumsOf(discounted).sum < 0)
      return refuse("amount_out_of_range", "The discount is more than the order costs.");
    return done(repriced(document, discounted));
  }
  const line = document.lines.find((candidate) => candidate.lineId === lineId);
  if (line === undefined) return refuse("line_not_found", `The order has no line ${lineId}.`);
  if (isMore(amount, { ...line.unitPrice, minor: line.unitPrice.minor * line.quantity }))
    return refuse("amount_out_of_range", `The discount is more than line ${lineId} costs.`);
  const lines = document.lines.map((other) => (other === line ? { ...line, discount: amount } : other));
  return done(repriced(document, { ...document, lines }));
}

/**
 * `edited`, whose taxes and total are still those of `before`: its taxes follow those of its parts, its total
 * the sum.
 */
export function repriced(before: OrderDocument, edited: OrderDocument): OrderDocument {
  const tax = addMoney(edited.tax, difference(taxesOf(before), taxesOf(edited)));
  const taxed = { ...edited, tax };
  const [was, is] = [sumsOf(before), sumsOf(taxed)];
  const exponent = Math.max(was.exponent, is.exponent);
  const at = ({ sum: minor, exponent: own }: { sum: number; exponent: number }): Money => ({
    minor,
    currency: before.currency,
    exponent: own,
  });
  const total = addMoney(edited.total, difference(at(was), at(is)));
  return { ...taxed, total: { ...total, exponent, minor: rescale(total, exponent) } };
}

/** Of lines and charges; what else there is in the order's taxes is of its shipping. */
function taxesOf(document: OrderDocument): Money {
  const charges: readonly Charge[] = [
    ...(document.charges ?? []),
    ...document.lines.flatMap((line) => line.charges ?? []),
  ];
  return sum(
    [...document.lines, ...charges].map(({ tax }) => tax),
    document.currency,
  );
}

function sum(amounts: readonly Money[], currency: string): Money {
  return amounts.reduce(addMoney, zeroMoney(currency));
}

export function difference(from: Money, to: Money): Money {
  return addMoney(to, { ...from, minor: -from.minor });
}

export function isMore(a: Money, b: Money): boolean {
  const exponent = Math.max(a.exponent, b.exponent);
  return rescale(a, exponent) > rescale(b, exponent);
}

function wrongAmount({ currency }: OrderDocument, what: string, amount: Money) {
  if (amount.currency !== currency)
    return refuse("currency_mismatch", `${what} is in ${amount.currency}, the order in ${currency}.`);
  return Number.isSafeInteger(amount.minor) && amount.minor >= 0 && amount.minor <= MAX_MINOR
    ? null
    : refuse("amount_out_of_range", `${what} is no amount that can be charged.`);
}

function usable(address: Address): Address | null {
  const country = countryCode(address.country);
  return address.line1.trim() === "" || country === undefined ? null : { ...address, country };
}

function done(document: OrderDocument): Edited {
  return { status: "edited", document };
}

function refuse(code: EditRefusalCode, detail: string): Extract<Edited, { status: "refused" }> {
  return { status: "refused", code, detail };
}
