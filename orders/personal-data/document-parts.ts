/**
 * An order's document in two parts: what identifies its people, and the rest. Pure.
 *
 * D1 `joined` of both parts is the document.
 * D2 The rest is a document by itself: where something was taken out that every document has, it says
 *    `(erased)`. So it is what is left when the other part cannot be read any more.
 * D3 Countries stay: duties, taxes and carriers' rules go by them, and they identify nobody. So does the
 *    channel's number of the customer, until the order is erased: orders that may leave together are found by
 *    it. And its tags, by which staff pick orders out of the list.
 */
import type { Address } from "../address.ts";
import type { CustomValues } from "../custom-fields/custom-fields.ts";
import type { OrderDocument } from "../order.ts";

/** In the place of what was taken out. */
const ERASED = "(erased)";

export type PersonalPart = {
  readonly customer: Omit<OrderDocument["customer"], "externalId">;
  readonly shippingAddress: Address | null;
  readonly billingAddress: Address | null;
  readonly note?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** By the line's id: engravings, greeting cards. */
  readonly lineAttributes?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The company's own fields that identify somebody. */
  readonly personalFields?: CustomValues;
  /** The same of lines, by the line's id. */
  readonly linePersonalFields?: Readonly<Record<string, CustomValues>>;
};

export function apart(document: OrderDocument): {
  readonly rest: OrderDocument;
  readonly personal: PersonalPart;
} {
  const { note, attributes, personalFields, ...others } = document;
  const { externalId, ...person } = document.customer;
  const lineAttributes = Object.fromEntries(
    document.lines.flatMap((line) =>
      Object.keys(line.attributes ?? {}).length === 0 ? [] : [[line.lineId, line.attributes] as const],
    ),
  );
  const anyOfLines = Object.keys(lineAttributes).length > 0;
  const linePersonalFields = Object.fromEntries(
    document.lines.flatMap(({ lineId, personalFields: own }) =>
      own === undefined ? [] : [[lineId, own] as const],
    ),
  );
  const anyFieldOfLines = Object.keys(linePersonalFields).length > 0;
  return {
    personal: {
      customer: person,
      shippingAddress: document.shippingAddress,
      billingAddress: document.billingAddress,
      ...(note === undefined ? {} : { note }),
      ...(attributes === undefined ? {} : { attributes }),
      ...(anyOfLines ? { lineAttributes } : {}),
      ...(personalFields === undefined ? {} : { personalFields }),
      ...(anyFieldOfLines ? { linePersonalFields } : {}),
    },
    rest: {
      ...others,
      customer: { name: ERASED, ...(externalId === undefined ? {} : { externalId }) },
      shippingAddress: emptied(document.shippingAddress),
      billingAddress: emptied(document.billingAddress),
      lines:
        anyOfLines || anyFieldOfLines
          ? document.lines.map(({ personalFields: _own, ...line }) => ({ ...line, attributes: {} }))
          : document.lines,
    },
  };
}

export function joined(rest: OrderDocument, personal: PersonalPart): OrderDocument {
  const { customer, lineAttributes, linePersonalFields, ...fields } = personal;
  const fieldsOf = (lineId: string) => {
    const personalFields = linePersonalFields?.[lineId];
    return personalFields === undefined ? {} : { personalFields };
  };
  return {
    ...rest,
    ...fields,
    customer: { ...rest.customer, ...customer },
    lines:
      lineAttributes === undefined && linePersonalFields === undefined
        ? rest.lines
        : rest.lines.map((line) => ({
            ...line,
            ...fieldsOf(line.lineId),
            attributes: lineAttributes?.[line.lineId] ?? line.attributes,
          })),
  };
}

/**
 * What is left of a document once it is erased: neither the channel's number of the customer nor its tags.
 */
export function erasedDocument(document: OrderDocument): OrderDocument {
  const { tags: _tags, ...rest } = apart(document).rest;
  return { ...rest, customer: { name: ERASED } };
}

function emptied(address: Address | null): Address | null {
  if (address === null || address === undefined) return null;
  return { name: ERASED, line1: ERASED, city: ERASED, country: address.country };
}
