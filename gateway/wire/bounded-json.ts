/**
 * JSON and MessagePack from strangers. One linear pass over the bytes checks the bounds before a parser sees
 * them that recurses, or that allocates by announced sizes.
 */
import { Unpackr } from "msgpackr";
import { MAX_DEPTH, MAX_PAYLOAD_ORDERS, MAX_VALUES } from "../../config/limits.ts";
import { placeOfJsonFault } from "../../contract/faults/json-place.ts";
import { ApiError } from "./problem.ts";

/** @throws ApiError `structure_too_complex`, or `malformed` where the text is not JSON */
export function parseBoundedJson(text: string, malformed: "malformed_request" | "malformed_frame"): unknown {
  checkJsonBounds(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(
      malformed,
      `The text is no JSON: it goes wrong at ${placeOfJsonFault(text)}; expected such as {"id":"1001"}`,
    );
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * Checks depth and number of values of a JSON text before it is parsed.
 *
 * @param maxEntries where the text is a list, its entries; what has more is refused as soon as that is seen
 * @throws ApiError `structure_too_complex`, `too_many_orders`
 */
export function checkJsonBounds(text: string, maxEntries = MAX_VALUES): void {
  let depth = 0;
  let values = 1;
  let entries = 1;
  const isList = text.trimStart().startsWith("[");
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // Only these count: most of a text that is no list of numbers is in its strings, which are passed over.
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) {
      values += 1;
      if (depth === 1 && isList) entries += 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      values += 1;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > MAX_DEPTH || values > MAX_VALUES) throw tooComplex();
    if (entries > maxEntries)
      throw new ApiError(
        "too_many_orders",
        `The payload holds more than ${maxEntries} orders; send fewer at a time.`,
      );
  }
}

/**
 * The same for a document of a channel, which may be a list of orders.
 *
 * @throws ApiError `structure_too_complex`, `too_many_orders`
 */
export function checkChannelDocument(text: string): void {
  checkJsonBounds(text, MAX_PAYLOAD_ORDERS);
}

/** @param begin of the string; @returns where its closing quotation mark is; the text's end where there is none */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

function tooComplex(): ApiError {
  return new ApiError(
    "structure_too_complex",
    `At most ${MAX_DEPTH} levels and ${MAX_VALUES} values are read.`,
  );
}

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "bigint" });

/**
 * Only nil, booleans, numbers, strings, bytes, arrays and maps with string keys are taken: with extension
 * types a sender could choose what is constructed. Bytes are a view of the frame, so the frame must not be
 * changed afterwards.
 *
 * @throws ApiError `malformed_frame`, `structure_too_complex`
 */
export function decodeBoundedMsgpack(bytes: Buffer): unknown {
  checkMsgpackBounds(bytes);
  try {
    return unpackr.unpack(bytes);
  } catch {
    throw new ApiError("malformed_frame", "The bytes are not valid MessagePack.");
  }
}

/** What the first byte of a value says of it. */
const PLAIN = 0;
const TEXT = 1;
const BYTES = 2;
const ARRAY = 3;
const MAP = 4;
const EXTENSION = 5;

/** By first byte: what kind of value begins with it. */
const KINDS = new Uint8Array(256);
/** How many bytes after the first say how long the value is. */
const WIDTHS = new Uint8Array(256);
/** Where none does: bytes that follow (plain, text), or members (array, map). */
const LENGTHS = new Uint8Array(256);

for (let first = 0x80; first <= 0x8f; first += 1) describe(first, MAP, 0, first & 0x0f);
for (let first = 0x90; first <= 0x9f; first += 1) describe(first, ARRAY, 0, first & 0x0f);
for (let first = 0xa0; first <= 0xbf; first += 1) describe(first, TEXT, 0, first & 0x1f);
for (const [first, kind, width] of [
  [0xc4, BYTES, 1],
  [0xc5, BYTES, 2],
  [0xc6, BYTES, 4],
  [0xd9, TEXT, 1],
  [0xda, TEXT, 2],
  [0xdb, TEXT, 4],
  [0xdc, ARRAY, 2],
  [0xdd, ARRAY, 4],
  [0xde, MAP, 2],
  [0xdf, MAP, 4],
] as const)
  describe(first, kind, width, 0);
// Floats, then unsigned and signed integers. Nil, booleans and small integers are their first byte alone.
for (const [place, length] of [4, 8, 1, 2, 4, 8, 1, 2, 4, 8].entries())
  describe(0xca + place, PLAIN, 0, length);
// One byte that the format never uses, and the extension types.
for (const first of [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) describe(first, EXTENSION, 0, 0);

function describe(first: number, kind: number, width: number, length: number): void {
  KINDS[first] = kind;
  WIDTHS[first] = width;
  LENGTHS[first] = length;
}

/** Values still to be read of each open array or map; maps count key and value. Used by one check at a time. */
const open = new Float64Array(MAX_DEPTH);
/** Whether it is a map: every other value of a map is a key. */
const isMap = new Uint8Array(MAX_DEPTH);

/** Makes nothing: a frame of commands has some thousand values (`npm run bench -- --only holdfast-commands`). */
function checkMsgpackBounds(bytes: Buffer): void {
  let depth = 0;
  let at = 0;
  let values = 0;
  do {
    values += 1;
    if (values > MAX_VALUES) throw tooComplex();
    let isKey = false;
    if (depth > 0) {
      const left = open[depth - 1] as number;
      isKey = isMap[depth - 1] === 1 && left % 2 === 0;
      open[depth - 1] = left - 1;
    }
    const first = bytes[at];
    if (first === undefined) throw truncated();
    const kind = KINDS[first] as number;
    if (kind === EXTENSION) throw new ApiError("malformed_frame", "Extension types are not read here.");
    const width = WIDTHS[first] as number;
    at += 1 + width;
    if (at > bytes.length) throw truncated();
    const length = width === 0 ? (LENGTHS[first] as number) : bytes.readUIntBE(at - width, width);
    if (isKey && kind !== TEXT) throw new ApiError("malformed_frame", "A map's key is not a string.");
    if (kind === ARRAY || kind === MAP) {
      const count = kind === MAP ? length * 2 : length;
      // Every value takes at least a byte. A count beyond the rest of the frame is false, and the parser
      // would allocate for it.
      if (count > bytes.length - at) throw truncated();
      if (depth === MAX_DEPTH) throw tooComplex();
      open[depth] = count;
      isMap[depth] = kind === MAP ? 1 : 0;
      depth += 1;
    } else {
      at += length;
      if (at > bytes.length) throw truncated();
    }
    while (depth > 0 && open[depth - 1] === 0) depth -= 1;
  } while (depth > 0);
  if (at !== bytes.length) {
    throw new ApiError("malformed_frame", `${bytes.length - at} bytes follow the message.`);
  }
}

function truncated(): ApiError {
  return new ApiError("malformed_frame", "The MessagePack value is cut short.");
}
