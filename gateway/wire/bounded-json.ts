/**
 * JSON and MessagePack from strangers. One linear pass over the bytes checks the bounds before a parser sees
 * them that recurses, or that allocates by announced sizes.
 */
import { Unpackr } from "msgpackr";
import { MAX_DEPTH, MAX_PAYLOAD_ORDERS, MAX_VALUES } from "../../config/limits.ts";
import { ApiError } from "./problem.ts";

/** @throws ApiError `structure_too_complex`, or `malformed` where the text is not JSON */
export function parseBoundedJson(text: string, malformed: "malformed_request" | "malformed_frame"): unknown {
  checkJsonBounds(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(malformed, "The text is not valid JSON.");
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

function checkMsgpackBounds(bytes: Buffer): void {
  /** Values still to be read of each open array or map; maps count key and value. */
  const open: number[] = [];
  /** Whether the open container is a map. Every other value of a map is a key. */
  const isMap: boolean[] = [];
  let at = 0;
  let values = 0;
  do {
    values += 1;
    if (values > MAX_VALUES) throw tooComplex();
    const level = open.length - 1;
    const isKey = isMap[level] === true && (open[level] ?? 0) % 2 === 0;
    if (level >= 0) open[level] = (open[level] ?? 0) - 1;
    const head = readHead(bytes, at);
    if (isKey && head.kind !== "text") throw new ApiError("malformed_frame", "A map's key is not a string.");
    at += head.size;
    if (head.kind === "array" || head.kind === "map") {
      const count = head.kind === "map" ? head.length * 2 : head.length;
      // Every value takes at least a byte. A count beyond the rest of the frame is false, and the parser
      // would allocate for it.
      if (count > bytes.length - at) throw truncated();
      open.push(count);
      isMap.push(head.kind === "map");
      if (open.length > MAX_DEPTH) throw tooComplex();
    } else {
      at += head.length;
      if (at > bytes.length) throw truncated();
    }
    while (open.length > 0 && open.at(-1) === 0) {
      open.pop();
      isMap.pop();
    }
  } while (open.length > 0);
  if (at !== bytes.length) {
    throw new ApiError("malformed_frame", `${bytes.length - at} bytes follow the message.`);
  }
}

function truncated(): ApiError {
  return new ApiError("malformed_frame", "The MessagePack value is cut short.");
}

type Head = {
  readonly kind: "plain" | "text" | "bytes" | "array" | "map";
  /** Bytes of the head itself. */
  readonly size: number;
  /** Bytes (plain, text, bytes) or members (array, map) that follow. */
  readonly length: number;
};

/** Bytes after the first of nil, false, true and the fixed-width numbers. */
const PLAIN_LENGTH: ReadonlyMap<number, number> = new Map([
  [0xc0, 0],
  [0xc2, 0],
  [0xc3, 0],
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
]);

/** Kinds whose length follows the first byte, with the bytes that the length takes. */
const COUNTED: ReadonlyMap<number, readonly [Head["kind"], 1 | 2 | 4]> = new Map([
  [0xc4, ["bytes", 1]],
  [0xc5, ["bytes", 2]],
  [0xc6, ["bytes", 4]],
  [0xd9, ["text", 1]],
  [0xda, ["text", 2]],
  [0xdb, ["text", 4]],
  [0xdc, ["array", 2]],
  [0xdd, ["array", 4]],
  [0xde, ["map", 2]],
  [0xdf, ["map", 4]],
]);

function readHead(bytes: Buffer, at: number): Head {
  const first = bytes[at];
  if (first === undefined) throw truncated();
  if (first <= 0x7f || first >= 0xe0) return { kind: "plain", size: 1, length: 0 };
  if (first <= 0x8f) return { kind: "map", size: 1, length: first & 0x0f };
  if (first <= 0x9f) return { kind: "array", size: 1, length: first & 0x0f };
  if (first <= 0xbf) return { kind: "text", size: 1, length: first & 0x1f };
  const plain = PLAIN_LENGTH.get(first);
  if (plain !== undefined) return { kind: "plain", size: 1, length: plain };
  const counted = COUNTED.get(first);
  if (counted === undefined) {
    throw new ApiError("malformed_frame", "Extension types are not read here.");
  }
  const [kind, width] = counted;
  if (at + 1 + width > bytes.length) throw truncated();
  return { kind, size: 1 + width, length: bytes.readUIntBE(at + 1, width) };
}
