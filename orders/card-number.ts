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

/** `text` with all but the last four digits of each card number masked. */
export function maskCardNumbers(text: string): string {
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

/** The same value with every text in it masked, however deep. */
export function withoutCardNumbers<T>(value: T, name?: string): T;
export function withoutCardNumbers(value: unknown, name = ""): unknown {
  if (typeof value === "string") return isAnId(name, value) ? value : maskCardNumbers(value);
  if (Array.isArray(value)) return value.map((item) => withoutCardNumbers(item, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [maskCardNumbers(key), withoutCardNumbers(item, key)]),
  );
}

/**
 * Strings, with the colon after a name, and numbers of a JSON text; none of them can be mistaken in valid
 * JSON.
 */
const TOKENS = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|(?<![\d.+-])\d{15,}(?![\d.eE])/g;

/** The same for JSON text, of which nothing else changes: neither the digits of a number nor the layout. */
export function jsonWithoutCardNumbers(json: string): string {
  let name = "";
  return json.replace(TOKENS, (token: string, text: string | undefined, colon: string | undefined) => {
    if (colon !== undefined) {
      name = text ?? "";
      return `"${maskCardNumbers(name)}"${colon}`;
    }
    if (isAnId(name, text ?? token)) return token;
    if (text !== undefined) return `"${maskCardNumbers(text)}"`;
    const masked = maskCardNumbers(token);
    return masked === token ? token : `"${masked}"`;
  });
}
