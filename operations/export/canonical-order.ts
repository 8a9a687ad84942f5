/**
 * An order as our own format has it: what it was captured as, or has become by its changes, so that another
 * system of ours captures the same from it.
 */
import type { CanonicalOrder } from "../../contract/canonical-order.ts";
import type { Address } from "../../orders/address.ts";
import type { OwnFields } from "../../orders/custom-fields/custom-fields.ts";
import { addMoney, decimalText, type Money } from "../../orders/money.ts";
import type { Charge, OrderDocument, OrderLine } from "../../orders/order.ts";

export function canonicalOrderOf(document: OrderDocument): CanonicalOrder {
  const { currency, customer, shippingAddress, billingAddress, charges, delivery, attributes } = document;
  const shippingTax = taxOfShipping(document);
  return {
    id: document.externalId,
    ...(document.externalNumber === document.externalId ? {} : { number: document.externalNumber }),
    ...(document.placedAt === "" ? {} : { placedAt: document.placedAt }),
    currency,
    lines: document.lines.map(lineOf),
    ...amount("shippingPrice", document.shippingPrice),
    ...(shippingTax.minor > 0 ? { shippingTaxes: [{ name: "Tax", amount: decimalText(shippingTax) }] } : {}),
    ...text("shippingService", document.shippingService),
    ...amount("discount", document.discount),
    ...chargesOf(charges),
    total: decimalText(document.total),
    ...(document.taxesIncluded === true ? { taxesIncluded: true as const } : {}),
    ...(shippingAddress === null ? {} : { shippingAddress: addressOf(shippingAddress) }),
    ...(billingAddress === null ? {} : { billingAddress: addressOf(billingAddress) }),
    customer: {
      name: customer.name,
      ...text("email", customer.email),
      ...text("phone", customer.phone),
      ...text("id", customer.externalId),
    },
    ...(delivery === undefined
      ? {}
      : {
          delivery: {
            method: delivery.method,
            ...(delivery.locationId === undefined ? {} : { locationId: delivery.locationId }),
          },
        }),
    ...text("deliverOn", document.deliverOn),
    ...text("releaseOn", document.releaseOn),
    ...(document.tags === undefined ? {} : { tags: [...document.tags] }),
    ...(attributes === undefined ? {} : { metadata: { ...attributes } }),
    paymentBy: document.paymentBy,
    ...text("paymentMethod", document.paymentMethod),
    ...(document.allocation === undefined ? {} : { allocation: document.allocation }),
    ...fieldsOf(document),
    ...text("note", document.note),
    ...text("language", document.language),
  } as CanonicalOrder;
}

/** Without who ordered it and where it goes. */
export function withoutPersons(order: CanonicalOrder): CanonicalOrder {
  const {
    shippingAddress: _s,
    billingAddress: _b,
    note: _n,
    metadata: _m,
    paymentMethod: _p,
    ...rest
  } = order;
  const { customFields: _c, ...shown } = rest;
  const lines = shown.lines.map(({ customFields: _f, attributes: _a, ...line }) => line);
  return { ...shown, lines, customer: { name: "(not shown)" } };
}

function lineOf(line: OrderLine): CanonicalOrder["lines"][number] {
  return {
    id: line.externalLineId,
    sku: line.channelSku,
    ...(line.kind === undefined ? {} : { kind: line.kind }),
    ...(line.fulfilledBy === undefined ? {} : { fulfilledBy: line.fulfilledBy }),
    ...text("title", line.title),
    quantity: line.quantity,
    unitPrice: decimalText(line.unitPrice),
    ...amount("discount", line.discount),
    ...(line.taxes.length === 0
      ? {}
      : { taxes: line.taxes.map((tax) => ({ name: tax.name, amount: decimalText(tax.amount) })) }),
    ...chargesOf(line.charges),
    ...(Object.keys(line.attributes).length === 0 ? {} : { attributes: { ...line.attributes } }),
    ...fieldsOf(line),
    ...(line.allowSubstitutes === undefined ? {} : { allowSubstitutes: line.allowSubstitutes }),
  };
}

function fieldsOf({ customFields, personalFields }: OwnFields) {
  const fields = { ...customFields, ...personalFields };
  return Object.keys(fields).length === 0 ? {} : { customFields: fields };
}

/** What of the order's taxes no line and no charge bears. */
function taxOfShipping({ tax, lines, charges = [] }: OrderDocument): Money {
  const borne = [
    ...lines.flatMap((line) => line.taxes.map((each) => each.amount)),
    ...[...charges, ...lines.flatMap((line) => line.charges ?? [])].map((charge) => charge.tax),
  ];
  return borne.reduce((left, each) => addMoney(left, { ...each, minor: -each.minor }), tax);
}

function chargesOf(charges: readonly Charge[] | undefined) {
  if (charges === undefined || charges.length === 0) return {};
  return {
    charges: charges.map(({ kind, name, amount: price, tax }) => ({
      kind,
      name,
      amount: decimalText(price),
      ...amount("tax", tax),
    })),
  };
}

function addressOf(address: Address): NonNullable<CanonicalOrder["shippingAddress"]> {
  return { ...address };
}

function text<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined || value === "" ? {} : ({ [name]: value } as Record<Name, string>);
}

function amount<Name extends string>(name: Name, value: Money): Partial<Record<Name, string>> {
  return value.minor === 0 ? {} : ({ [name]: decimalText(value) } as Record<Name, string>);
}
