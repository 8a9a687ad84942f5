/**
 * In which encoding a file is written. Said by its byte order mark where it has one; else what its first bytes
 * can be: UTF-16 has a zero in every other byte of Latin text, bytes that are no UTF-8 are Windows-1252, which
 * any bytes can be. Whoever imports sees what was found, and may say otherwise.
 */
import type { TableEncoding } from "../../contract/imports/imports.ts";

/** Bytes from which an encoding is told. */
export const ENCODING_SAMPLE_BYTES = 256 * 1024;

export function detectEncoding(start: Uint8Array): TableEncoding {
  const [a, b, c] = start;
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  const zeros = zerosByParity(start.subarray(0, 4_096));
  if (zeros.odd > zeros.pairs * 0.4) return "utf-16le";
  if (zeros.even > zeros.pairs * 0.4) return "utf-16be";
  return isUtf8(start.subarray(0, ENCODING_SAMPLE_BYTES)) ? "utf-8" : "windows-1252";
}

function zerosByParity(bytes: Uint8Array) {
  let even = 0;
  let odd = 0;
  for (const [index, byte] of bytes.entries()) {
    if (byte !== 0) continue;
    if (index % 2 === 0) even += 1;
    else odd += 1;
  }
  return { even, odd, pairs: Math.max(1, bytes.length / 2) };
}

/** @param start may end in the midst of a character */
function isUtf8(start: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Text of the bytes, without a byte order mark. What is not of the encoding becomes U+FFFD. */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  encoding: TableEncoding,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== "") yield text;
  }
  const rest = decoder.decode();
  if (rest !== "") yield rest;
}

/** Where bytes were not of the file's encoding. */
export const NOT_DECODED = "\ufffd";
