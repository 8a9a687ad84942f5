/**
 * Card numbers in what people write: found, and masked before anything is stored.
 *
 * A number counts as a card's where its length, its issuer's prefix, its check digit (Luhn) and its grouping
 * all fit. Order numbers, GTINs and tracking numbers are as long and must stay as they are. So 13 digits are
 * no card (GTIN-13; the last such cards are long gone), 14 only in a card's grouping (GTIN-14), and a value
 * whose name says that it is an id is left alone as long as it is one word. Marketplaces give customers mail
 * addresses that begin with as many digits: masked, nobody could write to them.
 */

/** Digits in groups, up to three separators apart. */
const GROUPS = /\d+(?:[ .\-\u00a0]{1,3}\d+)*/g;

/** Prefixes of the issuers, by the lengths of their numbers. */
const ISSUERS: readonly { readonly prefix: RegExp; readonly lengths: readonly number[] }[] = [
  { prefix: /^4/, lengths: [16, 19] },
  { prefix: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { prefix: /^3[47]/, lengths: [15] },
  { prefix: /^(?:30[0-5]|3[689])/, lengths: [14, 16, 19] },
  { prefix: /^35(?:2[89]|[3-8])/, lengths: [16, 17, 18, 19] },
  { prefix: /^(?:5[06-8]|6)/, lengths: [16, 17, 18, 19] },
];

/** How many digits stand together where a number is written in groups, as on the card. */
const GROUPINGS: ReadonlySet<string> = new Set([
  "4,4,4,4",
  "4,4,4,4,1",
  "4,4,4,4,2",
  "4,4,4,4,3",
  "4,6,5",
  "4,6,4",
]);
const MOST_GROUPS = 5;

/** Nearly all that is looked at is shorter. */
const SHORTEST = 15;

/** What each card number has in it: its digits together, or its first two groups. Most texts have neither. */
const CARD_LIKE = /\d{15,}|(?<!\d)\d{4}[ .\-\u00a0]{1,3}\d{4}(?:\d\d)?(?!\d)/g;

/** False: there is nothing to mask, also where `text` is JSON. */
function mayHoldCard(text: string): boolean {
  if (text.length < SHORTEST) return false;
  return text.match(CARD_LIKE)?.some((found) => /\D/.test(found) || isCard(found)) ?? false;
}

/** `text` with all but the last four digits of each card number masked. */
export function maskCardNumbers(text: string): string {
  if (!mayHoldCard(text)) return text;
  return text.replace(GROUPS, (run, at: number) => {
    const isInAddress = text[at + run.length] === "@" && !/\s/.test(run);
    return isInAddress ? run : maskRun(run);
  });
}

function maskRun(run: string): string {
  const found = [...run.matchAll(/\d+/g)];
  const groups = found.map(([digits]) => digits);
  let masked = "";
  let copied = 0;
  for (let first = 0; first < found.length; first += 1) {
    const taken = groupsOfCard(groups, first);
    if (taken === 0) continue;
    const last = first + taken - 1;
    const end = (found[last]?.index ?? 0) + (groups[last]?.length ?? 0);
    masked += `${run.slice(copied, found[first]?.index)}**** ${run.slice(copied, end).replace(/\D/g, "").slice(-4)}`;
    copied = end;
    first = last;
  }
  return masked + run.slice(copied);
}

/** How many groups from `first` on make a card number; 0: none do. */
function groupsOfCard(groups: readonly string[], first: number): number {
  const start = groups[first] ?? "";
  if (start.length > 14) return isCard(start) ? 1 : 0;
  if (start.length !== 4) return 0;
  for (let count = Math.min(groups.length - first, MOST_GROUPS); count > 1; count -= 1) {
    const taken = groups.slice(first, first + count);
    if (GROUPINGS.has(taken.map(({ length }) => length).join()) && isCard(taken.join(""))) return count;
  }
  return 0;
}

function isCard(digits: string): boolean {
  return (
    ISSUERS.some(({ prefix, lengths }) => lengths.includes(digits.length) && prefix.test(digits)) &&
    hasCheckDigit(digits)
  );
}

/**
 * Luhn: every second digit from the right is doubled, and the digits of all of them sum to a multiple of ten.
 */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const NAME_OF_AN_ID = new RegExp(
  [
    /(?:^|[_.-])ids?$/,
    /sku|gtin|^ean$|upc|isbn|asin|barcode|tracking/,
    /(?:order|external|customer|invoice|reference|line|item|serial)[_. -]?(?:number|no)$/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "i",
);

/** `orderId`, whose id begins with a capital. */
const CAMEL_CASE_ID = /[a-z]I[dD]s?$/;

function isAnId(name: string, text: string): boolean {
  return !/\s/.test(text) && (NAME_OF_AN_ID.test(name) || CAMEL_CASE_ID.test(name));
}

/**
 * The same value with every text in it masked, however deep: itself where there is nothing to mask. An order
 * that were put together anew would be read more slowly ever after (`npm run bench -- orders --only capture`).
 */
export function withoutCardNumbers<T>(value: T): T;
export function withoutCardNumbers(value: unknown): unknown {
  return holdsCardNumber(value, "") ? masked(value, "") : value;
}

/** @param name of the field that it is the value of */
function holdsCardNumber(value: unknown, name: string): boolean {
  if (typeof value === "string")
    return mayHoldCard(value) && !isAnId(name, value) && maskCardNumbers(value) !== value;
  if (Array.isArray(value)) return value.some((item) => holdsCardNumber(item, name));
  if (typeof value !== "object" || value === null) return false;
  for (const key in value) {
    if (maskCardNumbers(key) !== key) return true;
    if (holdsCardNumber((value as Readonly<Record<string, unknown>>)[key], key)) return true;
  }
  return false;
}

function masked(value: unknown, name: string): unknown {
  if (typeof value === "string") return isAnId(name, value) ? value : maskCardNumbers(value);
  if (Array.isArray(value)) return value.map((item) => masked(item, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [maskCardNumbers(key), masked(item, key)]),
  );
}

/**
 * Strings, with the colon after a name, and numbers of a JSON text; none of them can be mistaken in valid
 * JSON.
 */
const TOKENS = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|(?<![\d.+-])\d{15,}(?![\d.eE])/g;

/** The same for JSON text, of which nothing else changes: neither the digits of a number nor the layout. */
export function jsonWithoutCardNumbers(json: string): string {
  if (!mayHoldCard(json)) return json;
  let name = "";
  return json.replace(TOKENS, (token: string, text: string | undefined, colon: string | undefined) => {
    if (colon !== undefined) {
      name = text ?? "";
      return mayHoldCard(name) ? `"${maskCardNumbers(name)}"${colon}` : token;
    }
    if (!mayHoldCard(token) || isAnId(name, text ?? token)) return token;
    if (text !== undefined) return `"${maskCardNumbers(text)}"`;
    const shown = maskCardNumbers(token);
    return shown === token ? token : `"${shown}"`;
  });
}
