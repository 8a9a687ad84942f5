/**
 * GS1 element strings: what a barcode says, as pairs of application identifier (AI) and value, in every form
 * in which scanners and people give it. This file only tells the elements apart; its callers know what a
 * value means.
 *
 * - `]C1…`, `]d2…`, `]e0…`, `]Q3…`, `]J1…`: a symbology identifier that says that element strings follow
 * - AIs of fixed length follow each other; a value of variable length ends with FNC1, which scanners send as
 *   GS (0x1d)
 * - `(00) 0095…`: as printed below the bars, and as people type it
 * - `https://…/00/0095…?…`: GS1 Digital Link; only the path's key counts, the rest describes it
 */

/** GS1's own way to write FNC1 down; no value may contain it. */
const FNC1 = "^";

/**
 * Whole lengths with the AI, by the AI's first two digits (GS1 General Specifications, pre-defined lengths).
 */
const FIXED_LENGTHS: ReadonlyMap<string, number> = new Map([
  ["00", 20],
  ...["01", "02", "03"].map((ai) => [ai, 16] as const),
  ["04", 18],
  ...["11", "12", "13", "14", "15", "16", "17", "18", "19"].map((ai) => [ai, 8] as const),
  ["20", 4],
  ...["31", "32", "33", "34", "35", "36"].map((ai) => [ai, 10] as const),
  ["41", 16],
]);

/** Longest value of any AI. */
const LONGEST_VALUE = 90;

/** The keys of carriers and of what they carry, where a Digital Link's path names one. */
const LINK = /^https?:\/\/[^/?#]+(?:\/[^?#]*)?\/(00|8003|8004)\/([^/?#]+)[^?#]*(?:[?#].*)?$/i;

export type Element = { readonly ai: string; readonly value: string };

/** The elements of a scan; none where it is no GS1 data. */
export function readElements(scan: string): readonly Element[] {
  const text = withoutEnds(scan);
  if (/^https?:/i.test(text)) return fromLink(text);
  const data = text.replace(/^\](?:C1|e0|d2|Q3|J1)\^*/, "");
  if (data.startsWith("]")) return [];
  return data.startsWith("(") ? fromBrackets(data) : fromConcatenation(data);
}

/** Scanners put FNC1, spaces and line ends around what they read. */
export function withoutEnds(scan: string): string {
  return scan.replaceAll("\u001d", FNC1).replace(/^[\s^]+|[\s^]+$/g, "");
}

function fromConcatenation(data: string): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < data.length; ) {
    if (data[at] === FNC1) {
      at += 1;
      continue;
    }
    const ai = data.slice(at, at + aiLength(data.slice(at, at + 2)));
    const fixed = FIXED_LENGTHS.get(ai.slice(0, 2));
    const separator = data.indexOf(FNC1, at);
    const end = fixed === undefined ? (separator < 0 ? data.length : separator) : at + fixed;
    const value = data.slice(at + ai.length, end);
    if (!isElement(ai, value) || end > data.length) return [];
    elements.push({ ai, value });
    at = end;
  }
  return elements;
}

function fromBrackets(data: string): readonly Element[] {
  const elements: Element[] = [];
  // A bracket that belongs to a value is escaped, unless no AI can stand in it.
  for (const part of data.split(/\((?=\d{2,4}\))/).slice(1)) {
    const [, ai = "", value = ""] = /^(\d{2,4})\)\s*(.*?)\s*$/s.exec(part) ?? [];
    if (!isElement(ai, value)) return [];
    elements.push({ ai, value });
  }
  return elements;
}

function fromLink(text: string): readonly Element[] {
  const [, ai = "", raw = ""] = LINK.exec(text) ?? [];
  try {
    const value = decodeURIComponent(raw);
    return isElement(ai, value) ? [{ ai, value }] : [];
  } catch {
    return [];
  }
}

function isElement(ai: string, value: string): boolean {
  if (!/^\d{2,4}$/.test(ai) || aiLength(ai) !== ai.length) return false;
  const fixed = FIXED_LENGTHS.get(ai.slice(0, 2));
  if (fixed !== undefined) return value.length === fixed - ai.length && /^\d+$/.test(value);
  return /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z#]+$/.test(value) && value.length <= LONGEST_VALUE;
}

/** How many digits an AI has, told by its first two; 0 where there is none that begins so. */
function aiLength(start: string): number {
  if (/^(?:0[0-4]|1\d|2[0-2]|30|37|9\d)/.test(start)) return 2;
  if (/^(?:2[3-5]|4[0-2]|71)/.test(start)) return 3;
  return /^(?:3[1-69]|43|7[0-24-9]|8[0-2])/.test(start) ? 4 : 0;
}
