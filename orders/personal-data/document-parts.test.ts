import fc from "fast-check";
import { expect, test } from "vitest";
import type { OrderDocument } from "../order.ts";
import { apart, erasedDocument, joined } from "./document-parts.ts";
import { textsIn } from "./scrub.ts";

const word = fc.string({ minLength: 1, maxLength: 12 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const address = fc.record(
  {
    name: word,
    line1: word,
    line2: word,
    city: word,
    postalCode: word,
    phone: word,
    email: word,
    country: fc.constant("US"),
  },
  { requiredKeys: ["name", "line1", "city", "country"] },
);
const money = { minor: 1, currency: "USD", exponent: 2 };

const document = fc
  .record({
    customer: fc.record(
      { name: word, email: word, phone: word, externalId: word },
      { requiredKeys: ["name"] },
    ),
    shippingAddress: fc.option(address),
    billingAddress: fc.option(address),
    note: optional(word),
    tags: optional(fc.array(word, { maxLength: 3 })),
    attributes: optional(fc.dictionary(word, word, { maxKeys: 3 })),
    lines: fc.array(fc.dictionary(word, word, { maxKeys: 2 }), { minLength: 1, maxLength: 3 }),
    personalFields: optional(fc.dictionary(fc.constantFrom("gift_for", "sizes"), word, { minKeys: 1 })),
    fieldsOfLine: optional(fc.dictionary(fc.constant("engraving"), word, { minKeys: 1 })),
  })
  .map(({ lines, note, tags, attributes, personalFields, fieldsOfLine, ...people }) => ({
    orderId: "web-1",
    companyId: "acme",
    channelId: "web",
    externalId: "1",
    externalNumber: "#1",
    externalIds: {},
    placedAt: "2026-11-29T00:00:00Z",
    capturedAt: "2026-11-29T00:00:00Z",
    currency: "USD",
    lines: lines.map((own, index) => ({
      lineId: String(index + 1),
      externalLineId: String(index + 1),
      sku: "MUG",
      channelSku: "MUG",
      title: "Mug",
      quantity: 1,
      unitPrice: money,
      discount: money,
      tax: money,
      taxes: [],
      attributes: own,
      ...(index > 0 || fieldsOfLine === undefined ? {} : { personalFields: fieldsOfLine }),
    })),
    ...(personalFields === undefined ? {} : { personalFields }),
    customFields: { cost_center: 7 },
    shippingPrice: money,
    discount: money,
    tax: money,
    total: money,
    shippingService: "Standard",
    paymentBy: "channel" as const,
    ...people,
    ...(note === undefined ? {} : { note }),
    ...(tags === undefined ? {} : { tags }),
    ...(attributes === undefined ? {} : { attributes }),
  })) as unknown as fc.Arbitrary<OrderDocument>;

test("both parts together are the document, also after they were stored as JSON", () => {
  fc.assert(
    fc.property(document, (whole) => {
      const { rest, personal } = JSON.parse(JSON.stringify(apart(whole)));
      expect(joined(rest, personal)).toEqual(JSON.parse(JSON.stringify(whole)));
    }),
  );
});

test("nothing that was said of a person is in the rest, nor left once the document is erased", () => {
  fc.assert(
    fc.property(fc.uuid(), document, (secret, whole) => {
      const marked: OrderDocument = JSON.parse(
        JSON.stringify(whole, (key, value) =>
          typeof value === "string" &&
          !["orderId", "companyId", "channelId", "lineId", "country", "currency", "externalId"].includes(key)
            ? `${secret}${value}`
            : value,
        ),
      );
      const { customer, shippingAddress, billingAddress, note, attributes, lines } = apart(marked).rest;
      const kept = [
        customer,
        shippingAddress,
        billingAddress,
        note,
        attributes,
        lines.map((l) => [l.attributes, l.personalFields]),
        apart(marked).rest.personalFields,
      ];
      expect(textsIn(kept).filter((text) => text.includes(secret))).toEqual([]);
      const erased = erasedDocument(marked);
      expect([erased.customer, erased.tags]).toEqual([{ name: "(erased)" }, undefined]);
    }),
  );
});
