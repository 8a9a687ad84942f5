/**
 * By what a person's orders are found: the same words, however they were written. Pure.
 *
 * S1 A term that a search makes of what somebody types is equal to the one that the order has, or it is not
 *    found: nothing can be looked for by a part of a word, because what is stored are tokens of whole ones.
 */
import type { OrderDocument } from "../order.ts";

export type Term = {
  readonly kind: "email" | "phone" | "postcode" | "name" | "customer" | "account";
  readonly text: string;
};

/** Words of names that count; a longer one is no name. */
const MOST_WORDS = 12;
/** Digits from the end by which numbers are compared: prefixes of countries are written in many ways. */
const PHONE_DIGITS = 9;
const LEAST_PHONE_DIGITS = 6;

/** Lower case, without accents, sharp s as ss. */
function plain(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
}

export function emailTerm(email: string): Term | null {
  const text = email.trim().toLowerCase();
  return text === "" ? null : { kind: "email", text };
}

export function phoneTerm(phone: string): Term | null {
  const digits = phone.replaceAll(/\D/g, "");
  return digits.length < LEAST_PHONE_DIGITS ? null : { kind: "phone", text: digits.slice(-PHONE_DIGITS) };
}

function postcodeTerm(postcode: string): Term | null {
  const text = plain(postcode).replaceAll(/[^\p{L}\p{N}]/gu, "");
  return text === "" ? null : { kind: "postcode", text };
}

function nameTerms(name: string): readonly Term[] {
  return (plain(name).match(/[\p{L}\p{N}]+/gu) ?? [])
    .slice(0, MOST_WORDS)
    .map((text) => ({ kind: "name", text }));
}

/** The attribute in which an order has the name of the buyer's account at its channel. */
export const BUYER_ACCOUNT = "buyer";

/** A channel's number of a customer, as long as it is the channel that says it. */
export function customerTerm(channelId: string, customerId: string): Term {
  return { kind: "customer", text: `${channelId}:${customerId}` };
}

/** The name of a buyer's account at a channel. */
export function accountTerm(channelId: string, account: string): Term {
  return { kind: "account", text: `${channelId}:${account}` };
}

/** Every term of an order, each once. */
export function termsOf(document: OrderDocument): readonly Term[] {
  const { channelId, customer, shippingAddress, billingAddress } = document;
  const account = document.attributes?.[BUYER_ACCOUNT] ?? "";
  const addresses = [shippingAddress, billingAddress].flatMap((address) => address ?? []);
  const terms = [
    ...[customer.email, ...addresses.map(({ email }) => email)].flatMap(
      (text) => emailTerm(text ?? "") ?? [],
    ),
    ...[customer.phone, ...addresses.map(({ phone }) => phone)].flatMap(
      (text) => phoneTerm(text ?? "") ?? [],
    ),
    ...addresses.flatMap(({ postalCode }) => postcodeTerm(postalCode ?? "") ?? []),
    ...[customer.name, ...addresses.map(({ name }) => name)].flatMap(nameTerms),
    ...(customer.externalId === undefined ? [] : [customerTerm(channelId, customer.externalId)]),
    ...(account === "" ? [] : [accountTerm(channelId, account)]),
  ];
  return [...new Map(terms.map((term) => [`${term.kind}:${term.text}`, term])).values()];
}

/**
 * Who an order's customer is, where it says so: the e-mail address, the channel's number of them, or the
 * telephone number, the first that there is.
 */
export function personTerm({
  channelId,
  customer,
  shippingAddress,
}: Pick<OrderDocument, "channelId" | "customer" | "shippingAddress">): Term | null {
  const email = emailTerm(customer.email ?? shippingAddress?.email ?? "");
  if (email !== null) return email;
  if (customer.externalId !== undefined) return customerTerm(channelId, customer.externalId);
  return phoneTerm(customer.phone ?? shippingAddress?.phone ?? "");
}

/**
 * What somebody types into a search.
 *
 * @returns `names`: an order must have all of them; `others`: any of these is enough
 */
export function searchTerms(text: string): {
  readonly names: readonly Term[];
  readonly others: readonly Term[];
} {
  const trimmed = text.trim();
  const isEmail = trimmed.includes("@");
  return {
    names: isEmail ? [] : nameTerms(trimmed),
    others: [
      isEmail ? emailTerm(trimmed) : null,
      /^[\d\s()+/.-]+$/.test(trimmed) ? phoneTerm(trimmed) : null,
      isEmail ? null : postcodeTerm(trimmed),
    ].flatMap((term) => term ?? []),
  };
}
