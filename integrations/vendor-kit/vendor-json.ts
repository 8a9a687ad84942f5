/**
 * The one reader of vendors' JSON: orders, replies, webhooks. It damages no number and trusts no shape.
 *
 * `JSON.parse` turns 820982911946154508 into 820982911946154500. Where no number is long enough for that, it
 * reads alone; otherwise each number that it would change goes through it as a text, and is a
 * `LosslessNumber` afterwards. The accessors below hide the difference and never throw on an unexpected
 * shape: what is not there is empty or `undefined`.
 */
import { randomUUID } from "node:crypto";
import { isLosslessNumber, LosslessNumber, stringify as stringifyLossless } from "lossless-json";
import { currencyExponent, type Money, parseMoney, zeroMoney } from "../../orders/money.ts";
import { storableText } from "../../orders/storable-text.ts";

/**
 * 16 or more characters of digits and points, the shortest literal that a double may not keep, where a value
 * begins: most long numbers are within quotes, as tracking numbers are.
 */
const LONG_NUMBER = /(?:^|[[:,])\s*-?[\d.]{16}/;

/** Strings and numbers of a JSON text. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** Before a number that goes as a text. No sender knows it. */
const MARK = `number ${randomUUID()} `;

/** The parsed document. Throws a SyntaxError where `text` is not JSON. */
export function parseJson(text: string): unknown {
  const document: unknown = JSON.parse(text);
  if (!LONG_NUMBER.test(text)) return document;
  try {
    // Of a text that is JSON, every token has its end: nothing is looked through twice.
    return withExactNumbers(JSON.parse(text.replace(TOKENS, marked)));
  } catch (cause) {
    // A document that is nested too deep to be gone through is not an order either.
    throw new SyntaxError(String(cause), { cause });
  }
}

function marked(token: string): string {
  return token.startsWith('"') || String(Number(token)) === token ? token : `"${MARK}${token}"`;
}

/** Changes the document in place. */
function withExactNumbers(value: unknown): unknown {
  if (typeof value === "string")
    return value.startsWith(MARK) ? new LosslessNumber(value.slice(MARK.length)) : value;
  if (typeof value !== "object" || value === null) return value;
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    const member = members[key];
    const exact = withExactNumbers(member);
    if (exact !== member) members[key] = exact;
  }
  return value;
}

/** JSON text of (a part of) a parsed document, numbers as they were. */
export function writeJson(value: unknown): string {
  return stringifyLossless(value) ?? "null";
}

/** The value at `path`, or `undefined`; own properties of objects only. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

export function objectAt(value: unknown, ...path: readonly string[]): JsonObject | undefined {
  const found = at(value, ...path);
  return isObject(found) ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/**
 * Text, number or boolean, as trimmed text that the store can hold. Everything else is empty. Numbers are
 * exact.
 */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  if (typeof found === "string") return storableText(found).trim();
  if (typeof found === "number" || typeof found === "boolean") return String(found);
  return isLosslessNumber(found) ? found.value : "";
}

/**
 * Text as it came, without what the store cannot hold, or a number's exact digits; `undefined` where there is
 * neither.
 */
export function optionalTextAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  if (typeof found === "string") return storableText(found);
  if (typeof found === "number") return String(found);
  return isLosslessNumber(found) ? found.value : undefined;
}

/** A number to calculate with, as exact as a double can be; `undefined` where there is none. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  const number = isLosslessNumber(found) ? Number(found.value) : found;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** A count as channels write it, 3 or "3"; `NaN` where it is none. */
export function countAt(value: unknown, ...path: readonly string[]): number {
  const text = textAt(value, ...path);
  return /^-?\d{1,15}(\.0+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** The first of `texts` that is not empty, or "". */
export function firstText(...texts: readonly string[]): string {
  return texts.find((text) => text !== "") ?? "";
}

/** A record of those entries that are not empty. */
export function textRecord(entries: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries).filter(([, text]) => text !== ""));
}

/**
 * An amount that is in the payload but cannot be read; becomes an `invalid_order` refusal in `readEach`.
 */
export class UnreadableAmount extends Error {
  override readonly name = "UnreadableAmount";
}

/** An amount in a currency that ISO 4217 does not know keeps its digits: the order waits for a person. */
function amountInNoCurrency(text: string, currency: string): Money | undefined {
  if (currencyExponent(currency) !== undefined) return undefined;
  const plain = parseMoney(text, "XXX");
  return plain === undefined ? undefined : { ...plain, currency };
}

/** The exact amount that `text` states; zero where it is empty. Throws `UnreadableAmount`. */
export function amount(text: string, currency: string, what: string): Money {
  if (text === "") return zeroMoney(currency);
  const money = parseMoney(text, currency) ?? amountInNoCurrency(text, currency);
  if (money === undefined) throw new UnreadableAmount(`${what} "${text}" ${currency} is not an amount`);
  return money;
}
