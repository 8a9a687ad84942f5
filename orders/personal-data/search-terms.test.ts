import { expect, test } from "vitest";
import type { OrderDocument } from "../order.ts";
import { personTerm, searchTerms, termsOf } from "./search-terms.ts";

const document = {
  channelId: "web",
  customer: { name: "Ana Müller-Groß", email: " Ana@Example.COM ", phone: "+41 (0)44 123 45 67" },
  shippingAddress: { name: "Firma Süß", line1: "1 Way", city: "Zürich", postalCode: "8001", country: "CH" },
  billingAddress: { name: "Ana", line1: "1", city: "London", postalCode: "SW1A 1AA", country: "GB" },
} as unknown as OrderDocument;

const asText = (terms: readonly { kind: string; text: string }[]) =>
  terms.map(({ kind, text }) => `${kind} ${text}`);

test("an order has a term for each address, number, postcode and word of a name, each once", () => {
  expect(asText(termsOf(document))).toEqual([
    "email ana@example.com",
    "phone 441234567",
    "postcode 8001",
    "postcode sw1a1aa",
    "name ana",
    "name muller",
    "name gross",
    "name firma",
    "name suss",
  ]);
});

test("an order is found by what its channel calls the customer and the account, each of that channel alone", () => {
  const known = { ...document, customer: { name: "Ana", externalId: "77" }, attributes: { buyer: "ana_77" } };
  expect(asText(termsOf(known as unknown as OrderDocument))).toEqual(
    expect.arrayContaining(["customer web:77", "account web:ana_77"]),
  );
});

test.each([
  ["ANA@example.com", [], ["email ana@example.com"]],
  ["  Muller ana ", ["name muller", "name ana"], ["postcode mullerana"]],
  [
    "044 123 45 67",
    ["name 044", "name 123", "name 45", "name 67"],
    ["phone 441234567", "postcode 0441234567"],
  ],
  ["sw1a 1aa", ["name sw1a", "name 1aa"], ["postcode sw1a1aa"]],
  ["...", [], []],
])("a search for %s looks for the same terms however they were written", (typed, names, others) => {
  const terms = searchTerms(typed);
  expect([asText(terms.names), asText(terms.others)]).toEqual([names, others]);
});

test("a person is known by e-mail, else by the channel's number, else by telephone, else not at all", () => {
  const { email: _email, ...withoutEmail } = document.customer;
  expect(personTerm(document)).toEqual({ kind: "email", text: "ana@example.com" });
  expect(personTerm({ ...document, customer: { ...withoutEmail, externalId: "77" } })).toEqual({
    kind: "customer",
    text: "web:77",
  });
  expect(personTerm({ ...document, customer: withoutEmail })).toEqual({ kind: "phone", text: "441234567" });
  expect(personTerm({ ...document, customer: { name: "Ana" } })).toBeNull();
});
