/** What a cell says, by the type of its field: exact, or the sentence that says what was expected. */
import type { DateOrder, DecimalSign } from "../../contract/imports/imports.ts";
import { asItWas } from "./formula.ts";
import { NOT_DECODED } from "./text-encoding.ts";
import { readTime } from "./times.ts";

/** `id`: a text that tells one thing from another, and is nothing if a digit of it is lost. */
export type CellType = "id" | "text" | "words" | "integer" | "amount" | "number" | "flag" | "time" | "day";

/** Why a cell cannot be taken: a stable code, and what was expected. The cell itself is not quoted. */
export type CellFault = { readonly code: CellFaultCode; readonly expected: string };

export type CellFaultCode =
  | "cell_missing"
  | "cell_too_long"
  | "cell_not_decoded"
  | "cell_mangled"
  | "cell_not_a_count"
  | "cell_not_an_amount"
  | "cell_not_a_number"
  | "cell_not_a_flag"
  | "cell_not_a_time"
  | "cell_date_untold";

export type CellValue = string | number | boolean;

const MOST_CHARACTERS: Readonly<Record<CellType, number>> = {
  id: 1_000,
  text: 1_000,
  words: 5_000,
  integer: 40,
  amount: 40,
  number: 40,
  flag: 20,
  time: 60,
  day: 60,
};

const YES = new Set(["true", "yes", "y", "1", "x", "on", "ja", "si", "sí", "oui"]);
const NO = new Set(["false", "no", "n", "0", "off", "nein", "non"]);

/** What a spreadsheet makes of a number with twelve digits or more: the others are gone. */
const MANGLED = /^\d([.,]\d+)?E\+\d{2}$/;

/**
 * @param dates what stands first in dates of which nothing else says it
 * @returns null: the cell is empty
 */
export function readCell(
  type: CellType,
  cell: string,
  decimal: DecimalSign,
  dates: DateOrder = "year",
): { readonly value: CellValue } | CellFault | null {
  const text = asItWas(type === "words" ? cell : cell.trim()).trim();
  if (text === "") return null;
  // JSON may name halves of characters, which no database takes.
  if (text.includes(NOT_DECODED) || /\p{Cs}/u.test(text))
    return {
      code: "cell_not_decoded",
      expected: "characters of the file's encoding: choose another encoding",
    };
  const most = MOST_CHARACTERS[type];
  if (text.length > most)
    return { code: "cell_too_long", expected: `at most ${most.toLocaleString("en")} characters` };
  switch (type) {
    case "id":
    case "text":
    case "words":
      if (type === "id" && MANGLED.test(text))
        return {
          code: "cell_mangled",
          expected: "all digits: a spreadsheet has shortened them. Export again with the column as text",
        };
      // Line breaks of an address cell are spaces of a line; what cannot be stored is left out.
      return {
        value: text
          .replace(/\r/g, "")
          .replace(/(?![\t\n])\p{Cc}/gu, "")
          .replace(/[\t\n]+/g, type === "words" ? "\n" : " "),
      };
    case "integer": {
      const plain = plainDecimal(text, decimal);
      // 3.0 and 3,00 are how some programs write three.
      if (plain === undefined || !/^-?\d{1,15}(\.0+)?$/.test(plain))
        return { code: "cell_not_a_count", expected: "a whole number, such as 12" };
      return { value: Number(plain) };
    }
    case "amount": {
      const plain = plainDecimal(withoutCurrency(text), decimal);
      if (plain === undefined || !/^-?\d{1,13}(\.\d{1,6})?$/.test(plain))
        return {
          code: "cell_not_an_amount",
          expected: `an amount, such as 1234${decimal}50`,
        };
      return { value: plain };
    }
    case "number": {
      const plain = plainDecimal(text, decimal);
      if (plain === undefined)
        return { code: "cell_not_a_number", expected: `a number, such as 12${decimal}5` };
      return { value: Number(plain) };
    }
    case "flag": {
      const word = text.toLowerCase();
      if (YES.has(word)) return { value: true };
      if (NO.has(word)) return { value: false };
      return { code: "cell_not_a_flag", expected: "true or false" };
    }
    case "time": {
      const time = readTime(text, dates);
      if (time === "untold")
        return {
          code: "cell_date_untold",
          expected: "a word on what stands first in dates such as 03/04/2026, the day or the month: say it",
        };
      return time === undefined
        ? { code: "cell_not_a_time", expected: "a time, such as 2026-11-30T09:15:00Z or 2026-11-30" }
        : { value: time };
    }
    case "day":
      return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
        ? { value: text }
        : { code: "cell_not_a_time", expected: "a day, such as 2026-11-30" };
    default: {
      const unreachable: never = type;
      return unreachable;
    }
  }
}

export function isFault(read: { readonly value: CellValue } | CellFault): read is CellFault {
  return "code" in read;
}

/**
 * `$1,234.50` and `1234.50 EUR`: what stands around an amount says nothing that the currency's own field does
 * not.
 */
function withoutCurrency(text: string): string {
  return text.replace(/^[\p{Sc}A-Z]{1,3}\s*|\s*[\p{Sc}A-Z]{1,3}$/gu, "");
}

/**
 * The number with a decimal point and nothing else. Signs of thousands are taken where they stand in groups of
 * three, so that 1,23 is never taken for 123.
 */
export function plainDecimal(text: string, decimal: DecimalSign): string | undefined {
  const [sign, thousands] = decimal === "," ? [",", "."] : [".", ","];
  const negative = /^\((.*)\)$/.exec(text);
  const body = (negative?.[1] ?? text).replaceAll(/[\s\u00a0\u202f']/g, "");
  const match = /^([+-]?)([\d.,]+)$/.exec(negative === null ? body : `-${body}`);
  if (match === null) return undefined;
  const [whole = "", fraction, ...more] = (match[2] ?? "").split(sign);
  if (more.length > 0 || (fraction !== undefined && !/^\d*$/.test(fraction))) return undefined;
  const groups = whole.split(thousands);
  const isGrouped = groups.length > 1;
  if (
    isGrouped &&
    !(/^\d{1,3}$/.test(groups[0] ?? "") && groups.slice(1).every((group) => /^\d{3}$/.test(group)))
  )
    return undefined;
  const digits = groups.join("");
  if (!/^\d+$/.test(digits === "" ? "0" : digits)) return undefined;
  const minus = match[1] === "-" ? "-" : "";
  const tail = fraction === undefined || fraction === "" ? "" : `.${fraction}`;
  return `${minus}${digits === "" ? "0" : digits}${tail}`;
}

/**
 * Whether the file writes its decimals behind a comma: some amount can only be read so, and none only with a
 * point.
 */
export function detectDecimal(cells: Iterable<string>): DecimalSign {
  let commas = 0;
  let points = 0;
  for (const cell of cells) {
    const text = withoutCurrency(cell.trim());
    const asPoint = plainDecimal(text, ".") !== undefined;
    const asComma = plainDecimal(text, ",") !== undefined;
    if (asComma && !asPoint) commas += 1;
    if (asPoint && !asComma) points += 1;
  }
  return commas > 0 && points === 0 ? "," : ".";
}
